# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: curtail_outcome
short_description: Sum up what a curtailment has done
description:
  - Internal, used by the role P(minerops.dragonmint.curtail#role). It may change in any release.
positional: hostvars, values, is_check
options:
  _input:
    description: The plan of P(minerops.dragonmint.curtail_plan#filter).
    type: dict
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  values:
    description: The values of the job's variables.
    type: dict
    required: true
  is_check:
    description: Whether this is check mode.
    type: bool
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show how it went
  ansible.builtin.debug:
    msg: "{{ (plan | minerops.dragonmint.curtail_outcome(hostvars, values, false)).summary }}"
"""

RETURN = r"""
_value:
  description: What became of the plan.
  type: dict
  contains:
    rows:
      description: The rows of the plan, each with its C(outcome).
      type: list
      elements: dict
    failed:
      description: The names of the miners that could not be changed.
      type: list
      elements: str
    summary:
      description: How many miners were changed, failed and were skipped, with the reasons.
      type: str
    is_ok:
      description: Whether the run succeeded.
      type: bool
    record:
      description: The content of the record from now on.
      type: dict
    stats:
      description: The same numbers for other jobs.
      type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail

_STEPS = ("__curtail_changed", "__curtail_powered_off")


def curtail_outcome(
    plan: Mapping[str, Any], hostvars: Mapping[str, Any], values: Mapping[str, Any], is_check: bool
) -> dict[str, Any]:
    results = {miner: [hostvars[miner].get(step) or {} for step in _STEPS] for miner in plan["due"]}
    came_of: dict[str, Any] = never_a_template(curtail.outcome(plan, results, values, is_check))
    return came_of


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"curtail_outcome": curtail_outcome}
