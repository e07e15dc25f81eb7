# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module against every fault: the right outcome, one write at most, in time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.conftest import SPEED
from tests.integration.fault_matrix import BOMBS, DEADLINE_S, Row, cases, fault_of
from tests.modules import MODULES, RUN_BY_IT
from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, TaskResult, connection_to, newest_core

# Changes that no task sees: a login restores a broken file of users, the password of a rival is a guess, and a rival
# that sets the network back to DHCP leaves other addresses than before.
UNKNOWABLE = {f"{module}.{users}" for module in MODULES for users in ("users", "users-own")}
UNKNOWABLE |= {"user.rival", "network.rival"}
PLAY = {"gather_facts": False}
TIMING = {"boot_s": 10.0, "cgminer_start_s": 2.0, "flash_s": 20.0}


@newest_core
def test_each_module_makes_the_right_thing_of_each_fault(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """In both forms: as a task on each miner, and in one task for all of them."""
    alone, together = troubled(start_fleet, MODULES), troubled(start_fleet, RUN_BY_IT)
    before = [{host: settings(miner) for host, miner in miners.items()} for miners in (alone, together)]
    # Most of a task is waiting, so two processes can run side by side.
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda part: run(ansible, list(MODULES)[part::2], alone, f"alone{part}"), range(2))
        results = {result.host: result for part in done for result in part}
        done = pool.map(lambda part: run_together(ansible, RUN_BY_IT[part::2], together, f"together{part}"), range(2))
        results_together = {result.host: result for part in done for result in part}
    require_right(alone, before[0], results)
    require_right(together, before[1], results_together)
    messages = {host: message(result, alone[host]) for host, result in results.items() if host in together}
    assert {host: message(result, together[host]) for host, result in results_together.items()} == messages


def require_right(miners: Mapping[str, Miner], before: Mapping[str, Any], results: Mapping[str, TaskResult]) -> None:
    """Compares the results of all miners with the matrix."""
    found = {host: (outcome(result), len(miners[host].writes())) for host, result in results.items()}
    right = {host: (row.outcome(module), int(row.is_told(module))) for host, module, row in rows() if host in miners}
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


def rows() -> Iterator[tuple[str, str, Row]]:
    """The name of the miner of each case, its module, and its row."""
    return ((f"{module}.{name}", module, row) for module, name, row in cases())


def run(ansible: Ansible, modules: Sequence[str], miners: Mapping[str, Miner], folder: str) -> list[TaskResult]:
    """Runs modules on each of their miners."""
    plays = [
        {
            **PLAY,
            "hosts": module,
            "strategy": "free",
            "tasks": [{f"minerops.dragonmint.dragonmint_{module}": MODULES[module].faulty.options}],
        }
        for module in modules
    ]
    return played(ansible, modules, miners, folder, plays)


def run_together(
    ansible: Ansible, modules: Sequence[str], miners: Mapping[str, Miner], folder: str
) -> list[TaskResult]:
    """Runs modules on all of their miners, each in one task."""
    plays = [{**PLAY, "hosts": module, "tasks": [together_task(module, miners)]} for module in modules]
    return [
        TaskResult(host, done.task, done.action, status_of(result), result)
        for done in played(ansible, modules, miners, folder, plays)
        for host, result in done.result["miners"].items()
    ]


def together_task(module: str, miners: Mapping[str, Miner]) -> dict[str, Any]:
    options = MODULES[module].faulty.options
    own = {name: value for name, value in options.items() if "{{" in str(value)}
    return {
        "minerops.dragonmint.dragonmint_fleet": {
            "module": module,
            "options": {name: value for name, value in options.items() if name not in own},
            "options_by_host": {
                host: {name: value.replace("{{ ansible_host }}", miner.host) for name, value in own.items()}
                for host, miner in miners.items()
                if own and host.partition(".")[0] == module
            },
        }
    }


def played(
    ansible: Ansible, modules: Iterable[str], miners: Mapping[str, Miner], folder: str, plays: list[dict[str, Any]]
) -> list[TaskResult]:
    """Runs plays on the groups of miners of these modules, in a folder of its own."""
    own = ansible.folder / folder
    own.mkdir()
    (own / "files").symlink_to(ansible.folder / "files")
    groups: dict[str, dict[str, Any]] = {module: {"hosts": {}} for module in modules}
    for host, module, row in rows():
        if module in groups:
            groups[module]["hosts"][host] = {
                **connection_to(miners[host]),
                "dragonmint_timeout": row.timeout_s(module),
                "dragonmint_retries": 1,
                "dragonmint_auth": "jwt" if row.fault_name == "clock_jumps" else "basic",
                **row.variables,
            }
    return Ansible(ansible.bin, own)(plays, {"all": {"children": groups}}, "-f", "20").results


def status_of(result: Mapping[str, Any]) -> str:
    return next((status for status in ("unreachable", "failed") if result.get(status)), "ok")


def message(result: TaskResult, miner: Miner) -> str | None:
    """The message of a failed task, without the address of its miner."""
    text: str | None = result.result.get("msg")
    return text and text.replace(f"{miner.host}:{miner.port}", "MINER").replace(miner.host, "MINER")


def settings(miner: Miner) -> dict[str, Any]:
    """What a task can change on it, except for its power state."""
    names = {"pools", "autotune", "network", "firmware", "users"}
    return {name: value for name, value in miner.state().items() if name in names}


def is_untrue(result: TaskResult, has_changed: bool) -> bool:
    """Whether a task denies a change, or reports one that is not there. A failed one may have to guess."""
    if has_changed:
        return not result.changed
    return result.changed and result.status == "ok" and MODULES[result.host.partition(".")[0]].setting is not None


def troubled(start_fleet: Callable[..., Fleet], modules: Iterable[str]) -> dict[str, Miner]:
    """A miner for each case of these modules, by module and fault."""
    miners: dict[str, Miner] = {}
    # Simulators of miners that send as much as possible get no time from others.
    kinds: dict[tuple[str, bool], list[Any]] = {}
    for case in cases():
        module, _name, row = case
        if module not in modules:
            continue
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
