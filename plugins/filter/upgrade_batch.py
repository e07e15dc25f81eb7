# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_batch
short_description: Say in which batch a miner is
description:
  - Internal to the playbook C(minerops.dragonmint.upgrade), and not for use elsewhere.
  - It takes the plan from C(hostvars), which costs each of thousands of miners less than to evaluate the whole plan.
positional: hostvars
options:
  _input:
    description: The name of the miner.
    type: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Form the batches
  ansible.builtin.group_by:
    key: "{{ inventory_hostname | minerops.dragonmint.upgrade_batch(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The group of its batch, or another one for a miner that is not to be upgraded.
  type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_results import variables_of

_NO_BATCH = "_dragonmint_upgrade_not_due"


def upgrade_batch(miner: str, hostvars: Mapping[str, Any]) -> str:
    batches: Mapping[str, str] = variables_of(miner, hostvars)["dragonmint_upgrade_plan"]["batches"]
    return batches.get(miner, _NO_BATCH)


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_batch": upgrade_batch}
