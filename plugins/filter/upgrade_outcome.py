# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_outcome
short_description: Determine the result of an upgrade for each miner
description:
  - Internal to the role P(minerops.dragonmint.upgrade#role), whose results it reads, and not for use elsewhere.
  - The role sets the outcome as the fact C(dragonmint_upgrade_outcome).
positional: hostvars, values, is_check
options:
  _input:
    description: The plan, as P(minerops.dragonmint.upgrade_plan#filter) returns it.
    type: dict
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  values:
    description: The variables of the job.
    type: dict
    required: true
  is_check:
    description: Whether this is a run in check mode.
    type: bool
    default: false
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Summarize the results
  ansible.builtin.set_fact:
    dragonmint_upgrade_outcome: >-
      {{ dragonmint_upgrade_plan | minerops.dragonmint.upgrade_outcome(hostvars, _upgrade) }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The outcome, as the README of the role describes it.
  type: dict
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import upgrade
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_results import miners_of


def upgrade_outcome(
    planned: Mapping[str, Any], hostvars: Mapping[str, Any], values: Mapping[str, Any], is_check: bool = False
) -> Any:
    miners = miners_of(planned["due"], hostvars)
    return never_a_template(upgrade.outcome(planned, miners, values, time.time(), is_check))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_outcome": upgrade_outcome}
