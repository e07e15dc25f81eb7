# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: audit_outcome
short_description: Summarize the drift of miners
description:
  - Internal, used by the playbook C(minerops.dragonmint.audit). It may change in any release.
positional: seen, moved, compared, audit, curtailed, missing
options:
  _input:
    description: The variables of the miners, from P(minerops.dragonmint.job_of_hosts#lookup).
    type: dict
    required: true
  seen:
    description: The result of M(minerops.dragonmint.dragonmint_fleet) that has seen the miners.
    type: dict
    required: true
  moved:
    description: The one that has seen miners at their static address.
    type: dict
    required: true
  compared:
    description:
      - The results of the steps of P(minerops.dragonmint.audit_reads#filter), each with its setting as C(item).
    type: list
    elements: dict
    required: true
  audit:
    description: The values of the job's variables.
    type: dict
    required: true
  curtailed:
    description: Why the mode of each curtailed miner is kept, from P(minerops.dragonmint.curtailed#lookup).
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
- name: Show the drift
  ansible.builtin.debug:
    msg: "{{ (fleet | minerops.dragonmint.audit_outcome(seen, moved, compared.results, values)).summary }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    packed:
      description:
        - Rows for a report in the order of the miners, as one text for M(minerops.dragonmint.dragonmint_report).
      type: str
    shown:
      description: Those of miners that are not as desired, the worst first.
      type: list
      elements: dict
    failed:
      description: The miners that could not be compared.
      type: list
      elements: str
    summary:
      description: The numbers in one sentence, and why the run fails.
      type: str
    is_ok:
      description: Whether the run does not fail.
      type: bool
    stats:
      description: The numbers.
      type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit as job
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import of_hosts_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import miners_of, with_packed_rows
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


@without_collector()
def audit_outcome(
    fleet: Any,
    seen: Mapping[str, Any],
    moved: Mapping[str, Any],
    compared: Sequence[Mapping[str, Any]],
    audit: Mapping[str, Any],
    curtailed: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
) -> dict[str, Any]:
    first, second = miners_of(seen), miners_of(moved)
    results = {str(step["item"]): miners_of(step) for step in compared}
    curtailments = plain(curtailed or {})
    return with_packed_rows(job.outcome(of_hosts_from(fleet), first, second, results, audit, curtailments, missing))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"audit_outcome": audit_outcome}
