# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many miners at once: never more than the limits allow, on a clock independent of the machine's."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.batch import (
    Batch,
    Counts,
    Limits,
    Repeated,
    Result,
    addresses_of,
    repeated,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets

T = TypeVar("T")

OK: Result = {"changed": False}
CHANGED: Result = {"changed": True}
FAILED: Result = {"failed": True, "changed": False}
UNREACHABLE: Result = {"unreachable": True, "changed": False}
# The seconds that each miner takes.
TAKES_S = 2.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while everything sleeps, and then at once."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self._pass))

    def time(self) -> float:
        return self._now

    def _pass(self, seconds: float) -> None:
        self._now += seconds


class _Selector(selectors.SelectSelector):
    def __init__(self, let_pass: Callable[[float], None]) -> None:
        super().__init__()
        self._let_pass = let_pass

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._let_pass(timeout or 0.0)
        return super().select(0)


class Fleet:
    """Miners that take their time. ``begun`` has each started miner and the time of its start."""

    def __init__(self, count: int, **results: Result) -> None:
        self.names = [f"m{number}" for number in range(count)]
        self.results = results
        self.begun: dict[str, float] = {}
        self.counts = Counts(count)
        self.ended_at = 0.0
        self.at_once = self.most_at_once = 0
        self.reports: list[int] = []

    async def perform(self, name: str) -> Result:
        loop = asyncio.get_running_loop()
        self.begun[name] = loop.time()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(TAKES_S)
        self.at_once -= 1
        self.ended_at = loop.time()
        return self.results.get(name, OK)

    def run(self, limits: Limits, report_every_s: float = 5.0) -> dict[str, int]:
        batch = Batch(limits, self.counts, self.perform, lambda _name, result: self.counts.add(result))
        virtually(batch.run(self.names, lambda: self.reports.append(self.counts.done), report_every_s))
        return self.counts.as_result()


def virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def test_each_miner_is_done_once_and_counted() -> None:
    fleet = Fleet(6, m1=CHANGED, m2=FAILED, m3=UNREACHABLE, m4=CHANGED)
    counts = fleet.run(Limits(concurrency=10))
    assert list(fleet.begun) == fleet.names
    assert counts == {"total": 6, "ok": 4, "changed": 2, "failed": 1, "unreachable": 1, "not_tried": 0}


def test_a_failure_that_has_changed_something_is_not_among_the_changed() -> None:
    counts = Counts(1)
    counts.add({"failed": True, "changed": True})
    assert counts.as_result() == {"total": 1, "ok": 0, "changed": 0, "failed": 1, "unreachable": 0, "not_tried": 0}


@pytest.mark.parametrize(("concurrency", "ends_at"), [(1, 20), (3, 8), (10, 2), (100, 2)])
def test_no_more_are_worked_on_at_once_than_allowed(concurrency: int, ends_at: float) -> None:
    fleet = Fleet(10)
    fleet.run(Limits(concurrency))
    assert fleet.most_at_once == min(concurrency, 10)
    assert fleet.ended_at == ends_at


def test_no_more_sockets_are_used_than_this_process_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "sockets_allowed", lambda wanted: min(wanted, 4))
    fleet = Fleet(10)
    fleet.run(Limits(concurrency=100))
    assert fleet.most_at_once == 4


def test_a_rate_spreads_the_beginnings() -> None:
    fleet = Fleet(5)
    fleet.run(Limits(concurrency=10, rate=4.0))
    assert list(fleet.begun.values()) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    assert fleet.ended_at == pytest.approx(3.0), "nobody waits for a turn when nothing is left to do"


def test_a_rate_that_nobody_could_keep_is_not_caught_up_with() -> None:
    fleet = Fleet(4)
    fleet.run(Limits(concurrency=1, rate=4.0))
    assert list(fleet.begun.values()) == pytest.approx([0.0, 2.0, 4.0, 6.0])


@pytest.mark.parametrize("rate", [None, 0.4], ids=["no rate", "a rate"])
def test_no_miner_is_started_after_the_deadline_and_the_others_finish(rate: float | None) -> None:
    fleet = Fleet(10)
    counts = fleet.run(Limits(concurrency=1, rate=rate, deadline_s=5.0))
    assert max(fleet.begun.values()) < 5.0
    assert counts["ok"] == len(fleet.begun)
    assert counts["not_tried"] == 10 - len(fleet.begun)
    assert fleet.ended_at <= 5.0 + TAKES_S


def test_a_wait_for_a_turn_ends_with_the_deadline() -> None:
    fleet = Fleet(2)

    async def run() -> float:
        await Batch(Limits(2, rate=0.001, deadline_s=5.0), fleet.counts, fleet.perform, lambda *_unused: None).run(
            fleet.names, lambda: None, 1.0
        )
        return asyncio.get_running_loop().time()

    assert virtually(run()) == pytest.approx(5.0)
    assert list(fleet.begun) == ["m0"]


@pytest.mark.parametrize(
    ("failures_max", "begun"),
    [(None, 8), (0, 3), (1, 4), (2, 6), (3, 8)],
)
def test_no_miner_is_started_after_too_many_failures(failures_max: float | None, begun: int) -> None:
    fleet = Fleet(8, m1=FAILED, m2=UNREACHABLE, m4=FAILED)
    counts = fleet.run(Limits(concurrency=2, failures_max=failures_max))
    assert len(fleet.begun) == begun
    assert counts["not_tried"] == 8 - begun


def test_failures_that_were_known_before_count() -> None:
    fleet = Fleet(3)
    fleet.counts.add(FAILED)
    fleet.run(Limits(concurrency=1, failures_max=0))
    assert fleet.begun == {}


def test_how_far_it_is_gets_reported() -> None:
    fleet = Fleet(4)
    fleet.run(Limits(concurrency=1), report_every_s=3.0)
    assert fleet.reports == [1, 2]


def test_a_bug_of_ours_ends_the_work_and_leaves_no_task() -> None:
    async def run() -> int:
        with pytest.raises(ZeroDivisionError):
            await Batch(Limits(2), Counts(4), broken, lambda *_unused: None).run(
                ["a", "b", "c", "d"], lambda: None, 1.0
            )
        return len(asyncio.all_tasks())

    async def broken(_name: str) -> Result:
        await asyncio.sleep(1)
        return {"changed": 1 // 0}

    assert virtually(run()) == 1


PLACES = {"a": ("10.0.0.1", 80), "b": ("10.0.0.2", 80), "c": ("10.0.0.1", 80), "d": ("10.0.0.1", 81)}


def test_a_miner_under_two_names_is_found() -> None:
    assert repeated(PLACES, lambda _name: {"mode": "efficient"}) == Repeated({"c": "a"}, {})


def test_two_names_of_a_miner_with_other_options_are_distinguished() -> None:
    options = {"a": {"mode": "efficient", "level": 1}, "c": {"mode": "efficient", "wait": True}}
    assert repeated(PLACES, lambda name: options.get(name, {})) == Repeated({}, {"c": ("a", ["level", "wait"])})


def test_hosts_are_resolved_and_what_has_no_address_is_left_to_the_connection() -> None:
    found = asyncio.run(addresses_of(["127.0.0.1", "localhost", "No-Such-Host.invalid", "::1", "0:0::1"]))
    assert found["127.0.0.1"] == "127.0.0.1"
    assert found["localhost"] in ("127.0.0.1", "::1")
    assert found["No-Such-Host.invalid"] == "no-such-host.invalid"
    assert found["::1"] == found["0:0::1"] == "::1"
