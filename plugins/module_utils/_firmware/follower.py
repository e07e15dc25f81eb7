# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows a firmware upgrade: transfers the firmware, listens to the updater and polls the miner, all at once."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Callable

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply, MinerError
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import Event, Upgrade
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.sockets import bounded_connector
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import RunSteps, Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    BAD_GATEWAY,
    FORM_TYPE,
    HEADERS,
    form_body,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import (
    DOWNLOAD_PATH,
    UPDATER_SOCKET_PATH,
    UPLOAD_PATH,
    UpdaterBusy,
    Upload,
    accept_upload,
)

with suppress(ImportError):
    import aiohttp

# Seconds. By then, an update in progress may have been heard; if not, the miner refuses another one as busy.
LISTEN_FIRST_S = 0.5
SILENCE_S = 120.0
# While the miner boots, its web server may be up for a moment before the updater is.
GONE_S = 8.0
_LAST_WORDS_S = 1.0
_TICK_S = 0.25
_RECONNECT_S = 1.0
_POLL_EVERY_S = 2.0
_CONNECT_S = 10.0
# Slower than any network of a farm: only stalled uploads are cut off, since that leaves the updater stuck.
_SLOWEST_BYTES_PER_S = 256 * 1024
_CHUNK_BYTES = 256 * 1024
# The updater's messages about one update are less than 100 KB in total.
_CONNECTION_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True)
class Order:
    """What the miner is to install: an archive that is uploaded, or the URL of one to download."""

    path: str | None = None
    size: int = 0
    url: str | None = None

    @property
    def limit_s(self) -> float:
        """The maximum duration of the transfer, in seconds."""
        return 60.0 + self.size / _SLOWEST_BYTES_PER_S


@dataclass(frozen=True)
class Miner:
    """The miner to upgrade, and the steps that read its state.

    ``is_unchanged`` finds out whether it still runs the firmware that is to be replaced, ``has_rebooted`` whether it
    has rebooted since. ``tls`` is set for https only.
    """

    url: str
    authorization: str
    tls: ssl.SSLContext | None
    is_unchanged: Callable[[], Steps[bool]]
    has_rebooted: Callable[[], Steps[bool]]


async def follow(
    run: RunSteps,
    miner: Miner,
    order: Order,
    upgrade: Upgrade,
    wait_s: float,
    to_end: bool,
    report: Callable[[], None],
) -> None:
    """Starts an upgrade and follows it to its end, or if not ``to_end``, to the check of its archive.

    It takes ``wait_s`` at most. ``run`` runs steps in the meantime. ``report`` is called whenever there may be
    something new to report. Raises the error with which the miner refused the order.
    """
    await _Follower(run, miner, order, upgrade, report).run(wait_s, to_end)


