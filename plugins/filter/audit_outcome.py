# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: audit_outcome
short_description: Sum up how miners differ from their desired state
description:
  - Internal, used by the playbook C(minerops.dragonmint.audit). It may change in any release.
positional: hostvars, audit
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
  audit:
    description: The values of the job's variables.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what differs
  ansible.builtin.debug:
    msg: >-
      {{ ansible_play_hosts_all
         | minerops.dragonmint.audit_outcome(hostvars, {'partial': false, 'fail_on_drift': false}) }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    rows:
      description: Rows for a report, in the order of the miners.
      type: list
      elements: dict
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

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"audit_outcome": audit.outcome}
