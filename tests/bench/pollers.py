# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls miners in one of several ways, in a process of its own: python -m tests.bench.pollers WAY, with the
options as JSON on standard input.

All ways find out what a device is, and then ask a miner the same. `ours` is what the inventory does, `aiohttp` the same
requests with nothing around them, `pyasic` how its get_miner() begins, which takes no port itself, and its class for
these miners. Prints how many were polled, the seconds, and the peak of memory.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

Polling = Callable[[], int]

ACTIONS = ("overview", "pools", "summary", "getAutoTune", "getAutoTuneStatus")
SUBSETS = ("identity", "network", "pools", "mining", "autotune")


def ours(options: dict[str, Any]) -> Polling:
    from ansible_collections.minerops.dragonmint.plugins.module_utils import _addresses
    from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
    from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential

    wanted = scan.Options(
        port=options["port"],
        credentials=(Credential("admin", options["password"], "1"),),
        auth="basic",
        subsets=SUBSETS,
        concurrency=options["concurrency"],
        connect_timeout_s=options["connect_timeout_s"],
        timeout_s=10.0,
        deadline_s=60.0,
    )

    def run() -> int:
        networks = _addresses.addresses_from(options["addresses"])
        _miners, counts = scan.poll(networks, wanted, lambda _address, _identity: True, lambda _counts: None)
        return counts.states[scan.POLLED]

    return run


def with_aiohttp(options: dict[str, Any]) -> Polling:
    import aiohttp

    async def run() -> int:
        encoded = base64.b64encode(f"admin:{options['password']}".encode()).decode()
        login = {"Authorization": f"Basic {encoded}"}
        limits = aiohttp.TCPConnector(limit=options["concurrency"], limit_per_host=1, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=limits) as http:

            async def poll(address: str) -> bool:
                url = f"http://{address}:{options['port']}"
                async with http.get(f"{url}/") as page:
                    await page.read()
                async with http.post(f"{url}/api/type") as refusal:
                    await refusal.json(content_type=None)
                async with http.post(
                    f"{url}/api/auth", data={"username": "admin", "password": options["password"]}
                ) as jwt:
                    await jwt.json(content_type=None)
                replies = []
                for action in ACTIONS:
                    async with http.post(f"{url}/api/{action}", headers=login) as reply:
                        replies.append(await reply.json(content_type=None))
                return all(reply["success"] for reply in replies if "success" in reply)

            return await many(poll, options)

    return lambda: asyncio.run(run())


def with_pyasic(options: dict[str, Any]) -> Polling:
    from pyasic.miners.factory import MinerTypes, miner_factory
    from pyasic.web.innosilicon import InnosiliconWebAPI

    async def poll(address: str) -> bool:
        kind = await miner_factory._get_miner_type(f"{address}:{options['port']}")
        if kind is not MinerTypes.INNOSILICON:
            return False
        miner = InnosiliconWebAPI(address)
        miner.port, miner.pwd = options["port"], options["password"]
        replies = await miner.multicommand(*ACTIONS)
        return all(replies[action] for action in ACTIONS)

    return lambda: asyncio.run(many(poll, options))


async def many(poll: Callable[[str], Awaitable[bool]], options: dict[str, Any]) -> int:
    """Polls all addresses, with the given concurrency."""
    left = iter(options["addresses"])
    polled = 0

    async def work() -> None:
        nonlocal polled
        for address in left:
            is_polled = await poll(address)
            polled += is_polled

    await asyncio.gather(*(work() for _unused in range(options["concurrency"])))
    return polled


WAYS = {"ours": ours, "aiohttp": with_aiohttp, "pyasic": with_pyasic}

if __name__ == "__main__":
    poll_all = WAYS[sys.argv[1]](json.load(sys.stdin))
    # Without the time to start.
    began, cpu_began = time.monotonic(), time.process_time()
    count = poll_all()
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu_began
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"polled": count, "seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak_mib}, sys.stdout)
