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
  - Facts that the miner's firmware does not have or that the user may not read are left out with a warning. If all
    wanted ones would be left out because cgminer does not answer yet, the task fails with V(not_ready).
  - Use the facts as C(ansible_facts.dragonmint_identity) and so on.
options:
  gather_subset:
    description:
      - Which facts to gather.
      - V(all) stands for all of them but V(generation), V(latest_firmware), V(debug) and V(error), which are gathered
        only when they are named. V(min) stands for V(identity). A V(!) before a name leaves it out.
      - V(identity) is what the miner is, V(network) its addresses, V(hardware) its uptime, load and memory,
        V(pools) the configured pools without their passwords, V(mining) what cgminer does at the moment,
        V(autotune) the mode and whether it is tuning.
      - V(generation) is which firmware the miner has, V(latest_firmware) the vendor's newest one, V(debug) what the
        drivers tell of each board and chip, V(error) what an Innosilicon says is wrong with itself.
      - V(latest_firmware) and V(error) can be read by the user C(admin) only, and so can V(autotune), except on
        Innosilicon's firmware since August 2018.
      - What a hash rate means depends on the model. Where neither the model nor its firmware tells, the rates are null,
        with a warning.
      - For V(latest_firmware) the miner asks its vendor, for which it may take two minutes. If the vendor does not
        answer, that is a warning and no failure.
    type: list
    elements: str
    default: [all]
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
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

- name: Look for a firmware that is newer than the miner's
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [generation, latest_firmware]

- name: Show which of the miners are behind, as far as the vendor answers
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.dragonmint_generation }} should get {{ ansible_facts.dragonmint_latest_firmware.version }}
  when:
    - ansible_facts.dragonmint_latest_firmware is defined
    - ansible_facts.dragonmint_latest_firmware.up_to_date is false

- name: Look into the boards
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [debug]

