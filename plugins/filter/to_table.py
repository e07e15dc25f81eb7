# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_table
short_description: Lay out rows as a table for the terminal
description:
  - Returns lines of aligned columns under a heading. Characters that would control a terminal are shown as C(?).
positional: columns
options:
  _input:
    description: The rows, each a dictionary.
    type: list
    elements: dict
    required: true
  columns:
    description: The keys to show, in this order.
    type: list
    elements: str
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show two columns
  ansible.builtin.debug:
    msg: "{{ [{'miner': 'rack1-01', 'outcome': 'drift'}] | minerops.dragonmint.to_table(['miner', 'outcome']) }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import visible
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import require_rows


def to_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    require_rows("to_table", rows, columns)
    cells = [list(columns), *([_printable(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _printable(value: Any) -> str:
    return "" if value is None else visible(str(value))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"to_table": to_table}
