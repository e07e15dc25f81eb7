# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server of a miner: which requests PHP gets, the pages of its own, and the limits on both.

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

from .actions import run
from .call import Call
from .login import identify
from .php import parse_form
from .wire import REASONS, AlreadySent, HangUpError, Reply

if TYPE_CHECKING:
    from .miner import Miner

MAX_BODY = 100 * 1024 * 1024  # bytes
PHP_TIMEOUT = 120.0  # seconds
PAGES = Path(__file__).parent / "pages"
INDEX = {name: (PAGES / f"{name}.html").read_bytes() for name in ("dragonmint", "asicminer")}
ERROR_PAGE = (PAGES / "50x.html").read_bytes()
ASSET = re.compile(r"\.(js|css|html|txt|xml|png|jpe?g|gif|ico|svg)$")


@dataclass(frozen=True)
class Target:
    """Where a request goes: an action for PHP, or a page of nginx."""

    path: str
    action: str | None = None
    page: str = "php"


def target(raw_path: str) -> Target:
    encoded, _, query = raw_path.partition("?")
    path = re.sub("/+", "/", unquote(encoded))
    prefix = re.match("/(api|cgi-bin)", path)
    if path == "/index.html":
        return Target("/", page="index")
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
    """Read one request, record it, and answer it unless a fault has other plans."""
    aim = target(request.raw_path)
    body = b""
    if (request.content_length or 0) > MAX_BODY:
        aim = Target(aim.path, page="too large")
    else:
        try:
            if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
                request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await request.content.read()
        except ConnectionError:
            return AlreadySent(keep_alive=False)
    miner.in_progress += 1
    call = Call(
        miner=miner,
        request=request,
        path=aim.path,
        action=aim.action,
        form=parse_form(request.method, request.headers.get("Content-Type", ""), body) if aim.action else {},
        identity=identify(request.headers.get("Authorization", ""), miner.users, miner.tokens, miner.wall()),
    )
    miner.requests.append(call.record)
    try:
        fault = miner.faults.take(call)
        reply = await (answer(call, aim) if fault is None else fault.play(call, lambda: answer(call, aim)))
        return call.send(reply) if isinstance(reply, Reply) else reply
    except HangUpError as error:
        return call.end(error.reset)
    finally:
        miner.in_progress -= 1
        call.finish()


async def answer(call: Call, aim: Target) -> Reply:
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


def html(status: int, early: tuple[tuple[str, str], ...] = (), close: bool = False) -> Reply:
    """nginx's short page for a status."""
    title = f"{status} {REASONS[status]}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.12.2</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(body.encode(), status, "text/html", chunked=False, early=early, close=close)


def error_page(status: int) -> Reply:
    """The page that nginx shows when PHP is gone (502) or silent (504)."""
    return Reply(ERROR_PAGE, status, "text/html", chunked=False)


def index(body: bytes) -> Reply:
    return Reply(
        body,
        content_type="text/html",
        chunked=False,
        early=(("Last-Modified", "Tue, 15 May 2018 06:08:42 GMT"),),
        late=(
            ("ETag", f'"5afa792a-{len(body):x}"'),
            ("Expires", "Thu, 31 Dec 2037 23:55:55 GMT"),
            ("Cache-Control", "max-age=315360000"),
            ("Accept-Ranges", "bytes"),
        ),
    )
