# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot, power off, factory reset, and the restart of cgminer."""

from __future__ import annotations

import socket
import time

import pytest

from tests.simulator.control import Fleet, Miner

from .asking import EXPIRED, OK, ask, login, wait_for

QUICK = {"boot_s": 1, "cgminer_start_s": 1, "hashing_s": 1}
FOR_EVER = 1e9


def answers(miner: Miner, host: str | None = None) -> bool:
    return ask(miner, "/", auth=None, method="GET", host=host).status == 200


def has_rebooted(miner: Miner) -> bool:
    state = miner.state()
    return state["uptime_s"] < 3600 and bool(state["listening"])


@pytest.mark.parametrize("action", ["reboot", "reboot.py"])
def test_reboot_answers_after_a_pause_and_goes_down(miner: Miner, action: str) -> None:
    miner.set(timing={"boot_s": FOR_EVER})
    began = time.monotonic()
    assert ask(miner, action, method="GET").json() == OK
    # 4 simulated seconds at 20 a second.
    assert time.monotonic() - began >= 0.19
    wait_for(lambda: not miner.state()["listening"])
    with pytest.raises(ConnectionRefusedError):
        ask(miner, "ping")


def test_miner_comes_back_without_its_tokens(any_miner: Miner) -> None:
    any_miner.set(timing=QUICK)
    token = login(any_miner)
    ask(any_miner, "reboot")
    wait_for(lambda: has_rebooted(any_miner))
    assert ask(any_miner, "ping", auth=token).json() == EXPIRED
    assert " min,  load average" in ask(any_miner, "overview").json()["hardware"]["status"]
    wait_for(lambda: ask(any_miner, "summary").json()["success"])


def test_kept_connection_ends_with_the_miner(miner: Miner) -> None:
    with socket.create_connection((miner.host, miner.port), timeout=5) as connection:
        miner.set(power="off")
        assert connection.recv(1) == b""


def test_hanging_up_does_not_cancel_a_reboot(own: Fleet) -> None:
    with pytest.raises(TimeoutError):
        ask(own[0], "reboot", timeout=0.1)
    own.speed(1000)
    wait_for(lambda: has_rebooted(own[0]))
    assert (own[0].writes()[0]["outcome"], own[0].writes()[0]["applied"]) == ("abandoned", True)


def test_miner_that_goes_on_answering_while_it_shuts_down(own: Fleet) -> None:
    own[0].set(timing={"shutdown_s": 1000, "power_delay_s": 0})
    assert ask(own[0], "reboot").json() == OK
    assert ask(own[0], "ping").json() == OK
    own.speed(1000)
    wait_for(lambda: has_rebooted(own[0]))


def test_poweroff_lasts_until_someone_comes(miner: Miner) -> None:
    miner.set(timing=QUICK)
    assert ask(miner, "poweroff").json() == OK
    wait_for(lambda: miner.state()["power"] == "off")
    with pytest.raises(ConnectionRefusedError):
        ask(miner, "ping")
    miner.set(power="on")
    wait_for(lambda: answers(miner))


def test_factory_reset(any_miner: Miner) -> None:
    fresh = any_miner.state()
    any_miner.set(
        timing=QUICK,
        pools=[],
        users={"guest": "changed"},
        autotune={"mode": "efficient"},
        network={"mode": "static"},
    )
    assert ask(any_miner, "factoryReset").json() == OK
    wait_for(lambda: has_rebooted(any_miner))
    state = any_miner.state()
    assert state["users"] == "absent"
    assert state["autotune"] == fresh["autotune"]
    assert state["pools"] == fresh["pools"]
    assert state["network"]["mode"] == "dhcp"
    assert ask(any_miner, "ping").json() == OK


def test_reset_of_a_static_address_takes_the_lease(miner: Miner) -> None:
    miner.set(timing=QUICK, network={"mode": "static", "dhcp_lease": "127.41.0.5"})
    ask(miner, "factoryReset")
    wait_for(lambda: answers(miner, host="127.41.0.5"))


def test_restart_of_cgminer_is_answered_at_once(own: Fleet) -> None:
    assert ask(own[0], "restartCgMiner").json() == OK
    assert ask(own[0], "summary").json() == {"success": False}
    own.speed(100)
    devices = wait_for(lambda: ask(own[0], "summary").json().get("DEVS"))
    assert devices[0]["Device Elapsed"] < 4000


def test_waiting_reboots_hold_the_workers(miner: Miner) -> None:
    miner.set(timing={**QUICK, "power_delay_s": FOR_EVER})
    for _unused in range(5):
        with pytest.raises(TimeoutError):
            ask(miner, "reboot", timeout=0.05)
    with pytest.raises(TimeoutError):
        ask(miner, "ping", timeout=0.2)
    assert miner.state()["listening"]
