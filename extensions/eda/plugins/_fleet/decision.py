# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what has changed in a fleet from the results of polls, without I/O.

Each miner has conditions: its presence, one per finding, one per setting. A condition changes once enough consecutive
polls have seen its new state, and only that is an event. What a poll could not see leaves the conditions unchanged.
Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Union

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import counted, shown

FOUND, WENT_DARK, CAME_BACK, LOCKED = "found", "went_dark", "came_back", "locked"
UNHEALTHY, HEALTHY = "unhealthy", "healthy"
DRIFTED, IN_DESIRED_STATE = "drifted", "in_desired_state"
FIRMWARE_CHANGED, REBOOTED = "firmware_changed", "rebooted"
BASELINE, POLL_FAILED, POLL_RECOVERED = "baseline", "poll_failed", "poll_recovered"

CRITICAL, WARNING, INFO = "critical", "warning", "info"
SEVERITIES = (CRITICAL, WARNING, INFO)

# Fewer miners than these are never folded into one event.
STORM_MINERS = 20
# An uptime is in whole minutes, and read at an unknown moment of the poll.
BOOT_SLACK_S = 180.0
BOOT_NOISE_S = 60.0

_DARK = "dark"


@dataclass(frozen=True)
class Rules:
    """The user's choice: how many consecutive polls change a condition, and which part of the fleet is a storm."""

    polls: int = 2
    storm_percent: float = 20.0


@dataclass(frozen=True)
class Fault:
    """Observed: a deviation from the healthy or desired state."""

    severity: str
    detail: str


@dataclass(frozen=True)
class Sighting:
    """Observed: a miner responded. ``miner`` is its name in the inventory.

    ``findings`` is None if they are unknown. ``drift`` has the known settings: None for one in its desired state.
    ``detail`` says why it is locked.
    """

    miner: str
    address: str
    mac: str | None = None
    is_locked: bool = False
    detail: str = ""
    findings: Mapping[str, Fault] | None = None
    drift: Mapping[str, Fault | None] = field(default_factory=dict)
    firmware: str | None = None
    booted_at: float | None = None


@dataclass(frozen=True)
class Poll:
    """Observed: all miners that responded."""

    sightings: Sequence[Sighting]


@dataclass(frozen=True)
class Failure:
    """Observed: a poll that says nothing about the miners."""

    reason: str


Observation = Union[Poll, Failure]


@dataclass(frozen=True)
class Event:
    """An edge. ``since`` is when the condition that has appeared or cleared began.

    ``miner``, ``address`` and ``mac`` belong to a single miner; ``miners`` are the names of all ``count`` miners.
    """

    edge: str
    severity: str
    detail: str
    since: str
    miner: str | None = None
    address: str | None = None
    mac: str | None = None
    finding: str | None = None
    count: int = 1
    miners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """The last reported state and since when, and what the last ``polls`` saw instead, first at ``seen_at``.

    None means healthy; any other text says what is wrong.
    """

    reported: str | None = None
    since: float = 0.0
    seen: str | None = None
    seen_at: float = 0.0
    polls: int = 0


_NORMAL = Condition()


@dataclass(frozen=True)
class Miner:
    """What is known of a miner. ``conditions`` are those that are not healthy, or about to change.

    A finding has its own name as key, a setting its name after a colon, and the presence of the miner an empty text.
    """

    miner: str
    address: str
    mac: str | None = None
    firmware: str | None = None
    booted_at: float | None = None
    conditions: dict[str, Condition] = field(default_factory=dict)

    @property
    def presence(self) -> str | None:
        """The last reported presence: dark, locked, or None."""
        return self.conditions.get("", _NORMAL).reported


@dataclass(frozen=True)
class State:
    """All that a decision needs from the past. Keys are MAC addresses, or addresses if the MAC is unknown."""

    miners: dict[str, Miner] = field(default_factory=dict)
    has_baseline: bool = False
    polling: Condition = _NORMAL


def decide(rules: Rules, state: State, observation: Observation, now: float) -> tuple[State, tuple[Event, ...]]:
    """Returns the state after a poll, and the resulting events. The result depends only on the arguments."""
    reason = _failure(state, observation)
    before = state.polling
    polling, is_changed = _next_condition(before, None if reason is None else POLL_FAILED, rules.polls, now)
    state = replace(state, polling=polling)
    if reason is not None or isinstance(observation, Failure):
        return state, (Event(POLL_FAILED, CRITICAL, reason or "", shown(polling.since)),) if is_changed else ()
    state, events = _polled(rules, state, observation, now)
    if is_changed:
        events = (Event(POLL_RECOVERED, INFO, "Miners answer again.", shown(before.since)), *events)
    return state, events


