# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_csv
short_description: Write rows as CSV
description:
  - Returns the text of a CSV file with a heading, as spreadsheets read it.
  - A cell that a spreadsheet would take for a formula gets an apostrophe before it, since a miner can send any text.
positional: columns
options:
  _input:
    description: The rows, each a dictionary.
    type: list
    elements: dict
    required: true
  columns:
    description: The keys to write, in this order.
    type: list
    elements: str
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ [{'miner': 'rack1-01', 'outcome': 'drift'}] | minerops.dragonmint.to_csv(['miner', 'outcome']) }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@")
_SPACE = " \t\r\n"


def to_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column, "")) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.lstrip(_SPACE).startswith(_FORMULA_STARTS) else value


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"to_csv": to_csv}
