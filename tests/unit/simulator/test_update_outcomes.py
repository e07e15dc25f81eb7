# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens after an archive was accepted, and what can go wrong."""

from __future__ import annotations

import http.client
import http.server
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulator.control import ControlError, Fleet, Miner, upgrade_faults

from .asking import EXPIRED, OK, Answer, ask, login, wait_for
from .updating import FOR_EVER, MULTIPART, NEW, OLD, QUICK, Ear, form, is_back, part, result, upload


def test_new_image_runs_after_the_reboot(any_miner: Miner, archive: Callable[..., Path]) -> None:
    any_miner.set(timing=QUICK)
    token = login(any_miner)
    before = any_miner.state()
    assert (before["image_flag"], before["version_0"]) == ("0", before["firmware"])
    for number, (flag, version) in enumerate((("1", NEW), ("0", "t1_20190101_000000")), 1):
        with Ear(any_miner) as ear:
            upload(any_miner, archive(version=version))
            ear.wait_for_end()
            assert ear.statuses() == ["START", "RUN", "SUCCESS"]
            assert f"mtd{3 if flag == '1' else 2} " in "".join(ear.messages())
        wait_for(lambda: any_miner.state()["image_flag"] == flag and is_back(any_miner))  # noqa: B023
        state = any_miner.state()
        assert (state[f"version_{flag}"], state["firmware"], state["flashed"]) == (version, version, number)
        assert ask(any_miner, "overview").json()["version"]["platform_v"] == version
    assert ask(any_miner, "ping", auth=token).json() == EXPIRED
    assert any_miner.state()["version_1"] == NEW


@pytest.mark.parametrize(("last", "heard"), [("RUN", ["RUN"]), ("SUCCESS", ["SUCCESS"]), ("DONE", ["SUCCESS", "DONE"])])
def test_how_much_is_sent_before_the_sockets_are_cut(ready: Miner, good: Path, last: str, heard: list[str]) -> None:
    ready.set(last_frame=last)
    with Ear(ready) as ear:
        upload(ready, good)
        ear.wait_for_end()
        assert ear.statuses()[-len(heard) :] == heard
    wait_for(lambda: ready.state()["firmware"] == NEW)


def test_source_is_reported_once_a_boot(ready: Miner, archive: Callable[..., Path]) -> None:
    for _unused in range(2):
        with Ear(ready) as ear:
            upload(ready, archive(wrong_hash="uImage"))
            ear.wait_for_rest()
            upload(ready, archive(wrong_hash="uImage"))
            wait_for(lambda: ear.statuses() == ["START", "FAILURE"] * 2)
            assert [frame["source"] for frame in ear.frames() if frame["type"] == "source"] == ["WEBSERVER"]
        ask(ready, "reboot")
        wait_for(lambda: not ready.state()["listening"])
        wait_for(lambda: is_back(ready))


def test_flashing_takes_its_time(own: Fleet, good: Path) -> None:
    own.speed(20)
    own[0].set(timing={"flash_s": 20, "boot_s": FOR_EVER})
    upload(own[0], good)
    began = own[0].state()["uptime_s"]
    wait_for(lambda: own[0].state()["flashed"] == 1)
    wait_for(lambda: not own[0].state()["listening"])
    assert own[0].state()["uptime_s"] - began >= 18


def test_power_cut_leaves_the_old_image(ready: Miner, good: Path) -> None:
    ready.set(timing={"flash_s": FOR_EVER})
    upload(ready, good)
    ready.set(power="off")
    ready.set(power="on")
    wait_for(lambda: is_back(ready))
    state = ready.state()
    assert (state["updater"], state["flashed"], state["firmware"]) == ("idle", 0, OLD)


def test_slots_can_be_set(ready: Miner, good: Path) -> None:
    state = ready.set(image_flag="1", version_1="t1_20180720_000000")
    assert state["firmware"] == "t1_20180720_000000"
    upload(ready, good)
    wait_for(lambda: ready.state()["image_flag"] == "0")
    assert ready.state()["version_0"] == NEW


# Faults.


def test_boots_old(ready: Miner, good: Path) -> None:
    ready.fault("boots_old", times=1)
    ask(ready, "ping")
    with Ear(ready) as ear:
        upload(ready, good)
        ear.wait_for_end()
        assert "SUCCESS" in ear.statuses()
    wait_for(lambda: is_back(ready))
    state = ready.state()
    assert (state["firmware"], state["image_flag"], state["flashed"], state["version_1"]) == (OLD, "0", 1, NEW)
    assert ask(ready, "overview").json()["version"]["platform_v"] == OLD


