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
      description: How long it took from the upload until it ran the new firmware.
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

from ansible_collections.minerops.dragonmint.plugins.plugin_utils.reporting import address_of


def upgrade_rows(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_row(miner, hostvars[miner]) for miner in miners]


def _row(miner: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    steps = {
        step: variables.get(f"__upgrade_{step}", {})
        for step in ("seen", "judged", "handed", "back", "healthy", "rolled_back")
    }
    outcome, reason = _outcome(steps)
    return {
        "miner": miner,
        "address": address_of(miner, variables),
        "before": _firmware(steps["seen"]),
        "after": steps["rolled_back"].get("version") or _firmware(steps["back"]),
        "seconds": _seconds(steps["handed"], steps["back"]),
        "outcome": outcome,
        "reason": reason,
    }


def _outcome(steps: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    handed, back, healthy = steps["handed"], steps["back"], steps["healthy"]
    if not handed:
        return "pending", ""
    if not back.get("ansible_facts") and (handed.get("unreachable") or handed.get("failed")):
        is_dark = handed.get("unreachable") or handed.get("error_code") == "not_back"
        return ("dark" if is_dark else "failed"), handed.get("msg", "")
    if not back or back.get("skipped"):
        return "handed over", ""
    if back.get("unreachable"):
        return "dark", f"It has not come back after the upgrade. {back.get('msg', '')}"
    mac, mac_before = _mac(back), _mac(steps["seen"])
    if mac and mac != mac_before:
        return "dark", (
            f"It has not come back at its address: the miner {mac} answers there, and not {mac_before}. Set "
            "upgrade_search to the network in which DHCP may have given it another address."
        )
    if _firmware(back) != steps["judged"].get("version"):
        return "failed", back.get("msg") or _not_installed(steps)
    if not healthy or healthy.get("skipped"):
        return "handed over", ""
    if healthy.get("failed") or healthy.get("unreachable"):
        return ("rolled back" if steps["rolled_back"].get("rebooted") else "unhealthy"), _unhealthy(healthy)
    return "upgraded", ""


def _not_installed(steps: Mapping[str, Mapping[str, Any]]) -> str:
    before, now = _uptime_seconds(steps["seen"]), _uptime_seconds(steps["back"])
    runs = f"It runs {_firmware(steps['back']) or 'an unknown firmware'} and not {steps['judged'].get('version')}: "
    if before is None or now is None:
        return runs + "it did not install it, or the new image does not boot and it fell back to the old one."
    if now < before:
        return runs + "it has rebooted, the new image does not boot on it, and it fell back to the old one."
    return runs + "it has not rebooted, so it did not install it. Look at its logs."


def _seconds(handed: Mapping[str, Any], back: Mapping[str, Any]) -> int | None:
    if handed.get("rebooted"):
        return round(handed["elapsed_seconds"])
    if "began_at" in handed and "gathered_at" in back:
        return round(back["gathered_at"] - handed["began_at"])
    return None


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


def _mac(result: Mapping[str, Any]) -> str:
    return result.get("ansible_facts", {}).get("dragonmint_identity", {}).get("mac") or ""


def _uptime_seconds(result: Mapping[str, Any]) -> int | None:
    seconds: int | None = result.get("ansible_facts", {}).get("dragonmint_hardware", {}).get("uptime_seconds")
    return seconds


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_rows": upgrade_rows}
