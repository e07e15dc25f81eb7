# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs steps in tests: those of a session with a scripted transport, or those of a stand-in for the session itself."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import follower
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.async_client import AsyncClient
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.client import Client
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import (
    Connection,
    Credential,
    RunAction,
    Steps,
    Wait,
)

from .helpers import Clock

T = TypeVar("T")

Connect = Callable[..., "Driven"]


def connection_to(
    host: str,
    password: str = "dragonadmin",
    username: str = "admin",
    fallback_passwords: tuple[str, ...] = (),
    username_origin: str | None = None,
    **others: Any,
) -> Connection:
    """A connection with the login of most tests."""
    passwords = (password, *fallback_passwords)
    logins = tuple(Credential(username, one, origin=username_origin) for one in passwords)
    return Connection(host, logins, **others)


Drive = Callable[[Steps[Any], "list[float] | None"], Any]


def over_requests(steps: Steps[Any], pauses: list[float] | None) -> Any:
    """Runs steps over requests. With a list for them, pauses are only recorded."""
    with Client(time.sleep if pauses is None else pauses.append) as client:
        return client.run(steps)


def over_aiohttp(steps: Steps[Any], pauses: list[float] | None) -> Any:
    """The same over aiohttp."""

    async def sleep(seconds: float) -> None:
        if pauses is None:
            await asyncio.sleep(seconds)
        else:
            pauses.append(seconds)

    async def drive() -> Any:
        async with AsyncClient(sleep) as client:
            return await client.run(steps)

    return asyncio.run(drive())


class Driven:
    """A session and its driver: runs the steps of the session at once."""

    def __init__(
        self,
        host: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        self.session = Session(connection_to(host, **options), now)
        self._client = Client(sleep)

    def run(self, steps: Steps[T]) -> T:
        return self._client.run(steps)

    def close(self) -> None:
        self._client.close()

    @property
    def password(self) -> str:
        return self.session.credential.password

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.session, name)
        if not inspect.isgeneratorfunction(found):
            return found
        return lambda *args, **options: self.run(found(*args, **options))


def asking(ask: Callable[..., Steps[T]], client: Driven, *args: Any, **options: Any) -> T:
    """Runs a function that takes a session and other arguments, and returns its value."""
    return client.run(ask(client.session, *args, **options))


class Stepping:
    """A stand-in for a session: what the object behind it does directly, this does as steps."""

    def __init__(self, actor: Any, clock: Clock) -> None:
        self.actor = actor
        self.now = clock.monotonic

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.actor, name)
        if not callable(found):
            return found

        return stepped(found)


def stepped(act: Callable[..., T]) -> Callable[..., Steps[T]]:
    """A function as steps that send nothing."""

    def steps(*args: Any, **options: Any) -> Steps[T]:
        yield from ()
        return act(*args, **options)

    return steps


def session_on(clock: Clock) -> Session:
    """A session with only a clock."""
    return Session(connection_to("10.1.0.25"), clock.monotonic)


def run(steps: Steps[T], clock: Clock) -> T:
    """Runs steps that send nothing. Their pauses advance the clock."""
    try:
        command = next(steps)
        while True:
            assert isinstance(command, Wait), command
            clock.sleep(command.seconds)
            command = steps.send(None)
    except StopIteration as done:
        value: T = done.value
        return value


def followed(*arguments: Any) -> None:
    """Follows an upgrade like its driver, without a miner for other requests."""
    with Client() as client:
        client.run(_attended(arguments))


def _attended(arguments: tuple[Any, ...]) -> Steps[None]:
    yield RunAction(lambda run: follower.follow(run, *arguments))
