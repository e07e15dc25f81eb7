# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles a request in the firmware: permission first, then the action's function."""

from __future__ import annotations

from ..call import Call
from ..wire import Reply
from . import hardware, legacy, mining, power, settings, updater, vendor
from .action import Action
from .answers import INVALID_REQUEST, TOKEN_EXPIRED, success
from .login import auth

ACTIONS: dict[str, Action] = {
    **mining.ACTIONS,
    **hardware.ACTIONS,
    **settings.ACTIONS,
    **power.ACTIONS,
    **legacy.ACTIONS,
    **updater.ACTIONS,
    **vendor.ACTIONS,
}


def is_write(action: str | None) -> bool:
    """Whether a request with this action changes the device if it is served."""
    return action in ACTIONS and ACTIONS[action].is_write


async def run(call: Call) -> Reply:
    """Answers a request in one of the miner's few PHP workers; the others wait their turn."""
    async with call.miner.workers:
        await call.miner.clock.sleep(call.miner.latency_of(call.action or ""))
        reply = await _answer(call)
        await call.miner.clock.sleep(call.linger_s)
        return reply


async def _answer(call: Call) -> Reply:
    action = call.action or ""
    if call.identity.token_refused:
        return TOKEN_EXPIRED
    if action == "auth":
        return await auth(call)
    known = ACTIONS.get(action)
    if known is None or not known.allows(call.identity.user, call.miner.generation.name):
        return INVALID_REQUEST
    if call.ignored:
        return success()
    return await known.handle(call)
