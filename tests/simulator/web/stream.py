# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""/stream/logs, systemd's journal server behind nginx: all existing entries, then each new one, until a silence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

from aiohttp import web

from .call import Call
from .journal import Entry, Journal
from .nginx_pages import html
from .upgrade import is_admin
from .wire import LAST_CHUNK, AlreadySent, Reply, chunk, head, keeps_alive

# nginx waits this long for the next bytes.
SILENCE = 60.0  # seconds
RANGE = re.compile(r"entries=([^:]*)(?::(-?\d+))??(?::(\d*))?")
Fields = dict[str, str]


@dataclass(frozen=True)
class Selection:
    """The entries that a client requests: from the one with a cursor on, some skipped, all of them or `count`."""

    cursor: str = ""
    skip: int = 0
    count: int | None = None

    def first(self, journal: Journal) -> int:
        """The index of the first entry; a negative skip counts from the end."""
        if self.cursor:
            number = re.search(r"i=([0-9a-f]+)", self.cursor)
            return (int(number[1], 16) - 1 if number else 0) + self.skip
        return max(0, len(journal.entries) + self.skip) if self.skip < 0 else self.skip


def as_json(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def as_event(fields: Fields) -> bytes:
    return b"data: " + as_json(fields) + b"\n"


def as_export(fields: Fields) -> bytes:
    return b"".join(_exported(name, value.encode()) for name, value in fields.items()) + b"\n"


def _exported(name: str, value: bytes) -> bytes:
    """A value of several lines is sent with its length."""
    if b"\n" in value:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name.encode() + b"=" + value + b"\n"


# For any other format that a client accepts, it gets lines of text.
FORMATS: dict[str, Callable[[Fields], bytes]] = {
    "application/json": as_json,
    "text/event-stream": as_event,
    "application/vnd.fdo.journal": as_export,
}


async def logs(call: Call) -> Reply:
    if not await is_admin(call):
        return html(401)
    await call.miner.clock.sleep(call.linger_s)
    if call.request.method != "GET":
        return _refused(406, "Unsupported method.")
    if call.request.query_string:
        return _refused(400, "Failed to parse URL arguments.")
    selection = _selection(call.request.headers.get("Range", ""))
    if selection is None:
        return _refused(400, "Failed to parse Range header.")
    accepted = call.request.headers.get("Accept", "")
    kind = accepted if accepted in FORMATS else "text/plain"
    show = partial(_show, kind, year=datetime.fromtimestamp(call.miner.wall(), timezone.utc).year)
    wanted = call.miner.journal.entries[selection.first(call.miner.journal) :][: selection.count]
    body = b"".join(show(entry) for entry in wanted)
    return Reply(body, content_type=kind, takes_over=partial(_stream, selection=selection, show=show))


def _refused(status: int, text: str) -> Reply:
    return Reply(f"{text}\n".encode(), status, "text/plain", chunked=False)


def _selection(header: str) -> Selection | None:
    """None for a range that can't be parsed."""
    if not header:
        return Selection()
    found = RANGE.fullmatch(header)
    if found is None or found[3] == "0":
        return None
    return Selection(found[1], int(found[2] or 0), int(found[3]) if found[3] else None)


def _show(kind: str, entry: Entry, year: int) -> bytes:
    return FORMATS[kind](entry.fields(year)) if kind in FORMATS else entry.text.encode()


async def _stream(call: Call, reply: Reply, selection: Selection, show: Callable[[Entry], bytes]) -> web.StreamResponse:
    """One chunk per entry. After a silence, the connection ends without the last chunk."""
    journal = call.miner.journal
    call.write(head(reply, call.request, call.miner.wall(), keeps_alive(reply, call.request)))
    at = selection.first(journal)
    left = selection.count
    while left is None or left > 0:
        changed = journal.changed
        if at < len(journal.entries):
            data = show(journal.entries[at])
            at += 1
            left = None if left is None else left - 1
            if not call.write(chunk(data)):
                return call.end()
            await call.drain()
        elif not await call.miner.clock.wait(changed, SILENCE):
            call.outcome("silence")
            return call.end()
    call.write(LAST_CHUNK)
    call.outcome("answered")
    return AlreadySent(keeps_alive(reply, call.request))
