# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weekly recurring time windows, in the local time of a time zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = len(DAYS) * DAY_MINUTES


@dataclass(frozen=True)
class Week:
    """``windows`` are (start, length) in minutes, with the start counted from Monday 00:00. No two of them touch."""

    zone: tzinfo
    windows: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, zone: tzinfo, windows: Iterable[tuple[int, int]]) -> Week:
        """Returns a week from windows that may overlap, touch, and reach into the next week.

        They are merged, so that nothing ends where the next window begins. Raises ValueError if they cover the whole
        week.
        """
        covered = [False] * WEEK_MINUTES
        for start, length in windows:
            for minute in range(start, start + length):
                covered[minute % WEEK_MINUTES] = True
        if all(covered):
            raise ValueError("the windows cover the whole week")
        starts = [minute for minute in range(WEEK_MINUTES) if covered[minute] and not covered[minute - 1]]
        return cls(zone, tuple((start, _length(covered, start)) for start in starts))

    def window(self, now: float) -> tuple[float, float] | None:
        """Returns the start and end of the window that contains now, in seconds since the epoch, or None."""
        today = datetime.fromtimestamp(now, self.zone).date()
        this_monday = today - timedelta(days=today.weekday())
        for monday in (this_monday, this_monday - timedelta(weeks=1)):
            for start, length in self.windows:
                begins, ends = self._seconds(monday, start), self._seconds(monday, start + length)
                if begins <= now < ends:
                    return begins, ends
        return None

    def _seconds(self, monday: date, minute: int) -> float:
        days, minute = divmod(minute, DAY_MINUTES)
        clock = time(*divmod(minute, 60), tzinfo=self.zone)
        return datetime.combine(monday + timedelta(days=days), clock).timestamp()


def _length(covered: list[bool], start: int) -> int:
    length = 1
    while covered[(start + length) % WEEK_MINUTES]:
        length += 1
    return length
