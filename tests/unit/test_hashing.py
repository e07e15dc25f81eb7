# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether boards hash, and what is expected of them, for models with different units."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import own_ratings
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import (
    expected_of,
    in_words,
    is_hashing,
    rate_of,
    rate_of_miner,
)

OWN = own_ratings({"T2T+": {"nominal": {"hashrate_ths": 31, "watts": 2300}}})


@pytest.mark.parametrize(
    ("board", "rate"),
    [
        ({"hashrate_hs": 17150.54, "hashrate_ths": None}, 17150.54),
        ({"hashrate_hs": None, "hashrate_ths": 5.0}, None),
        ({"hashrate_ths": 5.0}, 5e12),
        ({"hashrate_ths": None}, None),
        ({}, None),
    ],
)
def test_the_rate_of_a_board(board: dict[str, Any], rate: float | None) -> None:
    assert rate_of(board) == rate
    assert rate_of_miner([board, board], {}) == (None if rate is None else 2 * rate)


@pytest.mark.parametrize(
    ("rates", "average", "rate"),
    [((4.0, None), 9.0, 4.0), ((0.0, 0.0), 9.0, 0.0), ((None, None), 9.0, 9.0), ((), 9.0, 9.0), ((None,), None, None)],
)
def test_the_average_stands_in_where_no_board_shows_a_rate(
    rates: tuple[float | None, ...], average: float | None, rate: float | None
) -> None:
    boards = [{"hashrate_hs": each} for each in rates]
    assert rate_of_miner(boards, {"hashrate_hs": {"average": average}}) == rate


@pytest.mark.parametrize(
    ("board", "is_counted", "hashes"),
    [
        ({"hashrate_hs": 5e12}, True, True),
        ({"hashrate_hs": 5e12}, None, True),
        ({"hashrate_hs": 0.0, "last_share_seconds": 5}, None, False),
        # Its unit is unknown; that does not mean a rate of 0.
        ({"hashrate_hs": None, "last_share_seconds": 5}, True, True),
        ({"hashrate_hs": None, "last_share_seconds": 601}, None, False),
        ({"hashrate_hs": None, "last_share_seconds": None}, True, False),
        # The clock runs, with or without results.
        ({"hashrate_hs": 8e11, "last_share_seconds": None}, False, False),
        ({"hashrate_hs": 8e11, "last_share_seconds": 601}, False, False),
        ({"hashrate_hs": 8e11, "last_share_seconds": 600}, False, True),
    ],
)
def test_whether_a_board_hashes(board: dict[str, Any], is_counted: bool | None, hashes: bool) -> None:
    assert is_hashing(board, {"is_rate_counted": is_counted}) is hashes


@pytest.mark.parametrize(
    ("type_", "mode", "hashrate_hs"),
    [
        ("T1", "balanced", 14.5e12),
        ("T1", "unheard of", None),
        # The mode may have no effect there.
        ("B29+", "factory", 50e3),
        ("B29+", None, 50e3),
        # It has one here, but the rating is unknown.
        ("T2T", "efficient", None),
        ("T2T+", "efficient", 31e12),
        ("T2TH", "efficient", None),
        # Several variants report this type.
        ("T3", "factory", None),
        # Only quoted figures.
        ("D9", "factory", None),
        ("X1", "factory", None),
        (None, None, None),
    ],
)
def test_what_to_expect(type_: str | None, mode: str | None, hashrate_hs: float | None) -> None:
    expected = expected_of(type_, mode, OWN)
    assert (expected.hashrate_hs if expected else None) == hashrate_hs


@pytest.mark.parametrize(
    ("rate", "algorithm", "text"),
    [(14.2e12, "sha256", "14.2 TH/s"), (51451.62, "equihash", "51.5 kSol/s"), (0.0, None, "0 H/s")],
)
def test_a_rate_in_words(rate: float, algorithm: str | None, text: str) -> None:
    assert in_words(rate, algorithm) == text
