# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides when to draw less power and when to go back, from what was observed, without I/O.

Commands, the schedule and the prices may each *call* for a curtailment. If several do, the first in this order says how
much. ``decide`` is called with each observation, and with none as time passes. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Union

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.week import Week
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import quoted, shown

CURTAIL, RESTORE, SIGNAL_LOST, SIGNAL_BACK, INVALID = "curtail", "restore", "signal_lost", "signal_back", "invalid"
HOLD = "hold"
# How many commands and spent calls are remembered; without a limit the state would grow forever. At most three call at
# once.
IDS_MAX = 1000
SPENT_MAX = 16


@dataclass(frozen=True)
class Threshold:
    """A price, and for how many consecutive intervals it has to be passed."""

    price: float
    intervals: int = 1


@dataclass(frozen=True)
class PriceRules:
    """Prices call from ``over`` (or a single one over ``at_once``) until ``under``.

    ``stale`` is the reaction ``stale_s`` after the last known price ended: HOLD, RESTORE or CURTAIL.
    """

    over: Threshold
    under: Threshold
    at_once: float | None = None
    stale: str = HOLD
    stale_s: float = 900.0


@dataclass(frozen=True)
class Rules:
    """The user's choice. ``kw`` or ``mode`` is the default for commands that give neither.

    A curtailment lasts ``minimum_s`` to ``maximum_s``, ``gap_s`` pass between two, and a need has to persist for
    ``debounce_s`` before it takes effect.
    """

    kw: float | None = None
    mode: str | None = None
    prices: PriceRules | None = None
    schedule: Week | None = None
    commands: bool = False
    minimum_s: float = 0.0
    maximum_s: float | None = None
    gap_s: float = 0.0
    debounce_s: float = 0.0


@dataclass(frozen=True)
class Interval:
    """A price and the time for which it applies."""

    start: float
    end: float
    price: float


@dataclass(frozen=True)
class Prices:
    """Observed: all known prices around now, in order. They replace those that were still to come."""

    intervals: Sequence[Interval]


@dataclass(frozen=True)
class Command:
    """Observed: a curtailment should start, or the one with this id should end."""

    source: str
    starts: bool
    event_id: str
    kw: float | None = None
    mode: str | None = None
    until: float | None = None


@dataclass(frozen=True)
class Problem:
    """Observed: a source delivered nothing usable.

    It is reported once for each ``kind``, until something valid comes from this source.
    """

    source: str
    reason: str
    kind: str = ""
    event_id: str | None = None


@dataclass(frozen=True)
class Cleared:
    """Observed: a source no longer has a problem, but nothing new."""

    source: str


Observation = Union[Prices, Command, Problem, Cleared, None]


@dataclass(frozen=True)
class Event:
    """An edge. ``since`` is when the curtailment began, or when the signal was lost; ``price`` is the last known one.

    ``until`` is when the call for the curtailment ends, as far as known, and ``ends_by`` when the curtailment ends,
    whatever else calls for it.
    """

    edge: str
    reason: str
    event_id: str | None = None
    kw: float | None = None
    mode: str | None = None
    price: float | None = None
    until: str | None = None
    since: str | None = None
    ends_by: str | None = None


@dataclass(frozen=True)
class Need:
    """How much a call wants to save."""

    kw: float | None
    mode: str | None


@dataclass(frozen=True)
class Curtailment:
    """The current curtailment."""

    event_id: str
    need: Need
    since: float


@dataclass(frozen=True)
class Signal:
    """The prices: the last one that began, those to come, and whether they call.

    ``over`` and ``under`` count consecutive intervals. ``high_since`` is the start of the interval that made prices
    call, ``lost_since`` the end of the last one before the signal was lost.
    """

    last: Interval | None = None
    coming: tuple[Interval, ...] = ()
    over: int = 0
    under: int = 0
    high_since: float | None = None
    lost_since: float | None = None


@dataclass(frozen=True)
class State:
    """All that a decision needs from the past.

    ``number`` counts the curtailments. ``spent`` are calls that were served for ``maximum_s``, or ended by a command.
    """

    began: float
    need_since: float
    need: Need | None = None
    curtailment: Curtailment | None = None
    restored_at: float | None = None
    number: int = 0
    signal: Signal = Signal()
    command: Command | None = None
    known_ids: tuple[str, ...] = ()
    spent: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @classmethod
    def fresh(cls, now: float) -> State:
        """Returns the state before the first observation."""
        return cls(began=now, need_since=now)


@dataclass(frozen=True)
class _Call:
    """A call for a curtailment. ``key`` stays the same for as long as it calls without a break."""

    key: str
    need: Need
    reason: str
    event_id: str
    until: float | None = None
    at_once: bool = False


def decide(rules: Rules, state: State, observation: Observation, now: float) -> tuple[State, tuple[Event, ...]]:
    """Returns the state after an observation, and the resulting events.

    The result depends only on the arguments. There is always a restore between two curtailments, and it has the
    ``event_id`` of the first.
    """
    state = _at(state, now)
    state, events = _observed(rules, state, observation, now)
    if rules.prices:
        state = replace(state, signal=_counted(rules.prices, state.signal, now))
        state, edges = _watched(rules.prices, state, now)
        events += edges
    state, edges = _switched(rules, state, now)
    return state, events + edges


