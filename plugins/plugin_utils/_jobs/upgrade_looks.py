# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The looks at a batch after the firmware was sent: which miners are next, when, and the results so far.

A look is a few tasks for all miners of the batch. A miner is looked at until it has reached its goal; its results then
stay, whatever happens to the others in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import upgrade_course
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade import Miner

# The steps of a course that a look may fill in.
STEPS = ("back", "found", "healthy")
_PAUSE_S = 3.0
# A pause is a tenth of the elapsed time: short at first, and few looks even over a day.
_SHARE = 0.1


def merged(before: Mapping[str, Any], latest: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the results by step and miner, including the latest look."""
    return {step: {**before.get(step, {}), **latest.get(step, {})} for step in STEPS}


def due(miners: Iterable[Miner], values: Mapping[str, Any], began: float, now: float) -> dict[str, Any]:
    """Returns the miners of the next look, given the results of the latest. ``now`` is the time of the next look.

    ``back`` are those that may be back, ``found`` has the options of the search for each missing miner, ``healthy`` are
    those that run the firmware and may mine as before. ``pause`` is the time to wait before it in whole seconds.
    ``unhealthy`` are those that came back but do not mine as before; they are not checked again.
    """
    found: dict[str, Any] = {"back": [], "found": {}, "healthy": [], "unhealthy": []}
    ends: list[float] = []
    for miner in miners:
        own = miner.values or values
        course = miner.course
        stage, _reason = upgrade_course.stage(course, own, now)
        if stage == upgrade_course.SETTLING:
            found["healthy"].append(miner.name)
        elif stage == upgrade_course.MISSING and not upgrade_course.is_found(course):
            found["found"][miner.name] = {"expected_mac": upgrade_course.mac_before(course), "search": own["search"]}
        elif stage in (upgrade_course.HANDED_OVER, upgrade_course.MISSING):
            found["back"].append(miner.name)
        elif stage == upgrade_course.UNHEALTHY:
            found["unhealthy"].append(miner.name)
        if stage in (upgrade_course.HANDED_OVER, upgrade_course.MISSING, upgrade_course.SETTLING):
            ends.append(upgrade_course.waits_until(course, own))
    # The last look at a miner is right after its time is over.
    until_next_end = min((end + 1 - now for end in ends if end > now), default=_PAUSE_S)
    pause = max(_PAUSE_S, min((now - began) * _SHARE, until_next_end))
    return {**found, "pause": ceil(pause), "is_waited_for": bool(ends)}
