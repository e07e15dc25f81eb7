#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_led
short_description: Switch the light of a DragonMint miner
description:
  - Switches the red light of a miner on or off, or makes it blink, to help somebody find the miner in the hall.
  - Innosilicon's firmware can do this, DragonMint's cannot. It is not known whether Innosilicon's firmware of 2019
    still can. The task tries, and fails with V(unsupported) if it cannot.
  - The state of the light cannot be read. The miner's reply is the only confirmation, and the task switches the light
    each time it runs.
options:
  state:
    description:
      - The desired state of the light.
    type: str
    choices: ['on', 'off', blinking]
    required: true
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The state before is V(unknown).
  idempotent:
    support: none
    details:
      - The state of the light cannot be read, so the task reports a change each time.
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Find out which vendor's firmware the miner has
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [generation]

- name: Make the light blink, to find the miner in the hall
  minerops.dragonmint.dragonmint_led:
    state: blinking
  when: ansible_facts.dragonmint_generation is match('inno-2018')

- name: Switch the light off again
  minerops.dragonmint.dragonmint_led:
    state: 'off'
  when: ansible_facts.dragonmint_generation is match('inno-2018')
"""

RETURN = r"""
led:
  description: The state of the light. In check mode, the state that it would have.
  returned: success
  type: dict
  contains:
    state:
      description: The state.
      returned: always
      type: str
      sample: blinking
error_code:
  description:
    - What went wrong, for programs. V(unsupported) means that the firmware cannot switch the light, V(rejected) that
      the miner's program for the light does not answer, V(not_back) with RV(ignore:changed) true that the reply was
      lost, so the state of the light is unknown.
  returned: failure
  type: str
  sample: unsupported
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import led
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(state={"type": "str", "choices": list(led.STATES), "required": True})


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    outcome = yield from led.switch(context.session, context.params["state"], context.check_mode)
    return _task.outcome_result(outcome, led={"state": outcome.value})


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
