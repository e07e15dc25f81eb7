# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server of a miner: the routes to PHP, its own pages, and the limits of both.

Routes, pages and limits are those seen on the device's nginx and PHP.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from aiohttp import web

from ..generations import UPDATES
from . import stream, upgrade
from .actions import is_write, run
from .call import Call, invite_body
from .login import identify
from .nginx_pages import error_page, html, index
from .php import parse_form
from .upgrade import MAX_BODY
from .wire import AlreadySent, HangUpError, Reply

if TYPE_CHECKING:
    from ..miner import Miner

PHP_TIMEOUT = 120.0  # seconds
PAGES = Path(__file__).parent / "pages"
INDEX = {name: (PAGES / f"{name}.html").read_bytes() for name in ("dragonmint", "innominer", "asicminer")}
# Pages of other programs behind nginx.
PAGES_OF_OTHERS = {
    "/upgrade/upload": "upload",
    "/upgrade/download": "download",
    "/upgrade/ws": "websocket",
    "/stream/logs": "logs",
}
OTHER_SERVERS = {
    "upload": upgrade.upload,
    "download": upgrade.download,
    "websocket": upgrade.websocket,
    "logs": stream.logs,
}
ASSET = re.compile(r"\.(js|css|html|txt|xml|png|jpe?g|gif|ico|svg)$")


@dataclass(frozen=True)
class Target:
    """The target of a request: an action for PHP, or a page of nginx."""

    path: str
    action: str | None = None
    page: str = "php"

    @property
    def has_form(self) -> bool:
        return self.action is not None or self.page == "download"


def target(raw_path: str) -> Target:
    encoded, _unused, query = raw_path.partition("?")
    path = re.sub("/+", "/", unquote(encoded))
    prefix = re.match("/(api|cgi-bin)", path)
    if path == "/index.html":
        return Target("/", page="index")
    if path in PAGES_OF_OTHERS:
        return Target(path, page=PAGES_OF_OTHERS[path])
    if ASSET.search(path):
        return Target(path, page="missing")
    if prefix is None:
        return Target(path, page="index")
    action = path[prefix.end() :]
    if action == "":
        return Target(path, page="moved")
    if not action.startswith("/"):
        return Target(path, page="missing")
    override = parse_qs(query, keep_blank_values=True).get("action")
    return Target(path, action=override[-1] if override else action[1:])


async def serve(miner: Miner, request: web.BaseRequest) -> web.StreamResponse:
    """Reads one request, records it, and answers it unless a fault prevents that."""
    aim = target(request.raw_path)
    body = b""
    if (request.content_length or 0) > MAX_BODY:
        aim = Target(aim.path, page="too large")
    elif aim.page != "upload":
        try:
            invite_body(request)
            body = await request.content.read()
        except ConnectionError:
            return AlreadySent(keep_alive=False)
    call = Call(
        miner=miner,
        request=request,
        path=aim.path,
        action=aim.action,
        form=parse_form(request.method, request.headers.get("Content-Type", ""), body) if aim.has_form else {},
        identity=identify(request.headers.get("Authorization", ""), miner.users, miner.tokens, miner.wall()),
        is_write=is_write(aim.action) or aim.path in UPDATES,
    )
    miner.requests.append(call.record)
    try:
        fault = miner.faults.take(call)
        reply = await (answer(call, aim) if fault is None else fault.play(call, lambda: answer(call, aim)))
        if not isinstance(reply, Reply):
            return reply
        return await call.deliver(reply)
    except HangUpError as error:
        return call.end(error.reset)
    except ConnectionError:
        return call.end()
    finally:
        call.leave()
        call.finish()


async def answer(call: Call, aim: Target) -> Reply:
    if aim.page in OTHER_SERVERS:
        return await OTHER_SERVERS[aim.page](call)
    if aim.page != "php":
        await call.miner.clock.sleep(call.linger_s)
        return page(call, aim.page)
    work = asyncio.get_running_loop().create_task(run(call))
    call.miner.running.add(work)
    work.add_done_callback(call.miner.running.discard)
    if not await call.miner.clock.wait(work, PHP_TIMEOUT):
        call.outcome("gateway_timeout")
        return error_page(504)
    if work.cancelled():
        raise call.lose("went_down")
    return work.result()


def page(call: Call, name: str) -> Reply:
    """A page of nginx's own."""
    method = call.request.method
    if name == "too large":
        return html(413, close=True)
    if name == "moved":
        host = call.request.headers.get("Host", call.miner.host)
        return html(301, early=(("Location", f"http://{host}{call.path}/"),))
    if method not in {"GET", "HEAD", "POST"}:
        return html(405)
    if name == "missing":
        return html(404)
    return html(405) if method == "POST" else index(INDEX[call.miner.generation.page])
