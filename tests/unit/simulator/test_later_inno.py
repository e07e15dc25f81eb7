# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Innosilicon's firmware of September 2018 differs from the one before, as read in its sources."""

from __future__ import annotations

import pytest

from tests.simulator.control import Miner

from .asking import INVALID, OK, POOL, ask, basic, login

NEW_ACTIONS = ("getRuntimePools", "getLockState", "setLock", "getDNA", "getAll")


@pytest.mark.parametrize("action", NEW_ACTIONS)
def test_new_actions_are_its_own_and_the_admins(later_inno: Miner, inno: Miner, action: str) -> None:
    assert ask(later_inno, action).json()["success"] is True
    assert ask(later_inno, action, auth="guest").json() == INVALID
    assert ask(inno, action).json() == INVALID


def test_setting_pools_reports_whether_they_are_locked(later_inno: Miner) -> None:
    assert ask(later_inno, "getLockState").json() == {"success": True, "status": "0"}
    assert ask(later_inno, "updatePools", POOL).json() == {"success": True, "message": "nolock"}
    assert ask(later_inno, "setLock").json() == OK
    assert ask(later_inno, "getLockState").json() == {"success": True, "status": "1"}
    assert ask(later_inno, "updatePools", {**POOL, "UserName1": "v"}).json() == {"success": True, "message": "lock"}
    assert [pool["user"] for pool in later_inno.state()["pools"]] == ["v"]
    assert [write["action"] for write in later_inno.writes()] == ["updatePools", "setLock", "updatePools"]


@pytest.mark.parametrize(
    "url",
    [
        "stratum+ssl://a.example:1",
        "stratum2+tcp://a.example:1",
        "garbage",
        "tcp://",
        "stratum+tcp://pool:1",
        "stratum+tcp://[fd00::9]:1",
        "stratum+tcp://a.example.:1",
        "stratum+tcp://.example:1",
        "stratum+tcp://a..example:1",
        "stratum+tcp://a.1b:1",
        "stratum+tcp://a.b1:1",
        "stratum+tcp://a.b-:1",
        "stratum+tcp://a.example:port",
        "stratum+tcp://a.example:1 ",
    ],
)
def test_one_url_that_it_does_not_know_refuses_all(later_inno: Miner, url: str) -> None:
    before = later_inno.state()["pools"]
    second = {"Pool2": url, "UserName2": "u", "Password2": "x"}
    assert ask(later_inno, "updatePools", {**POOL, **second}).json() == {"success": False, "message": "url error"}
    assert later_inno.state()["pools"] == before
    assert [write["applied"] for write in later_inno.writes()] == [False]


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example:1",
        "https://a.example:1",
        "stratum+tcp://a.example:1",
        "tcp://a.example:1",
        "STRATUM+TCP://A.EXAMPLE:1",
        "stratum+tcp://192.0.2.9:1",
        "stratum+tcp://eu-1.pool_2.a~b.x:1",
        "stratum+tcp://user:pass@a.example",
        "stratum+tcp://a.example:1/#xnsub",
        "stratum+tcp://a.example:1#xnsub",
        "stratum+tcp://a.example:1/path?x=1#y",
    ],
)
def test_urls_that_it_knows(later_inno: Miner, url: str) -> None:
    assert ask(later_inno, "updatePools", {**POOL, "Pool1": url}).json()["success"]
    assert later_inno.state()["pools"][0]["url"] == url


def test_a_slot_that_is_dropped_is_not_looked_at(later_inno: Miner) -> None:
    assert ask(later_inno, "updatePools", {**POOL, "Pool2": "garbage"}).json()["success"]


def test_guest_may_read_the_mode_in_the_status(later_inno: Miner, inno: Miner, miner: Miner) -> None:
    for innosilicon in (later_inno, inno):
        status = ask(innosilicon, "getAutoTuneStatus", auth="guest").json()
        assert (status["mode"], status["level"]) == ("factory", "2")
        assert ask(innosilicon, "getAutoTune", auth="guest").json() == INVALID
    assert ask(miner, "getAutoTuneStatus", auth="guest").json() == INVALID


def test_guest_always_logs_in_with_the_factorys_password(later_inno: Miner, inno: Miner) -> None:
    for miner in (later_inno, inno):
        miner.set(users={"guest": "secret"})
    login(later_inno, "guest", "secret")
    assert ask(later_inno, "type", auth=login(later_inno, "guest")).json()["success"]
    assert not ask(inno, "auth", {"username": "guest", "password": "guest"}, auth=None).json()["success"]


def test_basic_takes_the_stored_password_only(later_inno: Miner, inno: Miner) -> None:
    assert ask(later_inno, "ping", auth=basic("admin", "anything")).json() == INVALID
    assert ask(inno, "ping", auth=basic("admin", "anything")).json() == OK


def test_it_gives_up_a_silent_cgminer(later_inno: Miner) -> None:
    later_inno.set(cgminer="silent")
    assert ask(later_inno, "getAutoTuneStatus").json()["isRunning"] is False
    assert ask(later_inno, "getRuntimePools").json() == {"success": False}


def test_what_it_reports_of_itself(later_inno: Miner) -> None:
    later_inno.set(dna="")
    assert ask(later_inno, "getDNA").json() == {"success": False}
    everything = ask(later_inno, "getAll").json()["all"]
    assert (everything["mac"], len(everything["chain"])) == (later_inno.mac, 3)
