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
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.ratings import RATINGS, Rating, rating
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.reporting import address_of

RECORD_VERSION = 1
# All firmwares have it, and it draws the least.
LOWEST_MODE = "efficient"
MODES = tuple(RATINGS["T1"])
POWERED_OFF = "powered off"
OFF = Rating(0.0, 0.0)

LEFT_ALONE, AS_IT_IS, CHANGE, TURN_OFF, BY_HAND = "left alone", "as it is", "change", "power off", "switch on by hand"


@dataclass(frozen=True)
class Goal:
    """Exactly one of: kW to save (with ``power_off`` also by powering off), a mode, all off, or back to before."""

    kw: float | None = None
    mode: str | None = None
    power_off: bool = False
    restore: bool = False


@dataclass(frozen=True)
class Miner:
    """A miner in a plan. ``mode`` is the one it has now, ``then`` the one it gets; the levels are Innosilicon's.

    ``watts`` and ``then_watts`` are None where no table knows them, and 0 for a miner that was powered off.
    """

    miner: str
    address: str
    model: str | None
    mode: str | None
    level: str | None
    watts: float | None
    plan: str = AS_IT_IS
    then: str | None = None
    then_level: str | None = None
    then_watts: float | None = None
    reason: str = ""

    @property
    def saved_watts(self) -> float:
        """What the plan saves on this miner; less than 0 for one that is restored."""
        if self.plan not in (CHANGE, TURN_OFF) or self.watts is None or self.then_watts is None:
            return 0.0
        return self.watts - self.then_watts


def goal_from(options: Mapping[str, Any]) -> Goal:
    """Returns the goal that variables name. Raises AnsibleFilterError unless it is exactly one that makes sense."""
    # Older versions of Ansible make an empty text of a variable that is null.
    kw, mode = (None if options.get(name) == "" else options.get(name) for name in ("kw", "mode"))
    off, restore = bool(options.get("power_off")), bool(options.get("restore"))
    if [kw is not None, mode is not None, restore, off and kw is None].count(True) != 1:
        raise AnsibleFilterError(
            "Exactly one of curtail_kw (with or without curtail_off), curtail_mode, curtail_off and curtail_restore "
            "says what to do. Nothing was sent to any miner."
        )
    if mode is not None and mode not in MODES:
        raise AnsibleFilterError(f"curtail_mode is one of {', '.join(MODES)}, and not {mode}.")
    try:
        watts = None if kw is None else float(kw)
    except (TypeError, ValueError):
        watts = math.nan
    if watts is not None and not 0 < watts < math.inf:
        raise AnsibleFilterError("curtail_kw is a number of kilowatts, above 0. Nothing was sent to any miner.")
    return Goal(watts, mode, off, restore)


