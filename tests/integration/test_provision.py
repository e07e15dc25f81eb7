# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role provision makes a fleet as wanted, and tells a miner that mines from one that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet
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
WAIT = "minerops.dragonmint.provision : Wait until cgminer answers, a board is hashing and a desired pool is alive"
GUEST = "minerops.dragonmint.provision : Set the password of guest, where the firmware can"
DEAD_BOARDS = [{"alive": False}] * 3

# What is wrong with a miner that has the wanted pools, and what is said of it; nothing where it mines.
PROOFS: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "well": ({}, {}, None),
    "one-board-left": ({"boards": [{}, {"alive": False}, {"alive": False}]}, {}, None),
    "second-pool-alive": ({"pool_status": {POOLS[0]["url"]: "Dead"}}, {}, None),
    "no-proof-wanted": ({"boards": DEAD_BOARDS}, {"provision_verify_mining": False}, None),
    "boards-dead": ({"boards": DEAD_BOARDS}, {}, "boards hashing: none"),
    "boards-idle": ({"boards": [{"hashrate_mhs": 0}] * 3}, {}, "boards hashing: none"),
    "pools-dead": ({"pool_status": "Dead"}, {}, "pools alive: none"),
    "cgminer-down": ({"ready": False}, {}, "cgminer does not answer"),
}
# What only the module can refuse, and what the message names. What the guard refuses is in test_jobs_guard.py.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "pools-four": ({"provision_pools": [POOLS[0]] * 4}, "4 entries"),
    "pools-no-port": ({"provision_pools": [{**POOLS[0], "url": "stratum+tcp://pool.example.com"}]}, "port"),
    "mode-not-here": ({"provision_autotune_mode": "off"}, "mode off"),
    "level-not-here": ({"provision_autotune_mode": "efficient", "provision_autotune_level": 3}, "level"),
}
# Tasks of a user that are given what only the role itself can check.
ROLE = [{"ansible.builtin.include_role": {"name": "minerops.dragonmint.provision"}}]
GROUP = "group/minerops.dragonmint.dragonmint"


def test_a_mixed_fleet_is_as_wanted_after_one_run(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=8, generation="mixed")
    inventory = inventory_of(fleet, provision_pools=POOLS)
    for generation, variables in {
        # As YAML reads a bare off.
        "dm_2018_04": {"provision_autotune_mode": False},
        "dm_2018_05": {"provision_autotune_mode": "efficient"},
        "inno_2018_08": {"provision_autotune_mode": "performance", "provision_autotune_level": 3},
        "inno_2018_09": {"provision_autotune_mode": "efficient"},
    }.items():
        inventory["miners"]["children"][generation]["vars"] = variables

    check = ansible(PLAYBOOK, inventory, "--check", "--diff").succeeded()
    assert check.changed == {f"miner{number}" for number in range(1, 9)}
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
        assert [write["action"] for write in miner.writes()] == ["updatePools", "setAutoTune"]

    fleet.clear()
    again = ansible(PLAYBOOK, inventory).succeeded()
    assert again.changed == set()
    assert hosts_with_writes(fleet) == set()


def test_bad_miners_do_not_hold_up_good_ones(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=24, generation="mixed")
    locked, dark, losing, ignoring = fleet.miners[-4:]
    locked.set(users={"admin": "Correct-Horse-7"})
    dark.fault("dark")
    losing.fault("lost_reply", action="updatePools")
    ignoring.fault("ignored_write")

    done = ansible(PLAYBOOK, inventory_of(fleet, provision_pools=POOLS, provision_autotune_mode="efficient"))

    ends = {f"miner{number}": done.of(f"miner{number}")[-1] for number in range(1, 25)}
    assert {host: (r.status, r.result["error_code"]) for host, r in ends.items() if r.status != "ok"} == {
        "miner21": ("failed", "authentication"),
        "miner22": ("unreachable", "unreachable"),
        "miner24": ("failed", "not_applied"),
    }
    for miner in fleet.miners:
        writes = {locked: [], dark: [], ignoring: ["updatePools"]}.get(miner, ["updatePools", "setAutoTune"])
        assert [write["action"] for write in miner.writes()] == writes
        assert (miner.state()["pools"] == CONFIGURED) == (miner not in (locked, dark, ignoring))


