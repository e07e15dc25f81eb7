# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small web server that takes commands."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.arguments import Webhook
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.commands import BYTES_MAX
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, quoted

BODY_TIMEOUT_S = 10.0
# How long a connection may stay open after its response, and after the server has stopped.
LINGERING_S = 1.0

# Processes a command's text; returns why it was refused, or None.
Take = Callable[[bytes], Awaitable["str | None"]]


@asynccontextmanager
async def listening(webhook: Webhook, take: Take) -> AsyncIterator[None]:
    """Serves ``POST /`` within the context. Raises Invalid if it can't listen there."""

    async def post(request: web.Request) -> web.Response:
        if not _is_authorized(request, webhook.token):
            return _answer(401, "The bearer token is missing or wrong.", {"WWW-Authenticate": "Bearer"})
        try:
            body = await asyncio.wait_for(request.read(), BODY_TIMEOUT_S)
        except asyncio.TimeoutError:
            return _answer(408, "The command did not arrive in time.")
        refusal = await take(body)
        return _answer(400, refusal) if refusal else web.json_response({"accepted": True})

    app = web.Application(client_max_size=BYTES_MAX)
    app.router.add_post("/", post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LINGERING_S, lingering_time=LINGERING_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, webhook.host, webhook.port).start()
        except OSError as error:
            raise Invalid(
                f"webhook: can't listen on {quoted(webhook.host)}, port {webhook.port}: {error.strerror}. "
                "Choose another webhook.host or webhook.port."
            ) from None
        yield
    finally:
        await runner.cleanup()


def _is_authorized(request: web.Request, token: str) -> bool:
    given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
    # Takes the same time however much of it is right.
    return hmac.compare_digest(given, f"Bearer {token}".encode())


def _answer(status: int, error: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"accepted": False, "error": error}, status=status, headers=headers)
