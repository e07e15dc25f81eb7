# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads multipart/form-data piece by piece, like the updater's web server."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Union

# Longer headers of a part are not read to their end.
MAX_HEAD = 8192


@dataclass(frozen=True)
class PartBegins:
    """`filename` is empty for a field that is not a file."""

    filename: str


@dataclass(frozen=True)
class PartData:
    data: bytes


@dataclass(frozen=True)
class PartEnds:
    pass


Event = Union[PartBegins, PartData, PartEnds]


def boundary_of(content_type: str) -> bytes | None:
    """None if the body is not multipart."""
    kind, _unused, parameters = content_type.partition(";")
    found = re.search(r'boundary=(?:"([^"]+)"|([^";,\s]+))', parameters)
    if kind.strip().lower() != "multipart/form-data" or found is None:
        return None
    return (found[1] or found[2]).encode("utf-8", "surrogateescape")


class Parts:
    """Buffers no more than a possible beginning of a boundary."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # The first boundary is at the very beginning.
        self._buffer = b"\r\n"
        self._inside = False
        self._head = False
        self.finished = False

    def feed(self, data: bytes) -> Iterator[Event]:
        self._buffer += data
        while not self.finished:
            if self._head:
                if not (yield from self._read_head()):
                    return
            elif not (yield from self._read_to_delimiter()):
                return
        self._buffer = b""

    def _read_to_delimiter(self) -> Generator[Event, None, bool]:
        """Yields content; returns true if a delimiter was reached."""
        at = self._buffer.find(self._delimiter)
        if at < 0:
            yield from self._content(max(0, len(self._buffer) - len(self._delimiter) + 1))
            return False
        after = at + len(self._delimiter)
        if len(self._buffer) < after + 2:
            yield from self._content(at)
            return False
        yield from self._content(at)
        if self._inside:
            yield PartEnds()
        self._inside = False
        self.finished = self._buffer[len(self._delimiter) :].startswith(b"--")
        self._buffer = self._buffer[len(self._delimiter) :]
        self._head = True
        return True

    def _content(self, size: int) -> Iterator[Event]:
        """Yields this many bytes; anything before the first boundary is dropped."""
        if size and self._inside:
            yield PartData(self._buffer[:size])
        self._buffer = self._buffer[size:]

    def _read_head(self) -> Generator[Event, None, bool]:
        """Returns true once all of the part's headers are there."""
        at = self._buffer.find(b"\r\n\r\n")
        if at < 0:
            self._buffer = self._buffer[:MAX_HEAD]
            return False
        head, self._buffer = self._buffer[:at], self._buffer[at + 4 :]
        self._head, self._inside = False, True
        yield PartBegins(_filename(head))
        return True


def _filename(head: bytes) -> str:
    found = re.search(rb'[; ]filename="((?:[^"\\]|\\.)*)"|[; ]filename=([^;\s]*)', head)
    if found is None:
        return ""
    name = (found[1] or found[2] or b"").replace(b'\\"', b'"')
    return name.decode("utf-8", "replace")
