# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: provision_plan
short_description: Determine the settings for each miner of a fleet
description:
  - Internal to the role P(minerops.dragonmint.provision#role), and not for use elsewhere.
positional: curtailed
options:
  _input:
    description:
      - The variables of the job of each miner, and the passwords to try on it, from
        P(minerops.dragonmint.job_of_hosts#lookup).
    type: raw
    required: true
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
      {{ lookup('minerops.dragonmint.job_of_hosts', 'provision', hosts=ansible_play_batch, logins=true)
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
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import of_hosts_from


def provision_plan(variables: Any, curtailed: Mapping[str, str] | None = None) -> dict[str, Any]:
    return provision_at_once.plan(of_hosts_from(variables), time.time(), curtailed)


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"provision_plan": provision_plan}
