# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role provision brings a fleet to its desired state, and distinguishes mining miners from others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet
from tests.simulator.generations import MIXED
from tests.support import warm
from tests.support.running import (
    Ansible,
    TaskResult,
    connection_to,
    hosts_with_writes,
    inventory_of,
    newest_core,
)

PLAYBOOK = Path(__file__).parents[2] / "playbooks/provision.yml"
POOLS = [
    {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"},
    {"url": "stratum+tcp://backup.example.com:3333#xnsub", "user": "farm.1", "password": "secret"},
]
CONFIGURED = [
    {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1", "pass": "x"},
    {"url": "stratum+tcp://backup.example.com:3333/#xnsub", "user": "farm.1", "pass": "secret"},
]
WAIT = "minerops.dragonmint.provision : Wait until the miner mines"
GUEST = "minerops.dragonmint.provision : Set the password of guest, where possible"
DEAD_BOARDS = [{"alive": False}] * 3
BOTH = ["updatePools", "setAutoTune"]


@dataclass(frozen=True)
class Case:
    """A miner, its variables, and the results.

    ``end`` is the error_code of its last task, failed if that is not one of our modules, or ok; ``says`` must be in its
    message. Afterwards it has these ``pools``, if given, and was sent these ``writes``.
    """

    variables: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    fault: dict[str, Any] | None = None
    generation: str = "dm-2018-05"
    end: str = "ok"
    says: str = ""
    pools: list[dict[str, str]] | None = None
    writes: list[str] = field(default_factory=list)


def bad(end: str, **more: Any) -> Case:
    """A miner that should change in both ways."""
    return Case({"provision_pools": POOLS, "provision_autotune_mode": "efficient"}, end=end, **more)


def proof(says: str = "", state: dict[str, Any] | None = None, **variables: Any) -> Case:
    """A miner with the desired pools, and the message about it; empty if it mines."""
    given = {"provision_pools": POOLS, "provision_verify_timeout": 1, **variables}
    end = "failed" if says else "ok"
    return Case(given, {"pools": CONFIGURED, **(state or {})}, end=end, says=says, pools=CONFIGURED)


def mistake(says: str, end: str = "invalid_input", **variables: Any) -> Case:
    """What only the module can refuse. The guard's refusals are in test_jobs_guard.py."""
    return Case(variables, end=end, says=says)


def kept(password: str, **variables: Any) -> Case:
    """A miner whose first pool has a password, and the password that it has afterwards."""
    before, after = ([{**CONFIGURED[0], "pass": text}] for text in ("secret", password))
    given = {"provision_pools": POOLS[:1], "provision_verify_mining": False, **variables}
    return Case(given, {"pools": before}, pools=after, writes=[] if before == after else ["updatePools"])


CASES = {
    "locked": bad("authentication", state={"users": {"admin": "Correct-Horse-7"}}, generation="dm-2018-04"),
    "dark": bad("unreachable", fault={"name": "dark"}),
    "losing": bad(
        "ok",
        fault={"name": "lost_reply", "action": "updatePools"},
        generation="inno-2018-08",
        pools=CONFIGURED,
        writes=BOTH,
    ),
    "ignoring": bad("not_applied", fault={"name": "ignored_write"}, generation="inno-2018-09", writes=["updatePools"]),
    "well": proof(),
    "one-board-left": proof(state={"boards": [{}, {"alive": False}, {"alive": False}]}),
    "second-pool-alive": proof(state={"pool_status": {POOLS[0]["url"]: "Dead"}}),
    "no-proof-wanted": proof(state={"boards": DEAD_BOARDS}, provision_verify_mining=False),
    "boards-dead": proof("boards hashing: none", {"boards": DEAD_BOARDS}),
    "boards-idle": proof("boards hashing: none", {"boards": [{"hashrate_mhs": 0}] * 3}),
    "pools-dead": proof("pools alive: none", {"pool_status": "Dead"}),
    "cgminer-down": proof("cgminer does not answer", {"ready": False}),
    "pools-four": mistake("4 entries", provision_pools=[POOLS[0]] * 4),
    "pools-no-port": mistake("port", provision_pools=[{**POOLS[0], "url": "stratum+tcp://pool.example.com"}]),
    "mode-not-here": mistake("mode off", "unsupported", provision_autotune_mode="off"),
    "level-not-here": mistake("level", "unsupported", provision_autotune_mode="efficient", provision_autotune_level=3),
    **{f"null-{generation}": Case(generation=generation) for generation in MIXED},
    # If waiting does not help, the wait ends.
    "never-in": Case({"provision_verify_timeout": 10}, {"users": {"admin": "Somebody-Else-3"}}, end="failed"),
    "no-password": Case(
        {"provision_verify_timeout": 10, "dragonmint_password": None},
        end="failed",
        says="No password for the miner is set.",
    ),
    "tuning": Case(
        {"provision_verify_timeout": 10}, {"boards": DEAD_BOARDS}, end="failed", says="boards hashing: none"
    ),
    "passwords-kept": kept("secret", provision_keep_passwords="yes"),
    "passwords-not-kept": kept("x"),
    **{
        f"guest-{generation}": Case(
            {"provision_guest_password": "Visitors-Welcome-9", "provision_verify_mining": False},
            generation=generation,
            writes=[] if generation.startswith("inno") else ["updatePassword"],
        )
        for generation in ("dm-2018-05", "inno-2018-08")
    },
}
# One for each task with which the role may end.
ON_OLDEST = ("locked", "dark", "boards-dead", "pools-four", "null-inno-2018-08", "tuning", "guest-inno-2018-08")
# A user's tasks with input that only the role itself can check.
ROLE = [{"ansible.builtin.include_role": {"name": "minerops.dragonmint.provision"}}]
GROUP = "group/minerops.dragonmint.dragonmint"


@newest_core
def test_a_mixed_fleet_is_as_wanted_after_one_run(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=len(MIXED), generation="mixed")
    inventory = inventory_of(fleet, provision_pools=POOLS)
    for generation, variables in {
        # YAML reads a bare off as false.
        "dm_2018_04": {"provision_autotune_mode": False},
        "dm_2018_05": {"provision_autotune_mode": "efficient"},
        "inno_2018_08": {"provision_autotune_mode": "performance", "provision_autotune_level": 3},
        "inno_2018_09": {"provision_autotune_mode": "efficient"},
    }.items():
        inventory["miners"]["children"][generation]["vars"] = variables

    check = ansible(PLAYBOOK, inventory, "--check", "--diff").succeeded()
    assert check.changed == {f"miner{number}" for number in range(1, len(MIXED) + 1)}
    assert hosts_with_writes(fleet) == set()

    ansible(PLAYBOOK, inventory).succeeded()
    modes = {
        "dm-2018-04": ("off", "2"),
        "dm-2018-05": ("efficient", "2"),
        "inno-2018-08": ("performance", "3"),
        "inno-2018-09": ("efficient", "2"),
    }
    for miner in fleet.miners:
        state = miner.state()
        assert state["pools"] == CONFIGURED
        assert (state["autotune"]["mode"], state["autotune"]["level"]) == modes[miner.generation]
        assert [write["action"] for write in miner.writes()] == BOTH

    # The comparison of the settings is our own code alone.
    if ansible.is_newest:
        fleet.clear()
        again = ansible(PLAYBOOK, inventory).succeeded()
        assert again.changed == set()
        assert hosts_with_writes(fleet) == set()


def test_each_miner_comes_to_its_own_end(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Failing miners do not delay good ones, and the reason why a miner does not mine is named."""
    cases = CASES if ansible.is_newest else {name: CASES[name] for name in ON_OLDEST}
    generations = ",".join(case.generation for case in cases.values())
    miners = dict(zip(cases, start_fleet(count=len(cases), generation=generations).miners, strict=True))
    hosts = {name: {**connection_to(miner), **cases[name].variables} for name, miner in miners.items()}
    for name, case in cases.items():
        if case.state:
            miners[name].set(**case.state)
        if case.fault:
            miners[name].fault(**case.fault)

    done = ansible(PLAYBOOK, {"all": {"hosts": hosts}})

    ends = {name: done.of(name)[-1] for name in cases}
    assert {name: end_of(result) for name, result in ends.items()} == {name: case.end for name, case in cases.items()}
    assert {
        name: ends[name].result["msg"] for name, case in cases.items() if case.says not in message(ends[name])
    } == {}
    assert {name: [write["action"] for write in miner.writes()] for name, miner in miners.items()} == {
        name: case.writes for name, case in cases.items()
    }
    has = {name: miners[name].state()["pools"] for name, case in cases.items() if case.pools is not None}
    assert has == {name: cases[name].pools for name in has}
    # null keeps the value. Whether an Innosilicon accepts any password is checked if that has to be reported.
    for name, miner in miners.items():
        if name.startswith("null-"):
            tried = {"auth"} if miner.generation.startswith("inno") else set()
            assert {request["action"] for request in miner.requests()} == {"summary", "type", *tried}
    looks = {result.host: result for result in done.of(task=WAIT)}
    attempts = {name: looks[name].result["attempts"] for name in ("never-in", "no-password", "tuning") if name in cases}
    assert attempts == ({"never-in": 1, "no-password": 1, "tuning": 2} if ansible.is_newest else {"tuning": 2})
    if ansible.is_newest:
        assert message(ends["never-in"]) == looks["never-in"].result["msg"]
        assert miners["no-password"].requests() == []
    # A missing password of guest is tolerated if the firmware can't have one.
    tolerated = {r.host for r in done.of(task=GUEST) if r.result.get("error_code") == "unsupported"}
    assert tolerated == {"guest-inno-2018-08"}


def test_the_role_refuses_wrong_variables_by_itself(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """In one sentence, without the playbook and its guard."""
    fleet = start_fleet(count=2)
    wrong = {
        "miner1": ("provision_verify_timeout", "soon", "is 'soon', expected a number of at least 0."),
        "miner2": ("provision_autotune_mode", "{{ 'tur' ~ 'bo' }}", "is 'turbo', expected one of "),
    }
    inventory = inventory_of(fleet)
    for host, (variable, value, _sentence) in wrong.items():
        inventory["miners"]["children"]["dm_2018_05"]["hosts"][host][variable] = value
    done = ansible([{"hosts": "all", "gather_facts": False, "tasks": ROLE}], inventory)
    for host, (variable, _value, sentence) in wrong.items():
        assert done.of(host)[-1].status == "failed"
        assert done.of(host)[-1].result["msg"].startswith(f"{variable} {sentence}")
    assert [miner.requests() for miner in fleet.miners] == [[], []]


def test_the_defaults_of_the_action_group_are_the_users(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """They reach each task of the role: the port, the login, and the guard against another miner."""
    fleet = start_fleet(count=4)
    hosts = {f"miner{n}": {"ansible_host": miner.host, "mac": miner.mac} for n, miner in enumerate(fleet.miners)}
    for stranger in ("miner1", "miner3"):
        hosts[stranger]["mac"] = "a0:b0:45:ff:ff:ff"
    for host in ("miner2", "miner3"):
        hosts[host]["provision_admin_password"] = "Correct-Horse-7"
    defaults = {"port": fleet.port, "password": "dragonadmin", "expected_mac": "{{ mac }}"}
    plays = [{"hosts": "all", "gather_facts": False, "module_defaults": {GROUP: defaults}, "tasks": ROLE}]
    desired = {"provision_pools": POOLS[:1], "provision_autotune_mode": "efficient"}
    done = ansible(plays, {"all": {"hosts": hosts, "vars": desired}})
    ends = {host: end_of(done.of(host)[-1]) for host in hosts}
    assert ends == {"miner0": "ok", "miner1": "wrong_device", "miner2": "ok", "miner3": "wrong_device"}, done.output
    assert fleet[2].state()["users"]["admin"] == "Correct-Horse-7"
    writes = [[write["action"] for write in miner.writes()] for miner in fleet.miners]
    assert writes == [BOTH, [], ["updatePassword", *BOTH], []]


@newest_core
def test_only_a_firmware_that_cannot_is_tolerated(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """If a miner does not get its password of guest for any other reason, that is an error."""
    fleet = start_fleet(count=2, generation="dm-2018-05,inno-2018-08")
    library = ansible.folder / "broken/requests.py"
    library.parent.mkdir()
    library.write_text("raise ImportError('broken')")
    inventory = inventory_of(fleet, provision_guest_password="Visitors-Welcome-9", provision_verify_mining=False)
    # A process that has imported the library can't be used to test a broken one.
    with warm.cold():
        done = ansible(PLAYBOOK, inventory, environment={"PYTHONPATH": str(library.parent)})
    assert done.returncode != 0
    ends = {(r.host, r.status, r.result["error_code"]) for r in done.of(task=GUEST)}
    assert ends == {(host, "failed", "missing_library") for host in ("miner1", "miner2")}


@newest_core
def test_a_few_miners_test_the_pools_before_any_gets_them(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Up to three of each hall, which has pools of its own; one that cannot use them stops both."""
    fleet = start_fleet(count=5, generation="inno-2019")
    inventory = inventory_of(fleet, provision_test_pools=True, provision_verify_mining=False)
    halls = {"hall1": (POOLS[0], fleet.miners[:4]), "hall2": (POOLS[1], fleet.miners[4:])}
    inventory["miners"]["children"] |= {
        hall: {
            "hosts": {f"miner{fleet.miners.index(miner) + 1}": {} for miner in miners},
            "vars": {"provision_pools": [pool]},
        }
        for hall, (pool, miners) in halls.items()
    }
    fleet[1].set(pool_status={POOLS[0]["url"]: "Dead"})
    done = ansible(PLAYBOOK, inventory)
    assert done.returncode != 0
    assert "No pools were set, since a miner cannot use them. miner2: The miner cannot use pool 1, " in done.output
    assert hosts_with_writes(fleet) == set()

    fleet.clear()
    fleet[1].set(pool_status="Alive")
    ansible(PLAYBOOK, inventory).succeeded()
    asked = [any(request["action"] == "TestingPool" for request in miner.requests()) for miner in fleet.miners]
    assert asked == [True, True, True, False, True]
    assert [miner.state()["pools"] for miner in fleet.miners] == [[CONFIGURED[0]]] * 4 + [[CONFIGURED[1]]]


def end_of(result: TaskResult) -> str:
    return str(result.result.get("error_code", "failed")) if result.status in ("failed", "unreachable") else "ok"


def message(result: TaskResult) -> str:
    return str(result.result.get("msg", ""))
