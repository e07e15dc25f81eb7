# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport with real sockets: the bytes on the wire, and the result of each way in which it can break."""

from __future__ import annotations

import gzip
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    TimedOut,
    Unreachable,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.transport import Transport
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import REPLY_BYTES_MAX, Reply

from .loopback import Listen, Open, Peer, Talk, chunked, closed_port, http

TIMEOUT_S = 0.2
# Far longer than it takes, far shorter than a reply at one byte at a time.
SOON_S = 10.0

GZIPPED = gzip.compress(b"{}", mtime=0)


def answering(reply: bytes) -> Talk:
    return lambda peer: peer.serve(reply)


def answering_once(reply: bytes) -> Talk:
    """Answers, then hangs up."""

    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(reply)

    return talk


def post(transport: Transport) -> Reply:
    return transport.post("/api/pools", {}, None)


def test_a_request_is_a_posted_form_and_nothing_else(listen: Listen, open_transport: Open) -> None:
    server = listen(answering(http(b"{}")))
    open_transport(server.url).post("/api/updatePools", {"Pool1": "a b&c=ü/", "Password1": "x"}, "Basic abc=")
    head, _gap, body = server.requests[0].partition(b"\r\n\r\n")
    request_line, *headers = head.decode().split("\r\n")
    assert body == b"Pool1=a+b%26c%3D%C3%BC%2F&Password1=x"
    assert request_line == "POST /api/updatePools HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Authorization: Basic abc=",
        f"Content-Length: {len(body)}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: minerops.dragonmint",
    ]


def test_a_page_is_fetched_without_a_login(listen: Listen, open_transport: Open) -> None:
    server = listen(answering(http(b"<title>DragonMint</title>")))
    assert open_transport(server.url).get("/").body == b"<title>DragonMint</title>"
    assert server.requests[0].startswith(b"GET / HTTP/1.1\r\n")
    assert b"Authorization" not in server.requests[0]


def test_an_empty_form_has_a_length_of_0_and_no_login_is_made_up(listen: Listen, open_transport: Open) -> None:
    server = listen(answering(http(b"{}")))
    post(open_transport(server.url))
    assert b"\r\nContent-Length: 0\r\n" in server.requests[0]
    assert b"Authorization" not in server.requests[0]


DATE = "Sat, 16 Jun 2018 22:04:25 GMT"


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (http(b'{"success":true}'), Reply(200, b'{"success":true}')),
        (chunked(b'{"success"', b":true}"), Reply(200, b'{"success":true}')),
        (http(b"", "200 OK", f"Date: {DATE}"), Reply(200, b"", date=DATE)),
        (http(b"gone", "502 Bad Gateway"), Reply(502, b"gone")),
        (http(b"", "301 Moved Permanently", "Location: /api/"), Reply(301, b"", location="/api/")),
        (http(GZIPPED, "200 OK", "Content-Encoding: gzip"), Reply(200, GZIPPED)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Reply(204, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + http(b"{}"), Reply(200, b"{}")),
    ],
    ids=["length", "chunks", "date", "5xx", "redirect", "gzip", "no content", "after 100"],
)  # fmt: skip
def test_a_reply_comes_in_as_it_was_sent(sent: bytes, reply: Reply, listen: Listen, open_transport: Open) -> None:
    server = listen(answering(sent))
    assert post(open_transport(server.url)) == reply
    assert len(server.requests) == 1


def test_a_reply_may_end_with_the_connection(listen: Listen, open_transport: Open) -> None:
    server = listen(answering_once(b"HTTP/1.0 200 OK\r\n\r\n{}"))
    assert post(open_transport(server.url)) == Reply(200, b"{}")


def test_the_connection_is_kept_between_requests(listen: Listen, open_transport: Open) -> None:
    server = listen(answering(chunked(b"{}")))
    transport = open_transport(server.url)
    for _number in range(3):
        post(transport)
    assert (server.accepted, len(server.requests)) == (1, 3)


