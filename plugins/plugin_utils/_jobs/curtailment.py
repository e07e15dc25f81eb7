# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which miners draw less power for a while, and how they get back to what they were.

The consumption of a miner is that of its model and mode in the table of ratings, since no miner measures its own. An
event is what was saved against the modes that the miners had before it. It stays open, with these modes in a record,
until they are restored; what is curtailed meanwhile belongs to the same event.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.ratings import RATINGS, Rating, rating
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of

RECORD_VERSION = 1
# All firmwares have it, and it draws the least.
LOWEST_MODE = "efficient"
MODES = tuple(RATINGS["T1"])
POWERED_OFF = "powered off"
OFF = Rating(0.0, 0.0)

UNCHANGED, CHANGE, TURN_OFF, BY_HAND = "unchanged", "change", "power off", "switch on by hand"
# What can't be commanded, and why.
SKIPPED = "skipped"
UNREACHABLE, LOCKED, UNREADABLE, UNRATED = "unreachable", "login refused", "mode not readable", "no rating"
MISCONFIGURED = "connection not configured"
CAUSES = (UNREACHABLE, LOCKED, MISCONFIGURED, UNREADABLE, UNRATED)

_CAUSE_OF = {
    "unreachable": UNREACHABLE,
    "timeout": UNREACHABLE,
    "authentication": LOCKED,
    "permission": LOCKED,
    "invalid_input": MISCONFIGURED,
}


@dataclass(frozen=True)
class Goal:
    """Exactly one of: kW to save (with ``power_off`` also by powering off), a mode, all off, or back to before."""

    kw: float | None = None
    mode: str | None = None
    power_off: bool = False
    restore: bool = False


@dataclass(frozen=True)
class Read:
    """A miner of the inventory, its address, and the result of the facts identity, mining and autotune."""

    miner: str
    address: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Miner:
    """A miner in a plan. ``mode`` is the one it has now, ``then`` the one it gets; the levels are Innosilicon's.

    ``watts`` and ``then_watts`` are None where no table knows them, and 0 for a miner that was powered off. ``cause``
    is one of CAUSES for a miner that is skipped.
    """

    miner: str
    address: str
    model: str | None = None
    mode: str | None = None
    level: str | None = None
    is_hashing: bool = False
    watts: float | None = None
    plan: str = UNCHANGED
    then: str | None = None
    then_level: str | None = None
    then_watts: float | None = None
    cause: str = ""
    reason: str = ""

    @property
    def is_due(self) -> bool:
        return self.plan in (CHANGE, TURN_OFF)

    @property
    def saved_watts(self) -> float:
        """What the plan saves on this miner; less than 0 for one that is restored."""
        if not self.is_due or self.watts is None or self.then_watts is None:
            return 0.0
        return self.watts - self.then_watts


def read_from(miner: str, variables: Mapping[str, Any]) -> Read:
    """Returns what the role curtail has read of a miner, from the variables of its host.

    ``__curtail_seen`` has the facts. Where cgminer hangs, ``__curtail_identity`` has the identity, and the diff of
    ``__curtail_mode`` the mode.
    """
    seen, identity, mode = (plain(variables.get(f"__curtail_{name}")) or {} for name in ("seen", "identity", "mode"))
    before = (mode.get("diff") or {}).get("before") or {}
    if identity.get("ansible_facts") and before.get("autotune"):
        seen = {"ansible_facts": {**identity["ansible_facts"], "dragonmint_autotune": before["autotune"]}}
    return Read(miner, address_of(miner, variables), seen)


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


