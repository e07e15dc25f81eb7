# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the job curtail, what is refused before anything is sent, and the outcome of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.plugin_utils import _curtail_task, _curtailed
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail, curtailment
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_course import Course, Policy, Rate
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import (
    Entry,
    Record,
    data_of,
    text_of,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import Goal, Known
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised

FOLDER = PurePath("/reports")
PLACE = curtail.Place(FOLDER / curtail.RECORD, FOLDER)
WALL = 1_800_000_000.0
GONE = {"unreachable": True, "error_code": "unreachable", "msg": "No miner answers."}
LOCKED = {"failed": True, "error_code": "authentication", "msg": "The login is refused."}
NO = {"failed": True, "error_code": "rejected", "msg": "No."}
DONE = {"changed": True}
RECORD = Record({"a": Entry("T1", "balanced", None, "efficient", WALL)}, WALL, WALL + 3600)


def values(**variables: Any) -> dict[str, Any]:
    return normalised(curtail.VARIABLES, {f"curtail_{name}": value for name, value in variables.items()})


def seen(mode: str, level: str | None = None, model: str = "T1", is_hashing: bool | None = None) -> dict[str, Any]:
    return {"model": model, "mode": mode, "level": level, "is_hashing": is_hashing}


def run(
    reads: dict[str, Any],
    commands: dict[str, Any] | None = None,
    is_check: bool = False,
    record: Record | None = None,
    address: str = "10.1.0.1",
    place: curtail.Place = PLACE,
    **variables: Any,
) -> dict[str, Any]:
    """The outcome of a run with these results of reads and commands, in which the time ran out."""
    given = values(**variables)
    goal = curtailment.goal_from(given)
    known = Known(record or Record())
    course = Course(dict.fromkeys(reads, address), goal, known, curtail.policy_from(given, goal, is_check), 0.0, WALL)
    now = 0.0
    while not course.is_over(now):
        if course.is_round_over or not course.is_first_round:
            course.plan(now)
        course.recorded(now)
        while (job := course.take(now, 99)) is not None:
            results = reads if job.kind == "read" else commands or {}
            course.took(job, results.get(job.miner, DONE), now)
        now += 1.0
    course.ended(now)
    return curtail.outcome(course, given, place)


def of(result: dict[str, Any], miner: str) -> dict[str, Any]:
    return next(row for row in result["rows"] if row["miner"] == miner)


FLEET = {"a": seen("balanced"), "b": seen("performance"), "c": seen("efficient"), "d": seen("balanced")}


@pytest.mark.parametrize(
    "goal",
    [
        {},
        {"kw": 1, "mode": "efficient"},
        {"mode": "efficient", "restore": True},
        {"off": True, "restore": True},
        {"kw": 0},
        {"kw": -1},
        {"kw": "much"},
        {"kw": float("inf")},
        {"mode": "Efficient"},
        *({"mode": "efficient", "rate": rate} for rate in ("fast", "0", "-1", "20 hosts", "1e400 kW", "20 kW/s")),
        *({"mode": "efficient", "until": until} for until in ("18:00", "2027-01-15T08:00:00", "tomorrow")),
        {"mode": "efficient", "search": "10.1.0.0/8"},
        {"mode": "efficient", "deadline_seconds": 0},
        {"mode": "efficient", "record_data": "text"},
    ],
)
def test_variables_that_make_no_sense_are_refused_by_name(goal: dict[str, Any]) -> None:
    with pytest.raises(InvalidVariables, match="curtail_"):
        values(**goal)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20", Rate(20.0)),
        (5, Rate(5.0)),
        ("0.5 miners", Rate(0.5)),
        ("30 kW", Rate(30.0, True)),
        ("1KW", Rate(1, True)),
    ],
)
def test_a_rate_is_in_miners_or_kw(text: Any, rate: Rate) -> None:
    given = values(mode="efficient", rate=text)
    assert curtail.policy_from(given, Goal(mode="efficient"), False).rate == rate
    assert curtail.policy_from(given, Goal(restore=True), False).rate is None


def test_an_empty_text_is_no_goal_and_a_number_may_be_a_text() -> None:
    assert curtailment.goal_from(values(kw="0.2", mode="")) == Goal(kw=0.2)
    policy = curtail.policy_from(values(kw=1, until="2027-01-15T08:00:00Z", deadline_seconds="30"), Goal(kw=1), True)
    assert policy == Policy(30.0, 60.0, None, True, WALL, False)


