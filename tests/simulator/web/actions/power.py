# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot and similar: the answer comes after a pause, at the moment the miner goes down (seen on the device).

A client that hangs up during the pause changes nothing.
"""

from __future__ import annotations

from ..call import Call
from ..wire import Reply
from .action import Action
from .answers import success


async def reboot(call: Call) -> Reply:
    await call.miner.clock.sleep(call.miner.timing["power_delay_s"])
    call.afterwards.append(call.miner.reboot)
    call.applied()
    return success()


async def poweroff(call: Call) -> Reply:
    await call.miner.clock.sleep(call.miner.timing["power_delay_s"])
    call.afterwards.append(call.miner.power_off)
    call.applied()
    return success()


async def factory_reset(call: Call) -> Reply:
    await call.miner.clock.sleep(call.miner.timing["power_delay_s"])
    call.miner.forget_settings()
    call.afterwards.append(call.miner.reboot)
    call.applied()
    return success()


async def restart_cgminer(call: Call) -> Reply:
    """Answered at once; the restart happens in the background and its result is never reported."""
    call.miner.cgminer.stop()
    call.miner.keep(call.miner.restart_cgminer())
    call.applied()
    return success()


ACTIONS = {
    "reboot": Action(reboot, is_write=True),
    "reboot.py": Action(reboot, is_write=True),
    "poweroff": Action(poweroff, is_write=True),
    "factoryReset": Action(factory_reset, is_write=True),
    "restartCgMiner": Action(restart_cgminer, is_write=True),
}
