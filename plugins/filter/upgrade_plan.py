# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_plan
short_description: Decide what an upgrade will do to each miner
description:
  - Internal to the role P(minerops.dragonmint.upgrade#role), whose results it reads, and not for use elsewhere.
  - The role sets the plan as the fact C(dragonmint_upgrade_plan).
positional: hostvars, values
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
  values:
    description: The variables of the job.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Plan
  ansible.builtin.set_fact:
    dragonmint_upgrade_plan: "{{ ansible_play_batch | minerops.dragonmint.upgrade_plan(hostvars, _upgrade) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The plan, as the README of the role describes it.
  type: dict
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import upgrade
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_results import miners_of


def upgrade_plan(miners: Iterable[str], hostvars: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    return never_a_template(upgrade.plan(miners_of(miners, hostvars), values, time.time()))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_plan": upgrade_plan}
