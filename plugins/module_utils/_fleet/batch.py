# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the same with many miners, within limits: how many at a time, how many per second, how many failures.

A fixed number of workers takes one miner after the other, so neither tasks nor sockets grow with the number of miners.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Callable

from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets

Result = dict[str, Any]
Perform = Callable[[str], Awaitable[Result]]

# Names to resolve at the same time, each of which takes a thread.
_RESOLVED_AT_ONCE = 32


@dataclass(frozen=True)
class Limits:
    """How many miners at a time, how many to start per second, for how many seconds, and up to how many failures.

    None means no limit.
    """

    concurrency: int
    rate: float | None = None
    deadline_s: float | None = None
    failures_max: float | None = None


@dataclass
class Counts:
    """The results so far. ``changed`` is a subset of ``ok``; miners without a result count as not tried."""

    total: int
    ok: int = 0
    changed: int = 0
    failed: int = 0
    unreachable: int = 0

    def add(self, result: Mapping[str, Any]) -> None:
        """Counts the result of one miner."""
        if is_failure(result):
            self.unreachable += bool(result.get("unreachable"))
            self.failed += not result.get("unreachable")
        else:
            self.ok += 1
            self.changed += bool(result["changed"])

    @property
    def failures(self) -> int:
        return self.failed + self.unreachable

    @property
    def done(self) -> int:
        return self.ok + self.failures

    def as_result(self) -> dict[str, int]:
        """Returns the counts as a task returns them."""
        return {
            "total": self.total,
            "ok": self.ok,
            "changed": self.changed,
            "failed": self.failed,
            "unreachable": self.unreachable,
            "not_tried": self.total - self.done,
        }


def is_failure(result: Mapping[str, Any]) -> bool:
    """Whether a miner failed or was unreachable."""
    return bool(result.get("failed") or result.get("unreachable"))


@dataclass(frozen=True)
class Repeated:
    """Names of miners already named before: ``same`` with equal options, ``other`` with different ones.

    Each maps to the first name; ``other`` also has the names of the options that differ.
    """

    same: dict[str, str]
    other: dict[str, tuple[str, list[str]]]


def repeated(places: Mapping[str, Hashable], options: Callable[[str], Mapping[str, Any]]) -> Repeated:
    """Finds names that stand for the same miner: those with the same place, its address and port."""
    first: dict[Hashable, str] = {}
    found = Repeated({}, {})
    for name, place in places.items():
        earlier = first.setdefault(place, name)
        if earlier == name:
            continue
        mine, theirs = options(name), options(earlier)
        differing = sorted(option for option in mine.keys() | theirs.keys() if mine.get(option) != theirs.get(option))
        if differing:
            found.other[name] = (earlier, differing)
        else:
            found.same[name] = earlier
    return found


async def addresses_of(hosts: Iterable[str]) -> dict[str, str]:
    """Returns the address of each host; the host itself if it can't be resolved."""
    free = asyncio.Semaphore(_RESOLVED_AT_ONCE)

    async def address_of(host: str) -> str:
        with suppress(ValueError):
            return str(ip_address(host))
        async with free:
            with suppress(OSError, UnicodeError):
                return str((await asyncio.get_running_loop().getaddrinfo(host, None))[0][4][0])
        return host.lower()

    unique = list(dict.fromkeys(hosts))
    return dict(zip(unique, await asyncio.gather(*map(address_of, unique))))


class Batch:
    """The work on a list of miners, in order and many at once.

    ``perform`` takes the name of a miner and returns its result; ``took`` is called with each name and its result, and
    counts it in ``counts``.
    """

    def __init__(self, limits: Limits, counts: Counts, perform: Perform, took: Callable[[str, Result], None]) -> None:
        self._limits = limits
        self._counts = counts
        self._perform = perform
        self._took = took

    async def run(self, names: Sequence[str], report: Callable[[], None], report_every_s: float) -> None:
        """Goes through the miners in order. Once a limit is reached, no more are started; running ones finish."""
        limits = self._limits
        self._clock = asyncio.get_running_loop().time
        self._next_at = self._clock()
        self._deadline = self._clock() + (float("inf") if limits.deadline_s is None else limits.deadline_s)
        self._turn = asyncio.Lock()
        self._left = deque(names)
        reporter = asyncio.create_task(_repeat(report, report_every_s))
        count = min(sockets.sockets_allowed(limits.concurrency), len(names))
        workers = [asyncio.create_task(self._work()) for _unused in range(count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in (reporter, *workers):
                task.cancel()
            await asyncio.gather(reporter, *workers, return_exceptions=True)

    async def _work(self) -> None:
        while await self._may_begin():
            name = self._left.popleft()
            self._took(name, await self._perform(name))

    async def _may_begin(self) -> bool:
        """Waits for a turn; returns False if there is nothing left to do by then."""
        if self._limits.rate is None:
            return not self._is_over()
        async with self._turn:
            if not self._is_over():
                await asyncio.sleep(min(self._next_at, self._deadline) - self._clock())
                self._next_at = self._clock() + 1 / self._limits.rate
            return not self._is_over()

    def _is_over(self) -> bool:
        if not self._left:
            return True
        failures_max = self._limits.failures_max
        has_failed = failures_max is not None and self._counts.failures > failures_max
        return has_failed or self._clock() >= self._deadline


async def _repeat(act: Callable[[], None], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        act()
