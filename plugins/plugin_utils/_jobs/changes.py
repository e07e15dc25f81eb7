# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in a report, what still is, and what is resolved, against the last one.

A problem is known by its miner and by what it is, such as "board_dead board 1". What is wrong with a miner that cannot
be asked at the moment is neither resolved nor new when it answers again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages import tones

NEW, STILL = "new", "still"
COLUMNS = ("change", "since")

_VERSION = 1
# What a miner is of which nothing else is known.
_UNKNOWN = ("unreachable", "locked", "unexamined", "failed", "unresponsive", "missing")
_LEFT = "no longer in the inventory"

Problems = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Known:
    """What the last report knew. Times are in seconds since 1970.

    ``open`` has the problems of each miner, and since when. ``posted`` is what was posted to the webhook, None for the
    same. ``miners`` are all miners of the report, None where they are not known.
    """

    at: float
    open: Problems = field(default_factory=dict)
    posted: Problems | None = None
    miners: Sequence[str] | None = None


@dataclass(frozen=True)
class Difference:
    """Problems that are new and resolved, each with its ``miner`` and ``what`` it is."""

    new: Sequence[Mapping[str, str]]
    resolved: Sequence[Mapping[str, str]]

    def __bool__(self) -> bool:
        return bool(self.new or self.resolved)


@dataclass(frozen=True)
class Changes:
    """A report against the last one: its rows with ``change`` and ``since``, and what is to be known from now on.

    ``arrived`` and ``left`` are miners, ``before`` the time of the last report. ``unposted`` is what the webhook is to
    be told of.
    """

    rows: Sequence[Mapping[str, Any]]
    difference: Difference
    unposted: Difference
    known: Known
    before: float | None = None
    still: int = 0
    arrived: Sequence[str] = ()
    left: Sequence[str] = ()

    def when_posted(self) -> Known:
        """Returns the state after a successful post to the webhook."""
        return replace(self.known, posted=None)


def compare(
    rows: Sequence[Mapping[str, Any]], identity: Sequence[str], known: Known | None, now: float, is_limited: bool
) -> Changes:
    """Returns how a report differs from the last one.

    ``identity`` are the columns that together say which problem a row is, first the miner, then its kind. A limited
    report says nothing about the miners that are not in it.
    """
    before: Problems = known.open if known else {}
    present = list(dict.fromkeys(str(row[identity[0]]) for row in rows))
    unknown = {str(row[identity[0]]) for row in rows if row.get(identity[1]) in _UNKNOWN}
    current: dict[str, dict[str, float]] = {}
    told = []
    for row in rows:
        if tones.tone_of_row(row) not in (tones.BAD, tones.WARN):
            told.append({**row, **dict.fromkeys(COLUMNS, "")})
            continue
        miner, what = str(row[identity[0]]), _what(row, identity)
        since = before.get(miner, {}).get(what)
        current.setdefault(miner, {})[what] = now if since is None else since
        told.append({**row, "change": NEW if since is None else STILL, "since": _day(now if since is None else since)})
    after: dict[str, Mapping[str, float]] = {
        miner: problems for miner, problems in before.items() if is_limited and miner not in present
    }
    for miner in present:
        kept = before.get(miner, {}) if miner in unknown else {}
        if kept or miner in current:
            after[miner] = {**kept, **current.get(miner, {})}
    difference = _difference(before, after, present)
    posted = known.posted if known and known.posted is not None else before
    seen = known.miners if known else None
    return Changes(
        told,
        difference,
        _difference(posted, after, present),
        Known(now, after, posted, sorted({*(seen or ()), *present}) if is_limited else sorted(present)),
        before=known.at if known else None,
        still=sum(row["change"] == STILL for row in told),
        arrived=[] if seen is None else sorted({*present} - {*seen}),
        left=[] if seen is None or is_limited else sorted({*seen} - {*present}),
    )


def for_page(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Returns rows and columns with one column for both: since when a problem is there, or that it is new.

    Times are in UTC, without the year, which a phone has no room for.
    """
    shown = [{**row, "since": NEW if row["change"] == NEW else row["since"][5:16]} for row in rows]
    return shown, [*columns, "since"]


def text_of(known: Known, with_miners: bool = True) -> dict[str, Any]:
    """Returns the same as data for a file, or without the miners for another job."""
    data: dict[str, Any] = {"version": _VERSION, "at": known.at, "open": known.open, "posted": known.posted}
    return {**data, "miners": known.miners} if with_miners else data


def known_from(data: Any) -> Known | None:
    """Returns what ``text_of`` returned, also as JSON; None for anything else, which counts as no report at all."""
    try:
        data = json.loads(data) if isinstance(data, str) else data
        if data["version"] != _VERSION:
            return None
        miners = data.get("miners")
        return Known(
            float(data["at"]),
            _problems(data["open"]),
            None if data.get("posted") is None else _problems(data["posted"]),
            None if miners is None else [str(miner) for miner in miners],
        )
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        return None


def _problems(data: Mapping[str, Mapping[str, Any]]) -> Problems:
    return {
        str(miner): {str(what): float(since) for what, since in problems.items()} for miner, problems in data.items()
    }


def _what(row: Mapping[str, Any], identity: Sequence[str]) -> str:
    return " ".join(str(row[column]) for column in identity[1:] if row.get(column) not in (None, ""))


def _difference(before: Problems, after: Problems, present: Sequence[str]) -> Difference:
    there = set(present)
    return Difference(
        [
            {"miner": miner, "what": what}
            for miner, problems in after.items()
            for what in problems
            if what not in before.get(miner, {})
        ],
        [
            {"miner": miner, "what": what if miner in there else f"{what}, {_LEFT}"}
            for miner, problems in before.items()
            for what in problems
            if what not in after.get(miner, {})
        ],
    )


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
