#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_pool_test
short_description: Test from a DragonMint miner whether it can use pools
description:
  - Makes the miner itself try each pool with its worker, without setting it. The miner keeps mining at its current
    pool.
  - If the miner cannot use one of the pools, the task fails and shows what the miner reported for each of them.
  - Only Innosilicon's firmware of 2019 can do this.
options:
  pools:
    description:
      - The 1 to 3 pools to test, as in O(minerops.dragonmint.dragonmint_pools#module:pools).
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description:
          - The address of the pool, as in O(minerops.dragonmint.dragonmint_pools#module:pools[].url).
        type: str
        required: true
      user:
        description:
          - The worker, as the pool knows it. A pool cannot be tested without a worker.
        type: str
        required: true
      password:
        description:
          - The password of the worker. Defaults to V(x), since most pools ignore it.
          - V(null) uses the password that the miner has for the pool with the same O(pools[].url) and O(pools[].user).
        type: str
  keep_passwords:
    description:
      - For each pool without O(pools[].password), use the password that the miner has, as with V(null), instead of
        V(x).
    type: bool
    default: false
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
    details:
      - The pools are tested as usual, since this changes nothing.
  diff_mode:
    support: none
    details:
      - Nothing changes.
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_pools
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Find out which firmware the miner has
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [generation]

- name: Test whether the miner can use a pool
  minerops.dragonmint.dragonmint_pool_test:
    pools:
      - url: stratum+tcp://pool.example.com:3333
        user: farm.{{ inventory_hostname }}
  when: ansible_facts.dragonmint_generation == 'inno-2019'
"""

RETURN = r"""
pools:
  description: The tested pools. The miner can use all of them.
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
    - What went wrong, for programs. V(rejected) means that the miner cannot use a pool, V(unsupported) that its
      firmware cannot test pools, V(invalid_input) that a pool is not valid, so nothing was tested.
  returned: failure
  type: str
  sample: rejected
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import pool_test
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import pools


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(**pools.options())


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    desired = pools.pools_from(context.params["pools"], context.params["keep_passwords"])
    tested = yield from pool_test.try_pools(context.session, desired)
    return {"changed": False, "pools": pools.shown(tested)}


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
