# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between a client and a miner. A fault is a name in TABLE and a small function.

Each function gets the request and a function that executes it; `action` and `times` are the same for all of them.
"""

from __future__ import annotations

import asyncio
import gzip
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Union

from aiohttp import web

from ..web import nginx_pages
from ..web.actions.answers import JSON, php, php_error
from ..web.call import Call
from ..web.wire import REASONS, Reply, chunk, head, render
from . import stream_faults, upgrade_faults
from .state import change

Execute = Callable[[], Awaitable[Reply]]
Outcome = Union[Reply, web.StreamResponse]

# These prevent connections from being read at all, so they can't depend on an action.
AT_THE_DOOR = {"drop_before"}
# Without an action it needs no request: the listener is closed.
UNPLUGGED = "dark"
NO_VALUES: Mapping[str, Any] = MappingProxyType({})
# The accepted types of a parameter, by the type of its default.
KINDS: dict[type, Any] = {float: (int, float), MappingProxyType: dict}


async def dark(call: Call, execute: Execute) -> Outcome:
    """The miner leaves the network, at once or (with an action) at such a request: connections are refused."""
    call.miner.faults.add(UNPLUGGED)
    call.miner.unplug()
    raise call.lose("dark")


async def drop_before(call: Call, execute: Execute, reset: bool = False) -> Outcome:
    """The connection is accepted and closed before anything is read."""
    raise call.lose("drop_before", reset)


async def drop(call: Call, execute: Execute, reset: bool = False) -> Outcome:
    """The request is read, not executed, and never answered: the connection ends."""
    raise call.lose("drop", reset)


async def lost_reply(call: Call, execute: Execute, reset: bool = False) -> Outcome:
    """The request is executed, but its answer is lost: the connection ends."""
    await execute()
    raise call.lose("lost_reply", reset)


async def slow(call: Call, execute: Execute, delay_s: float = 5.0) -> Outcome:
    """The request is executed at once, and answered `delay_s` later; until then it occupies a worker."""
    call.linger_s = delay_s
    return await execute()


async def late_write(call: Call, execute: Execute, delay_s: float = 5.0) -> Outcome:
    """Success is answered at once; the change follows `delay_s` later."""
    call.ignored = True
    reply = await execute()

    async def later() -> None:
        await call.miner.clock.sleep(delay_s)
        call.ignored = False
        await execute()
        call.finish()

    call.miner.keep(later())
    return reply


async def silent(call: Call, execute: Execute) -> Outcome:
    """The request is accepted, not executed and never answered; the client has to give up."""
    call.outcome("silent")
    while call.is_connected():
        # aiohttp has no event for a client that hangs up.
        await asyncio.sleep(0.05)
    return call.end()


async def drip(call: Call, execute: Execute) -> Outcome:
    """The answer arrives at one byte per second."""
    reply = await execute()
    call.outcome("drip")
    for byte in render(reply, call.request, call.miner.wall()):
        if not call.write(bytes([byte])):
            break
        await call.miner.clock.sleep(1.0)
    return call.end()


async def truncated(call: Call, execute: Execute) -> Outcome:
    """The connection ends in the middle of the body."""
    _send_half(call, await execute())
    raise call.lose("truncated")


async def stalled(call: Call, execute: Execute) -> Outcome:
    """The answer stops in the middle of the body, and the connection stays open."""
    _send_half(call, await execute())
    call.outcome("stalled")
    return await silent(call, execute)


async def cut_json(call: Call, execute: Execute) -> Outcome:
    """A complete answer with half the JSON."""
    reply = await execute()
    return php(reply.body[: len(reply.body) // 2])


async def html_error(call: Call, execute: Execute, status: int = 502) -> Outcome:
    """nginx's own error page, as if PHP were gone; nothing is executed."""
    return nginx_pages.error_page(status)


async def fatal_error(call: Call, execute: Execute) -> Outcome:
    """An uncaught PHP error: 500 with an empty body; nothing is executed."""
    return php_error()


async def html_page(call: Call, execute: Execute) -> Outcome:
    """A page of some other device."""
    return nginx_pages.index(b"<!DOCTYPE html><html><head><title>Printer</title></head><body>Ready</body></html>")


async def empty(call: Call, execute: Execute) -> Outcome:
    """200 with an empty body; nothing is executed."""
    return php(b"")


async def ignored_write(call: Call, execute: Execute) -> Outcome:
    """The write is answered with success and changes nothing."""
    call.ignored = True
    return await execute()


