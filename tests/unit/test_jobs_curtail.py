# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which miners are chosen to draw less power, what the record keeps of them, and what a run comes to."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import Read, read_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised
from hypothesis import given
from hypothesis import strategies as some

FOLDER = PurePath("/reports")
RECORD = FOLDER / curtail.RECORD
# What the table says of a T1, in W.
WATTS = {"performance": 1480, "factory": 1300, "balanced": 1300, "off": 1300, "efficient": 1050}
GONE = {"unreachable": True, "msg": "No miner answers."}
SKIPPED = {"skipped": True}
LOCKED = {"failed": False, "error_code": "authentication", "msg": "The login is refused."}


def seen(mode: str, level: str | None = None, model: str = "T1", rate_ths: float | None = 4.8) -> dict[str, Any]:
    facts = {
        "dragonmint_identity": {"type": model},
        "dragonmint_mining": {"ready": True, "boards": [{"id": 0, "hashrate_ths": rate_ths}]},
        "dragonmint_autotune": {"mode": mode, "level": level},
    }
    return {"ansible_facts": facts}


FLEET = {"a": seen("balanced"), "b": seen("performance"), "c": seen("efficient"), "d": seen("balanced")}


def values(**variables: Any) -> dict[str, Any]:
    return normalised(curtail.VARIABLES, {f"curtail_{name}": value for name, value in variables.items()})


def plan(fleet: dict[str, Any], record: str | None = None, **variables: Any) -> dict[str, Any]:
    """The plan for these results of reads, which may save too little."""
    read = [Read(miner, "10.1.0.1", result) for miner, result in fleet.items()]
    return curtail.plan(read, {**values(**variables), "partial": True}, record, RECORD, FOLDER)


def of(made: dict[str, Any], miner: str) -> dict[str, Any]:
    return next(row for row in made["rows"] if row["miner"] == miner)


def test_the_largest_consumers_come_first_and_only_until_it_is_enough() -> None:
    made = plan(FLEET, kw=0.5)
    assert made["due"] == ["b", "a"]
    assert made["saved_kw"] == 0.68
    assert made["modes"] == {name: {"mode": "efficient", "level": None} for name in ("b", "a")}
    assert of(made, "d")["plan"] == "unchanged"


def test_miners_are_powered_off_only_if_that_is_asked_for_and_modes_do_not_do() -> None:
    made = plan(FLEET, kw=2)
    assert (made["due"], made["power_off"], made["saved_kw"]) == (["b", "a", "d"], [], 0.93)
    made = plan(FLEET, kw=2, off=True)
    assert [row["plan"] for row in made["rows"]] == ["power off", "power off", "change", "unchanged"]
    assert (made["power_off"], list(made["modes"]), made["saved_kw"]) == (["b", "a"], ["d"], 3.03)
    assert "can't be switched on again" in of(made, "b")["reason"]


@pytest.mark.parametrize(("off", "hint"), [(False, " without powering miners off (curtail_off)"), (True, "")])
def test_too_little_is_a_problem_unless_a_part_will_do(off: bool, hint: str) -> None:
    read = [Read("a", "10.1.0.1", seen("balanced")), Read("b", "10.1.0.2", LOCKED)]
    made = curtail.plan(read, values(kw=2, off=off), None, RECORD, FOLDER)
    saved = 1.3 if off else 0.25
    assert made["problem"] == (
        f"1 of 2 miners to be changed, {saved} kW saved of 2 kW wanted. 1 miner skipped: 1 login refused. "
        f"No more can be saved{hint}, so nothing was sent. Set curtail_partial to save that much."
    )
    assert curtail.plan(read, values(kw=2, off=off, partial=True), None, RECORD, FOLDER)["problem"] == ""
    assert curtail.plan([], values(kw=2, off=off), None, RECORD, FOLDER)["problem"] == ""


def test_a_mode_raises_no_miner() -> None:
    made = plan(FLEET, mode="balanced")
    assert made["due"] == ["b"]
    assert of(made, "c")["plan"] == "unchanged"


