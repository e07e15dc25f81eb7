# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new, what continues and what is resolved between two reports."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import changes
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.changes import Changes, Known

IDENTITY = ("miner", "code", "part")


def row(miner: str, code: str = "", part: str = "", severity: str = "critical") -> dict[str, Any]:
    return {"miner": miner, "code": code, "part": part, "severity": severity if code else "ok"}


def compare(known: Known | None, *rows: dict[str, Any], now: float = 2000.0, is_limited: bool = False) -> Changes:
    return changes.compare(rows, IDENTITY, known, now, is_limited)


def known(**problems: list[str]) -> Known:
    return Known(1000.0, {miner: dict.fromkeys(what, 500.0) for miner, what in problems.items()}, miners=[*problems])


def named(problems: Any) -> list[tuple[str, str]]:
    return [(each["miner"], each["what"]) for each in problems]


def test_without_a_last_report_every_problem_is_new() -> None:
    result = compare(None, row("m1", "board_dead", "board 1"), row("m2"))
    assert named(result.difference.new) == named(result.unposted.new) == [("m1", "board_dead board 1")]
    assert [each["change"] for each in result.rows] == ["new", ""]
    assert (result.still, result.difference.resolved, result.arrived, result.left) == (0, [], [], [])


def test_a_problem_that_stays_keeps_its_time() -> None:
    result = compare(known(m1=["board_dead board 1"]), row("m1", "board_dead", "board 1"), row("m1", "board_hot"))
    assert [(each["change"], each["since"]) for each in result.rows] == [
        ("still", "1970-01-01 00:08 UTC"),
        ("new", "1970-01-01 00:33 UTC"),
    ]
    assert result.known.open == {"m1": {"board_dead board 1": 500.0, "board_hot": 2000.0}}


def test_on_a_page_one_column_says_it() -> None:
    result = compare(known(m1=["board_hot"]), row("m1", "board_hot"), row("m2", "board_hot"), row("m3"))
    rows, columns = changes.for_page(result.rows, ["miner"])
    assert columns == ["miner", "since"]
    assert [each["since"] for each in rows] == ["01-01 00:08", "new", ""]


@pytest.mark.parametrize("severity", ["info", "ok"])
def test_what_is_no_problem_is_not_tracked(severity: str) -> None:
    result = compare(None, row("m1", "rebooted", severity=severity))
    assert not result.difference
    assert result.known.open == {}


def test_what_is_gone_is_resolved() -> None:
    result = compare(known(m1=["board_dead board 1"], m2=["board_hot"]), row("m1"), row("m2", "board_hot"))
    assert named(result.difference.resolved) == [("m1", "board_dead board 1")]
    assert result.still == 1


@pytest.mark.parametrize("code", ["unreachable", "locked", "unexamined"])
def test_of_a_miner_that_cannot_be_asked_nothing_is_resolved_or_new_again(code: str) -> None:
    lost = compare(known(m1=["board_dead board 1"]), row("m1", code))
    assert named(lost.difference.new) == [("m1", code)]
    assert lost.difference.resolved == []
    back = compare(lost.known, row("m1", "board_dead", "board 1"), now=3000.0)
    assert back.difference.new == []
    assert named(back.difference.resolved) == [("m1", code)]


def test_a_limited_report_says_nothing_about_other_miners() -> None:
    before = known(m1=["board_hot"], m2=["board_hot"])
    result = compare(before, row("m1"), is_limited=True)
    assert named(result.difference.resolved) == [("m1", "board_hot")]
    assert result.known.open == {"m2": {"board_hot": 500.0}}
    assert (result.known.miners, result.left) == (["m1", "m2"], [])


def test_a_miner_that_left_is_named_with_its_problems() -> None:
    result = compare(known(m1=["board_hot"], m2=[]), row("m2"), row("m3"))
    assert named(result.difference.resolved) == [("m1", "board_hot, no longer in the inventory")]
    assert (result.arrived, result.left, result.known.open) == (["m3"], ["m1"], {})


def test_what_was_not_posted_is_posted_with_the_next_report() -> None:
    first = compare(None, row("m1", "board_hot"))
    unsent = compare(first.known, row("m1", "board_hot"))
    assert not unsent.difference
    assert named(unsent.unposted.new) == [("m1", "board_hot")]
    assert not compare(unsent.when_posted(), row("m1", "board_hot")).unposted


def test_what_came_and_went_unposted_is_never_posted() -> None:
    first = compare(None, row("m1", "board_hot"))
    assert not compare(first.known, row("m1")).unposted


@pytest.mark.parametrize("with_miners", [True, False])
def test_what_is_known_comes_back_from_its_text(with_miners: bool) -> None:
    state = compare(known(m1=["board_hot"]), row("m1", "board_dead")).known
    text = json.dumps(changes.text_of(state, with_miners))
    back = changes.known_from(text)
    assert back is not None
    assert (back.open, back.posted, back.at) == (state.open, state.posted, 2000.0)
    assert back.miners == (state.miners if with_miners else None)


@pytest.mark.parametrize(
    "data", [None, {}, "", "{", "[]", {"version": 2, "at": 1, "open": {}}, {"version": 1, "at": 1, "open": {"m": 3}}]
)
def test_what_is_not_understood_counts_as_no_report(data: Any) -> None:
    assert changes.known_from(data) is None
