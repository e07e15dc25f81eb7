# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a curtailment means for one miner: the changes, their order, and the savings.

No miner measures its own consumption reliably, so it is taken from the ratings of its model and mode. The savings of an
event are relative to the miners' state before it: that of the record, otherwise their desired mode.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import OwnRatings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import ratings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import (
    POWERED_OFF,
    Entry,
    Record,
    shown,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.ratings import LOWEST_MODE
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

UNCHANGED, CHANGE, TURN_OFF, BY_HAND, SKIPPED = "unchanged", "change", "power off", "switch on by hand", "skipped"
# Why no command is sent to a miner that could get one.
NEVER, TOO_RECENT, NO_MODES, UNRATED = "never curtailed", "switched too recently", "no power mode", "no rating"
NOTHING_KNOWN = "nothing to restore"

_OFF = "It can't be switched on again over the network."


@dataclass(frozen=True)
class Goal:
    """Exactly one of: kW to save (``power_off`` allows powering off), a mode, all off, or back to the previous."""

    kw: float | None = None
    mode: str | None = None
    power_off: bool = False
    restore: bool = False


@dataclass(frozen=True)
class Desired:
    """The mode of a miner outside events, as set by variables; a level of None keeps the miner's."""

    mode: str
    level: str | None = None


@dataclass(frozen=True)
class Known:
    """What is known before any miner is read. ``never`` are the miners to skip."""

    record: Record = field(default_factory=Record)
    desired: Mapping[str, Desired] = field(default_factory=dict)
    own_ratings: OwnRatings = field(default_factory=dict)
    never: Collection[str] = ()
    minimum_s: float = 0.0


@dataclass(frozen=True)
class Seen:
    """The state read from a miner. ``is_hashing`` is None if that was not read. The level is Innosilicon's."""

    miner: str
    address: str
    model: str | None
    mode: str
    level: str | None = None
    is_hashing: bool | None = None


@dataclass(frozen=True)
class Step:
    """What can be done with a miner, and what that saves in W (negative when restoring).

    ``saved_watts`` is None without a rating, and ``cause`` is why a miner is skipped.
    """

    plan: str
    then: str | None = None
    then_level: str | None = None
    watts: float | None = None
    then_watts: float | None = None
    cause: str = ""
    reason: str = ""

    @property
    def is_due(self) -> bool:
        return self.plan in (CHANGE, TURN_OFF)

    @property
    def saved_watts(self) -> float | None:
        if not self.is_due:
            return 0.0
        return None if self.watts is None or self.then_watts is None else self.watts - self.then_watts


def goal_from(values: Mapping[str, Any]) -> Goal:
    """Returns the goal among the values of the job's variables. Raises InvalidVariables unless it is exactly one."""
    kw, mode, off, restore = (values[name] for name in ("kw", "mode", "off", "restore"))
    if [kw is not None, mode is not None, restore, off and kw is None].count(True) != 1:
        raise InvalidVariables(
            "Set exactly one of curtail_kw (with or without curtail_off), curtail_mode, curtail_off and "
            "curtail_restore."
        )
    if kw is not None and not 0 < kw < math.inf:
        raise InvalidVariables(f"curtail_kw is '{kw:g}', expected a number of kilowatts above 0.")
    return Goal(kw, mode, off, restore)


def step_for(seen: Seen, goal: Goal, known: Known, now: float) -> Step:
    """Returns what the goal means for a miner. To save kW, the first resort is its lowest mode."""
    if goal.restore:
        return _limited(_restored(seen, known), seen, known, now)
    if goal.mode is None and goal.kw is None:
        return last_resort(seen, known, now)
    step = _lowered(seen, goal.mode or LOWEST_MODE, known)
    if goal.kw is not None and step.is_due and step.saved_watts is None:
        # Without a rating it would count as nothing, so it is not lowered to save kW.
        step = _skipped(step, UNRATED, _unrated(seen.model, seen.mode))
    return _allowed(step, seen, known, now)


def last_resort(seen: Seen, known: Known, now: float) -> Step:
    """Returns the step that powers a miner off."""
    watts = ratings.watts_about(seen.model, seen.mode, known.own_ratings)
    return _allowed(Step(TURN_OFF, POWERED_OFF, None, watts, 0.0, reason=_OFF), seen, known, now)


def absent(miner: str, goal: Goal, known: Known) -> Step | None:
    """Returns the step for a miner that does not respond because the event powered it off, else None."""
    entry = known.record.miners.get(miner)
    if entry is None or entry.now != POWERED_OFF:
        return None
    if not goal.restore:
        return Step(UNCHANGED, watts=0.0)
    watts = ratings.watts(entry.model, entry.mode, known.own_ratings)
    reason = "It is off, and can't be switched on over the network."
    return Step(BY_HAND, entry.mode, entry.level, 0.0, watts, reason=reason)


