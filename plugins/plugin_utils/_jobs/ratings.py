# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs expect of a miner, from the table of models and the user's own ratings in dragonmint_ratings."""

from __future__ import annotations

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import models
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

# All firmwares have it, and on every model it is the mode that draws the least.
LOWEST_MODE = "efficient"


def own_ratings(table: Any) -> models.OwnRatings:
    """Returns the ratings that a user sets, by type and mode. Raises InvalidVariables for implausible ones."""
    try:
        return models.own_ratings(table)
    except InvalidInput as error:
        raise InvalidVariables(str(error)) from None


def watts(model: str | None, mode: str | None, own: models.OwnRatings) -> float | None:
    """Returns the power of a miner in a mode; None if no table has it for this particular mode."""
    found = models.rating_of(model, mode, own)
    return found.watts if found and found.mode == mode else None


def watts_about(model: str | None, mode: str | None, own: models.OwnRatings) -> float | None:
    """Returns the power of a miner in a mode, or the nominal one; None if no table has either."""
    found = models.rating_of(model, mode, own)
    return found.watts if found else None


def inefficiency(model: str | None, mode: str | None, own: models.OwnRatings) -> float | None:
    """Returns the energy per work of a miner, relative to what is usual for its algorithm.

    Hashes of different algorithms are different work, so their joules can't be compared. None if unknown.
    """
    found, known = models.rating_of(model, mode, own), models.model_of(model)
    if not (found and known and found.watts and found.hashrate_hs):
        return None
    least, most = known.algorithm.joules
    usual: float = (least * most) ** 0.5
    return known.algorithm.joules_per(found.watts, found.hashrate_hs) / usual


def why_no_modes(model: str | None) -> str:
    """Returns why setting the autotune mode of a model has no effect; empty if it has, or if that is unknown."""
    known = models.model_of(model)
    works = known.autotune.works if known else None
    return known.autotune.reason if known and works and not works.value else ""


def is_below(model: str | None, mode: str | None, other: str | None, own: models.OwnRatings) -> bool:
    """Whether a miner certainly draws less in one mode than in another."""
    if mode is None or other is None or mode == other:
        return False
    mine, theirs = watts(model, mode, own), watts(model, other, own)
    if mine is None or theirs is None:
        return mode == LOWEST_MODE
    return mine < theirs