def _at(state: State, now: float) -> State:
    """Nothing has happened after now: after a clock is set back, a curtailment must not last longer."""
    current, restored_at = state.curtailment, state.restored_at
    if max(state.began, state.need_since, restored_at or 0.0, current.since if current else 0.0) <= now:
        return state
    return replace(
        state,
        began=min(state.began, now),
        need_since=min(state.need_since, now),
        restored_at=None if restored_at is None else min(restored_at, now),
        curtailment=replace(current, since=min(current.since, now)) if current else None,
    )


def _observed(rules: Rules, state: State, observation: Observation, now: float) -> tuple[State, tuple[Event, ...]]:
    if observation is None:
        return state, ()
    if isinstance(observation, Command):
        observation = _refused(state, observation, now) or observation
    if isinstance(observation, Problem):
        return _reported(state, observation)
    if isinstance(observation, Prices):
        last = state.signal.last
        coming = tuple(found for found in observation.intervals if last is None or found.start > last.start)
        return replace(_cleared(state, "prices"), signal=replace(state.signal, coming=coming)), ()
    state = _cleared(state, observation.source)
    return (_commanded(rules, state, observation, now) if isinstance(observation, Command) else state), ()


def _refused(state: State, command: Command, now: float) -> Problem | None:
    if not command.starts:
        return None
    event_id = quoted(command.event_id)
    if state.command and state.command.event_id == command.event_id:
        if replace(state.command, source=command.source) == command:
            return None
        reason = (
            f"Event {event_id} is already in force with another kw, mode or until. Use a new event_id for the change."
        )
    elif command.until is not None and command.until <= now and command.event_id not in state.known_ids:
        reason = f"until of event {event_id} is in the past: {shown(command.until)}. Correct it."
    else:
        return None
    return Problem(command.source, reason, reason, command.event_id)


def _reported(state: State, problem: Problem) -> tuple[State, tuple[Event, ...]]:
    known = next((known for known in state.problems if known.source == problem.source), None)
    if known and known.kind == problem.kind:
        return state, ()
    problems = (*_cleared(state, problem.source).problems, problem)
    return replace(state, problems=problems), (Event(INVALID, problem.reason, problem.event_id),)


def _cleared(state: State, source: str) -> State:
    return replace(state, problems=tuple(known for known in state.problems if known.source != source))


def _commanded(rules: Rules, state: State, command: Command, now: float) -> State:
    """The last command that starts something applies. An id is used up by its first command to start or to end."""
    is_known = command.event_id in state.known_ids
    if not is_known:
        state = replace(state, known_ids=(*state.known_ids, command.event_id)[-IDS_MAX:])
    if command.starts:
        return state if is_known else replace(state, command=command)
    if state.command and state.command.event_id == command.event_id:
        return replace(state, command=None)
    # The id of a schedule or price call. A known id would be that of a replaced command, whose replacement goes on.
    if not is_known and state.curtailment and state.curtailment.event_id == command.event_id:
        return _spent(state, _calls(rules, state, now))
    return state


def _spent(state: State, calls: Iterable[_Call]) -> State:
    """None of these calls counts any more, until it has ended and a new one begins."""
    keys = (call.key for call in calls if call.key not in state.spent)
    return replace(state, spent=(*state.spent, *keys)[-SPENT_MAX:])


def _counted(rules: PriceRules, signal: Signal, now: float) -> Signal:
    """Counts each interval once, when it has begun. A gap ends a sequence: the price in it is unknown."""
    begun = 0
    for interval in signal.coming:
        if interval.start > now:
            break
        begun += 1
        is_next = signal.last is not None and interval.start <= signal.last.end
        over = (signal.over if is_next else 0) + 1 if interval.price > rules.over.price else 0
        under = (signal.under if is_next else 0) + 1 if interval.price < rules.under.price else 0
        high_since = signal.high_since
        if high_since is None and (over >= rules.over.intervals or _is_at_once(rules, interval)):
            high_since = interval.start
        elif under >= rules.under.intervals:
            high_since = None
        signal = replace(signal, last=interval, over=over, under=under, high_since=high_since)
    return replace(signal, coming=signal.coming[begun:]) if begun else signal


def _is_at_once(rules: PriceRules, interval: Interval) -> bool:
    return rules.at_once is not None and interval.price > rules.at_once


def _watched(rules: PriceRules, state: State, now: float) -> tuple[State, tuple[Event, ...]]:
    """The signal is lost once no price has been known for a while, whatever the reason."""
    signal = state.signal
    last_known = signal.last.end if signal.last else state.began
    is_lost = now - last_known >= rules.stale_s
    if is_lost and signal.lost_since is None:
        state = replace(state, signal=replace(signal, lost_since=last_known))
        reason = f"No price has been known since {shown(last_known)}, and stale is '{rules.stale}'."
        return state, (Event(SIGNAL_LOST, reason, since=shown(last_known)),)
    if not is_lost and signal.lost_since is not None:
        state = replace(state, signal=replace(signal, lost_since=None))
        back = Event(SIGNAL_BACK, "Prices are known again.", price=_price(state), since=shown(signal.lost_since))
        return state, (back,)
    return state, ()