def _failure(state: State, observation: Observation) -> str | None:
    """Why a poll says nothing about the miners: if none of many responds, the fault is in the network between."""
    if isinstance(observation, Failure):
        return observation.reason
    if observation.sightings:
        return None
    if not state.has_baseline:
        return "No miner answers. Check networks or inventory, port, and that this machine reaches the miners."
    present = sum(miner.presence != _DARK for miner in state.miners.values())
    if present < 2:
        return None
    return f"None of {present} miners answers any more. Check the network between this machine and the miners."


def _polled(rules: Rules, state: State, poll: Poll, now: float) -> tuple[State, tuple[Event, ...]]:
    fleet = _Fleet(rules.polls if state.has_baseline else 1, now)
    seen = dict(_keyed(state, poll.sightings))
    for key, sighting in seen.items():
        # The miner was known by its address before it reported its MAC.
        fleet.see(key, state.miners.get(key) or state.miners.get(sighting.address), sighting)
    taken = {miner.address for miner in fleet.miners.values()}
    for key, miner in state.miners.items():
        if key not in seen and not (key == miner.address and key in taken):
            fleet.miss(key, miner)
    new = replace(state, miners=fleet.miners, has_baseline=True)
    if not state.has_baseline:
        return new, (_baseline(fleet.miners, now),)
    return new, tuple(_folded(fleet.events, rules.storm_percent * len(new.miners) / 100))


def _keyed(state: State, sightings: Iterable[Sighting]) -> Iterator[tuple[str, Sighting]]:
    """Yields each miner once, with its key.

    If two have the same MAC, the one at the known address keeps it. A miner that does not report its MAC is taken for
    the miner last seen at its address, unless that is now elsewhere.
    """
    by_mac: dict[str, Sighting] = {}
    others: list[Sighting] = []
    for sighting in sightings:
        other = by_mac.get(sighting.mac) if sighting.mac else None
        if sighting.mac is None:
            others.append(sighting)
        elif other is None:
            by_mac[sighting.mac] = sighting
        elif (known := state.miners.get(sighting.mac)) and known.address == sighting.address:
            by_mac[sighting.mac] = sighting
            yield other.address, replace(other, miner=other.address)
        else:
            yield sighting.address, replace(sighting, miner=sighting.address)
    yield from by_mac.items()
    if not others:
        return
    last_there: dict[str, str] = {}
    for key, miner in state.miners.items():
        if key not in by_mac and (miner.address not in last_there or miner.presence != _DARK):
            last_there[miner.address] = key
    for sighting in others:
        yield last_there.get(sighting.address, sighting.address), sighting