@pytest.mark.parametrize("table", [{"T1": 14}, {"T1": {"balanced": {"hashrate_ths": 14.4, "watts": 1.3}}}])
def test_ratings_that_can_not_be_meant_are_refused(table: Any) -> None:
    with pytest.raises(InvalidVariables, match=r"^dragonmint_ratings\.T1"):
        normalised(curtail.VARIABLES, {"curtail_kw": 1, "dragonmint_ratings": table})


@pytest.mark.parametrize(
    ("data", "handed", "file", "source"),
    [
        (RECORD, RECORD, RECORD, "curtail_record_data"),
        (None, RECORD, RECORD, "the variable dragonmint_curtail"),
        (None, None, RECORD, "/reports/curtail-record.json (curtail_record)"),
        (None, Record(), RECORD, "/reports/curtail-record.json (curtail_record)"),
        (Record(), None, None, "curtail_record_data"),
        (None, None, None, ""),
    ],
)
def test_where_the_record_is_taken_from(
    data: Record | None, handed: Record | None, file: Record | None, source: str
) -> None:
    given = values(restore=True, record_data=json.dumps(data_of(data)) if data else None)
    left = {"saved_kw": 1.0, **({"record": data_of(handed)} if handed else {})}
    record, place = curtail.chosen_record(given, left, text_of(file) if file else None, PLACE)
    assert place.source == source
    assert record == (RECORD if RECORD in (data, handed, file) else Record())


@pytest.mark.parametrize("handed", [None, "", [], "text"])
def test_what_is_no_sum_of_an_earlier_job_is_none(handed: Any) -> None:
    assert curtail.chosen_record(values(restore=True), handed, None, PLACE)[0] == Record()


def test_a_damaged_record_is_refused_wherever_it_is() -> None:
    with pytest.raises(InvalidVariables, match="in curtail_record_data is damaged"):
        curtail.chosen_record(values(restore=True, record_data={"version": 2}), {}, text_of(RECORD), PLACE)
    with pytest.raises(InvalidVariables, match=r"curtail-record\.json \(curtail_record\) is damaged"):
        curtail.chosen_record(values(mode="efficient"), {"record": data_of(RECORD)}, "{", PLACE)


