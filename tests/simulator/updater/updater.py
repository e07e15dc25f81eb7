# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The updater of one miner: it takes one archive at a time, checks it on arrival, installs it, reboots the miner.

Everything that it reports goes to its websockets; nothing is kept for later clients. A reboot makes a new updater.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from .installation import Installation
from .plan import Plan
from .swupdate.description import Description
from .swupdate.frames import ERROR, Outbox, frame, status
from .swupdate.verifier import Board, Verifier

if TYPE_CHECKING:
    from ..miner import Miner

# A client that reads too slowly misses frames instead of delaying the others.
MAX_UNREAD = 2**15  # bytes
# The last status that gets through before the reboot cuts the sockets.
LAST_FRAMES = ("DONE", "SUCCESS", "RUN")
NOT_INSTALLING = "Image invalid or corrupted. Not installing ..."
READY_AGAIN = (
    "[network_initializer] : Main thread sleep again !",
    "Waiting for requests...",
    "[network_initializer] : Main loop Daemon",
)


class Updater:
    """`state` is idle, busy, wedged or dead; only a reboot helps against the last two."""

    def __init__(self, miner: Miner) -> None:
        self.miner = miner
        self.state = "idle"
        self.outbox = Outbox(miner.frame_order)
        self._sockets: dict[web.WebSocketResponse, web.BaseRequest] = {}
        self._status = ""
        self._source = ""
        self._info = ""

    def die(self) -> None:
        """The program ends, and nginx can't reach it any more."""
        self.state = "dead"
        for request in self._sockets.values():
            if request.transport is not None:
                request.transport.abort()

    async def restart(self) -> None:
        """The program restarts, as for `restartSwupdate`."""
        miner, state = self.miner, self.state
        self.die()
        await miner.clock.sleep(miner.timing["updater_restart_s"])
        miner.updater = Updater(miner)
        if miner.updater_freed_by == "reboot" and state in {"wedged", "dead"}:
            miner.updater.state = state

    async def begin(self, filename: str, source: str, plan: Plan) -> Update | None:
        """Takes an archive, or refuses it because there already is one, or the rest of one."""
        if self.state != "idle":
            await self.refuse()
            return None
        self.state = "busy"
        # The name is copied without its terminator, so a shorter one keeps the tail of its predecessors.
        self._info = filename + self._info[len(filename) :]
        return Update(self, source, plan)

    async def refuse(self) -> None:
        self.outbox.message("[network_thread] : Incoming network request: processing...")
        await self.flush()

    def announce_start(self, source: str) -> None:
        self.announce("START")
        if source != self._source:
            self.outbox.progress(frame("source", source=source))
            self._source = source
        self.outbox.progress(frame("info", source=self._info))

    def announce(self, word: str) -> None:
        """A status is reported when it changes, a failure every time."""
        if word != self._status or word == "FAILURE":
            self.outbox.progress(status(word))
        self._status = word

    async def flush(self, final: bool = False, last_frame: str = "DONE") -> None:
        frames = self.outbox.take(final)
        await self.send(frames[: _end_of(last_frame, frames)])

    async def send(self, frames: list[str]) -> None:
        for socket, request in list(self._sockets.items()):
            for text in frames:
                transport = request.transport
                if transport is None or transport.get_write_buffer_size() > MAX_UNREAD:
                    break
                try:
                    await socket.send_str(text)
                except (ConnectionError, RuntimeError):
                    break

    async def listen(self, socket: web.WebSocketResponse, request: web.BaseRequest) -> None:
        """Keeps a socket until its client goes; messages from clients are ignored."""
        await socket.prepare(request)
        self._sockets[socket] = request
        try:
            async for _unused in socket:
                pass
        finally:
            del self._sockets[socket]


class Update:
    """One archive on its way to the flash. `result` is called with the outcome, for the log of requests."""

    def __init__(self, updater: Updater, source: str, plan: Plan) -> None:
        miner = updater.miner
        self.updater = updater
        self.plan = plan
        self.result: Callable[[str], None] = lambda result: None
        self._failed = False
        self._source = source
        self._outbox = Outbox() if plan.silent else updater.outbox
        board = Board(
            name=miner.hwver,
            revision=f"{miner.type.lower()}.{miner.hwver}",
            software_set=miner.slots.spare_set,
            room=int(miner.memory["available"] * 1024),
        )
        self.verifier = Verifier(board, self._outbox.message, self._parsed)
        self.say = self._outbox.message
        self.say("Software Update started !")

    def announce_download(self) -> None:
        if not self.plan.silent:
            self.updater.announce("DOWNLOAD")

    async def pace(self, size: int) -> None:
        """Waits after this many bytes, if a fault slows them down."""
        if self.plan.bytes_per_s:
            await self.updater.miner.clock.sleep(size / self.plan.bytes_per_s)

    async def feed(self, data: bytes) -> None:
        """A failure is reported when it is found; the rest of the bytes is still read."""
        self.verifier.feed(data)
        await self._tell()

    async def finish(self) -> None:
        """All bytes are there."""
        self.verifier.finish()
        if not self.verifier.rejected:
            self.say("[network_initializer] : Valid image found: copying to FLASH")
            self.say("Installation in progress")
        await self._tell()
        if self.plan.silent:
            self.result("silent")
        if self.plan.silent or self.verifier.rejected:
            self.updater.state = "idle"

    def install(self) -> None:
        """Starts, if the archive is good; the caller replies first."""
        if not self.plan.silent and not self.verifier.rejected:
            self.updater.miner.keep(Installation(self).run())

    def abandon(self) -> None:
        """The client left halfway: the updater waits for the rest until the next boot."""
        self.updater.state = "wedged"
        self.result("abandoned")

    async def fail(self, verdict: str, result: str) -> None:
        self.say(verdict, ERROR)
        self.updater.announce("FAILURE")
        await self.rest()
        self.result(result)

    async def rest(self, last_frame: str = "DONE") -> None:
        """Nothing more to report. If a reboot follows, nothing is sent after `last_frame`."""
        for text in READY_AGAIN:
            self.say(text)
        await self.updater.flush(final=True, last_frame=last_frame)

    def _parsed(self, description: Description) -> None:
        if not self.plan.silent:
            self.updater.announce_start(self._source)

    async def _tell(self) -> None:
        if self.plan.silent:
            return
        if self.verifier.rejected and not self._failed:
            self._failed = True
            await self.fail(NOT_INSTALLING, self.verifier.rejected)
        else:
            await self.updater.flush()


def _end_of(last_frame: str, frames: list[str]) -> int:
    """The number of frames sent if the sockets are cut after a status; `RUN` came before all of them."""
    if last_frame == "RUN":
        return 0
    wanted = status(last_frame)
    return frames.index(wanted) + 1 if last_frame == "SUCCESS" and wanted in frames else len(frames)