class _Fleet:
    """The miners after a poll, and the conditions that have changed."""

    def __init__(self, polls: int, now: float) -> None:
        self.miners: dict[str, Miner] = {}
        self.events: list[Event] = []
        self._polls = polls
        self._now = now

    def see(self, key: str, before: Miner | None, sighting: Sighting) -> None:
        """Processes a miner that responded."""
        miner = before or Miner(sighting.miner, sighting.address)
        if sighting.mac is not None:
            miner = replace(miner, miner=sighting.miner, mac=sighting.mac)
        miner = replace(miner, address=sighting.address)
        conditions = dict(miner.conditions)
        if before is None:
            self._add(miner, FOUND, INFO, f"It answers at {miner.address}.", self._now)
        self._presence(miner, conditions, LOCKED if sighting.is_locked else None, sighting.detail)
        if sighting.findings is not None:
            self._findings(miner, conditions, sighting.findings)
        for setting, fault in sighting.drift.items():
            self._condition(miner, conditions, f":{setting}", fault, (DRIFTED, IN_DESIRED_STATE))
        miner = self._with_firmware(miner, sighting.firmware)
        miner = self._with_boot(miner, sighting.booted_at)
        self.miners[key] = replace(miner, conditions=conditions)

    def miss(self, key: str, miner: Miner) -> None:
        """Processes a miner that did not respond. If known only by its address, it is forgotten once it is dark."""
        conditions = dict(miner.conditions)
        self._presence(miner, conditions, _DARK, "It no longer answers.")
        miner = replace(miner, conditions=conditions)
        if miner.mac is not None or miner.presence != _DARK:
            self.miners[key] = miner

    def _presence(self, miner: Miner, conditions: dict[str, Condition], seen: str | None, detail: str) -> None:
        before = conditions.get("", _NORMAL)
        after, is_changed = _next_condition(before, seen, self._polls, self._now)
        _keep(conditions, "", after)
        if not is_changed:
            return
        if seen is None:
            self._add(miner, CAME_BACK, INFO, f"It was {before.reported} and answers again.", before.since)
        else:
            self._add(miner, WENT_DARK if seen == _DARK else LOCKED, CRITICAL, detail, after.since)

    def _findings(self, miner: Miner, conditions: dict[str, Condition], findings: Mapping[str, Fault]) -> None:
        for code, fault in findings.items():
            self._condition(miner, conditions, code, fault, (UNHEALTHY, HEALTHY))
        gone = [code for code in conditions if code and not code.startswith(":") and code not in findings]
        for code in gone:
            self._condition(miner, conditions, code, None, (UNHEALTHY, HEALTHY))

    def _condition(
        self, miner: Miner, conditions: dict[str, Condition], name: str, fault: Fault | None, edges: tuple[str, str]
    ) -> None:
        before = conditions.get(name, _NORMAL)
        # A fault that gets milder is not over, and was reported at its worst.
        levels = [level for level in (before.reported, fault.severity) if level] if fault else []
        after, is_changed = _next_condition(
            before, min(levels, key=SEVERITIES.index, default=None), self._polls, self._now
        )
        _keep(conditions, name, after)
        if not is_changed:
            return
        onset, recovery = edges
        finding = name.removeprefix(":")
        if fault is None:
            detail = f"{finding} is gone." if recovery == HEALTHY else f"{finding}: as desired again."
            self._add(miner, recovery, INFO, detail, before.since, finding)
        else:
            self._add(miner, onset, fault.severity, fault.detail, after.since, finding)

    def _with_firmware(self, miner: Miner, firmware: str | None) -> Miner:
        if firmware is None or firmware == miner.firmware:
            return miner
        if miner.firmware is not None:
            detail = f"Its firmware was {miner.firmware} and is {firmware}."
            self._add(miner, FIRMWARE_CHANGED, INFO, detail, self._now)
        return replace(miner, firmware=firmware)

    def _with_boot(self, miner: Miner, booted_at: float | None) -> Miner:
        """The clocks of the miner and of this machine drift: small differences are followed."""
        if booted_at is None:
            return miner
        later_s = BOOT_SLACK_S + 1 if miner.booted_at is None else booted_at - miner.booted_at
        if miner.booted_at is not None and later_s > BOOT_SLACK_S:
            self._add(miner, REBOOTED, INFO, f"It booted at {shown(booted_at)}.", booted_at)
        return replace(miner, booted_at=booted_at) if abs(later_s) > BOOT_NOISE_S else miner

    def _add(
        self, miner: Miner, edge: str, severity: str, detail: str, since: float, finding: str | None = None
    ) -> None:
        where = (miner.miner, miner.address, miner.mac)
        self.events.append(Event(edge, severity, detail, shown(since), *where, finding, miners=(miner.miner,)))


def _next_condition(condition: Condition, seen: str | None, polls: int, now: float) -> tuple[Condition, bool]:
    """Returns a condition after one more poll, and whether it has changed."""
    if seen == condition.reported:
        return (replace(condition, seen=None, seen_at=0.0, polls=0) if condition.polls else condition), False
    # A fault that only changes its severity has been there all the time.
    is_same_change = condition.polls > 0 and (condition.seen is None) == (seen is None)
    count, seen_at = (condition.polls + 1, condition.seen_at) if is_same_change else (1, now)
    if count < polls:
        return replace(condition, seen=seen, seen_at=seen_at, polls=count), False
    return (_NORMAL if seen is None else Condition(seen, seen_at)), True


def _keep(conditions: dict[str, Condition], name: str, condition: Condition) -> None:
    if condition == _NORMAL:
        conditions.pop(name, None)
    else:
        conditions[name] = condition


def _baseline(miners: Mapping[str, Miner], now: float) -> Event:
    counts: dict[str, int] = {}
    for miner in miners.values():
        for name in miner.conditions:
            what = miner.presence or "" if not name else f"drifted {name[1:]}" if name.startswith(":") else name
            counts[what] = counts.get(what, 0) + 1
    states = ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nothing to report"
    names = tuple(miner.miner for miner in miners.values())
    severity = CRITICAL if counts.get(LOCKED) == len(names) else INFO
    detail = f"{counted(len(names), 'miner')}: {states}."
    return Event(BASELINE, severity, detail, shown(now), count=len(names), miners=names)


def _folded(events: Iterable[Event], storm: float) -> Iterator[Event]:
    """Yields events, with one event for miners that share an edge: at least STORM_MINERS, and more than ``storm``."""
    alike: dict[tuple[str, str | None], list[Event]] = {}
    for event in events:
        alike.setdefault((event.edge, event.finding), []).append(event)
    for group in alike.values():
        if len(group) < STORM_MINERS or len(group) <= storm:
            yield from group
            continue
        worst = min(group, key=lambda event: SEVERITIES.index(event.severity))
        names = tuple(event.miner or "" for event in group)
        since = min(event.since for event in group)
        yield replace(
            worst,
            detail=f"{len(group)} miners at once, such as {worst.miner}: {worst.detail}",
            since=since,
            miner=None,
            address=None,
            mac=None,
            count=len(group),
            miners=names,
        )
