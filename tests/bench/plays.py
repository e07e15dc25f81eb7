# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays that are compared: four tasks each, on miners that are as desired already."""

from __future__ import annotations

from typing import Any

from tests.simulator.control import Fleet

POOLS = [
    {"url": "stratum+tcp://pool.example.com:3333", "user": "fleet.worker", "password": "x"},
    {"url": "stratum+tcp://backup.example.com:3333", "user": "fleet.worker", "password": "x"},
]
MODE = "efficient"
PASSWORD = "dragonadmin"
TASKS = 4

FLOOR: list[dict[str, Any]] = [{"ansible.builtin.debug": {"msg": "nothing"}}] * TASKS
OURS: list[dict[str, Any]] = [
    {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["identity"]}},
    {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["pools", "mining"]}},
    {"minerops.dragonmint.dragonmint_pools": {"pools": POOLS}},
    {"minerops.dragonmint.dragonmint_autotune": {"mode": MODE}},
]
# What OURS reads, less the pools that it reads twice.
URI: list[dict[str, Any]] = [
    {
        "ansible.builtin.uri": {
            "url": "http://{{ ansible_host }}:{{ dragonmint_port }}/api/" + action,
            "method": "POST",
            "url_username": "admin",
            "url_password": PASSWORD,
            "force_basic_auth": True,
            "return_content": True,
        },
        "delegate_to": "localhost",
    }
    for action in ("overview", "summary", "pools", "getAutoTune")
]
READS_OF_OURS = 5


def play(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    named = [{"name": f"Task {number}", **task} for number, task in enumerate(tasks, 1)]
    return [{"name": "Bench", "hosts": "all", "gather_facts": False, "tasks": named}]


def inventory(fleet: Fleet, count: int) -> dict[str, Any]:
    hosts = {f"miner{number:03}": {"ansible_host": miner.host} for number, miner in enumerate(fleet.miners[:count], 1)}
    return {"miners": {"hosts": hosts, "vars": {"dragonmint_port": fleet.port, "dragonmint_password": PASSWORD}}}


def make_as_desired(fleet: Fleet) -> None:
    pools = [{"url": pool["url"], "user": pool["user"], "pass": pool["password"]} for pool in POOLS]
    for miner in fleet.miners:
        miner.set(pools=pools, autotune={"mode": MODE}, latency=0)
