# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks to compare, and miners that are already in their desired state."""

from __future__ import annotations

from typing import Any

from tests.simulator.control import Fleet

Tasks = list[dict[str, Any]]

PASSWORD = "dragonadmin"
MODE = "efficient"
POOLS = [
    {"url": "stratum+tcp://pool.example.com:3333", "user": "fleet.worker"},
    {"url": "stratum+tcp://backup.example.com:3333", "user": "fleet.worker"},
]

DEBUG: Tasks = [{"ansible.builtin.debug": {"msg": "nothing"}}] * 4
OURS: Tasks = [
    {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["identity"]}},
    {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["pools", "mining"]}},
    {"minerops.dragonmint.dragonmint_pools": {"pools": POOLS}},
    {"minerops.dragonmint.dragonmint_autotune": {"mode": MODE}},
]
READS_OF_OURS = 6
# Everything that OURS reads, once; OURS reads the pools twice.
URI: Tasks = [
    {
        "ansible.builtin.uri": {
            "url": f"http://{{{{ ansible_host }}}}:{{{{ dragonmint_port }}}}/api/{action}",
            "method": "POST",
            "url_username": "admin",
            "url_password": PASSWORD,
            "force_basic_auth": True,
        },
        "delegate_to": "localhost",
    }
    for action in ("overview", "summary", "type", "pools", "getAutoTune")
]


def hosts(fleet: Fleet, count: int) -> dict[str, Any]:
    """An inventory group with the first ``count`` miners."""
    members = {f"miner{number:03}": {"ansible_host": fleet[number].host} for number in range(count)}
    return {"hosts": members, "vars": {"dragonmint_port": fleet.port, "dragonmint_password": PASSWORD}}


def make_as_desired(fleet: Fleet) -> None:
    pools = [{**pool, "pass": "x"} for pool in POOLS]
    for miner in fleet.miners:
        miner.set(pools=pools, autotune={"mode": MODE}, latency=0)
