#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_facts
short_description: Gather facts of a DragonMint miner
description:
  - Reads what a miner is, how it is configured and what it does, and returns it as facts.
  - Only reads are sent, one for each source that the wanted facts need. The subsets V(identity), V(network) and
    V(hardware) come from one request together.
  - Facts that the miner's firmware does not have or that the user may not read are left out with a warning.
  - Use the facts as C(ansible_facts.dragonmint_identity) and so on.
options:
  gather_subset:
    description:
      - Which facts to gather.
      - V(all) stands for all of them but V(error), and V(min) for V(identity). A V(!) before a name leaves it out.
      - V(identity) is what the miner is, V(network) its addresses, V(hardware) its uptime, load and memory,
        V(pools) the configured pools without their passwords, V(mining) what cgminer does at the moment,
        V(autotune) the mode and whether it is tuning.
      - V(error) is what an Innosilicon says is wrong with itself. No other firmware has it.
      - V(autotune) and V(error) can be read by the user C(admin) only.
    type: list
    elements: str
    default: [all]
extends_documentation_fragment:
  - minerops.dragonmint.connection
  - minerops.dragonmint.attributes
attributes:
  check_mode:
    support: full
    details:
      - It never changes anything.
  diff_mode:
    support: N/A
    details:
      - It never changes anything.
  idempotent:
    support: full
  facts:
    description: Returns facts that the following tasks can use.
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_pools
  - module: minerops.dragonmint.dragonmint_autotune
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Gather all facts
  minerops.dragonmint.dragonmint_facts:

- name: Show what the miner is
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.dragonmint_identity.type }} {{ ansible_facts.dragonmint_identity.mac }}
      runs {{ ansible_facts.dragonmint_identity.firmware }}

- name: Gather only what the miner does at the moment
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [mining]

- name: Fail on a miner below 14 TH/s
  ansible.builtin.assert:
    that: (ansible_facts.dragonmint_mining.hashrate_ths.average or 0) >= 14
    fail_msg: It makes {{ ansible_facts.dragonmint_mining.hashrate_ths.average }} TH/s.

- name: Gather the error that an Innosilicon reports
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [error]

- name: Gather everything but what takes the miner longest
  minerops.dragonmint.dragonmint_facts:
    gather_subset: ["!identity", "!network", "!hardware"]
