# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module against every fault: the right outcome, one write at most, in time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import SPEED
from tests.integration.fault_matrix import DEADLINE_S, MODULES, TIMEOUT_S, cases, fault_of
from tests.integration.running import HERE, ROOT, Ansible, TaskResult, connection_to, newest_core
from tests.simulator.control import Fleet, Miner

TIMING = {"boot_s": 10.0, "cgminer_start_s": 2.0, "flash_s": 20.0}
# What the replies that want all memory may cost, above what a run with good ones takes.
GROWN_BYTES_MAX = 64 * 2**20
BOMBS = ["gzip_bomb", "nesting_bomb", "oversized", "huge"]


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


@pytest.mark.parametrize("bomb", BOMBS)
@newest_core
def test_no_reply_takes_the_memory(ansible: Ansible, start_fleet: Callable[..., Fleet], bomb: str) -> None:
    well, fallen = start_fleet(count=2).miners
    fallen.fault(bomb)
    options = {
        name: {"host": of.host, "port": of.port, "password": "dragonadmin", "timeout": 30.0, "retries": 0}
        for name, of in (("well", well), ("fallen", fallen))
    }
    command: list[str | Path] = [
        ansible.bin / "python",
        HERE / "grown_by.py",
        "facts",
        json.dumps(options["well"]),
        json.dumps(options["fallen"]),
    ]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT / "build")}, capture_output=True, text=True, timeout=60, check=True
    )
    grown = json.loads(done.stdout)
    assert grown["error_code"] == "bad_reply"
    assert grown["grown_bytes"] < GROWN_BYTES_MAX


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
