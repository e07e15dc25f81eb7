# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which miners are chosen to draw less power, and what the record keeps of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.minerops.dragonmint.plugins.filter.curtail_plan import FilterModule as Plan
from ansible_collections.minerops.dragonmint.plugins.filter.curtail_rows import FilterModule as Rows
from hypothesis import given
from hypothesis import strategies as some

curtail_plan = Plan().filters()["curtail_plan"]
curtail_rows = Rows().filters()["curtail_rows"]

# What the table says of a T1, in W.
WATTS = {"performance": 1480, "factory": 1300, "balanced": 1300, "off": 1300, "efficient": 1050}
GONE = {"__curtail_seen": {"unreachable": True, "msg": "No miner answers."}}


def seen(mode: str, level: str | None = None, model: str = "T1", rate_ths: float | None = 4.8) -> dict[str, Any]:
    facts = {
        "dragonmint_identity": {"type": model},
        "dragonmint_mining": {"ready": True, "boards": [{"id": 0, "hashrate_ths": rate_ths}]},
        "dragonmint_autotune": {"mode": mode, "level": level},
    }
    return {"__curtail_seen": {"ansible_facts": facts}}


FLEET = {"a": seen("balanced"), "b": seen("performance"), "c": seen("efficient"), "d": seen("balanced")}


def plan(fleet: dict[str, Any], record: str | None = None, **goal: Any) -> dict[str, Any]:
    made: dict[str, Any] = curtail_plan(list(fleet), fleet, goal, record)
    return made


def of(made: dict[str, Any], miner: str) -> dict[str, Any]:
    return next(row for row in made["rows"] if row["miner"] == miner)


def test_the_largest_consumers_come_first_and_only_until_it_is_enough() -> None:
    made = plan(FLEET, kw=0.5)
    assert made["due"] == ["b", "a"]
    assert (made["saved_kw"], made["is_enough"]) == (0.68, True)
    assert of(made, "b")["then"] == "efficient"
    assert of(made, "d")["plan"] == "as it is"


def test_miners_are_powered_off_only_if_that_is_asked_for_and_modes_do_not_do() -> None:
    assert plan(FLEET, kw=2) | {"rows": [], "record": {}} == {
        "rows": [],
        "record": {},
        "due": ["b", "a", "d"],
        "saved_kw": 0.93,
        "is_enough": False,
    }
    made = plan(FLEET, kw=2, power_off=True)
    assert [row["plan"] for row in made["rows"]] == ["power off", "power off", "change", "as it is"]
    assert (made["saved_kw"], made["is_enough"]) == (3.03, True)
    assert "can't be switched on again" in of(made, "b")["reason"]


def test_a_mode_raises_no_miner() -> None:
    made = plan(FLEET, mode="balanced")
    assert made["due"] == ["b"]
    assert of(made, "c")["plan"] == "as it is"


def test_all_are_powered_off() -> None:
    made = plan({**FLEET, "e": GONE}, power_off=True)
    assert made["due"] == ["b", "a", "d", "c"]
    assert of(made, "e")["plan"] == "left alone"
    assert made["saved_kw"] == 5.13


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (GONE, "No miner answers."),
        ({"__curtail_seen": {"failed": False, "msg": "The login is refused."}}, "The login is refused."),
        (seen("balanced", model="T9"), "There is no rating of T9"),
        (seen("turbo"), "There is no rating of T1 in the mode turbo"),
        (seen("balanced", rate_ths=None), "It does not mine"),
    ],
)
@pytest.mark.parametrize(
    "goal", [{"kw": 10}, {"kw": 10, "power_off": True}, {"mode": "efficient"}, {"power_off": True}]
)
def test_what_is_not_known_to_save_anything_is_left_alone(
    variables: dict[str, Any], reason: str, goal: dict[str, Any]
) -> None:
    made = plan({"a": variables, "b": seen("balanced")}, **goal)
    assert made["due"] == ["b"]
    assert of(made, "a")["plan"] == "left alone"
    assert reason in of(made, "a")["reason"]


def recorded(**miners: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "miners": miners})


def before(mode: str, level: str | None = None, now: str = "efficient") -> dict[str, Any]:
    return {"before": {"model": "T1", "mode": mode, "level": level}, "address": "10.1.0.1", "now": now}


def test_what_the_open_event_saves_already_counts() -> None:
    first = plan(FLEET, kw=0.5)
    record = json.dumps(first["record"])
    fleet = {**FLEET, "a": seen("efficient"), "b": seen("efficient")}
    again = plan(fleet, record, kw=0.5)
    assert (again["due"], again["saved_kw"], again["is_enough"]) == ([], 0.68, True)
    more = plan(fleet, record, kw=0.9)
    assert (more["due"], more["saved_kw"]) == (["d"], 0.93)
    assert more["record"]["miners"]["b"]["before"]["mode"] == "performance"


