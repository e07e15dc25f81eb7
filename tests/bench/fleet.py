# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a verified change on a fleet in one task, compared with a task per host: python -m tests.bench.fleet.

Each miner is read, changed and read back; then again, with nothing to change. Finally, some of them answer each request
late.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import Any

from tests.bench.discovery import require
from tests.bench.measuring import Bench, Cost, described_machine, verdict
from tests.bench.plays import hosts
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/bench"
SOME, MANY = 2000, 10000
# Each of them costs the same.
PER_HOST = 500

CPU_MS_MOST, RATIO_LEAST, GROWTH_MOST = 5.0, 8.0, 1.15
MIB_MOST, CHANGE_S_MOST, NO_CHANGE_S_MOST = 250.0, 60.0, 40.0
# Simulated seconds per second.
SPEED = 20.0
# Slow miners: a few rounds, each as large as the concurrency, show how long the rounds of a big fleet take.
SLOW, LATE_S, CONCURRENCY, SLOW_MOST = 1000, 0.5, 200, 2.0


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    print(f"{described_machine()}; all times a miner, with the start of ansible-playbook")
    with Fleet.start(count=MANY, generation="dm-2018-05", first="127.44.0.1", speed=SPEED) as fleet:
        alone = run(fleet, "alone", PER_HOST, {"minerops.dragonmint.dragonmint_autotune": {"mode": "efficient"}})
        some = run(fleet, "some", SOME, together("performance"))
        many = run(fleet, "many", MANY, together("efficient"))
        again = run(fleet, "again", MANY, together("efficient"))
        modes = {miner.state()["autotune"]["mode"] for miner in fleet.miners[:: MANY // 100]}
        slow = slow_rounds(fleet)
    require(modes == {"efficient"}, f"the miners are in the modes {modes}")
    verdict(f"CPU of {SOME:,} miners in one task, ms", 1000 * some.cpu, most=CPU_MS_MOST)
    verdict(f"CPU of a task on each of {PER_HOST:,}, to that", alone.cpu / some.cpu, least=RATIO_LEAST)
    verdict(f"CPU of {MANY:,}, to that of {SOME:,}", many.cpu / some.cpu, most=GROWTH_MOST)
    verdict(f"seconds to change {MANY:,}", MANY * many.wall, most=CHANGE_S_MOST)
    verdict(f"seconds for {MANY:,} with nothing to change", MANY * again.wall, most=NO_CHANGE_S_MOST)
    verdict(f"memory of {MANY:,}, MiB", many.peak_mib, most=MIB_MOST)
    verdict(f"time of {SLOW:,} that answer {LATE_S} s late, to one of each round", slow, most=SLOW_MOST)


def slow_rounds(fleet: Fleet) -> float:
    """The time for slow miners, relative to one miner times the number of rounds."""
    for miner in fleet.miners[:SLOW]:
        miner.set(latency={"*": LATE_S * SPEED})
        miner.clear()
    run(fleet, "slow", SLOW, together("performance"))
    (seconds,) = re.findall(r"miners ok, .* in (\d+) s$", (FOLDER / "slow.log").read_text(), re.MULTILINE)
    one = LATE_S * len(fleet[0].requests())
    return int(seconds) / (one * SLOW / CONCURRENCY)


def together(mode: str) -> dict[str, Any]:
    return {"minerops.dragonmint.dragonmint_fleet": {"module": "autotune", "options": {"mode": mode}}}


def run(fleet: Fleet, name: str, count: int, task: dict[str, Any]) -> Cost:
    cost = Bench(FOLDER, name, [task], hosts(fleet, count)).run()
    print(f"  {name:6} {count:6,}  {1000 * cost.cpu:6.2f} ms CPU  {1000 * cost.wall:6.2f} ms wall", flush=True)
    return cost


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
