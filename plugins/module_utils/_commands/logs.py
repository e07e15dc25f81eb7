# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a miner: an endless stream, of which the requested part is kept.

The miner does not mark where existing entries end and new ones begin. But it sends the existing ones without pause, and
if it has the requested number of entries, it ends the stream after them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply, InvalidInput, TimedOut
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import save
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import ReadStream, Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import scrub
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import printable, visible

# After so many seconds of silence, the miner has sent all existing entries.
PAUSE_S = 2.0
LINE_BYTES_MAX = 8 * 1024
# No line counts for less than this, since none takes less memory.
LINE_BYTES_MIN = 64
KEPT_BYTES_MAX = 64 * 1024 * 1024

# The reasons why reading ended.
BY_MINER, BY_PAUSE, BY_TIME, BY_CUT, BY_MAX_BYTES = "miner", "pause", "time", "cut", "max_bytes"


@dataclass(frozen=True)
class Selection:
    """The part of the log to keep: the ``last`` entries (None: all), and ``follow_s`` seconds of new ones."""

    last: int | None
    follow_s: float
    pattern: re.Pattern[str] | None
    max_bytes: int


@dataclass(frozen=True)
class Log:
    """The lines that were kept, and why reading ended."""

    lines: list[str]
    ended_by: str
    is_truncated: bool


def selection_from(options: Mapping[str, Any], follow_s: float) -> Selection:
    """Returns what the module options request. Raises InvalidInput."""
    if options["lines"] < 0:
        raise InvalidInput("lines must be a number of log entries, or 0 for all entries that the miner has.")
    if not 1 <= options["max_bytes"] <= KEPT_BYTES_MAX:
        raise InvalidInput(f"max_bytes must be between 1 and {KEPT_BYTES_MAX}.")
    return Selection(options["lines"] or None, follow_s, _pattern(options["match"]), options["max_bytes"])


def read(session: Session, selection: Selection, secrets: Iterable[str]) -> Steps[Log]:
    """Reads the log until the requested part is complete, with secrets masked.

    Without following, it takes no longer than a full reply may take. Raises the errors of opening the stream; once it
    is open, an error ends it and the lines so far are kept.
    """
    yield from session.open_log(selection.last, is_followed=selection.follow_s > 0)
    deadline = session.now() + (selection.follow_s or session.connection.timeout_s)
    pause_s = None if selection.follow_s else PAUSE_S
    keeping = _Keeping(selection, {*secrets, *session.tokens})
    while (left_s := deadline - session.now()) > 0:
        within_s = left_s if pause_s is None else min(left_s, pause_s)
        try:
            piece = yield ReadStream(within_s)
        except TimedOut:
            return keeping.ended(BY_TIME if within_s == left_s else BY_PAUSE)
        except BadReply:
            return keeping.ended(BY_CUT)
        if not piece:
            return keeping.ended(BY_MINER)
        keeping.take(piece)
        if keeping.is_full:
            return keeping.ended(BY_MAX_BYTES)
    return keeping.ended(BY_TIME)


def delivered(result: dict[str, Any], dest: str | None, check_mode: bool) -> dict[str, Any]:
    """Writes the lines of a result to the file ``dest``, if given, and returns the result without them."""
    if dest is None or "lines" not in result:
        return result
    saved = save(dest, "".join(f"{line}\n" for line in result["lines"]), check_mode)
    others = {name: value for name, value in result.items() if name != "lines"}
    return {**others, "changed": saved.changed, "diff": saved.diff, "dest": dest}


class _Keeping:
    """Collects the requested lines from a stream of pieces. ``is_full`` means that the limit in bytes is reached."""

    def __init__(self, selection: Selection, secrets: set[str]) -> None:
        self._selection = selection
        self._secrets = secrets
        self._lines: list[str] = []
        self._rest = b""
        self._left_bytes = selection.max_bytes
        self.is_full = False

    def take(self, piece: bytes) -> None:
        """Takes a piece. Lines that are too long are split, so that a line without end is not buffered forever."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        for line in whole:
            self._keep(line)
        if len(self._rest) >= LINE_BYTES_MAX:
            *full, self._rest = _parts(self._rest)
            for part in full:
                self._keep(part)

    def ended(self, by: str) -> Log:
        """Returns what was kept, including the last line, which may be incomplete."""
        if not self.is_full:
            self._keep(self._rest)
        if self.is_full:
            return Log(self._lines, BY_MAX_BYTES, is_truncated=True)
        return Log(self._lines, by, is_truncated=not self._selection.follow_s and by in (BY_TIME, BY_CUT))

    def _keep(self, raw: bytes) -> None:
        for part in _parts(raw):
            line = scrub(visible(part.decode("utf-8", "replace").replace("\t", " ").rstrip()), self._secrets)
            if self.is_full or not line or (self._selection.pattern and not self._selection.pattern.search(line)):
                continue
            self._left_bytes -= max(len(part), LINE_BYTES_MIN)
            self.is_full = self._left_bytes < 0
            if not self.is_full:
                self._lines.append(line)


def _parts(line: bytes) -> list[bytes]:
    return [line[start : start + LINE_BYTES_MAX] for start in range(0, len(line), LINE_BYTES_MAX)]


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        with warnings.catch_warnings():
            # Nothing may be printed in the process of a task.
            warnings.simplefilter("ignore")
            return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInput(f"match {printable(text)!r} is not a valid regular expression: {error}.") from None