def test_all_are_powered_off() -> None:
    made = plan({**FLEET, "e": GONE}, off=True)
    assert made["power_off"] == ["b", "a", "d", "c"]
    assert of(made, "e")["plan"] == "skipped"
    assert made["saved_kw"] == 5.13


@pytest.mark.parametrize(
    ("result", "cause", "reason"),
    [
        (GONE, "unreachable", "No miner answers."),
        ({"error_code": "timeout", "msg": "No reply."}, "unreachable", "No reply."),
        (LOCKED, "login refused", "The login is refused."),
        ({"error_code": "permission", "msg": "No."}, "login refused", "No."),
        ({"error_code": "invalid_input", "msg": "No."}, "connection not configured", "No."),
        ({"error_code": "bad_reply", "msg": "No."}, "mode not readable", "No."),
        ({"ansible_facts": {"dragonmint_identity": {}}}, "mode not readable", "It reports no autotune mode."),
        ({}, "mode not readable", "It reports no autotune mode."),
    ],
)
@pytest.mark.parametrize("goal", [{"kw": 10}, {"kw": 10, "off": True}, {"mode": "efficient"}, {"off": True}])
def test_what_can_not_be_commanded_is_skipped_with_the_cause(
    result: dict[str, Any], cause: str, reason: str, goal: dict[str, Any]
) -> None:
    made = plan({"a": result, "b": seen("balanced")}, **goal)
    assert made["due"] == ["b"]
    assert tuple(of(made, "a")[key] for key in ("plan", "cause", "reason")) == ("skipped", cause, reason)
    assert made["summary"].endswith(f"1 miner skipped: 1 {cause}.")


@pytest.mark.parametrize("goal", [{"kw": 10}, {"kw": 10, "off": True}, {"mode": "efficient"}, {"off": True}])
def test_what_does_not_hash_is_curtailed_after_what_does(goal: dict[str, Any]) -> None:
    made = plan({"a": seen("performance", rate_ths=None), "b": seen("balanced")}, **goal)
    assert made["due"] == ["b", "a"]
    assert "Not hashing at the moment: 1 of them." in made["summary"]


def test_what_is_not_rated_is_curtailed_where_it_surely_draws_less() -> None:
    fleet = {"a": seen("balanced", model="T9"), "b": seen("turbo"), "c": seen("efficient", model="T9")}
    made = plan(fleet, mode="efficient")
    assert (made["due"], made["saved_kw"]) == (["a", "b"], 0.0)
    assert plan(fleet, off=True)["due"] == ["a", "b", "c"]
    for goal in ({"mode": "balanced"}, {"kw": 10}):
        made = plan(fleet, **goal)
        assert made["due"] == []
        assert of(made, "b")["cause"] == "no rating"
    assert "no rating of a T1 in the mode turbo" in of(made, "b")["reason"]


HANGING = {"failed": False, "error_code": "timeout", "msg": "No reply."}
IDENTITY = {"ansible_facts": {"dragonmint_identity": {"type": "T1"}}}
MODE = {"changed": False, "diff": {"before": {"autotune": {"mode": "balanced", "level": None}}, "after": {}}}


@pytest.mark.parametrize(
    ("variables", "due", "cause"),
    [
        ({"seen": HANGING, "identity": IDENTITY, "mode": MODE}, ["a"], ""),
        ({"seen": HANGING, "identity": IDENTITY, "mode": HANGING}, [], "unreachable"),
        ({"seen": HANGING, "identity": HANGING, "mode": SKIPPED}, [], "unreachable"),
        ({"seen": seen("balanced"), "identity": SKIPPED, "mode": SKIPPED}, ["a"], ""),
        ({}, [], "mode not readable"),
    ],
)
def test_a_miner_whose_cgminer_hangs_can_be_commanded(variables: dict[str, Any], due: list[str], cause: str) -> None:
    read = read_from(
        "a", {"ansible_host": "10.1.0.1", **{f"__curtail_{key}": value for key, value in variables.items()}}
    )
    made = curtail.plan([read], values(mode="efficient"), None, RECORD, FOLDER)
    assert (made["due"], made["rows"][0]["cause"], made["rows"][0]["address"]) == (due, cause, "10.1.0.1")


