# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether and how fast the boards of a miner hash, according to its fact dragonmint_mining, for each algorithm.

Rates are in the base unit of the algorithm, so they are comparable only between miners with the same algorithm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import (
    EQUIHASH,
    NOMINAL,
    Expected,
    OwnRatings,
    model_of,
    normal_type,
    rating_of,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import in_unit

# A hashing board finds shares more often than this, unless its pool sets a very high difficulty.
MAX_SHARE_AGE_S = 600.0

Board = Mapping[str, Any]


def rate_of(board: Board) -> float | None:
    """Returns the rate of a board. Facts cached by earlier versions of this collection have only TH/s."""
    if "hashrate_hs" in board:
        rate: float | None = board["hashrate_hs"]
        return rate
    ths = board.get("hashrate_ths")
    return None if ths is None else ths * 1e12


def rate_of_miner(boards: Iterable[Board], mining: Mapping[str, Any]) -> float | None:
    """Returns the total rate of these boards; if none of them has a rate, the miner's average.

    None if neither is known.
    """
    rates = [rate for rate in map(rate_of, boards) if rate is not None]
    average: float | None = (mining.get("hashrate_hs") or {}).get("average")
    return sum(rates) if rates else average


def is_hashing(board: Board, mining: Mapping[str, Any], max_share_age_s: float = MAX_SHARE_AGE_S) -> bool:
    """Whether a board hashes: by its rate, or if that is calculated from the clock or unknown, by its shares."""
    rate = rate_of(board)
    if rate is not None and mining.get("is_rate_counted") is not False:
        return bool(rate)
    age = board.get("last_share_seconds")
    return age is not None and age <= max_share_age_s


def expected_of(type_: str | None, mode: str | None, own: OwnRatings) -> Expected | None:
    """Returns what to expect of a miner in an autotune mode; None if unknown.

    A nominal rating of the table belongs to no mode, so it applies unless the mode is known to matter.
    """
    expected, model = rating_of(type_, mode, own), model_of(type_)
    if expected is None or expected.hashrate_hs is None:
        return None
    is_own = expected is own.get(normal_type(type_ or ""), {}).get(NOMINAL)
    works = model.autotune.works if model else None
    if expected.mode is None and not is_own and works and works.value:
        return None
    return expected


def in_words(rate: float, algorithm: str | None) -> str:
    """Returns a rate as "14.2 TH/s" or "51.4 kSol/s"."""
    return in_unit(rate, EQUIHASH.unit if algorithm == EQUIHASH.name else "H/s")
