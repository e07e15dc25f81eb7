# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The additions of Innosilicon's firmware of 2019, as its web pages expect them."""

from __future__ import annotations

import pytest

from tests.simulator.control import Miner

from .asking import INVALID, OK, POOL, ask, wait_for

TLS = {**POOL, "Pool1": "stratum+tls://a.example:1"}
ASKED = {"Pool": "stratum+tcp://a.example:1", "UserName": "u", "Password": "x"}


@pytest.mark.parametrize("action", ["checkPoolTest", "TestingPool", "restartSwupdate", "getErrorDetail"])
def test_what_is_new_is_its_own_and_the_admins(inno_2019: Miner, later_inno: Miner, action: str) -> None:
    assert ask(inno_2019, action).json() != INVALID
    assert ask(inno_2019, action, auth="guest").json() == INVALID
    assert ask(later_inno, action).json() == INVALID


def test_no_page_of_it_switches_the_light(inno_2019: Miner, later_inno: Miner) -> None:
    light = {"red_light": "twinkle"}
    assert ask(inno_2019, "SetMonitor", light).json() == INVALID
    assert ask(later_inno, "SetMonitor", light).json() == {"success": "true"}


def test_it_takes_pools_over_tls(inno_2019: Miner, later_inno: Miner) -> None:
    assert ask(inno_2019, "updatePools", TLS).json()["success"]
    assert inno_2019.state()["pools"][0]["url"] == TLS["Pool1"]
    assert ask(later_inno, "updatePools", TLS).json() == {"success": False, "message": "url error"}


def test_locked_pools_stay(inno_2019: Miner) -> None:
    before = inno_2019.state()["pools"]
    inno_2019.set(locked=True)
    assert ask(inno_2019, "updatePools", POOL).json() == {"success": True, "message": "lock"}
    assert inno_2019.state()["pools"] == before
    assert [write["applied"] for write in inno_2019.writes()] == [False]


def test_a_pool_is_tried_and_not_set(inno_2019: Miner) -> None:
    before = inno_2019.state()["pools"]
    inno_2019.set(pool_status={"stratum+tcp://b.example:1": "Dead"})
    assert ask(inno_2019, "TestingPool", ASKED).json() == OK
    assert not ask(inno_2019, "TestingPool", {**ASKED, "Pool": "stratum+tcp://b.example:1"}).json()["success"]
    assert ask(inno_2019, "TestingPool", {**ASKED, "Password": ""}).json() == {"success": False, "msg": "missing field"}
    assert inno_2019.state()["pools"] == before
    assert inno_2019.writes() == []


@pytest.mark.parametrize("state", ["wedged", "dead"])
def test_a_restart_of_the_updater_frees_it_without_a_reboot(inno_2019: Miner, state: str) -> None:
    inno_2019.set(updater=state)
    uptime_s = inno_2019.state()["uptime_s"]
    assert ask(inno_2019, "restartSwupdate").json() == OK
    wait_for(lambda: inno_2019.state()["updater"] == "idle")
    assert inno_2019.state()["uptime_s"] >= uptime_s
