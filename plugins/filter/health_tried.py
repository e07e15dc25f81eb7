# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: health_tried
short_description: Read which remedies were tried in the last day
description:
  - Reads the text of the state file that the role P(minerops.dragonmint.health#role) keeps for a miner.
  - Fails on a text that it does not understand in full, since nobody knows then what was tried.
positional: miner, now, path
options:
  _input:
    description: The text; none where there is no file yet.
    type: str
    required: true
  miner:
    description: The name of the miner in the inventory.
    type: str
    required: true
  now:
    description: The present time, in seconds since 1970.
    type: float
    required: true
  path:
    description: Where the text comes from, to say so.
    type: str
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Count the remedies of the last day
  ansible.builtin.debug:
    msg: "{{ text | minerops.dragonmint.health_tried('rack1-01', now().timestamp(), 'rack1-01.json') | length }}"
  vars:
    text: >-
      {"version": 1, "miner": "rack1-01", "remedies": [{"remedy": "rebooted", "at": "2018-05-15T06:08:42+00:00"}]}
"""

RETURN = r"""
_value:
  description: The remedies that are not older than a day.
  type: list
  elements: dict
  contains:
    remedy:
      description: V(mining_restarted) or V(rebooted).
      type: str
    at:
      description: When it was tried.
      type: str
"""

import json
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.health import REMEDIES

_VERSION = 1
_DAY_S = 24 * 60 * 60


def health_tried(text: str | None, miner: str, now: float, path: str) -> list[dict[str, str]]:
    if text is None:
        return []
    try:
        state = json.loads(text)
        if state["version"] != _VERSION:
            raise ValueError(f"it has the version {state['version']!r}, not {_VERSION}")
        if state["miner"] != miner:
            raise ValueError(f"it is that of {state['miner']!r}")
        tried = [(_known(entry["remedy"]), entry["at"], _seconds(entry["at"])) for entry in state["remedies"]]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise AnsibleFilterError(
            f"The state file {path} of {miner} can't be understood ({error}), so nobody knows which remedies were "
            "tried in the last day, and none is. Delete the file to begin anew."
        ) from error
    return [{"remedy": remedy, "at": at} for remedy, at, seconds in tried if seconds > now - _DAY_S]


def _known(remedy: str) -> str:
    if remedy not in REMEDIES:
        raise ValueError(f"it has the remedy {remedy!r}")
    return remedy


def _seconds(at: str) -> float:
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(f"the time {at} has no offset")
    return moment.timestamp()


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"health_tried": health_tried}
