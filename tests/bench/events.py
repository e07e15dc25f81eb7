# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of the event source fleet: python -m tests.bench.events."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

from tests.bench.discovery import require
from tests.bench.measuring import described_machine, verdict
from tests.bench.plays import PASSWORD
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/bench"
MINERS, POLLS = 10000, 3
FEW_MINERS, MANY_POLLS = 500, 100
# The first polls of a process fill its caches.
WARM = 10
SECONDS_MOST, CPU_MS_MOST, GROWTH_MOST = 20.0, 2.0, 1.05


def main() -> None:
    print(described_machine())
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with Fleet.start(count=MINERS, generation="dm-2018-05", first="127.46.0.1") as fleet:
        costs = run(fleet, POLLS)
    seconds = [cost["seconds"] for cost in costs]
    cpu_ms = [1000 * cost["cpu_seconds"] / MINERS for cost in costs]
    print(f"\n{MINERS:,} miners: {', '.join(f'{took:.1f} s' for took in seconds)}, {costs[-1]['mib']:.0f} MiB")
    verdict(f"seconds a poll of {MINERS:,} miners, the best", min(seconds), most=SECONDS_MOST)
    verdict("CPU a miner and poll, ms", min(cpu_ms), most=CPU_MS_MOST)
    with Fleet.start(count=FEW_MINERS, generation="dm-2018-05", first="127.46.0.1") as fleet:
        costs = run(fleet, MANY_POLLS)
    print(f"\n{FEW_MINERS:,} miners, {MANY_POLLS} polls: {costs[0]['mib']:.1f} to {costs[-1]['mib']:.1f} MiB")
    verdict(
        f"memory after {MANY_POLLS} polls, to that after {WARM}",
        costs[-1]["mib"] / costs[WARM]["mib"],
        most=GROWTH_MOST,
    )


def run(fleet: Fleet, polls: int) -> list[dict[str, Any]]:
    """The cost of each poll."""
    arguments = {
        "networks": [f"{fleet.miners[0].host}-{fleet.miners[-1].host}"],
        "port": fleet.port,
        "credentials": [{"password": PASSWORD}],
        "interval": 1,
        "snapshot": str(FOLDER / "fleet.json"),
        "desired": {
            "autotune": {"mode": "balanced"},
            "pools": [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.{mac}"}],
        },
    }
    (FOLDER / "fleet.json").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.event_poller", str(polls)],
        input=json.dumps(arguments),
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "build")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    costs: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    for cost in costs:
        require(cost["miners"] == len(fleet.miners), f"{cost['miners']} of {len(fleet.miners)} miners answered")
    return costs


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
