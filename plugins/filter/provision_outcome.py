# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: provision_outcome
short_description: Check whether a miner mines
description:
  - Compares the facts of a miner with the variables of the role P(minerops.dragonmint.provision#role).
  - The role uses it. It may change at any time.
positional: variables
options:
  _input:
    description: The result of M(minerops.dragonmint.dragonmint_facts) with the subset V(mining).
    type: dict
    required: true
  variables:
    description: The variables of the job, from P(minerops.dragonmint.job#lookup).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show whether the miner mines
  ansible.builtin.debug:
    msg: "{{ (seen | minerops.dragonmint.provision_outcome(lookup('minerops.dragonmint.job', 'provision'))).summary }}"
"""

RETURN = r"""
_value:
  description: Whether the miner mines, whether waiting is over, and a sentence on what is missing.
  type: dict
  contains:
    is_ok:
      description: Whether it mines.
      type: bool
    is_over:
      description: Whether to look again is of no use.
      type: bool
    summary:
      description: What is missing, and what to do.
      type: str
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"provision_outcome": provision.outcome}
