# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time, which runs `speed` times as fast as real time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

MAX_SPEED = 1_000_000


class Clock:
    """The time of the whole fleet, in simulated seconds. A change of speed reaches sleepers at once."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._real = time.monotonic()
        self._simulated = 0.0
        self._epoch = time.time()
        self._speed_changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        self._simulated = self.now()
        self._real = time.monotonic()
        self._speed = speed
        changed, self._speed_changed = self._speed_changed, asyncio.get_running_loop().create_future()
        changed.set_result(None)

    def now(self) -> float:
        """Simulated seconds since the start of the simulator; never goes back."""
        return self._simulated + (time.monotonic() - self._real) * self._speed

    def wall(self) -> float:
        """The simulated date as a Unix time in seconds."""
        return self._epoch + self.now()

    async def sleep(self, seconds: float) -> None:
        if not seconds:
            return
        deadline = self.now() + seconds
        while (left := deadline - self.now()) > 0:
            await asyncio.wait([self._speed_changed], timeout=left / self._speed)

    async def wait(self, task: asyncio.Future[Any], seconds: float) -> bool:
        """Waits for `task`, for this many simulated seconds at most; true if it is done. Never cancels the task."""
        deadline = self.now() + seconds
        while not task.done() and (left := deadline - self.now()) > 0:
            await asyncio.wait(
                [task, self._speed_changed], timeout=left / self._speed, return_when=asyncio.FIRST_COMPLETED
            )
        return task.done()
