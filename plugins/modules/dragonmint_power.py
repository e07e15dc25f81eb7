#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_power
short_description: Reboot, restart, power off or reset a DragonMint miner
description:
  - Reboots a miner, restarts its mining, powers it off or resets it to factory settings, and waits for the proof that
    it happened, since the miner confirms all of these before they happen.
  - The command is sent only once, also if its reply gets lost.
  - A miner that is off can't be switched on over the network.
  - A miner whose reboot or reset can't be proved or disproved when O(wait_timeout) is over, since it does not answer or
    can't report its uptime, fails the task as changed.
options:
  state:
    description:
      - V(rebooted) reboots the miner. The reboot counts as done once the uptime has reset and an earlier login is
        refused.
      - V(mining_restarted) restarts cgminer only. It has restarted when it was silent for a moment or runs for a
        shorter time than before; then the task waits until it answers.
      - V(poweredoff) shuts the miner down. It is off when nothing answers HTTP there any more. A miner that does not
        answer in the first place is taken for one that is off, with a warning.
      - V(factory_reset) wipes all settings, the passwords and a static address included, and reboots. It is reset
        when it takes the factory's login. A miner that had a static address takes another one from DHCP, where
        O(search) finds it.
    type: str
    choices: [rebooted, mining_restarted, poweredoff, factory_reset]
    required: true
  min_uptime:
    description:
      - With O(state=rebooted), skip a miner that has been up for fewer seconds than this.
      - This makes a repeated run idempotent. The miner tells minutes only.
    type: float
  confirm:
    description:
      - The MAC address of the miner, without which O(state=factory_reset) is refused.
    type: str
  wait:
    description:
      - Wait for the proof. Without it, the task ends when the command is sent.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait for that.
    type: float
    default: 300
  search:
    description:
      - Look for the miner in this network, such as V(10.1.0.0/22), if it comes back at another address. It is
        recognized by its MAC address, which it must report beforehand. At most 4096 addresses.
      - Only with O(state=rebooted) or O(state=factory_reset), and O(wait=true). For the first third of O(wait_timeout),
        2 minutes at most, only its own address is tried, unless another device answers there.
      - With O(expected_mac), a miner that does not answer at O(host) in the first place is looked for as well.
      - A device that is not a miner is shown no login. Other miners of the network are shown the password that the
        miner uses.
    type: str
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - V(poweredoff) is. V(rebooted) is with O(min_uptime). The others happen each time.
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Reboot a miner that has been up for a week
  minerops.dragonmint.dragonmint_power:
    state: rebooted
    min_uptime: 604800

- name: Reboot a miner that may come back at another address, and go on there
  minerops.dragonmint.dragonmint_power:
    state: rebooted
    search: 192.0.2.0/24
  register: rebooted

- name: Go on where it is now
  ansible.builtin.set_fact:
    dragonmint_host: "{{ rebooted.ipaddress }}"

- name: Restart mining
  minerops.dragonmint.dragonmint_power:
    state: mining_restarted

- name: Show whether a factory reset would be sent to this miner, and change nothing
  minerops.dragonmint.dragonmint_power:
    state: factory_reset
    confirm: "{{ dragonmint_expected_mac }}"
  check_mode: true

- name: Power the miner off, until somebody switches it on at its place
  minerops.dragonmint.dragonmint_power:
    state: poweredoff
"""

RETURN = r"""
power:
  description: The state that the miner was brought to, or would be in check mode; V(running) if it was skipped.
  returned: success
  type: dict
  contains:
    state:
      description: The state.
      returned: always
      type: str
      sample: rebooted
ipaddress:
  description:
    - Where the miner is now, O(host) if it has not moved.
    - A failed task returns it if the miner was found at another address.
  returned: success
  type: str
  sample: 10.1.0.25
elapsed_seconds:
  description: How long it took until the proof, or until the command was sent.
  returned: success
  type: float
  sample: 71.5
error_code:
  description:
    - What went wrong, for programs. V(not_applied) means that the miner carried on as before, V(not_back) that it has
      not come back or can't say whether it did what it was told, V(wrong_device) that O(confirm) names another miner.
  returned: failure
  type: str
  sample: not_back
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import power
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        state={"type": "str", "choices": list(power.STATES), "required": True},
        min_uptime={"type": "float"},
        confirm={"type": "str"},
        wait={"type": "bool", "default": True},
        wait_timeout={"type": "float", "default": 300},
        search={"type": "str"},
    )


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    context.seconds("wait_timeout")
    options = power.options_from(context.params)
    session = context.session
    outcome = yield from power.bring(session, options, context.check_mode, context.warn)
    return _task.outcome_result(
        outcome, power=outcome.value, ipaddress=session.connection.host, elapsed_seconds=outcome.elapsed_s
    )


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
