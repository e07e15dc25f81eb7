# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: provision_pool_tests
short_description: Decide whether pools may be set after some miners have tested them
description:
  - Decides from the tests of a few miners whether all of them get the pools.
  - The role P(minerops.dragonmint.provision#role) uses it. It may change at any time.
options:
  _input:
    description: The results of M(minerops.dragonmint.dragonmint_pool_test), by the name of the miner.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show whether the pools may be set
  ansible.builtin.debug:
    msg: "{{ ({inventory_hostname: tested} | minerops.dragonmint.provision_pool_tests).summary }}"
"""

RETURN = r"""
_value:
  description: Whether the pools may be set, and a sentence that says why not.
  type: dict
  contains:
    is_ok:
      description: Whether they may be set.
      type: bool
    summary:
      description: What the miners said, and what to do.
      type: str
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"provision_pool_tests": provision.pool_tests}
