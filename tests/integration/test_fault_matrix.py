# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module against every fault: the right outcome, one write at most, in time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.integration.conftest import SPEED
from tests.integration.fault_matrix import DEADLINE_S, MODULES, TIMEOUT_S, cases, fault_of
from tests.integration.running import Ansible, TaskResult, connection_to, newest_core
from tests.simulator.control import Fleet, Miner

TIMING = {"boot_s": 10.0, "cgminer_start_s": 2.0, "flash_s": 20.0}


@newest_core
def test_each_module_makes_the_right_thing_of_each_fault(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = troubled(start_fleet)
    plays = [
        {
            "hosts": module,
            "gather_facts": False,
            "strategy": "free",
            "tasks": [{f"minerops.dragonmint.dragonmint_{module}": described.options, "name": module}],
        }
        for module, described in MODULES.items()
    ]
    groups: dict[str, Any] = {module: {"hosts": {}} for module in MODULES}
    for module, name, row in cases():
        groups[module]["hosts"][f"{module}.{name}"] = {
            **connection_to(miners[f"{module}.{name}"]),
            "dragonmint_timeout": TIMEOUT_S,
            "dragonmint_retries": 1,
            "dragonmint_auth": "jwt" if name == "clock" else "basic",
            **row.variables,
        }
    done = ansible(plays, {"all": {"children": groups}}, "-f", "20")
    found = {r.host: (outcome(r), len(miners[r.host].writes())) for r in done.results}
    right = {f"{module}.{name}": (row.outcome(module), int(row.is_told(module))) for module, name, row in cases()}
    wrong = {host: (found.get(host), right[host]) for host in right if found.get(host) != right[host]}
    late = {host: took_s(miner) for host, miner in miners.items() if took_s(miner) > DEADLINE_S}
    assert not late
    assert not wrong, "found and right: " + json.dumps(wrong, indent=1)


def troubled(start_fleet: Callable[..., Fleet]) -> dict[str, Miner]:
    """A miner for each case, by module and fault."""
    miners: dict[str, Miner] = {}
    for generation in sorted({described.generation for described in MODULES.values()}):
        theirs = [case for case in cases() if MODULES[case[0]].generation == generation]
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
    """The error_code of a task that failed with a message for its user, else changed or ok."""
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    code = str(result.result.get("error_code"))
    assert result.result["msg"]
    assert result.status == ("unreachable" if code == "unreachable" else "failed")
    return code
