# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: provision_failures
short_description: List the miners of a fleet that could not be provisioned
description:
  - Internal to the role P(minerops.dragonmint.provision#role), and not for use elsewhere.
positional: results, lacking
options:
  _input:
    description: The plan, as P(minerops.dragonmint.provision_plan#filter) returns it.
    type: dict
    required: true
  results:
    description: The results of the tasks for all miners.
    type: list
    elements: dict
    required: true
  lacking:
    description: The reasons why miners do not mine, by miner.
    type: dict
    default: {}
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Summarize the results
  ansible.builtin.set_fact:
    dragonmint_provision_outcome: >-
      {{ __provision_plan | minerops.dragonmint.provision_failures([__provision_pools, __provision_autotune]) }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The message of each miner that failed, a pattern for these miners, rows to show, and a sentence.
  type: dict
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision_at_once


def provision_failures(
    planned: Mapping[str, Any], results: Iterable[Mapping[str, Any]], lacking: Mapping[str, str] | None = None
) -> Any:
    return never_a_template(provision_at_once.outcome(planned, results, lacking or {}, time.time()))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"provision_failures": provision_failures}
