# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of a miner's users: set once, verified by a login; nobody is locked out, and none is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, TaskResult, connection_to, inventory_of, newest_core

NEW, OWN, WRONG = "Correct-Horse-7", "Battery-Staple-8", "Wrong-Password-9"
SECRETS = (NEW, OWN, WRONG, "dragonadmin", "dragonguest")
APRIL, MAY, INNO, LATER_INNO = "dm-2018-04", "dm-2018-05", "inno-2018-08", "inno-2018-09"
FACTORY = {
    APRIL: {"admin": "dragonadmin", "guest": "dragonguest"},
    MAY: {"admin": "dragonadmin", "guest": "dragonguest"},
    INNO: {"admin": "admin", "guest": "guest"},
    LATER_INNO: {"admin": "admin", "guest": "guest"},
}
OF_THE_FACTORY = {"dragonadmin", "admin", "innoadmin", "dragonguest", "guest", "innoguest"}
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}


@dataclass(frozen=True)
class Case:
    """A miner, the requested change, and the result: an error_code, changed or ok.

    ``check`` is the result in check mode, the same if empty; ``writes`` is how many changes were sent.
    """

    generation: str = MAY
    wanted: dict[str, Any] = field(default_factory=dict)
    fault: dict[str, Any] | None = None
    users: dict[str, str] | str = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    outcome: str = "changed"
    check: str = ""
    writes: int = 1


def unchanged(generation: str = MAY, outcome: str = "ok", **more: Any) -> Case:
    """Nothing is sent, nor in check mode."""
    return Case(generation, outcome=outcome, writes=0, **more)


GUEST = {"user": "guest"}
ON_DEFAULT = {"update_password": "on_default"}
KNOWN = {"dragonmint_password": OWN}
TO_UPDATE = {"action": "updatePassword"}

CASES = {
    "may": Case(),
    "april": Case(APRIL),
    "inno": Case(INNO),
    "later-inno": Case(LATER_INNO),
    # Its guest also always has the factory password.
    "guest-of-later-inno": unchanged(LATER_INNO, "unsupported", wanted=GUEST),
    "jwt": Case(variables={"dragonmint_auth": "jwt"}),
    "own": Case(users={"admin": OWN}, variables=KNOWN),
    "second-password": Case(variables={"dragonmint_password": NEW, "dragonmint_fallback_passwords": ["dragonadmin"]}),
    "same": unchanged(users={"admin": NEW}, variables={"dragonmint_password": NEW}),
    "same-with-an-old-login": unchanged(users={"admin": NEW}, variables=KNOWN),
    "same-of-inno": unchanged(INNO, users={"admin": NEW}, variables={"dragonmint_password": NEW}),
    # Basic accepts any new password on an Innosilicon with the factory password, so it proves nothing.
    "inno-takes-anything": Case(
        INNO, variables={"dragonmint_password": NEW, "dragonmint_fallback_passwords": ["admin"]}
    ),
    "inno-takes-anything-but": unchanged(INNO, "authentication", variables={"dragonmint_password": WRONG}),
    # The guest.
    "guest": Case(wanted=GUEST),
    "guest-own": Case(wanted=GUEST, users={"admin": OWN, "guest": OWN}, variables=KNOWN),
    "guest-same": unchanged(wanted=GUEST, users={"guest": NEW}),
    "guest-of-inno": unchanged(INNO, "unsupported", wanted=GUEST),
    "guest-of-inno-same": unchanged(INNO, wanted=GUEST, users={"guest": NEW}),
    "as-guest": unchanged(
        outcome="permission",
        variables={"dragonmint_username": "guest", "dragonmint_password": "dragonguest"},
    ),
    # Only the factory's.
    "default": Case(wanted=ON_DEFAULT),
    "default-of-inno": Case(INNO, wanted=ON_DEFAULT),
    "default-of-guest": Case(wanted={**ON_DEFAULT, **GUEST}),
    "no-default": unchanged(wanted=ON_DEFAULT, users={"admin": OWN}, variables=KNOWN),
    "no-default-of-inno": unchanged(INNO, wanted=ON_DEFAULT, users={"admin": OWN}, variables=KNOWN),
    "no-default-of-guest": unchanged(wanted={**ON_DEFAULT, **GUEST}, users={"guest": OWN}),
    "default-of-the-past": unchanged(wanted=ON_DEFAULT, users={"admin": NEW}, variables={"dragonmint_password": NEW}),
    # The users file is gone, so the factory passwords apply.
    "users-absent": Case(users="absent"),
    "users-corrupt": Case(users="corrupt"),
    "users-misshapen": unchanged(outcome="authentication", users="misshapen"),
    "users-misshapen-default": unchanged(outcome="authentication", users="misshapen", wanted={**ON_DEFAULT, **GUEST}),
    # What the miner reports is not what it does.
    "reply-lost": Case(fault={"name": "lost_reply", **TO_UPDATE}),
    "reply-lost-of-inno": Case(INNO, fault={"name": "lost_reply", **TO_UPDATE}),
    "reply-late": Case(fault={"name": "slow", "delay_s": 100.0, **TO_UPDATE}, variables={"dragonmint_timeout": 1}),
    "ignored": Case(fault={"name": "ignored_write"}, outcome="not_applied", check="changed"),
    "refused": Case(fault={"name": "reject", **TO_UPDATE}, outcome="rejected", check="changed"),
    "locked": unchanged(
        outcome="authentication",
        users={"admin": OWN},
        variables={"dragonmint_password": WRONG, "dragonmint_fallback_passwords": ["dragonadmin", WRONG]},
    ),
    "dark": unchanged(outcome="unreachable", fault={"name": "dark"}),
    "printer": unchanged(outcome="bad_reply", fault={"name": "html_page"}),
    "empty": unchanged(outcome="invalid_input", wanted={"new_password": ""}),
    "line-break": unchanged(outcome="invalid_input", wanted={"new_password": f"{NEW}\n{OWN}"}),
    "no-user": unchanged(outcome="invalid_input", wanted={"user": "root"}),
}