def recorded(**miners: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "miners": miners})


def before(mode: str, level: str | None = None, now: str = "efficient") -> dict[str, Any]:
    return {"before": {"model": "T1", "mode": mode, "level": level}, "address": "10.1.0.1", "now": now}


def test_what_the_open_event_saves_already_counts() -> None:
    first = plan(FLEET, kw=0.5)
    record = json.dumps(first["record"])
    fleet = {**FLEET, "a": seen("efficient"), "b": seen("efficient")}
    again = plan(fleet, record, kw=0.5)
    assert (again["due"], again["saved_kw"]) == ([], 0.68)
    more = plan(fleet, record, kw=0.9)
    assert (more["due"], more["saved_kw"]) == (["d"], 0.93)
    assert more["record"]["miners"]["b"]["before"]["mode"] == "performance"


def test_a_miner_counts_by_its_mode_also_while_it_restarts() -> None:
    record = recorded(a=before("performance"))
    fleet = {"a": seen("efficient", rate_ths=None), "b": seen("balanced")}
    assert (plan(fleet, record, kw=0.43)["due"], plan(fleet, record, kw=0.43)["saved_kw"]) == ([], 0.43)
    more = plan(fleet, record, kw=0.44)
    assert (more["due"], more["saved_kw"]) == (["b"], 0.68)


def test_a_second_event_keeps_what_a_miner_was_before_the_first() -> None:
    made = plan({"a": seen("efficient")}, recorded(a=before("performance")), off=True)
    assert made["record"]["miners"]["a"] == {
        **before("performance"),
        "address": "10.1.0.1",
        "now": "powered off",
    }


def test_what_the_event_powered_off_is_off_and_not_gone() -> None:
    record = recorded(a=before("balanced", now="powered off"))
    made = plan({"a": GONE}, record, kw=1)
    assert (made["due"], made["saved_kw"]) == ([], 1.3)


def test_restoring_gives_each_miner_its_mode_and_level() -> None:
    record = recorded(a=before("factory", "3"), b=before("balanced"), c=before("balanced", now="powered off"))
    fleet = {"a": seen("efficient", "3"), "b": seen("balanced"), "c": GONE, "d": seen("performance"), "e": GONE}
    made = plan(fleet, record, restore=True)
    assert made["due"] == ["a"]
    assert (of(made, "a")["then"], of(made, "a")["then_level"]) == ("factory", "3")
    assert [row["plan"] for row in made["rows"]] == ["change", "unchanged", "switch on by hand"]
    assert made["record"]["miners"].keys() == {"a", "b", "c"}


def test_a_miner_that_was_switched_on_by_hand_gets_its_mode_back() -> None:
    made = plan({"a": seen("efficient")}, recorded(a=before("balanced", now="powered off")), restore=True)
    assert made["due"] == ["a"]


@pytest.mark.parametrize(
    "goal",
    [
        {},
        {"kw": 1, "mode": "efficient"},
        {"mode": "efficient", "restore": True},
        {"off": True, "restore": True},
        {"kw": 0},
        {"kw": -1},
    ],
)
def test_exactly_one_goal_that_makes_sense(goal: dict[str, Any]) -> None:
    with pytest.raises(InvalidVariables, match="curtail_"):
        values(**goal)


@pytest.mark.parametrize("goal", [{"kw": "much"}, {"kw": float("inf")}, {"mode": "Efficient"}])
def test_a_goal_of_another_type_is_refused(goal: dict[str, Any]) -> None:
    with pytest.raises(InvalidVariables, match="curtail_"):
        values(**goal)


