# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both drivers have the same results in the same situation: value or error, requests on the wire, and pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    MinerError,
    NotReady,
    PermissionDenied,
    TimedOut,
    Unreachable,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import (
    Probe,
    ReadStream,
    RunAction,
    Steps,
    Together,
    Wait,
    apart,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import ssl_context
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AUTOTUNE_STATUS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import REPLY_BYTES_MAX
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS, Pool, update_pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import TYPE

from .driving import Drive, connection_to, over_aiohttp, over_requests
from .helpers import EXPIRED, INVALID_REQUEST, NO_REASON, SUCCESS, WRONG_PASSWORD, logged_in, said
from .loopback import Authority, Listen, Peer, Server, Talk, chunked, closed_port, http

# For replies that should come too late; everything else takes far less.
TIMEOUT_S = 0.4
AMPLE_S = 20.0
NO_POOLS = http(said(success=True, pools=[]).body)
UPDATE = update_pools([Pool("stratum+tcp://a:1", "ä b", "x")])
LOG = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Outcome:
    """The result of steps. The port of a server varies, so it is written as PORT."""

    value: Any = None
    error: type[BaseException] | None = None
    message: str = ""
    sent: bool | None = None
    transient: bool | None = None
    requests: list[list[str]] = field(default_factory=list)
    connections: int = 0
    pauses: list[float] = field(default_factory=list)


def outcome_of(drive: Drive, steps: Steps[Any], server: Server) -> Outcome:
    outcome = Outcome()
    try:
        outcome.value = drive(steps, outcome.pauses)
    except MinerError as error:
        outcome.error, outcome.sent, outcome.transient = type(error), error.sent, error.transient
        outcome.message = str(error).replace(str(server.port), "PORT")
    outcome.requests = [lines_of(request, server) for request in server.requests]
    outcome.connections = server.accepted
    return outcome


def lines_of(request: bytes, server: Server) -> list[str]:
    """The request line, the headers in the order of their names, and the body."""
    head, _gap, body = request.decode().replace(str(server.port), "PORT").partition("\r\n\r\n")
    first, *headers = head.split("\r\n")
    # requests sends this header, aiohttp leaves it to HTTP/1.1.
    return [first, *sorted(header for header in headers if header != "Connection: keep-alive"), body]


def replies(*sent: bytes) -> Talk:
    """These replies, one per request; the last one repeats."""
    left = list(sent)

    def talk(peer: Peer) -> None:
        while peer.read_request():
            peer.send(left.pop(0) if len(left) > 1 else left[0])

    return talk


def reads(*sent: Any) -> Talk:
    return replies(*(http(reply.body) for reply in sent))


def hang_up(peer: Peer) -> None:
    peer.read_request()


def reset(peer: Peer) -> None:
    peer.read_request()
    peer.reset()


def hold(peer: Peer) -> None:
    peer.hold()


def cut_off(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")


def headless(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\n")


def drip(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    peer.drip(b" ")


def endless(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _number in range(REPLY_BYTES_MAX // 65536 + 2):
        peer.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
    peer.hold()


def once_each(*talks: Talk) -> Talk:
    """Each connection gets another behaviour; the last one repeats."""
    left = list(talks)

    def talk(peer: Peer) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(peer)

    return talk


Ask = Callable[[Session], "Steps[Any]"]


def read(session: Session) -> Steps[Any]:
    return (yield from session.read(POOLS))


def write(session: Session) -> Steps[Any]:
    return (yield from session.write(UPDATE))


def read_twice(session: Session) -> Steps[Any]:
    return [(yield from session.read(POOLS)), (yield from session.read(POOLS))]


def read_again_later(session: Session) -> Steps[Any]:
    first = yield from session.read(POOLS)
    yield Wait(60.0)
    return [first, (yield from session.read(POOLS))]


def read_the_status(session: Session) -> Steps[Any]:
    return (yield from session.read(AUTOTUNE_STATUS))


def read_the_title(session: Session) -> Steps[Any]:
    return (yield from session.page_title())


def read_the_log(session: Session) -> Steps[Any]:
    yield from session.open_log(2, is_followed=False)
    log = b""
    while piece := (yield ReadStream(AMPLE_S)):
        log += piece
    return log


def read_a_silent_log(session: Session) -> Steps[Any]:
    yield from session.open_log(2, is_followed=False)
    yield ReadStream(AMPLE_S)
    yield ReadStream(TIMEOUT_S)


def read_the_log_then_pools(session: Session) -> Steps[Any]:
    yield from session.open_log(2, is_followed=True)
    first = yield ReadStream(AMPLE_S)
    return [first, (yield from session.read(POOLS))]


def look_beside(session: Session) -> Steps[Any]:
    """Two at once over their own connections, one of which fails, then on with the session's own."""
    outcomes = yield Together([session.read(POOLS), session.read(TYPE)], at_once=1)
    return [outcomes[0], type(outcomes[1]), (yield from session.read(POOLS))]


def look_apart(session: Session) -> Steps[Any]:
    return (yield from apart(session.elsewhere("127.0.0.1", ["other"], 5.0).read(POOLS)))


def probe(session: Session) -> Steps[Any]:
    port = session.connection.port
    return [(yield Probe("127.0.0.1", port, 5.0)), (yield Probe("127.0.0.1", closed_port(), 5.0))]


def attend(session: Session) -> Steps[Any]:
    async def act(run: Any) -> Any:
        return [await run(session.read(POOLS)), await run(session.read(POOLS))]

    return (yield RunAction(act))


def wait(session: Session) -> Steps[Any]:
    yield Wait(3600.0)


SITUATIONS: dict[str, tuple[Ask, Callable[[], Talk], dict[str, Any], Any]] = {
    "a value": (read, lambda: replies(NO_POOLS), {}, ()),
    "in chunks": (read, lambda: replies(chunked(b'{"success":true,', b'"pools":[]}')), {}, ()),
    "one connection": (read_twice, lambda: replies(NO_POOLS), {}, [(), ()]),
    "a write": (write, lambda: reads(SUCCESS), {}, False),
    "a page": (read_the_title, lambda: replies(http(b"<title>DragonMint</title>")), {}, "DragonMint"),
    "a page without end": (read_the_title, lambda: endless, {}, BadReply),
    "refused once": (read, lambda: reads(NO_REASON, said(success=True, pools=[])), {}, ()),
    "never ready": (read, lambda: reads(NO_REASON), {}, NotReady),
    "the web server alone": (read, lambda: replies(http(b"", "502 Bad Gateway")), {}, BadReply),
    "no pauses without retries": (read, lambda: reads(NO_REASON), {"retries": 0}, NotReady),
    "dropped": (read, lambda: hang_up, {"retries": 1}, Unreachable),
    "reset": (read, lambda: reset, {"retries": 1}, Unreachable),
    "dropped once": (read, lambda: once_each(hang_up, replies(NO_POOLS)), {}, ()),
    "a lost reply to a write": (write, lambda: hang_up, {}, Unreachable),
    "late": (read, lambda: hold, {"timeout_s": TIMEOUT_S}, TimedOut),
    "late byte by byte": (read, lambda: drip, {"timeout_s": TIMEOUT_S}, TimedOut),
    "a late write": (write, lambda: hold, {"timeout_s": TIMEOUT_S}, TimedOut),
    "cut off": (read, lambda: cut_off, {"retries": 1}, BadReply),
    "cut off in its head": (read, lambda: headless, {"retries": 1}, BadReply),
    "without end": (read, lambda: endless, {}, BadReply),
    "not HTTP": (read, lambda: replies(b"SSH-2.0-OpenSSH_7.4\r\n\r\n"), {"retries": 0}, BadReply),
    "TLS": (read, lambda: close_after(b"\x15\x03\x01\x00\x02\x02\x46"), {"retries": 0}, BadReply),
    "a proxy that wants TLS": (
        read,
        lambda: replies(http(b"The plain HTTP request was sent to HTTPS port", "400 Bad Request")),
        {},
        BadReply,
    ),
    "a redirect": (read, lambda: replies(http(b"", "302 Found", "Location: http://127.0.0.1:1/")), {}, BadReply),
    "a wrong password": (
        read,
        lambda: reads(INVALID_REQUEST, WRONG_PASSWORD, WRONG_PASSWORD),
        {"fallback_passwords": ("two",)},
        AuthenticationFailed,
    ),
    "a second password": (
        read,
        lambda: reads(INVALID_REQUEST, WRONG_PASSWORD, logged_in(), said(success=True, pools=[])),
        {"fallback_passwords": ("two",)},
        (),
    ),
    "no such action": (
        read_the_status,
        lambda: reads(INVALID_REQUEST, logged_in(), INVALID_REQUEST),
        {},
        Unsupported,
    ),
    "a guest": (write, lambda: reads(SUCCESS), {"username": "guest"}, PermissionDenied),
    "a token that has expired": (
        read,
        lambda: reads(logged_in(), EXPIRED, logged_in(number=2), said(success=True, pools=[])),
        {"auth": "jwt"},
        (),
    ),
    "a log": (
        read_the_log,
        lambda: replies(LOG.encode() + b"4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"),
        {},
        b"one\ntwo\n",
    ),
    "a silent log": (
        read_a_silent_log,
        lambda: once_each(send_and_hold(LOG.encode() + b"4\r\none\n\r\n")),
        {},
        TimedOut,
    ),
    "a log that breaks off": (
        read_the_log,
        lambda: send_and_end(LOG.encode() + b"4\r\none\n\r\n40\r\ntw"),
        {},
        BadReply,
    ),
    "after a log": (
        read_the_log_then_pools,
        lambda: once_each(send_and_hold(LOG.encode() + b"4\r\none\n\r\n"), replies(NO_POOLS)),
        {},
        [b"one\n", ()],
    ),
    "together": (look_beside, lambda: replies(NO_POOLS), {}, [(), type(None), ()]),
    "apart": (look_apart, lambda: replies(NO_POOLS), {}, ()),
    "attended": (attend, lambda: replies(NO_POOLS), {}, [(), ()]),
    "a wait": (wait, lambda: hold, {}, None),
}


def close_after(reply: bytes) -> Talk:
    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(reply)

    return talk


def send_and_hold(data: bytes) -> Talk:
    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        peer.hold()

    return talk


send_and_end = close_after


@pytest.mark.parametrize("situation", SITUATIONS)
def test_both_drivers_bring_the_same(situation: str, listen: Listen) -> None:
    ask, talk, options, expected = SITUATIONS[situation]
    outcomes = []
    for drive in (over_requests, over_aiohttp):
        server = listen(talk())
        connection = connection_to(**{"host": "127.0.0.1", "port": server.port, "timeout_s": AMPLE_S, **options})
        outcomes.append(outcome_of(drive, ask(Session(connection)), server))
    assert outcomes[0] == outcomes[1]
    if isinstance(expected, type):
        assert outcomes[0].error is expected
    else:
        assert (outcomes[0].error, outcomes[0].value) == (None, expected)


@pytest.mark.parametrize(
    ("validate_certs", "trusts", "error"), [(True, True, None), (True, False, Unreachable), (False, False, None)]
)
def test_both_drivers_trust_the_same(
    validate_certs: bool, trusts: bool, error: type[MinerError] | None, listen: Listen, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    context = ssl_context(validate_certs, str(authority.path) if trusts else None)
    outcomes = []
    for drive in (over_requests, over_aiohttp):
        server = listen(replies(NO_POOLS), authority.server())
        connection = connection_to("127.0.0.1", port=server.port, scheme="https", tls=context)
        outcomes.append(outcome_of(drive, read(Session(connection)), server))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].error is error


class UntilClosed(list[float]):
    """Pauses that last until the server has ended a connection."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def append(self, seconds: float) -> None:
        super().append(seconds)
        assert self.server.closed.acquire(timeout=10.0)


@pytest.mark.parametrize("drive", [over_requests, over_aiohttp])
def test_a_connection_that_has_ended_is_reopened(drive: Drive, listen: Listen) -> None:
    server = listen(close_after(NO_POOLS))
    pauses = UntilClosed(server)
    session = Session(connection_to("127.0.0.1", port=server.port))
    assert drive(read_again_later(session), pauses) == [(), ()]
    assert (pauses, server.accepted) == ([60.0], 2)


@pytest.mark.parametrize("drive", [over_requests, over_aiohttp])
def test_a_probe_succeeds_where_something_listens(drive: Drive, listen: Listen) -> None:
    server = listen(hold)
    assert drive(probe(Session(connection_to("127.0.0.1", port=server.port))), []) == [True, False]


@pytest.mark.parametrize("drive", [over_requests, over_aiohttp])
def test_nobody_there(drive: Drive) -> None:
    pauses: list[float] = []
    with pytest.raises(Unreachable, match=r"No miner answers at http://127\.0\.0\.1:\d+: connection refused") as caught:
        drive(Session(connection_to("127.0.0.1", port=closed_port())).read(POOLS), pauses)
    assert (caught.value.sent, caught.value.transient) == (False, True)
    assert pauses == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("drive", [over_requests, over_aiohttp])
def test_a_stream_is_opened_before_it_is_read(drive: Drive) -> None:
    def hasty() -> Steps[None]:
        yield ReadStream(1.0)

    with pytest.raises(RuntimeError, match="before it was opened"):
        drive(hasty(), [])


@pytest.mark.parametrize("drive", [over_requests, over_aiohttp])
def test_a_bug_in_steps_reaches_their_caller(drive: Drive) -> None:
    def broken() -> Steps[None]:
        yield Wait(1.0)
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        drive(broken(), [])
