# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: to_csv
short_description: Write rows as CSV
description:
  - Returns the text of a CSV file with a heading, as spreadsheets read it.
  - Since a miner can send any text, an apostrophe is put before text that a spreadsheet would read as a formula. This
    applies to the start of a cell and after a semicolon, which separates cells where the comma is the decimal point.
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

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._csv import csv_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import require_rows


def to_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    require_rows("to_csv", rows, columns)
    return csv_of(rows, columns)


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"to_csv": to_csv}
