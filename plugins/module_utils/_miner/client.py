# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs steps for one miner, over requests."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError
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
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.transport import Stream, Transport
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply

T = TypeVar("T")


class Client:
    """Runs steps. It has one connection and sends one request at a time."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._to: Connection | None = None
        self._transport: Transport | None = None
        self._stream: Stream | None = None
        self._performers: dict[type, Callable[[Any], Any]] = {
            Send: self._send,
            OpenStream: self._open_stream,
            ReadStream: self._read_stream,
            Wait: lambda command: self._sleep(command.seconds),
            Probe: _probe,
            Together: self._run_together,
            RunAction: self._run_action,
        }

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._close_stream()
        if self._transport:
            self._transport.close()
        self._to = self._transport = None

    def run(self, steps: Steps[T]) -> T:
        """Runs steps and returns their value. Raises what they raise."""
        try:
            command = next(steps)
            while True:
                try:
                    result = self._performers[type(command)](command)
                except Exception as error:  # noqa: BLE001 - it is for the steps to say what an error means
                    command = steps.throw(error)
                else:
                    command = steps.send(result)
        except StopIteration as done:
            value: T = done.value
            return value

    def _send(self, command: Send) -> Reply:
        transport = self._transport_to(command.to)
        if command.form is None:
            return transport.get(command.path)
        return transport.post(command.path, command.form, command.authorization, command.slow_s)

    def _open_stream(self, command: OpenStream) -> Reply:
        transport = self._transport_to(command.to)
        self._stream = transport.stream(command.path, command.headers, command.authorization)
        return self._stream.head

    def _read_stream(self, command: ReadStream) -> bytes:
        if self._stream is None:
            raise RuntimeError("A stream is read before it was opened.")
        return self._stream.read(command.within_s)

    def _transport_to(self, connection: Connection) -> Transport:
        self._close_stream()
        if self._transport is None or connection != self._to:
            self.close()
            self._to, self._transport = connection, Transport(connection.url, connection.timeout_s, connection.tls)
        return self._transport

    def _close_stream(self) -> None:
        if self._stream:
            self._stream.close()
        self._stream = None

    def _run_together(self, command: Together) -> list[Any]:
        if len(command.steps) == 1:
            return [self._run_apart(command.steps[0])]
        with ThreadPoolExecutor(max(1, min(command.at_once, len(command.steps)))) as pool:
            return list(pool.map(self._run_apart, command.steps))

    def _run_apart(self, steps: Steps[Any]) -> Any:
        with Client(self._sleep) as other:
            try:
                return other.run(steps)
            except MinerError as error:
                return error

    def _run_action(self, command: RunAction) -> Any:
        def run(steps: Steps[Any]) -> Awaitable[Any]:
            return asyncio.to_thread(self.run, steps)

        async def act() -> Any:
            return await command.act(run)

        return asyncio.run(act())


def _probe(command: Probe) -> bool:
    try:
        socket.create_connection((command.host, command.port), timeout=command.timeout_s).close()
    except OSError:
        return False
    return True
