# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an update. Each fault waits for an upload or a download, and goes along with it to the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from . import nginx_pages
from .call import Call
from .generations import UPDATES
from .wire import Reply

Execute = Callable[[], Awaitable[Reply]]


async def boots_old(call: Call, execute: Execute) -> Reply:
    """The new image is installed but does not boot: the miner comes back with the old one."""
    call.plan.boots_old = True
    return await execute()


async def never_back(call: Call, execute: Execute) -> Reply:
    """The image is installed, and after the reboot the miner stays dark until it is healed."""
    call.plan.never_back = True
    return await execute()


async def flash_fails(call: Call, execute: Execute, percent: float = 50.0, verdict: str = "") -> Reply:
    """The flash cannot be written any more after so many percent of all bytes; the old image goes on.

    The updater's own last words, or this `verdict`, tell of it.
    """
    call.plan.fails_at = percent
    call.plan.verdict = verdict or call.plan.verdict
    return await execute()


async def updater_silent(call: Call, execute: Execute) -> Reply:
    """The archive is accepted, then no frame comes and nothing happens."""
    call.plan.silent = True
    return await execute()


async def slow_upload(call: Call, execute: Execute, bytes_per_s: float = 1e6) -> Reply:
    """The miner takes so many bytes a second."""
    call.plan.bytes_per_s = bytes_per_s
    return await execute()


async def no_websocket(call: Call, execute: Execute, status: int = 502) -> Reply:
    """nginx answers for the websocket; uploads go on."""
    return nginx_pages.error_page(status)


TABLE: dict[str, Callable[..., Awaitable[Reply]]] = {
    function.__name__: function
    for function in (boots_old, never_back, flash_fails, updater_silent, slow_upload, no_websocket)
}
# Where each of them waits; it lets all other requests pass.
PATHS = {name: UPDATES if name != no_websocket.__name__ else frozenset({"/upgrade/ws"}) for name in TABLE}
