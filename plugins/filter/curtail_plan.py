# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: curtail_plan
short_description: Plan which miners draw less power
description:
  - Turns what the playbook C(minerops.dragonmint.curtail) has found out about miners into what will happen to each.
  - Those that consume most come first. To save a number of kilowatts, one after the other goes to the mode
    V(efficient), until that is enough; then, if that is allowed, one after the other is powered off.
positional: hostvars, goal, record, ratings
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
  goal:
    description: One of C(kw) (which may have C(power_off)), C(mode), C(power_off) and C(restore).
    type: dict
    required: true
  record:
    description: The text of the record of what is curtailed already, if there is one.
    type: str
  ratings:
    description: What models consume in their modes, laid over the collection's own table.
    type: dict
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what saving 10 kW takes
  ansible.builtin.debug:
    msg: "{{ (ansible_play_hosts_all | minerops.dragonmint.curtail_plan(hostvars, {'kw': 10})).rows }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    rows:
      description: A row for each miner, with its C(mode), C(level) and C(watts), its C(plan), what it is to be
        (C(then), C(then_level), C(then_watts)), C(saved_kw) and a C(reason).
      type: list
      elements: dict
    due:
      description: The names of the miners that are to be changed, those that consume most first.
      type: list
      elements: str
    record:
      description: The record to write before anything is changed.
      type: dict
    saved_kw:
      description: What is saved once this is done, with what the open event saves already.
      type: float
    is_enough:
      description: Whether that is as much as is wanted.
      type: bool
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils import curtailment
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template


def curtail_plan(
    miners: Iterable[str],
    hostvars: Mapping[str, Any],
    goal: Mapping[str, Any],
    record: str | None = None,
    ratings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    wanted, known = curtailment.goal_from(goal), curtailment.record_from(record)
    planned = curtailment.planned(miners, hostvars, wanted, known, ratings)
    record_after = known if wanted.restore else curtailment.recorded(known, planned)
    saved_kw = sum(miner.saved_watts for miner in planned) / 1000
    if not wanted.restore:
        saved_kw += curtailment.saved_before(planned, known, ratings) / 1000
    return {
        "rows": never_a_template([curtailment.shown(miner) for miner in planned]),
        "due": [miner.miner for miner in planned if miner.plan in (curtailment.CHANGE, curtailment.TURN_OFF)],
        "record": {"version": curtailment.RECORD_VERSION, "miners": never_a_template(record_after)},
        "saved_kw": round(saved_kw, 3),
        # A tenth of a watt is lost in sums of such numbers.
        "is_enough": wanted.kw is None or saved_kw + 1e-4 >= wanted.kw,
    }


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"curtail_plan": curtail_plan}
