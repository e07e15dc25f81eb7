# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one self-contained HTML page, for phones and wide screens.

The rows are embedded as data. The worst of them are also there as HTML; a small script renders the others on scrolling,
and filters and sorts them. The page's content security policy forbids any other script, and all requests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages import tones
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.texts import page_of, shown
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import filled_columns
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# More of them would only delay the first paint.
_AS_HTML = 100
_SHOWN_RESOLVED = 50
# Columns that are never wrapped, however long they are.
_NAMES = ("miner", "address", "mac")
_LONGEST_UNBROKEN = 24
# Suffixes of column names that stand for a unit.
_UNITS = {"c": "°C", "percent": "%", "seconds": "s", "kw": "kW", "watts": "W"}
# Where technical names may be wrapped; the same as in page.js.
_PIECES = re.compile(r"[^_.:@]+[_.:@]*|[_.:@]+")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """What a page shows besides its rows. ``at`` is in seconds since 1970.

    ``resolved`` are the problems resolved since the last report, ``overview`` the figures that only the page of the job
    overview has.
    """

    title: str
    at: float
    site: str = ""
    limit: str = ""
    version: str = ""
    summary: str = ""
    resolved: Sequence[Mapping[str, str]] = ()
    since: float | None = None
    overview: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _Column:
    """A column: its key, and the style of its cells: name, status, number, text, or short (never wrapped)."""

    key: str
    kind: str

    @property
    def title(self) -> str:
        name, _underscore, unit = self.key.rpartition("_")
        if unit not in _UNITS:
            return self.key.replace("_", " ")
        return f"{name.replace('_', ' ')}, {_UNITS[unit]}" if name else _UNITS[unit]


@dataclass(frozen=True)
class _Table:
    """The rows, the worst first. Each has its tone, the page of its miner, and its cells."""

    columns: Sequence[_Column]
    rows: Sequence[tuple[str, str, Sequence[str]]]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def first_rows(self) -> Sequence[tuple[str, str, Sequence[str]]]:
        return self.rows[:_AS_HTML]


def render(page: Page, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Returns the text of a page."""
    table = _table(rows, columns)
    template = _TEMPLATES.get_template("overview.html.j2" if page.overview else "report.html.j2")
    return template.render(
        page=page,
        table=table,
        at=_time(page.at),
        since=_time(page.since) if page.since else "",
        resolved=page.resolved[:_SHOWN_RESOLVED],
        more_resolved=max(0, len(page.resolved) - _SHOWN_RESOLVED),
        data=_data(table),
    )


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> _Table:
    ordered = tones.worst_first(rows)
    filled = filled_columns(ordered, columns)
    cells = [[shown(row.get(column)) for column in filled] for row in ordered]
    described = [
        _Column(column, _kind(column, [row.get(column) for row in ordered], [line[number] for line in cells]))
        for number, column in enumerate(filled)
    ]
    lines = [
        (tones.tone_of_row(row), str(row.get("link") or page_of(row.get("address", ""))), line)
        for row, line in zip(ordered, cells)
    ]
    # The outcome is empty for miners to which nothing was done.
    by_column = [Counter(shown(row[column]) for row in ordered if row.get(column)) for column in tones.STATUS_COLUMNS]
    words = max(by_column, key=lambda counted: sum(counted.values()))
    counts = dict(sorted(words.items(), key=lambda item: tones.TONES.index(tones.tone_of(item[0]))))
    return _Table(described, lines, counts)


def _kind(column: str, values: Sequence[Any], cells: Sequence[str]) -> str:
    if column in _NAMES:
        return "name"
    if column in tones.STATUS_COLUMNS:
        return "status"
    if all(
        value in (None, "") or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values
    ):
        return "number"
    return "short" if max(map(len, cells), default=0) <= _LONGEST_UNBROKEN else "text"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _data(table: _Table) -> Markup:
    """Returns the rows for the script, as JSON that can't open or close an HTML element."""
    data = {
        "columns": [[column.title, column.kind] for column in table.columns],
        "rows": [[tones.TONES.index(tone), link, *cells] for tone, link, cells in table.rows],
        "tones": tones.TONES,
        "words": {word: tones.tone_of(word) for _tone, _link, cells in table.rows for word in _words(table, cells)},
        "first": len(table.first_rows),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 - escaped


def _words(table: _Table, cells: Sequence[str]) -> Sequence[str]:
    return [cell for column, cell in zip(table.columns, cells) if column.kind == "status" and cell]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _hash(name: str) -> str:
    digest = hashlib.sha256((_FOLDER / name).read_bytes()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = shown
    environment.filters["pieces"] = _PIECES.findall
    environment.filters["tone"] = tones.tone_of
    environment.globals.update(style_hash=_hash("page.css"), script_hash=_hash("page.js"))
    return environment


_TEMPLATES = _environment()