def _switched(rules: Rules, state: State, now: float) -> tuple[State, tuple[Event, ...]]:
    if state.command and state.command.until is not None and state.command.until <= now:
        state = replace(state, command=None)
    calls = [call for call in _calls(rules, state, now) if call.key not in state.spent]
    call = calls[0] if calls else None
    need = call.need if call else None
    if need != state.need:
        state = replace(state, need=need, need_since=now)
    is_settled = (call is not None and call.at_once) or now - state.need_since >= rules.debounce_s
    events: tuple[Event, ...] = ()
    if current := state.curtailment:
        lasted_s = now - current.since
        if rules.maximum_s is not None and lasted_s >= rules.maximum_s:
            state = replace(_spent(state, calls), need=None, need_since=now)
            state, event = _restored(state, current, f"It has lasted maximum_seconds ({rules.maximum_s:g}).", now)
            return state, (event,)
        if need == current.need or not is_settled or lasted_s < rules.minimum_s:
            return state, ()
        state, event = _restored(state, current, _why_it_ends(rules, state, call), now)
        events = (event,)
    if call and is_settled and (state.restored_at is None or now - state.restored_at >= rules.gap_s):
        state, event = _curtailed(rules, state, call, now)
        events += (event,)
    return state, events


def _calls(rules: Rules, state: State, now: float) -> list[_Call]:
    """All calls for a curtailment, in order of precedence."""
    own = Need(rules.kw, rules.mode)
    calls = []
    if rules.commands and (command := state.command):
        event_id = command.event_id
        need = own if command.kw is None and command.mode is None else Need(command.kw, command.mode)
        reason = f"Command {quoted(event_id)} calls for a curtailment"
        calls.append(_Call(f"command {event_id}", need, reason, event_id, command.until))
    if rules.schedule and (window := rules.schedule.window(now)):
        start, end = window
        reason = f"The schedule calls for a curtailment until {shown(end)}"
        calls.append(_Call(f"schedule {start:.0f}", own, reason, _event_id("schedule", start, state), end))
    if rules.prices:
        calls += _price_calls(rules.prices, own, state)
    return calls


def _price_calls(rules: PriceRules, need: Need, state: State) -> list[_Call]:
    signal = state.signal
    if signal.lost_since is not None and rules.stale == CURTAIL:
        since = signal.lost_since
        return [_Call(f"stale {since:.0f}", need, "The price signal is lost", _event_id("stale", since, state))]
    if signal.high_since is None or (signal.lost_since is not None and rules.stale == RESTORE):
        return []
    since = signal.high_since
    is_at_once = signal.last is not None and _is_at_once(rules, signal.last)
    reason = f"The price has exceeded {rules.at_once if is_at_once else rules.over.price:.10g}"
    return [_Call(f"price {since:.0f}", need, reason, _event_id("price", since, state), at_once=is_at_once)]


def _event_id(kind: str, since: float, state: State) -> str:
    """The same id for the same occasion, even if a process died before it recorded its report."""
    return f"{kind}-{shown(since)}-{state.number + 1}".replace(":", "")


def _why_it_ends(rules: Rules, state: State, call: _Call | None) -> str:
    if call:
        return f"{call.reason} with another kw or mode."
    if rules.prices and rules.prices.stale == RESTORE and state.signal.lost_since is not None:
        return "The price signal is lost, and stale is 'restore'."
    return "Nothing calls for a curtailment any more."


def _curtailed(rules: Rules, state: State, call: _Call, now: float) -> tuple[State, Event]:
    ends_by = None if rules.maximum_s is None else now + rules.maximum_s
    ends = [end for end in (call.until, ends_by) if end is not None]
    curtailment = Curtailment(call.event_id, call.need, now)
    event = replace(
        _edge(CURTAIL, f"{call.reason}.", curtailment, state),
        until=shown(min(ends)) if ends else None,
        ends_by=None if ends_by is None else shown(ends_by),
    )
    return replace(state, curtailment=curtailment, number=state.number + 1), event


def _restored(state: State, curtailment: Curtailment, reason: str, now: float) -> tuple[State, Event]:
    event = _edge(RESTORE, reason, curtailment, state)
    return replace(state, curtailment=None, restored_at=now), event


def _edge(edge: str, reason: str, curtailment: Curtailment, state: State) -> Event:
    need = curtailment.need
    since = shown(curtailment.since)
    return Event(edge, reason, curtailment.event_id, need.kw, need.mode, _price(state), since=since)


def _price(state: State) -> float | None:
    signal = state.signal
    return signal.last.price if signal.last and signal.lost_since is None else None
