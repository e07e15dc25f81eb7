# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers in the sentences that sum up a job."""

from __future__ import annotations

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import words

ORDER = ("as desired", "drift", "failed")


@pytest.mark.parametrize(("number", "text"), [(0, "0 miners"), (1, "1 miner"), (2, "2 miners")])
def test_a_number_has_its_noun(number: int, text: str) -> None:
    assert words.counted(number, "miner") == text


def test_a_tally_keeps_the_order_and_the_zeros() -> None:
    counts = words.tally(["failed", "as desired", "failed"], ORDER)
    assert list(counts.items()) == [("as desired", 1), ("drift", 0), ("failed", 2)]


def test_a_tally_loses_no_outcome() -> None:
    with pytest.raises(ValueError, match="'lost' is not one of as desired, drift, failed"):
        words.tally(["lost"], ORDER)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"as desired": 40, "drift": 0, "failed": 3}, "43 miners: 40 as desired, 3 failed."),
        ({"as desired": 1}, "1 miner: 1 as desired."),
        ({"as desired": 0}, "0 miners: none."),
    ],
)
def test_a_sum_says_each_number(counts: dict[str, int], text: str) -> None:
    assert words.summed_up(counts) == text


@pytest.mark.parametrize(("limit", "text"), [(3, "a. b. c."), (2, "a. b. And 1 more."), (1, "a. And 2 more.")])
def test_what_is_left_out_is_counted(limit: int, text: str) -> None:
    assert words.first(["a.", "b.", "c."], limit) == text


@pytest.mark.parametrize(("limit", "text"), [(3, "a, b, c"), (2, "a, b and 1 more"), (1, "a and 2 more")])
def test_names_that_are_left_out_are_counted(limit: int, text: str) -> None:
    assert words.named(["a", "b", "c"], limit) == text
