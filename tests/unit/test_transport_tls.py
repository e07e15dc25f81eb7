# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport to a miner behind a proxy with TLS."""

from __future__ import annotations

import ssl
import subprocess
import time
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    TimedOut,
    Unreachable,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import follower
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import Upgrade
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import ssl_context

from .driving import followed, stepped
from .loopback import Authority, Listen, Open, Peer, Talk, chunked, http


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server()


def dripping(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    peer.drip(b"x")


def test_a_certificate_of_an_unknown_ca_is_refused_before_the_login_is_sent(
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


@pytest.mark.parametrize("is_folder", [False, True], ids=["file", "folder"])
def test_a_certificate_of_a_ca_that_is_named_is_accepted(
    is_folder: bool, listen: Listen, open_transport: Open, authority: Authority, tmp_path: Path
) -> None:
    server = listen(lambda peer: peer.serve(http(b"{}")), authority.server())
    ca_path = authority.path
    if is_folder:
        # As `openssl rehash` names it.
        ca_path = tmp_path
        hashed = subprocess.run(
            ["openssl", "x509", "-hash", "-noout", "-in", authority.path], check=True, capture_output=True, text=True
        ).stdout.strip()
        (tmp_path / f"{hashed}.0").write_bytes(authority.path.read_bytes())
    assert open_transport(server.url, ca_path=ca_path).post("/api/pools", {}, None).body == b"{}"


def test_an_upgrade_trusts_the_same_ca(listen: Listen, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "LISTEN_FIRST_S", 0.01)
    server = listen(lambda peer: peer.serve(http(b"", "404 Not Found")), authority.server())
    tls = ssl_context(True, str(authority.path))
    miner = follower.Miner(server.url, "Basic eDp5", tls, stepped(lambda: True), stepped(lambda: False))
    with pytest.raises(Unsupported):
        followed(miner, follower.Order(url="http://127.0.0.1/x.swu"), Upgrade(), 30.0, True, lambda: None)
    assert {request.split()[1] for request in server.requests} == {b"/upgrade/ws", b"/upgrade/download"}


@pytest.mark.parametrize(
    ("options", "is_trusted", "reason", "fix"),
    [
        ({}, False, "its certificate is from an unknown CA", "Set dragonmint_ca_path"),
        ({"address": "127.0.0.2"}, True, "its certificate is for another name", "Set dragonmint_host"),
        ({"expires": timedelta(days=-1)}, True, "its certificate has expired", "Renew the certificate"),
    ],
    ids=["unknown CA", "wrong name", "expired"],
)
def test_the_error_says_what_is_wrong_with_a_certificate(
    options: dict[str, Any],
    is_trusted: bool,
    reason: str,
    fix: str,
    listen: Listen,
    open_transport: Open,
    authority: Authority,
) -> None:
    server = listen(lambda peer: peer.serve(http(b"{}")), authority.server(**options))
    transport = open_transport(server.url, ca_path=authority.path if is_trusted else None)
    with pytest.raises(Unreachable, match=rf"{reason}.*\. {fix}") as caught:
        transport.post("/api/pools", {}, "Basic abc=")
    assert not caught.value.sent
    assert server.requests == []


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----"], ids=["missing", "empty", "broken"])
def test_a_file_without_a_ca_is_named_with_its_origin(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidInput, match=rf"^REQUESTS_CA_BUNDLE is '{path}'; expected a PEM file"):
        ssl_context(True, str(path), "REQUESTS_CA_BUNDLE")


def test_a_connection_that_breaks_after_the_handshake_may_have_brought_the_request(
    listen: Listen, open_transport: Open, authority: Authority
) -> None:
    server = listen(lambda peer: peer.reset() if peer.read_request() else None, authority.server())
    with pytest.raises(Unreachable) as caught:
        open_transport(server.url, ca_path=authority.path).post("/api/updatePools", {}, None)
    assert caught.value.sent


@pytest.mark.parametrize(
    "reply",
    [
        (
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 75\r\n\r\n"
            b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"
        ),
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
    ids=["nginx", "alert"],
)
def test_http_at_a_port_of_https_is_called_so(reply: bytes, listen: Listen, open_transport: Open) -> None:
    server = listen(lambda peer: peer.send(reply) if peer.read_request() else None)
    with pytest.raises(BadReply, match=r"expects TLS\. Set dragonmint_scheme: https"):
        open_transport(server.url).post("/api/pools", {}, None)


def test_a_server_without_tls_is_no_https(listen: Listen, open_transport: Open) -> None:
    server = listen(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(Unreachable, match=r"does not speak TLS\. Set dragonmint_scheme: http") as caught:
        open_transport(server.url.replace("http:", "https:")).post("/api/pools", {}, None)
    assert not caught.value.sent


def test_a_handshake_that_never_comes_ends_in_time(listen: Listen, open_transport: Open) -> None:
    server = listen(lambda peer: peer.hold())
    transport = open_transport(server.url.replace("http:", "https:"), 0.2)
    started = time.monotonic()
    with pytest.raises((TimedOut, Unreachable)):
        transport.post("/api/pools", {}, None)
    assert time.monotonic() - started < 10
