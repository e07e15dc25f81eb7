#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_facts
short_description: Gather facts of a DragonMint miner
description:
  - Reads the identity, configuration and current state of a miner and returns them as facts.
  - Only reads are sent, one for each source that the requested facts need. The subsets V(identity), V(network) and
    V(hardware) share one request.
  - Facts that the miner's firmware does not have or that the user may not read are omitted with a warning. If all
    requested facts would be omitted because cgminer does not answer yet, the task fails with V(not_ready).
  - Use the facts as C(ansible_facts.dragonmint_identity) and so on.
options:
  gather_subset:
    description:
      - Which facts to gather.
      - V(all) means all subsets except V(generation), V(latest_firmware), V(debug) and V(error), which are gathered
        only if they are named. V(min) means V(identity). A V(!) before a name excludes it.
      - V(identity) is the miner's type, MAC address and firmware, V(network) its addresses, V(hardware) its uptime,
        load and memory, V(pools) the configured pools without their passwords, V(mining) the current state of cgminer,
        V(autotune) the mode and whether the miner is tuning.
      - V(generation) is the generation of the miner's firmware, V(latest_firmware) the vendor's newest firmware,
        V(debug) what the drivers report of each board and chip, V(error) the error that an Innosilicon miner reports.
      - Only the user C(admin) can read V(latest_firmware) and V(error). The same is true of V(autotune), except on
        Innosilicon's firmware since August 2018.
      - The unit of a hash rate depends on the model. If it is not known for the model or its firmware, the rates are
        null, with a warning.
      - For V(latest_firmware), the miner asks the vendor's server, which may take two minutes. If the server does not
        answer, the task warns and does not fail.
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

- name: Show the type, the MAC address and the firmware
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.dragonmint_identity.type }} {{ ansible_facts.dragonmint_identity.mac }}
      runs {{ ansible_facts.dragonmint_identity.firmware }}

- name: Gather only the current state of cgminer
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [mining]

- name: Fail on a miner below 14 TH/s
  ansible.builtin.assert:
    that: (ansible_facts.dragonmint_mining.hashrate_ths.average or 0) >= 14
    fail_msg: The hash rate is {{ ansible_facts.dragonmint_mining.hashrate_ths.average }} TH/s.

- name: Gather the error that an Innosilicon miner reports
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [error]

- name: Look for a firmware that is newer than the miner's
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [generation, latest_firmware]

- name: Show which miners have a newer firmware available
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.dragonmint_generation }} should get {{ ansible_facts.dragonmint_latest_firmware.version }}
  when:
    - ansible_facts.dragonmint_latest_firmware is defined
    - ansible_facts.dragonmint_latest_firmware.up_to_date is false

- name: Gather the details of boards and chips
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [debug]

- name: Show the temperature of the hottest chip
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts.dragonmint_debug.boards
      | map(attribute='chips') | flatten | map(attribute='temperature_c') | select('number') | max }} degrees Celsius

- name: Gather everything except what takes the miner longest
  minerops.dragonmint.dragonmint_facts:
    gather_subset: ["!identity", "!network", "!hardware"]
