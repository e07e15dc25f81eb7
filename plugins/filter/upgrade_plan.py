# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_plan
short_description: List what an upgrade will do to each miner
description:
  - Turns what the role P(minerops.dragonmint.upgrade#role) found out before the first upload into rows for a report.
positional: hostvars
options:
  _input:
    description: The names of the miners.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what will happen
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | minerops.dragonmint.upgrade_plan(hostvars) }}"
"""

RETURN = r"""
_value:
  description: A row for each miner, in their order.
  type: list
  elements: dict
  contains:
    miner:
      description: The name of the miner in the inventory.
      type: str
    address:
      description: Its address.
      type: str
    firmware:
      description: What it runs.
      type: str
    target:
      description: What it is to run.
      type: str
    plan:
      description: V(upgrade), V(up to date), V(unfit) or V(unreachable).
      type: str
    reason:
      description: Why the miner is left alone.
      type: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils.reporting import address_of


def upgrade_plan(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[dict[str, str]]:
    return [_row(miner, hostvars[miner]) for miner in miners]


def _row(miner: str, variables: Mapping[str, Any]) -> dict[str, str]:
    seen = variables.get("__upgrade_seen", {})
    judged = variables.get("__upgrade_judged", {})
    facts = seen.get("ansible_facts", {})
    mining = facts.get("dragonmint_mining", {})
    plan, reason = "upgrade", ""
    if seen.get("unreachable") or judged.get("unreachable"):
        plan, reason = "unreachable", seen.get("msg") or judged.get("msg", "")
    elif seen.get("error_code") or judged.get("error_code"):
        plan, reason = "unfit", judged.get("msg") or seen.get("msg", "")
    elif judged.get("version") == judged.get("version_before"):
        plan = "up to date"
    elif not mining.get("ready"):
        plan, reason = "unfit", "It does not mine: cgminer does not answer."
    elif not any(board.get("hashrate_ths") for board in mining.get("boards", ())):
        plan, reason = "unfit", "It does not mine: no board is hashing."
    return {
        "miner": miner,
        "address": address_of(miner, variables),
        "firmware": facts.get("dragonmint_identity", {}).get("firmware") or "",
        "target": judged.get("version", ""),
        "plan": plan,
        "reason": reason,
    }


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_plan": upgrade_plan}
