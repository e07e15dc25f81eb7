# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a miner is expected to do, from our table and from the user's own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.ratings import Rating, rating
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

OWN = {"T1": {"balanced": {"hashrate_ths": 14.0, "watts": "1290"}}, "T9": {"off": {"hashrate_ths": 0, "watts": 5}}}


def test_our_own_table_knows_the_t1() -> None:
    assert rating("T1", "performance") == Rating(16.0, 1480.0)


def test_the_users_table_is_laid_over_ours() -> None:
    assert rating("T1", "balanced", OWN) == Rating(14.0, 1290.0)
    assert rating("T1", "performance", OWN) == Rating(16.0, 1480.0)
    assert rating("T9", "off", OWN) == Rating(0.0, 5.0)


def test_a_bare_off_is_the_mode_off() -> None:
    assert rating("T1", "off", {"T1": {False: {"hashrate_ths": 14, "watts": 1300}}}) == Rating(14.0, 1300.0)


@pytest.mark.parametrize(("model", "mode"), [(None, "balanced"), ("T1", None), ("T2", "balanced"), ("T1", "warp")])
def test_what_no_table_knows_has_no_rating(model: str | None, mode: str | None) -> None:
    assert rating(model, mode) is None


@pytest.mark.parametrize(
    "own",
    [
        [],
        {"T1": []},
        {"T1": {"balanced": 14}},
        {"T1": {"balanced": {"watts": 1290}}},
        {"T1": {"balanced": {"hashrate_ths": "fast", "watts": 1290}}},
        {"T1": {"balanced": {"hashrate_ths": -1, "watts": 1290}}},
        {"T1": {"balanced": {"hashrate_ths": float("inf"), "watts": 1290}}},
    ],
)
def test_a_table_of_another_shape_is_refused(own: Any) -> None:
    with pytest.raises(InvalidVariables, match=r"^dragonmint_ratings"):
        rating("T1", "balanced", own)
