# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job curtail: what is saved on which miner, and whether that is all that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtailment, ratings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import Goal, Read
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import counted, first, listed

_DUE = (curtailment.CHANGE, curtailment.TURN_OFF)
DONE, FAILED, PENDING = "done", "failed", "not tried"
RECORD = "curtail-record.json"
_SHOWN = 20
_REPORTS = ("curtail.json", "curtail.csv", "curtail.html")


def _check(values: Mapping[str, Any]) -> None:
    """Raises InvalidVariables for values that are invalid only together, or in a shape of their own."""
    curtailment.goal_from(values)
    ratings.own_ratings(values["dragonmint_ratings"])


VARIABLES = Variables(
    "curtail_",
    (
        Variable("curtail_kw", "float", "Save that many kW."),
        Variable(
            "curtail_mode",
            "str",
            "Switch each miner that consumes more to this autotune mode.",
            choices=curtailment.MODES,
        ),
        Variable(
            "curtail_off",
            "bool",
            "Power off all miners; with O(curtail_kw), only as many as it takes.",
            default=False,
        ),
        Variable("curtail_restore", "bool", "Restore what the miners were before.", default=False),
        Variable(
            "curtail_partial",
            "bool",
            "Succeed although some miners could not be commanded, or although less than O(curtail_kw) can be saved.",
            default=False,
        ),
        Variable(
            "curtail_serial",
            "list",
            "How many miners change at once.",
            default=(20,),
            of_playbook=True,
        ),
        Variable(
            "curtail_pause_seconds",
            "int",
            "How many seconds to wait between two batches, for the grid and the breakers.",
            default=5,
            minimum=0,
            of_playbook=True,
        ),
        Variable(
            "curtail_record",
            "path",
            "The file on the controller that records what the miners were before. By default it is "
            "C(curtail-record.json) in O(report_folder).",
        ),
        RATINGS,
        TARGET,
        replace(REPORT_FOLDER, of_playbook=False),
    ),
    _check,
)


def plan(
    miners: Sequence[Read], values: Mapping[str, Any], text: str | None, path: PurePath, folder: PurePath
) -> dict[str, Any]:
    """Returns what happens to each miner: ``rows``, ``due``, ``summary`` and ``problem``.

    Also what the role acts on: ``modes``, the options of dragonmint_autotune by name; ``power_off``, the names to be
    powered off; ``record``, to be written to ``path`` before anything is sent; ``saved_kw``; and ``serial``, the sizes
    of the batches. ``text`` is the record of the open event, None if there is none, and ``folder`` is where the report
    goes. With a ``problem``, nothing may be sent. Without miners, only what is wrong with the variables and the record
    is one.
    """
    try:
        goal, known = curtailment.goal_from(values), curtailment.record_from(text, str(path))
        _check(values)
    except InvalidVariables as error:
        return refused(str(error))
    if problem := _record_problem(goal, text, path, folder):
        return refused(problem)
    own_ratings = values["dragonmint_ratings"]
    planned = curtailment.planned(miners, goal, known, own_ratings)
    saved = sum(miner.saved_watts for miner in planned) / 1000
    if not goal.restore:
        saved += curtailment.saved_before(planned, known, own_ratings) / 1000
    due = [miner for miner in planned if miner.is_due]
    made = {
        "rows": [curtailment.row(miner) for miner in planned],
        "due": [miner.miner for miner in due],
        "modes": {
            miner.miner: {"mode": miner.then, "level": miner.then_level}
            for miner in due
            if miner.plan == curtailment.CHANGE
        },
        "power_off": [miner.miner for miner in due if miner.plan == curtailment.TURN_OFF],
        "path": str(path),
        "record": curtailment.record_of(known if goal.restore else curtailment.recorded(known, planned)),
        "saved_kw": round(saved, 3),
        "serial": values["serial"],
    }
    summary = _planned(made, goal, len(miners))
    return {**made, "summary": summary, "problem": _too_little(made, goal, summary, values) if miners else ""}


def refused(problem: str) -> dict[str, Any]:
    """Returns the plan that consists of a problem."""
    return {
        "rows": [],
        "due": [],
        "modes": {},
        "power_off": [],
        "path": "",
        "record": curtailment.record_of({}),
        "saved_kw": 0.0,
        "serial": [],
        "summary": problem,
        "problem": problem,
    }