async def half_write(call: Call, execute: Execute) -> Outcome:
    """Success is answered, but only the first half of the fields took effect."""
    for name in list(call.form)[(len(call.form) + 1) // 2 :]:
        del call.form[name]
    return await execute()


async def rival(call: Call, execute: Execute, values: Mapping[str, Any] = NO_VALUES) -> Outcome:
    """The request is executed, and immediately another controller sets `values`, as by the control port."""
    reply = await execute()
    await change(call.miner, dict(values))
    return reply


async def queued(call: Call, execute: Execute, delay_s: float = 60.0) -> Outcome:
    """All workers are busy: the request is executed only `delay_s` later, even if the client has given up."""
    await call.miner.clock.sleep(delay_s)
    return await execute()


async def reboots(call: Call, execute: Execute) -> Outcome:
    """The miner reboots instead of executing the request."""
    call.miner.reboot()
    raise call.lose("reboots")


async def clock_jumps(call: Call, execute: Execute, offset_s: float = 864000.0) -> Outcome:
    """The miner's clock jumps, so that all tokens become invalid; then the request is executed."""
    call.miner.clock_offset += offset_s
    return await execute()


async def not_ready(call: Call, execute: Execute) -> Outcome:
    """cgminer's API does not respond: a bare failure without a message."""
    return php({"success": False})


async def wrong_types(call: Call, execute: Execute) -> Outcome:
    """Valid JSON in which every value has the wrong type."""
    reply = await execute()
    return php(_twisted(json.loads(reply.body))) if reply.content_type == JSON and reply.body else reply


async def huge(call: Call, execute: Execute) -> Outcome:
    """An endless body; nothing is executed."""
    call.outcome("huge")
    call.write(head(Reply(), call.request, call.miner.wall(), keep_alive=True))
    block = chunk(b" " * 65536)
    while call.write(block):
        await call.drain()
    return call.end()


async def endless_head(call: Call, execute: Execute) -> Outcome:
    """Endless headers; nothing is executed."""
    call.outcome("endless_head")
    call.write(b"HTTP/1.1 200 OK\r\n")
    block = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1000) for number in range(64))
    while call.write(block):
        await call.drain()
    return call.end()


