#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_power
short_description: Reboot, restart, power off or reset a DragonMint miner
description:
  - Reboots a miner, restarts its mining, powers it off or resets it to factory settings. The miner confirms each of
    these before it happens, so the task waits until it has verified that it did.
  - The command is sent only once, even if its reply is lost.
  - A miner that is off can't be switched on over the network.
  - If O(wait_timeout) runs out and the reboot or reset can be neither confirmed nor ruled out, because the miner does
    not answer or can't report its uptime, the task fails as changed.
options:
  state:
    description:
      - V(rebooted) reboots the miner. The reboot counts as done once the uptime has reset and an earlier login is
        refused.
      - V(mining_restarted) restarts cgminer only. The restart counts as done once cgminer was silent for a moment or
        has been running for a shorter time than before. The task then waits until cgminer answers.
      - V(poweredoff) shuts the miner down. It counts as off once nothing answers HTTP at its address. If it does not
        answer to begin with, it counts as off already, with a warning.
      - V(factory_reset) wipes all settings, including passwords and a static address, and reboots. The reset counts as
        done once the miner accepts the factory login. A miner that had a static address then gets another one from
        DHCP, and O(search) finds it there.
    type: str
    choices: [rebooted, mining_restarted, poweredoff, factory_reset]
    required: true
  min_uptime:
    description:
      - With O(state=rebooted), skip a miner that has been up for fewer seconds than this.
      - This makes a repeated run idempotent. The miner reports its uptime in whole minutes only.
    type: float
  confirm:
    description:
      - The MAC address of the miner. Required for O(state=factory_reset).
    type: str
  wait:
    description:
      - Wait until the command has verifiably taken effect. With V(false), the task ends when the command has been sent.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait with O(wait=true).
    type: float
    default: 300
  search:
    description:
      - If the miner comes back at another address, look for it in this network, such as V(10.1.0.0/22), of at most 4096
        addresses. The miner is recognized by its MAC address, which it must report beforehand.
      - Only with O(state=rebooted) or O(state=factory_reset), and O(wait=true). For the first third of O(wait_timeout),
        2 minutes at most, only its own address is tried, unless another device answers there.
      - With O(expected_mac), this also finds a miner that does not answer at O(host) to begin with.
      - The login is never sent to a device that is not a miner. It is sent to other miners in the network, with the
        password that the miner uses.
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
      - V(poweredoff) is idempotent, and so is V(rebooted) with O(min_uptime). The other states are carried out each
        time.
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

- name: Reboot a miner that may come back at another address
  minerops.dragonmint.dragonmint_power:
    state: rebooted
    search: 192.0.2.0/24
  register: rebooted

- name: Use its new address from here on
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

- name: Power the miner off until somebody switches it on by hand
  minerops.dragonmint.dragonmint_power:
    state: poweredoff
"""

RETURN = r"""
power:
  description: The state that the miner was brought to, or would be brought to in check mode. V(running) if the miner
    was skipped.
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
    - The current address of the miner. This is O(host) if the address has not changed.
    - A failed task returns it if the miner was found at another address.
  returned: success
  type: str
  sample: 10.1.0.25
elapsed_seconds:
  description: How many seconds it took to verify the result or, with O(wait=false), to send the command.
  returned: success
  type: float
  sample: 71.5
error_code:
  description:
    - What went wrong, for programs. V(not_applied) means that the miner did not carry out the command, V(not_back) that
      it has not come back or can't report whether it carried out the command, V(wrong_device) that O(confirm) names
      another miner.
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
    outcome = yield from power.apply(session, options, context.check_mode, context.warn)
    return _task.outcome_result(
        outcome, power=outcome.value, ipaddress=session.connection.host, elapsed_seconds=outcome.elapsed_s
    )


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
