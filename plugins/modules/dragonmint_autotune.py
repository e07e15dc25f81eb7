#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_autotune
short_description: Set the autotune mode of a DragonMint miner
description:
  - Sets the mode in which cgminer tunes its boards, between a high hash rate and low power.
  - A miner that is in this mode already is skipped. A change restarts cgminer, so the miner stops mining for some
    seconds and then tunes again, which takes minutes to hours.
  - The miner confirms modes that it does not know, so the mode is read back after a change. If it is not the desired
    one, the task fails.
  - The mode is kept in cgminer.conf, beside the pools. If that file is missing or damaged, setting the mode would
    overwrite what is left of it, and cgminer would not start. A task that has something to change therefore reads the
    pools first, and fails if they cannot be read.
  - Reading back has a limit. The firmware keeps the mode in two files and reports the one that cgminer does not read.
    If the other one, cgminer.conf, is not writable, the miner reports the new mode while cgminer stays in the old one,
    and nothing in its API shows this, except on the DragonMint firmware of April 2018. If the hash rate and the power
    of a miner do not change with its mode, reset the miner to factory settings.
  - On some models, such as the A8+ and the D9, cgminer does not know the modes. Setting one would restart mining and
    change nothing, so it is refused.
  - An Innosilicon miner whose mode was never set ignores V(balanced). The task sets it to V(factory) first, the mode in
    which it already runs.
options:
  mode:
    description:
      - The mode. V(efficient) saves power, V(performance) makes the most hash rate, V(balanced) is in between.
      - V(factory) runs with the factory's values. The DragonMint firmware of April 2018 does not have it.
      - V(off) turns autotune off. Only the DragonMint firmware of April 2018 has it.
      - A mode that the firmware does not have is refused before anything is sent.
    type: str
    choices: [efficient, balanced, factory, performance, 'off']
    required: true
  level:
    description:
      - The level of the mode, on Innosilicon's firmware since August 2018. V(2) is the plain mode.
      - V(efficient) has V(2) to V(4), V(balanced) and V(factory) V(0) to V(4), V(performance) V(0) to V(3). The
        firmware takes any text, so other levels are refused before anything is sent.
      - By default, the current level is kept, or becomes V(2) if the mode does not have that level.
    type: str
  wait:
    description:
      - Wait until tuning has ended, even if nothing was changed.
    type: bool
    default: false
  wait_timeout:
    description:
      - How many seconds to wait with O(wait=true).
    type: float
    default: 7200
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
    details:
      - The task does not wait in check mode.
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Save power
  minerops.dragonmint.dragonmint_autotune:
    mode: efficient

- name: Maximize the hash rate, and wait until tuning has ended
  minerops.dragonmint.dragonmint_autotune:
    mode: performance
    wait: true
    wait_timeout: 3600

- name: Show which miners are in another mode, and change nothing
  minerops.dragonmint.dragonmint_autotune:
    mode: balanced
  check_mode: true
  diff: true
"""

RETURN = r"""
autotune:
  description: The current mode of the miner. In check mode, the mode that it would be in.
  returned: success
  type: dict
  contains:
    mode:
      description: The mode.
      returned: always
      type: str
      sample: balanced
    level:
      description: The level. Null on firmware other than Innosilicon's.
      returned: always
      type: str
      sample: "2"
error_code:
  description:
    - What went wrong, for programs. V(invalid_input) means that the mode does not have the level, V(unsupported) that
      the firmware does not have this mode or any level, or that the miner's cgminer does not know the modes,
      V(not_applied) that the miner did not take it, V(not_ready) that tuning did not end in time, V(rejected) that the
      miner's cgminer.conf is damaged and was not touched.
    - V(not_applied) with RV(ignore:changed) true means that the miner has another mode now, or that its cgminer.conf
      was damaged by the change, as happens when its C(/config) is full. cgminer then does not start before a factory
      reset.
  returned: failure
  type: str
  sample: unsupported
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        mode={"type": "str", "choices": list(autotune.MODES), "required": True},
        level={"type": "str"},
        wait={"type": "bool", "default": False},
        wait_timeout={"type": "float", "default": 7200},
    )


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    wait_s = context.seconds("wait_timeout")
    setting = autotune.AutoTuneSetting(context.session, context.params["mode"], context.params["level"])
    outcome = yield from converge(setting, context.check_mode)
    if context.params["wait"] and not context.check_mode:
        yield from autotune.wait_tuned(context.session, wait_s, outcome.changed)
    return _task.outcome_result(outcome, autotune=autotune.shown(outcome.value))


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
