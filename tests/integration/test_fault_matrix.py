# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module against every fault: the right outcome, one write at most, in time."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.conftest import SPEED
from tests.integration.fault_matrix import BOMBS, DEADLINE_S, cases, fault_of
from tests.modules import MODULES
from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, TaskResult, connection_to, newest_core

# Changes that no task sees: a login restores a broken file of users, the password of a rival is a guess, and a rival
# that sets the network back to DHCP leaves other addresses than there were.
UNKNOWABLE = {f"{module}.{users}" for module in MODULES for users in ("users", "users-own")}
UNKNOWABLE |= {"user.rival", "network.rival"}
TIMING = {"boot_s": 10.0, "cgminer_start_s": 2.0, "flash_s": 20.0}


@newest_core
def test_each_module_makes_the_right_thing_of_each_fault(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = troubled(start_fleet)
    before = {host: settings(miner) for host, miner in miners.items()}
    # Most of a task is waiting, so two modules fit beside each other.
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda module: run(ansible, module, miners), MODULES)
        results = {result.host: result for results in done for result in results}
    found = {host: (outcome(result), len(miners[host].writes())) for host, result in results.items()}
    right = {f"{module}.{name}": (row.outcome(module), int(row.is_told(module))) for module, name, row in cases()}
    wrong = {host: (found.get(host), right[host]) for host in right if found.get(host) != right[host]}
    late = {host: took_s(miner) for host, miner in miners.items() if took_s(miner) > DEADLINE_S}
    untrue = [
        host
        for host, result in results.items()
        if host not in UNKNOWABLE and is_untrue(result, settings(miners[host]) != before[host])
    ]
    assert not wrong, "found and right: " + json.dumps(wrong, indent=1)
    assert not late
    assert not untrue


def run(ansible: Ansible, module: str, miners: dict[str, Miner]) -> list[TaskResult]:
    """Run a module on each of its miners, in a folder of its own."""
    folder = ansible.folder / module
    folder.mkdir()
    (folder / "files").symlink_to(ansible.folder / "files")
    hosts = {
        f"{module}.{name}": {
            **connection_to(miners[f"{module}.{name}"]),
            "dragonmint_timeout": row.timeout_s(module),
            "dragonmint_retries": 1,
            "dragonmint_auth": "jwt" if name == "clock" else "basic",
            **row.variables,
        }
        for wanted, name, row in cases()
        if wanted == module
    }
    task = {f"minerops.dragonmint.dragonmint_{module}": MODULES[module].faulty.options}
    play = {"hosts": "all", "gather_facts": False, "strategy": "free", "tasks": [task]}
    return Ansible(ansible.bin, folder)([play], {"all": {"hosts": hosts}}, "-f", "20").results


def settings(miner: Miner) -> dict[str, Any]:
    """What a task can change of it, but for its state of power."""
    names = {"pools", "autotune", "network", "firmware", "users"}
    return {name: value for name, value in miner.state().items() if name in names}


def is_untrue(result: TaskResult, has_changed: bool) -> bool:
    """Whether a task denies a change, or succeeded with one that there is not. One that failed may have to guess."""
    if has_changed:
        return not result.changed
    return result.changed and result.status == "ok" and not result.host.startswith("power.")


def troubled(start_fleet: Callable[..., Fleet]) -> dict[str, Miner]:
    """A miner for each case, by module and fault."""
    miners: dict[str, Miner] = {}
    # Those that send as much as they can get no simulator's time from others.
    kinds: dict[tuple[str, bool], list[Any]] = {}
    for case in cases():
        module, _name, row = case
        kinds.setdefault((MODULES[module].faulty.generation, row.fault_name in BOMBS), []).append(case)
    for (generation, _is_bomb), theirs in kinds.items():
        fleet = start_fleet(count=len(theirs), speed=SPEED, generation=generation)
        for (module, name, row), miner in zip(theirs, fleet.miners, strict=True):
            miner.set(timing=TIMING, **row.state)
            if fault := fault_of(module, row):
                miner.fault(**fault)
            miners[f"{module}.{name}"] = miner
    return miners


def took_s(miner: Miner) -> float:
    """Real seconds from the first request of a task to its last."""
    times = [request["time"] for request in miner.requests()]
    return (max(times) - min(times)) / SPEED if times else 0.0


def outcome(result: TaskResult) -> str:
    """The error_code of a task that failed with a message for its user, and changed if it says so; else ok."""
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    code = str(result.result.get("error_code"))
    assert result.result["msg"]
    assert result.status == ("unreachable" if code == "unreachable" else "failed")
    return f"{code}, changed" if result.changed else code