"""

RETURN = r"""
ansible_facts:
  description: The facts of the wanted subsets. What the miner does not tell is null.
  returned: success
  type: dict
  contains:
    dragonmint_identity:
      description: What the miner is.
      returned: when the subset V(identity) is gathered
      type: dict
      contains:
        type:
          description: The type of the miner.
          returned: always
          type: str
          sample: T1
        hwver:
          description: The model of its controller board.
          returned: always
          type: str
          sample: g19
        mac:
          description: The MAC address of its Ethernet port, in lower case.
          returned: always
          type: str
          sample: a0:b0:45:00:00:e5
        firmware:
          description: The version of the installed firmware.
          returned: always
          type: str
          sample: t1_20180515_060842
        build_date:
          description: When that firmware was built.
          returned: always
          type: str
          sample: 15th of May 2018 06:08 AM
    dragonmint_network:
      description: The network settings. The addresses are the live ones.
      returned: when the subset V(network) is gathered
      type: dict
      contains:
        mode:
          description: How the miner gets its address, V(dhcp) or V(static).
          returned: always
          type: str
          sample: dhcp
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
          sample: [10.1.0.1]
    dragonmint_hardware:
      description: The state of the controller board.
      returned: when the subset V(hardware) is gathered
      type: dict
      contains:
        uptime_seconds:
          description: How long the miner is up. The miner tells minutes only.
          returned: always
          type: int
          sample: 262920
        load:
          description: The load average of the last 1, 5 and 15 minutes.
          returned: always
          type: list
          elements: float
          sample: [0.07, 0.06, 0.07]
        memory_used_bytes:
          description: Used memory.
          returned: always
          type: int
          sample: 94515200
        memory_free_bytes:
          description: Free memory.
          returned: always
          type: int
          sample: 162041856
        memory_total_bytes:
          description: All memory.
          returned: always
          type: int
          sample: 256557056
        cache_used_bytes:
          description: Memory used as cache.
          returned: always
          type: int
          sample: 73912320
        cache_free_bytes:
          description: Memory that can be had, cache included. A firmware upgrade needs room for its archive here.
          returned: always
          type: int
          sample: 199262208
        cache_total_bytes:
          description: The sum of both.
          returned: always
          type: int
          sample: 273174528
    dragonmint_pools:
      description: The configured pools in their order, without their passwords.
      returned: when the subset V(pools) is gathered
      type: list
      elements: dict
      contains:
        url:
          description: The address of the pool. A password in it is masked.
          returned: always
          type: str
          sample: stratum+tcp://stratum.slushpool.com:3333
        user:
          description: The worker.
          returned: always
          type: str
          sample: farm.worker1
    dragonmint_mining:
      description: What cgminer does at the moment.
      returned: when the subset V(mining) is gathered
      type: dict
      contains:
        ready:
          description: Whether cgminer answers. If not, everything else is empty or null.
          returned: always
          type: bool
          sample: true
        hashrate_ths:
          description: The hash rate of all boards together, in TH/s, over V(5s), V(1m), V(15m) and on V(average).
          returned: always
          type: dict
          sample: {"5s": 14.23650873, "1m": 14.4928593, "15m": 14.79677523, "average": 14.71274319}
        boards:
          description: The hash boards.
          returned: always
          type: list
          elements: dict
          contains:
            id:
              description: The number of the board.
              returned: always
              type: int
              sample: 0
            status:
              description: How cgminer finds it, V(Alive), V(Sick) or V(Dead).
              returned: always
              type: str
              sample: Alive
            temperature_c:
              description: The temperature in degrees Celsius.
              returned: always
              type: float
              sample: 72
            hashrate_ths:
              description: The hash rate in TH/s, over a time that fits how long the board has been running.
              returned: always
              type: float
              sample: 4.93225841
            hardware_errors:
              description: The number of wrong results.
              returned: always
              type: int
              sample: 6600
            hardware_error_ratio:
              description: The part of its results that are wrong.
              returned: always
              type: float
              sample: 0.001205
            accepted:
              description: The number of accepted shares.
              returned: always
              type: int
              sample: 307
            rejected:
              description: The number of rejected shares.
              returned: always
              type: int
              sample: 2
            last_share_seconds:
              description: How many seconds ago the board found its last share.
              returned: always
              type: int
              sample: 8
        pools:
          description: The pools as cgminer sees them.
          returned: always
          type: list
          elements: dict
          contains:
            url:
              description: The address of the pool. A password in it is masked.
              returned: always
              type: str
              sample: stratum+tcp://stratum.slushpool.com:3333
            status:
              description: V(Alive) or V(Dead).
              returned: always
              type: str
              sample: Alive
            active:
              description: Whether a stratum session with it is up.
              returned: always
              type: bool
              sample: true
            accepted:
              description: The number of accepted shares.
              returned: always
              type: int
              sample: 1030
            rejected:
              description: The number of rejected shares.
              returned: always
              type: int
              sample: 3
        fan_percent:
          description: The fan speed in percent.
          returned: always
          type: int
          sample: 59
        reject_ratio:
          description: The part of the work that pools rejected, by difficulty, or by shares where that is not known.
          returned: always
          type: float
          sample: 0.006612
        elapsed_seconds:
          description: How long cgminer has been running.
          returned: always
          type: int
          sample: 4792
    dragonmint_autotune:
      description: The autotune mode.
      returned: when the subset V(autotune) is gathered
      type: dict
      contains:
        mode:
          description: The configured mode.
          returned: always
          type: str
          sample: balanced
        level:
          description: The configured level. Only Innosilicon's firmware has one.
          returned: always
          type: str
          sample: "2"
        is_running:
          description: Whether cgminer runs.
          returned: always
          type: bool
          sample: true
        is_tuning:
          description: Whether it is still tuning.
          returned: always
          type: bool
          sample: false
    dragonmint_error:
      description: What an Innosilicon says is wrong with itself.
      returned: when the subset V(error) is gathered, and the miner has it
      type: dict
      contains:
        code:
          description: The number of the error, V(0) for none. Null if the miner's record of it is empty.
          returned: always
          type: str
          sample: "23"
        message:
          description: The error in words.
          returned: always
          type: str
          sample: fan error
gathered_at:
  description: When this was, in seconds since 1970 by the clock of the machine that the task ran on.
  returned: success
  type: float
  sample: 1535803200.25
error_code:
  description: What went wrong, for programs.
  returned: failure
  type: str
  sample: authentication
"""

import time
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import task
from ansible_collections.minerops.dragonmint.plugins.module_utils.settings import facts


def argument_spec() -> task.ArgumentSpec:
    return task.argument_spec(gather_subset={"type": "list", "elements": "str", "default": ["all"]})


def run(context: task.Context) -> dict[str, Any]:
    subsets = facts.wanted_subsets(context.params["gather_subset"])
    with context.client() as client:
        gathered = facts.gather(client, subsets, context.warn)
    return {"changed": False, "ansible_facts": gathered, "gathered_at": time.time()}


def main() -> None:
    task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
