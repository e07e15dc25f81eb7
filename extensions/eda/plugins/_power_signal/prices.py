# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads prices from CSV or JSON."""

from __future__ import annotations

import csv
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import Interval
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import (
    Invalid,
    moment,
    number,
    quoted,
    shown,
)

# The relevant part of a long list: what may have been missed, and what may be needed before the next reading.
BEHIND_S = 2 * 86400.0
AHEAD_S = 2 * 86400.0


@dataclass(frozen=True)
class Layout:
    """Where the values are. Without ``interval_s``, a price ends at the time in the column ``end``.

    ``rows`` are the keys that lead to the list of prices in a JSON document. Times without an offset are in ``zone``.
    """

    start: str = "start"
    end: str = "end"
    price: str = "price"
    interval_s: float | None = None
    rows: tuple[str, ...] = ()
    delimiter: str = ","
    zone: tzinfo | None = None


def prices_from(data: bytes, layout: Layout) -> list[Interval]:
    """Returns all prices, in order. Input that starts like JSON is JSON, anything else CSV. Raises Invalid."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"expected text in UTF-8, found another byte at position {error.start}") from None
    rows = _json_rows(text, layout) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text, layout)
    found: list[Interval] = []
    for place, row in rows:
        try:
            found.append(_interval(row, layout, found[-1] if found else None))
        except Invalid as error:
            raise Invalid(f"{place}: {error}") from None
    if not found:
        raise Invalid("expected at least one price, found none")
    found.sort(key=lambda interval: interval.start)
    for earlier, later in zip(found, found[1:]):
        if later.start < earlier.end:
            raise Invalid(f"two prices apply at {shown(later.start)}; remove one of them")
    return found


def around(intervals: Sequence[Interval], now: float) -> Sequence[Interval]:
    """Returns the prices that matter now."""
    first = bisect_right(intervals, now - BEHIND_S, key=lambda interval: interval.end)
    return intervals[first : bisect_left(intervals, now + AHEAD_S, key=lambda interval: interval.start)]


def _interval(row: Mapping[str, Any], layout: Layout, before: Interval | None) -> Interval:
    start = moment(_value(row, layout.start, "start"), layout.zone, before.start if before else None)
    price = number(_value(row, layout.price, "price"))
    if layout.interval_s is not None:
        return Interval(start, start + layout.interval_s, price)
    end = moment(_value(row, layout.end, "end", "minutes"), layout.zone, start)
    if end <= start:
        raise Invalid(f"expected an end after the start, found {quoted(row[layout.end])}")
    return Interval(start, end, price)


def _value(row: Mapping[str, Any], column: str, name: str, instead: str | None = None) -> Any:
    value = row.get(column)
    if value is None:
        found = ", ".join(quoted(key) for key in list(row)[:10] if key is not None)
        other = f", or set {instead} to the length of each interval" if instead else ""
        raise Invalid(f"no value in column {quoted(column)}, found only {found}; set columns.{name}{other}")
    return value


def _json_rows(text: str, layout: Layout) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"expected JSON: {error}") from None
    for key in layout.rows:
        if not isinstance(rows, Mapping) or key not in rows:
            raise Invalid(f"there is no {quoted(key)}; correct rows, which is {quoted('.'.join(layout.rows))}")
        rows = rows[key]
    if not isinstance(rows, list):
        raise Invalid("expected a list of prices; set rows to where it is in the document")
    for position, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise Invalid(f"price {position}: expected a JSON object, found {quoted(row)}")
        yield f"price {position}", row


def _csv_rows(text: str, layout: Layout) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), delimiter=layout.delimiter, skipinitialspace=True)
    try:
        for row in reader:
            yield f"line {reader.line_num}", row
    except csv.Error as error:
        raise Invalid(f"after line {reader.line_num}: {error}") from None