def test_a_miner_counts_by_its_mode_while_it_restarts_and_not_at_all_once_it_broke_down() -> None:
    record = recorded(a=before("performance"), b=before("performance"))
    fleet = {"a": seen("efficient", rate_ths=None), "b": seen("performance", rate_ths=None), "c": seen("balanced")}
    assert (plan(fleet, record, kw=0.43)["due"], plan(fleet, record, kw=0.43)["saved_kw"]) == ([], 0.43)
    more = plan(fleet, record, kw=0.44)
    assert (more["due"], more["saved_kw"]) == (["c"], 0.68)


def test_a_second_event_keeps_what_a_miner_was_before_the_first() -> None:
    made = plan({"a": seen("efficient")}, recorded(a=before("performance")), power_off=True)
    assert made["record"]["miners"]["a"] == {
        **before("performance"),
        "address": "a",
        "now": "powered off",
    }


def test_what_the_event_powered_off_is_off_and_not_gone() -> None:
    record = recorded(a=before("balanced", now="powered off"))
    made = plan({"a": GONE}, record, kw=1)
    assert (made["due"], made["saved_kw"], made["is_enough"]) == ([], 1.3, True)


def test_restoring_gives_each_miner_its_mode_and_level() -> None:
    record = recorded(a=before("factory", "3"), b=before("balanced"), c=before("balanced", now="powered off"))
    fleet = {"a": seen("efficient", "3"), "b": seen("balanced"), "c": GONE, "d": seen("performance"), "e": GONE}
    made = plan(fleet, record, restore=True)
    assert made["due"] == ["a"]
    assert (of(made, "a")["then"], of(made, "a")["then_level"]) == ("factory", "3")
    assert [row["plan"] for row in made["rows"]] == ["change", "as it is", "switch on by hand"]
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
        {"power_off": True, "restore": True},
        {"kw": 0},
        {"kw": -1},
        {"kw": "much"},
        {"kw": float("inf")},
        {"mode": "Efficient"},
    ],
)
def test_exactly_one_goal_that_makes_sense(goal: dict[str, Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="curtail_"):
        plan(FLEET, **goal)


def test_an_empty_text_is_no_goal_and_a_number_may_be_a_text() -> None:
    assert plan(FLEET, kw="0.2", mode="")["due"] == ["b"]


@pytest.mark.parametrize("record", ["", "\n", "{", "[]", '{"version": 1}', '{"version": 1, "miners": {"a": {}}}', "\0"])
def test_a_damaged_record_is_refused(record: str) -> None:
    with pytest.raises(AnsibleFilterError, match="is damaged"):
        plan(FLEET, record, kw=1)


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="version 2"):
        plan(FLEET, '{"version": 2, "miners": {}}', kw=1)


@given(
    modes=some.lists(some.sampled_from(sorted(WATTS)), max_size=12),
    kw=some.floats(0.001, 20),
    off=some.booleans(),
)
def test_enough_is_saved_or_everything_is_used(modes: list[str], kw: float, off: bool) -> None:
    fleet = {f"m{number}": seen(mode) for number, mode in enumerate(modes)}
    made = plan(fleet, kw=kw, power_off=off)
    assert made == plan(fleet, kw=kw, power_off=off)
    saved = [row["watts"] - row["then_watts"] for row in made["rows"] if row["miner"] in made["due"]]
    assert all(watts > 0 for watts in saved)
    assert sum(saved) == pytest.approx(1000 * made["saved_kw"])
    if made["is_enough"]:
        assert made["saved_kw"] >= kw - 1e-3
    else:
        most = sum(WATTS[mode] if off else WATTS[mode] - WATTS["efficient"] for mode in modes)
        assert sum(saved) == pytest.approx(most)


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ({}, "pending"),
        ({"__curtail_changed": {"changed": True}, "__curtail_powered_off": {"skipped": True}}, "done"),
        ({"__curtail_changed": {"failed": True, "msg": "No."}, "__curtail_powered_off": {"skipped": True}}, "failed"),
        ({"__curtail_changed": {"skipped": True}, "__curtail_powered_off": {"unreachable": True}}, "failed"),
    ],
)
def test_the_outcome_of_each_miner(results: dict[str, Any], outcome: str) -> None:
    fleet = {"a": seen("balanced"), "b": seen("efficient")}
    rows = curtail_rows(plan(fleet, kw=0.2), {"a": results, "b": {}})
    assert [row["outcome"] for row in rows] == [outcome, "as it is"]
