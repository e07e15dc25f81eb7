# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control port, the command line, and the life of the process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import CHECKOUT, ControlError, Fleet, Miner

from .asking import OK, POOL, ask, wait_for


def test_request_log(miner: Miner) -> None:
    ask(miner, "updatePools", POOL)
    ask(miner, "/", auth=None, method="GET")
    write, page = miner.requests()
    assert write.pop("time") <= write.pop("ended") <= page.pop("time")
    assert write == {
        "method": "POST",
        "path": "/api/updatePools",
        "action": "updatePools",
        "user": "admin",
        "auth": "basic",
        "form": POOL,
        "write": True,
        "applied": True,
        "outcome": "answered",
        "replied": True,
        "concurrent": 1,
        "awaited": 1,
    }
    assert (page["action"], page["auth"], page["write"]) == (None, None, False)
    miner.clear()
    assert miner.requests() == []


def test_request_log_shows_whether_a_client_still_waits(miner: Miner) -> None:
    for name in ("lost_reply", "queued"):
        miner.fault(name, "ping", times=1)
        with pytest.raises((ConnectionError, TimeoutError)):
            ask(miner, "ping", timeout=0.3)
    wait_for(lambda: (ask(miner, "ping"), miner.requests()[-1]["awaited"] == 1)[1])
    lost, given_up, *_unused, answered = miner.requests()
    assert [request["replied"] for request in (lost, given_up, answered)] == [False, False, True]
    assert lost["ended"] is not None
    assert given_up["ended"] is None
    assert answered["concurrent"] == 2


def test_writes_of_the_fleet() -> None:
    with Fleet.start(count=2, first="127.32.0.1") as fleet:
        ask(fleet[1], "setAutoTune", {"autotune": "nonsense"})
        ask(fleet[0], "ping")
        writes = fleet.writes()
        assert {host: [request["action"] for request in requests] for host, requests in writes.items()} == {
            "127.32.0.1": [],
            "127.32.0.2": ["setAutoTune"],
        }
        fleet.clear()
        assert not any(fleet.writes().values())


def test_miners_are_found_by_address_and_by_mac(fleet: Fleet, miner: Miner) -> None:
    assert fleet.miner(miner.host) is fleet.miner(miner.mac) is miner
    old = miner.mac
    assert miner.set(mac="a0:b0:45:ff:ff:ff")["mac"] == miner.mac == "a0:b0:45:ff:ff:ff"
    for key in (old, miner.mac, miner.host):
        assert fleet.call("GET", f"/miners/{key}")["mac"] == miner.mac
    with pytest.raises(ControlError, match="no miner"):
        fleet.miner("127.99.99.99")


def test_second_client(fleet: Fleet, miner: Miner) -> None:
    again = Fleet.connect(fleet.control)
    assert again.port == fleet.port
    assert again.miner(miner.host).state()["mac"] == miner.mac


def test_miner_moved_by_hand(miner: Miner) -> None:
    miner.set(host="127.42.0.1")
    assert ask(miner, "network").json()["ipaddress"] == miner.host == "127.42.0.1"


@pytest.mark.parametrize(
    ("change", "explanation"),
    [
        ({"colour": "red"}, "'colour' is unknown"),
        ({"port": 80}, "'port' can only be read"),
        ({"pools": 3}, "'pools' must be a list"),
        ({"pools": [{"url": "x"}]}, "must be an object with url, user, pass"),
        ({"boards": [{"colour": "red"}]}, "has no 'colour'"),
        ({"network": {"mode": "both"}}, "mode must be one of dhcp, static"),
        ({"power": "half"}, "must be one of on, off"),
        ({"users": "gone"}, "must be one of absent, corrupt, misshapen, or must be an object"),
        ({"host": "rack"}, "must be an IPv4 address"),
        ({"uptime_s": True}, "must be a number"),
        ({"timing": {"boot_s": -1}}, "must not be negative"),
        ({"latency": {"*": "long"}}, "must be a number"),
        ({"ready": "yes"}, "must be bool"),
    ],
)
def test_wrong_changes_are_explained_and_change_nothing(miner: Miner, change: dict[str, Any], explanation: str) -> None:
    with pytest.raises(ControlError, match=explanation):
        miner.set(firmware="t1_20200101_000000", **change)
    assert miner.state()["firmware"] == "t1_20180515_060842"


