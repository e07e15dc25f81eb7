# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs expect of a miner: its hash rate, its power in a mode, and its efficiency."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import ratings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import expected_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.ratings import own_ratings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

OWN = {
    "T1": {"balanced": {"hashrate_ths": 14.0, "watts": "1290"}},
    "T9": {"algorithm": "sha256", "nominal": {"hashrate_ths": 9, "watts": 99}},
}
NOTHING = own_ratings(None)


def rate(model: str | None, mode: str | None, own: Any = None) -> float | None:
    expected = expected_of(model, mode, own_ratings(own))
    return expected and expected.hashrate_hs


def test_the_users_table_is_laid_over_ours() -> None:
    assert rate("T1", "performance") == 16e12
    assert rate("T1", "balanced", OWN) == 14e12
    assert rate("T9", "balanced", OWN) == 9e12


@pytest.mark.parametrize(
    ("model", "mode"),
    # A nominal rating of our table is for no particular mode.
    [(None, "balanced"), ("T1", None), ("T1", "warp"), ("T2T", "balanced"), ("nobody's", "off")],
)
def test_what_no_table_knows_has_no_rating(model: str | None, mode: str | None) -> None:
    assert rate(model, mode) is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"T1": {"balanced": {"hashrate_ths": 14.4, "watts": 1.3}}}, "For 1.3 kW, set watts: 1300"),
        ({"T1": {"balanced": {"hashrate_hs": 14.4, "watts": 1335}}}, "not plausible for SHA-256"),
        ({"T1": 14}, "dragonmint_ratings.T1 must be a dictionary"),
    ],
)
def test_a_table_that_can_not_be_meant_is_refused(table: Any, said: str) -> None:
    with pytest.raises(InvalidVariables, match=r"^dragonmint_ratings") as refused:
        own_ratings(table)
    assert said in str(refused.value)


def test_only_the_rating_of_a_mode_says_what_is_drawn_in_it() -> None:
    assert ratings.watts("T1", "balanced", NOTHING) == 1300
    assert ratings.watts("T2T", "balanced", NOTHING) is None
    assert ratings.watts_about("T2T", "balanced", NOTHING) == 1980
    assert ratings.watts_about("T9", "balanced", NOTHING) is None


def test_work_of_different_algorithms_is_compared_by_what_is_usual_for_each() -> None:
    t1, a9 = (ratings.inefficiency(model, "balanced", NOTHING) for model in ("T1", "B29+"))
    assert t1 is not None
    assert a9 is not None
    # 90 J/TH and 12.4 J/kSol: each is about the usual value, so they must not differ by a factor of 1,000.
    assert 0.5 < t1 / a9 < 2
    assert t1 == pytest.approx((1300 / 14.5) / (10 * 500) ** 0.5)
    assert ratings.inefficiency("T1", "performance", NOTHING) > t1
    assert ratings.inefficiency("T9", "balanced", NOTHING) is None


@pytest.mark.parametrize(
    ("model", "has_none"), [("T1", False), ("T9", False), (None, False), ("A5", True), ("A6", True)]
)
def test_where_setting_the_mode_does_nothing(model: str | None, has_none: bool) -> None:
    assert bool(ratings.why_no_modes(model)) is has_none


@pytest.mark.parametrize(
    ("model", "mode", "other", "below"),
    [
        ("T1", "efficient", "balanced", True),
        ("T1", "balanced", "performance", True),
        ("T1", "balanced", "efficient", False),
        ("T1", "factory", "balanced", False),
        ("T1", "balanced", "balanced", False),
        ("T9", "efficient", "performance", True),
        ("T9", "balanced", "performance", False),
        ("T1", None, "balanced", False),
    ],
)
def test_which_mode_surely_draws_less(model: str, mode: str | None, other: str, below: bool) -> None:
    assert ratings.is_below(model, mode, other, NOTHING) is below
