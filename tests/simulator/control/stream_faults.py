# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the stream of the journal."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from ..web.call import Call
from ..web.wire import Reply, chunk, head

Execute = Callable[[], Awaitable[Reply]]

# One entry that never ends.
WITHOUT_END = b"x" * 60_000
LINE = b"Jun 16 22:04:40 dragonMint cgminer[312]: nonce found\n"
# Not text: nulls, invalid UTF-8, terminal escapes, and hardly a line break.
BINARY = bytes(range(256)) * 64 + b"\x1b[2J\x1b[31m\n"


async def endless(call: Call, execute: Execute) -> Reply:
    """Entries come as fast as they are read, and never end."""
    return _instead(await execute(), partial(_endlessly, data=chunk(LINE) * 1000))


async def binary(call: Call, execute: Execute) -> Reply:
    """Bytes that are no text, then the end."""
    return _instead(await execute(), _binary)


async def unbroken(call: Call, execute: Execute) -> Reply:
    """An endless line, as fast as it is read."""
    return _instead(await execute(), partial(_endlessly, data=chunk(WITHOUT_END)))


async def trickle(call: Call, execute: Execute) -> Reply:
    """The head at once, then an endless line, one byte per second."""
    return _instead(await execute(), _trickling)


def _instead(reply: Reply, stream: Callable[[Call, Reply], Awaitable[web.StreamResponse]]) -> Reply:
    """Only users who may read the journal get it."""
    return reply if reply.takes_over is None else dataclasses.replace(reply, takes_over=stream)


async def _endlessly(call: Call, reply: Reply, data: bytes) -> web.StreamResponse:
    call.write(head(reply, call.request, call.miner.wall(), keep_alive=True))
    while call.write(data):
        await call.drain()
    return call.end()


async def _trickling(call: Call, reply: Reply) -> web.StreamResponse:
    call.write(head(reply, call.request, call.miner.wall(), keep_alive=True))
    while call.write(chunk(b"x")):
        await call.miner.clock.sleep(1.0)
    return call.end()


async def _binary(call: Call, reply: Reply) -> web.StreamResponse:
    return call.send(dataclasses.replace(reply, body=BINARY, takes_over=None))


TABLE: dict[str, Callable[..., Awaitable[Reply]]] = {
    function.__name__: function for function in (endless, binary, unbroken, trickle)
}
PATHS = dict.fromkeys(TABLE, frozenset({"/stream/logs"}))