def test_a_connection_that_was_closed_is_reopened(listen: Listen, open_transport: Open) -> None:
    server = listen(answering_once(http(b"{}")))
    transport = open_transport(server.url)
    for _number in range(3):
        assert post(transport).status == 200
        assert server.closed.acquire(timeout=SOON_S)
    assert server.accepted == 3


def test_a_late_reply_is_not_taken_for_that_of_the_next_request(listen: Listen, open_transport: Open) -> None:
    def talk(peer: Peer) -> None:
        if server.accepted == 1:
            peer.read_request()
            peer.hold()
        peer.serve(http(b"second"))

    server = listen(talk)
    transport = open_transport(server.url, 0.4)
    with pytest.raises(TimedOut):
        post(transport)
    assert post(transport).body == b"second"
    assert server.accepted == 2


def test_proxies_and_netrc_of_the_environment_are_not_used(
    listen: Listen, open_transport: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = listen(answering(http(b"{}")))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login admin password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert post(open_transport(server.url)).status == 200
    assert b"Authorization" not in server.requests[0]


def test_a_refused_connection_was_not_sent(open_transport: Open) -> None:
    with pytest.raises(Unreachable, match="connection refused") as caught:
        post(open_transport(f"http://127.0.0.1:{closed_port()}"))
    assert (caught.value.sent, caught.value.transient) == (False, True)


def test_an_unknown_name_was_not_sent(open_transport: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable, match="name or service not known") as caught:
        post(open_transport("http://miner.invalid:80"))
    assert not caught.value.sent


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops connections when its queue is full")
def test_a_connection_that_takes_too_long_was_not_sent_and_is_not_tried_again(
    open_transport: Open, cleanup: ExitStack
) -> None:
    server = cleanup.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _waiting in range(3):
        client = cleanup.enter_context(socket.socket())
        client.setblocking(False)
        client.connect_ex(server.getsockname())
    with pytest.raises(Unreachable, match="no connection within") as caught:
        post(open_transport(f"http://127.0.0.1:{server.getsockname()[1]}", TIMEOUT_S))
    assert (caught.value.sent, caught.value.transient) == (False, False)


@pytest.mark.parametrize(
    "talk",
    [lambda peer: None, lambda peer: peer.read_request()],
    ids=["before the request", "after the request"],
)
def test_a_connection_that_is_closed_without_an_answer_may_have_been_sent(
    talk: Talk, listen: Listen, open_transport: Open
) -> None:
    with pytest.raises(Unreachable, match="closed without an answer") as caught:
        post(open_transport(listen(talk).url))
    assert (caught.value.sent, caught.value.transient) == (True, True)


def silent(peer: Peer) -> None:
    peer.hold()


def dripping_headers(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.drip(b"X-Header: y\r\n")


def dripping_body(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    peer.drip(b"x")


def dripping_chunks(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"1\r\nx\r\n")


def flooding_slowly(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not peer.send(b"x"):
        pass


def stalling(peer: Peer) -> None:
    peer.read_request()
    peer.send(chunked(b'{"success":true}')[:-9])
    peer.hold()


@pytest.mark.parametrize("talk", [silent, dripping_headers, dripping_body, dripping_chunks, flooding_slowly, stalling])
def test_a_reply_that_is_not_complete_in_time_is_a_timeout(talk: Talk, listen: Listen, open_transport: Open) -> None:
    transport = open_transport(listen(talk).url, TIMEOUT_S)
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"/api/pools.* within 0\.2 s") as caught:
        post(transport)
    assert TIMEOUT_S * 0.9 <= time.monotonic() - started < SOON_S
    assert not caught.value.transient


def test_a_late_part_of_a_reply_does_not_win_more_time(listen: Listen, open_transport: Open) -> None:
    def talk(peer: Peer) -> None:
        peer.read_request()
        server.stopped.wait(0.9)
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.hold()

    server = listen(talk)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        post(open_transport(server.url, 1.0))
    assert time.monotonic() - started < 1.6


def test_the_timeout_restarts_with_each_request(listen: Listen, open_transport: Open) -> None:
    def talk(peer: Peer) -> None:
        while peer.read_request():
            server.stopped.wait(0.4)
            peer.send(http(b"{}"))

    server = listen(talk)
    transport = open_transport(server.url, 0.7)
    assert [post(transport).status, post(transport).status] == [200, 200]
    assert server.accepted == 1


def test_a_slow_request_has_more_time_and_not_without_end(listen: Listen, open_transport: Open) -> None:
    def talk(peer: Peer) -> None:
        peer.read_request()
        server.stopped.wait(0.3)
        peer.send(http(b"{}"))
        peer.hold()

    server = listen(talk)
    transport = open_transport(server.url, TIMEOUT_S)
    assert transport.post("/api/getLatestFirmwareVersion", {}, None, slow_s=2.0).status == 200
    with pytest.raises(TimedOut, match=r"within 0\.25 s"):
        transport.post("/api/getLatestFirmwareVersion", {}, None, slow_s=0.25)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b'{"success":true}',
        chunked(b'{"success":true}', b"x")[:-15],
        chunked(b'{"success":true}').removesuffix(b"0\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n{}\r\n",
    ],
    ids=["length", "within a chunk", "between chunks", "broken chunk"],
)
def test_a_reply_that_breaks_off_is_bad_but_may_be_asked_for_again(
    sent: bytes, listen: Listen, open_transport: Open
) -> None:
    with pytest.raises(BadReply, match="broke off") as caught:
        post(open_transport(listen(answering_once(sent)).url))
    assert caught.value.transient


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 okay\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Header: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
    ],
    ids=["ssh", "tls alert", "no status", "long header", "many headers", "two lengths"],
)
def test_an_answer_that_is_no_http_is_a_bad_reply(sent: bytes, listen: Listen, open_transport: Open) -> None:
    with pytest.raises(BadReply):
        post(open_transport(listen(answering_once(sent)).url))


