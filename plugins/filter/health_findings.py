# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: health_findings
short_description: List what is wrong with a miner
description:
  - Judges what tasks have read of a miner by limits. It is what the role P(minerops.dragonmint.health#role) is made of.
positional: limits
options:
  _input:
    description:
      - The results of the tasks that looked, by what they looked at.
      - C(seen) has the facts identity, hardware, mining, autotune and, where chips count, debug of
        M(minerops.dragonmint.dragonmint_facts). All others are optional.
      - C(identity) has that fact alone, for a miner that gave no answer to the first task in time.
      - C(error) has the fact of that name, and C(pools) is M(minerops.dragonmint.dragonmint_pools) in check mode.
    type: dict
    required: true
  limits:
    description:
      - The limits, named as the variables of the role without their C(health_), and C(ratings).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ {'seen': seen} | minerops.dragonmint.health_findings(limits) }}"
"""

RETURN = r"""
_value:
  description: The findings, the worst first.
  type: list
  elements: dict
  contains:
    code:
      description: What it is, for programs; the README of the role lists them.
      type: str
    severity:
      description: V(critical), V(warning) or V(info).
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
        none does.
      type: str
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils import health


def health_findings(results: Mapping[str, Any], limits: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in health.find(results, health.limits_from(limits))]


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"health_findings": health_findings}