def saved_before(miner: str, model: str | None, mode: str | None, known: Known) -> float:
    """Returns how many W less a miner draws than before the event, or than in its desired mode; 0 if unknown.

    ``mode`` is POWERED_OFF for a miner that the event powered off.
    """
    entry, desired = known.record.miners.get(miner), known.desired.get(miner)
    model = entry.model if entry else model
    normal = entry.mode if entry else desired.mode if desired else None
    before = ratings.watts(model, normal, known.own_ratings)
    after = 0.0 if mode == POWERED_OFF else ratings.watts(model, mode, known.own_ratings)
    return 0.0 if before is None or after is None else max(0.0, before - after)


def is_curtailed_already(seen: Seen, known: Known) -> bool:
    """Whether a miner is below its desired mode although no record says why: an event of another report folder."""
    desired = known.desired.get(seen.miner)
    return (
        desired is not None
        and seen.miner not in known.record.miners
        and ratings.is_below(seen.model, seen.mode, desired.mode, known.own_ratings)
    )


def before(seen: Seen, known: Known) -> Entry:
    """Returns the state to which a miner returns after the event, as an entry of the record."""
    desired = known.desired.get(seen.miner)
    if desired is not None and is_curtailed_already(seen, known):
        return Entry(seen.model, desired.mode, desired.level or seen.level, seen.mode, 0.0)
    return Entry(seen.model, seen.mode, seen.level, seen.mode, 0.0)


def rank(seen: Seen, goal: Goal, known: Known, number: int) -> tuple[Any, ...]:
    """Returns the sort key of a miner; the order is reversed to restore.

    Hashing miners come first, since they certainly draw power, then the least efficient, then those that save the most,
    then the inventory's order.
    """
    inefficiency = ratings.inefficiency(seen.model, seen.mode, known.own_ratings)
    if goal.restore:
        entry = known.record.miners.get(seen.miner)
        before = ratings.inefficiency(entry.model, entry.mode, known.own_ratings) if entry else inefficiency
        return (before is None, before or 0.0, -number)
    watts = ratings.watts_about(seen.model, seen.mode, known.own_ratings) or 0.0
    return (seen.is_hashing is False, inefficiency is None, -(inefficiency or 0.0), -watts, number)


def _allowed(step: Step, seen: Seen, known: Known, now: float) -> Step:
    """Revokes a step down that the user has excluded."""
    if step.is_due and seen.miner in known.never:
        return _skipped(step, NEVER, "It is in the group curtail_never.")
    return _limited(step, seen, known, now)


def _limited(step: Step, seen: Seen, known: Known, now: float) -> Step:
    """Revokes a step that comes too soon after the last one."""
    at = known.record.switched_at(seen.miner)
    if not step.is_due or at is None or now >= at + known.minimum_s:
        return step
    return _skipped(step, TOO_RECENT, f"Not before {shown(at + known.minimum_s)} (curtail_minimum_minutes).")


def _lowered(seen: Seen, mode: str, known: Known) -> Step:
    """Moves a miner to a mode that draws less, never to one that draws more."""
    watts, then_watts = (ratings.watts(seen.model, each, known.own_ratings) for each in (seen.mode, mode))
    unchanged = Step(UNCHANGED, watts=watts)
    if seen.mode == mode:
        return unchanged
    if no_modes := ratings.why_no_modes(seen.model):
        return _skipped(unchanged, NO_MODES, f"{seen.model}: {no_modes}. Only curtail_off saves power there.")
    if watts is None or then_watts is None:
        reason = _unrated(seen.model, seen.mode if watts is None else mode)
        # Even without a rating, this mode is known to draw the least.
        if mode == LOWEST_MODE:
            return replace(unchanged, plan=CHANGE, then=mode, reason=reason)
        return _skipped(unchanged, UNRATED, reason)
    return replace(unchanged, plan=CHANGE, then=mode, then_watts=then_watts) if then_watts < watts else unchanged


def _restored(seen: Seen, known: Known) -> Step:
    entry, desired = known.record.miners.get(seen.miner), known.desired.get(seen.miner)
    watts = ratings.watts(seen.model, seen.mode, known.own_ratings)
    unchanged = Step(UNCHANGED, watts=watts)
    if entry:
        mode, level = entry.mode, entry.level
    elif desired and ratings.is_below(seen.model, seen.mode, desired.mode, known.own_ratings):
        mode, level = desired.mode, desired.level
    elif desired:
        return unchanged
    else:
        return _skipped(
            unchanged, NOTHING_KNOWN, "Its previous mode is in no record, and provision_autotune_mode is not set."
        )
    if seen.mode == mode and level in (None, seen.level):
        return unchanged
    then_watts = ratings.watts(seen.model, mode, known.own_ratings)
    return replace(unchanged, plan=CHANGE, then=mode, then_level=level, then_watts=then_watts)


def _skipped(step: Step, cause: str, reason: str) -> Step:
    return Step(SKIPPED, watts=step.watts, cause=cause, reason=reason)


def _unrated(model: str | None, mode: str | None) -> str:
    return f"There is no rating of the {model or '?'} in the mode {quoted(mode)}; set dragonmint_ratings."