- name: Show the temperature of the hottest chip
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.dragonmint_debug.boards
      | map(attribute='chips') | flatten | map(attribute='temperature_c') | select('number') | max }} degrees Celsius

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
    dragonmint_gathered_at:
      description: When this was, in seconds since 1970 by the clock of the machine that the task ran on.
      returned: always
      type: float
      sample: 1535803200.25
    dragonmint_identity:
      description: What the miner is.
      returned: when the subset V(identity) is gathered
      type: dict
      contains:
        type:
          description: The type that the miner reports.
          returned: always
          type: str
          sample: T1
        model:
          description: The name that it is sold under, such as C(A9 ZMaster) for the type C(B29+). It is the type where
            no other name is known.
          returned: always
          type: str
          sample: T1
        hwver:
          description: The model of its controller board.
          returned: always
          type: str
          sample: g19
        mac:
          description: The MAC address of its Ethernet port, in lower case with colons, however the miner writes it.
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
      description: The configured pools in their order. Given to M(minerops.dragonmint.dragonmint_pools), they keep
        their passwords.
      returned: when the subset V(pools) is gathered
      type: list
      elements: dict
      contains:
        url:
          description: The address of the pool. A password in it is masked.
          returned: always
          type: str
          sample: stratum+tcp://pool.example.com:3333
        user:
          description: The worker.
          returned: always
          type: str
          sample: farm.worker1
        password:
          description: Always null, whatever the password is.
          returned: always
          type: str
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
        algorithm:
          description: What it mines, such as V(sha256), V(scrypt), V(equihash) or V(ethash), told by its type. It is
            null for a type that is not known.
          returned: always
          type: str
          sample: sha256
        is_rate_counted:
          description: Whether the hash rate is counted from the results that the boards find. It is false for models
            that reckon it from the clock, so that only shares prove that they mine. It is null where this is not known.
          returned: always
          type: bool
          sample: true
        hashrate_hs:
          description: The hash rate of all boards together, in hashes a second, over V(5s), V(1m), V(15m) and on
            V(average). For V(equihash) it is in solutions a second.
          returned: always
          type: dict
          sample: {"5s": 14236508730000.0, "1m": 14492859300000.0, "15m": 14796775230000.0, "average": 14712743190000.0}
        hashrate_ths:
          description: The same in TH/s for V(sha256). For any other algorithm all of it is null.
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
            hashrate_hs:
              description: The hash rate in hashes, or for V(equihash) in solutions, a second, over a time that fits how
                long the board has been running.
              returned: always
              type: float
              sample: 4932258410000.0
            hashrate_ths:
              description: The same in TH/s for V(sha256).
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
              sample: stratum+tcp://pool.example.com:3333
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
          description: The fan speed in percent. It is null for a miner that reports none.
          returned: always
          type: int
          sample: 59
        power_watts:
          description: The power that the miner measures, in W. It is null for most miners, which measure none. Only
            C(admin) can read it.
          returned: always
          type: float
          sample: 2210
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
    dragonmint_generation:
      description:
        - Which generation of the firmware the miner has, told by what it can do. Versions do not tell it.
        - One of V(dm-2018-04), V(dm-2018-05), V(inno-2018-05), V(inno-2018-08), V(inno-2018-09), V(inno-2019), or
          V(unknown). The user C(guest) sees too little to tell those of Innosilicon apart.
      returned: when the subset V(generation) is gathered
      type: str
      sample: dm-2018-05
    dragonmint_latest_firmware:
      description: The vendor's newest firmware, which the miner asks the vendor for.
      returned: when the subset V(latest_firmware) is gathered
      type: dict
      contains:
        version:
          description: The newest firmware that the vendor has for this miner.
          returned: always
          type: str
          sample: t1_20180701_000000
        date:
          description: When it was built, as the miner writes it.
          returned: always
          type: str
          sample: 1st of July 2018 12:00 AM
        url:
          description: Where the vendor has it.
          returned: always
          type: str
          sample: https://download.example.com/t1_20180701_000000.swu
        info:
          description: What the vendor says about it.
          returned: always
          type: str
          sample: important
        up_to_date:
          description: >-
            Whether the miner runs this firmware or a newer one, by the dates in their names. It is null
            if a name has none. The miner's own word on it is not used, since some firmware always says
            yes.
          returned: always
          type: bool
          sample: false
    dragonmint_debug:
      description: >-
        What the drivers tell of each board and chip. Whatever else they tell is here, too, under its name in
        snake case.
      returned: when the subset V(debug) is gathered
      type: dict
      contains:
        algorithm:
          description: What it mines, told by its type. It is null for a type that is not known.
          returned: always
          type: str
          sample: sha256
        boards:
          description: The hash boards. None while cgminer does not answer.
          returned: always
          type: list
          elements: dict
          contains:
            id:
              description: The number of the board, which is that of its chain.
              returned: always
              type: int
              sample: 0
            name:
              description: What cgminer calls it.
              returned: always
              type: str
              sample: DT10
            elapsed_seconds:
              description: How long cgminer has been running.
              returned: always
              type: int
              sample: 4792
            chip_count:
              description: The number of chips that the driver found.
              returned: always
              type: int
              sample: 63
            active_chip_count:
              description: The number of chips that work.
              returned: always
              type: int
              sample: 63
            core_count:
              description: The number of cores that work, of all chips together.
              returned: always
              type: int
              sample: 2016
            hashrate_hs:
              description: The hash rate in hashes a second since cgminer started. It is known for V(sha256) only, since
                other drivers report a figure of their own here.
              returned: always
              type: float
              sample: 4904247730000.0
            hashrate_ths:
              description: The same in TH/s.
              returned: always
              type: float
              sample: 4.90424773
            temperature_c:
              description: The temperature in degrees Celsius.
              returned: always
              type: float
              sample: 72
            temperature_max_c:
              description: The temperature of its hottest chip.
              returned: always
              type: float
              sample: 81
            temperature_min_c:
              description: The temperature of its coolest chip.
              returned: always
              type: float
              sample: 64
            fan_percent:
              description: The fan speed in percent.
              returned: always
              type: int
              sample: 59
            vid:
              description: The step of its supply voltage, as the driver counts them.
              returned: always
              type: int
              sample: 140
            pll:
              description: The step of its clock, as the driver counts them.
              returned: always
              type: int
              sample: 43
            voltage_max_mv:
              description: The highest voltage of a chip in millivolts.
              returned: always
              type: float
              sample: 418
            voltage_min_mv:
              description: The lowest one.
              returned: always
              type: float
              sample: 402
            voltage_average_mv:
              description: The mean of all chips.
              returned: always
              type: float
              sample: 410
            is_vid_optimal:
              description: Whether autotune has ended looking for V(vid).
              returned: always
              type: bool
              sample: true
            is_pll_optimal:
              description: Whether autotune has ended looking for V(pll).
              returned: always
              type: bool
              sample: true
            is_disabled:
              description: Whether the driver switched it off.
              returned: always
              type: bool
              sample: false
            is_throttled:
              description: Whether the driver slowed it down.
              returned: always
              type: bool
              sample: false
            chips:
              description: Its chips. A chip that does not answer is missing.
              returned: always
              type: list
              elements: dict
              contains:
                id:
                  description: The number of the chip.
                  returned: always
                  type: int
                  sample: 0
                temperature_c:
                  description: Its temperature in degrees Celsius. It is null for chips without a sensor.
                  returned: always
                  type: float
                  sample: 70
                voltage_mv:
                  description: Its voltage in millivolts.
                  returned: always
                  type: float
                  sample: 410
                enabled_cores:
                  description: The number of its cores that work.
                  returned: always
                  type: int
                  sample: 32
                hardware_errors:
                  description: The number of its wrong results.
                  returned: always
                  type: int
                  sample: 12
                stales:
                  description: The number of its results that came too late.
                  returned: always
                  type: int
                  sample: 0
                duplicates:
                  description: The number of its results that it had given before.
                  returned: always
                  type: int
                  sample: 0
                nonces_found:
                  description: The number of results that it found.
                  returned: always
                  type: int
                  sample: 4811
                nonce_ranges:
                  description: The number of ranges that it searched.
                  returned: always
                  type: int
                  sample: 1204
                cooldown:
                  description: >-
                    When the driver began to let it cool down, as the driver counts time. V(0) if
                    it has not.
                  returned: always
                  type: int
                  sample: 0
                fail_count:
                  description: How often it failed.
                  returned: always
                  type: int
                  sample: 0
                fail_reset:
                  description: How often it was reset for that.
                  returned: always
                  type: int
                  sample: 0
        hashes:
          description: The commits of the programs, which is all that names them.
          returned: always
          type: dict
          contains:
            firmware:
              description: That of the firmware.
              returned: always
              type: str
              sample: a2b058ce
            backend:
              description: That of the web interface.
              returned: always
              type: str
              sample: a50c6245
            cgminer:
              description: That of cgminer.
              returned: always
              type: str
              sample: e9fc77b6
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
        description:
          description: What the error means, in the words of the miner's book of errors. Firmware of 2018 has none.
          returned: always
          type: str
          sample: Fan fault
        analysis:
          description: What the book of errors says about its causes.
          returned: always
          type: str
          sample: 1. The fan's cable is loose. 2. The fan is broken.
error_code:
  description: What went wrong, for programs.
  returned: failure
  type: str
  sample: authentication
"""

import time
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import subsets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(gather_subset={"type": "list", "elements": "str", "default": ["all"]})


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    wanted = subsets.wanted_subsets(context.params["gather_subset"])
    gathered = yield from subsets.gather(context.session, wanted, context.warn)
    return {"changed": False, "ansible_facts": {**gathered, "dragonmint_gathered_at": time.time()}}


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
