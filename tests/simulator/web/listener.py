# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""One miner's listening socket, which can go away and come back, even at another address."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import Callable, Iterable

from aiohttp import web

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


class Refusal(asyncio.Protocol):
    """Ends a connection as soon as it is accepted."""

    def __init__(self, reset: bool) -> None:
        self._reset = reset

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            hang_up(transport, self._reset)


class Listener:
    """Accepts connections on `host`:`port` for an aiohttp server, or hangs up at once if `refusal` says so."""

    def __init__(self, server: web.Server, refusal: Callable[[], Refusal | None]) -> None:
        self._server = server
        self._refusal = refusal
        self._listening: asyncio.Server | None = None

    @property
    def is_open(self) -> bool:
        return self._listening is not None

    async def open(self, host: str, port: int) -> int:
        """Listens and returns the port; OSError if the address is taken or not on this machine."""
        if ipaddress.ip_address(host) not in LOOPBACK:
            raise OSError(f"{host} is not a loopback address")
        sock = socket.socket()
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
            sock.setblocking(False)
            self._listening = await asyncio.get_running_loop().create_server(self._accept, sock=sock, backlog=1024)
        except BaseException:
            sock.close()
            raise
        return int(sock.getsockname()[1])

    def close(self) -> None:
        """Stop listening; connections stay."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def freeze(self) -> list[asyncio.Transport]:
        """Stops receiving, as if the address were gone; the caller ends the connections later."""
        frozen = list(self._transports())
        for transport in frozen:
            with contextlib.suppress(RuntimeError):
                transport.pause_reading()
        return frozen

    def cut(self) -> None:
        """End all connections."""
        for transport in self._transports():
            transport.abort()

    def _accept(self) -> asyncio.Protocol:
        return self._refusal() or self._server()

    def _transports(self) -> Iterable[asyncio.Transport]:
        return [
            connection.transport
            for connection in self._server.connections
            if isinstance(connection.transport, asyncio.Transport)
        ]


def hang_up(transport: asyncio.Transport, reset: bool = False) -> None:
    """Ends a connection without an answer: orderly, or with a reset."""
    sock = transport.get_extra_info("socket")
    if reset and sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
