# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a miner is expected to do, by model and autotune mode: its hash rate, and the power that it draws.

The miners themselves measure no power. The maker names one pair for the T1, 16 TH/s at 1480 W, which stands here for
the mode performance. The recordings of a T1 in the mode balanced show 14.5 TH/s. What else stands here is estimated
from these two: watts fall a little faster than the hash rate, since voltage falls with the frequency. A farm that has
measured its miners at the wall gives its own table, which is laid over this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

_EXAMPLE = "A rating looks like this: dragonmint_ratings: {T1: {balanced: {hashrate_ths: 14.4, watts: 1335}}}."


@dataclass(frozen=True)
class Rating:
    """The hash rate in TH/s and the power in W of a miner of some model in some mode."""

    hashrate_ths: float
    watts: float


RATINGS = {
    "T1": {
        "performance": Rating(16.0, 1480.0),
        "factory": Rating(14.5, 1300.0),
        "balanced": Rating(14.5, 1300.0),
        "off": Rating(14.5, 1300.0),
        "efficient": Rating(12.5, 1050.0),
    }
}


def rating(model: str | None, mode: str | None, own: Mapping[str, Any] | None = None) -> Rating | None:
    """Returns what is expected of a miner, from the user's ``own`` table first; None if neither table knows.

    ``own`` is model to mode to ``{hashrate_ths: …, watts: …}``. Raises InvalidVariables if it is anything else.
    """
    if model is None or mode is None:
        return None
    mine = own_ratings(own).get((model, mode))
    return mine or RATINGS.get(model, {}).get(mode)


def own_ratings(own: Any) -> dict[tuple[str, str], Rating]:
    """Returns the ratings that a user gives, by model and mode. Raises InvalidVariables for any other shape."""
    return {
        (str(model), str(mode)): _rating(f"dragonmint_ratings.{model}.{mode}", figures)
        for model, modes in _entries("dragonmint_ratings", {} if own in (None, "") else own)
        for mode, figures in _entries(f"dragonmint_ratings.{model}", modes)
    }


def _rating(where: str, figures: Any) -> Rating:
    values = dict(_entries(where, figures))
    try:
        found = Rating(float(values["hashrate_ths"]), float(values["watts"]))
    except (KeyError, TypeError, ValueError):
        found = Rating(-1.0, -1.0)
    if not (0 <= found.hashrate_ths < float("inf") and 0 <= found.watts < float("inf")):
        raise InvalidVariables(
            f"{where} must have the numbers hashrate_ths and watts, 0 or more; found '{values}'. {_EXAMPLE}"
        )
    return found


def _entries(where: str, value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, Mapping):
        raise InvalidVariables(f"{where} must be a dictionary; found '{value}'. {_EXAMPLE}")
    # YAML reads a bare off as false.
    return [("off" if key is False else key, entry) for key, entry in value.items()]
