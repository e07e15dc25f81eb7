# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control port: an HTTP API on 127.0.0.1 through which tests set up miners and read their requests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ..clock import MAX_SPEED
from ..miner import Miner
from .fleet import Fleet
from .state import change, read

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlPort:
    """The handlers; bad requests get 400 (404 for an unknown miner) and {"error": "…"}."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def open(self, port: int) -> tuple[web.AppRunner, int]:
        """Listens on 127.0.0.1, on a free port for 0."""
        app = web.Application(middlewares=[_explain])
        app.add_routes(
            [
                web.get("/miners", self.miners),
                web.get("/miners/{key}", self.state),
                web.patch("/miners/{key}", self.change),
                web.get("/miners/{key}/requests", self.requests),
                web.delete("/miners/{key}/requests", self.forget_requests),
                web.put("/miners/{key}/faults", self.add_fault),
                web.delete("/miners/{key}/faults", self.heal),
                web.get("/writes", self.all_writes),
                web.delete("/requests", self.forget_all_requests),
                web.post("/speed", self.speed),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        return runner, runner.addresses[0][1]

    async def miners(self, request: web.Request) -> web.Response:
        return web.json_response([describe(miner) for miner in self._fleet.miners])

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(read(self._miner(request)))

    async def change(self, request: web.Request) -> web.Response:
        miner = self._miner(request)
        await change(miner, await _object(request))
        return web.json_response(read(miner))

    async def requests(self, request: web.Request) -> web.Response:
        return web.json_response(list(self._miner(request).requests))

    async def forget_requests(self, request: web.Request) -> web.Response:
        self._miner(request).requests.clear()
        return web.json_response({})

    async def add_fault(self, request: web.Request) -> web.Response:
        miner = self._miner(request)
        fault = await _object(request)
        if not isinstance(fault.get("name"), str):
            raise ValueError("a fault needs a name")
        miner.faults.add(**fault)
        await miner.settle()
        return web.json_response(miner.faults.shown())

    async def heal(self, request: web.Request) -> web.Response:
        miner = self._miner(request)
        miner.faults.clear()
        await miner.settle()
        return web.json_response({})

    async def all_writes(self, request: web.Request) -> web.Response:
        return web.json_response(
            {miner.host: [record for record in miner.requests if record["write"]] for miner in self._fleet.miners}
        )

    async def forget_all_requests(self, request: web.Request) -> web.Response:
        for miner in self._fleet.miners:
            miner.requests.clear()
        return web.json_response({})

    async def speed(self, request: web.Request) -> web.Response:
        speed = (await _object(request)).get("speed")
        if not isinstance(speed, (int, float)) or not 0 < speed <= MAX_SPEED:
            raise ValueError(f"speed must be a number above 0 and at most {MAX_SPEED}")
        self._fleet.clock.set_speed(float(speed))
        return web.json_response({"speed": speed})

    def _miner(self, request: web.Request) -> Miner:
        key = request.match_info["key"]
        miner = self._fleet.find(key)
        if miner is None:
            raise LookupError(f"no miner has the address or MAC {key}")
        return miner


def describe(miner: Miner) -> dict[str, Any]:
    return {
        "host": miner.host,
        "port": miner.port,
        "generation": miner.generation.name,
        "mac": miner.mac,
        "key": miner.key,
    }


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        content = await request.json()
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError("the body must be a JSON object")
    return content


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LookupError as error:
        return web.json_response({"error": str(error.args[0])}, status=404)
    except (ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)