async def oversized(call: Call, execute: Execute, length_bytes: int = 10**9) -> Outcome:
    """A body with a huge announced length; nothing is executed."""
    call.outcome("oversized")
    start = head(Reply(chunked=False), call.request, call.miner.wall(), keep_alive=True)
    call.write(start.replace(b"Content-Length: 0", b"Content-Length: %d" % length_bytes))
    block = b" " * 65536
    for _block in range(length_bytes // len(block)):
        if not call.write(block):
            break
        await call.drain()
    return call.end()


async def gzip_bomb(call: Call, execute: Execute) -> Outcome:
    """A megabyte that unpacks to a gigabyte, although the client did not request compression; nothing is executed."""
    return Reply(gzip.compress(b" " * 10**7) * 100, early=(("Content-Encoding", "gzip"),))


async def nesting_bomb(call: Call, execute: Execute, depth: int = 1_000_000) -> Outcome:
    """JSON nested deeper than any parser allows; nothing is executed."""
    return php(b'{"success":true,"note":' + b"[" * depth + b"]" * depth + b"}")


async def as_html(call: Call, execute: Execute) -> Outcome:
    """The right answer with an HTML content type, like the Innosilicon's getErrorMessage."""
    return replace(await execute(), content_type="text/html; charset=UTF-8")


async def redirect(call: Call, execute: Execute, location: str = "http://127.0.0.1:9/", status: int = 302) -> Outcome:
    """A redirect; with 307 or 308 the request stays the same; nothing is executed."""
    return nginx_pages.html(status, early=(("Location", location),))


async def challenge(call: Call, execute: Execute, offer: str = 'Digest realm="miner", nonce="1"') -> Outcome:
    """401 with an offer of another authentication scheme, which no miner sends; nothing is executed."""
    return nginx_pages.html(401, early=(("WWW-Authenticate", offer),))


async def invalid_utf8(call: Call, execute: Execute) -> Outcome:
    """JSON with a byte that is not valid UTF-8."""
    reply = await execute()
    return php(reply.body[:-1] + b',"note":"\xff\xfe"}')


async def reject(call: Call, execute: Execute, message: str = "rejected") -> Outcome:
    """The firmware refuses with a message; nothing is executed."""
    return php({"success": False, "message": message})


async def canned(
    call: Call, execute: Execute, body: str = "null", status: int = 200, content_type: str = JSON
) -> Outcome:
    """Exactly this body; nothing is executed."""
    return Reply(body.encode(), status, content_type)


async def token_expired(call: Call, execute: Execute) -> Outcome:
    """The answer to a token that is no longer valid."""
    return php({"success": False, "token": "expired"})


async def not_http(call: Call, execute: Execute) -> Outcome:
    """Something that is not HTTP answers at this port; nothing is executed."""
    call.outcome("not_http")
    call.write(b"SSH-2.0-OpenSSH_7.4\r\n")
    await asyncio.sleep(0)
    return call.end()


TABLE: dict[str, Callable[..., Awaitable[Outcome]]] = {
    function.__name__: function
    for function in (
        dark,
        drop_before,
        drop,
        lost_reply,
        slow,
        late_write,
        silent,
        drip,
        truncated,
        stalled,
        cut_json,
        html_error,
        fatal_error,
        html_page,
        empty,
        ignored_write,
        not_ready,
        wrong_types,
        huge,
        endless_head,
        oversized,
        gzip_bomb,
        nesting_bomb,
        half_write,
        rival,
        queued,
        reboots,
        clock_jumps,
        as_html,
        redirect,
        challenge,
        invalid_utf8,
        reject,
        canned,
        token_expired,
        not_http,
    )
}
TABLE.update(upgrade_faults.TABLE)
TABLE.update(stream_faults.TABLE)
# Faults that apply to some paths only.
PATHS = {**upgrade_faults.PATHS, **stream_faults.PATHS}


@dataclass
class Fault:
    """One fault of one miner: for all requests or those of one `action`, permanently or for the next `times` ones."""

    name: str
    action: str | None
    times: int | None
    params: dict[str, Any]

    def matches(self, call: Call) -> bool:
        if call.path not in PATHS.get(self.name, {call.path}):
            return False
        if self.name == "late_write" and call.action is None:
            # A request that is executed twice must not read its body during execution.
            return False
        if self.action is None:
            return self.name not in {"ignored_write", "late_write"} or call.record["write"]
        if self.action in {"writes", "reads"}:
            return bool(call.record["write"]) == (self.action == "writes")
        return self.action in {call.action, call.path}

    def use(self) -> None:
        if self.times is not None:
            self.times -= 1

    async def play(self, call: Call, execute: Execute) -> Outcome:
        try:
            return await TABLE[self.name](call, execute, **self.params)
        finally:
            call.outcome(self.name)

    def shown(self) -> dict[str, Any]:
        return {"name": self.name, "action": self.action, "times": self.times, **self.params}


class Faults:
    """The faults of one miner, in the order they were added; the first that matches a request applies."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, name: str, action: str | None = None, times: int | None = None, **params: Any) -> None:
        """Adds a fault. ValueError explains an invalid one."""
        if name not in TABLE:
            raise ValueError(f"unknown fault {name!r}; there are {', '.join(sorted(TABLE))}")
        if not (action is None or isinstance(action, str)):
            raise ValueError("action is the name of one, `reads`, `writes`, or a path of nginx's own pages")
        if not (times is None or (isinstance(times, int) and times > 0)):
            raise ValueError("times is how many requests the fault is for, 1 or more")
        _check_parameters(name, params)
        if name in AT_THE_DOOR and action is not None:
            raise ValueError(f"fault {name!r} comes before the request is read, so it knows no action")
        if name == UNPLUGGED and action is None and times is not None:
            raise ValueError("a miner that is dark sees no requests, so times has no meaning without an action")
        self._faults.append(Fault(name, action, times, params))

    def clear(self) -> None:
        self._faults.clear()

    def take(self, call: Call) -> Fault | None:
        return self._first(lambda fault: fault.name not in AT_THE_DOOR and fault.matches(call))

    def at_the_door(self) -> Fault | None:
        return self._first(lambda fault: fault.name in AT_THE_DOOR)

    def unplugged(self) -> bool:
        return any(fault.name == UNPLUGGED and fault.action is None for fault in self._faults)

    def shown(self) -> list[dict[str, Any]]:
        return [fault.shown() for fault in self._faults]

    def _first(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        found = next((fault for fault in self._faults if fault.times != 0 and wanted(fault)), None)
        if found is not None:
            found.use()
        return found


def _check_parameters(name: str, params: dict[str, Any]) -> None:
    known = {parameter.name: parameter.default for parameter in _parameters(name)}
    for key, value in params.items():
        if key not in known:
            raise ValueError(f"fault {name!r} has no parameter {key!r}, only {list(known)}")
        kind = type(known[key])
        kinds = KINDS.get(kind, kind)
        if not isinstance(value, kinds):
            raise ValueError(f"{key} of fault {name!r} is like {known[key]!r}")
    if params.get("status", 200) not in REASONS:
        raise ValueError(f"status is one of {sorted(REASONS)}")


def _parameters(name: str) -> list[inspect.Parameter]:
    """All parameters except the request and the function that executes it."""
    return list(inspect.signature(TABLE[name]).parameters.values())[2:]


def _send_half(call: Call, reply: Reply) -> None:
    body = reply.body or b"{}"
    announced = f"{len(body):x}\r\n".encode() if reply.chunked else b""
    call.write(head(reply, call.request, call.miner.wall(), keep_alive=True) + announced + body[: len(body) // 2])


def _twisted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _twisted(item) for key, item in value.items()}
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return "none"
    return [value] if isinstance(value, str) else str(value)
