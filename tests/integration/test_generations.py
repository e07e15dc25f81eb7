# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module on each firmware, for each user, by turns with each way to log in: one miner per case, in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from tests.modules import CHANGED, GENERATIONS, NOTHING, PARTLY, Case
from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, TaskResult, connection_to, newest_core
from tests.works_where import CASES, DOCUMENTED, LOGIN, USERS, USES, WITHOUT_A_MODULE

SPEED = 50.0
AUTHS = ("basic", "jwt")
LATEST = {"version": "t1_20180901_120000", "url": "http://127.0.0.1:9/t1_20180901_120000.swu", "info": "important"}
# What nothing reveals in advance: a change is sent that can only fail.
TRIED = {
    # Not on DragonMint, whose firmware is identified by its page.
    "`blinking`",
    *("`url`", "`latest`", "`stratum+ssl`", "`stratum2+tcp`"),
    *("a pool without a dot in its name", "a pool at an IPv6 address"),
}
# Users that see too little to determine it.
UNKNOWN = {(generation, "guest") for generation in GENERATIONS if generation.startswith("inno")}


@dataclass(frozen=True)
class Trial:
    """A miner of this generation, on which this user tries a case; its name in the inventory."""

    number: int
    user: str
    generation: str

    def __str__(self) -> str:
        return f"{self.number}-{self.user}-{self.generation}"

    @property
    def auth(self) -> str:
        """Such that a case has both on each firmware, and a user has both for each module."""
        return AUTHS[(self.number + USERS.index(self.user) + GENERATIONS.index(self.generation)) % len(AUTHS)]

    @property
    def module(self) -> str:
        return CASES[self.number][0]

    @property
    def case(self) -> Case:
        return CASES[self.number][1]

    @property
    def expected(self) -> str:
        return self.case.outcome(self.generation, self.user)

    @property
    def is_refused(self) -> bool:
        return self.expected != CHANGED


def test_each_endpoint_has_a_module() -> None:
    assert set(DOCUMENTED) - {LOGIN}.union(*USES.values()) == WITHOUT_A_MODULE


@newest_core
def test_the_outcome_and_the_endpoints_of_each_module(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    trials = [
        Trial(number, user, generation) for number, user, generation in product(range(len(CASES)), USERS, GENERATIONS)
    ]
    miners = dict(zip(trials, start_fleet(count=len(trials), generation="all", speed=SPEED).miners))
    for trial, miner in miners.items():
        miner.set(vendor=LATEST)
        if trial.generation == "inno-2019" and trial.module == "dragonmint_facts":
            # A T1 is not asked for everything that this firmware reports.
            miner.set(type="T2T+")
    done = ansible([play_of(number) for number in range(len(CASES))], inventory_of(miners))
    results = {trial: done.one(str(trial)) for trial in trials}

    assert {trial: words(result) for trial, result in results.items() if outcome(result) != trial.expected} == {}
    assert {trial.case.what for trial, miner in miners.items() if miner.writes() and trial.is_refused} == TRIED
    assert generations_told(results) == {
        (generation, user): "unknown" if (generation, user) in UNKNOWN else generation
        for generation, user in product(GENERATIONS, USERS)
    }
    called = endpoints_called(miners)
    assert {module: endpoints - {LOGIN} for module, endpoints in called.items()} == USES
    assert [module for module, endpoints in called.items() if LOGIN not in endpoints] == []


def generations_told(results: dict[Trial, TaskResult]) -> dict[tuple[str, str], str]:
    return {
        (trial.generation, trial.user): result.result["ansible_facts"]["dragonmint_generation"]
        for trial, result in results.items()
        if trial.case.what == "`generation`"
    }


def endpoints_called(miners: dict[Trial, Miner]) -> dict[str, set[str]]:
    """The requests to the miners of each module: actions, and paths of other endpoints."""
    called: dict[str, set[str]] = {module: set() for module in USES}
    for trial, miner in miners.items():
        called[trial.module] |= {request["action"] or request["path"] for request in miner.requests()}
    return called


def play_of(number: int) -> dict[str, object]:
    module, case = CASES[number]
    task = {f"minerops.dragonmint.{module}": case.options}
    return {"hosts": f"case{number}", "gather_facts": False, "ignore_errors": True, "tasks": [task]}


def inventory_of(miners: dict[Trial, Miner]) -> dict[str, object]:
    groups: dict[str, dict[str, object]] = {f"case{number}": {} for number in range(len(CASES))}
    for trial, miner in miners.items():
        connection = connection_to(miner)
        if trial.user == "guest":
            connection["dragonmint_password"] = connection["dragonmint_password"].replace("admin", "guest")
        connection |= {"dragonmint_username": trial.user, "dragonmint_auth": trial.auth, "mac": miner.mac}
        groups[f"case{trial.number}"][str(trial)] = connection
    return {"all": {"children": {name: {"hosts": hosts} for name, hosts in groups.items()}}}


def outcome(result: TaskResult) -> str:
    if result.status != "ok":
        return str(result.result.get("error_code"))
    if not result.warnings or "ansible_facts" not in result.result:
        return "changed" if result.changed else "ok"
    return PARTLY if result.result["ansible_facts"].keys() - {"dragonmint_gathered_at"} else NOTHING


def words(result: TaskResult) -> str:
    return f"{outcome(result)}: {result.result.get('msg') or result.warnings}"
