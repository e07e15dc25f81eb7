#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_pools
short_description: Set the pools of a DragonMint miner
description:
  - Makes the miner's list of pools exactly the wanted one, in its order.
  - Nothing is sent to a miner that has these pools already. A change restarts cgminer, so the miner stops mining for
    some
    seconds.
  - The miner confirms changes that it did not make. So the pools are read again after a change, and the task fails if
    they are not the wanted ones.
options:
  pools:
    description:
      - The pools, 1 to 3 of them. The miner uses the first one that is alive.
      - Pools that the miner has and that are not in this list are removed.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description:
          - The address of the pool as V(stratum+tcp://host:port). V(stratum+ssl) and V(stratum2+tcp) are allowed,
            too, and V(/#xnsub) at the end. The port is required.
          - Innosilicon's firmware of September 2018 takes V(stratum+tcp) only. It refuses all pools of a task with
            another one, and keeps those that it has.
        type: str
        required: true
      user:
        description:
          - The worker, as the pool knows it.
        type: str
        required: true
      password:
        description:
          - The password of the worker. Most pools ignore it.
          - The miner shows it in clear text to each of its users.
        type: str
        default: x
  wait_ready:
    description:
      - After a change, wait until cgminer answers again.
      - It does not wait for the pools to accept work; see the role P(minerops.dragonmint.provision#role) for a proof
        of that.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait for that.
    type: float
    default: 120
extends_documentation_fragment:
  - minerops.dragonmint.connection
  - minerops.dragonmint.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Passwords are masked. Where one differs, the diff says V((changed\)).
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Mine at one pool, with another one to fall back to
  minerops.dragonmint.dragonmint_pools:
    pools:
      - url: stratum+tcp://stratum.slushpool.com:3333
        user: farm.{{ inventory_hostname }}
      - url: stratum+tcp://backup.example.com:3333
        user: farm.{{ inventory_hostname }}
        password: "{{ pool_password | default('x') }}"

- name: See which miners have other pools than they should, and change nothing
  minerops.dragonmint.dragonmint_pools:
    pools:
      - url: stratum+tcp://stratum.slushpool.com:3333/#xnsub
        user: farm.worker1
  check_mode: true
  diff: true
"""

RETURN = r"""
pools:
  description: The pools that the miner has now, without their passwords. In check mode, those that it would have.
  returned: success
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
error_code:
  description:
    - What went wrong, for programs. V(not_applied) means that the miner did not take the pools, V(not_ready) that it
      took them
      but cgminer does not answer since, V(rejected) that its configuration is damaged.
  returned: failure
  type: str
  sample: not_applied
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import task
from ansible_collections.minerops.dragonmint.plugins.module_utils.settings import mining, pools
from ansible_collections.minerops.dragonmint.plugins.module_utils.state import converge


def argument_spec() -> task.ArgumentSpec:
    pool = {
        "url": {"type": "str", "required": True},
        "user": {"type": "str", "required": True},
        "password": {"type": "str", "default": "x", "no_log": True},
    }
    return task.argument_spec(
        pools={"type": "list", "elements": "dict", "required": True, "options": pool},
        wait_ready={"type": "bool", "default": True},
        wait_timeout={"type": "float", "default": 120},
    )


def run(context: task.Context) -> dict[str, Any]:
    desired = pools.pools_from(context.params["pools"])
    wait_s = context.seconds("wait_timeout")
    with context.client() as client:
        outcome = converge(pools.PoolsSetting(client, desired), context.check_mode)
        if outcome.changed and context.params["wait_ready"] and not context.check_mode:
            mining.wait_ready(client, wait_s)
    return task.outcome_result(outcome, pools=pools.shown(outcome.value))


def main() -> None:
    task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
