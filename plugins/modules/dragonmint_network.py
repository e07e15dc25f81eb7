#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_network
short_description: Set the network of a DragonMint miner
description:
  - Makes the miner take its address from DHCP, or gives it a static one.
  - Nothing is sent to a miner whose settings are the wanted ones already.
  - When its address changes, the miner's reply usually gets lost on the way. The miner is then looked for at its new
    address and recognized by its MAC address. Go on there with the next tasks, see the example.
options:
  mode:
    description:
      - V(dhcp) lets the miner take its address from DHCP, V(static) gives it the following ones.
    type: str
    choices: [dhcp, static]
    required: true
  ipaddress:
    description:
      - The static IPv4 address. One at which something answers already is refused.
    type: str
  netmask:
    description:
      - The network mask, such as V(255.255.252.0).
    type: str
  gateway:
    description:
      - The gateway, a host of the same network.
    type: str
  dns:
    description:
      - The name servers, one or two. The miner wants two, so a single one is given to it twice.
    type: list
    elements: str
  search:
    description:
      - With O(mode=dhcp), the network in which to look for the miner after it left its static address, as
        V(10.1.0.0/22), of 4096 addresses at most.
      - Without it, a miner that gets another address is lost to the playbook, and RV(ipaddress) is null.
    type: str
  wait_timeout:
    description:
      - How many seconds the miner has to show up at its new address.
    type: float
    default: 60
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - With DHCP, the addresses are not a part of the settings, so the diff does not show them.
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Set the static address that the inventory has for the miner
  minerops.dragonmint.dragonmint_network:
    mode: static
    ipaddress: "{{ static_address }}"
    netmask: 255.255.255.0
    gateway: 192.0.2.254
    dns: [192.0.2.252, 192.0.2.253]
  register: network

- name: Go on at the new address
  ansible.builtin.set_fact:
    dragonmint_host: "{{ network.ipaddress }}"
  when: network is changed and not ansible_check_mode

- name: Take the address from DHCP, and find the miner again
  minerops.dragonmint.dragonmint_network:
    mode: dhcp
    search: 192.0.2.0/24
"""

RETURN = r"""
network:
  description: The settings that the miner has now. In check mode, those that it would have.
  returned: success
  type: dict
  contains:
    mode:
      description: How it gets its address, V(dhcp) or V(static).
      returned: always
      type: str
      sample: static
    ipaddress:
      description: The IP address.
      returned: always
      type: str
      sample: 10.1.0.25
    netmask:
      description: The network mask.
      returned: always
      type: str
      sample: 255.255.252.0
    gateway:
      description: The gateway.
      returned: always
      type: str
      sample: 10.1.0.1
    dns:
      description: The name servers.
      returned: always
      type: list
      elements: str
      sample: [8.8.8.8, 8.8.4.4]
ipaddress:
  description:
    - Where the miner is now. In check mode, where it would be.
    - Null where that is not known, since the miner has left for an address that only DHCP knows.
  returned: success
  type: str
  sample: 10.1.0.25
error_code:
  description:
    - What went wrong, for programs. V(wrong_device) means that another device has the new address, V(not_applied) that
      the miner has stayed as it was, V(not_back) that it is found nowhere.
  returned: failure
  type: str
  sample: not_back
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import hosts_to_search
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import network


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        mode={"type": "str", "choices": ["dhcp", "static"], "required": True},
        ipaddress={"type": "str"},
        netmask={"type": "str"},
        gateway={"type": "str"},
        dns={"type": "list", "elements": "str"},
        search={"type": "str"},
        wait_timeout={"type": "float", "default": 60},
    )


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    desired = network.network_from(context.params)
    hosts = hosts_to_search(context.params["search"])
    wait_s = context.seconds("wait_timeout")
    setting = network.NetworkSetting(context.session, desired, hosts, wait_s)
    outcome = yield from converge(setting, context.check_mode)
    live = desired if outcome.changed and context.check_mode else setting.live
    if live.ipaddress is None and not context.check_mode:
        context.warn("The miner has left its address and takes one from DHCP, which is not known here.")
    return _task.outcome_result(outcome, network=network.shown(live), ipaddress=live.ipaddress)


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
