# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How event sources read and show values: times, numbers, and text from others."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timezone, tzinfo
from difflib import get_close_matches
from typing import Any

QUOTED_MAX = 80
# Larger numbers are milliseconds; as seconds they would be beyond the year 5000.
_SECONDS_MAX = 1e11


class Invalid(Exception):
    """A value that can't be used. The text says what was expected, what was found and what to do."""


def quoted(value: Any) -> str:
    """Returns a value as messages show it."""
    return f"'{plain(value, QUOTED_MAX)}'"


def plain(value: Any, length_max: int) -> str:
    """Returns a value as printable text, of limited length, that is not a template.

    A playbook may print text from an event, and Ansible would evaluate anything that looks like a template.
    """
    text = "".join(char if char.isprintable() else "?" for char in str(value)).replace("{", "{ ")
    return f"{text[:length_max]}…" if len(text) > length_max else text


def counted(number: int, word: str) -> str:
    """Returns a number of things: 1 miner, 2 miners."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns a hint with the known name that was probably meant, or with all known ones."""
    known = sorted(known)
    close = get_close_matches(name, known, 1)
    return f"Did you mean {quoted(close[0])}?" if close else f"Known are {', '.join(known)}."


def number(value: Any) -> float:
    """Converts a number or its text to a float. Raises Invalid."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise Invalid(f"{quoted(value)} is not a number; use digits and a decimal point")
    return found


def moment(value: Any, zone: tzinfo | None, after: float | None = None) -> float:
    """Converts an ISO 8601 text, or a number of seconds or milliseconds, to seconds since the epoch.

    A text without an offset is in ``zone``. When clocks are set back, an hour occurs twice: the second one is meant if
    the first is not later than ``after``. Raises Invalid.
    """
    if isinstance(value, (int, float)):
        seconds = number(value)
        return _within_reach(seconds / 1000 if abs(seconds) > _SECONDS_MAX else seconds, value)
    try:
        # Python before 3.11 does not accept a Z.
        time = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except ValueError:
        raise Invalid(f"{quoted(value)} is not a time; use ISO 8601, such as 2026-07-01T17:00:00+02:00") from None
    if time.tzinfo is not None:
        return _within_reach(_timestamp(time, value), value)
    if zone is None:
        raise Invalid(f"{quoted(value)} has no UTC offset; add one, or set the argument timezone")
    found = _timestamp(time.replace(tzinfo=zone), value)
    if after is not None and found <= after:
        found = _timestamp(time.replace(tzinfo=zone, fold=1), value)
    return _within_reach(found, value)


def shown(seconds: float) -> str:
    """Returns a time as shown in events: ISO 8601 in UTC, to the second."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _timestamp(time: datetime, value: Any) -> float:
    try:
        return time.timestamp()
    except (OverflowError, ValueError):
        raise Invalid(f"{quoted(value)} is out of range for a time") from None


def _within_reach(seconds: float, value: Any) -> float:
    if not 0 <= seconds <= _SECONDS_MAX:
        raise Invalid(f"{quoted(value)} is out of range for a time")
    return seconds
