# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many short connections to devices of any kind, each bounded in time, bytes and sockets."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import ssl
import time
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import failures
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Connection, OpenStream, Send
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    FORM_TYPE,
    HEADERS,
    PAGE_BYTES_MAX,
    REPLY_BYTES_MAX,
    Reply,
    form_body,
)

try:
    import aiohttp
    from aiohttp import BaseConnector
    from aiohttp.client_proto import ResponseHandler
    from yarl import URL
except ImportError:
    AIOHTTP_IMPORT_ERROR: str | None = traceback.format_exc()
    # A base class, so that this file can be imported to report the missing library.
    BaseConnector = ResponseHandler = object  # type: ignore[misc,assignment]
else:
    AIOHTTP_IMPORT_ERROR = None

_CONNECTION_BYTES_MAX = 2 * REPLY_BYTES_MAX
# Files that the rest of this process may open in the meantime.
_SPARE_FILES = 48
_FREE_FILE_WAIT_S = 10.0
_ROUNDS = 3
# The TLS alert that a TLS port sends in reply to http.
_TLS_ALERT = b"\x15\x03"
# The errors by which a network reports that nothing is there.
_NOTHING_THERE = (errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENOTCONN, errno.ETIMEDOUT)


def sockets_allowed(count: int) -> int:
    """Returns how many sockets may be open at once: ``count``, capped by this process's limit."""
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return count
    return max(1, min(count, limit - len(list(Path("/dev/fd").iterdir())) - _SPARE_FILES))


async def probe(address: str, port: int, timeout_s: float) -> socket.socket | None:
    """Returns a connection to what listens there, or None. Raises OSError if this machine can't find out."""
    try:
        return await connected(address, port, timeout_s)
    except asyncio.TimeoutError:
        return None
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        raise


async def connected(host: str, port: int, timeout_s: float) -> socket.socket:
    """Returns a connection to what listens there. Raises OSError, or TimeoutError if it takes too long."""
    failure = ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")
    error: OSError = failure
    for family, address in await _addresses_of(host, port):
        sock = await _new_socket(family)
        try:
            sock.setblocking(False)
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, address), timeout_s)
            # If nobody listens on a port of this machine, a socket can end up connected to itself.
            if sock.getsockname() == sock.getpeername():
                raise failure
        except BaseException as reason:
            sock.close()
            if not isinstance(reason, OSError) or isinstance(reason, asyncio.TimeoutError):
                raise
            error = reason
        else:
            return sock
    raise error


