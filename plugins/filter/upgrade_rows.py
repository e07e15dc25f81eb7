# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_rows
short_description: List what an upgrade has done to each miner
description:
  - Turns what the role P(minerops.dragonmint.upgrade#role) has done so far into rows for a record.
positional: hostvars
options:
  _input:
    description: The names of the miners that are to be upgraded.
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
- name: Show what has happened
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | minerops.dragonmint.upgrade_rows(hostvars) }}"
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
    before:
      description: The firmware that it ran before.
      type: str
    after:
      description: The firmware that it runs now, as far as that is known.
      type: str
    seconds:
      description: How long it took from the upload until it was back.
      type: int
    outcome:
      description:
        - V(pending), V(handed over), V(upgraded), V(rolled back), V(unhealthy), V(failed) or V(dark).
      type: str
    reason:
      description: Why it is not upgraded.
      type: str
"""

from collections.abc import Iterable, Mapping
from typing import Any


def upgrade_rows(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_row(miner, hostvars[miner]) for miner in miners]


def _row(miner: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    seen, handed, back, healthy, rolled_back = (
        variables.get(f"__upgrade_{step}", {}) for step in ("seen", "handed", "back", "healthy", "rolled_back")
    )
    outcome, reason = _outcome(handed, back, healthy, rolled_back)
    began, ended = variables.get("__upgrade_handed_at"), variables.get("__upgrade_back_at")
    return {
        "miner": miner,
        "address": variables.get("dragonmint_host", variables.get("ansible_host", miner)),
        "before": _firmware(seen),
        "after": rolled_back.get("version") or _firmware(back),
        "seconds": round(float(ended) - float(began)) if began and ended else None,
        "outcome": outcome,
        "reason": reason,
    }


def _outcome(
    handed: Mapping[str, Any], back: Mapping[str, Any], healthy: Mapping[str, Any], rolled_back: Mapping[str, Any]
) -> tuple[str, str]:
    if not handed:
        return "pending", ""
    if handed.get("unreachable"):
        return "dark", handed.get("msg", "")
    if handed.get("failed"):
        return "failed", handed.get("msg", "")
    if not back:
        return "handed over", ""
    if back.get("unreachable"):
        return "dark", f"It has not come back after the upgrade. {back.get('msg', '')}"
    if _firmware(back) != handed.get("version"):
        return "failed", back.get("msg") or (
            f"It runs {_firmware(back) or 'an unknown firmware'} and not {handed.get('version')}: "
            "it did not install it, or the new image does not boot and it fell back to the old one."
        )
    if not healthy:
        return "handed over", ""
    if healthy.get("failed") or healthy.get("unreachable"):
        return ("rolled back" if rolled_back.get("rebooted") else "unhealthy"), _unhealthy(healthy)
    return "upgraded", ""


def _unhealthy(healthy: Mapping[str, Any]) -> str:
    mining = healthy.get("ansible_facts", {}).get("dragonmint_mining")
    if not mining:
        return str(healthy.get("msg", "It does not answer any more."))
    if not mining["ready"]:
        return "It runs the new firmware and does not mine: cgminer does not answer."
    hashing = [str(board["id"]) for board in mining["boards"] if board["hashrate_ths"]]
    rate_ths = sum(board["hashrate_ths"] or 0 for board in mining["boards"])
    boards = ", ".join(hashing) or "none"
    return f"It runs the new firmware and mines too little: {rate_ths:.2f} TH/s, boards hashing: {boards}."


def _firmware(result: Mapping[str, Any]) -> str:
    return result.get("ansible_facts", {}).get("dragonmint_identity", {}).get("firmware") or ""


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_rows": upgrade_rows}
