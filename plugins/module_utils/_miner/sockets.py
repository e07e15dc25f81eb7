# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many short connections to devices that may be anything: in time, in bytes and in sockets each has its bounds."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import REPLY_BYTES_MAX

try:
    import aiohttp
    from aiohttp import BaseConnector
    from aiohttp.client_proto import ResponseHandler
except ImportError:
    # Something to derive from, so that this file can be imported to say what is missing.
    BaseConnector = ResponseHandler = object  # type: ignore[misc,assignment]

_CONNECTION_BYTES_MAX = 2 * REPLY_BYTES_MAX
# Files that others in this process may open meanwhile.
_SPARE_FILES = 48
_FREE_FILE_WAIT_S = 10.0
# How a network says that nobody is there.
_NOBODY = (errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENOTCONN, errno.ETIMEDOUT)


def sockets_allowed(wanted: int) -> int:
    """Returns how many sockets can be open at once, at most as many as are wanted, within this process's limit."""
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, limit - len(list(Path("/dev/fd").iterdir())) - _SPARE_FILES))


async def probe(address: str, port: int, timeout_s: float) -> socket.socket | None:
    """Returns a connection with what listens there, or None. Raises OSError if this machine can't find out."""
    try:
        return await _connect(address, port, timeout_s)
    except asyncio.TimeoutError:
        return None
    except OSError as error:
        if error.errno in _NOBODY:
            return None
        raise


async def _connect(address: str, port: int, timeout_s: float) -> socket.socket:
    sock = await _new_socket()
    try:
        sock.setblocking(False)
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (address, port)), timeout_s)
        # Where nobody listens at a port of this machine, a socket can come to be connected to itself.
        if sock.getsockname() == sock.getpeername():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")
    except BaseException:
        sock.close()
        raise
    return sock


async def _new_socket() -> socket.socket:
    """Waits for a free file, should others in this process have taken too many."""
    deadline = time.monotonic() + _FREE_FILE_WAIT_S
    while True:
        try:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE) or time.monotonic() >= deadline:
                raise
        await asyncio.sleep(0.1)


def http(
    sock: socket.socket, address: str, port: int, connect_timeout_s: float, timeout_s: float
) -> aiohttp.ClientSession:
    """Returns HTTP with the device that a socket is connected to, one request at a time.

    A session of its own closes its connection at once when the device has been asked.
    """
    return aiohttp.ClientSession(
        connector=_OneDevice(sock, partial(_connect, address, port, connect_timeout_s)),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "minerops.dragonmint", "Accept-Encoding": "identity"},
        auto_decompress=False,
    )


async def read(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """Returns the body. Raises BadReply where it is longer than any miner's."""
    body = b""
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > bytes_max:
            response.close()
            raise BadReply(f"The reply is longer than {bytes_max} bytes.")
    return body


def bounded_connector(bytes_max: int) -> aiohttp.TCPConnector:
    """Returns a connector of aiohttp, each of whose connections is aborted after so many bytes."""
    connector = aiohttp.TCPConnector()
    factory: Any = partial(_BoundedHandler, bytes_max, asyncio.get_running_loop())
    connector._factory = factory
    return connector


class _OneDevice(BaseConnector):
    """Speaks over a socket that is connected already, and after its end over others to the same device."""

    def __init__(self, first: socket.socket, connect: Callable[[], Awaitable[socket.socket]]) -> None:
        super().__init__(limit=1)
        self._first: socket.socket | None = first
        self._connect = connect

    async def _create_connection(self, *_unused: Any) -> ResponseHandler:
        sock, self._first = self._first, None
        if sock is None:
            sock = await self._connect()
        loop = asyncio.get_running_loop()
        _transport, handler = await loop.create_connection(
            partial(_BoundedHandler, _CONNECTION_BYTES_MAX, loop), sock=sock
        )
        return handler


class _BoundedHandler(ResponseHandler):
    """Ends a connection that brings more than any miner says: old versions of aiohttp take headers without end."""

    def __init__(self, bytes_max: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._bytes_left = bytes_max

    def data_received(self, data: bytes) -> None:
        self._bytes_left -= len(data)
        if self._bytes_left >= 0:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()
