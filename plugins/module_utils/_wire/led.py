# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint of the red light on the front of a miner, which can be switched but not read."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint, Request, nothing
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    INNO_2018_05,
    INNO_2018_08,
    INNO_2018_09,
)

# The states, and the firmware's names for them.
LIGHTS = {"on": "on", "off": "off", "blinking": "twinkle"}


def switch_led(state: str) -> Request[None]:
    """Switches the light."""
    return Request(SET_LED, {"red_light": LIGHTS[state]})


# Whether later firmware still has it is unknown. The reply comes from the program that controls the light.
SET_LED = Endpoint(
    "SetMonitor",
    dict.fromkeys((INNO_2018_05, INNO_2018_08, INNO_2018_09), ADMIN),
    nothing,
    writes=True,
    is_flag_text=True,
)
