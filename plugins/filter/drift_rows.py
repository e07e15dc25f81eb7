# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: drift_rows
short_description: List what differs from the desired state
description:
  - Turns what the role P(minerops.dragonmint.provision#role) found out in check mode into rows for a report. It is
    what the
    playbook C(minerops.dragonmint.audit) is made of.
  - A miner that is as desired gets one row, one that differs gets one for each setting that does, and one that could
    not be
    judged gets one with the reason.
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
- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | minerops.dragonmint.drift_rows(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The rows, in the order of the miners.
  type: list
  elements: dict
  contains:
    miner:
      description: The name of the miner in the inventory.
      type: str
    address:
      description: Its address.
      type: str
    outcome:
      description: V(as desired), V(drift), V(failed) or V(unreachable).
      type: str
    setting:
      description: What differs.
      type: str
    current:
      description: What it is.
      type: str
    desired:
      description: What it should be.
      type: str
    reason:
      description: Why the miner could not be judged.
      type: str
    summary:
      description: The setting with both values, or the reason.
      type: str
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.reporting import address_of

_SETTINGS = ("admin_password", "guest_password", "network", "pools", "autotune")


def drift_rows(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[dict[str, str]]:
    return [row for miner in miners for row in _rows(miner, hostvars[miner])]


def _rows(miner: str, variables: Mapping[str, Any]) -> list[dict[str, str]]:
    address = address_of(miner, variables)
    results = {setting: variables.get(f"__provision_{setting}", {}) for setting in _SETTINGS}
    unreachable = next((result for result in results.values() if result.get("unreachable")), None)
    failed = variables.get("__audit_failed") or unreachable
    if failed:
        outcome = "unreachable" if failed.get("unreachable") else "failed"
        return [_row(miner, address, outcome, reason=failed.get("msg", ""))]
    drifts = [
        _row(miner, address, "drift", name, _text(result["diff"]["before"][name]), _text(result["diff"]["after"][name]))
        for result in results.values()
        if result.get("changed")
        for name in result["diff"]["after"]
    ]
    return drifts or [_row(miner, address, "as desired")]


def _row(
    miner: str, address: str, outcome: str, setting: str = "", current: str = "", desired: str = "", reason: str = ""
) -> dict[str, str]:
    return {
        "miner": miner,
        "address": address,
        "outcome": outcome,
        "setting": setting,
        "current": current,
        "desired": desired,
        "reason": reason,
        "summary": f"{setting}: {current} -> {desired}" if setting else reason,
    }


def _text(value: Any) -> str:
    """Says a value in few words: ``url user password`` for a pool, one pool after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return " ".join(_text(item) for item in value.values() if item not in (None, "", [], MASK))
    return json.dumps(value)


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"drift_rows": drift_rows}
