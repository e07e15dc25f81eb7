# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a task, compared with Ansible's own tasks: python -m tests.bench.tasks."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from statistics import median

from tests.bench.measuring import Bench, Cost, described_machine, in_turns, verdict
from tests.bench.plays import DEBUG, OURS, READS_OF_OURS, URI, hosts, make_as_desired
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/bench"
# The numbers of miners, and repetitions: longer runs vary less.
SIZES = {100: 9, 500: 5}
# uri is slow; a few miners are enough.
URI_MINERS = 20

CPU_MOST, WALL_MOST, URI_LEAST = 1.3, 1.35, 12.0


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    print(f"{described_machine()}, 5 forks; all times a host and task")
    for miners, rounds in SIZES.items():
        measure(miners, rounds)
    print(f"uri ran on {URI_MINERS} miners. On a busy machine only the CPU tells anything.")


def measure(miners: int, rounds: int) -> None:
    print(f"\n{miners} miners")
    started = time.monotonic()
    with Fleet.start(count=miners, first="127.28.0.1") as fleet:
        make_as_desired(fleet)
        debug = Bench(FOLDER, "debug", DEBUG, hosts(fleet, miners))
        ours = Bench(FOLDER, "ours", OURS, hosts(fleet, miners))
        uri = Bench(FOLDER, "uri", URI, hosts(fleet, URI_MINERS))
        warm_up(ours, fleet)
        costs = [*in_turns(rounds, debug, ours), *in_turns(1, uri)]
        simulator_share = cpu_of_stopping(fleet) / (time.monotonic() - started)
    report(*costs)
    print(f"  The simulator, which is not counted, took {simulator_share:.0%} of one core.")


def warm_up(ours: Bench, fleet: Fleet) -> None:
    """Fills all caches, and verifies that the tasks do what they are measured for."""
    ours.run()
    requests = [len(miner.requests()) for miner in fleet.miners]
    if set(requests) != {READS_OF_OURS} or any(fleet.writes().values()):
        sys.exit(
            f"Each miner is to get {READS_OF_OURS} reads and no write, but they got {sorted(set(requests))} requests."
        )


def cpu_of_stopping(fleet: Fleet) -> float:
    """Stops the simulator and returns the CPU seconds that it has used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    fleet.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(debug: list[Cost], ours: list[Cost], uri: list[Cost]) -> None:
    for of, most in (("cpu", CPU_MOST), ("wall", WALL_MOST)):
        verdict(f"{of}, ours to debug", ratio(of, ours, debug), most=most)
    for of in ("cpu", "wall"):
        verdict(f"{of}, uri to ours", ratio(of, uri * len(ours), ours), least=URI_LEAST)
    memory = [max(cost.peak_mib for cost in costs) for costs in (debug, ours)]
    print("  memory: {:.0f} MiB of debug, {:.0f} MiB of ours, which keeps the facts".format(*memory))


def ratio(of: str, costs: list[Cost], others: list[Cost]) -> float:
    """The median of the ratios of each round: a machine may be faster for minutes, but hardly for half a round."""
    return median(getattr(cost, of) / getattr(other, of) for cost, other in zip(costs, others, strict=True))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
