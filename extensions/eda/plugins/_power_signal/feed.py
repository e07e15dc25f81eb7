# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches prices and commands, from files and over HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.arguments import PriceFeed
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import (
    Interval,
    Prices,
    Problem,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.prices import around, prices_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.files import bytes_of
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, quoted

PRICES_BYTES_MAX = 16 * 1024 * 1024


class PriceReader:
    """Reads prices repeatedly, and parses them only when they have changed."""

    def __init__(self, feed: PriceFeed) -> None:
        self.interval_s = feed.interval_s
        self._feed = feed
        self._data: bytes | None = None
        self._intervals: Sequence[Interval] = ()

    async def read(self, now: float) -> Prices | Problem:
        """Returns the prices around now, or why there are none."""
        try:
            data = await self._fetch()
            if data != self._data:
                self._intervals = await asyncio.to_thread(prices_from, data, self._feed.layout)
                self._data = data
        except Invalid as error:
            return Problem("prices", f"{self._place()}: {error}. The prices known so far stay in use.")
        return Prices(around(self._intervals, now))

    async def _fetch(self) -> bytes:
        if self._feed.file:
            found = await asyncio.to_thread(bytes_of, self._feed.file, PRICES_BYTES_MAX)
            if found is None:
                raise Invalid("there is no such file")
            return found
        return await _body(self._feed)

    def _place(self) -> str:
        """The URL without its possible secrets: the login and the query."""
        if self._feed.file:
            return f"prices.file {quoted(self._feed.file)}"
        parts = urlsplit(self._feed.url or "")
        host = parts.netloc.rpartition("@")[2]
        return f"prices.url {quoted(f'{parts.scheme}://{host}{parts.path}')}"


async def _body(feed: PriceFeed) -> bytes:
    timeout = aiohttp.ClientTimeout(total=feed.timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=feed.headers) as session,
            session.get(feed.url or "", allow_redirects=False) as response,
        ):
            return await _content(response)
    except asyncio.TimeoutError:
        raise Invalid(f"no answer within {feed.timeout_s:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Invalid(f"it can't be fetched: {_why(error)}") from None


def _why(error: Exception) -> str:
    """Does not use the error's own text, which may contain the URL."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate of the server is not valid"
    if isinstance(error, aiohttp.ClientSSLError):
        return "the server does not speak TLS there"
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0)
    if isinstance(error, aiohttp.ClientConnectorError):
        return "the host name is not known"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed the connection"
    return "the answer is not valid HTTP"


async def _content(response: aiohttp.ClientResponse) -> bytes:
    if response.status != 200:
        raise Invalid(f"expected status 200, found {response.status}")
    body = b""
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > PRICES_BYTES_MAX:
            raise Invalid(f"expected at most {PRICES_BYTES_MAX} bytes")
    return body
