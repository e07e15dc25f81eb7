# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The severity of a word in a report: its colour, and its place in the order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# The worst first.
BAD, WARN, INFO, PLAIN, GOOD = "bad", "warn", "info", "plain", "good"
TONES = (BAD, WARN, INFO, PLAIN, GOOD)
# The columns with the result of a miner.
STATUS_COLUMNS = ("outcome", "severity", "state", "plan")

_WORDS = {
    BAD: (
        *("critical", "failed", "unreachable", "locked", "unexamined", "unresponsive", "missing", "unknown"),
        *("dark", "unhealthy", "still unhealthy", "rolled back", "lost", "refused", "login refused", "not back"),
    ),
    WARN: ("warning", "drift", "new", "limit reached", "not eligible", "not tried", "skipped", "handed over", "silent"),
    INFO: ("info", "tuning", "curtailed", "upgrade", "change", "power off", "powered off", "switch on by hand"),
    GOOD: (
        *("ok", "healthy", "healed", "as desired", "up to date", "upgraded", "new password", "done", "confirmed"),
        *("mining", "restored"),
    ),
}
_TONES = {word: tone for tone, words in _WORDS.items() for word in words}


def tone_of(word: Any) -> str:
    """Returns the tone of a word in a status column."""
    return _TONES.get(str(word), PLAIN)


def tone_of_row(row: Mapping[str, Any]) -> str:
    """Returns the worst tone of a row's status columns, unless its outcome is good: a healed miner is fine."""
    if tone_of(row.get("outcome")) == GOOD:
        return GOOD
    tones = [tone_of(row[column]) for column in STATUS_COLUMNS if row.get(column)]
    return min(tones, key=TONES.index, default=PLAIN)


def worst_first(rows: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Returns the rows by tone; those of one tone stay in their order."""
    return sorted(rows, key=lambda row: TONES.index(tone_of_row(row)))
