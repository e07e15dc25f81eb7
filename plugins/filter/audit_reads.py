# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: audit_reads
short_description: Choose what to read from which miners for a comparison
description:
  - Internal, used by the playbook C(minerops.dragonmint.audit). It may change in any release.
positional: seen, moved, curtailed
options:
  _input:
    description: The variables of the miners, from P(minerops.dragonmint.job_of_hosts#lookup).
    type: dict
    required: true
  seen:
    description: The result of M(minerops.dragonmint.dragonmint_fleet) that has seen the miners, once there is one.
    type: dict
  moved:
    description: The one that has seen miners at their static address, once there is one.
    type: dict
  curtailed:
    description: Why the mode of each curtailed miner is kept, from P(minerops.dragonmint.curtailed#lookup).
    type: dict
    default: {}
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show which settings are compared
  ansible.builtin.debug:
    msg: "{{ fleet | minerops.dragonmint.audit_reads(seen, moved) | list }}"
"""

RETURN = r"""
_value:
  description:
    - Without O(moved), the options of M(minerops.dragonmint.dragonmint_facts) by host.
    - With it, what to compare, a dictionary with C(setting), C(module) and C(options) by host for each setting.
  type: raw
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import of_hosts_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import miners_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


@without_collector()
def audit_reads(
    fleet: Any,
    seen: Mapping[str, Any] | None = None,
    moved: Mapping[str, Any] | None = None,
    curtailed: Mapping[str, str] | None = None,
) -> Any:
    miners = of_hosts_from(fleet)
    if seen is None:
        return audit.first_look(miners)
    found = miners_of(seen)
    if moved is None:
        return audit.second_look(miners, found)
    steps = audit.steps(miners, found, miners_of(moved), plain(curtailed or {}))
    return {step.setting: {"module": step.module, "options": step.options} for step in steps}


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"audit_reads": audit_reads}
