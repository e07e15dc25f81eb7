# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpio archives in the `crc` format, read piece by piece and written."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

HEADER_SIZE = 110
TRAILER = "TRAILER!!!"
CRC_MAGIC = b"070702"
NEWC_MAGIC = b"070701"
# Longer ones do not fit into the updater's buffer.
MAX_NAME = 256


class UnknownFormatError(Exception):
    """There is no header in the `crc` format where one should be."""


@dataclass(frozen=True)
class Entry:
    name: str
    size: int
    checksum: int


def checksum(data: bytes, start: int = 0) -> int:
    """The sum of all bytes, as the format defines it: Adler's sum of 256 of them is too small to overflow."""
    view = memoryview(data)
    sums = [zlib.adler32(view[at : at + 256], 0) & 0xFFFF for at in range(0, len(data), 256)]
    return (start + sum(sums)) & 0xFFFFFFFF


def padding(size: int) -> int:
    return -size % 4


def header(magic: bytes, name: str, size: int, check: int, inode: int) -> bytes:
    """A header with the padded name."""
    encoded = name.encode() + b"\0"
    mode = 0o100644 if name != TRAILER else 0
    fields = (inode if mode else 0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(encoded), check)
    head = magic + b"".join(b"%08X" % value for value in fields) + encoded
    return head + bytes(padding(len(head)))


class Reader:
    """Reads an archive in pieces of any size; buffers no more than a header.

    `begin` is called with each entry up to and including the trailer, `data` with pieces of its content, `end` after
    it. An exception raised by them ends the reading.
    """

    def __init__(
        self, begin: Callable[[Entry], None], data: Callable[[bytes], None], end: Callable[[Entry], None]
    ) -> None:
        self._begin = begin
        self._data = data
        self._end = end
        self._buffer = b""
        self._entry: Entry | None = None
        self._left = 0
        self._padding = 0
        self.finished = False

    def feed(self, data: bytes) -> None:
        while data and not self.finished:
            if self._padding:
                skipped = min(self._padding, len(data))
                self._padding -= skipped
                data = data[skipped:]
            elif self._entry is not None:
                data = self._read_content(self._entry, data)
            else:
                data = self._read_header(data)

    def close(self) -> None:
        """No more bytes follow: a truncated entry ends here; a missing one is an unknown format."""
        if self.finished:
            return
        if self._entry is None:
            raise UnknownFormatError
        self._end(self._entry)
        raise UnknownFormatError

    def _read_content(self, entry: Entry, data: bytes) -> bytes:
        piece = data if len(data) <= self._left else data[: self._left]
        self._left -= len(piece)
        self._data(piece)
        if not self._left:
            self._finish(entry)
        return data[len(piece) :]

    def _finish(self, entry: Entry) -> None:
        self._entry = None
        self._padding += padding(entry.size)
        self._end(entry)

    def _read_header(self, data: bytes) -> bytes:
        wanted = self._header_size() - len(self._buffer)
        self._buffer += data[:wanted]
        if len(self._buffer) >= HEADER_SIZE and len(self._buffer) == self._header_size():
            entry = _entry(self._buffer)
            self._padding = padding(len(self._buffer))
            self._buffer = b""
            self._begin(entry)
            if entry.name == TRAILER:
                self.finished = True
            elif entry.size:
                self._entry, self._left = entry, entry.size
            else:
                self._finish(entry)
        return data[wanted:]

    def _header_size(self) -> int:
        """The length of the header as far as it is known: the end of the name needs the fixed part first."""
        if len(self._buffer) < HEADER_SIZE:
            return HEADER_SIZE
        return HEADER_SIZE + _field(self._buffer, 11)


def _field(head: bytes, number: int) -> int:
    start = 6 + 8 * number
    if not head.startswith(CRC_MAGIC):
        raise UnknownFormatError
    try:
        value = int(head[start : start + 8], 16)
    except ValueError:
        raise UnknownFormatError from None
    if number == 11 and value >= MAX_NAME:
        raise UnknownFormatError
    return value


def _entry(head: bytes) -> Entry:
    name = head[HEADER_SIZE : HEADER_SIZE + _field(head, 11)].partition(b"\0")[0]
    return Entry(name.decode("utf-8", "replace"), _field(head, 6), _field(head, 12))
