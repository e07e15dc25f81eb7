# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to a miner, from the moment it was read until its answer was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..fields import Value
from ..updater.plan import Plan
from .listener import hang_up
from .login import Identity
from .wire import AlreadySent, HangUpError, Reply, keeps_alive, render

if TYPE_CHECKING:
    from ..miner import Miner

WRITE_AHEAD = 2**20  # bytes


@dataclass(eq=False)
class Call:
    """`action` is None for nginx's own pages. A write changes the device if it is served. `record` is the control
    port's entry for this request.
    """

    miner: Miner
    request: web.BaseRequest
    path: str
    action: str | None
    form: dict[str, Value]
    identity: Identity
    is_write: bool
    record: dict[str, Any] = field(init=False)
    # A fault makes the firmware report success without doing anything.
    ignored: bool = False
    # The effects of faults on an update.
    plan: Plan = field(default_factory=Plan)
    # A fault occupies the worker for this many seconds after the action was executed.
    linger_s: float = 0.0
    # Runs once the answer is sent, or was lost.
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        in_progress = self.miner.in_progress
        in_progress.append(self)
        self.record = {
            "time": round(self.miner.clock.now(), 6),
            "method": self.request.method,
            "path": self.request.path_qs,
            "action": self.action,
            "user": self.identity.user,
            "auth": self.identity.method,
            "form": self.form,
            "write": self.is_write,
            "applied": False,
            "outcome": "pending",
            "replied": False,
            "concurrent": len(in_progress),
            "awaited": sum(call.is_connected() for call in in_progress),
            "ended": None,
        }

    def applied(self) -> None:
        """The device's state changed, or a command was really executed."""
        self.record["applied"] = True

    def ended(self, result: str) -> None:
        """The result of an update, long after its request was answered."""
        self.record["result"] = result
        if result == "installed":
            self.applied()

    def outcome(self, word: str) -> None:
        """The first word stays."""
        if self.record["outcome"] == "pending":
            self.record["outcome"] = word

    def send(self, reply: Reply) -> web.StreamResponse:
        if not self.write(render(reply, self.request, self.miner.wall())):
            return self.end()
        self.outcome("answered")
        self.record["replied"] = True
        return AlreadySent(keeps_alive(reply, self.request))

    async def deliver(self, reply: Reply) -> web.StreamResponse:
        """Sends an answer, including a streamed one."""
        if reply.takes_over is None:
            return self.send(reply)
        self.leave()
        return await reply.takes_over(self, reply)

    def write(self, data: bytes) -> bool:
        """Sends bytes; false if the client is gone."""
        if (transport := self.request.transport) is None or transport.is_closing():
            return False
        transport.write(data)
        return True

    def leave(self) -> None:
        """No longer one of the requests in progress; a connection that stays open occupies no worker."""
        if self in self.miner.in_progress:
            self.miner.in_progress.remove(self)
            self.record["ended"] = round(self.miner.clock.now(), 6)

    def is_connected(self) -> bool:
        transport = self.request.transport
        return transport is not None and not transport.is_closing()

    async def drain(self) -> None:
        """Waits until the client has read most of what was written."""
        await asyncio.sleep(0)
        while (transport := self.request.transport) is not None and transport.get_write_buffer_size() > WRITE_AHEAD:
            # aiohttp's own drain is private.
            await asyncio.sleep(0.005)

    def end(self, reset: bool = False) -> web.StreamResponse:
        """Hang up."""
        self.outcome("abandoned")
        if self.request.transport is not None:
            hang_up(self.request.transport, reset)
        return AlreadySent(keep_alive=False)

    def lose(self, outcome: str, reset: bool = False) -> HangUpError:
        """The error to raise for a connection that ends without an answer."""
        self.outcome(outcome)
        return HangUpError(reset)

    def finish(self) -> None:
        for step in self.afterwards:
            step()


def invite_body(request: web.BaseRequest) -> None:
    """A client may wait for permission to send its body."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
