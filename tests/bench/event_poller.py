# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls with the event source fleet in a process of its own: python -m tests.bench.event_poller POLLS, with the
arguments of the source as JSON on standard input. Prints a line of JSON for each poll.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.source import Source

SCHEMA = Path(__file__).parents[2] / "extensions/eda/plugins/event_source/schemas/fleet.json"


class Measured(Source):
    """Stops after this many polls, and prints the cost of each."""

    def begin(self, polls: int) -> None:
        """The first poll begins now."""
        self._left = polls
        self._began, self._cpu_began = time.monotonic(), time.process_time()

    async def observe(self, observation: Any) -> None:
        """Prints the cost of a poll, including the resulting decisions."""
        await super().observe(observation)
        cost = {
            "miners": len(observation.sightings),
            "seconds": time.monotonic() - self._began,
            "cpu_seconds": time.process_time() - self._cpu_began,
            "mib": resident_mib(),
        }
        print(json.dumps(cost), flush=True)
        self._left -= 1
        if not self._left:
            raise asyncio.CancelledError
        self._began, self._cpu_began = time.monotonic(), time.process_time()


def resident_mib() -> float:
    """The resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def main() -> None:
    async def put(_event: dict[str, Any]) -> None:
        pass

    source = Measured(settings_from(json.load(sys.stdin), json.loads(SCHEMA.read_text(encoding="utf-8"))), put)
    source.begin(int(sys.argv[1]))
    with suppress(asyncio.CancelledError):
        await source.run()


if __name__ == "__main__":
    asyncio.run(main())
