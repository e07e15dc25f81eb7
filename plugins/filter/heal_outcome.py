# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: heal_outcome
short_description: Summarize what was done about unhealthy miners
description:
  - Internal, used by the playbook C(minerops.dragonmint.heal). It may change in any release.
positional: hostvars, values, is_check
options:
  _input:
    description: The plan of P(minerops.dragonmint.heal_plan#filter).
    type: dict
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  values:
    description: The values of the job's variables for the run as a whole.
    type: dict
    required: true
  is_check:
    description: Whether this is check mode, where no remedy was sent.
    type: bool
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show how it went
  ansible.builtin.debug:
    msg: "{{ (plan | minerops.dragonmint.heal_outcome(hostvars, values, false)).summary }}"
"""

RETURN = r"""
_value:
  description: What became of the plan.
  type: dict
  contains:
    packed:
      description:
        - A row for each finding, with the remedies and how they ended, and one for each healthy miner.
        - They are one text, for M(minerops.dragonmint.dragonmint_report).
      type: str
    tried:
      description: The rows of the miners that got a remedy.
      type: list
      elements: dict
    failed:
      description: The names of the miners that make the run fail.
      type: list
      elements: str
    summary:
      description: How many miners are in which state, and how many got which remedy.
      type: str
    is_ok:
      description: Whether the run succeeded.
      type: bool
    stats:
      description: The same numbers for other jobs.
      type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal, remedies
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import unpacked, with_packed_rows


@without_collector()
def heal_outcome(
    plan: Mapping[str, Any], hostvars: Mapping[str, Any], values: Mapping[str, Any], is_check: bool
) -> dict[str, Any]:
    planned = unpacked(plan["packed"])
    latest = remedies.passed_on(planned["due"], hostvars)
    return with_packed_rows(heal.outcome(planned, latest, values, is_check))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"heal_outcome": heal_outcome}