@pytest.mark.parametrize(
    ("variables", "record", "has_desired", "problem"),
    [
        ({"mode": "efficient"}, Record(), False, ""),
        ({"restore": True}, RECORD, False, ""),
        ({"restore": True}, Record(), True, ""),
        ({"restore": True}, Record(), False, "There is no record of curtailed miners at /reports/curtail-record.json"),
        ({"mode": "efficient", "never": "cooling"}, Record(), False, ""),
        ({"mode": "efficient", "never": "coling"}, Record(), False, "Did you mean 'cooling'?"),
        ({"mode": "efficient", "until": "2027-01-15T08:00:01Z"}, Record(), False, ""),
        ({"mode": "efficient", "until": "2027-01-15T08:00:00Z"}, Record(), False, "which is in the past"),
        ({"mode": "efficient"}, Record({"z": RECORD.miners["a"]}), False, "It is the record of another fleet"),
        ({"restore": True}, Record({"z": RECORD.miners["a"]}), True, "It is the record of another fleet"),
        ({"restore": True}, Record({"a": RECORD.miners["a"], "z": RECORD.miners["a"]}), False, ""),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    variables: dict[str, Any], record: Record, has_desired: bool, problem: str
) -> None:
    given = values(**variables)
    goal = curtailment.goal_from(given)
    found = curtail.problem_before(goal, given, record, PLACE, ["a", "b"], ["all", "cooling"], has_desired, WALL)
    assert problem in found
    assert bool(found) is bool(problem)


def test_a_report_never_overwrites_the_record() -> None:
    given = values(mode="efficient")
    for path, is_refused in (
        (FOLDER / "curtail.json", True),
        (FOLDER / "curtail.html", True),
        (PLACE.path, False),
        (PurePath("/elsewhere/curtail.json"), False),
    ):
        place = curtail.Place(path, FOLDER)
        problem = curtail.problem_before(Goal(mode="efficient"), given, Record(), place, ["a"], [], False, WALL)
        assert ("would overwrite the record" in problem) is is_refused


def test_the_outcome_of_a_run() -> None:
    result = run({**FLEET, "e": GONE, "f": LOCKED}, {"d": NO}, mode="efficient", unreachable_seconds=5)
    assert {row["miner"]: (row["outcome"], row["cause"]) for row in result["rows"]} == {
        "d": ("refused", "refused"),
        "f": ("refused", "login refused"),
        "e": ("unreachable", "unreachable"),
        "a": ("confirmed", ""),
        "b": ("confirmed", ""),
        "c": ("unchanged", ""),
    }
    assert [row["outcome"] for row in result["rows"]][:3] == ["refused", "refused", "unreachable"], "the worst first"
    assert (result["is_ok"], result["failed_miners"]) == (False, ["d", "f", "e"])
    assert result["summary"].startswith(
        "2 of 3 miners confirmed, 0.68 kW less than before. Not confirmed: 2 refused, 1 unreachable (1 refused, "
        "1 login refused). 3 miners not in the desired state: d (10.1.0.1): No. f (10.1.0.1): The login is refused. "
    )
    assert "Run the same command again once they can be commanded" in result["summary"]
    assert result["summary"].endswith(
        "The record is /reports/curtail-record.json, and the event open until 2027-01-16T08:00:01Z."
    )
    stats = result["stats"]
    assert (stats["confirmed"], stats["refused"], stats["unreachable"], stats["saved_kw"]) == (2, 2, 1, 0.68)
    assert stats["record"]["version"] == 2
    assert run({**FLEET, "f": LOCKED}, mode="efficient", partial=True)["is_ok"]
    assert not run({"f": LOCKED}, mode="efficient", partial=True)["is_ok"], "nobody at all could be commanded"


@pytest.mark.parametrize(
    ("result", "outcome", "cause"),
    [
        ({"error_code": "permission"}, "refused", "login refused"),
        ({"error_code": "invalid_input"}, "refused", "connection not configured"),
        ({"error_code": "wrong_device"}, "refused", "another device"),
        ({"error_code": "bad_reply"}, "refused", "mode not readable"),
        ({"error_code": "timeout"}, "unreachable", "unreachable"),
    ],
)
@pytest.mark.parametrize("goal", [{"kw": 0.2}, {"mode": "efficient"}, {"off": True}])
def test_what_can_not_be_commanded_has_its_cause(
    result: dict[str, Any], outcome: str, cause: str, goal: dict[str, Any]
) -> None:
    failed = {"failed": True, "msg": "No.", **result}
    done = run({"a": failed, "b": seen("balanced")}, unreachable_seconds=10, deadline_seconds=40, **goal)
    assert of(done, "b")["outcome"] == "confirmed"
    # With enough kW, later responses are not waited for.
    if "kw" not in goal or result["error_code"] not in ("bad_reply", "timeout"):
        assert [of(done, "a")[key] for key in ("outcome", "cause", "reason")] == [outcome, cause, "No."]
    assert done["is_ok"] is ("kw" in goal)


def test_the_kilowatts_that_are_saved_and_those_that_are_not() -> None:
    enough = run(FLEET, kw=0.5)
    assert enough["is_ok"]
    assert "2 of 2 miners confirmed, 0.68 kW less than before. 0.68 kW saved of 0.5 kW requested." in enough["summary"]
    short = run(FLEET, {"d": NO}, kw=0.9)
    assert not short["is_ok"]
    assert "0.68 kW saved of 0.9 kW requested, 0.22 kW short." in short["summary"]
    assert short["stats"]["missing_kw"] == 0.22
    assert run(FLEET, {"d": NO}, kw=0.9, partial=True)["is_ok"]
    open_event = run({"a": seen("efficient"), "d": seen("balanced")}, record=RECORD, kw=0.5)
    assert "0.25 kW were saved already. 0.5 kW saved of 0.5 kW requested." in open_event["summary"]


@pytest.mark.parametrize(("off", "hint"), [(False, " without powering miners off (curtail_off)"), (True, "")])
def test_too_little_is_a_problem_unless_a_part_will_do(off: bool, hint: str) -> None:
    result = run({"a": seen("balanced"), "b": LOCKED}, kw=2, off=off)
    saved = 1.3 if off else 0.25
    assert result["problem"] == result["summary"]
    assert result["summary"] == (
        f"1 of 2 miners to be changed, {saved} kW saved of 2 kW requested. Not confirmed: 1 refused (1 login refused). "
        f"No more can be saved{hint}, so nothing was sent. Set curtail_partial to save that much."
    )


def test_a_preview_says_nothing_of_confirmations_yet() -> None:
    given = values(mode="efficient")
    goal = curtailment.goal_from(given)
    policy = curtail.policy_from(given, goal, False)
    course = Course({"a": "10.1.0.1", "b": "10.1.0.2"}, goal, Known(Record()), policy, 0.0, WALL)
    while (job := course.take(0.0, 99)) is not None:
        course.took(job, LOCKED if job.miner == "b" else seen("balanced"), 0.0)
    course.plan(0.0)
    assert curtail.preview(course) == (
        "1 of 2 miners to be changed, 0.25 kW saved. Not confirmed: 1 refused (1 login refused)."
    )


def test_a_rate_that_is_too_slow_is_a_problem() -> None:
    result = run(FLEET, mode="efficient", rate="0.01 miners", deadline_seconds=100)
    said = "With curtail_rate '0.01 miners' that takes 300 s, more than curtail_deadline_seconds (100), so nothing was"
    assert said in result["problem"]


def test_check_mode_says_what_would_happen() -> None:
    result = run({**FLEET, "e": GONE}, is_check=True, kw=0.5)
    assert result["is_ok"]
    assert result["summary"].startswith("2 of 5 miners to be changed, 0.68 kW saved of 0.5 kW requested.")
    outcomes = [of(result, name)["outcome"] for name in "abcde"]
    assert outcomes == ["change", "change", "unchanged", "unchanged", "unreachable"]
    assert (result["stats"]["saved_kw"], result["stats"]["is_open"]) == (0.68, False)
    idle = run({"a": seen("balanced", is_hashing=False)}, is_check=True, kw=0.2)
    assert "Not hashing at the moment: 1 of them." in idle["summary"]


def test_what_is_not_rated_is_curtailed_where_it_surely_draws_less() -> None:
    fleet = {"a": seen("balanced", model="T9"), "b": seen("turbo"), "c": seen("efficient", model="T9")}
    lowered = run(fleet, mode="efficient")
    assert [of(lowered, name)["outcome"] for name in "abc"] == ["confirmed", "confirmed", "unchanged"]
    # Its savings are unknown, which does not mean 0.
    assert [of(lowered, name)["saved_kw"] for name in "abc"] == [None, None, 0.0]
    assert (
        "0 kW less than before. 2 miners not counted for lack of a rating (dragonmint_ratings)." in (lowered["summary"])
    )
    result = run(fleet, kw=10, partial=True)
    assert [of(result, name)["cause"] for name in "abc"] == ["no rating", "no rating", ""]
    assert "2 miners skipped: 2 no rating." in result["summary"]
    assert "no rating of the T1 in the mode 'turbo'" in of(result, "b")["reason"]
    assert not run(fleet, mode="balanced")["is_ok"]


def test_a_restore_names_who_is_not_back() -> None:
    entry = RECORD.miners["a"]
    off = Entry("T1", "balanced", None, "powered off", WALL)
    record = Record({"a": entry, "b": entry, "c": off, "d": entry}, WALL, WALL + 3600)
    fleet = {"a": seen("efficient"), "b": seen("efficient"), "c": GONE}
    result = run(fleet, {"b": NO}, record=record, restore=True)
    assert not result["is_ok"]
    assert result["summary"].startswith("1 of 2 miners confirmed, 0.25 kW more than during the event.")
    assert "To be switched on by hand: c." in result["summary"]
    assert "Still in the record, since they are not part of this run: d." in result["summary"]
    assert [name for each in result["stats"]["record"]["curtailed"] for name in each["miners"]] == ["b", "d", "c"]


@pytest.mark.parametrize(("address", "a", "b"), [("10.1.0.1", "a (10.1.0.1)", "b (10.1.0.1)"), ("", "a", "b")])
def test_miners_that_fail_for_the_same_reason_are_named_together(address: str, a: str, b: str) -> None:
    without_login = {"failed": True, "error_code": "invalid_input", "msg": "No password is set."}
    result = run({"a": without_login, "b": without_login}, mode="efficient", address=address)
    assert result["summary"].startswith(
        "No miner was commanded. Not confirmed: 2 refused (2 connection not configured). 2 miners not in the desired "
        f"state: {a}, {b}: No password is set. "
    )


def test_that_nobody_had_to_be_commanded_is_said() -> None:
    result = run({"a": seen("efficient"), "b": seen("efficient")}, mode="efficient")
    assert result["is_ok"]
    assert result["summary"].startswith("No miner was commanded, since 2 of 2 miners need no change.")


def test_messages_and_screens_of_large_fleets_stay_short() -> None:
    fleet = {f"m{number}": seen("balanced") for number in range(1000)}
    result = run(fleet, dict.fromkeys(fleet, NO), mode="efficient")
    assert len(result["failed_miners"]) == 1000
    assert "m2 (10.1.0.1) and 997 more: No." in result["summary"]
    assert len(result["summary"]) < 1000
    rows, more = curtail.shown(result["rows"], "/reports/curtail.json")
    assert (len(rows), more) == (20, "… 980 more in /reports/curtail.json")
    assert curtail.shown(result["rows"][:20], "")[1] == ""


@pytest.mark.parametrize(
    ("record", "of_inventory", "later_s", "curtailed"),
    [
        (RECORD, {}, 0, ["a"]),
        (RECORD, {"b": None}, 0, ["a"]),
        (Record(), {}, 0, []),
        (RECORD, {}, 3600, []),
        (Record(), {"b": "2027-01-15T09:00:00Z"}, 0, ["b"]),
        (Record(), {"b": "2027-01-15T09:00:00Z"}, 3600, []),
        (RECORD, {"a": "2027-01-15T08:00:01Z", "b": "2027-01-15T09:00:00Z"}, 2, ["a", "b"]),
    ],
)
def test_a_miner_is_curtailed_while_the_event_is_open(
    record: Record, of_inventory: dict[str, str | None], later_s: float, curtailed: list[str]
) -> None:
    assert curtail.curtailed_until(record, of_inventory, WALL + later_s) == dict.fromkeys(curtailed, WALL + 3600)


def test_why_a_mode_is_kept() -> None:
    assert "since the miner is curtailed until 2027-01-15T09:00:00Z." in curtail.why_mode_is_kept(WALL + 3600)


@pytest.mark.parametrize(
    ("data", "handed", "file", "miners"),
    [
        (RECORD, RECORD, Record(), ["a"]),
        (None, RECORD, None, ["a"]),
        (None, None, RECORD, ["a"]),
        (None, Record(), RECORD, ["a"]),
        (None, None, None, []),
    ],
)
def test_every_job_finds_the_same_record(
    data: Record | None, handed: Record | None, file: Record | None, miners: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "record.json"
    if file is not None:
        path.write_text(text_of(file), encoding="utf-8")
    given = {"curtail_record": str(path), "curtail_record_data": data_of(data) if data else None}
    left = {"record": data_of(handed)} if handed else None
    record, place = _curtailed.record_of(normalised(curtail.PLACE_VARIABLES, given), left)
    assert (list(record.miners), place.path) == (miners, path)


def test_a_record_of_another_fleet_is_refused_where_a_user_gave_it(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(text_of(RECORD), encoding="utf-8")
    given = {"curtail_record_data": data_of(RECORD), "curtail_record": str(path)}
    own, foreign = list(RECORD.miners)[:1], ["another"]

    def found(*names: str, inventory: list[str]) -> list[str]:
        variables = {name: given[name] for name in names}
        return list(_curtailed.record_for(variables, lambda value: value, inventory)[0].miners)

    assert found("curtail_record_data", inventory=own) == list(RECORD.miners)
    with pytest.raises(InvalidVariables, match=r"^None of the .* of the record in curtail_record_data is in the inv"):
        found("curtail_record_data", inventory=foreign)
    # A folder may be shared by sites, and a workflow may go on with another one.
    assert found("curtail_record", inventory=foreign) == list(RECORD.miners)
    given["dragonmint_curtail"] = {"record": data_of(RECORD)}
    assert found("dragonmint_curtail", inventory=foreign) == list(RECORD.miners)


def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    given = normalised(curtail.PLACE_VARIABLES, {"curtail_record": str(tmp_path)})
    with pytest.raises(InvalidVariables, match=r"\(curtail_record\) can't be read: Is a directory\.$"):
        _curtailed.record_of(given, None)


def test_a_record_that_cannot_be_written_is_handed_on_where_its_file_is_not_required(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = curtail.Place(tmp_path / "file/record.json", tmp_path)
    with pytest.raises(
        InvalidInput, match=r"record\.json \(curtail_record\) can't be written: .*Set curtail_record to"
    ):
        _curtail_task.written(place, RECORD)
    place, warning = _curtail_task.written(replace(place, is_required=False), RECORD)
    assert "The job goes on without it" in warning
    assert not place.is_written
    result = run(FLEET, mode="efficient", place=place)
    assert " The record is only in the custom statistics (dragonmint_curtail), and the event open" in result["summary"]
    assert _curtail_task.written(replace(place, path=tmp_path / "record.json"), RECORD) == (
        replace(place, path=tmp_path / "record.json", is_written=True),
        "",
    )


def test_where_the_record_is() -> None:
    place = curtail.place_of(normalised(curtail.PLACE_VARIABLES, {"report_folder": "/reports"}))
    assert place == PLACE
    elsewhere = curtail.place_of(normalised(curtail.PLACE_VARIABLES, {"curtail_record": "/srv/record.json"}))
    assert elsewhere.path == PurePath("/srv/record.json")
