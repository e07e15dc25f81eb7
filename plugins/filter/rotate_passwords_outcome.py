# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rotate_passwords_outcome
short_description: Summarize a rotation of passwords
description:
  - Summarizes the replies of the miners to the new password.
  - The playbook C(minerops.dragonmint.rotate_passwords) uses it. It may change at any time.
positional: hostvars, variables, batch
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
  variables:
    description: The variables of the job, from P(minerops.dragonmint.job#lookup).
    type: dict
    required: true
  batch:
    description: The names of the miners in the batch that decides whether the next one may begin.
    type: list
    elements: str
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show the results of the miners
  ansible.builtin.debug:
    msg: >-
      {{ (ansible_play_hosts_all | minerops.dragonmint.rotate_passwords_outcome(hostvars,
         lookup('minerops.dragonmint.job', 'rotate_passwords'))).summary }}
"""

RETURN = r"""
_value:
  description: The results of the miners.
  type: dict
  contains:
    rows:
      description: A row for each miner with C(miner), C(address), C(outcome) and C(reason).
      type: list
      elements: dict
    failed:
      description: The names of the miners without the new password.
      type: list
      elements: str
    summary:
      description: How many miners came to which outcome, and why some failed.
      type: str
    is_ok:
      description: Whether to go on; without a batch, whether all miners have the new password.
      type: bool
    stats:
      description: The numbers for other jobs.
      type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import rotate_passwords


def rotate_passwords_outcome(
    hosts: Sequence[str], hostvars: Mapping[str, Any], variables: Mapping[str, Any], batch: Sequence[str] | None = None
) -> dict[str, Any]:
    outcome: dict[str, Any] = never_a_template(rotate_passwords.outcome(hosts, hostvars, variables, batch))
    return outcome


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"rotate_passwords_outcome": rotate_passwords_outcome}