def record_from(text: str | None) -> dict[str, Any]:
    """Returns the miners of a record, by name; none if there is no record.

    Raises AnsibleFilterError for one that is damaged or of another version.
    """
    if text is None:
        return {}
    try:
        record = json.loads(text)
        version, miners = record["version"], record["miners"]
        damaged = not all(isinstance(miner["before"]["mode"], str) for miner in miners.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        version, miners, damaged = RECORD_VERSION, {}, True
    if damaged or version != RECORD_VERSION:
        reason = "is damaged" if damaged else f"is of version {version}, and this collection writes {RECORD_VERSION}"
        raise AnsibleFilterError(
            f"The record of curtailed miners {reason}. It says what they were before, so nothing was sent to any "
            "miner. Mend it, or move it away and set the modes with the role provision."
        )
    return dict(miners)


def planned(
    miners: Iterable[str],
    hostvars: Mapping[str, Any],
    goal: Goal,
    record: Mapping[str, Any],
    own_ratings: Mapping[str, Any] | None,
) -> list[Miner]:
    """Returns what happens to each miner, those that consume most first."""
    found = [_seen(miner, hostvars[miner], record.get(miner), own_ratings) for miner in miners]
    if goal.restore:
        return [_restored(miner, record[miner.miner], own_ratings) for miner in found if miner.miner in record]
    found.sort(key=lambda miner: -(miner.watts or 0.0))
    if goal.mode is not None:
        return [_lowered(miner, goal.mode, own_ratings) for miner in found]
    if goal.kw is None:
        return [_turned_off(miner) for miner in found]
    return _saving(found, 1000 * goal.kw - saved_before(found, record, own_ratings), goal.power_off, own_ratings)


def saved_before(miners: Iterable[Miner], record: Mapping[str, Any], own_ratings: Mapping[str, Any] | None) -> float:
    """Returns the watts that the open event saves already.

    The modes decide, since a miner does not mine for a while after its mode was set; one that broke down saves nothing.
    """
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
        if miner.plan in (CHANGE, TURN_OFF):
            before = {"model": miner.model, "mode": miner.mode, "level": miner.level}
            known = record.get(miner.miner, {"before": before})
            added[miner.miner] = {**known, "address": miner.address, "now": miner.then}
    return {**record, **added}


def shown(miner: Miner) -> dict[str, Any]:
    """Returns a miner as rows of a report show it."""
    return {**asdict(miner), "saved_kw": round(miner.saved_watts / 1000, 3)}


def _seen(
    miner: str, variables: Mapping[str, Any], entry: Mapping[str, Any] | None, own_ratings: Mapping[str, Any] | None
) -> Miner:
    result = variables.get("__curtail_seen", {})
    facts = result.get("ansible_facts", {})
    model = facts.get("dragonmint_identity", {}).get("type")
    autotune = facts.get("dragonmint_autotune", {})
    seen = Miner(miner, address_of(miner, variables), model, autotune.get("mode"), autotune.get("level"), None)
    if entry and entry.get("now") == POWERED_OFF and result.get("unreachable"):
        return replace(seen, mode=POWERED_OFF, model=entry["before"].get("model"), watts=0.0)
    if not seen.mode:
        return replace(seen, plan=LEFT_ALONE, reason=result.get("msg") or "It does not tell its autotune mode.")
    rated = rating(model, seen.mode, own_ratings)
    mining = facts.get("dragonmint_mining", {})
    if not any(board.get("hashrate_ths") for board in mining.get("boards", ())):
        return replace(seen, watts=0.0, reason="It does not mine, so nothing is to be saved on it.")
    if rated is None:
        return replace(seen, reason=f"There is no rating of {model} in the mode {seen.mode} (dragonmint_ratings).")
    return replace(seen, watts=rated.watts)


def _lowered(miner: Miner, mode: str, own_ratings: Mapping[str, Any] | None) -> Miner:
    rated = rating(miner.model, mode, own_ratings)
    if miner.plan == LEFT_ALONE or not miner.watts or rated is None:
        return replace(miner, plan=LEFT_ALONE) if miner.reason else miner
    return _changed(miner, mode, rated) if rated.watts < miner.watts else miner


def _changed(miner: Miner, mode: str, rated: Rating) -> Miner:
    return replace(miner, plan=CHANGE, then=mode, then_level=None, then_watts=rated.watts)


def _turned_off(miner: Miner) -> Miner:
    if miner.plan == LEFT_ALONE or miner.mode == POWERED_OFF:
        return miner
    if not miner.watts:
        return replace(miner, plan=LEFT_ALONE) if miner.reason else miner
    reason = "It can't be switched on again over the network."
    return replace(miner, plan=TURN_OFF, then=POWERED_OFF, then_watts=0.0, reason=reason)


def _saving(
    miners: list[Miner], watts: float, may_turn_off: bool, own_ratings: Mapping[str, Any] | None
) -> list[Miner]:
    """Takes one miner after the other to the lowest mode, then off if that is allowed, until enough is saved."""
    steps = [lambda miner: _lowered(miner, LOWEST_MODE, own_ratings)]
    if may_turn_off:
        steps.append(_turned_off)
    left = watts
    for step in steps:
        for number, miner in enumerate(miners):
            if left > 0:
                miners[number] = step(miner)
                left -= miners[number].saved_watts - miner.saved_watts
    return [replace(miner, plan=LEFT_ALONE) if miner.plan == AS_IT_IS and miner.reason else miner for miner in miners]


def _restored(miner: Miner, entry: Mapping[str, Any], own_ratings: Mapping[str, Any] | None) -> Miner:
    mode, level = entry["before"]["mode"], entry["before"].get("level")
    rated = rating(entry["before"].get("model"), mode, own_ratings)
    wanted = replace(miner, then=mode, then_level=level, then_watts=rated.watts if rated else None)
    if miner.mode == POWERED_OFF:
        return replace(wanted, plan=BY_HAND, reason="It is off, and can't be switched on over the network.")
    if miner.plan == LEFT_ALONE:
        return wanted
    is_as_before = (miner.mode, miner.level) == (mode, level)
    return replace(wanted, plan=AS_IT_IS if is_as_before else CHANGE, reason="")
