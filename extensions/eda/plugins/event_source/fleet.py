# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
short_description: Report changes in a fleet of miners
description:
  - An event source for ansible-rulebook. It polls miners continuously, sends only reads, and reports only changes.
  - An event is C(dragonmint), with C(edge), C(severity), C(detail), C(since), C(miner), C(address), C(mac), C(finding),
    C(count) and C(miners).
  - The edges of a miner are V(found), V(went_dark), V(came_back), V(locked), V(unhealthy) and V(healthy) (for each
    finding), V(drifted) and V(in_desired_state) (for each setting), V(firmware_changed) and V(rebooted).
  - The edges of the fleet are V(baseline) (the first poll), V(poll_failed) and V(poll_recovered).
  - The same edge of many miners at once is a single event, with the number of miners as C(count).
  - The event of a single miner has its name in the inventory as C(meta.hosts), so a playbook runs on this host only.
options:
  networks:
    description:
      - The networks (V(10.1.0.0/22)), ranges (V(10.1.4.10-80)) and addresses to scan for miners.
      - A V(!) before an entry excludes it.
      - Mutually exclusive with O(inventory), and one of them is required.
    type: list
    elements: str
  inventory:
    description:
      - Inventory files whose hosts to poll, instead of O(networks).
      - Addresses and logins must not contain templates, and passwords must not be vaulted unless O(credentials) are
        given.
      - The desired state in C(provision_pools), C(provision_autotune_mode), C(provision_network) and C(upgrade_version)
        is compared if it does not contain any template except C(inventory_hostname) in the user of a pool.
    type: dict
    suboptions:
      paths:
        description: Paths of inventory files or folders.
        type: list
        elements: str
        required: true
      group:
        description: The group whose hosts are miners.
        type: str
        default: all
      refresh:
        description:
          - How many seconds to wait between two readings of the inventory.
          - If it can't be read, the hosts known so far stay in use.
        type: float
        default: 3600
  port:
    description: The port of the miners' web servers, for hosts without C(dragonmint_port).
    type: int
    default: 80
  credentials:
    description:
      - The logins to try on each miner, in this order, until the miner accepts one. They replace those of an inventory.
      - Required with O(networks). No event or message shows a password.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of this login.
        type: str
      username:
        description: The user, C(admin) or C(guest).
        type: str
        default: admin
      password:
        description: The password of that user.
        type: str
        required: true
  auth:
    description: How to authenticate. V(basic) sends the login with each request. V(jwt) sends the login once, and a
      token from then on.
    type: str
    choices: [basic, jwt]
    default: basic
  interval:
    description:
      - How many seconds from the start of one poll to the start of the next.
      - A poll that takes longer is followed by the next one at once.
    type: float
    default: 60
  for:
    description:
      - How many polls in a row must see a change before it is reported, in both directions.
      - V(found), V(firmware_changed) and V(rebooted) are reported at once.
    type: int
    default: 2
  storm_percent:
    description: The same edge is one event if more than this percentage of the miners have it at once, and at least 20.
    type: float
    default: 20
  snapshot:
    description:
      - The path of a file that preserves the state across restarts.
      - Without it, each start begins with a V(baseline), and what changed while the source was down is not reported.
    type: str
  hostname:
    description:
      - How to name the miners in O(networks), as O(minerops.dragonmint.dragonmint#inventory:hostname).
      - V(mac) uses the MAC address, such as C(a0-b0-45-00-00-e5), or the IP address of a miner that does not report its
        MAC address.
    type: str
    choices: [mac, ipaddress]
    default: mac
  limit:
    description:
      - Whether the event of a single miner has its name as C(meta.hosts), which limits playbooks to this host.
      - Set it to V(false) for actions that run on localhost.
    type: bool
    default: true
  desired:
    description:
      - The desired state of all miners. It overrides the desired state of the same setting in an inventory.
      - Passwords of pools are not compared.
    type: dict
    default: {}
    suboptions:
      pools:
        description: The desired pools, in order.
        type: list
        elements: dict
        suboptions:
          url:
            description: The URL of the pool.
            type: str
            required: true
          user:
            description:
              - The user at the pool.
              - C({miner}) is replaced by the name of the miner, C({mac}) by its MAC as C(a0b0450000e5), and C({octet})
                by the last number of its address.
            type: str
            required: true
      autotune:
        description: The autotune mode, and on Innosilicon its level.
        type: dict
        suboptions:
          mode:
            description: The autotune mode.
            type: str
            choices: [efficient, balanced, factory, performance, 'off']
            required: true
          level:
            description: The level of that mode, on Innosilicon's firmware only.
            type: str
      firmware:
        description: The firmware.
        type: dict
        suboptions:
          version:
            description: The version that miners report.
            type: str
            required: true
      network:
        description: The network settings.
        type: dict
        suboptions:
          mode:
            description: How miners get their addresses.
            type: str
            choices: [dhcp]
            required: true
  health:
    description:
      - The limits of the health rules, named as the variables of the role P(minerops.dragonmint.health#role) without
        C(health_), with the same defaults.
    type: dict
    default: {}
    suboptions:
      boards:
        description:
          - How many boards a miner must have. Defaults to the number of its model, or to 3 if that is not known.
        type: int
      max_board_temperature_c:
        description: A board above this temperature in °C is too hot.
        type: float
        default: 85
      min_hashrate_ratio:
        description: The fraction of the rated hash rate that a miner must reach.
        type: float
        default: 0.85
      max_share_age_seconds:
        description: A board that has not found a share for this many seconds has the finding C(no_shares).
        type: float
        default: 900
      max_reject_ratio:
        description: The fraction of the work that pools may reject.
        type: float
        default: 0.05
      max_hardware_error_ratio:
        description: The fraction of its results that a board may get wrong.
        type: float
        default: 0.01
      max_fan_percent:
        description: A fan above this speed in percent is at its limit.
        type: float
        default: 95
      min_uptime_seconds:
        description: Rates are not compared until a miner has been mining for this many seconds.
        type: float
        default: 900
      ratings:
        description: The hash rate and power of your miners, by model and autotune mode, as C(dragonmint_ratings).
        type: dict
  allow_public:
    description: Whether O(networks) may contain public addresses.
    type: bool
    default: false
  concurrency:
    description: How many addresses are tried at once. The number is lower if the limit on open files (C(ulimit -n))
      requires it.
    type: int
    default: 200
  connect_timeout:
    description: How many seconds to wait for an address to accept a connection.
    type: float
    default: 1.5
  timeout:
    description: How many seconds to wait for the complete answer to a request.
    type: float
    default: 10
  deadline:
    description: The time limit in seconds for all requests to one address together.
    type: float
    default: 40
author:
  - MinerOps
"""

EXAMPLES = r"""
- name: Repair what a restart can repair
  hosts: all
  sources:
    - minerops.dragonmint.fleet:
        networks: [192.0.2.0/24]
        credentials:
          - password: "{{ MINER_PASSWORD }}"
        interval: 60
        for: 3
        snapshot: /var/lib/dragonmint/fleet.json
  rules:
    - name: Heal
      condition: event.dragonmint.edge == "unhealthy" and event.dragonmint.count == 1
      throttle:
        once_within: 6 hours
        group_by_attributes: [event.dragonmint.miner]
      action:
        run_playbook:
          name: minerops.dragonmint.heal
          extra_vars:
            health_heal: true
"""

import json
import sys
from asyncio import Queue
from pathlib import Path
from typing import Any

# ansible-rulebook runs this file by its path and knows no collections.
HERE = Path(__file__).absolute()
COLLECTIONS = HERE.parents[6]
sys.path.append(str(COLLECTIONS.parent))

import ansible_collections

# The package "ansible" also has a folder of this name, which would hide ours.
ansible_collections.__path__ = [str(COLLECTIONS), *ansible_collections.__path__]

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.source import Source


async def main(queue: Queue[Any], args: dict[str, Any]) -> None:
    """Puts events into the queue until cancelled. Raises Invalid for wrong arguments, before anything starts."""
    schema = json.loads((HERE.parent / "schemas/fleet.json").read_text(encoding="utf-8"))
    await Source(settings_from(args, schema), queue.put).run()
