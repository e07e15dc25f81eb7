#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_network
short_description: Set the network of a DragonMint miner
description:
  - Sets whether the miner gets its address from DHCP or has a static one.
  - A miner that already has the desired settings is skipped.
  - When its address changes, the miner's reply is usually lost. The task then looks for the miner at its new address
    and recognizes it by its MAC address. The following tasks must use the new address, as in the example.
options:
  mode:
    description:
      - With V(dhcp), the miner gets its address from DHCP. With V(static), it uses the addresses in the following
        options.
    type: str
    choices: [dhcp, static]
    required: true
  ipaddress:
    description:
      - The static IPv4 address. The task fails if another device already answers at this address.
    type: str
  netmask:
    description:
      - The network mask, such as V(255.255.252.0).
    type: str
  gateway:
    description:
      - The gateway, a host in the same network.
    type: str
  dns:
    description:
      - One or two name servers. The miner requires two, so a single one is set twice.
    type: list
    elements: str
  search:
    description:
      - With O(mode=dhcp), look for the miner in this network, such as V(10.1.0.0/22), after it has left its static
        address. The network can have at most 4096 addresses.
      - Without it, the playbook can't find a miner that gets another address, and RV(ipaddress) is null.
    type: str
  wait_timeout:
    description:
      - How many seconds to wait for the miner to answer at its new address.
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
      - With DHCP, the addresses are not part of the settings, so the diff does not show them.
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Set the static address from the inventory
  minerops.dragonmint.dragonmint_network:
    mode: static
    ipaddress: "{{ static_address }}"
    netmask: 255.255.255.0
    gateway: 192.0.2.254
    dns: [192.0.2.252, 192.0.2.253]
  register: network

- name: Use the new address from here on
  ansible.builtin.set_fact:
    dragonmint_host: "{{ network.ipaddress }}"
  when: network is changed and not ansible_check_mode

- name: Switch to DHCP, and find the miner at its new address
  minerops.dragonmint.dragonmint_network:
    mode: dhcp
    search: 192.0.2.0/24
"""

RETURN = r"""
network:
  description: The settings of the miner. In check mode, those that it would have.
  returned: success
  type: dict
  contains:
    mode:
      description: How the miner gets its address, V(dhcp) or V(static).
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
    - The current address of the miner. In check mode, the address that it would have.
    - Null if the miner's new address from DHCP is not known.
  returned: success
  type: str
  sample: 10.1.0.25
error_code:
  description:
    - What went wrong, for programs. V(wrong_device) means that another device has the new address, V(not_applied) that
      the miner kept its settings, V(not_back) that it was not found anywhere.
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
        context.warn("The miner has left its address, and its new one from DHCP is unknown.")
    return _task.outcome_result(outcome, network=network.shown(live), ipaddress=live.ipaddress)


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
