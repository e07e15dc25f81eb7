#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_pools
short_description: Set the pools of a DragonMint miner
description:
  - Sets the miner's list of pools, in order. Pools that are not in the list are removed.
  - A miner that already has these pools is skipped. A change restarts cgminer, so the miner stops mining for some
    seconds.
  - The miner confirms changes that it did not make, so the pools are read back after a change. If they are not the
    desired ones, the task fails.
options:
  pools:
    description:
      - The 1 to 3 desired pools. The miner mines at the first one that is alive.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description:
          - The address of the pool as V(stratum+tcp://host:port). V(stratum+ssl) and V(stratum2+tcp) are accepted as
            well, and V(stratum+tls) on Innosilicon's firmware of 2019. The port is required.
          - V(/#xnsub) at the end asks the pool for extranonce subscription. V(#xnsub) is accepted as well, and set with
            the slash that cgminer needs.
          - Innosilicon's firmware since September 2018 takes only V(stratum+tcp), and that of 2019 V(stratum+tls), with
            an IPv4 address or a host name that has a dot and ends in a letter. If the list has any other URL, the miner
            refuses the list and keeps its current pools.
        type: str
        required: true
      user:
        description:
          - The worker, as the pool knows it. It must not begin or end with white space or contain invisible characters.
        type: str
        required: true
      password:
        description:
          - The password of the worker. Defaults to V(x), since most pools ignore it.
          - V(null) keeps the password that the miner has for the pool with the same O(pools[].url) and O(pools[].user).
            If there is no such pool, the task fails and nothing is changed.
          - The fact RV(minerops.dragonmint.dragonmint_facts#module:ansible_facts.dragonmint_pools) has V(null) here, so
            writing it back keeps all passwords.
          - The miner shows it in clear text to each of its users.
        type: str
  keep_passwords:
    description:
      - For each pool without O(pools[].password), keep the password that the miner has, as with V(null), instead of
        setting V(x).
    type: bool
    default: false
  wait_ready:
    description:
      - After a change, wait until cgminer answers again.
      - It does not wait for the pools to accept work; the role P(minerops.dragonmint.provision#role) does.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait with O(wait_ready=true).
    type: float
    default: 120
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Passwords are masked. If one differs, the diff shows V((changed\)).
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Mine at one pool, with another one as a backup
  minerops.dragonmint.dragonmint_pools:
    pools:
      - url: stratum+tcp://pool.example.com:3333
        user: farm.{{ inventory_hostname }}
      - url: stratum+tcp://backup.example.com:3333
        user: farm.{{ inventory_hostname }}
        password: "{{ vault_pool_password }}"

- name: Show which miners have drift in their pools, and change nothing
  minerops.dragonmint.dragonmint_pools:
    pools:
      - url: stratum+tcp://pool.example.com:3333/#xnsub
        user: farm.{{ inventory_hostname }}
  check_mode: true
  diff: true

- name: Read the pools
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [pools]

- name: Put the backup first, and keep the passwords
  minerops.dragonmint.dragonmint_pools:
    pools: "{{ ansible_facts.dragonmint_pools | reverse }}"
"""

RETURN = r"""
pools:
  description: The current pools of the miner. In check mode, the pools that it would have.
  returned: success
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
      description: Always null, regardless of the password.
      returned: always
      type: str
error_code:
  description:
    - What went wrong, for programs. V(invalid_input) means that a pool is not valid, or that a password to keep is
      missing, V(unsupported) that the firmware is not known to take V(stratum+tls), V(not_applied) that the miner did
      not apply the pools, V(rejected) that it refused them, that its pools are locked, or that its cgminer.conf is
      damaged and was not changed, V(not_ready) that it applied the pools, but cgminer has not answered since.
    - V(not_applied) with RV(ignore:changed) true means that other pools are set now, or that cgminer.conf was damaged
      by the change, as happens when the miner's C(/config) is full. cgminer then does not start before a factory reset.
  returned: failure
  type: str
  sample: not_applied
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import pools


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        **pools.options(),
        wait_ready={"type": "bool", "default": True},
        wait_timeout={"type": "float", "default": 120},
    )


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    desired = pools.pools_from(context.params["pools"], context.params["keep_passwords"])
    wait_s = context.seconds("wait_timeout")
    outcome = yield from converge(pools.PoolsSetting(context.session, desired), context.check_mode)
    if outcome.changed and context.params["wait_ready"] and not context.check_mode:
        yield from mining.wait_ready(context.session, wait_s)
    return _task.outcome_result(outcome, pools=pools.shown(outcome.value))


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
