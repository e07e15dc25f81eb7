# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a miner: a stream that never ends by itself, of which the wanted part is kept.

The miner does not tell where what it had ends and what is new begins. But it sends the one without pause, and a number
of entries that it has is followed by the end.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply, InvalidInput, TimedOut
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import save
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.client import Client
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.transport import Stream
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import scrub
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import printable, visible

# Seconds without anything new, after which the miner has sent what it had.
PAUSE_S = 2.0
LINE_BYTES_MAX = 8 * 1024
# What the shortest line counts, since in memory none is shorter.
LINE_BYTES_MIN = 64
KEPT_BYTES_MAX = 64 * 1024 * 1024

# What ended the reading.
BY_MINER, BY_PAUSE, BY_TIME, BY_CUT, BY_MAX_BYTES = "miner", "pause", "time", "cut", "max_bytes"


@dataclass(frozen=True)
class Wanted:
    """The part of the log to keep: from the ``last`` entries on (None: all), and ``follow_s`` seconds of new ones."""

    last: int | None
    follow_s: float
    pattern: re.Pattern[str] | None
    max_bytes: int


@dataclass(frozen=True)
class Log:
    """The lines that were kept, and what ended the reading."""

    lines: list[str]
    ended_by: str
    is_truncated: bool


def wanted_from(options: Mapping[str, Any], follow_s: float) -> Wanted:
    """Returns what module options want. Raises InvalidInput."""
    if options["lines"] < 0:
        raise InvalidInput("lines must be a number of entries, or 0 for all that the miner has.")
    if not 1 <= options["max_bytes"] <= KEPT_BYTES_MAX:
        raise InvalidInput(f"max_bytes must be between 1 and {KEPT_BYTES_MAX}.")
    return Wanted(options["lines"] or None, follow_s, _pattern(options["match"]), options["max_bytes"])


def read(client: Client, wanted: Wanted, secrets: Iterable[str]) -> Log:
    """Reads the log until the wanted part is there, with the secrets masked.

    Without following, that takes no longer than the miner has to answer in full. Raises what opening it may fail with;
    once it has begun, what is there counts.
    """
    stream = client.open_log(wanted.last, is_followed=wanted.follow_s > 0)
    deadline = time.monotonic() + (wanted.follow_s or client.connection.timeout_s)
    try:
        reading = _Reading(stream, deadline, None if wanted.follow_s else PAUSE_S)
        return _kept(reading, wanted, {*secrets, *client.tokens})
    finally:
        stream.close()


def delivered(result: dict[str, Any], dest: str | None, check_mode: bool) -> dict[str, Any]:
    """Returns a result whose lines were put into a file on this machine, if there is one to put them into."""
    if dest is None or "lines" not in result:
        return result
    saved = save(dest, "".join(f"{line}\n" for line in result["lines"]), check_mode)
    others = {name: value for name, value in result.items() if name != "lines"}
    return {**others, "changed": saved.changed, "diff": saved.diff, "dest": dest}


class _Reading:
    """What a stream brings until it ends, or breaks off, or a pause or the time ends it."""

    def __init__(self, stream: Stream, deadline: float, pause_s: float | None) -> None:
        self._stream = stream
        self._deadline = deadline
        self._pause_s = pause_s
        self.ended_by = BY_TIME

    def pieces(self) -> Iterator[bytes]:
        while (left_s := self._deadline - time.monotonic()) > 0:
            within_s = left_s if self._pause_s is None else min(left_s, self._pause_s)
            try:
                piece = self._stream.read(within_s)
            except TimedOut:
                self.ended_by = BY_TIME if within_s == left_s else BY_PAUSE
                return
            except BadReply:
                self.ended_by = BY_CUT
                return
            if not piece:
                self.ended_by = BY_MINER
                return
            yield piece


def _kept(reading: _Reading, wanted: Wanted, secrets: set[str]) -> Log:
    lines: list[str] = []
    left_bytes = wanted.max_bytes
    for raw in _lines(reading.pieces()):
        line = scrub(visible(raw.decode("utf-8", "replace").replace("\t", " ").rstrip()), secrets)
        if not line or (wanted.pattern and not wanted.pattern.search(line)):
            continue
        left_bytes -= max(len(raw), LINE_BYTES_MIN)
        if left_bytes < 0:
            return Log(lines, BY_MAX_BYTES, is_truncated=True)
        lines.append(line)
    is_truncated = not wanted.follow_s and reading.ended_by in (BY_TIME, BY_CUT)
    return Log(lines, reading.ended_by, is_truncated)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Splits into lines; one that is too long comes in parts, so that no end is waited for without end."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield from _parts(line)
        if len(rest) >= LINE_BYTES_MAX:
            *full, rest = _parts(rest)
            yield from full
    yield rest


def _parts(line: bytes) -> list[bytes]:
    return [line[start : start + LINE_BYTES_MAX] for start in range(0, len(line), LINE_BYTES_MAX)]


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        with warnings.catch_warnings():
            # Nothing may be printed where a task runs.
            warnings.simplefilter("ignore")
            return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInput(f"match {printable(text)!r} is no regular expression: {error}.") from None
