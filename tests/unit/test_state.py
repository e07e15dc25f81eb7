# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The converge engine: when it writes, how it verifies the write, and its error if it can't."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    InvalidInput,
    MinerError,
    NotApplied,
    NotBack,
    NotReady,
    Rejected,
    TimedOut,
    Unreachable,
    Unsupported,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import (
    SETTLE_S,
    Outcome,
    Setting,
    converge,
    send_once,
    wait_until,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps

from .driving import run, session_on, stepped
from .helpers import Clock

REFUSED = Unreachable("Nobody answers.", "refused", sent=False)
DROPPED = Unreachable("Nobody answers.", "dropped", sent=True)
TIMED_OUT = TimedOut("It is late.", "late")
CUT_OFF = BadReply("It broke off.", "broken off")
LOST = [DROPPED, TIMED_OUT, CUT_OFF]


class Fan(Setting[int]):
    """A setting that reads its value from a list; the last one stays."""

    name = "fan speed"

    def __init__(self, *values: int | MinerError, desired: int = 70) -> None:
        self.values = list(values)
        self.wanted = desired
        self.written: list[int] = []
        self.reply: MinerError | None = None
        self.refusal: MinerError | None = None

    def read(self) -> Steps[int]:
        yield from ()
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, MinerError):
            raise value
        return value

    def desired(self, current: int) -> int:
        return self.wanted

    def prepare(self, current: int) -> Steps[None]:
        yield from ()
        if self.refusal:
            raise self.refusal

    def write(self, current: int) -> Steps[None]:
        yield from ()
        self.written.append(self.wanted)
        if self.reply:
            raise self.reply

    def diff(self, before: int, after: int) -> tuple[Any, Any]:
        return before, after

    def describe(self, value: int) -> str:
        return f"{value} %"


class LaggingFan(Fan):
    lags = True


def outcome_of(fan: Fan, clock: Clock, check_mode: bool = False) -> Outcome[int]:
    fan.session = session_on(clock)
    return run(converge(fan, check_mode), clock)


@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_is_written_in_the_desired_state(check_mode: bool, clock: Clock) -> None:
    fan = Fan(70)
    fan.refusal = Unsupported("not asked")
    assert outcome_of(fan, clock, check_mode) == Outcome(
        False, 70, {"before": {"fan speed": 70}, "after": {"fan speed": 70}}
    )
    assert fan.written == clock.slept == []


def test_what_differs_is_written_once_and_read_again(clock: Clock) -> None:
    fan = Fan(50, 70)
    assert outcome_of(fan, clock) == Outcome(True, 70, {"before": {"fan speed": 50}, "after": {"fan speed": 70}})
    assert fan.written == [70]
    assert clock.slept == []


def test_check_mode_predicts_the_same_and_writes_nothing(clock: Clock) -> None:
    fan = Fan(50)
    assert outcome_of(fan, clock, check_mode=True) == outcome_of(Fan(50, 70), clock)
    assert fan.written == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_cannot_work_is_refused_before_it_is_written(check_mode: bool, clock: Clock) -> None:
    fan = Fan(50)
    fan.refusal = Unsupported("This fan has one speed.")
    with pytest.raises(Unsupported):
        outcome_of(fan, clock, check_mode)
    assert fan.written == []


def test_a_confirmed_write_that_was_ignored_is_named(clock: Clock) -> None:
    fan = Fan(50, 50)
    with pytest.raises(
        NotApplied, match=r"its fan speed to 70 % and answered success, but it still has 50 %"
    ) as caught:
        outcome_of(fan, clock)
    assert not caught.value.changed
    assert fan.written == [70]
    assert clock.slept == []


def test_a_write_that_took_effect_in_part_is_a_failure_and_a_change(clock: Clock) -> None:
    with pytest.raises(NotApplied, match="but it now has 60 %") as caught:
        outcome_of(Fan(50, 60), clock)
    assert caught.value.changed


@pytest.mark.parametrize("reply", LOST)
def test_a_lost_reply_to_a_write_that_took_effect_is_a_change(reply: MinerError, clock: Clock) -> None:
    fan = Fan(50, 70)
    fan.reply = reply
    assert outcome_of(fan, clock).changed
    assert (fan.written, clock.slept) == ([70], [])


@pytest.mark.parametrize("reply", LOST)
def test_a_lost_write_may_take_effect_late(reply: MinerError, clock: Clock) -> None:
    fan = Fan(50, 50, REFUSED, TIMED_OUT, 50, 70)
    fan.reply = reply
    assert outcome_of(fan, clock).value == 70
    assert fan.written == [70]
    assert sum(clock.slept) < SETTLE_S


@pytest.mark.parametrize("reply", LOST)
def test_a_lost_write_that_never_takes_effect_is_not_sent_again(reply: MinerError, clock: Clock) -> None:
    fan = Fan(50)
    fan.reply = reply
    with pytest.raises(NotApplied, match=rf"its reply was lost \({reply.reason}\), but it still has 50 %") as caught:
        outcome_of(fan, clock)
    assert fan.written == [70]
    assert SETTLE_S <= sum(clock.slept) < SETTLE_S + 1
    assert not caught.value.changed


@pytest.mark.parametrize("reply", [*LOST, None])
@pytest.mark.parametrize("silence", [REFUSED, DROPPED, TIMED_OUT, NotReady("Not now.")])
def test_a_miner_that_cannot_be_read_after_a_write_is_not_back(
    silence: MinerError, reply: MinerError | None, clock: Clock
) -> None:
    fan = Fan(50, silence)
    fan.reply = reply
    with pytest.raises(NotBack, match=silence.reason) as caught:
        outcome_of(fan, clock)
    assert caught.value.changed
    assert fan.written == [70]
    assert SETTLE_S <= sum(clock.slept) < SETTLE_S + 1