def record_from(text: str | None, path: str) -> dict[str, Any]:
    """Returns the miners of a record, by name; none if there is no record.

    Raises InvalidVariables for one that is damaged or of another version.
    """
    if text is None:
        return {}
    try:
        record = json.loads(text)
        version, miners = record["version"], record["miners"]
        damaged = not all(isinstance(miner["before"]["mode"], str) for miner in miners.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        version, miners, damaged = RECORD_VERSION, {}, True
    if damaged or version != RECORD_VERSION:
        reason = "is damaged" if damaged else f"has version {version}, but this collection writes {RECORD_VERSION}"
        raise InvalidVariables(
            f"The record of curtailed miners {path} (curtail_record) {reason}. It says what they were before, so "
            "nothing was sent. Repair it, or move it away and set the modes with the role provision."
        )
    return dict(miners)


def planned(
    miners: Iterable[Read], goal: Goal, record: Mapping[str, Any], own_ratings: Mapping[str, Any] | None
) -> list[Miner]:
    """Returns what happens to each miner: those that hash first, since they surely draw power, then by consumption."""
    found = [_seen(each, record.get(each.miner), own_ratings) for each in miners]
    if goal.restore:
        return [_restored(miner, record[miner.miner], own_ratings) for miner in found if miner.miner in record]
    found.sort(key=lambda miner: (not miner.is_hashing, -(miner.watts or 0.0)))
    if goal.mode is not None:
        return [_lowered(miner, goal.mode, own_ratings) for miner in found]
    if goal.kw is None:
        return [_turned_off(miner) for miner in found]
    return _saving(found, 1000 * goal.kw - saved_before(found, record, own_ratings), goal.power_off, own_ratings)


def saved_before(miners: Iterable[Miner], record: Mapping[str, Any], own_ratings: Mapping[str, Any] | None) -> float:
    """Returns the watts that the open event saves already, by the modes before it and now."""
    saved = 0.0
    for miner in miners:
        before = record.get(miner.miner, {}).get("before")
        if before and miner.mode:
            rated = rating(before.get("model"), before["mode"], own_ratings)
            now = OFF if miner.mode == POWERED_OFF else rating(miner.model, miner.mode, own_ratings)
            saved += max(0.0, rated.watts - now.watts) if rated and now else 0.0
    return saved


def recorded(record: Mapping[str, Any], miners: Iterable[Miner]) -> dict[str, Any]:
    """Returns the record with what is planned, to be written before anything is sent.

    What a miner was before an event stays as it was first written.
    """
    added = {}
    for miner in miners:
        if miner.is_due:
            before = {"model": miner.model, "mode": miner.mode, "level": miner.level}
            known = record.get(miner.miner, {"before": before})
            added[miner.miner] = {**known, "address": miner.address, "now": miner.then}
    return {**record, **added}


def record_of(miners: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the content of a record of these miners, which ``record_from`` reads."""
    return {"version": RECORD_VERSION, "miners": dict(miners)}


def row(miner: Miner) -> dict[str, Any]:
    """Returns a miner as a row of the report."""
    return {**asdict(miner), "saved_kw": round(miner.saved_watts / 1000, 3)}


def _seen(read: Read, entry: Mapping[str, Any] | None, own_ratings: Mapping[str, Any] | None) -> Miner:
    result = read.result
    facts = result.get("ansible_facts") or {}
    autotune, mining = (facts.get(f"dragonmint_{name}") or {} for name in ("autotune", "mining"))
    model, mode = (facts.get("dragonmint_identity") or {}).get("type"), autotune.get("mode")
    miner = Miner(read.miner, read.address, model, mode, autotune.get("level"))
    if entry and entry.get("now") == POWERED_OFF and result.get("unreachable"):
        return replace(miner, mode=POWERED_OFF, model=entry["before"].get("model"), watts=0.0)
    if not mode:
        code = "unreachable" if result.get("unreachable") else result.get("error_code", "")
        reason = str(result.get("msg") or "It reports no autotune mode.")
        return _skipped(miner, _CAUSE_OF.get(code, UNREADABLE), reason)
    rated = rating(model, mode, own_ratings)
    is_hashing = any(board.get("hashrate_ths") for board in mining.get("boards") or ())
    return replace(miner, is_hashing=is_hashing, watts=rated.watts if rated else None)


def _lowered(miner: Miner, mode: str, own_ratings: Mapping[str, Any] | None) -> Miner:
    """Takes a miner to a mode that draws less, never to one that draws more."""
    if miner.plan == SKIPPED or miner.mode in (mode, POWERED_OFF):
        return miner
    rated = rating(miner.model, mode, own_ratings)
    if miner.watts is None or rated is None:
        unknown = miner.mode if miner.watts is None else mode
        reason = f"There is no rating of a {miner.model or '?'} in the mode {unknown}; set dragonmint_ratings."
        # Of this mode it is known without a rating that it draws the least.
        is_lower = mode == LOWEST_MODE
        return replace(miner, plan=CHANGE, then=mode, reason=reason) if is_lower else _skipped(miner, UNRATED, reason)
    if rated.watts >= miner.watts:
        return miner
    return replace(miner, plan=CHANGE, then=mode, then_level=None, then_watts=rated.watts)


def _turned_off(miner: Miner) -> Miner:
    if miner.plan == SKIPPED or miner.mode == POWERED_OFF:
        return miner
    reason = "It can't be switched on again over the network."
    return replace(miner, plan=TURN_OFF, then=POWERED_OFF, then_watts=0.0, reason=reason)


def _saving(
    miners: list[Miner], watts: float, may_turn_off: bool, own_ratings: Mapping[str, Any] | None
) -> list[Miner]:
    """Takes one miner after the other to the lowest mode, then off if that is allowed, until enough is saved."""
    steps: list[Callable[[Miner], Miner]] = [lambda miner: _lowered(miner, LOWEST_MODE, own_ratings)]
    if may_turn_off:
        steps.append(_turned_off)
    left = watts
    for step in steps:
        for number, miner in enumerate(miners):
            changed = step(miner)
            # What is not rated counts as nothing, so it is not taken down for a sum.
            if left > 0 and changed.saved_watts > miner.saved_watts:
                miners[number] = changed
                left -= changed.saved_watts - miner.saved_watts
    return [
        _skipped(miner, UNRATED, _unrated(miner)) if miner.watts is None and not miner.cause else miner
        for miner in miners
    ]


def _unrated(miner: Miner) -> str:
    return f"There is no rating of a {miner.model or '?'} in the mode {miner.mode}; set dragonmint_ratings."


def _skipped(miner: Miner, cause: str, reason: str) -> Miner:
    return replace(miner, plan=SKIPPED, cause=cause, reason=reason)


def _restored(miner: Miner, entry: Mapping[str, Any], own_ratings: Mapping[str, Any] | None) -> Miner:
    mode, level = entry["before"]["mode"], entry["before"].get("level")
    rated = rating(entry["before"].get("model"), mode, own_ratings)
    desired = replace(miner, then=mode, then_level=level, then_watts=rated.watts if rated else None)
    if miner.mode == POWERED_OFF:
        return replace(desired, plan=BY_HAND, reason="It is off, and can't be switched on over the network.")
    if miner.plan == SKIPPED:
        return desired
    is_as_before = (miner.mode, miner.level) == (mode, level)
    return replace(desired, plan=UNCHANGED if is_as_before else CHANGE)


def causes(miners: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Returns how many rows were skipped, by cause."""
    return {cause: count for cause in CAUSES if (count := sum(row["cause"] == cause for row in miners))}
