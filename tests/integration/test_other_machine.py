# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task does the same as a module on another machine, with the oldest supported Python, as in process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, TaskResult, connection_to, newest_core

Variables = dict[str, Any]
Task = dict[str, Any]

FACTS: Task = {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["identity", "network", "pools"]}}
POOLS: Task = {
    "minerops.dragonmint.dragonmint_pools": {
        "pools": [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1", "password": "Correct-Horse-7"}]
    }
}
AUTOTUNE: Task = {"minerops.dragonmint.dragonmint_autotune": {"mode": "efficient"}}
MODULES = (FACTS, POOLS, AUTOTUNE)
# What is wrong with a miner or its variables, and how each module ends.
TROUBLES: dict[str, tuple[dict[str, Any], Variables, list[str]]] = {
    "none": ({}, {}, ["ok", "changed", "changed"]),
    "dark": ({"name": "dark"}, {}, ["unreachable"] * 3),
    "silent": ({"name": "silent"}, {"dragonmint_timeout": 3}, ["timeout"] * 3),
    "ignored": ({"name": "ignored_write"}, {}, ["ok", "not_applied", "not_applied"]),
    "locked": ({}, {"dragonmint_password": "wrong"}, ["authentication"] * 3),
    "invalid": ({}, {"dragonmint_timeout": 0}, ["invalid_input"] * 3),
}


def test_each_end_is_the_same_there(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    # What Ansible does with a result is one of three things, on each core; the rest is the module's.
    tried = [*TROUBLES] if ansible.is_newest else ["none", "dark", "ignored"]
    hosts = {}
    miners = iter(start_fleet(count=2 * len(tried)).miners)
    for name in tried:
        fault, variables, _ends = TROUBLES[name]
        for way, miner in zip((here, there), miners):
            if fault:
                miner.fault(**fault)
            hosts[f"{name}_{way.__name__}"] = {**way(miner), **variables}
    done = run(ansible, hosts, *MODULES)
    for name in tried:
        ends = TROUBLES[name][2]
        assert [end(result) for result in done.of(f"{name}_here")] == ends
        assert contents(done, f"{name}_there") == contents(done, f"{name}_here")
    assert {result.status for result in done.of("dark_here")} == {"unreachable"}
    assert {result.status for result in done.of("dark_there")} == {"failed"}


@newest_core
def test_check_mode_and_a_second_run_are_the_same_there(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    one, other = start_fleet(count=2, generation="inno-2018-08").miners
    checks = [{**task, "check_mode": True} for task in MODULES]
    done = run(ansible, {"here": here(one), "there": there(other)}, *checks, *MODULES, *MODULES)
    assert [end(result) for result in done.of("here")] == [*["ok", "changed", "changed"] * 2, *["ok"] * 3]
    assert contents(done, "there") == contents(done, "here")
    for miner in (one, other):
        assert [write["action"] for write in miner.writes()] == ["updatePools", "setAutoTune"]


def test_an_asynchronous_task_is_the_same_when_delegated(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    one, two, three = start_fleet(count=3).miners
    hosts = {"in_process": here(one), "async_here": here(two), "async_there": there(three)}
    look = {
        "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
        "register": "seen",
        "until": "seen is finished",
        "retries": 60,
        "delay": 1,
    }
    plays = [
        play("in_process", POOLS, FACTS),
        play("async_*", {**POOLS, "async": 60, "poll": 1}, {**FACTS, "async": 60, "poll": 0, "register": "job"}, look),
    ]
    done = ansible(plays, inventory(hosts), "--diff")
    expected = contents(done, "in_process")
    for name in ("async_here", "async_there"):
        awaited, _started, left_alone = contents(done, name)
        assert [awaited, left_alone] == expected
    assert [end(result) for result in done.of("in_process")] == ["changed", "ok"]


def test_an_asynchronous_task_that_is_not_delegated_is_refused(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    (miner,) = start_fleet().miners
    tasks = [{**POOLS, "async": 60, "poll": poll} for poll in (0, 1)]
    plays = [{"hosts": "all", "gather_facts": False, "ignore_errors": True, "tasks": tasks}]
    done = ansible(plays, {"all": {"hosts": {"miner": connection_to(miner)}}})
    assert [end(result) for result in done.results] == ["invalid_input"] * 2
    assert ["delegate_to: localhost" in result.result["msg"] for result in done.results] == [True] * 2
    assert miner.requests() == []


@newest_core
def test_what_is_written_comes_back_from_there(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=2).miners
    hosts = {name: {**way(miner), "own": name} for name, way, miner in zip(("here", "there"), (here, there), miners)}
    task = {"minerops.dragonmint.dragonmint_logs": {"lines": 3, "dest": "logs/{{ own }}.log"}}
    results = {"here": [], "there": []}
    for arguments in (["--check"], [], []):
        done = ansible([play("miners", task)], inventory(hosts), "--diff", *arguments).succeeded()
        for name in hosts:
            result = done.one(name).result
            results[name].append((result["changed"], result["diff"], result["count"], "lines" in result))
            assert result["dest"] == str(ansible.folder / f"logs/{name}.log")
        assert (ansible.folder / "logs").exists() == (arguments == [])
    assert results["there"] == results["here"]
    assert [changed for changed, *_others in results["here"]] == [True, True, False]
    texts = [(ansible.folder / f"logs/{name}.log").read_text() for name in hosts]
    assert texts[0] == texts[1]
    assert texts[0].count("\n") == 3


@newest_core
def test_an_asynchronous_task_writes_on_the_controller_or_not_at_all(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = start_fleet(count=2).miners
    hosts = {name: {**way(miner), "own": name} for name, way, miner in zip(("here", "there"), (here, there), miners)}
    task = {"minerops.dragonmint.dragonmint_logs": {"lines": 3, "dest": "{{ own }}.log"}, "async": 60, "poll": 1}
    done = run(ansible, hosts, task)
    assert [end(done.one(name)) for name in hosts] == ["changed", "invalid_input"]
    assert [(ansible.folder / f"{name}.log").exists() for name in hosts] == [True, False]
    assert miners[1].requests() == []


def here(miner: Miner) -> Variables:
    return {**connection_to(miner), "machine": "localhost"}


def there(miner: Miner) -> Variables:
    return {**connection_to(miner), "machine": "bastion"}


def inventory(hosts: dict[str, Variables]) -> dict[str, Any]:
    """The connection to the other machine must not be taken for that of the miner."""
    bastion = {"ansible_connection": "local", "ansible_host": "127.0.0.1", "ansible_user": "nobody", "ansible_port": 9}
    return {"miners": {"hosts": hosts}, "ungrouped": {"hosts": {"bastion": bastion}}}


def play(hosts: str, *tasks: Task) -> dict[str, Any]:
    """A play whose tasks run on the machine of the miner, and which continues after a failure."""
    delegated = [{**task, "delegate_to": "{{ machine }}"} for task in tasks]
    goes_on = {"ignore_errors": True, "ignore_unreachable": True}
    return {"hosts": hosts, "gather_facts": False, "tasks": delegated, **goes_on}


def run(ansible: Ansible, hosts: dict[str, Variables], *tasks: Task) -> PlaybookRun:
    return ansible([play("miners", *tasks)], inventory(hosts), "--diff")


def end(result: TaskResult) -> str:
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    return str(result.result.get("error_code"))


def contents(done: PlaybookRun, host: str) -> list[dict[str, Any]]:
    """The results of a host, without its address and MAC, and without the time of its facts."""
    names = {"msg", "error_code", "changed", "diff", "pools", "autotune", "ansible_facts", "warnings"}
    found = [{name: r.result[name] for name in names & r.result.keys()} for r in done.of(host)]
    anonymous: list[dict[str, Any]] = json.loads(re.sub(r"127\.20\.0\.\d+|a0(:[0-9a-f]{2}){5}", "", json.dumps(found)))
    for result in anonymous:
        result.get("ansible_facts", {}).pop("dragonmint_gathered_at", None)
    return anonymous
