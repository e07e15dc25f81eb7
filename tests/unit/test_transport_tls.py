# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport to a miner behind a proxy with TLS."""

from __future__ import annotations

import ssl
import time
import warnings

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import TimedOut, Unreachable

from .loopback import Listen, Open, Peer, Talk, chunked, http, self_signed


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return self_signed(tmp_path_factory.mktemp("tls"))


def dripping(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    peer.drip(b"x")


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_login_is_sent(
    listen: Listen, open_transport: Open, tls: ssl.SSLContext
) -> None:
    server = listen(lambda peer: peer.serve(http(b"{}")), tls)
    with pytest.raises(Unreachable, match="validate_certs") as caught:
        open_transport(server.url).post("/api/pools", {}, "Basic abc=")
    assert (caught.value.sent, caught.value.transient) == (False, False)
    assert server.requests == []


def test_the_certificate_does_not_matter_when_it_is_not_to_be_checked(
    listen: Listen, open_transport: Open, tls: ssl.SSLContext
) -> None:
    server = listen(lambda peer: peer.serve(chunked(b"{}")), tls)
    transport = open_transport(server.url, validate_certs=False)
    bodies = [transport.post("/api/pools", {}, None).body for _number in range(2)]
    assert (bodies, server.accepted) == ([b"{}", b"{}"], 1)


def test_nothing_is_printed_about_a_certificate_that_is_not_checked(
    listen: Listen, open_transport: Open, tls: ssl.SSLContext
) -> None:
    server = listen(lambda peer: peer.serve(http(b"{}")), tls)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        open_transport(server.url, validate_certs=False).post("/api/pools", {}, None)
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("talk", [dripping, lambda peer: peer.hold()], ids=["dripping", "silent"])
def test_a_late_reply_is_a_timeout_here_too(
    talk: Talk, listen: Listen, open_transport: Open, tls: ssl.SSLContext
) -> None:
    transport = open_transport(listen(talk, tls).url, 0.4, validate_certs=False)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        transport.post("/api/pools", {}, None)
    assert time.monotonic() - started < 10


def test_a_server_without_tls_is_no_https(listen: Listen, open_transport: Open) -> None:
    server = listen(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(Unreachable, match="scheme") as caught:
        open_transport(server.url.replace("http:", "https:")).post("/api/pools", {}, None)
    assert not caught.value.sent


def test_a_handshake_that_never_comes_ends_in_time(listen: Listen, open_transport: Open) -> None:
    server = listen(lambda peer: peer.hold())
    transport = open_transport(server.url.replace("http:", "https:"), 0.2)
    started = time.monotonic()
    with pytest.raises((TimedOut, Unreachable)):
        transport.post("/api/pools", {}, None)
    assert time.monotonic() - started < 10