class _Follower:
    def __init__(self, run: RunSteps, miner: Miner, order: Order, upgrade: Upgrade, report: Callable[[], None]) -> None:
        self._run = run
        self._miner = miner
        self._order = order
        self._upgrade = upgrade
        self._report = report
        self._is_connected = False
        self._heard_at = time.monotonic()
        self._polled_at = 0.0
        self._got_bad_gateway = False
        self._gone_since: float | None = None
        self._is_listening: asyncio.Event
        self._is_under_way: asyncio.Event

    async def run(self, wait_s: float, to_end: bool) -> None:
        self._is_listening, self._is_under_way = asyncio.Event(), asyncio.Event()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S)
        # There is no other way to disable redirects of a websocket.
        tracing = aiohttp.TraceConfig()
        tracing.on_request_redirect.append(_refuse_redirect)
        async with aiohttp.ClientSession(
            connector=bounded_connector(_CONNECTION_BYTES_MAX), timeout=timeout, trace_configs=[tracing]
        ) as session:
            listener = asyncio.create_task(self._listen(session))
            try:
                await self._wait_for_quiet()
                # An update of an earlier task, or of another controller, may have ended since the miner was read.
                if self._upgrade.wants_firmware and not await self._run(self._miner.is_unchanged()):
                    self._upgrade.feed(Event.REBOOTED)
                if self._upgrade.wants_firmware:
                    self._report()
                    await self._send_firmware(session)
                await self._follow_to_end(time.monotonic() + wait_s, to_end)
            finally:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)

    async def _wait_for_quiet(self) -> None:
        """Listens before anything is sent, so that an update in progress can be heard."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._is_listening.wait(), _CONNECT_S)
        try:
            await asyncio.wait_for(self._is_under_way.wait(), LISTEN_FIRST_S)
        except asyncio.TimeoutError:
            self._upgrade.feed(Event.QUIET)

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        url = self._miner.url + UPDATER_SOCKET_PATH
        while True:
            try:
                async with session.ws_connect(url, ssl=self._miner.tls or True) as socket:
                    self._is_connected = True
                    self._gone_since = None
                    self._is_listening.set()
                    async for message in socket:
                        if message.type is aiohttp.WSMsgType.TEXT and self._upgrade.feed_frame(message.data):
                            self._heard_at = time.monotonic()
                            # Texts without a status may be the last words about an update that failed.
                            if self._upgrade.is_under_way:
                                self._is_under_way.set()
                            self._report()
            except aiohttp.WSServerHandshakeError as error:
                is_gone = error.status == BAD_GATEWAY
                self._gone_since = (self._gone_since or time.monotonic()) if is_gone else None
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                self._gone_since = None
            # Without a websocket, this works as well. It waits for an updater that is not running yet.
            if self._gone_since is None or self._is_gone():
                self._is_listening.set()
            if self._is_connected:
                self._is_connected = False
                self._upgrade.feed(Event.SOCKET_LOST)
            await asyncio.sleep(_RECONNECT_S)

    async def _send_firmware(self, session: aiohttp.ClientSession) -> None:
        event = Event.SENDING_LOST
        try:
            status, body = await self._send(session)
            self._got_bad_gateway = status == BAD_GATEWAY
            accept_upload(status, body)
            event = Event.SENT
        except UpdaterBusy as error:
            event, self._upgrade.refusal = Event.BUSY, error.reason
        except BadReply as error:
            self._upgrade.refusal = error.reason
        except asyncio.TimeoutError:
            self._upgrade.refusal = f"no answer within {self._order.limit_s:.0f} s"
        except (aiohttp.ClientError, OSError):
            self._upgrade.refusal = "the connection broke"
        self._upgrade.feed(event)
        self._heard_at = time.monotonic()
        self._report()

    async def _send(self, session: aiohttp.ClientSession) -> tuple[int, bytes]:
        headers = {**HEADERS, "Authorization": self._miner.authorization}
        if self._order.path:
            upload = Upload(PurePath(self._order.path).name, self._order.size)
            path = UPLOAD_PATH
            data: AsyncIterator[bytes] | bytes = _body(upload, self._order.path)
            headers.update({"Content-Type": upload.content_type, "Content-Length": str(upload.length)})
        else:
            path = DOWNLOAD_PATH
            data = form_body({"url": self._order.url or ""})
            headers["Content-Type"] = FORM_TYPE
        timeout = aiohttp.ClientTimeout(total=self._order.limit_s, sock_connect=_CONNECT_S)
        async with session.post(
            self._miner.url + path,
            data=data,
            headers=headers,
            allow_redirects=False,
            ssl=self._miner.tls or True,
            timeout=timeout,
        ) as response:
            return response.status, await response.content.read(4096)

    async def _follow_to_end(self, deadline: float, to_end: bool) -> None:
        while not self._upgrade.is_over(to_end, self._is_connected):
            await asyncio.sleep(_TICK_S)
            is_over = time.monotonic() >= deadline
            if is_over:
                self._upgrade.feed(Event.TIME_IS_UP)
            if self._is_connected and self._is_silent():
                self._upgrade.feed(Event.SILENT)
            if self._got_bad_gateway and self._is_gone():
                self._upgrade.feed(Event.GONE)
            has_rebooted = await self._poll(is_over)
            if has_rebooted:
                self._upgrade.feed(Event.REBOOTED)
            elif has_rebooted is False and (is_over or self._is_silent()):
                self._upgrade.feed(Event.NOT_REBOOTED)
            self._report()
            if is_over:
                return
        if self._upgrade.has_failed:
            await asyncio.sleep(_LAST_WORDS_S)

    def _is_silent(self) -> bool:
        return time.monotonic() - self._heard_at > SILENCE_S

    def _is_gone(self) -> bool:
        return self._gone_since is not None and time.monotonic() - self._gone_since > GONE_S

    async def _poll(self, at_once: bool) -> bool | None:
        """Whether the miner has rebooted; None if it is not due to be polled, or does not respond."""
        is_reported = self._is_connected and not self._upgrade.is_hidden
        if not at_once and (is_reported or time.monotonic() - self._polled_at < _POLL_EVERY_S):
            return None
        self._polled_at = time.monotonic()
        try:
            has_rebooted: bool = await self._run(self._miner.has_rebooted())
        except MinerError as error:
            if error.is_final:
                error.changed = True
                raise
            # It has the firmware: whatever it answers now, it may answer properly after the reboot.
            self._upgrade.unanswered = error.reason
            return None
        self._upgrade.unanswered = None
        return has_rebooted


async def _refuse_redirect(*_unused: object) -> None:
    raise aiohttp.ClientError("a redirect is not followed")


async def _body(upload: Upload, path: str) -> AsyncIterator[bytes]:
    yield upload.head
    with open(path, "rb") as archive:  # noqa: ASYNC230, PTH123 - a disk is faster than the miner's network
        while chunk := archive.read(_CHUNK_BYTES):
            yield chunk
    yield upload.tail
