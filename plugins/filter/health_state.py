# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: health_state
short_description: Determine the findings of a miner and its next remedy
description:
  - Internal, used by the role P(minerops.dragonmint.health#role). It may change in any release.
positional: values, miner
options:
  _input:
    description: The results of the tasks of the role, by name.
    type: dict
    required: true
  values:
    description: The values of the job's variables.
    type: dict
    required: true
  miner:
    description: The name of the miner in the inventory.
    type: str
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show the findings
  ansible.builtin.debug:
    msg: "{{ ({'seen': seen} | minerops.dragonmint.health_state(values, inventory_hostname)).findings }}"
"""

RETURN = r"""
_value:
  description: What the role hands over as the variable C(dragonmint_health), which its README describes.
  type: dict
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import remedies, state_files
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


def health_state(results: Mapping[str, Any], values: Mapping[str, Any], miner: str) -> dict[str, Any]:
    record = state_files.record_of(miner, values)
    known = plain(results)
    problem = known.get("problem") or record.get("problem", "")
    try:
        health = remedies.health_of({**known, **record, "problem": problem}, values, miner, time.time())
    except InvalidVariables as error:
        raise AnsibleFilterError(str(error)) from error
    found: dict[str, Any] = never_a_template(remedies.dict_of(health))
    return found


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"health_state": health_state}