def test_never_back(ready: Miner, good: Path) -> None:
    ready.fault("never_back")
    upload(ready, good)
    wait_for(lambda: ready.state()["firmware"] == NEW)
    assert not ready.state()["listening"]
    ready.heal()
    assert ask(ready, "ping").json() == OK


def test_flash_fails(ready: Miner, good: Path) -> None:
    ready.fault("flash_fails", percent=30)
    with Ear(ready) as ear:
        upload(ready, good)
        ear.wait_for_rest()
        assert ear.statuses() == ["START", "RUN", "FAILURE"]
        assert ear.messages("3") == ["Installation failed !"]
        assert 0 < len(ear.steps()) < 20
    assert result(ready) == "flash_failed"
    assert ready.state()["firmware"] == OLD
    ready.heal()
    upload(ready, good)
    assert result(ready) == "installed"


def test_flash_fails_in_other_words(ready: Miner, good: Path) -> None:
    ready.fault("flash_fails", verdict="no")
    with Ear(ready) as ear:
        upload(ready, good)
        ear.wait_for_rest()
        assert ear.messages("3") == ["no"]


@pytest.mark.parametrize("fault", ["updater_silent", "ignored_write"])
def test_updater_silent(ready: Miner, good: Path, fault: str) -> None:
    ready.fault(fault, times=1)
    with Ear(ready) as ear:
        assert upload(ready, good).status == 200
        assert result(ready) == "silent"
        assert ear.texts == []
    state = ready.state()
    assert (state["updater"], state["flashed"], state["listening"]) == ("idle", 0, True)


def test_no_websocket(ready: Miner) -> None:
    ready.fault("no_websocket")
    assert ask(ready, "/upgrade/ws", method="GET").status == 502
    assert ask(ready, "ping").json() == OK


def test_websocket_that_floods(ready: Miner) -> None:
    ready.fault("flood", frame_bytes=10**6)
    with socket.create_connection((ready.host, ready.port), timeout=10) as connection:
        connection.sendall(
            b"GET /upgrade/ws HTTP/1.1\r\nHost: m\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        received = connection.recv(65536)
        # The answer to this key is RFC 6455's own example.
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in received
        while len(received) < 3 * 10**6:
            received += connection.recv(65536)
    assert received.count(b'{"type": "message"') >= 3
    assert ask(ready, "ping").json() == OK


def test_slow_upload(own: Fleet, good: Path) -> None:
    own.speed(1)
    own[0].fault("slow_upload", bytes_per_s=100_000)
    with pytest.raises(TimeoutError):
        ask(own[0], "/upgrade/upload", body=form(part(good.read_bytes())), headers=MULTIPART, timeout=0.3)
    wait_for(lambda: own[0].writes()[0]["size"] > 0)
    assert own[0].state()["updater"] != "idle"


@pytest.mark.parametrize("fault", ["lost_reply", "drop", "silent", "html_error"])
def test_faults_of_all_requests_work_on_uploads(ready: Miner, good: Path, fault: str) -> None:
    """Executed where they execute: a lost reply does not stop the installation."""
    ready.fault(fault, "writes", times=1)
    try:
        answer: Answer | None = ask(
            ready, "/upgrade/upload", body=form(part(good.read_bytes())), headers=MULTIPART, timeout=0.5
        )
    except (OSError, http.client.HTTPException):
        answer = None
    assert (answer.status if answer else None) == (502 if fault == "html_error" else None)
    if fault == "lost_reply":
        assert result(ready) == "installed"
    else:
        assert (ready.state()["updater"], ready.state()["uploads"]) == ("idle", 0)


def test_late_write_is_for_actions_only(ready: Miner, good: Path) -> None:
    ready.fault("late_write")
    upload(ready, good)
    assert result(ready) == "installed"


def test_wrong_settings_are_explained(miner: Miner) -> None:
    for change in (
        {"updater": "busy"},
        {"busy_reply": "503"},
        {"image_flag": "2"},
        {"frame_order": "odd"},
        {"last_frame": "START"},
    ):
        with pytest.raises(ControlError, match="must be"):
            miner.set(**change)


def test_every_fault_of_updates_has_a_path() -> None:
    assert set(upgrade_faults.PATHS) == set(upgrade_faults.TABLE)
