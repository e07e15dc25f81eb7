# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages under /upgrade: nginx asks the firmware who may use them, the updater's own web server answers."""

from __future__ import annotations

from aiohttp import web

from ..updater import refusal
from ..updater.download import fetch
from ..updater.updater import Update
from .call import Call, invite_body
from .multipart import Event, PartBegins, PartData, PartEnds, Parts, boundary_of
from .nginx_pages import error_page, html
from .wire import Reply

MAX_BODY = 100 * 1024 * 1024  # bytes
UPDATER_TIMEOUT = 60.0  # seconds
QUEUE_FULL = b"Failed to queue command"
# The updater's server answers every part, so the answers to further ones end up in the body of the first.
EMBEDDED_REFUSAL = (
    "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    f"Content-Length: {len(QUEUE_FULL)}\r\n\r\n{QUEUE_FULL.decode()}"
)
NOT_FOUND = Reply(b"Not Found", 404, "text/plain", chunked=False)


async def is_admin(call: Call) -> bool:
    """Asks the firmware, which takes one of its workers."""
    async with call.miner.workers:
        await call.miner.clock.sleep(call.miner.latency_of(call.path))
    return call.identity.user == "admin"


async def websocket(call: Call) -> Reply:
    """Open to everybody."""
    if call.miner.updater.state == "dead":
        return error_page(502)
    if not web.WebSocketResponse().can_prepare(call.request):
        return NOT_FOUND
    await call.miner.clock.sleep(call.linger_s)
    return Reply(status=101, takes_over=_listen)


async def _listen(call: Call, reply: Reply) -> web.StreamResponse:
    socket = web.WebSocketResponse(compress=False)
    socket.headers["Server"] = "nginx/1.12.2"
    call.outcome("websocket")
    await call.miner.updater.listen(socket, call.request)
    return socket


async def upload(call: Call) -> Reply:
    if not await is_admin(call):
        return html(401)
    if call.miner.updater.state == "dead":
        return error_page(502)
    boundary = boundary_of(call.request.headers.get("Content-Type", ""))
    if call.request.method != "POST" or boundary is None:
        return await _never_answered(call)
    return await _Upload(call, boundary).receive()


async def _never_answered(call: Call) -> Reply:
    await call.miner.clock.sleep(UPDATER_TIMEOUT)
    call.outcome("gateway_timeout")
    return error_page(504)


class _Upload:
    """One upload: its first part is the archive, whatever its name."""

    def __init__(self, call: Call, boundary: bytes) -> None:
        self._call = call
        self._parts = Parts(boundary)
        self._update: Update | None = None
        self._seen = 0
        self._size = 0
        self._filename = ""
        self._body = ""
        self._whole = False

    async def receive(self) -> Reply:
        call = self._call
        invite_body(call.request)
        try:
            while data := await call.request.content.readany():
                for event in self._parts.feed(data):
                    await self._take(event)
                if self._seen and self._update is None:
                    return self._refused()
                if self._update is not None:
                    await self._update.pace(len(data))
        finally:
            self._end()
        if not self._whole:
            return await _never_answered(call)
        await call.miner.clock.sleep(call.linger_s)
        return Reply(self._body.encode(), 200, "text/plain")

    def _refused(self) -> Reply:
        """If nginx loses it, the client does not hear from the updater."""
        call, miner = self._call, self._call.miner
        rate = call.plan.bytes_per_s or refusal.LINK
        word = refusal.reply(miner.busy_reply, miner.chance, call.request.content_length or 0, rate)
        if word == "reset":
            raise call.lose("reset", reset=True)
        return error_page(502) if word == "502" else Reply(QUEUE_FULL, 500, "text/plain", chunked=False)

    async def _take(self, event: Event) -> None:
        if isinstance(event, PartBegins):
            self._seen += 1
            await self._begin(event.filename)
        elif self._seen > 1 or self._update is None:
            return
        elif isinstance(event, PartData):
            self._size += len(event.data)
            self._call.record["size"] = self._size
            await self._update.feed(event.data)
        elif isinstance(event, PartEnds):
            self._whole = True
            self._body = f"Ok, {self._filename} - {self._size} bytes.\r\n"
            await self._update.finish()

    def _end(self) -> None:
        """A body that ends early, for whatever reason, leaves the updater waiting for the rest."""
        if self._update is None:
            return
        if self._whole:
            self._update.install()
        else:
            self._update.abandon()

    async def _begin(self, filename: str) -> None:
        call = self._call
        if self._seen > 1:
            self._body += EMBEDDED_REFUSAL
            await call.miner.updater.refuse()
            return
        self._filename = filename
        call.record.update(filename=filename, size=0)
        call.miner.uploads += 1
        call.plan.silent = call.plan.silent or call.ignored
        self._update = await call.miner.updater.begin(filename, "WEBSERVER", call.plan)
        if self._update is not None:
            self._update.result = call.ended


async def download(call: Call) -> Reply:
    """Only some firmwares have it; its answer is unknown, except that it carries no information."""
    if not await is_admin(call):
        return html(401)
    if call.miner.updater.state == "dead":
        return error_page(502)
    if not call.miner.has_download or call.request.method != "POST":
        return NOT_FOUND
    url = call.form.get("url")
    if not isinstance(url, str) or not url:
        return Reply(b"", 400, "text/plain", chunked=False)
    call.plan.silent = call.plan.silent or call.ignored
    filename = url.partition("?")[0].rpartition("/")[2]
    update = await call.miner.updater.begin(filename, "DOWNLOADER", call.plan)
    if update is None:
        return Reply(QUEUE_FULL, 500, "text/plain", chunked=False)
    call.record.update(filename=filename)
    update.result = call.ended
    call.miner.keep(fetch(update, url))
    await call.miner.clock.sleep(call.linger_s)
    return Reply(b"", 200, "text/plain", chunked=False)
