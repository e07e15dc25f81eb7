# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: metrics_outcome
short_description: Summarize a poll for Prometheus
description:
  - Internal, used by the playbook C(minerops.dragonmint.metrics). It may change in any release.
options:
  _input:
    description: RV(minerops.dragonmint.dragonmint_metrics#module:counts) of the poll.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show how many miners are up
  ansible.builtin.debug:
    msg: "{{ (polled.counts | minerops.dragonmint.metrics_outcome).summary }}"
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    summary:
      description: The numbers in a few words, and why the run fails.
      type: str
    is_ok:
      description: Whether the run does not fail.
      type: bool
    stats:
      description: The numbers.
      type: dict
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import metrics


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"metrics_outcome": metrics.outcome}
