# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How nginx passes on a busy updater's refusal of an upload.

The updater answers 500 and hangs up while nginx still passes on the body, so the client often gets nginx's own 502 or a
reset instead. For uploads of 30 MB this was seen in 1 of 8 at 1 MB/s and in 6 of 8 at 10 MB/s; for some kB hardly ever.
"""

from __future__ import annotations

import math
import random

REPLIES = ("500", "502", "reset")
# Decided at random.
BY_ODDS = "odds"
# The speed of a miner's 100 Mbit/s port, in bytes per second.
LINK = 10e6
# Fits both counts.
LOSSES = 0.0045e-12


def chance_of_loss(size: float, bytes_per_s: float) -> float:
    """The probability that an upload of this size, at this rate, gets no 500."""
    return 1 - math.exp(-LOSSES * size * bytes_per_s)


def reply(wanted: str, chance: random.Random, size: float, bytes_per_s: float) -> str:
    """The requested outcome, or a random one."""
    if wanted != BY_ODDS:
        return wanted
    return chance.choice(REPLIES[1:]) if chance.random() < chance_of_loss(size, bytes_per_s) else REPLIES[0]
