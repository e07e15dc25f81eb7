# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: heal_stop
short_description: Find out whether further miners may get a remedy
description:
  - Internal, used by the playbook C(minerops.dragonmint.heal). It may change in any release.
positional: hostvars
options:
  _input:
    description: The names of the miners that are due for a remedy.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show why no other miner gets a remedy
  ansible.builtin.debug:
    msg: "{{ due | minerops.dragonmint.heal_stop(hostvars) }}"
"""

RETURN = r"""
_value:
  description: Why no other miner gets a remedy; empty if there is no such reason.
  type: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal, remedies


def heal_stop(due: Iterable[str], hostvars: Mapping[str, Any]) -> str:
    return heal.stop_reason(remedies.passed_on(due, hostvars))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"heal_stop": heal_stop}
