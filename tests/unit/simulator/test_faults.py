# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault once."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import CHECKOUT, ControlError, Fleet, Miner, faults

from .asking import INVALID, OK, POOL, Answer, ask, wait_for


def fails_with(*errors: type[Exception]) -> Any:
    return pytest.raises(errors)


def test_dark(miner: Miner) -> None:
    miner.fault("dark")
    with fails_with(ConnectionRefusedError):
        ask(miner, "ping")
    assert miner.requests() == []
    miner.heal()
    assert ask(miner, "ping").json() == OK


def test_dark_from_a_write_on(miner: Miner) -> None:
    miner.fault("dark", "writes")
    assert ask(miner, "ping").json() == OK
    with fails_with(http.client.RemoteDisconnected, ConnectionResetError):
        ask(miner, "updatePools", POOL)
    with fails_with(ConnectionRefusedError):
        ask(miner, "ping")
    assert not miner.writes()[0]["applied"]


@pytest.mark.parametrize(
    ("name", "params"),
    [("drop_before", {}), ("drop_before", {"reset": True}), ("drop", {}), ("drop", {"reset": True})],
)
def test_connection_ends_before_anything_happens(miner: Miner, name: str, params: dict[str, Any]) -> None:
    miner.fault(name, times=1, **params)
    with fails_with(ConnectionError, http.client.RemoteDisconnected):
        ask(miner, "updatePools", POOL)
    assert len(miner.state()["pools"]) == 2
    assert ask(miner, "ping").json() == OK
    assert [request["outcome"] for request in miner.requests()] == ([name] if name == "drop" else []) + ["answered"]


@pytest.mark.parametrize("reset", [False, True])
def test_lost_reply(miner: Miner, reset: bool) -> None:
    miner.fault("lost_reply", "updatePools", reset=reset)
    with fails_with(ConnectionResetError if reset else http.client.RemoteDisconnected):
        ask(miner, "updatePools", POOL)
    assert len(miner.state()["pools"]) == 1
    assert [(request["applied"], request["outcome"]) for request in miner.writes()] == [(True, "lost_reply")]


def test_slow(miner: Miner) -> None:
    miner.fault("slow", delay_s=600)
    with fails_with(TimeoutError):
        ask(miner, "setAutoTune", {"autotune": "efficient"}, timeout=0.3)
    assert miner.state()["autotune"]["mode"] == "efficient"
    with fails_with(TimeoutError):
        ask(miner, "/", method="GET", timeout=0.1)


def test_late_write(own: Fleet) -> None:
    own[0].fault("late_write", delay_s=100)
    assert ask(own[0], "updatePools", POOL).json() == OK
    assert len(own[0].state()["pools"]) == 2
    own.speed(1000)
    wait_for(lambda: len(own[0].state()["pools"]) == 1)


def test_silent(miner: Miner) -> None:
    miner.fault("silent")
    with fails_with(TimeoutError):
        ask(miner, "updatePools", POOL, timeout=0.2)
    assert len(miner.state()["pools"]) == 2
    miner.heal()
    ask(miner, "ping")
    wait_for(lambda: (ask(miner, "ping"), miner.requests()[-1]["concurrent"] == 1)[1])


