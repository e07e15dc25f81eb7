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

from ansible.errors import AnsibleFilterError


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

    ``own`` is model to mode to ``{hashrate_ths: …, watts: …}``. Raises AnsibleFilterError if it is anything else.
    """
    if model is None or mode is None:
        return None
    mine = _entry(_entry(own, model, "models"), mode, f"modes of {model}")
    if mine is None:
        return RATINGS.get(model, {}).get(mode)
    try:
        found = Rating(float(mine["hashrate_ths"]), float(mine["watts"]))
    except (KeyError, TypeError, ValueError):
        found = Rating(-1.0, -1.0)
    if not (0 <= found.hashrate_ths < float("inf") and 0 <= found.watts < float("inf")):
        raise AnsibleFilterError(
            f"The rating of {model} in the mode {mode} must have the numbers hashrate_ths and watts, 0 or more."
        )
    return found


def _entry(table: Any, key: str, what: str) -> Any:
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise AnsibleFilterError(f"The ratings must be a dictionary where they name the {what}.")
    return table.get(key)
