# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: heal_plan
short_description: Plan which miners get a remedy
description:
  - Internal, used by the playbook C(minerops.dragonmint.heal). It may change in any release.
positional: hostvars, values
options:
  _input:
    description: The names of the miners that the role P(minerops.dragonmint.health#role) has examined.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  values:
    description: The values of the job's variables.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ (ansible_play_hosts_all | minerops.dragonmint.heal_plan(hostvars, values)).rows }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    rows:
      description: A row for each finding, and one for each healthy miner.
      type: list
      elements: dict
    findings:
      description: The same without the healthy miners.
      type: list
      elements: dict
    due:
      description: The names of the miners that get a remedy.
      type: list
      elements: str
    batch:
      description: How many miners get their remedies at once.
      type: int
    summary:
      description: How many miners are in which state, and how many need a remedy.
      type: str
    problem:
      description: Why no remedy is sent at all; empty if there is no such reason.
      type: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal, remedies


def heal_plan(miners: Iterable[str], hostvars: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = never_a_template(heal.plan(remedies.examined(miners, hostvars), values))
    return made


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"heal_plan": heal_plan}
