# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of a scan: which devices count as present, how many connections there may be, and their use."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Send

from .driving import connection_to
from .loopback import closed_port, http

if TYPE_CHECKING:
    from .loopback import Listen, Peer


def probe(address: str, port: int, timeout_s: float = 5.0) -> bool:
    """Whether something counts as present at an address."""
    sock = asyncio.run(sockets.probe(address, port, timeout_s))
    if sock is not None:
        sock.close()
    return sock is not None


def test_what_listens_is_there_and_what_refuses_is_not(listen: Listen) -> None:
    assert probe("127.0.0.1", listen(lambda peer: peer.hold()).port)
    assert not probe("127.0.0.1", closed_port())


def test_a_socket_that_is_connected_to_itself_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        here = bound.getsockname()

        async def new_socket(_family: int) -> socket.socket:
            return bound

        monkeypatch.setattr(sockets, "_new_socket", new_socket)
        assert not probe(*here)


def test_a_probe_waits_for_a_file_that_is_free(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    server = listen(lambda peer: peer.hold())
    real, refusals = socket.socket, [errno.EMFILE, errno.ENFILE]

    def new(*arguments: Any, **options: Any) -> Any:
        if arguments == (socket.AF_INET, socket.SOCK_STREAM) and refusals:
            raise OSError(refusals.pop(), "Too many open files")
        return real(*arguments, **options)

    monkeypatch.setattr(sockets.socket, "socket", new)
    assert probe("127.0.0.1", server.port)
    assert refusals == []


def test_the_first_connection_is_used_until_it_ends_and_then_another_one(listen: Listen) -> None:
    def talk(peer: Peer) -> None:
        for reply in (http(b"one"), http(b"two", "200 OK", "Connection: close")):
            peer.read_request()
            peer.send(reply)

    server = listen(talk)

    async def ask() -> list[bytes]:
        sock = await sockets.probe("127.0.0.1", server.port, 5.0)
        assert sock is not None
        connection = connection_to("127.0.0.1", port=server.port)
        exchange = sockets.Exchange(connection, sock)
        try:
            return [(await exchange.send(Send(connection, "/"))).body for _unused in range(3)]
        finally:
            await exchange.close()

    assert asyncio.run(ask()) == [b"one", b"two", b"one"]
    assert server.accepted == 2


@pytest.mark.parametrize(("limit", "allowed"), [(1024, 500), (200, None), (10, 1)])
def test_sockets_stay_within_the_limit_of_open_files(
    limit: int, allowed: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (limit, limit))
    found = sockets.sockets_allowed(500)
    assert found == allowed or (allowed is None and 1 <= found < 200 - 48)


def test_without_a_limit_there_are_as_many_sockets_as_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert sockets.sockets_allowed(70_000) == 70_000
