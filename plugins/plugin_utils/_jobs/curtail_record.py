# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of miners before a curtailment, as data that one job passes to the next: a file, or a variable.

Miners with equal states share one entry, so that the record of a large fleet is little more than its names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

VERSION = 2
DAY_S = 24 * 3600.0
POWERED_OFF = "powered off"


@dataclass(frozen=True)
class Entry:
    """The previous state of a miner, its state during the event, and the time of the command in seconds since 1970."""

    model: str | None
    mode: str
    level: str | None
    now: str
    switched_at: float


@dataclass(frozen=True)
class Record:
    """The miners of an event by name, when it began, and when it ends at the latest, in seconds since 1970.

    ``restored`` has the time of the last switch of miners that are no longer in it.
    """

    miners: Mapping[str, Entry] = field(default_factory=dict)
    opened_at: float | None = None
    until: float | None = None
    restored: Mapping[str, float] = field(default_factory=dict)

    def is_open(self, now: float) -> bool:
        """Whether the recorded modes are still temporary."""
        return bool(self.miners) and self.until is not None and now < self.until

    def switched_at(self, miner: str) -> float | None:
        """Returns when a miner was last switched, None if unknown."""
        return self.miners[miner].switched_at if miner in self.miners else self.restored.get(miner)

    def extended(self, entries: Mapping[str, Entry], now: float, until: float | None) -> Record:
        """Returns the record extended by these miners. The previous state of a miner stays as first recorded.

        ``until`` is when the event should end; None keeps the known end if it is not past, or else allows it a day.
        """
        kept = {
            name: replace(self.miners[name], now=entry.now, switched_at=entry.switched_at)
            if name in self.miners
            else entry
            for name, entry in entries.items()
        }
        is_open = self.is_open(now)
        return replace(
            self,
            miners={**self.miners, **kept},
            opened_at=self.opened_at if is_open else now,
            until=until if until is not None else self.until if is_open else now + DAY_S,
            restored={name: at for name, at in self.restored.items() if name not in entries},
        )

    def without(self, names: Iterable[str], now: float) -> Record:
        """Returns the record without miners that were restored now; their time is remembered for a day."""
        gone = set(names)
        restored = {name: at for name, at in self.restored.items() if now - at < DAY_S}
        restored.update({name: now for name in self.miners if name in gone})
        return replace(self, miners={name: e for name, e in self.miners.items() if name not in gone}, restored=restored)


def data_of(record: Record) -> dict[str, Any]:
    """Returns a record as data, which :func:`record_from` reads. Times are rounded to minutes to have fewer entries."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for name, entry in record.miners.items():
        key = (entry.model, entry.mode, entry.level, entry.now, _minute(entry.switched_at))
        alike.setdefault(key, []).append(name)
    restored: dict[str, list[str]] = {}
    for name, at in record.restored.items():
        restored.setdefault(_iso(_minute(at)), []).append(name)
    return {
        "version": VERSION,
        "opened": shown(record.opened_at),
        "until": shown(record.until),
        "curtailed": [
            {
                "before": {"model": model, "mode": mode, "level": level},
                "now": now,
                "switched": shown(switched_at),
                "miners": names,
            }
            for (model, mode, level, now, switched_at), names in alike.items()
        ],
        "restored": restored,
    }


def text_of(record: Record) -> str:
    """Returns the content of the file of a record."""
    return json.dumps(data_of(record), ensure_ascii=False, indent=1) + "\n"


def record_from(given: Any, source: str) -> Record:
    """Returns a record from its data or text; an empty one from None.

    Raises InvalidVariables if it is damaged or of another version. ``source`` is its name in messages.
    """
    if given is None:
        return Record()
    try:
        data = json.loads(given) if isinstance(given, str) else given
        version = data["version"]
        record = _record(data) if version == VERSION else Record()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _unusable(source, "is damaged") from None
    if version != VERSION:
        raise _unusable(source, f"has version {quoted(version)}, but this collection writes {VERSION}")
    return record


def shown(at: float | None) -> str | None:
    """Returns a time as ISO 8601 in UTC."""
    return None if at is None else _iso(at)


def time_from(text: str) -> float:
    """Returns a time in seconds since 1970 from ISO 8601 with a time zone. Raises ValueError."""
    normal = f"{text.strip()[:-1]}+00:00" if text.strip().endswith(("Z", "z")) else text.strip()
    time = datetime.fromisoformat(normal)
    if time.tzinfo is None:
        raise ValueError("no zone")
    return time.timestamp()


def _record(data: Mapping[str, Any]) -> Record:
    miners = {
        _text(name): Entry(
            _text_or_none(entry["before"]["model"]),
            _text(entry["before"]["mode"]),
            _text_or_none(entry["before"]["level"]),
            _text(entry["now"]),
            time_from(entry["switched"]),
        )
        for entry in data["curtailed"]
        for name in entry["miners"]
    }
    restored = {_text(name): time_from(at) for at, names in data["restored"].items() for name in names}
    opened_at, until = (None if data[key] is None else time_from(data[key]) for key in ("opened", "until"))
    return Record(miners, opened_at, until, restored)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _minute(at: float) -> float:
    return at - at % 60


def _unusable(source: str, reason: str) -> InvalidVariables:
    return InvalidVariables(
        f"The record of curtailed miners in {source} {reason}. Without it, their previous state is unknown, so "
        f"nothing was sent. Repair it, or remove it and set the modes with the role provision."
    )
