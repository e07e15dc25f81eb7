# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A miner that downloads its firmware itself: a real request, but to loopback addresses only."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

if TYPE_CHECKING:
    from .updater import Update

TIMEOUT = aiohttp.ClientTimeout(sock_connect=10, sock_read=30)  # real seconds
CHANNEL = "ERROR corelib/channel_curl.c : channel_get_file : 793 : Channel get operation failed"


class _FetchError(Exception):
    """Why curl gave up, in its words."""


async def fetch(update: Update, url: str) -> None:
    """What arrives is checked even if it is incomplete: the updater only sees the end of a stream."""
    update.announce_download()
    try:
        await _get(update, url)
    except (_FetchError, aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
        update.say(f"{CHANNEL} ({error or type(error).__name__})")
    await update.finish()
    update.install()


async def _get(update: Update, url: str) -> None:
    if not _is_loopback(url):
        raise _FetchError("Couldn't connect to server")
    async with (
        aiohttp.ClientSession(timeout=TIMEOUT, auto_decompress=False) as session,
        session.get(url, allow_redirects=False) as reply,
    ):
        if reply.status != 200:
            raise _FetchError(f"HTTP response code said error {reply.status}")
        await _read(update, reply)


async def _read(update: Update, reply: aiohttp.ClientResponse) -> None:
    total = reply.content_length or 0
    received, told = 0, -1
    async for data in reply.content.iter_any():
        received += len(data)
        percent = received * 100 // total if total else 0
        if percent != told:
            told = percent
            update.say(f'{{"percent": {percent}, "msg":"Received {received}B of {total}B"}}')
        await update.feed(data)
        await update.pace(len(data))


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False
