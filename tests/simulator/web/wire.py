# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies, and their exact bytes: the order of the headers is that of nginx 1.12.2, as recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

if TYPE_CHECKING:
    from .call import Call

Headers = tuple[tuple[str, str], ...]

# nginx's own wording, which differs from the standard in places.
REASONS = {
    101: "Switching Protocols",
    200: "OK",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Not Allowed",
    406: "Not Acceptable",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


@dataclass(frozen=True)
class Reply:
    """One answer; `early` headers come before Connection, `late` ones after it.

    If `takes_over` is set, it writes an answer that goes on after `body`.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    chunked: bool = True
    early: Headers = ()
    late: Headers = ()
    close: bool = False
    takes_over: Callable[[Call, Reply], Awaitable[web.StreamResponse]] | None = None


class HangUpError(Exception):
    """The connection ends here without (the rest of) an answer."""

    def __init__(self, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


class AlreadySent(web.StreamResponse):
    """Only tells aiohttp whether the connection may be reused: the bytes of the answer were already written."""

    def __init__(self, keep_alive: bool) -> None:
        super().__init__()
        self._reusable = keep_alive

    @property
    def keep_alive(self) -> bool:
        return self._reusable

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        return None


def head(reply: Reply, request: web.BaseRequest, wall: float, keep_alive: bool) -> bytes:
    """Status line and headers, including the empty line. `wall` is the miner's Unix time in seconds."""
    lines = [
        f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}",
        "Server: nginx/1.12.2",
        f"Date: {_http_date(int(wall))}",
        f"Content-Type: {reply.content_type}",
    ]
    if not reply.chunked:
        lines.append(f"Content-Length: {len(reply.body)}")
    lines += [f"{name}: {value}" for name, value in reply.early]
    if is_chunked(reply, request) and request.method != "HEAD":
        lines.append("Transfer-Encoding: chunked")
    lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
    lines += [f"{name}: {value}" for name, value in reply.late]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def is_chunked(reply: Reply, request: web.BaseRequest) -> bool:
    """An HTTP/1.0 client gets neither chunks nor a length: the end of the connection ends the body."""
    return reply.chunked and request.version >= (1, 1)


def keeps_alive(reply: Reply, request: web.BaseRequest) -> bool:
    return request.keep_alive and not reply.close and (not reply.chunked or is_chunked(reply, request))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def render(reply: Reply, request: web.BaseRequest, wall: float) -> bytes:
    """The complete answer as sent."""
    start = head(reply, request, wall, keeps_alive(reply, request))
    if request.method == "HEAD":
        return start
    if not is_chunked(reply, request):
        return start + reply.body
    return start + (chunk(reply.body) if reply.body else b"") + LAST_CHUNK


@lru_cache(maxsize=64)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)
