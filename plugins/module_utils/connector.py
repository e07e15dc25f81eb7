# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of aiohttp that end where a device brings more than any miner says."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

try:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
except ImportError:
    # Something to derive from; who uses this file says what is missing.
    ResponseHandler = object  # type: ignore[misc,assignment]


def bounded_connector(bytes_max: int, **options: Any) -> aiohttp.TCPConnector:
    """Returns a connector of aiohttp, with these options, each of whose connections is aborted after so many bytes."""
    connector = aiohttp.TCPConnector(**options)
    factory: Any = partial(_BoundedHandler, bytes_max, loop=asyncio.get_running_loop())
    connector._factory = factory
    return connector


class _BoundedHandler(ResponseHandler):
    """Counts what comes: old versions of aiohttp take headers without end."""

    def __init__(self, bytes_max: int, **options: Any) -> None:
        super().__init__(**options)
        self._bytes_left = bytes_max

    def data_received(self, data: bytes) -> None:
        self._bytes_left -= len(data)
        if self._bytes_left >= 0:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()