def test_ratings_of_another_shape_are_refused() -> None:
    with pytest.raises(InvalidVariables, match=r"^dragonmint_ratings\.T1 must be a dictionary; found '14'"):
        normalised(curtail.VARIABLES, {"curtail_kw": 1, "dragonmint_ratings": {"T1": 14}})


def test_an_empty_text_is_no_goal_and_a_number_may_be_a_text() -> None:
    assert plan(FLEET, kw="0.2", mode="")["due"] == ["b"]


@pytest.mark.parametrize("record", ["", "\n", "{", "[]", '{"version": 1}', '{"version": 1, "miners": {"a": {}}}', "\0"])
@pytest.mark.parametrize("goal", [{"kw": 1}, {"restore": True}])
def test_a_damaged_record_is_a_problem(record: str, goal: dict[str, Any]) -> None:
    made = plan(FLEET, record, **goal)
    assert "/reports/curtail-record.json (curtail_record) is damaged" in made["problem"]
    assert made["due"] == []


def test_a_record_of_another_version_is_a_problem() -> None:
    assert "has version 2, but" in plan(FLEET, '{"version": 2, "miners": {}}', kw=1)["problem"]


def test_there_is_nothing_to_restore_without_a_record() -> None:
    assert plan(FLEET, restore=True)["problem"].startswith("There is no record of curtailed miners at /reports/")


def test_a_report_never_overwrites_the_record() -> None:
    wanted = values(mode="efficient")
    for name, is_refused in (("curtail.json", True), ("curtail.html", True), ("curtail-record.json", False)):
        assert bool(curtail.plan([], wanted, None, FOLDER / name, FOLDER)["problem"]) is is_refused
    assert curtail.plan([], wanted, None, PurePath("/elsewhere/curtail.json"), FOLDER)["problem"] == ""


@given(
    modes=some.lists(some.sampled_from(sorted(WATTS)), max_size=12),
    kw=some.floats(0.001, 20),
    off=some.booleans(),
)
def test_enough_is_saved_or_everything_is_used(modes: list[str], kw: float, off: bool) -> None:
    fleet = {f"m{number}": seen(mode) for number, mode in enumerate(modes)}
    made = plan(fleet, kw=kw, off=off)
    assert made == plan(fleet, kw=kw, off=off)
    saved = [row["watts"] - row["then_watts"] for row in made["rows"] if row["miner"] in made["due"]]
    assert all(watts > 0 for watts in saved)
    assert sum(saved) == pytest.approx(1000 * made["saved_kw"])
    if made["saved_kw"] < kw - 1e-3:
        most = sum(WATTS[mode] if off else WATTS[mode] - WATTS["efficient"] for mode in modes)
        assert sum(saved) == pytest.approx(most)


CHANGED, FAILED = {"changed": True}, {"failed": True, "msg": "No."}
ONE = {"a": seen("balanced"), "b": seen("efficient")}


@pytest.mark.parametrize(
    ("results", "outcome", "said"),
    [
        ([CHANGED, SKIPPED], "done", "1 of 1 miner changed, 0.25 kW less than before."),
        ([FAILED, SKIPPED], "failed", "1 miner not changed: a (10.1.0.1): No."),
        ([{}, {}], "not tried", "1 miner not changed: a (10.1.0.1): it was not tried."),
        ([SKIPPED, {"unreachable": True, "msg": "Gone."}], "failed", "1 miner not changed: a (10.1.0.1): Gone."),
    ],
)
def test_the_outcome_of_each_miner(results: list[Any], outcome: str, said: str) -> None:
    came_of = curtail.outcome(plan(ONE, kw=0.2), {"a": results}, values(kw=0.2))
    assert [row["outcome"] for row in came_of["rows"]] == [outcome, "unchanged"]
    is_ok = outcome == "done"
    assert (came_of["is_ok"], came_of["failed"]) == (is_ok, [] if is_ok else ["a"])
    assert said in came_of["summary"]
    assert ("Run the same command again once they answer." in came_of["summary"]) is not is_ok
    assert came_of["summary"].endswith(f"The record is {RECORD}.")


