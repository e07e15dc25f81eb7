# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of the firmware on its updater."""

from __future__ import annotations

from ...generations import since
from ..call import Call
from ..wire import Reply
from .action import Action
from .answers import success


async def restart_swupdate(call: Call) -> Reply:
    """The result is never reported, as with cgminer; whether it helps a stuck updater is a setting."""
    call.miner.keep(call.miner.updater.restart())
    call.applied()
    return success()


ACTIONS = {"restartSwupdate": Action(restart_swupdate, since("inno-2019"), is_write=True)}
