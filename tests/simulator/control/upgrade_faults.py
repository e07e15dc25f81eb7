# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an update. Each fault waits for an upload or a download, and stays with it to the end."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from ..generations import UPDATES
from ..web import nginx_pages
from ..web.call import Call
from ..web.wire import Reply

Execute = Callable[[], Awaitable[Reply]]


async def boots_old(call: Call, execute: Execute) -> Reply:
    """The new image is installed but does not boot: the miner comes back with the old one."""
    call.plan.boots_old = True
    return await execute()


async def never_back(call: Call, execute: Execute) -> Reply:
    """The image is installed, and after the reboot the miner stays dark until the fault is removed."""
    call.plan.never_back = True
    return await execute()


async def flash_fails(call: Call, execute: Execute, percent: float = 50.0, verdict: str = "") -> Reply:
    """Writing the flash fails after this percentage of all bytes; the old image keeps running.

    The updater's own last message, or this `verdict`, reports it.
    """
    call.plan.fails_at = percent
    call.plan.verdict = verdict or call.plan.verdict
    return await execute()


async def updater_silent(call: Call, execute: Execute) -> Reply:
    """The archive is accepted, then no frame comes and nothing happens."""
    call.plan.silent = True
    return await execute()


async def slow_upload(call: Call, execute: Execute, bytes_per_s: float = 1e6) -> Reply:
    """The miner reads this many bytes per second."""
    call.plan.bytes_per_s = bytes_per_s
    return await execute()


async def no_websocket(call: Call, execute: Execute, status: int = 502) -> Reply:
    """nginx's own error for the websocket; uploads still work."""
    return nginx_pages.error_page(status)


async def flood(call: Call, execute: Execute, frame_bytes: int = 2**21) -> Reply:
    """The websocket sends frames of this length, as fast as they are read, each of them valid and never the last."""

    async def pour(call: Call, reply: Reply) -> web.StreamResponse:
        text = b'{"type": "message", "level": "6", "text": "ERROR %b"}' % (b"x" * frame_bytes)
        frame = b"\x81\x7f" + len(text).to_bytes(8, "big") + text
        key = call.request.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        call.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
        )
        while call.write(frame):
            await call.drain()
        return call.end()

    return Reply(takes_over=pour)


TABLE: dict[str, Callable[..., Awaitable[Reply]]] = {
    function.__name__: function
    for function in (boots_old, never_back, flash_fails, updater_silent, slow_upload, no_websocket, flood)
}
OF_THE_WEBSOCKET = (no_websocket.__name__, flood.__name__)
# The paths at which each of them applies; other requests pass.
PATHS = {name: frozenset({"/upgrade/ws"}) if name in OF_THE_WEBSOCKET else UPDATES for name in TABLE}