def test_drip(miner: Miner) -> None:
    miner.fault("drip", "ping")
    with socket.create_connection((miner.host, miner.port), timeout=5) as connection:
        connection.sendall(b"POST /api/ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100) == b"H"


def test_truncated(miner: Miner) -> None:
    miner.fault("truncated")
    with fails_with(http.client.IncompleteRead):
        ask(miner, "overview")


def test_stalled(miner: Miner) -> None:
    miner.fault("stalled")
    with fails_with(TimeoutError):
        ask(miner, "overview", timeout=0.3)
    wait_for(lambda: miner.requests()[0]["outcome"] == "stalled")


def test_huge(miner: Miner) -> None:
    miner.fault("huge")
    connection = http.client.HTTPConnection(miner.host, miner.port, timeout=5)
    connection.request("POST", "/api/summary")
    assert len(connection.getresponse().read(20_000_000)) == 20_000_000
    connection.close()


def test_right_answer_that_is_said_to_be_html(miner: Miner) -> None:
    miner.fault("as_html")
    answer = ask(miner, "ping")
    assert (answer.json(), answer.header("Content-Type")) == (OK, "text/html; charset=UTF-8")


def test_not_http(miner: Miner) -> None:
    miner.fault("not_http")
    with fails_with(http.client.BadStatusLine):
        ask(miner, "ping")


def status(answer: Answer) -> Any:
    return answer.status, answer.header("Content-Type")


def failure(answer: Answer) -> Any:
    return answer.json()


@pytest.mark.parametrize(
    ("name", "params", "show", "expected"),
    [
        ("html_error", {}, status, (502, "text/html")),
        ("html_error", {"status": 503}, status, (503, "text/html")),
        ("fatal_error", {}, status, (500, "application/json")),
        ("html_page", {}, status, (200, "text/html")),
        ("empty", {}, lambda answer: (answer.status, answer.body), (200, b"")),
        ("not_ready", {}, failure, {"success": False}),
        ("reject", {"message": "no"}, failure, {"success": False, "message": "no"}),
        ("token_expired", {}, failure, {"success": False, "token": "expired"}),
        ("canned", {"body": "[1]"}, failure, [1]),
        ("redirect", {"location": "http://x/"}, lambda answer: answer.header("Location"), "http://x/"),
        ("redirect", {"status": 307}, status, (307, "text/html")),
        (
            "challenge",
            {"offer": "NTLM"},
            lambda answer: (answer.status, answer.header("WWW-Authenticate")),
            (401, "NTLM"),
        ),
    ],
)
def test_other_answers_to_a_write_that_is_not_done(
    miner: Miner, name: str, params: dict[str, Any], show: Any, expected: Any
) -> None:
    miner.fault(name, "updatePools", 1, **params)
    assert show(ask(miner, "updatePools", POOL)) == expected
    assert len(miner.state()["pools"]) == 2
    assert [(request["applied"], request["outcome"]) for request in miner.writes()] == [(False, name)]


def test_ignored_write(miner: Miner) -> None:
    miner.fault("ignored_write")
    assert ask(miner, "updatePools", POOL).json() == OK
    assert ask(miner, "updatePools", POOL, auth=None).json() == INVALID
    assert len(ask(miner, "pools").json()["pools"]) == 2


def test_cut_json(miner: Miner) -> None:
    miner.fault("cut_json")
    with fails_with(json.JSONDecodeError):
        ask(miner, "overview").json()


def test_wrong_types(miner: Miner) -> None:
    miner.fault("wrong_types")
    assert ask(miner, "pools").json() == {"success": True, "pools": "none"}
    assert ask(miner, "/", method="GET").status == 200


def test_invalid_utf8(miner: Miner) -> None:
    miner.fault("invalid_utf8")
    with fails_with(UnicodeDecodeError):
        ask(miner, "overview").json()


def test_faults_for_reads_and_for_pages(miner: Miner) -> None:
    miner.fault("reject", "reads", message="r")
    miner.fault("html_page", "/")
    assert ask(miner, "ping").json()["message"] == "r"
    assert ask(miner, "updatePools", POOL).json() == OK
    miner.heal()
    miner.fault("html_page", "/")
    assert b"Printer" in ask(miner, "/", method="GET").body
    assert ask(miner, "ping").json() == OK


def test_first_matching_fault_is_played_and_used_up(miner: Miner) -> None:
    miner.fault("reject", times=1, message="first")
    miner.fault("reject", times=1, message="second")
    assert [ask(miner, "ping").json().get("message") for _unused in range(3)] == ["first", "second", None]
    assert [fault["times"] for fault in miner.state()["faults"]] == [0, 0]


@pytest.mark.parametrize(
    ("fault", "explanation"),
    [
        ({"name": "nonsense"}, "unknown fault"),
        ({"name": "slow", "speed": 1}, "no parameter 'speed'"),
        ({"name": "slow", "delay_s": "1"}, "delay_s of fault"),
        ({"name": "html_error", "status": 299}, "status is one of"),
        ({"name": "drop_before", "action": "ping"}, "knows no action"),
        ({"name": "dark", "times": 2}, "times has no meaning"),
        ({"name": "drop", "times": 0}, "1 or more"),
        ({"name": "drop", "action": 1}, "action is"),
    ],
)
def test_wrong_faults_are_explained(miner: Miner, fault: dict[str, Any], explanation: str) -> None:
    with pytest.raises(ControlError, match=explanation):
        miner.fault(**fault)
    assert miner.state()["faults"] == []


def test_every_fault_is_tested() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in faults.TABLE if f'"{name}"' not in source] == []


def test_every_fault_is_in_the_readme() -> None:
    readme = (CHECKOUT / "tests/simulator/README.md").read_text(encoding="utf-8")
    assert [name for name in faults.TABLE if f"`{name}`" not in readme] == []


@pytest.mark.parametrize(
    ("name", "length"),
    [("oversized", 10**9), ("endless_head", 10**9), ("gzip_bomb", 10**5), ("nesting_bomb", 10**6)],
)
def test_replies_that_want_all_memory(miner: Miner, name: str, length: int) -> None:
    miner.fault(name, times=1)
    with socket.create_connection((miner.host, miner.port), timeout=10) as connection:
        connection.sendall(b"GET /api/ping HTTP/1.1\r\nHost: m\r\n\r\n")
        received = 0
        while received < min(length, 10**6):
            received += len(connection.recv(65536))
    assert received >= min(length, 10**6)
    assert ask(miner, "ping").json() == OK


def test_half_a_write(miner: Miner) -> None:
    miner.fault("half_write", "writes")
    second = {name.replace("1", "2"): value for name, value in POOL.items()}
    assert ask(miner, "updatePools", {**POOL, **second}).json() == OK
    assert len(miner.state()["pools"]) == 1


def test_another_controller_comes_right_after_a_write(miner: Miner) -> None:
    miner.fault("rival", "writes", values={"autotune": {"mode": "performance"}})
    assert ask(miner, "setAutoTune", {"autotune": "efficient"}).json() == OK
    assert miner.state()["autotune"]["mode"] == "performance"


def test_a_request_that_waits_for_a_worker_is_executed_late(miner: Miner) -> None:
    miner.fault("queued", "writes", delay_s=20)
    with fails_with(TimeoutError):
        ask(miner, "setAutoTune", {"autotune": "efficient"}, timeout=0.05)
    assert not miner.writes()[0]["applied"]
    wait_for(lambda: miner.writes()[0]["applied"])


def test_a_reboot_in_the_middle_of_a_request(miner: Miner) -> None:
    miner.fault("reboots", "writes")
    with fails_with(ConnectionError, http.client.RemoteDisconnected):
        ask(miner, "setAutoTune", {"autotune": "efficient"})
    wait_for(lambda: miner.state()["uptime_s"] < 10000)
    assert not miner.writes()[0]["applied"]


def test_a_clock_that_jumps(miner: Miner) -> None:
    before = miner.state()["clock_offset_s"]
    miner.fault("clock_jumps", "ping", offset_s=500, times=1)
    assert ask(miner, "ping").json() == OK
    assert miner.state()["clock_offset_s"] == before + 500