@pytest.mark.parametrize(
    ("method", "path", "body", "explanation"),
    [
        ("GET", "/miners/127.99.99.99", None, "no miner has the address or MAC"),
        ("POST", "/speed", {"speed": 0}, "speed must be a number"),
        ("POST", "/speed", {"speed": "fast"}, "speed must be a number"),
    ],
)
def test_wrong_control_requests(fleet: Fleet, method: str, path: str, body: Any, explanation: str) -> None:
    with pytest.raises(ControlError, match=explanation):
        fleet.call(method, path, body)


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_body_that_is_no_object(fleet: Fleet, miner: Miner, body: bytes) -> None:
    host, port = fleet.control.removeprefix("http://").split(":")
    request = f"PUT /miners/{miner.mac}/faults HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request + body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_speed_reaches_those_who_sleep() -> None:
    with Fleet.start(speed=0.001) as fleet:
        fleet[0].set(timing={"boot_s": 0})
        with pytest.raises(TimeoutError):
            ask(fleet[0], "reboot", timeout=0.2)
        fleet.speed(1000)
        wait_for(lambda: fleet[0].state()["uptime_s"] < 4000)


def test_inventory(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    with Fleet.start(count=3, generation="mixed", inventory=inventory) as fleet:
        lines = inventory.read_text(encoding="utf-8").splitlines()
        assert lines[:4] == ["---", "dragonmint:", "  children:", "    dm_2018_04:"]
        assert f"          dragonmint_port: {fleet.port}" in lines
        assert "          ansible_host: 127.20.0.3" in lines
        assert "        miner0003:" in lines


def test_two_simulators_share_addresses() -> None:
    with Fleet.start() as one, Fleet.start() as two:
        assert one[0].host == two[0].host
        assert one.port != two.port
        assert ask(one[0], "ping").json() == ask(two[0], "ping").json() == OK


def command(*options: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.simulator", "--count", "2", *options]
    return subprocess.Popen(words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_ready_line() -> None:
    with command("--generation", "inno-2018-08", "--exit-with-stdin") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        assert [miner["host"] for miner in ready["miners"]] == ["127.20.0.1", "127.20.0.2"]
        assert {miner["port"] for miner in ready["miners"]} == {ready["port"]}
        assert ready["miners"][0]["generation"] == "inno-2018-08"
        assert ready["miners"][0]["mac"] == "a0:b0:45:00:00:01"
        assert ready["control"].startswith("http://127.0.0.1:")
        process.stdin.close()
        assert process.wait(timeout=5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly_with_a_request_pending(number: int) -> None:
    with command() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        fleet = Fleet.connect(json.loads(process.stdout.readline())["control"])
        fleet[0].fault("silent")
        with socket.create_connection((fleet[0].host, fleet[0].port), timeout=5) as connection:
            connection.sendall(b"GET /api/ping HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_for(fleet[0].requests)
            os.kill(process.pid, number)
            assert process.wait(timeout=5) == 0
        assert process.stderr.read() == b""


def test_taken_port_is_refused(fleet: Fleet) -> None:
    with command("--first", fleet[0].host, "--port", str(fleet.port)) as process:
        assert process.wait(timeout=10) != 0
        assert process.stderr is not None
        assert b"already in use" in process.stderr.read()


def test_start_that_fails_is_reported() -> None:
    with pytest.raises(ControlError, match="ended with code"):
        Fleet.start(generation="nonsense")


def test_a_thousand_miners_start_quickly() -> None:
    """Under a second on an idle core; the limit leaves room for a busy one."""
    began = time.monotonic()
    with Fleet.start(count=1000, first="127.33.0.1") as fleet:
        assert time.monotonic() - began < 5
        assert ask(fleet[999], "ping").json() == OK
        assert len({miner.mac for miner in fleet.miners}) == 1000