def outcome(
    planned: Mapping[str, Any],
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    values: Mapping[str, Any],
    is_check: bool = False,
) -> dict[str, Any]:
    """Returns what became of a plan: ``rows``, ``failed``, ``summary``, ``is_ok``, ``record`` and ``stats``.

    ``results`` are those of the tasks that changed a miner, by its name. ``failed`` are the names of the miners that
    could not be changed. ``record`` is what the record has to hold from now on. ``is_check`` is for check mode, where
    the tasks have only said what they would do.
    """
    goal = curtailment.goal_from(values)
    rows = [_row(row, results.get(row["miner"], ()), is_check) for row in planned["rows"]]
    failed = [row for row in rows if row["outcome"] in (FAILED, PENDING)]
    skipped = curtailment.causes(rows)
    # How many kilowatts are saved is known before, and nothing is sent if they do not do.
    is_ok = not failed and (values["partial"] or not skipped or goal.kw is not None)
    before = planned["record"]["miners"]
    left = _left(before, rows) if goal.restore and not is_check else before
    sentences = [
        planned["summary"] if is_check else _done(planned, rows, goal),
        _reasons(failed),
        _by_hand(rows),
        _elsewhere(left, rows) if goal.restore else "",
        _advice(failed, is_ok),
        f"The record is {planned['path']}." if before and not is_check else "",
    ]
    return {
        "rows": rows,
        "failed": [row["miner"] for row in failed],
        "summary": " ".join(sentence for sentence in sentences if sentence),
        "is_ok": is_ok,
        "record": curtailment.record_of(left),
        "stats": {
            "miners": len(rows),
            "saved_kw": planned["saved_kw"],
            "done": sum(row["outcome"] == DONE for row in rows),
            "failed": len(failed),
            "skipped": skipped,
            "is_ok": is_ok,
        },
    }


def _record_problem(goal: Goal, text: str | None, path: PurePath, folder: PurePath) -> str:
    if path in [folder / name for name in _REPORTS]:
        return (
            f"The report would overwrite the record {path}, and with it what the miners were before, so nothing was "
            "sent. Set curtail_record to another file."
        )
    if goal.restore and text is None:
        return f"There is no record of curtailed miners at {path} (curtail_record), so there is nothing to restore."
    return ""


def _too_little(made: Mapping[str, Any], goal: Goal, summary: str, values: Mapping[str, Any]) -> str:
    # A tenth of a watt is lost in sums of such numbers.
    if values["partial"] or goal.kw is None or made["saved_kw"] + 1e-4 >= goal.kw:
        return ""
    hint = "" if goal.power_off else " without powering miners off (curtail_off)"
    return f"{summary} No more can be saved{hint}, so nothing was sent. Set curtail_partial to save that much."


def _planned(made: Mapping[str, Any], goal: Goal, total: int) -> str:
    """Returns what a plan comes to, in one or two sentences."""
    wanted = f" of {goal.kw:g} kW wanted" if goal.kw is not None else ""
    effect = f"{abs(made['saved_kw']):g} kW {'more again' if goal.restore else 'saved'}{wanted}"
    idle = 0 if goal.restore else sum(row["plan"] in _DUE and not row["is_hashing"] for row in made["rows"])
    return " ".join(
        [
            f"{len(made['due'])} of {counted(total, 'miner')} to be changed, {effect}.",
            *([f"Not hashing at the moment: {idle} of them."] if idle else []),
            *_skipped(made["rows"]),
        ]
    )


def _done(planned: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], goal: Goal) -> str:
    done = [row for row in rows if row["outcome"] == DONE]
    kw = round(abs(sum(row["saved_kw"] for row in done)), 3)
    effect = f"{kw:g} kW {'more than during the event' if goal.restore else 'less than before'}"
    changed = f"{len(done)} of {counted(len(planned['due']), 'miner')} changed, {effect}."
    return " ".join([changed, *_skipped(rows)])


def _skipped(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    causes = curtailment.causes(rows)
    return [f"{counted(sum(causes.values()), 'miner')} skipped: {listed(causes)}."] if causes else []


def _reasons(failed: Sequence[Mapping[str, Any]]) -> str:
    if not failed:
        return ""
    reasons = [f"{row['miner']} ({row['address']}): {row['reason'] or 'it was not tried.'}" for row in failed]
    return f"{counted(len(failed), 'miner')} not changed: {first(reasons)}"


def _by_hand(rows: Sequence[Mapping[str, Any]]) -> str:
    names = [row["miner"] for row in rows if row["outcome"] == curtailment.BY_HAND]
    return f"To be switched on by hand: {_named(names)}." if names else ""


def _elsewhere(left: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    names = sorted(set(left) - {row["miner"] for row in rows})
    return f"Still in the record, since they are not part of this run: {_named(names)}." if names else ""


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _advice(failed: Sequence[Any], is_ok: bool) -> str:
    if is_ok:
        return ""
    if failed:
        return "Run the same command again once they answer."
    return "Run the same command again once they can be commanded, or set curtail_partial to do without them."


def _left(before: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns a record without the miners that are again as it says."""
    restored = {row["miner"] for row in rows if row["outcome"] in (DONE, curtailment.UNCHANGED)}
    return {name: entry for name, entry in before.items() if name not in restored}


def _row(row: Mapping[str, Any], results: Sequence[Mapping[str, Any]], is_check: bool) -> dict[str, Any]:
    if row["plan"] not in _DUE:
        return {**row, "outcome": row["plan"]}
    tried = [result for result in results if result and not result.get("skipped")]
    if any(result.get("failed") or result.get("unreachable") for result in tried):
        return {**row, "outcome": FAILED, "reason": " ".join(str(result.get("msg") or "") for result in tried)}
    if is_check:
        return {**row, "outcome": row["plan"]}
    return {**row, "outcome": DONE if tried else PENDING}
