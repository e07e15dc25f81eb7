# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: heal_plan
short_description: Plan which miners get a remedy
description:
  - Internal, used by the playbook C(minerops.dragonmint.heal). It may change in any release.
positional: values, seen, identity, error, pools, problems, curtailed, missing
options:
  _input:
    description: The variables of the miners, from P(minerops.dragonmint.job_of_hosts#lookup).
    type: dict
    required: true
  values:
    description: The values of the job's variables for the run as a whole.
    type: dict
    required: true
  seen:
    description: The result of M(minerops.dragonmint.dragonmint_fleet) that has read all miners.
    type: dict
    required: true
  identity:
    description: The one that has read the identity of miners that timed out.
    type: dict
    required: true
  error:
    description: The one that has read the error that a miner reports of itself.
    type: dict
    required: true
  pools:
    description: The one that has compared the pools.
    type: dict
    required: true
  problems:
    description: Why the pools of some miners could not be compared.
    type: dict
    required: true
  curtailed:
    description: The miners that are curtailed, from P(minerops.dragonmint.curtailed#lookup).
    type: dict
    default: {}
  missing:
    description: The expected miners that the inventory did not find.
    type: list
    elements: str
    default: []
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show the findings
  ansible.builtin.debug:
    msg: "{{ (fleet | minerops.dragonmint.heal_plan(values, seen, identity, error, pools, {})).findings }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    packed:
      description: What the outcome needs of the plan, as one text for P(minerops.dragonmint.heal_outcome#filter).
      type: str
    findings:
      description: A row for each finding.
      type: list
      elements: dict
    due:
      description: The names of the miners that get a remedy.
      type: list
      elements: str
    batch:
      description: How many miners get their remedies at once.
      type: int
    summary:
      description: How many miners are in which state, and how many need a remedy.
      type: str
    problem:
      description: Why no remedy is sent at all; empty if there is no such reason.
      type: str
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal, state_files
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import of_hosts_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import miners_of, packed
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain

_SHOWN = ("findings", "due", "batch", "summary", "problem")
_FOR_OUTCOME = ("miners", "due", "problem")


@without_collector()
def heal_plan(
    fleet: Any,
    values: Mapping[str, Any],
    seen: Mapping[str, Any],
    identity: Mapping[str, Any],
    error: Mapping[str, Any],
    pools: Mapping[str, Any],
    problems: Mapping[str, str],
    curtailed: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
) -> dict[str, Any]:
    tasks = {"seen": seen, "identity": identity, "error": error, "pools": pools}
    results = {name: miners_of(task) for name, task in tasks.items()}
    results["pools"].update(
        {host: {"error_code": InvalidInput.code, "msg": problem} for host, problem in plain(problems).items()}
    )
    fleet_values = of_hosts_from(fleet)
    miners = heal.examined(fleet_values, results, state_files.record_of, time.time(), plain(curtailed or {}), missing)
    planned = heal.plan(miners, values)
    shown: dict[str, Any] = never_a_template({name: planned[name] for name in _SHOWN})
    return {**shown, "packed": packed({name: planned[name] for name in _FOR_OUTCOME})}


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"heal_plan": heal_plan}