def test_the_proof_names_what_keeps_a_miner_from_mining(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = dict(zip(PROOFS, start_fleet(count=len(PROOFS)).miners))
    for name, miner in miners.items():
        miner.set(pools=CONFIGURED, **PROOFS[name][0])
    hosts = {name: {**connection_to(miner), **PROOFS[name][1]} for name, miner in miners.items()}
    variables = {"provision_pools": POOLS, "provision_verify_timeout": 1}
    done = ansible(PLAYBOOK, {"all": {"hosts": hosts, "vars": variables}})
    for name, (_unused, _unused, complaint) in PROOFS.items():
        assert complains(done.of(name)[-1], complaint), (name, done.of(name)[-1])
    assert {name: miner.writes() for name, miner in miners.items() if miner.writes()} == {}


def test_what_is_null_is_left_alone(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=4, generation="mixed")
    done = ansible(PLAYBOOK, inventory_of(fleet)).succeeded()
    assert done.changed == set()
    asked = {miner.generation: {request["action"] for request in miner.requests()} for miner in fleet.miners}
    # Whether an Innosilicon takes just any password is asked where that has to be told.
    proof = {generation: {"auth"} if generation.startswith("inno") else set() for generation in asked}
    assert asked == {generation: {"summary", "type", *proof[generation]} for generation in asked}


def test_wrong_variables_are_refused_before_anything_changes(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = dict(zip(MISTAKES, start_fleet(count=len(MISTAKES)).miners))
    hosts = {name: {**connection_to(miner), **MISTAKES[name][0]} for name, miner in miners.items()}
    done = ansible(PLAYBOOK, {"all": {"hosts": hosts}})
    for name, (_unused, named) in MISTAKES.items():
        assert complains(done.of(name)[-1], named), (name, done.of(name)[-1])
    assert {name: miner.writes() for name, miner in miners.items() if miner.writes()} == {}


def test_the_role_refuses_wrong_variables_by_itself(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """In one sentence, without the playbook and its guard."""
    fleet = start_fleet(count=1)
    plays = [{"hosts": "all", "gather_facts": False, "tasks": ROLE}]
    for variables, sentence in (
        ({"provision_verify_timeout": "soon"}, "provision_verify_timeout is 'soon', expected a number of at least 0."),
        ({"provision_autotune_mode": "{{ 'tur' ~ 'bo' }}"}, "provision_autotune_mode is 'turbo', expected one of "),
    ):
        done = ansible(plays, inventory_of(fleet, **variables))
        assert done.returncode != 0
        assert done.results[-1].result["msg"].startswith(sentence)
    assert fleet[0].requests() == []


def test_the_defaults_of_the_action_group_are_the_users(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """They reach each task of the role: the port, the login, and the guard against another miner."""
    fleet = start_fleet(count=2)
    hosts = {f"miner{n}": {"ansible_host": miner.host, "mac": miner.mac} for n, miner in enumerate(fleet.miners)}
    hosts["miner1"]["mac"] = "a0:b0:45:ff:ff:ff"
    defaults = {"port": fleet.port, "password": "dragonadmin", "expected_mac": "{{ mac }}"}
    plays = [{"hosts": "all", "gather_facts": False, "module_defaults": {GROUP: defaults}, "tasks": ROLE}]
    own = {"provision_admin_password": "Correct-Horse-7"}
    for number, variables in enumerate(({}, own)):
        desired = {"provision_pools": POOLS[:1], "provision_autotune_mode": ["efficient", "balanced"][number]}
        done = ansible(plays, {"all": {"hosts": hosts, "vars": {**desired, **variables}}})
        assert done.of("miner0")[-1].status == "ok", done.output
        assert done.of("miner1")[-1].result["error_code"] == "wrong_device", done.output
    assert fleet[0].state()["users"]["admin"] == "Correct-Horse-7"
    assert [write["action"] for write in fleet[0].writes()] == [
        "updatePools",
        "setAutoTune",
        "updatePassword",
        "setAutoTune",
    ]
    assert fleet[1].writes() == []


def test_what_waiting_does_not_mend_ends_the_wait(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3)
    locked, without, tuning = fleet.miners
    locked.set(users={"admin": "Somebody-Else-3"})
    hosts = {name: connection_to(miner) for name, miner in zip(("locked", "without", "tuning"), fleet.miners)}
    del hosts["without"]["dragonmint_password"]
    tuning.set(boards=DEAD_BOARDS)
    done = ansible(PLAYBOOK, {"all": {"hosts": hosts, "vars": {"provision_verify_timeout": 10}}})
    looks = {result.host: result for result in done.of(task=WAIT)}
    assert {host: result.result["attempts"] for host, result in looks.items()} == {
        "locked": 1,
        "without": 1,
        "tuning": 2,
    }
    ends = {host: done.of(host)[-1].result["msg"] for host in hosts}
    assert ends["locked"] == looks["locked"].result["msg"]
    assert ends["without"].startswith("No password for the miner is set.")
    assert "boards hashing: none" in ends["tuning"]
    assert without.requests() == []


def test_only_a_firmware_that_cannot_is_tolerated(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """A password of guest that a miner does not get for another reason is an error."""
    fleet = start_fleet(count=4, generation="mixed")
    inventory = inventory_of(fleet, provision_guest_password="Visitors-Welcome-9", provision_verify_mining=False)
    done = ansible(PLAYBOOK, inventory).succeeded()
    tolerated = {result.host for result in done.of(task=GUEST) if result.result.get("error_code") == "unsupported"}
    assert tolerated == {f"miner{n}" for n, miner in enumerate(fleet.miners, 1) if miner.generation.startswith("inno")}
    assert tolerated

    library = ansible.folder / "broken/requests.py"
    library.parent.mkdir()
    library.write_text("raise ImportError('broken')")
    done = ansible(PLAYBOOK, inventory, environment={"PYTHONPATH": str(library.parent)})
    assert done.returncode != 0
    assert {(r.status, r.result["error_code"]) for r in done.of(task=GUEST)} == {("failed", "missing_library")}


def test_passwords_of_pools_are_kept_on_demand(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    fleet[0].set(pools=[{"url": POOLS[0]["url"], "user": "farm.1", "pass": "secret"}])
    desired = {"provision_pools": POOLS[:1], "provision_verify_mining": False}
    kept = ansible(PLAYBOOK, inventory_of(fleet, **desired, provision_keep_passwords="yes")).succeeded()
    assert kept.changed == set()
    ansible(PLAYBOOK, inventory_of(fleet, **desired)).succeeded()
    assert fleet[0].state()["pools"] == [CONFIGURED[0]]


@newest_core
def test_a_few_miners_test_the_pools_before_any_gets_them(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Up to three of each hall, which has pools of its own; one that cannot use them stops both."""
    fleet = start_fleet(count=8, generation="inno-2019")
    inventory = inventory_of(fleet, provision_test_pools=True, provision_verify_mining=False)
    halls = {"hall1": (POOLS[0], fleet.miners[:5]), "hall2": (POOLS[1], fleet.miners[5:])}
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
    assert asked == [True] * 3 + [False] * 2 + [True] * 3
    assert [miner.state()["pools"] for miner in fleet.miners] == [[CONFIGURED[0]]] * 5 + [[CONFIGURED[1]]] * 3


def complains(result: TaskResult, text: str | None) -> bool:
    """Whether a task failed with this in its message; with None, whether it did not fail."""
    if text is None:
        return result.status != "failed"
    return result.status == "failed" and text in result.result["msg"]
