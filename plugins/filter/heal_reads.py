# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: heal_reads
short_description: Choose the miners to read again
description:
  - Internal, used by the playbook C(minerops.dragonmint.heal). It may change in any release.
positional: seen, provision
options:
  _input:
    description: The variables of the miners, from P(minerops.dragonmint.job_of_hosts#lookup).
    type: dict
    required: true
  seen:
    description: The result of M(minerops.dragonmint.dragonmint_fleet) that has read all miners, once there is one.
    type: dict
  provision:
    description: The variables of the job provision for the miners, from P(minerops.dragonmint.job_of_hosts#lookup).
    type: dict
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show which miners time out
  ansible.builtin.debug:
    msg: "{{ (fleet | minerops.dragonmint.heal_reads(seen, provision)).identity }}"
"""

RETURN = r"""
_value:
  description: Without O(seen), the options of M(minerops.dragonmint.dragonmint_facts) by host. With it, who is next.
  type: dict
  contains:
    identity:
      description: The miners that timed out.
      type: list
      elements: str
    error:
      description: The miners that report errors of their own.
      type: list
      elements: str
    pools:
      description: The options of M(minerops.dragonmint.dragonmint_pools) by host.
      type: dict
    problems:
      description: Why the pools of some miners cannot be compared.
      type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import of_hosts_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import miners_of


@without_collector()
def heal_reads(fleet: Any, seen: Mapping[str, Any] | None = None, provision: Any = None) -> dict[str, Any]:
    if seen is None:
        return heal.reads_of(of_hosts_from(fleet))
    return heal.followed_up(miners_of(seen), of_hosts_from(provision))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"heal_reads": heal_reads}
