# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: health_rows
short_description: List what is wrong with each miner and what became of it
description:
  - Turns what the role P(minerops.dragonmint.health#role) has found out and done so far into rows for a report.
  - A miner has a row for each finding, and one without a finding if it is well.
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
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | minerops.dragonmint.health_rows(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The rows, in the order of the miners, for each of them the worst first.
  type: list
  elements: dict
  contains:
    miner:
      description: The name of the miner in the inventory.
      type: str
    address:
      description: Its address.
      type: str
    code:
      description: What it is, for programs; the README of the role lists them.
      type: str
    severity:
      description: V(critical), V(warning), V(info), or V(ok) for a miner that is well.
      type: str
    detail:
      description: What it is, in words.
      type: str
    part:
      description: The board, chip or pool that it is about, if it is about one.
      type: str
    value:
      description: What was measured.
      type: raw
    limit:
      description: What it should have kept to.
      type: raw
    remedy:
      description: The mildest remedy that may mend it, as a state of M(minerops.dragonmint.dragonmint_power); empty if
        none does, or none may be tried.
      type: str
    tried:
      description: The remedies that were tried in this run.
      type: str
    outcome:
      description:
        - Empty where nothing was tried. V(healed), V(still ill), V(new) for what was not there before,
          V(unknown) if the miner does not tell any more, V(limit reached), or V(failed) if nothing could be tried.
      type: str
    reason:
      description: Why nothing was tried, or what went wrong with it.
      type: str
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils import health
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.reporting import address_of

_NOT_EXAMINED = health.Finding("unjudged", health.CRITICAL, "it was not examined, since a task before failed")
_WELL = health.Finding("", "ok", "")


def health_rows(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [row for miner in miners for row in _rows(miner, hostvars[miner])]


def _rows(miner: str, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = variables.get("__health_limits")
    if known is None:
        return [_row(miner, variables, _NOT_EXAMINED)]
    limits = health.limits_from(known)
    results = {name: variables.get(f"__health_{name}") or {} for name in ("seen", "identity", "error", "pools")}
    findings = health.find(results, limits)
    again = variables.get("__health_again")
    if again:
        later = health.find({**results, "seen": again, "identity": {}}, replace(limits, min_uptime_seconds=0.0))
        return _compared(miner, variables, findings, later)
    outcome, reason = _hindrance(variables, limits) if health.next_remedy(findings) else ("", "")
    is_due = bool(health.next_remedy(findings)) and not outcome
    return [
        _row(miner, variables, finding if is_due else replace(finding, remedy=""), outcome, reason)
        if finding.remedy
        else _row(miner, variables, finding)
        for finding in findings or [_WELL]
    ]


def _hindrance(variables: Mapping[str, Any], limits: health.Limits) -> tuple[str, str]:
    """Why a miner that a remedy may mend gets none."""
    refused = variables.get("__health_refused")
    if refused:
        return "failed", str(refused.get("msg", ""))
    count = len(variables.get("__health_tried") or ())
    if count >= limits.max_remedies_per_day:
        return "limit reached", f"{count} remedies were tried in the last day, which is all that may be"
    return "", ""


def _compared(
    miner: str, variables: Mapping[str, Any], findings: list[health.Finding], later: list[health.Finding]
) -> list[dict[str, Any]]:
    refused = variables.get("__health_refused") or variables.get("__health_sent") or {}
    reason = str(refused.get("msg", ""))
    left = {(finding.code, finding.part): finding for finding in later}
    is_unknown = any(finding.code in health.UNKNOWN for finding in later)
    rows = []
    for finding in findings:
        still = left.pop((finding.code, finding.part), None)
        if finding.severity == health.INFO:
            rows.append(_row(miner, variables, finding))
        elif is_unknown:
            rows.append(_row(miner, variables, finding, "unknown", reason))
        elif still:
            rows.append(_row(miner, variables, still, "still ill" if still.remedy else "", reason))
        else:
            rows.append(_row(miner, variables, finding, "healed"))
    return rows + [_row(miner, variables, finding, "new", reason) for finding in left.values()]


def _row(
    miner: str, variables: Mapping[str, Any], finding: health.Finding, outcome: str = "", reason: str = ""
) -> dict[str, Any]:
    return {
        "miner": miner,
        "address": address_of(miner, variables),
        **asdict(finding),
        "tried": ", ".join(variables.get("__health_told") or ()),
        "outcome": outcome,
        "reason": reason,
    }


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"health_rows": health_rows}
