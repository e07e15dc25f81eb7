# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stream of the journal."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest

from tests.simulator.control import Fleet, Miner

from .asking import ask, basic, login, wait_for

JOURNAL = (
    "-- Logs begin at Sat 2018-06-16 20:44:33 UTC, end at Sat 2018-06-16 22:04:40 UTC. --\n"
    "Jun 16 20:44:33 dragonMint cgminer[312]: one\n"
    "Jun 16 20:44:41 dragonMint dm-monitor[298]: two\n"
    "                                            and more\n"
    "Jun  6 20:45:02 dragonMint kernel: three: [x]\n"
)
LINES = JOURNAL.splitlines(keepends=True)
ENTRIES = [LINES[1], LINES[2] + LINES[3], LINES[4]]


class Stream:
    """A request whose answer is read chunk by chunk."""

    def __init__(self, miner: Miner, auth: str | None = None, **headers: str) -> None:
        self._socket = socket.create_connection((miner.host, miner.port), timeout=5)
        sent = {"Host": miner.host, "Authorization": auth or basic("admin", "dragonadmin"), **headers}
        lines = ["GET /stream/logs HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        self._socket.sendall("\r\n".join(lines).encode())
        self._stream = self._socket.makefile("rb")
        self.head = b"".join(iter(self._stream.readline, b"\r\n")).decode()

    def chunk(self) -> str | None:
        """None if the connection ended, an empty text for the last chunk."""
        size = self._stream.readline()
        if not size:
            return None
        data = self._stream.read(int(size, 16))
        self._stream.readline()
        return data.decode()

    def chunks(self, count: int) -> list[str | None]:
        return [self.chunk() for _unused in range(count)]

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


@pytest.fixture
def still(own: Fleet) -> Fleet:
    """Time almost stands still, so that no silence ends a stream too early."""
    own[0].set(journal=JOURNAL)
    own.speed(0.01)
    return own


@pytest.mark.parametrize("auth", ["basic", "token"])
def test_all_there_is_and_then_what_comes(still: Fleet, auth: str) -> None:
    miner = still[0]
    stream = Stream(miner, login(miner) if auth == "token" else None)
    assert stream.head.startswith("HTTP/1.1 200 OK\r\nServer: nginx/1.12.2\r\n")
    assert "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n" in stream.head
    assert stream.chunks(3) == ENTRIES
    miner.set(log="four\nand more")
    first, second = str(stream.chunk()).splitlines()
    prefix = first.removesuffix("four")
    assert prefix.endswith(" dragonMint cgminer[312]: ")
    assert second == " " * len(prefix) + "and more"
    miner.set(log="five")
    assert str(stream.chunk()).endswith(": five\n")
    stream.close()
    assert ask(miner, "getLogs").body.decode().endswith("five\n")


def test_silence_ends_it_without_the_last_chunk(still: Fleet) -> None:
    stream = Stream(still[0])
    assert stream.chunks(3) == ENTRIES
    still.speed(600)
    assert stream.chunk() is None
    assert still[0].requests()[-1]["outcome"] == "silence"
    with pytest.raises(http.client.IncompleteRead):
        ask(still[0], "/stream/logs", method="GET")
    stream.close()


def test_each_line_puts_the_silence_off(own: Fleet) -> None:
    own.speed(100)
    stream = Stream(own[0], Range="entries=:-1:")
    stream.chunk()
    for number in range(8):
        # 20 of the 60 simulated seconds.
        began = own[0].state()["uptime_s"]
        wait_for(lambda: own[0].state()["uptime_s"] > began + 20)  # noqa: B023
        own[0].set(log=str(number))
        assert str(stream.chunk()).endswith(f": {number}\n")
    stream.close()


def test_streams_keep_nobody_busy(still: Fleet) -> None:
    streams = [Stream(still[0]) for _unused in range(6)]
    ask(still[0], "ping")
    assert still[0].requests()[-1]["concurrent"] == 1
    for stream in streams:
        stream.close()


# Formats.


def test_objects(still: Fleet) -> None:
    stream = Stream(still[0], Accept="application/json")
    assert "Content-Type: application/json\r\n" in stream.head
    chunks = [str(chunk) for chunk in stream.chunks(3)]
    assert all(chunk.endswith("}\n") and chunk.count("\n") == 1 for chunk in chunks)
    one, two, three = (json.loads(chunk) for chunk in chunks)
    assert (two["MESSAGE"], two["SYSLOG_IDENTIFIER"], two["_PID"]) == ("two\nand more", "dm-monitor", "298")
    assert (three["MESSAGE"], three["SYSLOG_IDENTIFIER"], "_PID" in three) == ("three: [x]", "kernel", False)
    assert all(isinstance(value, str) for value in one.values())
    assert int(two["__REALTIME_TIMESTAMP"]) - int(one["__REALTIME_TIMESTAMP"]) == 8_000_000
    stream.close()


def test_events(still: Fleet) -> None:
    stream = Stream(still[0], Accept="text/event-stream")
    chunk = str(stream.chunk())
    assert json.loads(chunk.removeprefix("data: "))["MESSAGE"] == "one"
    assert chunk.endswith("}\n\n")
    stream.close()


def test_export(still: Fleet) -> None:
    stream = Stream(still[0], Accept="application/vnd.fdo.journal")
    one, two = str(stream.chunk()), str(stream.chunk())
    assert "\nMESSAGE=one\n" in one
    assert one.endswith("\n\n")
    assert "\nMESSAGE\n\x0c\0\0\0\0\0\0\0two\nand more\n" in two
    stream.close()


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json, */*"])
def test_other_formats_are_lines(still: Fleet, accept: str) -> None:
    stream = Stream(still[0], Accept=accept)
    assert stream.chunk() == ENTRIES[0]
    stream.close()


# Ranges.


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("entries=:-2:2", ENTRIES[1:]),
        ("entries=:-1:1", ENTRIES[2:]),
        ("entries=:1:1", ENTRIES[1:2]),
        ("entries=:2", ENTRIES[:2]),
        ("entries=:-9:3", ENTRIES),
    ],
)
def test_ranges_that_end(still: Fleet, entries: str, expected: list[str]) -> None:
    answer = ask(still[0], "/stream/logs", method="GET", headers={"Range": entries})
    assert answer.body.decode() == "".join(expected)


def test_range_that_goes_on(still: Fleet) -> None:
    stream = Stream(still[0], Range="entries=:-1:")
    assert stream.chunk() == ENTRIES[2]
    still[0].set(log="next")
    assert str(stream.chunk()).endswith("next\n")
    stream.close()


def test_range_from_a_cursor(still: Fleet) -> None:
    stream = Stream(still[0], Accept="application/json")
    cursor = json.loads(str(stream.chunks(2)[1]))["__CURSOR"]
    stream.close()
    answer = ask(still[0], "/stream/logs", method="GET", headers={"Range": f"entries={cursor}:1:1"})
    assert answer.body.decode() == ENTRIES[2]


@pytest.mark.parametrize("entries", ["entries=:x:2", "bytes=0-10", "entries=:-1:0"])
def test_ranges_that_are_none(miner: Miner, entries: str) -> None:
    answer = ask(miner, "/stream/logs", method="GET", headers={"Range": entries})
    assert (answer.status, answer.body) == (400, b"Failed to parse Range header.\n")


# Refusals.


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_only_get(miner: Miner, method: str) -> None:
    answer = ask(miner, "/stream/logs", method=method)
    assert (answer.status, answer.header("Content-Type"), answer.body) == (406, "text/plain", b"Unsupported method.\n")


def test_no_query(miner: Miner) -> None:
    answer = ask(miner, "/stream/logs?follow", method="GET")
    assert (answer.status, answer.body) == (400, b"Failed to parse URL arguments.\n")


@pytest.mark.parametrize("auth", [None, "guest", "Bearer x"])
def test_only_the_admin_reads_it(miner: Miner, auth: str | None) -> None:
    assert ask(miner, "/stream/logs", method="GET", auth=auth).status == 401


def test_reboot_empties_the_journal_and_cuts_the_stream(miner: Miner) -> None:
    miner.set(journal=JOURNAL, timing={"boot_s": 1})
    stream = Stream(miner)
    stream.chunks(3)
    ask(miner, "reboot")
    assert stream.chunk() is None
    stream.close()
    wait_for(lambda: miner.state()["uptime_s"] < 3600)
    lines = ask(miner, "getLogs").body.decode().splitlines()
    assert lines[0].startswith("-- Logs begin at ")
    assert [line.partition(": ")[2] for line in lines[1:]] == ["Started cgminer 4.10.0"]


def test_restart_of_cgminer_is_written_down(still: Fleet) -> None:
    stream = Stream(still[0], Range="entries=:-1:")
    stream.chunk()
    ask(still[0], "restartCgMiner")
    still.speed(100)
    assert str(stream.chunk()).endswith("Started cgminer 4.10.0\n")
    stream.close()


# Faults.


def read_some(miner: Miner, size: int, **headers: Any) -> bytes:
    connection = http.client.HTTPConnection(miner.host, miner.port, timeout=5)
    connection.request("GET", "/stream/logs", headers={"Authorization": basic("admin", "dragonadmin"), **headers})
    data = connection.getresponse().read(size)
    connection.close()
    return data


def test_endless(miner: Miner) -> None:
    miner.fault("endless")
    assert len(ask(miner, "getLogs").body) < 1000
    data = read_some(miner, 20_000_000)
    assert len(data) == 20_000_000
    assert len(set(data[:100_000].splitlines()[:-1])) == 1


def test_binary(miner: Miner) -> None:
    miner.fault("binary")
    data = ask(miner, "/stream/logs", method="GET").body
    assert b"\0" in data
    with pytest.raises(UnicodeDecodeError):
        data.decode()


def test_unbroken(miner: Miner) -> None:
    miner.fault("unbroken")
    assert read_some(miner, 200_000) == b"x" * 200_000


def test_trickle(still: Fleet) -> None:
    still[0].fault("trickle")
    still.speed(20)
    stream = Stream(still[0])
    assert stream.head.startswith("HTTP/1.1 200 OK\r\n")
    assert stream.chunks(3) == ["x"] * 3
    stream.close()


def test_drip_and_silent(miner: Miner) -> None:
    miner.fault("drip", "/stream/logs", times=1)
    with socket.create_connection((miner.host, miner.port), timeout=5) as connection:
        header = basic("admin", "dragonadmin")
        connection.sendall(f"GET /stream/logs HTTP/1.1\r\nHost: x\r\nAuthorization: {header}\r\n\r\n".encode())
        assert connection.recv(100) == b"H"
    miner.fault("silent", "/stream/logs")
    with pytest.raises(TimeoutError):
        ask(miner, "/stream/logs", method="GET", timeout=0.3)
    assert [request["outcome"] for request in miner.requests()] == ["drip", "silent"]


def test_faults_do_not_let_guests_in(miner: Miner) -> None:
    for name in ("endless", "binary", "unbroken", "trickle"):
        miner.fault(name, times=1)
        assert ask(miner, "/stream/logs", method="GET", auth="guest").status == 401
