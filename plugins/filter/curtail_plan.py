# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: curtail_plan
short_description: Plan which miners draw less power
description:
  - Internal, used by the role P(minerops.dragonmint.curtail#role). It may change in any release.
  - Without any miner, it finds only what is wrong with the variables and the record.
positional: hostvars, values
options:
  _input:
    description: The names of the miners that the role has read.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  values:
    description: The values of the job's variables.
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what would happen
  ansible.builtin.debug:
    msg: "{{ (ansible_play_hosts_all | minerops.dragonmint.curtail_plan(hostvars, values)).rows }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    rows:
      description: A row for each miner.
      type: list
      elements: dict
    due:
      description: The names of the miners to be changed, in this order.
      type: list
      elements: str
    modes:
      description: The C(mode) and C(level) of the miners that get another one, by name.
      type: dict
    power_off:
      description: The names of the miners to be powered off.
      type: list
      elements: str
    path:
      description: The file of the record.
      type: str
    record:
      description: The content of the record before anything is changed.
      type: dict
    saved_kw:
      description: What is saved then, with what the open event saves already.
      type: float
    serial:
      description: The sizes of the batches.
      type: list
    summary:
      description: How many miners are to be changed, what that saves, and how many are skipped for which reason.
      type: str
    problem:
      description: Why nothing may be sent; empty if there is no such reason.
      type: str
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import read_from


def curtail_plan(miners: Iterable[str], hostvars: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    found = [read_from(miner, hostvars[miner]) for miner in miners]
    folder = Path(values["report_folder"]).expanduser().resolve()
    path = Path(values["record"] or folder / curtail.RECORD).expanduser().resolve()
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
    except OSError as error:
        return curtail.refused(f"The record {path} (curtail_record) can't be read: {error.strerror}.")
    made: dict[str, Any] = never_a_template(curtail.plan(found, values, text, path, folder))
    return made


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"curtail_plan": curtail_plan}