@newest_core
def test_each_miner_is_sent_one_change_and_the_login_decides(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = prepared_miners(start_fleet)
    done = run(ansible, miners, "-vvvv", "--diff")
    assert {r.host: (outcome(r), len(miners[r.host].writes())) for r in done.results} == {
        name: (case.outcome, case.writes) for name, case in CASES.items()
    }
    assert {name: miners[name].state()["users"] for name in CASES} == {
        name: users_after(case) for name, case in CASES.items()
    }
    assert secrets_in(done) == []


@newest_core
def test_check_mode_reports_the_same_and_changes_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = prepared_miners(start_fleet)
    done = run(ansible, miners, "-vvvv", "--check", "--diff")
    assert {r.host: outcome(r) for r in done.results} == {
        name: case.check or case.outcome for name, case in CASES.items()
    }
    assert {name: miner.writes() for name, miner in miners.items() if miner.writes()} == {}
    assert secrets_in(done) == []
    # Only given passwords are tried, and each hardly more than once; the new one may also be the login.
    for name, miner in miners.items():
        case = CASES[name]
        tried = [request["form"]["password"] for request in miner.requests() if request["action"] == "auth"]
        variables = {**connection_to(miner), **case.variables}
        given = {NEW, variables["dragonmint_password"], *variables.get("dragonmint_fallback_passwords", [])}
        factory = OF_THE_FACTORY if case.wanted.get("update_password") else set()
        assert set(tried) <= given | factory, name
        assert max(map(tried.count, tried), default=0) <= 2, name


@newest_core
def test_the_play_goes_on_with_the_new_password(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """With the new password in the inventory and the old one as fallback, even if the reply was lost."""
    fleet = start_fleet(count=16, generation="mixed")
    for miner in fleet.miners[:8]:
        miner.fault("lost_reply", action="updatePassword")
    tasks = [
        {"minerops.dragonmint.dragonmint_user": {"new_password": NEW}},
        {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["identity", "autotune"]}},
        {"minerops.dragonmint.dragonmint_pools": {"pools": [POOL], "wait_ready": False}},
        {"minerops.dragonmint.dragonmint_user": {"new_password": NEW}},
    ]
    inventory = inventory_of(fleet)
    for group in inventory["miners"]["children"].values():
        # The miners whose reply was lost, and the others.
        for host, auth in zip(group["hosts"].values(), ("basic", "jwt") * 2, strict=True):
            host.update(dragonmint_fallback_passwords=[host["dragonmint_password"]], dragonmint_password=NEW)
            host["dragonmint_auth"] = auth
    plays = [{"hosts": "miners", "gather_facts": False, "tasks": tasks}]
    expected = ["updatePassword", "updatePools"]
    for _run in range(2):
        ansible(plays, inventory).succeeded()
        assert [[write["action"] for write in miner.writes()] for miner in fleet.miners] == [expected] * 16
    assert {miner.state()["users"]["admin"] for miner in fleet.miners} == {NEW}


@newest_core
def test_another_machine_sets_it_as_well_and_shows_no_secret(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    fleet[0].fault("lost_reply", action="updatePassword")
    inventory = inventory_of(fleet)
    inventory["ungrouped"] = {"hosts": {"bastion": {"ansible_connection": "local"}}}
    tasks = [
        {
            "minerops.dragonmint.dragonmint_user": {
                "new_password": NEW,
                "password": NEW,
                "fallback_passwords": [WRONG, "{{ dragonmint_password }}"],
            },
            "delegate_to": "bastion",
        }
    ]
    plays = [{"hosts": "miners", "gather_facts": False, "tasks": tasks}]
    for changed in (True, False):
        done = ansible(plays, inventory, "-vvvv", "--diff").succeeded()
        assert [r.changed for r in done.results] == [changed] * 3
        assert secrets_in(done) == []
    assert [len(miner.writes()) for miner in fleet.miners] == [1, 1, 1]


def prepared_miners(start_fleet: Callable[..., Fleet]) -> dict[str, Miner]:
    """Miners by the name of their case."""
    miners = {}
    for generation in FACTORY:
        names = [name for name, case in CASES.items() if case.generation == generation]
        miners.update(zip(names, start_fleet(count=len(names), generation=generation).miners))
    for name, case in CASES.items():
        if case.users:
            miners[name].set(users=case.users)
        if case.fault:
            miners[name].fault(**case.fault)
    return miners


def run(ansible: Ansible, miners: dict[str, Miner], *arguments: str) -> PlaybookRun:
    hosts = {
        name: {**connection_to(miner), "new_password": NEW, **CASES[name].wanted, **CASES[name].variables}
        for name, miner in miners.items()
    }
    options = {name: f"{{{{ {name} | default(omit) }}}}" for name in ("user", "new_password", "update_password")}
    tasks = [{"minerops.dragonmint.dragonmint_user": options}]
    return ansible([{"hosts": "all", "gather_facts": False, "tasks": tasks}], {"all": {"hosts": hosts}}, *arguments)


def outcome(result: TaskResult) -> str:
    """The error_code of a task that failed with a message for its user, else changed or ok."""
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    assert result.result["msg"]
    return str(result.result["error_code"])


def users_after(case: Case) -> dict[str, str] | str:
    if case.users == "misshapen":
        return case.users
    before = {**FACTORY[case.generation], **(case.users if isinstance(case.users, dict) else {})}
    return {**before, **({case.wanted.get("user", "admin"): NEW} if case.outcome == "changed" else {})}


def secrets_in(done: PlaybookRun) -> list[str]:
    """The lines of the output and of the results that contain a password, except for general advice."""
    lines = [*done.output.splitlines(), *(str(r.result) for r in done.results)]
    advice = "its factory password (dragonadmin, admin on Innosilicon, or innoadmin on an InnoMiner)"
    return [line for line in lines if any(secret in line.replace(advice, "") for secret in SECRETS)]
