# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: curtail_rows
short_description: List what a curtailment has done to each miner
description:
  - Adds to a plan what came of it.
positional: hostvars
options:
  _input:
    description: A plan of the filter P(minerops.dragonmint.curtail_plan#filter).
    type: dict
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what has happened
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | minerops.dragonmint.curtail_plan(hostvars, {'kw': 10})
      | minerops.dragonmint.curtail_rows(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The rows of the plan, each with its C(outcome), which is V(done), V(failed), V(pending), or the plan.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any


def curtail_rows(plan: Mapping[str, Any], hostvars: Mapping[str, Any]) -> list[dict[str, Any]]:
    due = set(plan["due"])
    return [_row(row, hostvars[row["miner"]]) if row["miner"] in due else _left(row) for row in plan["rows"]]


def _left(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "outcome": row["plan"]}


def _row(row: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    results = [variables.get(f"__curtail_{step}", {}) for step in ("changed", "powered_off")]
    tried = [result for result in results if result and not result.get("skipped")]
    if not tried:
        return {**row, "outcome": "pending"}
    if any(result.get("failed") or result.get("unreachable") for result in tried):
        return {**row, "outcome": "failed", "reason": " ".join(result.get("msg", "") for result in tried)}
    return {**row, "outcome": "done"}


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"curtail_rows": curtail_rows}