"""

RETURN = r"""
ansible_facts:
  description: The facts of the requested subsets. A value that the miner does not report is null.
  returned: success
  type: dict
  contains:
    dragonmint_gathered_at:
      description: When the facts were gathered, in seconds since 1970, by the clock of the machine that the task ran
        on.
      returned: always
      type: float
      sample: 1535803200.25
    dragonmint_identity:
      description: The identity of the miner.
      returned: when the subset V(identity) is gathered
      type: dict
      contains:
        type:
          description: The type that the miner reports.
          returned: always
          type: str
          sample: T1
        model:
          description: The name under which the miner is sold, such as C(A9 ZMaster) for the type C(B29+). The same as
            the type if no other name is known.
          returned: always
          type: str
          sample: T1
        hwver:
          description: The model of its controller board.
          returned: always
          type: str
          sample: g19
        mac:
          description: The MAC address of its Ethernet port, in lower case with colons, regardless of how the miner
            writes it.
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
          description: How long the miner has been up, in seconds. The miner reports whole minutes only.
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
          description: Available memory, including the cache. A firmware upgrade needs room for its archive here.
          returned: always
          type: int
          sample: 199262208
        cache_total_bytes:
          description: The sum of RV(ansible_facts.dragonmint_hardware.cache_used_bytes) and
            RV(ansible_facts.dragonmint_hardware.cache_free_bytes).
          returned: always
          type: int
          sample: 273174528
    dragonmint_pools:
      description: The configured pools, in order. Passed to M(minerops.dragonmint.dragonmint_pools), they keep their
        passwords.
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
      description: The current state of cgminer.
      returned: when the subset V(mining) is gathered
      type: dict
      contains:
        ready:
          description: Whether cgminer answers. If not, everything else is empty or null.
          returned: always
          type: bool
          sample: true
        algorithm:
          description: The algorithm that the miner mines, such as V(sha256), V(scrypt), V(equihash) or V(ethash),
            derived from its type. Null for an unknown type.
          returned: always
          type: str
          sample: sha256
        is_rate_counted:
          description: Whether the hash rate is counted from the results that the boards find. False for models that
            compute it from the clock, where only shares prove that the miner mines. Null if this is not known.
          returned: always
          type: bool
          sample: true
        hashrate_hs:
          description: The hash rate of all boards together, in hashes per second, over V(5s), V(1m), V(15m) and on
            V(average). For V(equihash), in solutions per second.
          returned: always
          type: dict
          sample: {"5s": 14236508730000.0, "1m": 14492859300000.0, "15m": 14796775230000.0, "average": 14712743190000.0}
        hashrate_ths:
          description: The same in TH/s, for V(sha256). For any other algorithm, all values are null.
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
              description: The state of the board as cgminer reports it, V(Alive), V(Sick) or V(Dead).
              returned: always
              type: str
              sample: Alive
            temperature_c:
              description: The temperature in degrees Celsius.
              returned: always
              type: float
              sample: 72
            hashrate_hs:
              description: The hash rate in hashes per second, or in solutions per second for V(equihash), over a period
                that suits how long the board has been running.
              returned: always
              type: float
              sample: 4932258410000.0
            hashrate_ths:
              description: The same in TH/s, for V(sha256).
              returned: always
              type: float
              sample: 4.93225841
            hardware_errors:
              description: The number of wrong results.
              returned: always
              type: int
              sample: 6600
            hardware_error_ratio:
              description: The fraction of its results that are wrong.
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
              description: Whether a stratum session with the pool is up.
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
          description: The fan speed in percent. Null for a miner that does not report it.
          returned: always
          type: int
          sample: 59
        power_watts:
          description: The power that the miner measures, in W. Null for most miners, which do not measure it. Only
            C(admin) can read it.
          returned: always
          type: float
          sample: 2210
        reject_ratio:
          description: The fraction of the work that pools rejected, by difficulty, or by shares if the difficulty is
            not known.
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
          description: Whether cgminer is still tuning.
          returned: always
          type: bool
          sample: false
    dragonmint_generation:
      description:
        - The generation of the miner's firmware, derived from what it can do, since versions do not show it.
        - One of V(dm-2018-04), V(dm-2018-05), V(inno-2018-05), V(inno-2018-08), V(inno-2018-09), V(inno-2019), or
          V(unknown). The user C(guest) sees too little to distinguish those of Innosilicon.
      returned: when the subset V(generation) is gathered
      type: str
      sample: dm-2018-05
    dragonmint_latest_firmware:
      description: The vendor's newest firmware, as the vendor's server reports it to the miner.
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
          description: The URL of its archive.
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
            Whether the miner runs this firmware or a newer one, by the dates in their names. Null if a name has no
            date. The miner's own answer is not used, since some firmware always says yes.
          returned: always
          type: bool
          sample: false
    dragonmint_debug:
      description: >-
        What the drivers report of each board and chip. Values that are not listed here are included, too, under their
        names in snake case.
      returned: when the subset V(debug) is gathered
      type: dict
      contains:
        algorithm:
          description: The algorithm that the miner mines, derived from its type. Null for an unknown type.
          returned: always
          type: str
          sample: sha256
        boards:
          description: The hash boards. Empty while cgminer does not answer.
          returned: always
          type: list
          elements: dict
          contains:
            id:
              description: The number of the board, which is also the number of its chain.
              returned: always
              type: int
              sample: 0
            name:
              description: The name that cgminer gives the board.
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
              description: The hash rate in hashes per second since cgminer started. Null except for V(sha256), since
                other drivers report a figure of a different kind here.
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
              description: The step of its supply voltage, as the driver counts steps.
              returned: always
              type: int
              sample: 140
            pll:
              description: The step of its clock, as the driver counts steps.
              returned: always
              type: int
              sample: 43
            voltage_max_mv:
              description: The highest voltage of a chip in millivolts.
              returned: always
              type: float
              sample: 418
            voltage_min_mv:
              description: The lowest voltage of a chip in millivolts.
              returned: always
              type: float
              sample: 402
            voltage_average_mv:
              description: The mean voltage of all chips in millivolts.
              returned: always
              type: float
              sample: 410
            is_vid_optimal:
              description: Whether autotune has finished searching for RV(ansible_facts.dragonmint_debug.boards[].vid).
              returned: always
              type: bool
              sample: true
            is_pll_optimal:
              description: Whether autotune has finished searching for RV(ansible_facts.dragonmint_debug.boards[].pll).
              returned: always
              type: bool
              sample: true
            is_disabled:
              description: Whether the driver has switched the board off.
              returned: always
              type: bool
              sample: false
            is_throttled:
              description: Whether the driver has slowed the board down.
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
                  description: Its temperature in degrees Celsius. Null for chips without a sensor.
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
                  description: The number of its results that it had already returned before.
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
                    When the driver began to let the chip cool down, as the driver counts time. V(0) if it has not.
                  returned: always
                  type: int
                  sample: 0
                fail_count:
                  description: How often the chip has failed.
                  returned: always
                  type: int
                  sample: 0
                fail_reset:
                  description: How often the chip was reset after a failure.
                  returned: always
                  type: int
                  sample: 0
        hashes:
          description: The commits of the programs, which are the only version information that they report.
          returned: always
          type: dict
          contains:
            firmware:
              description: The commit of the firmware.
              returned: always
              type: str
              sample: a2b058ce
            backend:
              description: The commit of the web interface.
              returned: always
              type: str
              sample: a50c6245
            cgminer:
              description: The commit of cgminer.
              returned: always
              type: str
              sample: e9fc77b6
    dragonmint_error:
      description: The error that an Innosilicon miner reports.
      returned: when the subset V(error) is gathered, and the miner has it
      type: dict
      contains:
        code:
          description: The number of the error, V(0) for no error. Null if the miner's error record is empty.
          returned: always
          type: str
          sample: "23"
        message:
          description: The error in words.
          returned: always
          type: str
          sample: fan error
        description:
          description: What the error means, according to the miner's built-in list of errors. Null on firmware of 2018,
            which does not have this list.
          returned: always
          type: str
          sample: Fan fault
        analysis:
          description: Possible causes, according to the same list.
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
    selected = subsets.selected_subsets(context.params["gather_subset"])
    gathered = yield from subsets.gather(context.session, selected, context.warn)
    return {"changed": False, "ansible_facts": {**gathered, "dragonmint_gathered_at": time.time()}}


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
