# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_wanted
short_description: Determine the desired firmware of each miner
description:
  - Internal to the role P(minerops.dragonmint.upgrade#role), whose results it reads, and not for use elsewhere.
options:
  _input:
    description: The variables of the job of each miner, from P(minerops.dragonmint.job_of_hosts#lookup).
    type: raw
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Read the variables of all miners
  ansible.builtin.set_fact:
    __upgrade_wanted: >-
      {{ lookup('minerops.dragonmint.job_of_hosts', 'upgrade', hosts=ansible_play_batch)
         | minerops.dragonmint.upgrade_wanted }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The values and the options of the firmware module, those of most miners and those of single ones.
  type: dict
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import upgrade_wanted as job
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import of_hosts_from


def upgrade_wanted(variables: Any) -> dict[str, Any]:
    return job.desired(of_hosts_from(variables))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_wanted": upgrade_wanted}
