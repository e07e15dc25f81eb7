# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""All miners of one simulator: their addresses, their common port, their names."""

from __future__ import annotations

import contextlib
import ipaddress
import resource
from collections.abc import Iterator

from ..clock import Clock
from ..generations import generations_of
from ..miner import Miner
from ..models import models_of
from .faults import Faults

PORT_ATTEMPTS = 20


class Fleet:
    """The miners in the order of their first addresses."""

    def __init__(self, clock: Clock, generation: str, first: str, count: int, type_: str = "T1") -> None:
        self.clock = clock
        kinds, models = generations_of(generation), models_of(type_)
        self.miners = [
            Miner(clock, kinds[number % len(kinds)], models[number % len(models)], host, 0, _mac(number + 1), Faults())
            for number, host in zip(range(count), addresses(first))
        ]
        self._by_key = {miner.key: miner for miner in self.miners}

    async def open(self, port: int) -> int:
        """Listens with all miners on one port (0: a free one), and returns it."""
        _raise_file_limit()
        for _unused in range(0 if port else PORT_ATTEMPTS):
            # A port that is free on the first address may be taken on another.
            with contextlib.suppress(OSError):
                return await self._open(0)
            self.close()
        return await self._open(port)

    async def _open(self, port: int) -> int:
        for miner in self.miners:
            port = await miner.listener.open(miner.host, port)
            miner.port = port
        return port

    def close(self) -> None:
        for miner in self.miners:
            miner.close()

    def find(self, key: str) -> Miner | None:
        """A miner by its key, which never changes, or by its current MAC or address."""
        if key in self._by_key:
            return self._by_key[key]
        return next((miner for miner in self.miners if key in {miner.mac, miner.host}), None)


def addresses(first: str) -> Iterator[str]:
    """Consecutive addresses, without those that look like a network or broadcast address."""
    number = int(ipaddress.IPv4Address(first))
    while True:
        if number & 255 not in {0, 255}:
            yield str(ipaddress.IPv4Address(number))
        number += 1


def _mac(number: int) -> str:
    digits = f"{number:06x}"
    return f"a0:b0:45:{digits[:2]}:{digits[2:4]}:{digits[4:]}"


def _raise_file_limit() -> None:
    _unused, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
