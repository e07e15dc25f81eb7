# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_moved
short_description: Find the miners that are not at their inventory addresses
description:
  - Internal to the role P(minerops.dragonmint.upgrade#role), whose results it reads, and not for use elsewhere.
positional: hostvars
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
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show which miners have moved
  ansible.builtin.debug:
    msg: "{{ ansible_play_batch | minerops.dragonmint.upgrade_moved(hostvars) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The address of each of them, by its name.
  type: dict
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_results import (
    configured_address,
    miners_of,
)


def upgrade_moved(miners: Iterable[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    return {
        miner.name: miner.address
        for miner in miners_of(miners, hostvars)
        if miner.address != configured_address(miner.name, hostvars)
    }


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_moved": upgrade_moved}
