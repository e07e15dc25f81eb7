# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_looks
short_description: Determine the state of a batch and the miners to check next
description:
  - Internal to the role P(minerops.dragonmint.upgrade#role), whose results it reads, and not for use elsewhere.
positional: miners, hostvars, values, latest
options:
  _input:
    description: The previous return value of this filter for the batch, or an empty dictionary.
    type: dict
    required: true
  miners:
    description: The names of the miners of the batch.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  values:
    description: The variables of the job.
    type: dict
    required: true
  latest:
    description: The results of the latest check, by step.
    type: dict
    default: {}
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Choose the miners to wait for
  ansible.builtin.set_fact:
    __upgrade_looks: "{{ {} | minerops.dragonmint.upgrade_looks(ansible_play_batch, hostvars, _upgrade) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: What was seen, by step and miner, and C(due), whom to look at next.
  type: dict
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import upgrade_looks as job
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_results import (
    miners_of,
    result_of,
)


def upgrade_looks(
    before: Mapping[str, Any],
    miners: Sequence[str],
    hostvars: Mapping[str, Any],
    values: Mapping[str, Any],
    latest: Mapping[str, Any] | None = None,
) -> Any:
    now = time.time()
    began, asked = before.get("began", now), before.get("due", {})
    seen = {step: {name: result_of(fleet, name) for name in asked[step]} for step, fleet in (latest or {}).items()}
    looks = job.merged(before, seen)
    due = job.due(miners_of(miners, hostvars, looks), values, began, now)
    return never_a_template({**looks, "due": due, "began": began})


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_looks": upgrade_looks}
