# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a task, compared with Ansible's own tasks: python -m tests.bench.tasks."""

from __future__ import annotations

import resource
import shutil
import sys
import time

from tests.bench.measuring import Bench, Cost, best_of, described_machine, verdict
from tests.bench.plays import DEBUG, OURS, READS_OF_OURS, URI, hosts, make_as_desired
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/bench"
# The numbers of miners, and repetitions: longer runs vary less.
SIZES = {100: 9, 500: 3}
# uri is slow, and far from its target; a few miners are enough.
URI_MINERS, URI_ROUNDS = 20, 1

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
        best = {**best_of(rounds, [debug, ours]), **best_of(URI_ROUNDS, [uri])}
        simulator_share = cpu_of_stopping(fleet) / (time.monotonic() - started)
    report(*(best[bench.name] for bench in (debug, ours, uri)))
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


def report(debug: Cost, ours: Cost, uri: Cost) -> None:
    cpu, wall = ours.cpu / debug.cpu, ours.wall / debug.wall
    uri_cpu, uri_wall = uri.cpu / ours.cpu, uri.wall / ours.wall
    verdict("CPU, ours to debug", cpu, most=CPU_MOST)
    verdict("wall, ours to debug", wall, most=WALL_MOST)
    verdict("CPU, uri to ours", uri_cpu, least=URI_LEAST)
    verdict("wall, uri to ours", uri_wall, least=URI_LEAST)
    print(f"  memory: {debug.peak_mib:.0f} MiB of debug, {ours.peak_mib:.0f} MiB of ours, which keeps the facts")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