async def _addresses_of(host: str, port: int) -> list[tuple[int, Any]]:
    """Calls the resolver only for names, since that takes a thread."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            socket.inet_pton(family, host)
            return [(family, (host, port))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _type, _protocol, _name, address in found]


async def _new_socket(family: int) -> socket.socket:
    """Waits for a free file descriptor if the rest of this process has used too many."""
    deadline = time.monotonic() + _FREE_FILE_WAIT_S
    while True:
        try:
            return socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE) or time.monotonic() >= deadline:
                raise
        await asyncio.sleep(0.1)


class Exchange:
    """HTTP with one miner, one request at a time over one connection, bounded in time and bytes."""

    def __init__(self, connection: Connection, sock: socket.socket | None = None) -> None:
        """``sock`` is an existing connection to it. Must be created within a running event loop."""
        self._connection = connection
        self._device = _OneDevice(connection, sock)
        self._http = aiohttp.ClientSession(
            connector=self._device,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=HEADERS,
            skip_auto_headers=["Accept"],
            auto_decompress=False,
        )
        self._stream: aiohttp.ClientResponse | None = None

    async def close(self) -> None:
        """Closes the connection at once."""
        self._close_stream()
        self._device.close_unused()
        await self._http.close()
        # The socket is closed in the next round of the event loop.
        await asyncio.sleep(0)

    async def send(self, command: Send) -> Reply:
        """Returns the reply. Raises the errors of :mod:`failures`."""
        self._close_stream()
        timeout_s = max(self._connection.timeout_s, command.slow_s)
        try:
            await self._device.connect_first()
            async with self._request(command, timeout_s) as response:
                bytes_max = PAGE_BYTES_MAX if command.form is None else REPLY_BYTES_MAX
                body = await self._read(response, command.path, bytes_max)
                return failures.whole_reply(self._url, command.path, response.status, response.headers, body)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise self._translated(error, command.path, timeout_s) from error

    async def open_stream(self, command: OpenStream) -> Reply:
        """Returns the head of a reply that goes on. Raises the errors of :mod:`failures`."""
        self._close_stream()
        timeout_s = self._connection.timeout_s
        try:
            await self._device.connect_first()
            response = await asyncio.wait_for(
                self._http.get(
                    self._url_of(command.path),
                    headers=_with_login(dict(command.headers), command.authorization),
                    allow_redirects=False,
                ),
                timeout_s,
            )
            self._stream = response
            body = b"" if response.status == 200 else await asyncio.wait_for(response.content.readany(), timeout_s)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise self._translated(error, command.path, timeout_s) from error
        headers = response.headers
        return Reply(response.status, body, headers.get("Location"), content_type=headers.get("Content-Type"))

    async def read_stream(self, within_s: float) -> bytes:
        """Returns the next bytes of the open stream, empty at its end. Raises TimedOut or BadReply."""
        if self._stream is None:
            raise RuntimeError("A stream is read before it was opened.")
        path = self._stream.url.path
        try:
            return await asyncio.wait_for(self._stream.content.readany(), within_s)
        except asyncio.TimeoutError:
            raise failures.stream_silent(path, within_s) from None
        except (aiohttp.ClientError, OSError):
            raise failures.stream_broke_off(path) from None

    @property
    def _url(self) -> str:
        return self._connection.url

    def _url_of(self, path: str) -> URL:
        return URL(self._url + path, encoded=True)

    def _request(self, command: Send, timeout_s: float) -> Any:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        if command.form is None:
            return self._http.get(self._url_of(command.path), allow_redirects=False, timeout=timeout)
        return self._http.post(
            self._url_of(command.path),
            data=form_body(command.form),
            headers=_with_login({"Content-Type": FORM_TYPE}, command.authorization),
            allow_redirects=False,
            timeout=timeout,
        )

    async def _read(self, response: aiohttp.ClientResponse, path: str, bytes_max: int) -> bytes:
        body = b""
        while chunk := await response.content.readany():
            body += chunk
            if len(body) > bytes_max:
                response.close()
                raise failures.reply_too_long(self._url, path, bytes_max)
        return body

    def _close_stream(self) -> None:
        if self._stream:
            self._stream.close()
        self._stream = None

    def _translated(self, error: Exception, path: str, timeout_s: float) -> MinerError:
        if isinstance(error, asyncio.TimeoutError):
            return failures.reply_timed_out(self._url, path, timeout_s)
        if isinstance(error, aiohttp.InvalidURL):
            return failures.invalid_url(self._url)
        if isinstance(error, aiohttp.ClientPayloadError) or (
            isinstance(error, aiohttp.ServerDisconnectedError) and self._device.heard
        ):
            return failures.reply_broke_off(self._url, path)
        if isinstance(error, (OSError, aiohttp.ServerDisconnectedError)):
            return failures.closed(self._url, path)
        if self._device.heard == _TLS_ALERT:
            return failures.expects_tls(self._url)
        return failures.no_http(self._url)


def _with_login(headers: dict[str, str], authorization: str | None) -> dict[str, str]:
    return headers if authorization is None else {**headers, "Authorization": authorization}


def bounded_connector(bytes_max: int) -> aiohttp.TCPConnector:
    """Returns an aiohttp connector that aborts each connection after ``bytes_max`` bytes."""
    connector = aiohttp.TCPConnector()
    factory: Any = partial(_BoundedHandler, bytes_max, asyncio.get_running_loop())
    connector._factory = factory
    return connector


class _OneDevice(BaseConnector):
    """Uses an existing socket first, and after it closes, new ones to the same device."""

    def __init__(self, connection: Connection, first: socket.socket | None) -> None:
        super().__init__(limit=1)
        self._connection = connection
        self._first = first
        self._handler: _BoundedHandler | None = None

    @property
    def heard(self) -> bytes:
        """The first bytes received since the last request began."""
        return b"" if self._handler is None else self._handler.heard

    async def connect_first(self) -> None:
        """Connects if there is no connection, so that connecting does not count towards the time for a reply.

        Raises Unreachable.
        """
        # If the miner has closed it in the meantime, this shows in the next rounds of the event loop.
        for _round in range(_ROUNDS):
            await asyncio.sleep(0)
        if self._handler is not None:
            self._handler.heard = b""
        if self._first is not None or (self._handler is not None and self._handler.is_connected()):
            return
        to = self._connection
        try:
            self._first = await connected(to.host, to.port, to.timeout_s)
        except asyncio.TimeoutError:
            raise failures.connect_timed_out(to.url, to.timeout_s) from None
        except (OSError, UnicodeError) as error:
            raise failures.not_connected(to.url, error) from None

    def close_unused(self) -> None:
        """Closes a connection over which nothing was sent."""
        if self._first:
            self._first.close()

    async def _create_connection(self, *_unused: Any) -> ResponseHandler:
        await self.connect_first()
        sock, self._first = self._first, None
        to, loop = self._connection, asyncio.get_running_loop()
        handler = partial(_BoundedHandler, _CONNECTION_BYTES_MAX, loop)
        tls: dict[str, Any] = {"ssl": to.tls, "server_hostname": to.host} if to.tls else {}
        try:
            _transport, self._handler = await loop.create_connection(handler, sock=sock, **tls)
        except ssl.SSLError as error:
            raise failures.no_tls(to.url, error) from None
        return self._handler


class _BoundedHandler(ResponseHandler):
    """Aborts a connection that brings more than any miner sends: old versions of aiohttp accept endless headers."""

    def __init__(self, bytes_max: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._bytes_left = bytes_max
        self.heard = b""

    def data_received(self, data: bytes) -> None:
        self.heard = self.heard or data[: len(_TLS_ALERT)]
        self._bytes_left -= len(data)
        if self._bytes_left >= 0:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()
