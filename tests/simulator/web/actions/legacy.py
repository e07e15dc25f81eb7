# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the first web interface."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..wire import Reply
from .action import Action
from .answers import php, php_error
from .hardware import hardware
from .mining import ask_all, fan_duty


async def api(call: Call) -> Reply:
    devs, pools, stats = await ask_all(call, "devs", "pools", "stats")
    if devs is None or pools is None or stats is None:
        return php({"DEVS": None, "POOLS": None, "STATUS": None})
    devices: list[Any] = [{**device, "DUTY": fan_duty(stats)} for device in devs["DEVS"]]
    return php({"DEVS": devices, "POOLS": pools["POOLS"], "STATUS": devs["STATUS"]})


async def system(call: Call) -> Reply:
    return php(hardware(call))


async def network(call: Call) -> Reply:
    settings = call.miner.network
    dns = [*settings.dns, "", ""][:2]
    return php({"dhcp": settings.mode, **settings.addresses(), "dns": dns})


async def broken(call: Call) -> Reply:
    """Calls a method that does not exist."""
    return php_error()


ACTIONS = {
    "api.py": Action(api),
    "system.py": Action(system),
    "network.py": Action(network),
    "type.py": Action(broken),
    "version.py": Action(broken),
}
