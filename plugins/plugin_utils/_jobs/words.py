# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in the sentences that sum up a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def counted(number: int, noun: str) -> str:
    """Returns a number with its noun, which takes an s in the plural: ``1 miner``, ``12 miners``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def tally(outcomes: Iterable[str], order: Sequence[str]) -> dict[str, int]:
    """Returns how often each outcome of ``order`` occurs, zeros too. Raises ValueError for any other outcome."""
    counts = dict.fromkeys(order, 0)
    for outcome in outcomes:
        if outcome not in counts:
            raise ValueError(f"{outcome!r} is not one of {', '.join(order)}")
        counts[outcome] += 1
    return counts


def listed(counts: Mapping[str, int]) -> str:
    """Returns ``40 as desired, 3 failed`` for counts by outcome, without zeros; ``none`` if nothing remains."""
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "none"


def summed_up(counts: Mapping[str, int], noun: str = "miner") -> str:
    """Returns a sentence with the total and each count: ``44 miners: 40 as desired, 3 failed, 1 unreachable.``"""
    return f"{counted(sum(counts.values()), noun)}: {listed(counts)}."


def first(texts: Sequence[str], limit: int = 10) -> str:
    """Returns the first texts on one line, and how many more there are."""
    more = len(texts) - limit
    return " ".join(texts[:limit]) + (f" And {more} more." if more > 0 else "")


def named(names: Sequence[str], limit: int) -> str:
    """Returns the first names, and how many more there are: ``m1, m2 and 3 more``."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
