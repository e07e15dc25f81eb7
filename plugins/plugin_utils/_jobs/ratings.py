# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs expect of a miner, by the table of models and the user's own ratings in dragonmint_ratings."""

from __future__ import annotations

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import models
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables

# All firmwares have it, and of those of a model it draws the least.
LOWEST_MODE = "efficient"


def own_ratings(table: Any) -> models.OwnRatings:
    """Returns the ratings that a user gives, by type and mode. Raises InvalidVariables for what can't be meant."""
    try:
        return models.own_ratings(table)
    except InvalidInput as error:
        raise InvalidVariables(str(error)) from None


def watts(model: str | None, mode: str | None, own: models.OwnRatings) -> float | None:
    """Returns what a miner draws in a mode; None if no table knows it for this mode in particular."""
    found = models.rating_of(model, mode, own)
    return found.watts if found and found.mode == mode else None


def watts_about(model: str | None, mode: str | None, own: models.OwnRatings) -> float | None:
    """Returns what a miner draws in a mode, or nominally; None if no table knows either."""
    found = models.rating_of(model, mode, own)
    return found.watts if found else None


def inefficiency(model: str | None, mode: str | None, own: models.OwnRatings) -> float | None:
    """Returns what a miner draws for its work, as a multiple of what is usual for its algorithm.

    Hashes of different algorithms are not the same work, so their joules can't be compared. None if it is not known.
    """
    found, known = models.rating_of(model, mode, own), models.model_of(model)
    if not (found and known and found.watts and found.hashrate_hs):
        return None
    least, most = known.algorithm.joules
    usual: float = (least * most) ** 0.5
    return known.algorithm.joules_per(found.watts, found.hashrate_hs) / usual


def why_no_modes(model: str | None) -> str:
    """Returns why setting the autotune mode of a model does nothing; empty text where it works, or is not known."""
    known = models.model_of(model)
    works = known.autotune.works if known else None
    return known.autotune.reason if known and works and not works.value else ""


def is_below(model: str | None, mode: str | None, other: str | None, own: models.OwnRatings) -> bool:
    """Whether a miner surely draws less in a mode than in another one."""
    if mode is None or other is None or mode == other:
        return False
    mine, theirs = watts(model, mode, own), watts(model, other, own)
    if mine is None or theirs is None:
        return mode == LOWEST_MODE
    return mine < theirs
