# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: site_plan
short_description: Find miners with the same worker or address
description:
  - Internal, used by the playbook C(minerops.dragonmint.site). It may change in any release.
  - Looks at C(provision_pools) and C(provision_network) of each miner, and sends nothing.
positional: hostvars, others
options:
  _input:
    description: The names of the miners to set up.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  others:
    description: The names of other miners, whose known workers and addresses count as taken.
    type: list
    elements: str
    default: []
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Require a unique worker and address per miner
  ansible.builtin.assert:
    that: (ansible_play_hosts_all | minerops.dragonmint.site_plan(hostvars)).problem == ''
  run_once: true
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    rows:
      description: Each problem with its miner.
      type: list
      elements: dict
    due:
      description: The miners without a problem.
      type: list
      elements: str
    summary:
      description: The numbers in one sentence.
      type: str
    problem:
      description: What to fix before anything is sent, or empty text.
      type: str
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import site


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"site_plan": site.plan}
