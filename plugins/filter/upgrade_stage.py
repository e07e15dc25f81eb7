# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: upgrade_stage
short_description: Say where the upgrade of one miner is
description:
  - Internal to the role P(minerops.dragonmint.upgrade#role), which waits by it, and not for use elsewhere.
positional: values
options:
  _input:
    description: The results of the role's tasks for this miner, by the name of their step.
    type: dict
    required: true
  values:
    description: The variables of the job.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show whether the miner is back
  ansible.builtin.debug:
    msg: "{{ _upgrade_results | minerops.dragonmint.upgrade_stage(_upgrade) }}"
"""

RETURN = r"""
_value:
  description:
    - V(pending), V(handed over), V(missing), V(settling), V(upgraded), V(unhealthy), V(rolled back), V(failed) or
      V(dark).
  type: str
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_course import Course, stage


def upgrade_stage(results: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    return stage(Course.of(results), values, time.time())[0]


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"upgrade_stage": upgrade_stage}
