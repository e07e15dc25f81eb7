# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: provision_looks
short_description: List the miners that are not known to mine yet
description:
  - Internal to the role P(minerops.dragonmint.provision#role), and not for use elsewhere.
positional: before, failed, latest
options:
  _input:
    description: The plan, as P(minerops.dragonmint.provision_plan#filter) returns it.
    type: dict
    required: true
  before:
    description: The previous return value of this filter, or an empty dictionary.
    type: dict
    default: {}
  failed:
    description: The miners that failed before.
    type: list
    elements: str
    default: []
  latest:
    description: The result of the latest check. Not set before the first one.
    type: dict
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: See whom to look at first
  ansible.builtin.set_fact:
    __provision_looks: "{{ __provision_plan | minerops.dragonmint.provision_looks({}, __provision_failed) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The miners of the next look, when it is due, and which miners do not mine.
  type: dict
"""

import time
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision_at_once


def provision_looks(
    planned: Mapping[str, Any],
    before: Mapping[str, Any],
    failed: Collection[str] = (),
    latest: Mapping[str, Any] | None = None,
) -> Any:
    results = None if latest is None else latest["miners"]
    return never_a_template(provision_at_once.looks(planned, before, time.time(), failed, results))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"provision_looks": provision_looks}
