# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of a curtailment, decided from the results so far; the caller does the sending, waiting and writing.

All miners are read once. Then those that are due get their command, in order, again and again until each has confirmed
or refused it, or the time is over. Miners that do not respond yet join as soon as they do. If a miner can't contribute
to the requested kW, the next one in order is used instead.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtailment
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import (
    POWERED_OFF,
    Entry,
    Record,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import Goal, Known, Seen, Step

# The state of a miner that the goal is about; miners still PENDING at the end were not tried.
PENDING, COMMANDED, CONFIRMED, REFUSED, UNREACHABLE = "not tried", "commanded", "confirmed", "refused", "unreachable"
STATES = (CONFIRMED, COMMANDED, REFUSED, UNREACHABLE, PENDING)
READ, SWITCH, TURN_OFF = "read", "switch", "turn off"
TOO_LITTLE, TOO_SLOW = "too little", "too slow"

# The delay before a failed command or read is repeated.
AGAIN_S = 5.0
# Sums of such numbers are off by up to a tenth of a watt.
_SLACK_W = 0.1
_IGNORED_MAX = 2
_SILENT = ("unreachable", "timeout", "not_back")
_CAUSES = {
    "authentication": "login refused",
    "permission": "login refused",
    "invalid_input": "connection not configured",
    "wrong_device": "another device",
    "bad_reply": "mode not readable",
    "unsupported": "mode not supported",
    "not_applied": "not applied",
}


def cause_of(code: str) -> str:
    """Returns how a report names the reason for a failure with this error code."""
    return UNREACHABLE if code in _SILENT else _CAUSES.get(code, "refused") if code else ""


@dataclass(frozen=True)
class Rate:
    """The maximum switching rate: so many miners per second, or with ``is_kw`` so many kW per second."""

    amount: float
    is_kw: bool = False


@dataclass(frozen=True)
class Policy:
    """When a run ends at the latest, when a miner that never responded is given up, and how fast miners are switched.

    ``until`` is when the event should end; ``accepts_part`` means that less than the requested kW is acceptable.
    """

    deadline_s: float
    unreachable_s: float
    rate: Rate | None = None
    is_check: bool = False
    until: float | None = None
    accepts_part: bool = False


@dataclass(frozen=True)
class Job:
    """The next job for a miner."""

    kind: str
    miner: str
    mode: str = ""
    level: str | None = None


@dataclass
class Miner:
    """A miner in the course of a run.

    ``seen`` is its first successful read, and ``step`` what to do with it, None while that is unknown. ``chosen`` means
    that the goal needs it, ``is_settled`` that its result is final. ``error`` is the code and message of its last
    failure.
    """

    name: str
    address: str
    number: int
    seen: Seen | None = None
    step: Step | None = None
    state: str = PENDING
    is_chosen: bool = False
    is_settled: bool = False
    has_answered: bool = False
    job: Job | None = None
    ignored: int = 0
    garbled_since: float | None = None
    error: tuple[str, str] = ("", "")

    @property
    def step_watts(self) -> float:
        """What its step saves, as far as known."""
        return (self.step.saved_watts or 0.0) if self.step else 0.0


@dataclass(order=True)
class _Queued:
    at: float
    order: tuple[Any, ...]
    name: str = field(compare=False)


class Course:
    """The course of one run. ``now`` is always a monotonic clock in seconds; ``wall`` is in seconds since 1970.

    ``problem`` is why no commands may be sent: TOO_LITTLE can be saved, or because of the rate it would be TOO_SLOW and
    take ``slow_s`` seconds. ``saved_before_watts`` is what miners already saved when they were read,
    ``confirmed_watts`` what they have saved since (negative when restoring), and ``expected_watts`` what is still
    expected.
    """

    def __init__(
        self, miners: Mapping[str, str], goal: Goal, known: Known, policy: Policy, now: float, wall: float
    ) -> None:
        """``miners`` maps names to addresses, in the inventory's order."""
        self.goal, self.known, self.policy = goal, known, policy
        self.miners = {name: Miner(name, address, number) for number, (name, address) in enumerate(miners.items())}
        self.record = known.record
        self.problem, self.slow_s = "", 0.0
        self.is_planned = False
        self.is_first_round = True
        self.saved_before_watts = self.confirmed_watts = self.expected_watts = 0.0
        self._began, self._wall = now, wall
        self._reads = [_Queued(now, (miner.number,), miner.name) for miner in self.miners.values()]
        self._commands: list[_Queued] = []
        self._order: list[tuple[tuple[Any, ...], str]] = []
        self._ranks: dict[str, tuple[Any, ...]] = {}
        self._next_command_at = now
        self._unrecorded: dict[str, Entry] = {}
        self._running = self._running_reads = 0
        self._open = set(self.miners)

    # What is next

    def take(self, now: float, places: int) -> Job | None:
        """Returns the next job, given the number of free places; None if there is nothing to start yet.

        No command is sent before the record contains the previous states.
        """
        if now >= self._deadline or self.problem or self._running >= places:
            return None
        # Miners that don't respond must not take all places from those that do.
        reads_max = places if self.is_first_round else max(1, places // 4)
        if self._reads and self._reads[0].at <= now and self._running_reads < reads_max:
            self._running_reads += 1
            return self._begun(Job(READ, heapq.heappop(self._reads).name))
        while self._may_command and max(self._commands[0].at, self._next_command_at) <= now:
            miner = self.miners[heapq.heappop(self._commands).name]
            # A miner may be chosen twice, to be lowered and then powered off.
            if miner.is_settled or miner.job or not (miner.step and miner.step.then):
                continue
            self._next_command_at = max(now, self._next_command_at) + self._cost_s(miner)
            kind = SWITCH if miner.step.plan == curtailment.CHANGE else TURN_OFF
            return self._begun(Job(kind, miner.name, miner.step.then, miner.step.then_level))
        return None

    def wake_at(self) -> float:
        """Returns when the next job can be taken, if nothing else happens first."""
        times = [self._deadline]
        if self._reads:
            times.append(self._reads[0].at)
        if self._may_command:
            times.append(max(self._commands[0].at, self._next_command_at))
        return min(times)

    def is_over(self, now: float) -> bool:
        """Whether nothing is left to do."""
        if self._running:
            return False
        if self.problem or now >= self._deadline:
            return True
        if not self.is_planned:
            return False
        has_enough = self.goal.kw is not None and self._unconfirmed_watts <= _SLACK_W
        return self.policy.is_check or not self._open or has_enough

    @property
    def is_round_over(self) -> bool:
        """Whether the first round is over, so that it is time to search for lost miners, and to plan."""
        return self.is_first_round and not self._running and not any(turn.at <= self._began for turn in self._reads)

    def lost(self) -> list[str]:
        """Returns the miners that did not respond at their address in the first round, or are another device there."""
        codes = (*_SILENT, "wrong_device")
        return [miner.name for miner in self.miners.values() if miner.seen is None and miner.error[0] in codes]

    # What has come of it

    def took(self, job: Job, result: Mapping[str, Any], now: float) -> None:
        """Processes the result of a job: what its steps returned."""
        miner = self.miners[job.miner]
        miner.job = None
        self._running -= 1
        self._running_reads -= job.kind == READ
        if result.get("failed") or result.get("unreachable"):
            self._failed(miner, result, now)
        elif job.kind == READ:
            self._was_read(miner, result, now)
        else:
            self._has_confirmed(miner, job, now)

    def moved(self, addresses: Mapping[str, str]) -> None:
        """Reads miners again that were found at other addresses."""
        for name, address in addresses.items():
            miner = self.miners[name]
            miner.address, miner.error, miner.state, miner.is_settled = address, ("", ""), PENDING, False
            self._open.add(name)
        self._reads = [turn for turn in self._reads if turn.name not in addresses]
        self._reads += [_Queued(self._began, (self.miners[name].number,), name) for name in addresses]
        heapq.heapify(self._reads)

    def plan(self, now: float) -> None:
        """Chooses the miners to command, after the first round. If they save too little, waits for others."""
        self.is_first_round = False
        if self.is_planned or self.problem:
            return
        self._choose(now)
        if self.goal.kw is not None and not self.policy.accepts_part and self.missing_watts > _SLACK_W:
            if not self.policy.is_check and any(self.miners[name].seen is None for name in self._open):
                self._withdraw_all(now)
                return
            self.problem = TOO_LITTLE
        seconds = sum(self._cost_s(miner) for miner in self.miners.values() if miner.is_chosen)
        if not self.problem and seconds > self.policy.deadline_s:
            self.problem, self.slow_s = TOO_SLOW, seconds
        self.is_planned = True

    @property
    def is_recorded(self) -> bool:
        """Whether the record has the previous state of all miners to command."""
        return not self._unrecorded or bool(self.problem)

    def recorded(self, now: float) -> Record:
        """Returns the record to write before any further command, and assumes that it gets written."""
        self.record = self.record.extended(self._unrecorded, self._wall_at(now), self.policy.until)
        self._unrecorded = {}
        return self.record

    def ended(self, now: float) -> None:
        """Settles all remaining miners, once the run is over or was cancelled."""
        for miner in self.miners.values():
            if miner.job and miner.job.kind != READ:
                miner.state = COMMANDED
            is_silent = miner.seen is None and miner.step is None and miner.error[0] in _SILENT
            is_given_up = self.policy.is_check or self.problem or now - self._began >= self.policy.unreachable_s
            if is_silent and miner.state == PENDING and is_given_up:
                miner.state = UNREACHABLE
        if self.goal.restore and not self.policy.is_check:
            back = [miner.name for miner in self.miners.values() if self._is_back(miner)]
            self.record = self.record.without(back, self._wall_at(now))

    @property
    def missing_watts(self) -> float:
        """The part of the requested kW that is neither saved nor expected."""
        return self._unconfirmed_watts - self.expected_watts

    # Inside

    @property
    def _unconfirmed_watts(self) -> float:
        return 1000 * (self.goal.kw or 0.0) - self.saved_before_watts - self.confirmed_watts

    @property
    def _may_power_off(self) -> bool:
        return self.goal.kw is not None and self.goal.power_off

    @property
    def _deadline(self) -> float:
        return self._began + self.policy.deadline_s

    @property
    def _may_command(self) -> bool:
        return bool(self._commands) and self.is_planned and self.is_recorded and not self.policy.is_check

    def _wall_at(self, now: float) -> float:
        return self._wall + now - self._began

    def _begun(self, job: Job) -> Job:
        self.miners[job.miner].job = job
        self._running += 1
        return job

    def _cost_s(self, miner: Miner) -> float:
        """Returns how many seconds a switch uses up under the rate limit."""
        rate = self.policy.rate
        if rate is None:
            return 0.0
        watts = abs(miner.step_watts) or (miner.step and miner.step.watts) or 0.0
        return (watts / 1000 if rate.is_kw else 1.0) / rate.amount

    def _was_read(self, miner: Miner, result: Mapping[str, Any], now: float) -> None:
        miner.has_answered, miner.error = True, ("", "")
        model, mode, level = result["model"], result["mode"], result["level"]
        miner.seen = Seen(miner.name, miner.address, model, mode, level, result["is_hashing"])
        miner.step = curtailment.step_for(miner.seen, self.goal, self.known, self._wall_at(now))
        self._ranks[miner.name] = curtailment.rank(miner.seen, self.goal, self.known, miner.number)
        self._open.discard(miner.name)
        if not self.goal.restore:
            self.saved_before_watts += curtailment.saved_before(miner.name, model, mode, self.known)
            if curtailment.is_curtailed_already(miner.seen, self.known) and not self.policy.is_check:
                # From now on, this record contains it as well.
                before = curtailment.before(miner.seen, self.known)
                self._unrecorded[miner.name] = replace(before, now=mode, switched_at=self._wall_at(now))
        insort(self._order, (self._ranks[miner.name], miner.name))
        if self.is_planned and self.goal.kw is None:
            self._command_if_free(miner, now)
        elif self.is_planned:
            self._choose(now)

    def _has_confirmed(self, miner: Miner, job: Job, now: float) -> None:
        miner.error = ("", "")
        self.confirmed_watts += miner.step_watts
        self._end(miner, CONFIRMED)
        if self._may_power_off and job.kind == SWITCH:
            # It may also have to be powered off.
            self._choose(now)

    def _end(self, miner: Miner, state: str) -> None:
        if miner.is_chosen and not miner.is_settled:
            self.expected_watts -= miner.step_watts
        miner.state, miner.is_settled = state, True
        self._open.discard(miner.name)

    def _failed(self, miner: Miner, result: Mapping[str, Any], now: float) -> None:
        code = result.get("error_code", "bug")
        miner.error = (code, str(result.get("msg") or ""))
        if result.get("changed") or code in ("not_applied", "not_back"):
            miner.state = COMMANDED
        if code in _SILENT:
            self._is_silent(miner, now)
            return
        miner.has_answered = True
        miner.ignored += code == "not_applied"
        if code == "bad_reply" and miner.garbled_since is None:
            miner.garbled_since = now
        since = miner.garbled_since
        is_retried = code == "not_ready" or (code == "not_applied" and miner.ignored < _IGNORED_MAX)
        if is_retried or (code == "bad_reply" and since is not None and now - since < self.policy.unreachable_s):
            self._again(miner, now + AGAIN_S)
        else:
            self._given_up(miner, REFUSED, now)

    def _is_silent(self, miner: Miner, now: float) -> None:
        """Gives up on a miner that never responded. One that did respond is probably restarting, and is waited for."""
        absent = curtailment.absent(miner.name, self.goal, self.known) if miner.seen is None else None
        given_up_at = self._began + self.policy.unreachable_s
        if absent:
            miner.step = absent
            self._open.discard(miner.name)
            if not self.goal.restore:
                self.saved_before_watts += curtailment.saved_before(miner.name, None, POWERED_OFF, self.known)
        elif miner.has_answered:
            self._again(miner, now + AGAIN_S)
        elif now < given_up_at:
            self._again(miner, min(now + AGAIN_S, given_up_at))
        else:
            self._given_up(miner, UNREACHABLE, now)

    def _given_up(self, miner: Miner, state: str, now: float) -> None:
        self._end(miner, state)
        if self.is_planned and self.goal.kw is not None:
            self._choose(now)

    def _again(self, miner: Miner, at: float) -> None:
        if miner.seen is None:
            heapq.heappush(self._reads, _Queued(at, (miner.number,), miner.name))
        else:
            heapq.heappush(self._commands, _Queued(at, self._ranks[miner.name], miner.name))

    def _choose(self, now: float) -> None:
        """Chooses further miners to command: all that are due, or as many as the requested kW needs.

        To save kW, miners are lowered first, and powered off if that is not enough.
        """
        for step in (self._command_if_free, *([self._power_off] if self._may_power_off else ())):
            for _rank, name in self._order:
                if self.goal.kw is not None and self.missing_watts <= _SLACK_W:
                    return
                step(self.miners[name], now)

    def _withdraw_all(self, now: float) -> None:
        for miner in self.miners.values():
            if miner.seen and miner.is_chosen:
                miner.is_chosen = False
                miner.step = curtailment.step_for(miner.seen, self.goal, self.known, self._wall_at(now))
                self._open.discard(miner.name)
                if not curtailment.is_curtailed_already(miner.seen, self.known):
                    self._unrecorded.pop(miner.name, None)
        self._commands.clear()
        self.expected_watts = 0.0

    def _command_if_free(self, miner: Miner, now: float) -> None:
        if miner.step and miner.step.is_due and not miner.is_chosen and not miner.is_settled:
            self._command(miner, now)

    def _power_off(self, miner: Miner, now: float) -> None:
        """Schedules a miner to be powered off, instead of or after lowering it."""
        step = miner.step
        if miner.seen is None or step is None or miner.job or miner.state in (REFUSED, UNREACHABLE):
            return
        is_lowered = step.plan == curtailment.CHANGE and miner.state == CONFIRMED
        mode = step.then if is_lowered and step.then else miner.seen.mode
        off = curtailment.last_resort(replace(miner.seen, mode=mode), self.known, self._wall_at(now))
        if step.plan == curtailment.TURN_OFF or not off.is_due or not off.saved_watts:
            return
        if miner.is_chosen and not miner.is_settled:
            self.expected_watts -= miner.step_watts
        miner.step, miner.is_settled, miner.state, miner.ignored = off, False, PENDING, 0
        self._command(miner, now)

    def _command(self, miner: Miner, now: float) -> None:
        miner.is_chosen = True
        self.expected_watts += miner.step_watts
        self._open.add(miner.name)
        self._again(miner, now)
        if miner.seen and miner.step and miner.step.then and not self.goal.restore and not self.policy.is_check:
            before = curtailment.before(miner.seen, self.known)
            self._unrecorded[miner.name] = replace(before, now=miner.step.then, switched_at=self._wall_at(now))

    def _is_back(self, miner: Miner) -> bool:
        """Whether a miner is back in the recorded state."""
        if miner.seen is None or miner.step is None or miner.name not in self.record.miners:
            return False
        return miner.state == CONFIRMED if miner.step.is_due else miner.step.plan == curtailment.UNCHANGED
