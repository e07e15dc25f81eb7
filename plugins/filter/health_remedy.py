# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: health_remedy
short_description: Choose the mildest remedy for findings
description:
  - Chooses the mildest remedy that may mend any of the findings of a miner. A miner that is too hot gets none.
options:
  _input:
    description: The findings of P(minerops.dragonmint.health_findings#filter).
    type: list
    elements: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what may mend the miner
  ansible.builtin.debug:
    msg: "{{ {'seen': seen} | minerops.dragonmint.health_findings(limits) | minerops.dragonmint.health_remedy }}"
"""

RETURN = r"""
_value:
  description: V(mining_restarted), V(rebooted), or nothing.
  type: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils import health


def health_remedy(findings: Iterable[Mapping[str, Any]]) -> str:
    return health.next_remedy(health.Finding(**finding) for finding in findings)


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"health_remedy": health_remedy}
