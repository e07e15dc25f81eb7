# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log is read from servers that stream like a miner, and from misbehaving ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import logs
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    InvalidInput,
    MinerError,
    PermissionDenied,
    Rejected,
    TimedOut,
    Unreachable,
    Unsupported,
)

from .driving import Driven, asking
from .helpers import WRONG_PASSWORD, basic, jwt_of, logged_in
from .loopback import Listen, Peer, Talk, http

# Far more than it takes, far less than a stream that never ends.
SOON_S = 10.0
TIMEOUT_S = 1.0
PAUSE_S = 0.2

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: %s\r\n\r\n"
LINES = [f"Jun 16 20:44:3{number} dragonMint cgminer[312]: line {number}" for number in range(4)]
REFUSED = http(b"<html><head><title>401 Authorization Required</title></head></html>", "401 Unauthorized")

Read = Callable[..., logs.Log]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


ENTRIES = b"".join(chunk(f"{line}\n".encode()) for line in LINES)
END = b"0\r\n\r\n"


def streaming(body: bytes, *, holds: bool = False, connection: bytes = b"keep-alive") -> Talk:
    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD % connection + body)
        if holds:
            peer.hold()

    return talk


@pytest.fixture
def read(listen: Listen, cleanup: ExitStack, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads the log from a server with this behaviour, with these options of the module and of the connection."""
    monkeypatch.setattr(logs, "PAUSE_S", PAUSE_S)

    def read(talk: Talk, connection: Any = None, secrets: tuple[str, ...] = (), **options: Any) -> logs.Log:
        server = listen(talk)
        usual = {"password": "dragonadmin", "timeout_s": TIMEOUT_S, "retries": 0}
        client = Driven("127.0.0.1", port=server.port, **{**usual, **(connection or {})})
        cleanup.callback(client.close)
        usual = {"lines": 1000, "match": None, "max_bytes": 100_000}
        selection = logs.selection_from({**usual, **options}, options.pop("duration", 0))
        began = time.monotonic()
        try:
            return asking(logs.read, client, selection, secrets)
        finally:
            assert time.monotonic() - began < SOON_S

    return read


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, "Range: entries=:-1000:1000"),
        ({"lines": 2}, "Range: entries=:-2:2"),
        ({"lines": 2, "duration": 0.1}, "Range: entries=:-2:"),
        ({"lines": 0}, None),
    ],
)
def test_what_is_asked_for(options: dict[str, Any], asked: str | None, read: Read) -> None:
    requests = []

    def talk(peer: Peer) -> None:
        requests.append(peer.read_request().decode())
        peer.send(HEAD % b"close" + END)

    read(talk, **options)
    request_line, *headers = requests[0].split("\r\n")
    assert request_line == "GET /stream/logs HTTP/1.1"
    assert [header for header in headers if header.startswith("Range")] == ([asked] if asked else [])
    assert f"Authorization: {basic('admin', 'dragonadmin')}" in headers
    assert "Accept: text/plain" in headers
    assert not [header for header in headers if header.startswith("Content-")]


@pytest.mark.parametrize("connection", [b"keep-alive", b"close"])
def test_a_stream_that_ends(connection: bytes, read: Read) -> None:
    assert read(streaming(ENTRIES + END, connection=connection)) == logs.Log(LINES, "miner", is_truncated=False)


@pytest.mark.parametrize(
    ("body", "holds", "options", "ended_by", "is_truncated"),
    [
        (ENTRIES, True, {}, "pause", False),
        (ENTRIES, True, {"duration": 0.3}, "time", False),
        (ENTRIES, False, {}, "cut", True),
        (ENTRIES, False, {"duration": SOON_S}, "cut", False),
        (ENTRIES + b"zz\r\n", True, {}, "cut", True),
        (ENTRIES + b"0" * 100_000, True, {}, "cut", True),
        (ENTRIES + b"ffffffff\r\n", True, {}, "pause", False),
        (ENTRIES + END, False, {"max_bytes": 4 * 64 + 1}, "miner", False),
        (ENTRIES + chunk(b"x\n"), True, {"max_bytes": 4 * 64}, "max_bytes", True),
    ],
)
def test_what_ends_one_that_does_not(
    body: bytes, holds: bool, options: dict[str, Any], ended_by: str, is_truncated: bool, read: Read
) -> None:
    assert read(streaming(body, holds=holds), **options) == logs.Log(LINES, ended_by, is_truncated)


def test_new_entries_are_followed_for_the_whole_duration(read: Read) -> None:
    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD % b"close")
        for line in LINES[:2]:
            time.sleep(1.5 * PAUSE_S)
            peer.send(chunk(f"{line}\n".encode()))
        peer.hold()

    assert read(talk, duration=12 * PAUSE_S) == logs.Log(LINES[:2], "time", is_truncated=False)


@pytest.mark.parametrize("duration", [0, 0.5])
@pytest.mark.parametrize(
    ("pattern", "drips", "most"),
    [
        (chunk(b"x"), True, 1),
        (b"1;", True, 0),
        (b"1;", False, 0),
        (chunk(b"x" * 100_000), False, 100_000 // logs.LINE_BYTES_MAX),
        (chunk(b"\n"), False, 0),
        (chunk(b"a\n"), False, 100_000 // logs.LINE_BYTES_MIN),
    ],
    ids=["dripping", "dripping chunk size", "endless chunk size", "a line without end", "empty lines", "short lines"],
)
def test_one_that_drips_or_floods_ends_in_time_and_in_bounds(
    pattern: bytes, drips: bool, most: int, duration: float, read: Read
) -> None:
    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD % b"close")
        if drips:
            peer.drip(pattern)
        while not drips:
            peer.send(pattern * 100)

    log = read(talk, duration=duration)
    assert len(log.lines) == most
    assert sum(map(len, log.lines)) <= 100_000


@pytest.mark.parametrize("talk", [lambda peer: peer.hold(), lambda peer: peer.drip(b"HTTP/1.1 200 OK\r\nX: y\r\n" * 9)])
def test_a_head_that_does_not_come_is_a_timeout(talk: Talk, read: Read) -> None:
    with pytest.raises(TimedOut, match="/stream/logs"):
        read(talk, duration=SOON_S)


def test_a_line_that_is_too_long_comes_in_parts(read: Read) -> None:
    long = "ab" * logs.LINE_BYTES_MAX
    for ending in (b"", b"\nend\n"):
        lines = read(streaming(chunk(long.encode() + ending) + END)).lines
        assert lines == [long[: logs.LINE_BYTES_MAX], long[logs.LINE_BYTES_MAX :], *(["end"] if ending else [])]


def test_lines_are_put_together_and_their_endings_are_no_part_of_them(read: Read) -> None:
    body = chunk("ein Stück ".encode()[:7]) + chunk("ein Stück ".encode()[7:]) + chunk(b"more\r\n  indented\n\nlast")
    assert read(streaming(body + END)).lines == ["ein Stück more", "  indented", "last"]


def test_nothing_steers_a_terminal(read: Read) -> None:
    (line,) = read(streaming(chunk(b"a\tb \x1b[31m \x00 \xff \xe2\x80\xae\n") + END)).lines
    assert line == "a b ?[31m ? \ufffd ?"


def test_secrets_are_masked_before_anything_is_matched(read: Read) -> None:
    body = chunk(b"pool stratum+tcp://farm:pool-secret@pool.example:3333 with dragonadmin\n") + END
    assert read(streaming(body), secrets=("dragonadmin",)).lines == [
        "pool stratum+tcp://farm:********@pool.example:3333 with ********"
    ]
    assert read(streaming(body), secrets=("dragonadmin",), match="dragonadmin").lines == []


def test_only_what_matches_is_kept_and_counts(read: Read) -> None:
    log = read(streaming(ENTRIES * 50 + END), match="line [13]$", max_bytes=100 * 64)
    assert (log.lines, log.is_truncated) == ([LINES[1], LINES[3]] * 50, False)


# Who may read it, and what may be there instead.


def miner(*replies: bytes) -> tuple[Talk, list[str]]:
    """Sends these replies in order, and records the requests."""
    left, asked = list(replies), []

    def talk(peer: Peer) -> None:
        while request := peer.read_request():
            asked.append(request.decode().partition(" HTTP")[0])
            peer.send(left.pop(0))

    return talk, asked


LOG = "GET /stream/logs"
AUTH = "POST /api/auth"
WHOLE = HEAD % b"keep-alive" + ENTRIES + END


def login(user: str) -> bytes:
    return http(logged_in(user).body)


@pytest.mark.parametrize(
    ("replies", "connection", "error", "expected"),
    [
        ([REFUSED, login("guest"), REFUSED], {"username": "guest"}, PermissionDenied, [LOG, AUTH, LOG]),
        ([REFUSED, login("admin"), REFUSED], {}, PermissionDenied, [LOG, AUTH, LOG]),
        ([REFUSED, http(WRONG_PASSWORD.body)], {}, AuthenticationFailed, [LOG, AUTH]),
        ([http(WRONG_PASSWORD.body)], {"auth": "jwt"}, AuthenticationFailed, [AUTH]),
        ([http(b"Not Found", "404 Not Found")], {}, Unsupported, [LOG]),
        ([http(b"<html>", "200 OK", "Content-Type: text/html")], {}, Unsupported, [LOG]),
        ([http(b"{}")], {}, Unsupported, [LOG]),
        ([http(b"Failed to parse Range header.\n", "400 Bad Request")], {}, Rejected, [LOG]),
        ([http(b"Unsupported method.\n", "406 Not Acceptable")], {}, Rejected, [LOG]),
        ([http(b"", "302 Found", "Location: /x")], {}, BadReply, [LOG]),
        ([http(b"", "206 Partial Content")], {}, BadReply, [LOG]),
        ([http(b"", "502 Bad Gateway")] * 3, {"retries": 2}, BadReply, [LOG] * 3),
    ],
)
def test_a_refusal_is_resolved(
    replies: list[bytes], connection: dict[str, Any], error: type[MinerError], expected: list[str], read: Read
) -> None:
    talk, asked = miner(*replies)
    with pytest.raises(error):
        read(talk, connection)
    assert asked == expected


def test_what_the_miner_did_not_understand_is_reported(read: Read) -> None:
    with pytest.raises(Rejected, match=r"Failed to parse Range header\. Try lines=0"):
        read(miner(http(b"Failed to parse Range header.\n", "400 Bad Request"))[0])


@pytest.mark.parametrize(
    ("replies", "connection", "expected"),
    [
        ([REFUSED, login("admin"), WHOLE], {}, [LOG, AUTH, LOG]),
        (
            [REFUSED, http(WRONG_PASSWORD.body), login("admin"), WHOLE],
            {"fallback_passwords": ("second",)},
            [LOG, AUTH, AUTH, LOG],
        ),
        ([login("admin"), WHOLE], {"auth": "jwt"}, [AUTH, LOG]),
        ([http(b"", "502 Bad Gateway"), WHOLE], {"retries": 1}, [LOG, LOG]),
    ],
)
def test_it_is_read_once_the_login_is_right(
    replies: list[bytes], connection: dict[str, Any], expected: list[str], read: Read
) -> None:
    talk, asked = miner(*replies)
    assert read(talk, connection).lines == LINES
    assert asked == expected


def test_a_token_is_masked_too(read: Read) -> None:
    talk, _asked = miner(login("admin"), HEAD % b"close" + chunk(f"saw {jwt_of('admin')}\n".encode()) + END)
    assert read(talk, {"auth": "jwt"}).lines == ["saw ********"]


def test_a_miner_that_hangs_up_is_unreachable(read: Read) -> None:
    with pytest.raises(Unreachable):
        read(lambda peer: None)


@pytest.mark.parametrize(
    ("option", "value"),
    [("lines", -1), ("max_bytes", 0), ("max_bytes", 2**40), ("match", "("), ("match", "a{99999999999999999999}")],
)
def test_bad_options_are_refused(option: str, value: Any) -> None:
    options = {"lines": 10, "match": None, "max_bytes": 1000, option: value}
    with pytest.raises(InvalidInput, match=option):
        logs.selection_from(options, 0)


def test_a_result_without_lines_or_dest_is_unchanged() -> None:
    for result, dest in (({"lines": ["a"]}, None), ({"failed": True}, "/nowhere")):
        assert logs.delivered(result, dest, check_mode=False) is result