@pytest.mark.parametrize(
    ("goal", "is_ok"),
    [
        ({"mode": "efficient"}, False),
        ({"off": True}, False),
        ({"mode": "efficient", "partial": True}, True),
        # As many kilowatts as are wanted are saved.
        ({"kw": 0.2}, True),
    ],
)
def test_the_run_fails_where_miners_were_skipped_unless_a_part_will_do(goal: dict[str, Any], is_ok: bool) -> None:
    fleet = {"a": seen("balanced"), "b": GONE, "c": LOCKED, "d": LOCKED}
    for is_check in (False, True):
        came_of = curtail.outcome(plan(fleet, **goal), {"a": [CHANGED]}, values(**goal), is_check)
        assert came_of["is_ok"] is is_ok
        assert "3 miners skipped: 1 unreachable, 2 login refused." in came_of["summary"]
        assert ("set curtail_partial to do without them" in came_of["summary"]) is not is_ok
        assert came_of["stats"]["skipped"] == {"unreachable": 1, "login refused": 2}


def test_nothing_is_done_where_nobody_can_be_commanded() -> None:
    came_of = curtail.outcome(plan({"a": LOCKED}, mode="efficient"), {}, values(mode="efficient"))
    assert not came_of["is_ok"]
    assert came_of["summary"].startswith(
        "0 of 0 miners changed, 0 kW less than before. 1 miner skipped: 1 login refused."
    )


def test_check_mode_says_what_would_be_done() -> None:
    came_of = curtail.outcome(plan(FLEET, kw=0.5), {}, values(kw=0.5), is_check=True)
    assert came_of["summary"] == "2 of 4 miners to be changed, 0.68 kW saved of 0.5 kW wanted."
    assert [row["outcome"] for row in came_of["rows"]] == ["change", "change", "unchanged", "unchanged"]
    refused = curtail.outcome(plan(FLEET, kw=0.5), {"a": [CHANGED], "b": [FAILED]}, values(kw=0.5), is_check=True)
    assert (refused["is_ok"], refused["failed"]) == (False, ["b"])


def test_what_is_restored_leaves_the_record() -> None:
    record = recorded(
        a=before("performance"), b=before("balanced"), c=before("balanced", now="powered off"), d=before("balanced")
    )
    fleet = {"a": seen("efficient"), "b": seen("balanced"), "c": GONE}
    made = plan(fleet, record, restore=True)
    came_of = curtail.outcome(made, {"a": [CHANGED]}, values(restore=True))
    assert came_of["is_ok"]
    assert came_of["record"]["miners"].keys() == {"c", "d"}
    assert came_of["summary"] == (
        "1 of 1 miner changed, 0.43 kW more than during the event. To be switched on by hand: c. "
        f"Still in the record, since they are not part of this run: d. The record is {RECORD}."
    )
    check = curtail.outcome(made, {}, values(restore=True), is_check=True)
    assert check["record"]["miners"].keys() == {"a", "b", "c", "d"}
    refused = curtail.outcome(made, {"a": [FAILED]}, values(restore=True))
    assert refused["record"]["miners"].keys() == {"a", "c", "d"}


def test_a_miner_that_is_to_be_restored_and_does_not_answer_fails_the_run() -> None:
    made = plan({"a": LOCKED}, recorded(a=before("performance")), restore=True)
    came_of = curtail.outcome(made, {}, values(restore=True))
    assert not came_of["is_ok"]
    assert came_of["record"]["miners"].keys() == {"a"}


def test_messages_of_large_fleets_stay_short() -> None:
    fleet = {f"m{number}": seen("balanced") for number in range(1000)}
    goal = {"mode": "efficient"}
    came_of = curtail.outcome(plan(fleet, **goal), {name: [FAILED] for name in fleet}, values(**goal))
    assert len(came_of["failed"]) == 1000
    assert "And 990 more." in came_of["summary"]
    assert len(came_of["summary"]) < 1000
