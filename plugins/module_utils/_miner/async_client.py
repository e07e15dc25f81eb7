# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs steps for one of many miners at once, over aiohttp."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from typing import Any, Callable, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import (
    Connection,
    OpenStream,
    Probe,
    ReadStream,
    RunAction,
    Send,
    Steps,
    Together,
    Wait,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply

T = TypeVar("T")


class AsyncClient:
    """Runs steps. It has one connection and sends one request at a time."""

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        first: tuple[Connection, socket.socket] | None = None,
    ) -> None:
        """``first`` is an established connection and its socket."""
        self._sleep = sleep
        self._to = first[0] if first else None
        self._exchange = sockets.Exchange(*first) if first else None
        self._performers: dict[type, Callable[[Any], Awaitable[Any]]] = {
            Send: self._send,
            OpenStream: self._open_stream,
            ReadStream: self._read_stream,
            Wait: lambda command: self._sleep(command.seconds),
            Probe: _probe,
            Together: self._run_together,
            RunAction: lambda command: command.act(self.run),
        }

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_unused: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        if self._exchange:
            await self._exchange.close()
        self._to = self._exchange = None

    async def run(self, steps: Steps[T]) -> T:
        """Runs steps and returns their value. Raises what they raise."""
        try:
            command = next(steps)
            while True:
                try:
                    result = await self._performers[type(command)](command)
                except Exception as error:  # noqa: BLE001 - it is for the steps to say what an error means
                    command = steps.throw(error)
                else:
                    command = steps.send(result)
        except StopIteration as done:
            value: T = done.value
            return value

    async def _send(self, command: Send) -> Reply:
        exchange = await self._exchange_with(command.to)
        return await exchange.send(command)

    async def _open_stream(self, command: OpenStream) -> Reply:
        exchange = await self._exchange_with(command.to)
        return await exchange.open_stream(command)

    async def _read_stream(self, command: ReadStream) -> bytes:
        if self._exchange is None:
            raise RuntimeError("A stream is read before it was opened.")
        return await self._exchange.read_stream(command.within_s)

    async def _exchange_with(self, connection: Connection) -> sockets.Exchange:
        if self._exchange is None or connection != self._to:
            await self.close()
            self._to, self._exchange = connection, sockets.Exchange(connection)
        return self._exchange

    async def _run_together(self, command: Together) -> list[Any]:
        free = asyncio.Semaphore(command.at_once)

        async def run_apart(steps: Steps[Any]) -> Any:
            async with free, AsyncClient(self._sleep) as other:
                try:
                    return await other.run(steps)
                except MinerError as error:
                    return error

        return await asyncio.gather(*map(run_apart, command.steps))


async def _probe(command: Probe) -> bool:
    try:
        sock = await sockets.connected(command.host, command.port, command.timeout_s)
    except (OSError, asyncio.TimeoutError):
        return False
    sock.close()
    return True
