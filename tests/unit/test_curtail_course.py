# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of a curtailment: which miner is commanded when, again, or not any more, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_course import (
    AGAIN_S,
    READ,
    SWITCH,
    TOO_LITTLE,
    TOO_SLOW,
    TURN_OFF,
    Course,
    Job,
    Policy,
    Rate,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import Entry, Record
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import Desired, Goal, Known
from hypothesis import given
from hypothesis import strategies as some

WALL = 1_800_000_000.0
POLICY = Policy(deadline_s=600.0, unreachable_s=60.0)
EFFICIENT = Goal(mode="efficient")
GONE = {"unreachable": True, "error_code": "unreachable", "msg": "No miner answers."}
OK = {"changed": True}


def rated(amount: float) -> Policy:
    return Policy(600.0, 60.0, Rate(amount))


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"failed": True, "error_code": code, "msg": "No.", **more}


@dataclass
class Miner:
    """A miner with known results for reads and commands; the last one repeats. A job takes ``takes_s``."""

    mode: str = "balanced"
    level: str | None = None
    model: str = "T1"
    is_hashing: bool | None = None
    reads: list[Any] = field(default_factory=list)
    commands: list[Any] = field(default_factory=list)
    takes_s: float = 0.5

    def answer(self, job: Job, now: float) -> dict[str, Any]:
        answers = self.reads if job.kind == READ else self.commands
        given = (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else OK
        given = given(now) if callable(given) else given
        if given is not OK:
            return dict(given)
        if job.kind == READ:
            return {"model": self.model, "mode": self.mode, "level": self.level, "is_hashing": self.is_hashing}
        self.mode = "off" if job.kind == TURN_OFF else job.mode
        return OK


def back_at(seconds: float) -> Callable[[float], dict[str, Any]]:
    """The result of a miner that responds from then on."""
    return lambda now: OK if now >= seconds else GONE


class Run:
    """A run over miners with known results, on a clock that starts at 0."""

    def __init__(
        self,
        goal: Goal,
        policy: Policy = POLICY,
        known: Known | None = None,
        places: int = 10,
        stop_at: float = 1e9,
        **miners: Miner,
    ) -> None:
        self.course = Course(dict.fromkeys(miners, "10.1.0.1"), goal, known or Known(), policy, 0.0, WALL)
        self.jobs: list[tuple[float, Job]] = []
        self.records: list[Record] = []
        self.most_at_once = 0
        now, running = 0.0, list[tuple[float, Job]]()
        while not self.course.is_over(now) and now < stop_at:
            if self.course.is_round_over or not self.course.is_first_round:
                self.course.plan(now)
            if self.course.is_planned and not self.course.is_recorded:
                self.records.append(self.course.recorded(now))
            while (job := self.course.take(now, places)) is not None:
                assert job.kind == READ or goal.restore or job.miner in self.course.record.miners
                self.jobs.append((now, job))
                running.append((now + miners[job.miner].takes_s, job))
            self.most_at_once = max(self.most_at_once, len(running))
            running.sort(key=lambda each: each[0])
            now = max(now + 0.001, min([self.course.wake_at(), now + 1.0, *(at for at, _job in running[:1])]))
            while running and running[0][0] <= now:
                _at, job = running.pop(0)
                self.course.took(job, miners[job.miner].answer(job, now), now)
        self.ended_at = now
        self.course.ended(now)

    def commanded(self) -> list[str]:
        return [job.miner for _at, job in self.jobs if job.kind != READ]

    def states(self) -> dict[str, str]:
        return {name: miner.state for name, miner in self.course.miners.items()}


def test_all_are_read_then_recorded_then_commanded_in_the_order() -> None:
    done = Run(EFFICIENT, a=Miner(), b=Miner("performance"), c=Miner("efficient"), d=Miner())
    assert [job.kind for _at, job in done.jobs[:4]] == [READ] * 4
    assert done.commanded() == ["b", "a", "d"]
    assert done.states() == {"a": "confirmed", "b": "confirmed", "c": "not tried", "d": "confirmed"}
    assert done.course.record.miners["b"] == Entry("T1", "performance", None, "efficient", pytest.approx(WALL, abs=2))
    assert done.course.confirmed_watts == 250 + 430 + 250
    assert done.ended_at < 2


def test_nothing_more_is_at_work_than_there_are_places() -> None:
    done = Run(EFFICIENT, places=3, **{f"m{number}": Miner() for number in range(20)})
    assert done.most_at_once == 3
    assert len(done.commanded()) == 20


def test_what_restarts_is_commanded_when_it_comes_back() -> None:
    done = Run(EFFICIENT, a=Miner(), b=Miner(reads=[back_at(40.0)]))
    assert done.states() == {"a": "confirmed", "b": "confirmed"}
    assert 40 <= done.ended_at < 40 + AGAIN_S + 2
    # It got into the record before its command, and the other one did not wait for it.
    assert [set(record.miners) for record in done.records] == [{"a"}, {"a", "b"}]
    assert [at for at, job in done.jobs if job.miner == "a"][-1] < 2


def test_who_never_answers_is_given_up() -> None:
    done = Run(EFFICIENT, a=Miner(), b=Miner(reads=[GONE]), c=Miner(reads=[error("timeout")]))
    assert done.states() == {"a": "confirmed", "b": "unreachable", "c": "unreachable"}
    assert 60 <= done.ended_at < 62


def test_who_answered_before_is_waited_for_until_the_deadline() -> None:
    back = Run(EFFICIENT, a=Miner(commands=[back_at(300.0)]))
    assert back.states() == {"a": "confirmed"}
    gone = Run(EFFICIENT, a=Miner(commands=[GONE]))
    assert (gone.states(), gone.ended_at) == ({"a": "not tried"}, pytest.approx(600, abs=2))


@pytest.mark.parametrize("code", ["not_back", "not_applied", "timeout"])
def test_a_command_that_may_have_arrived_is_repeated_until_confirmed(code: str) -> None:
    """A lost reply, or a write that was ignored once."""
    done = Run(EFFICIENT, a=Miner(commands=[error(code, changed=True), OK]))
    assert done.states() == {"a": "confirmed"}
    assert done.commanded() == ["a", "a"]


@pytest.mark.parametrize(
    ("answer", "commands"),
    [
        (error("not_applied"), 2),
        *((error(code), 1) for code in ("rejected", "unsupported", "wrong_device", "authentication", "bug")),
    ],
)
def test_a_miner_that_refuses_is_given_up(answer: dict[str, Any], commands: int) -> None:
    done = Run(EFFICIENT, a=Miner(commands=[answer]), b=Miner())
    assert done.states() == {"a": "refused", "b": "confirmed"}
    assert done.commanded().count("a") == commands
    assert done.ended_at < AGAIN_S + 3


def test_what_answers_nonsense_is_given_up_and_what_boots_is_not() -> None:
    done = Run(EFFICIENT, a=Miner(reads=[error("bad_reply")]), b=Miner(reads=[error("not_ready")] * 30 + [OK]))
    assert done.states() == {"a": "refused", "b": "confirmed"}
    assert done.ended_at > 30 * AGAIN_S


def test_what_was_sent_and_never_confirmed_was_commanded() -> None:
    done = Run(EFFICIENT, a=Miner(commands=[error("not_back", changed=True)]))
    assert done.states() == {"a": "commanded"}


def test_a_run_that_is_cut_off_knows_who_was_not_tried() -> None:
    miners = {f"m{number}": Miner(takes_s=1.5) for number in range(6)}
    done = Run(EFFICIENT, rated(0.5), stop_at=4.0, **miners)
    assert list(done.states().values()) == ["confirmed", "commanded", *["not tried"] * 4]
    assert len(done.course.record.miners) == 6


@pytest.mark.parametrize(("rate", "pause_s"), [(Rate(2.0), 0.5), (Rate(0.5, is_kw=True), 0.5)])
def test_no_more_is_switched_a_second_than_the_rate_allows(rate: Rate, pause_s: float) -> None:
    miners = {f"m{number}": Miner() for number in range(8)}
    done = Run(EFFICIENT, Policy(600.0, 60.0, rate), places=50, **miners)
    times = [at for at, job in done.jobs if job.kind != READ]
    assert [later - earlier for earlier, later in zip(times, times[1:])] == pytest.approx([pause_s] * 7, abs=0.01)


def test_a_rate_that_can_not_meet_the_deadline_is_a_problem() -> None:
    done = Run(EFFICIENT, rated(0.01), **{f"m{number}": Miner() for number in range(8)})
    assert (done.course.problem, done.course.slow_s) == (TOO_SLOW, 800)
    assert (done.commanded(), done.records) == ([], [])


def test_silent_miners_leave_places_to_the_others() -> None:
    silent = {f"s{number}": Miner(reads=[GONE], takes_s=10.0) for number in range(8)}
    miners = {f"m{number}": Miner() for number in range(40)}
    done = Run(EFFICIENT, places=8, **silent, **miners)
    times = [at for at, job in done.jobs if job.kind != READ]
    # 40 commands of 0.5 s in 6 of 8 places, after the first round.
    assert max(times) - min(times) < 5


def test_enough_kilowatts_are_enough() -> None:
    done = Run(Goal(kw=0.5), a=Miner(), b=Miner("performance"), c=Miner("efficient"), d=Miner())
    assert done.commanded() == ["b", "a"]
    assert done.course.confirmed_watts == 680


def test_hashing_miners_come_first() -> None:
    done = Run(Goal(kw=0.2), a=Miner("performance", is_hashing=False), b=Miner(is_hashing=True))
    assert done.commanded() == ["b"]


@pytest.mark.parametrize("answer", [error("rejected"), error("not_applied")])
def test_the_next_one_is_taken_for_who_refuses(answer: dict[str, Any]) -> None:
    done = Run(Goal(kw=0.5), a=Miner(), b=Miner(commands=[answer]), c=Miner(), d=Miner())
    assert [name for name, state in done.states().items() if state == "confirmed"] == ["a", "c"]
    assert done.course.confirmed_watts == 500
    assert done.commanded()[-1] == "c"


def test_who_is_not_needed_is_not_waited_for() -> None:
    done = Run(Goal(kw=0.2), a=Miner(), b=Miner(reads=[GONE]))
    assert (done.commanded(), done.ended_at < 3) == (["a"], True)


def test_too_little_is_a_problem_once_nobody_else_can_answer() -> None:
    done = Run(Goal(kw=1), a=Miner(), b=Miner(reads=[GONE]))
    assert (done.course.problem, done.commanded(), done.records) == (TOO_LITTLE, [], [])
    assert done.ended_at >= 60
    late = Run(Goal(kw=0.5), a=Miner(), b=Miner(reads=[back_at(30.0)]))
    assert (late.course.problem, sorted(late.commanded())) == ("", ["a", "b"])
    part = Run(Goal(kw=1), Policy(600.0, 60.0, accepts_part=True), a=Miner(), b=Miner(reads=[GONE]))
    assert (part.course.problem, part.commanded()) == ("", ["a"])


def test_miners_are_powered_off_only_if_that_is_asked_for_and_modes_do_not_do() -> None:
    fleet: dict[str, Any] = {"a": Miner(), "b": Miner("performance"), "d": Miner()}
    assert Run(Goal(kw=2), Policy(600.0, 60.0, accepts_part=True), **fleet).course.confirmed_watts == 930
    fleet = {"a": Miner(), "b": Miner("performance"), "d": Miner()}
    done = Run(Goal(kw=2, power_off=True), **fleet)
    assert [(job.miner, job.kind) for _at, job in done.jobs if job.kind != READ] == [
        ("b", TURN_OFF),
        ("a", TURN_OFF),
        ("d", SWITCH),
    ]
    assert done.course.confirmed_watts == 1480 + 1300 + 250


def test_who_refuses_is_made_up_for_by_powering_off() -> None:
    done = Run(Goal(kw=0.6, power_off=True), a=Miner(), b=Miner("performance", commands=[error("rejected")]))
    assert done.course.confirmed_watts == 1300
    assert done.course.record.miners["a"] == Entry("T1", "balanced", None, "powered off", pytest.approx(WALL, abs=9))


def test_check_mode_reads_and_plans() -> None:
    done = Run(Goal(kw=0.5), Policy(600.0, 60.0, is_check=True), a=Miner(), b=Miner(), c=Miner(reads=[GONE]))
    assert (done.commanded(), done.records, done.course.record) == ([], [], Record())
    assert done.course.expected_watts == 500
    assert done.states()["c"] == "unreachable"


def entry(mode: str = "balanced", level: str | None = None, now: str = "efficient", at: float = WALL) -> Entry:
    return Entry("T1", mode, level, now, at)


def test_restoring_gives_back_mode_and_level_in_the_reverse_order() -> None:
    record = Record({"a": entry("factory", "3"), "b": entry("performance"), "c": entry(), "d": entry()})
    fleet: dict[str, Any] = {name: Miner("efficient", "3") for name in "abc"}
    done = Run(Goal(restore=True), known=Known(record), d=Miner(commands=[error("rejected")]), **fleet)
    assert [(job.miner, job.mode, job.level) for _at, job in done.jobs if job.kind != READ] == [
        ("c", "balanced", None),
        ("a", "factory", "3"),
        ("b", "performance", None),
    ]
    assert done.course.record.miners == {}, "d has its mode already"
    assert set(done.course.record.restored) == set("abcd")


def test_who_is_not_restored_stays_in_the_record() -> None:
    record = Record({"a": entry(), "b": entry(), "c": entry(now="powered off")})
    refusing, gone = Miner("efficient", commands=[error("rejected")]), Miner(reads=[GONE])
    done = Run(Goal(restore=True), known=Known(record), a=refusing, b=Miner("efficient"), c=gone)
    assert set(done.course.record.miners) == {"a", "c"}
    assert done.course.miners["c"].step is not None
    assert done.course.miners["c"].step.plan == "switch on by hand"
    assert done.ended_at < 10, "nobody waits for a miner that is off"


def test_without_a_record_miners_go_back_to_the_desired_mode() -> None:
    known = Known(desired={"a": Desired("performance", "1"), "b": Desired("efficient")})
    fleet: dict[str, Any] = {name: Miner("efficient") for name in "abc"}
    done = Run(Goal(restore=True), known=known, **fleet)
    assert done.commanded() == ["a"]
    assert {name: miner.step.cause for name, miner in done.course.miners.items() if miner.step} == {
        "a": "",
        "b": "",
        "c": "nothing to restore",
    }


def test_what_another_folder_has_curtailed_counts_and_gets_into_the_record() -> None:
    known = Known(desired={"a": Desired("performance"), "b": Desired("balanced")})
    done = Run(Goal(kw=0.6), known=known, a=Miner("efficient"), b=Miner())
    assert (done.course.saved_before_watts, done.commanded()) == (430, ["b"])
    assert {name: each.mode for name, each in done.course.record.miners.items()} == {
        "a": "performance",
        "b": "balanced",
    }
    enough = Run(Goal(kw=0.43), known=known, a=Miner("efficient"), b=Miner())
    assert enough.commanded() == []


def test_the_same_again_changes_nothing_and_more_takes_more() -> None:
    first = Run(Goal(kw=0.5), a=Miner(), b=Miner("performance"), c=Miner())
    known = Known(first.course.record)
    fleet: dict[str, Any] = {"a": Miner("efficient"), "b": Miner("efficient"), "c": Miner()}
    assert Run(Goal(kw=0.5), known=known, **fleet).commanded() == []
    more = Run(Goal(kw=0.9), known=known, **fleet)
    assert (more.commanded(), more.course.record.miners["b"].mode) == (["c"], "performance")


def test_who_is_never_curtailed_is_restored_all_the_same() -> None:
    known = Known(never={"a"})
    assert Run(EFFICIENT, known=known, a=Miner(), b=Miner()).commanded() == ["b"]
    assert Run(Goal(power_off=True), known=known, a=Miner(), b=Miner()).commanded() == ["b"]
    restored = Run(Goal(restore=True), known=Known(Record({"a": entry()}), never={"a"}), a=Miner("efficient"))
    assert restored.commanded() == ["a"]


@pytest.mark.parametrize(("minutes", "commanded"), [(9, ["a", "b"]), (11, ["b"])])
def test_a_miner_keeps_its_mode_for_the_minimum_time(minutes: float, commanded: list[str]) -> None:
    record = Record(restored={"a": WALL - 600})
    done = Run(EFFICIENT, known=Known(record, minimum_s=60 * minutes), a=Miner(), b=Miner())
    assert done.commanded() == commanded


def test_models_without_modes_are_only_powered_off() -> None:
    fleet: dict[str, Any] = {"a": Miner(model="A5"), "b": Miner()}
    done = Run(EFFICIENT, **fleet)
    assert done.commanded() == ["b"]
    step = done.course.miners["a"].step
    assert step is not None
    assert (step.cause, "Only curtail_off saves power there" in step.reason) == ("no power mode", True)
    assert sorted(Run(Goal(power_off=True), **fleet).commanded()) == ["a", "b"]


def test_who_moved_is_read_again_where_it_is() -> None:
    course = Course({"a": "10.1.0.1", "b": "10.1.0.2"}, EFFICIENT, Known(), POLICY, 0.0, WALL)
    for answer in (error("wrong_device"), GONE):
        job = course.take(0.0, 9)
        assert job is not None
        course.took(job, answer, 1.0)
    assert (course.is_round_over, course.lost()) == (True, ["a", "b"])
    course.moved({"a": "10.1.0.9"})
    assert course.miners["a"].address == "10.1.0.9"
    assert course.take(1.0, 9) == Job(READ, "a")


@given(
    modes=some.lists(some.sampled_from(["performance", "balanced", "efficient"]), max_size=10),
    refusing=some.sets(some.integers(0, 9)),
    kw=some.floats(0.001, 4),
    off=some.booleans(),
)
def test_enough_is_saved_or_everybody_was_asked(modes: list[str], refusing: set[int], kw: float, off: bool) -> None:
    fleet = {
        f"m{number}": Miner(mode, commands=[error("rejected")] if number in refusing else [])
        for number, mode in enumerate(modes)
    }
    done = Run(Goal(kw=kw, power_off=off), Policy(600.0, 60.0, accepts_part=True), **fleet)
    assert len(set(done.commanded())) * (1 + off) >= len(done.commanded())
    saved = done.course.confirmed_watts
    if saved < 1000 * kw - 1:
        able = [mode for number, mode in enumerate(modes) if number not in refusing]
        most = {"performance": 1480.0, "balanced": 1300.0, "efficient": 1050.0}
        assert saved == pytest.approx(sum(most[mode] - (0.0 if off else 1050.0) for mode in able))
    assert done.ended_at < 30
