# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_table
short_description: Lay out rows as a table for the terminal
description:
  - Returns lines of aligned columns under a heading, the worst rows first. Columns that are empty in all rows are
    omitted.
  - Long text is cut to fit the terminal. The width comes from the environment variable E(COLUMNS), or else from
    Ansible. The names and addresses of miners are never cut.
  - Characters that would control a terminal are shown as C(?).
positional: columns, limit, path
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
  limit:
    description: How many rows are shown at most. A last line says how many more there are. Not limited by default.
    type: int
  path:
    description: The path of the file with all rows, for the last line.
    type: path
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show two columns
  ansible.builtin.debug:
    msg: "{{ [{'miner': 'rack1-01', 'outcome': 'drift'}] | minerops.dragonmint.to_table(['miner', 'outcome']) }}"

- name: Show the 20 worst miners
  ansible.builtin.debug:
    msg: "{{ drifting | minerops.dragonmint.to_table(['miner', 'outcome'], limit=20, path='reports/audit.html') }}"
  vars:
    drifting: [{miner: rack1-01, outcome: drift}]
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import visible
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.tones import worst_first
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import filled_columns, require_rows

# The width of what Ansible prints around a line of a list.
_AROUND = 14
# The width that Ansible uses without a terminal.
_NO_TERMINAL = 79
_NEVER_CUT = ("miner", "address")
_SHORTEST = 10


def to_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], limit: int | None = None, path: str | None = None
) -> list[str]:
    require_rows("to_table", rows, columns)
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise AnsibleFilterError(f"to_table expects the limit as a number of rows, but found {quoted(limit)}.")
    shown = worst_first(rows)[:limit]
    columns = filled_columns(shown, columns)
    cells = [list(columns), *([_printable(row.get(column)) for column in columns] for row in shown)]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    widths = _fitted(widths, columns, _width())
    more = len(rows) - len(shown)
    rest = [f"… {more} more{f' in {visible(str(path))}' if path else ''}"] if more else []
    return [*("  ".join(map(_cut, line, widths)).rstrip() for line in cells), *rest]


def _printable(value: Any) -> str:
    return "" if value is None else visible(str(value))


def _width() -> int | None:
    """Returns the width of the terminal in characters; None without a terminal."""
    given = os.environ.get("COLUMNS", "")
    columns: int = int(given) if given.isdecimal() and int(given) else Display().columns or _NO_TERMINAL
    return columns - _AROUND if given or columns > _NO_TERMINAL else None


def _fitted(widths: Sequence[int], columns: Sequence[str], width: int | None) -> list[int]:
    """Returns the widths of columns, cutting the widest ones until a line fits or nothing more can be cut."""
    fitted = list(widths)
    least = [
        wide if column in _NEVER_CUT else min(wide, max(_SHORTEST, len(column)))
        for wide, column in zip(widths, columns)
    ]
    while width is not None and sum(fitted) + 2 * (len(fitted) - 1) > width:
        shrinkable = [number for number in range(len(fitted)) if fitted[number] > least[number]]
        if not shrinkable:
            break
        fitted[max(shrinkable, key=fitted.__getitem__)] -= 1
    return fitted


def _cut(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"to_table": to_table}
