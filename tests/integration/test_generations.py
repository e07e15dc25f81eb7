# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module on each firmware, for each user, with each way to log in: one miner a case, all of them in one run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.integration.running import Ansible, TaskResult, connection_to, newest_core
from tests.simulator.control import Fleet, Miner
from tests.works_where import (
    CASES,
    DOCUMENTED,
    GENERATIONS,
    LOGIN,
    NOTHING,
    PARTLY,
    USERS,
    USES,
    WITHOUT_A_MODULE,
    Case,
)

SPEED = 50.0
MODULES = sorted(path.stem for path in Path(__file__).parents[2].glob("plugins/modules/*.py"))
LATEST = {"version": "t1_20180901_120000", "url": "http://127.0.0.1:9/t1_20180901_120000.swu", "info": "important"}
# Users that see too little to tell.
UNKNOWN = {("inno-2018-08", "guest"), ("inno-2018-09", "guest")}


def test_each_module_has_its_row_and_its_line() -> None:
    assert sorted({case.module for case in CASES}) == sorted(USES) == MODULES


def test_each_endpoint_has_a_module() -> None:
    assert set(DOCUMENTED) - {LOGIN}.union(*USES.values()) == WITHOUT_A_MODULE


@newest_core
@pytest.mark.parametrize("auth", ["basic", "jwt"])
def test_what_comes_of_each_module_and_which_endpoints_it_calls(
    ansible: Ansible, start_fleet: Callable[..., Fleet], auth: str
) -> None:
    keys = [(number, user, generation) for number, user, generation in product(range(len(CASES)), USERS, GENERATIONS)]
    miners = dict(zip(keys, start_fleet(count=len(keys), generation="mixed", speed=SPEED).miners))
    for miner in miners.values():
        miner.set(vendor=LATEST)
    plays = [play_of(case, number) for number, case in enumerate(CASES)]
    done = ansible(plays, inventory_of(miners, auth))

    results = {key: done.one(name_of(*key)) for key in keys}
    expected = {key: CASES[key[0]].outcome(key[2], key[1]) for key in keys}
    wrong = {
        (CASES[key[0]].module, CASES[key[0]].what, *key[1:]): f"{outcome(result)}, not {expected[key]}: {words(result)}"
        for key, result in results.items()
        if outcome(result) != expected[key]
    }
    assert wrong == {}
    # Nobody is sent a change that can only fail, but for those that nothing tells of beforehand.
    needless = {key for key, miner in miners.items() if miner.writes() and expected[key] not in ("changed", "rejected")}
    assert {CASES[number].what for number, _user, _generation in needless} == {"`url`", "`latest`"}

    told = {
        (user, generation): results[number, user, generation].result["ansible_facts"]["dragonmint_generation"]
        for number, user, generation in keys
        if CASES[number].what == "`generation`"
    }
    assert told == {
        (user, generation): "unknown" if (generation, user) in UNKNOWN else generation
        for user, generation in product(USERS, GENERATIONS)
    }
    called: dict[str, set[str]] = {module: set() for module in USES}
    for (number, _user, _generation), miner in miners.items():
        called[CASES[number].module] |= {request["action"] or request["path"] for request in miner.requests()}
    assert {module: endpoints - {LOGIN} for module, endpoints in called.items()} == USES
    if auth == "jwt":
        assert [module for module, endpoints in called.items() if LOGIN not in endpoints] == []


def play_of(case: Case, number: int) -> dict[str, object]:
    task = {f"minerops.dragonmint.{case.module}": case.options}
    return {"hosts": f"case{number}", "gather_facts": False, "ignore_errors": True, "tasks": [task]}


def inventory_of(miners: dict[tuple[int, str, str], Miner], auth: str) -> dict[str, object]:
    groups: dict[str, dict[str, object]] = {f"case{number}": {} for number in range(len(CASES))}
    for (number, user, generation), miner in miners.items():
        connection = connection_to(miner)
        if user == "guest":
            connection["dragonmint_password"] = connection["dragonmint_password"].replace("admin", "guest")
        connection |= {"dragonmint_username": user, "dragonmint_auth": auth, "mac": miner.mac}
        groups[f"case{number}"][name_of(number, user, generation)] = connection
    return {"all": {"children": {name: {"hosts": hosts} for name, hosts in groups.items()}}}


def name_of(number: int, user: str, generation: str) -> str:
    return f"{number}-{user}-{generation}"


def outcome(result: TaskResult) -> str:
    if result.status != "ok":
        return str(result.result.get("error_code"))
    if not result.warnings or "ansible_facts" not in result.result:
        return "changed" if result.changed else "ok"
    return PARTLY if result.result["ansible_facts"] else NOTHING


def words(result: TaskResult) -> str:
    return str(result.result.get("msg") or result.warnings)
