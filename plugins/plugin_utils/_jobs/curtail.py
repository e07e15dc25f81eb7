# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job curtail: its variables, what is refused before anything is sent, and the outcome of a run."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import hosts_to_search
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import MODES
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.source_keys import did_you_mean
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail_record, curtailment, ratings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_course import (
    COMMANDED,
    CONFIRMED,
    PENDING,
    REFUSED,
    STATES,
    TOO_LITTLE,
    UNREACHABLE,
    Course,
    Miner,
    Policy,
    Rate,
    cause_of,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import Record
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import (
    BY_HAND,
    CHANGE,
    NEVER,
    SKIPPED,
    TURN_OFF,
    UNCHANGED,
    Goal,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import counted, first, listed, named

RECORD = "curtail-record.json"
SHOWN = 20
_RATE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(miners?|kw)?", re.IGNORECASE)
_REPORTS = ("curtail.json", "curtail.csv", "curtail.html")
_FAILED = (REFUSED, UNREACHABLE, COMMANDED, PENDING)


def _check(values: Mapping[str, Any]) -> None:
    """Raises InvalidVariables for values that are invalid only in combination, or have an invalid form."""
    curtailment.goal_from(values)
    ratings.own_ratings(values["dragonmint_ratings"])
    for name in ("rate", "restore_rate"):
        rate_from(values, name)
    until_from(values)
    try:
        hosts_to_search(values["search"])
    except InvalidInput as error:
        raise InvalidVariables(f"curtail_search: {error}") from None


RECORD_FILE = Variable(
    "curtail_record",
    "path",
    "The file on the controller that records the previous state of the miners. Defaults to C(curtail-record.json) in "
    "O(report_folder).",
)
RECORD_DATA = Variable(
    "curtail_record_data",
    "dict",
    "The record that an earlier job passed on, C(dragonmint_curtail.record) in its custom statistics. It takes "
    "precedence over the file. The next job of an AWX workflow gets it without this variable.",
)
VARIABLES = Variables(
    "curtail_",
    (
        Variable("curtail_kw", "float", "Save this many kW."),
        Variable(
            "curtail_mode",
            "str",
            "Switch all miners to this autotune mode, except those that draw less power already.",
            choices=MODES,
        ),
        Variable(
            "curtail_off",
            "bool",
            "Power off all miners; with O(curtail_kw), only as many as it takes.",
            default=False,
        ),
        Variable("curtail_restore", "bool", "Restore the previous state of the miners.", default=False),
        Variable(
            "curtail_partial",
            "bool",
            "Succeed even if some miners could not be commanded, or less than O(curtail_kw) can be saved.",
            default=False,
        ),
        Variable(
            "curtail_until",
            "str",
            "When the event ends at the latest, such as V(2026-07-01T18:00:00Z), in quotes. Until then, the role "
            "provision keeps the mode of curtailed miners, and the inventory does not report it as drift. Defaults "
            "to 24 hours after the start.",
        ),
        Variable(
            "curtail_deadline_seconds",
            "float",
            "How long the run may take. The command to a miner is repeated until the miner has confirmed it or this "
            "time is over.",
            default=600,
            minimum=1,
        ),
        Variable(
            "curtail_unreachable_seconds",
            "float",
            "How long to wait for a miner that has never answered. For a miner that has answered before, the run "
            "waits until O(curtail_deadline_seconds).",
            default=60,
            minimum=0,
        ),
        Variable(
            "curtail_rate",
            "str",
            "How many miners or kW are switched per second at most, such as V(20 miners) or V(30 kW). Not limited by "
            "default.",
        ),
        Variable(
            "curtail_restore_rate",
            "str",
            "How many miners or kW are restored per second at most, such as V(20 miners) or V(30 kW). Not limited by "
            "default.",
        ),
        Variable(
            "curtail_never",
            "str",
            "A group of the inventory whose miners are never curtailed. They are still restored.",
        ),
        Variable(
            "curtail_minimum_minutes",
            "float",
            "How long a miner keeps its mode between two switches, if the record has the time of the last one.",
            default=0,
            minimum=0,
        ),
        Variable(
            "curtail_search",
            "str",
            "Search this network, such as V(10.1.0.0/22), for miners that do not answer at their addresses. They are "
            "recognized by C(dragonmint_expected_mac), which the inventory plugin sets.",
        ),
        RECORD_FILE,
        RECORD_DATA,
        RATINGS,
        TARGET,
        Variable(
            "curtail_allow_slice",
            "bool",
            "Run even if the job is a slice of an AWX job. Each slice then counts only its own miners.",
            default=False,
            of_playbook=True,
        ),
        replace(REPORT_FOLDER, of_playbook=False),
    ),
    _check,
)

# Where the record is, for jobs that only read it.
RECORD_OF_OTHERS = (
    replace(
        RECORD_FILE,
        text="The record of the role curtail, which lists the curtailed miners. Defaults to C(curtail-record.json) "
        "in O(report_folder).",
    ),
    RECORD_DATA,
)
PLACE_VARIABLES = Variables("curtail_", (RECORD_FILE, RECORD_DATA, REPORT_FOLDER))


@dataclass(frozen=True)
class Place:
    """Where the record is: its file, the report folder, and what messages call the record that was found.

    ``is_required`` means that the file has to be written before any command is sent, ``is_written`` that it was.
    """

    path: PurePath
    folder: PurePath
    source: str = ""
    is_required: bool = True
    is_written: bool = True


def rate_from(values: Mapping[str, Any], name: str) -> Rate | None:
    """Returns a rate among the values of the job's variables. Raises InvalidVariables."""
    if values[name] is None:
        return None
    found = _RATE.fullmatch(values[name].strip())
    amount = float(found[1]) if found else 0.0
    if not found or not 0 < amount < math.inf:
        raise InvalidVariables(
            f"curtail_{name} is {quoted(values[name])}, expected a number of miners or kW per second, such as '20 "
            f"miners' or "
            "'30 kW'."
        )
    return Rate(amount, (found[2] or "").lower() == "kw")


def until_from(values: Mapping[str, Any]) -> float | None:
    """Returns when the event should end, in seconds since 1970; None if not given. Raises InvalidVariables."""
    if values["until"] is None:
        return None
    try:
        return curtail_record.time_from(values["until"])
    except (ValueError, OverflowError):
        raise InvalidVariables(
            f"curtail_until is {quoted(values['until'])}, expected a time with its zone, such as "
            "'2026-07-01T18:00:00Z'."
        ) from None


def policy_from(values: Mapping[str, Any], goal: Goal, is_check: bool) -> Policy:
    """Returns the policy of a run from the values of the job's variables."""
    return Policy(
        values["deadline_seconds"],
        values["unreachable_seconds"],
        rate_from(values, "restore_rate" if goal.restore else "rate"),
        is_check,
        until_from(values),
        values["partial"],
    )


def chosen_record(values: Mapping[str, Any], passed_on: Any, file: str | None, place: Place) -> tuple[Record, Place]:
    """Returns the record of the event: the first with miners.

    The order is: what a user gave, what an earlier job left in the variable dragonmint_curtail, and the file. Raises
    InvalidVariables for an unusable record.
    """
    left = passed_on.get("record") if isinstance(passed_on, Mapping) else None
    given = {
        RECORD_DATA.name: values["record_data"],
        "the variable dragonmint_curtail": left,
        f"{place.path} (curtail_record)": file,
    }
    found = {source: curtail_record.record_from(data, source) for source, data in given.items() if data is not None}
    chosen = next((source for source, record in found.items() if record.miners), None)
    source = chosen or next(reversed(found), "")
    return found.get(source, Record()), replace(place, source=source)


def place_of(values: Mapping[str, Any]) -> Place:
    """Returns the place of the record, from the values of the job's variables."""
    folder = Path(values["report_folder"]).expanduser().resolve()
    return Place(Path(values["record"] or folder / RECORD).expanduser().resolve(), folder)


def why_not_written(place: Place, reason: str) -> str:
    """Returns why the record can't be written to its file, and what to do about it."""
    problem = f"The record {place.path} (curtail_record) can't be written: {reason}."
    if place.is_required:
        return f"{problem} Set curtail_record to a file in a folder that the user who runs Ansible may write to."
    return (
        f"{problem} The job goes on without it. To restore, pass dragonmint_curtail.record on as curtail_record_data."
    )


def curtailed_until(record: Record, of_inventory: Mapping[str, Any], now: float) -> dict[str, float]:
    """Returns when the event of each curtailed miner ends, in seconds since 1970.

    ``of_inventory`` has the same as text by miner, from a record that the inventory plugin has read.
    """
    found = {name: curtail_record.time_from(text) for name, text in of_inventory.items() if isinstance(text, str)}
    if record.until is not None and record.is_open(now):
        found |= dict.fromkeys(record.miners, record.until)
    return {name: until for name, until in found.items() if now < until}


def why_mode_is_kept(until: float) -> str:
    """Returns why the mode of a miner is kept until its event ends."""
    return (
        f"The autotune mode is kept, since the miner is curtailed until {curtail_record.shown(until)}. Run "
        "curtail with curtail_restore first, or set provision_ends_curtailment: true."
    )


def why_of_another_fleet(record: Record, place: Place, inventory: Collection[str]) -> str:
    """Returns why a record belongs to another fleet; empty if it does not.

    ``inventory`` has the names of all hosts.
    """
    if not record.miners or any(name in inventory for name in record.miners):
        return ""
    return (
        f"None of the {counted(len(record.miners), 'miner')} of the record in {place.source} is in the inventory: "
        f"{named(list(record.miners), 3)}. It is the record of another fleet, so nothing was sent. Correct the "
        "inventory, or use the record of this fleet."
    )


def problem_before(
    goal: Goal,
    values: Mapping[str, Any],
    record: Record,
    place: Place,
    inventory: Collection[str],
    groups: Collection[str],
    has_desired: bool,
    now: float,
) -> str:
    """Returns why not even a read may be sent; empty if there is no reason.

    ``inventory`` has the names of all hosts.
    """
    if place.path in [place.folder / name for name in _REPORTS]:
        return (
            f"The report would overwrite the record {place.path} with the previous state of the miners, so nothing "
            f"was sent. Set curtail_record to another file."
        )
    if problem := why_of_another_fleet(record, place, inventory):
        return problem
    if values["never"] is not None and values["never"] not in groups:
        hint = did_you_mean(values["never"], sorted(groups))
        return f"curtail_never is {quoted(values['never'])}, which is not a group of the inventory.{hint}"
    until = until_from(values)
    if until is not None and until <= now and not goal.restore:
        return f"curtail_until is {quoted(values['until'])}, which is in the past. Set a time in the future."
    if goal.restore and not record.miners and not has_desired:
        return (
            f"There is no record of curtailed miners at {place.path} (curtail_record), and neither curtail_record_data "
            "nor provision_autotune_mode is set, so there is nothing to restore."
        )
    return ""


def refused(problem: str) -> dict[str, Any]:
    """Returns the outcome of a run that was refused before anything was sent."""
    return {
        "rows": [],
        "counts": {},
        "failed_miners": [],
        "summary": problem,
        "problem": problem,
        "is_ok": False,
        "is_recorded": False,
        "stats": {},
    }


def outcome(
    course: Course, values: Mapping[str, Any], place: Place, aliases: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Returns the outcome of a run, as the task returns it; in check mode, the predicted one.

    ``problem`` is why no command was sent. ``failed_miners`` are those that have not reached the goal. ``aliases`` are
    other names of miners, which get the same outcome.
    """
    made = [_row(miner, course) for miner in course.miners.values()]
    made += [{**_row(course.miners[name], course), "miner": alias} for alias, name in (aliases or {}).items()]
    rows = sorted(made, key=lambda row: _RANK.get(row["outcome"], len(_RANK)))
    counts = dict(Counter(row["outcome"] for row in rows))
    failed = [row for row in rows if _is_failure(row, course)]
    problem = _problem(course, rows, values)
    saved_kw = _saved_kw(course)
    is_ok = not problem and _is_ok(course, rows, failed, values)
    summary = problem or " ".join(sentence for sentence in _sentences(course, rows, failed, is_ok, place) if sentence)
    return {
        "rows": rows,
        "counts": counts,
        "failed_miners": [row["miner"] for row in failed],
        "summary": summary,
        "problem": problem,
        "is_ok": is_ok,
        "stats": {
            "miners": len(rows),
            "saved_kw": saved_kw,
            "missing_kw": max(0.0, round((course.goal.kw or 0.0) - saved_kw, 3)),
            **{state.replace(" ", "_"): counts.get(state, 0) for state in STATES},
            "skipped": causes(rows),
            "is_ok": is_ok,
            "is_open": bool(course.record.miners),
            "record": curtail_record.data_of(course.record),
        },
    }


def shown(rows: Sequence[Mapping[str, Any]], path: str) -> tuple[list[Mapping[str, Any]], str]:
    """Returns the rows that fit on a screen, the most interesting first, and a sentence about the others."""
    more = len(rows) - SHOWN
    return list(rows[:SHOWN]), f"… {more} more in {path}" if more > 0 else ""


def preview(course: Course) -> str:
    """Returns a summary of a plan in one or two sentences."""
    rows = [_row(miner, course) for miner in course.miners.values()]
    return _planned(course, rows)


def progress(course: Course, seconds: float) -> str:
    """Returns the progress of a run."""
    chosen = [miner for miner in course.miners.values() if miner.is_chosen]
    if not course.is_planned:
        read = sum(miner.seen is not None or miner.is_settled for miner in course.miners.values())
        return f"curtail: {read:,} of {len(course.miners):,} miners read in {seconds:.0f} s"
    states = Counter(miner.state for miner in course.miners.values())
    others = ", ".join(f"{states[state]:,} {state}" for state in (COMMANDED, REFUSED, UNREACHABLE))
    return f"curtail: {states[CONFIRMED]:,} of {len(chosen):,} miners confirmed, {others} in {seconds:.0f} s"


def causes(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Returns how many rows were skipped, by cause."""
    return dict(Counter(row["cause"] for row in rows if row["outcome"] == SKIPPED))


_RANK = {name: number for number, name in enumerate((*_FAILED, SKIPPED, BY_HAND, TURN_OFF, CHANGE, CONFIRMED))}


def _row(miner: Miner, course: Course) -> dict[str, Any]:
    seen, step = miner.seen, miner.step
    outcome = _outcome(miner, course)
    code, text = miner.error
    is_failure = outcome in _FAILED
    return {
        "miner": miner.name,
        "address": miner.address,
        "model": seen.model if seen else None,
        "mode": seen.mode if seen else None,
        "level": seen.level if seen else None,
        "is_hashing": seen.is_hashing if seen else None,
        "watts": step.watts if step else None,
        "plan": (step.plan if miner.is_chosen or not step.is_due else UNCHANGED) if step else "",
        "then": step.then if step and (miner.is_chosen or step.plan == BY_HAND) else None,
        "then_level": step.then_level if step and miner.is_chosen else None,
        "then_watts": step.then_watts if step and miner.is_chosen else None,
        "saved_kw": _saved_by(miner) if miner.is_chosen and outcome in (CONFIRMED, CHANGE, TURN_OFF) else 0.0,
        "outcome": outcome,
        "cause": cause_of(code) if is_failure else step.cause if step else "",
        "reason": text if is_failure else step.reason if step and outcome != UNCHANGED else "",
    }


def _saved_by(miner: Miner) -> float | None:
    """Returns the kW that a miner saves; None without a rating."""
    watts = miner.step.saved_watts if miner.step else None
    return None if watts is None else _kw(watts)


def _outcome(miner: Miner, course: Course) -> str:
    if miner.step is None:
        return miner.state
    if not miner.step.is_due:
        return miner.step.plan
    if not miner.is_chosen:
        return UNCHANGED
    return miner.step.plan if course.policy.is_check or course.problem else miner.state


def _is_failure(row: Mapping[str, Any], course: Course) -> bool:
    if row["outcome"] == SKIPPED:
        return course.goal.kw is None and row["cause"] != NEVER
    return row["outcome"] in _FAILED


def _is_ok(course: Course, rows: Sequence[Mapping[str, Any]], failed: Sequence[Any], values: Mapping[str, Any]) -> bool:
    if values["partial"]:
        # No miner could get a command, so it is not a partial success.
        return not failed or len(failed) < len(rows)
    if course.goal.kw is None:
        return not failed
    return _saved_kw(course) + 1e-3 >= course.goal.kw


def _problem(course: Course, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> str:
    if not course.problem:
        return ""
    if course.problem == TOO_LITTLE:
        hint = "" if course.goal.power_off else " without powering miners off (curtail_off)"
        return (
            f"{_planned(course, rows)} No more can be saved{hint}, so nothing was sent. Set curtail_partial to save "
            "that much."
        )
    name = "restore_rate" if course.goal.restore else "rate"
    return (
        f"{_planned(course, rows)} With curtail_{name} {quoted(values[name])} that takes {course.slow_s:.0f} s, more "
        f"than curtail_deadline_seconds ({course.policy.deadline_s:g}), so nothing was sent. Raise one of them."
    )


def _sentences(
    course: Course, rows: Sequence[Mapping[str, Any]], failed: Sequence[Mapping[str, Any]], is_ok: bool, place: Place
) -> list[str]:
    is_check = course.policy.is_check
    record = course.record
    where = place.path if place.is_written else "only in the custom statistics (dragonmint_curtail)"
    recorded = f"The record is {where}, and the event open until {curtail_record.shown(record.until)}."
    return [
        _planned(course, rows) if is_check else _done(course, rows),
        _reasons(failed),
        _by_hand(rows),
        _elsewhere(course, rows) if course.goal.restore and not is_check else "",
        "" if is_ok or is_check else _advice(failed),
        recorded if record.miners and not is_check else "",
    ]


def _planned(course: Course, rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns a summary of a plan in a few sentences."""
    chosen = [miner for miner in course.miners.values() if miner.is_chosen]
    watts = sum(miner.step_watts for miner in chosen)
    wanted = f" of {course.goal.kw:g} kW requested" if course.goal.kw is not None else ""
    saved = abs(_kw(watts + course.saved_before_watts))
    effect = f"{saved:g} kW {'restored' if course.goal.restore else 'saved'}{wanted}"
    idle = sum(miner.seen is not None and miner.seen.is_hashing is False for miner in chosen)
    return " ".join(
        [
            f"{len(chosen)} of {counted(len(rows), 'miner')} to be changed, {effect}.",
            *([f"Not hashing at the moment: {idle} of them."] if idle and not course.goal.restore else []),
            *_others(rows, (REFUSED, UNREACHABLE)),
        ]
    )


def _done(course: Course, rows: Sequence[Mapping[str, Any]]) -> str:
    chosen = sum(miner.is_chosen for miner in course.miners.values())
    confirmed = sum(row["outcome"] == CONFIRMED for row in rows)
    kw = abs(_kw(course.confirmed_watts))
    effect = f"{kw:g} kW {'more than during the event' if course.goal.restore else 'less than before'}"
    unchanged = sum(row["outcome"] == UNCHANGED for row in rows)
    why = f", since {unchanged} of {counted(len(rows), 'miner')} need no change" if unchanged else ""
    sentences = [
        f"{confirmed} of {counted(chosen, 'miner')} confirmed, {effect}." if chosen else f"No miner was commanded{why}."
    ]
    if course.saved_before_watts:
        sentences.append(f"{_kw(course.saved_before_watts):g} kW were saved already.")
    if course.goal.kw is not None:
        missing = round(course.goal.kw - _saved_kw(course), 3)
        short = f", {missing:g} kW short" if missing > 1e-3 else ""
        sentences.append(f"{_saved_kw(course):g} kW saved of {course.goal.kw:g} kW requested{short}.")
    return " ".join([*sentences, *_others(rows, _FAILED)])


def _others(rows: Sequence[Mapping[str, Any]], unconfirmed: Sequence[str]) -> list[str]:
    """Returns how many miners were not commanded, or did not confirm: those with the ``unconfirmed`` outcomes."""
    outcomes = Counter(row["outcome"] for row in rows)
    failed = {state: outcomes[state] for state in unconfirmed if outcomes[state]}
    reasons = listed(Counter(row["cause"] for row in rows if row["outcome"] == REFUSED))
    named = f" ({reasons})" if REFUSED in failed else ""
    skipped = causes(rows)
    uncounted = sum(row["saved_kw"] is None for row in rows)
    return [
        *(
            [f"{counted(uncounted, 'miner')} not counted for lack of a rating (dragonmint_ratings)."]
            if uncounted
            else []
        ),
        *([f"Not confirmed: {listed(failed)}{named}."] if failed else []),
        *([f"{counted(sum(skipped.values()), 'miner')} skipped: {listed(skipped)}."] if skipped else []),
    ]


def _reasons(failed: Sequence[Mapping[str, Any]]) -> str:
    if not failed:
        return ""
    alike: dict[str, list[str]] = {}
    for row in failed:
        # Nothing is known of a miner that was not tried.
        where = f" ({row['address']})" if row["address"] else ""
        alike.setdefault(row["reason"] or "it was not tried.", []).append(f"{row['miner']}{where}")
    reasons = [f"{named(names, 3)}: {reason}" for reason, names in alike.items()]
    return f"{counted(len(failed), 'miner')} not in the desired state: {first(reasons, 3)}"


def _by_hand(rows: Sequence[Mapping[str, Any]]) -> str:
    names = [row["miner"] for row in rows if row["outcome"] == BY_HAND]
    return f"To be switched on by hand: {named(names, SHOWN)}." if names else ""


def _elsewhere(course: Course, rows: Sequence[Mapping[str, Any]]) -> str:
    names = sorted(set(course.record.miners) - {row["miner"] for row in rows})
    return f"Still in the record, since they are not part of this run: {named(names, SHOWN)}." if names else ""


def _advice(failed: Sequence[Mapping[str, Any]]) -> str:
    if any(row["outcome"] != SKIPPED for row in failed):
        return "Run the same command again once they can be commanded, or set curtail_partial to do without them."
    return "Correct the causes, or set curtail_partial to do without them."


def _saved_kw(course: Course) -> float:
    """Returns the saved kW; in check mode, the predicted kW."""
    expected = course.expected_watts if course.policy.is_check else 0.0
    return _kw(course.saved_before_watts + course.confirmed_watts + expected)


def _kw(watts: float) -> float:
    return round(watts / 1000, 3)