@pytest.mark.parametrize("head", [b"", b"Content-Length: 1000000000\r\n"], ids=["endless", "declared"])
def test_a_reply_that_is_too_long_is_not_read_on(head: bytes, listen: Listen, open_transport: Open) -> None:
    sent: list[int] = []

    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _piece in range(1000):
            peer.send(b"x" * 1_000_000)
            sent.append(1_000_000)

    with pytest.raises(BadReply, match="longer than 8388608 bytes") as caught:
        post(open_transport(listen(talk).url))
    assert not caught.value.transient
    assert sum(sent) < 100_000_000


def test_what_was_not_read_on_is_not_taken_for_the_next_reply(listen: Listen, open_transport: Open) -> None:
    def talk(peer: Peer) -> None:
        if server.accepted == 1:
            peer.read_request()
            peer.send(http(b"x" * 2 * REPLY_BYTES_MAX))
        peer.serve(http(b"second"))

    server = listen(talk)
    transport = open_transport(server.url)
    with pytest.raises(BadReply):
        post(transport)
    assert post(transport).body == b"second"


def test_the_longest_reply_comes_in(listen: Listen, open_transport: Open) -> None:
    server = listen(answering(http(b"x" * REPLY_BYTES_MAX)))
    assert len(post(open_transport(server.url)).body) == REPLY_BYTES_MAX


@pytest.mark.parametrize("address", ["127.0.0.1:70000", "127.0.0.1:-1", "a..b:80", ".:80", "a" * 300 + ":80", "%zz:80"])
def test_what_is_no_address_is_invalid_input(address: str, open_transport: Open) -> None:
    with pytest.raises(InvalidInput, match="Correct the options host and port"):
        post(open_transport(f"http://{address}"))


def test_no_message_is_without_the_address(listen: Listen, open_transport: Open) -> None:
    url = listen(lambda peer: None).url
    with pytest.raises(MinerError, match=url):
        post(open_transport(url))
