# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: provision_plan
short_description: Determine the settings for each miner of a fleet
description:
  - Internal to the role P(minerops.dragonmint.provision#role), and not for use elsewhere.
positional: logins, curtailed
options:
  _input:
    description: The variables of the job of each miner, as the lookup C(minerops.dragonmint.job) returns them.
    type: dict
    required: true
  logins:
    description: The passwords to try on each miner, as the lookup C(minerops.dragonmint.logins) returns them.
    type: dict
    default: {}
  curtailed:
    description: Why the mode of each curtailed miner is kept, from P(minerops.dragonmint.curtailed#lookup).
    type: dict
    default: {}
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Plan
  ansible.builtin.set_fact:
    __provision_plan: >-
      {{ lookup('minerops.dragonmint.job', 'provision', hosts=ansible_play_batch)
         | minerops.dragonmint.provision_plan }}
  run_once: true
  no_log: true
"""

RETURN = r"""
_value:
  description: The options of each miner by step, and why some can't be provisioned.
  type: dict
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision_at_once


def provision_plan(
    variables: Mapping[str, Any],
    logins: Mapping[str, Any] | None = None,
    curtailed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return provision_at_once.plan(variables, logins, time.time(), curtailed)


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"provision_plan": provision_plan}
