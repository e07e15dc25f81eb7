# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a report with the last one: which problems are new, which continue, and which are resolved.

A problem is identified by its miner and its kind, such as "board_dead board 1". While a miner can't be read, its
problems are not resolved, and they are not new once it responds again.
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
# States in which nothing else is known of a miner.
_UNKNOWN = ("unreachable", "locked", "unexamined", "failed", "unresponsive", "missing")
_LEFT = "no longer in the inventory"

Problems = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Known:
    """The state stored with the last report. Times are in seconds since 1970.

    ``open`` maps each miner to its problems, and since when they exist. ``posted`` is the state last posted to the
    webhook, None if it is the same. ``miners`` are all miners of the report, None if unknown.
    """

    at: float
    open: Problems = field(default_factory=dict)
    posted: Problems | None = None
    miners: Sequence[str] | None = None


@dataclass(frozen=True)
class Difference:
    """New and resolved problems, each with its ``miner`` and its kind, ``what``."""

    new: Sequence[Mapping[str, str]]
    resolved: Sequence[Mapping[str, str]]

    def __bool__(self) -> bool:
        return bool(self.new or self.resolved)


@dataclass(frozen=True)
class Changes:
    """A report compared with the last one: its rows with ``change`` and ``since``, and the state to store.

    ``arrived`` and ``left`` are miners, ``before`` is the time of the last report. ``unposted`` is what to post to the
    webhook.
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
        """Returns the state to store after a successful post to the webhook."""
        return replace(self.known, posted=None)


def compare(
    rows: Sequence[Mapping[str, Any]], identity: Sequence[str], known: Known | None, now: float, is_limited: bool
) -> Changes:
    """Compares a report with the last one.

    ``identity`` are the columns that together identify a problem: first the miner, then its kind. A limited report says
    nothing about miners that are not in it.
    """
    before: Problems = known.open if known else {}
    present = list(dict.fromkeys(str(row[identity[0]]) for row in rows))
    unknown = {str(row[identity[0]]) for row in rows if row.get(identity[1]) in _UNKNOWN}
    current: dict[str, dict[str, float]] = {}
    marked = []
    for row in rows:
        if tones.tone_of_row(row) not in (tones.BAD, tones.WARN):
            marked.append({**row, **dict.fromkeys(COLUMNS, "")})
            continue
        miner, what = str(row[identity[0]]), _what(row, identity)
        since = before.get(miner, {}).get(what)
        current.setdefault(miner, {})[what] = now if since is None else since
        marked.append(
            {**row, "change": NEW if since is None else STILL, "since": _day(now if since is None else since)}
        )
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
        marked,
        difference,
        _difference(posted, after, present),
        Known(now, after, posted, sorted({*(seen or ()), *present}) if is_limited else sorted(present)),
        before=known.at if known else None,
        still=sum(row["change"] == STILL for row in marked),
        arrived=[] if seen is None else sorted({*present} - {*seen}),
        left=[] if seen is None or is_limited else sorted({*seen} - {*present}),
    )


def for_page(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Returns rows and columns with both merged into one column: since when a problem exists, or that it is new.

    Times are in UTC, without the year, for which a phone has no room.
    """
    shown = [{**row, "since": NEW if row["change"] == NEW else row["since"][5:16]} for row in rows]
    return shown, [*columns, "since"]


def text_of(known: Known, with_miners: bool = True) -> dict[str, Any]:
    """Returns the state as data for a file, or without the miners for another job."""
    data: dict[str, Any] = {"version": _VERSION, "at": known.at, "open": known.open, "posted": known.posted}
    return {**data, "miners": known.miners} if with_miners else data


def known_from(data: Any) -> Known | None:
    """Returns the state from the result of ``text_of``, also as JSON; None for anything else, treated as no report."""
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
