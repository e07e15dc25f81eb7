# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of an upload's refusal by a busy updater on its way through nginx.

The updater answers 500 and hangs up while nginx still passes on the body, so the client often gets nginx's own 502 or a
reset instead. Of uploads of 30 MB this was seen in 1 of 8 at 1 MB/s and in 6 of 8 at 10 MB/s; of some kB hardly ever.
"""

from __future__ import annotations

import math
import random

REPLIES = ("500", "502", "reset")
# Whichever of them the odds are for.
BY_ODDS = "odds"
# What a miner's port of 100 Mbit/s takes, in bytes a second.
LINK = 10e6
# Fits both counts.
LOSSES = 0.0045e-12


def chance_of_loss(size: float, bytes_per_s: float) -> float:
    """How likely it is that an upload of so many bytes, at this rate, gets no 500."""
    return 1 - math.exp(-LOSSES * size * bytes_per_s)


def reply(wanted: str, chance: random.Random, size: float, bytes_per_s: float) -> str:
    """The one that was asked for, or the one that falls."""
    if wanted != BY_ODDS:
        return wanted
    return chance.choice(REPLIES[1:]) if chance.random() < chance_of_loss(size, bytes_per_s) else REPLIES[0]