def test_a_miner_that_is_silent_for_a_while_after_a_write_is_waited_for(clock: Clock) -> None:
    assert outcome_of(Fan(50, REFUSED, REFUSED, 70), clock).changed


def test_a_setting_may_allow_a_longer_silence(clock: Clock) -> None:
    fan = Fan(50, *[REFUSED] * 100, 70)
    fan.silent_s = 60.0
    assert outcome_of(fan, clock).value == 70
    assert sum(clock.slept) == 50.0


def test_a_setting_that_lags_may_show_its_old_value_for_a_while(clock: Clock) -> None:
    assert outcome_of(LaggingFan(50, 50, 50, 70), clock).value == 70
    with pytest.raises(NotApplied):
        outcome_of(LaggingFan(50), clock)


def test_another_device_in_its_place_ends_the_waiting(clock: Clock) -> None:
    with pytest.raises(WrongDevice) as caught:
        outcome_of(Fan(50, WrongDevice("A stranger.")), clock)
    assert caught.value.changed
    assert clock.slept == []


@pytest.mark.parametrize("refusal", [REFUSED, Rejected("No."), NotReady("Not now."), InvalidInput("What?")])
def test_a_write_that_was_refused_is_raised_as_it_is(refusal: MinerError, clock: Clock) -> None:
    fan = Fan(50)
    fan.reply = refusal
    with pytest.raises(type(refusal)) as caught:
        outcome_of(fan, clock)
    assert caught.value is refusal
    assert not caught.value.changed
    assert clock.slept == []


@pytest.mark.parametrize("error", [REFUSED, TIMED_OUT, CUT_OFF, AuthenticationFailed("Who?")])
def test_what_cannot_be_read_is_not_written(error: MinerError, clock: Clock) -> None:
    fan = Fan(error)
    with pytest.raises(type(error)):
        outcome_of(fan, clock)
    assert fan.written == []


def test_a_difference_in_secrets_only_is_named_so(clock: Clock) -> None:
    fan = Fan(50)
    fan.describe = lambda value: "a speed"  # type: ignore[method-assign]
    with pytest.raises(
        NotApplied, match="to a speed and answered success, but it still has a speed with other secrets"
    ):
        outcome_of(fan, clock)


def test_send_once_returns_how_the_reply_got_lost(clock: Clock) -> None:
    fan = Fan(50)
    assert run(send_once(fan.write(50)), clock) is None
    fan.reply = TIMED_OUT
    assert run(send_once(fan.write(50)), clock) is TIMED_OUT


@pytest.mark.parametrize("kind", [TimedOut, BadReply])
def test_what_was_lost_before_a_write_was_sent_is_no_lost_write(kind: type[MinerError], clock: Clock) -> None:
    fan = Fan(50)
    fan.reply = kind("the login got lost")
    fan.reply.sent = False
    with pytest.raises(kind, match="the login got lost"):
        outcome_of(fan, clock)


class Answers:
    """Gives answers in order; the last one repeats."""

    def __init__(self, *answers: bool | MinerError) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, MinerError):
            raise answer
        return answer


@pytest.mark.parametrize(
    "answers", [[True], [False, True], [NotReady("Not now."), REFUSED, DROPPED, TIMED_OUT, False, True]]
)
def test_waiting_ends_with_the_first_yes(answers: list[bool | MinerError], clock: Clock) -> None:
    met = Answers(*answers)
    assert run(wait_until(session_on(clock), stepped(met), 60), clock)
    assert met.asked == len(answers)


@pytest.mark.parametrize("answer", [False, REFUSED, TIMED_OUT, NotReady("Not now.")])
def test_waiting_ends_with_the_time(answer: bool | MinerError, clock: Clock) -> None:
    assert not run(wait_until(session_on(clock), stepped(Answers(answer)), 60), clock)
    assert 60 <= sum(clock.slept) < 61


def test_without_time_to_wait_it_is_asked_once(clock: Clock) -> None:
    met = Answers(False)
    assert not run(wait_until(session_on(clock), stepped(met), 0), clock)
    assert met.asked == 1


@pytest.mark.parametrize("error", [AuthenticationFailed("Who?"), CUT_OFF, WrongDevice("A stranger.")])
def test_waiting_ends_with_an_error_that_will_not_pass(error: MinerError, clock: Clock) -> None:
    with pytest.raises(type(error)):
        run(wait_until(session_on(clock), stepped(Answers(False, error)), 60), clock)


BROKEN = NotApplied("It is broken since.")


def test_what_the_write_has_broken_is_reported_at_once(clock: Clock) -> None:
    with pytest.raises(NotApplied, match="broken since") as caught:
        outcome_of(Fan(50, BROKEN), clock)
    assert caught.value.changed
    assert clock.slept == []


def test_what_looks_broken_while_the_reply_is_lost_may_still_be_written(clock: Clock) -> None:
    fan = Fan(50, BROKEN, 70)
    fan.reply = TIMED_OUT
    assert outcome_of(fan, clock).changed
    fan = Fan(50, BROKEN)
    fan.reply = TIMED_OUT
    with pytest.raises(NotApplied, match="broken since"):
        outcome_of(fan, clock)
    assert sum(clock.slept) >= SETTLE_S
