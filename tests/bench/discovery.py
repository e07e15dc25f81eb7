# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of finding and polling miners, compared with bare aiohttp and pyasic: python -m tests.bench.discovery."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measuring import described_machine, verdict
from tests.bench.plays import PASSWORD
from tests.silence import SOCKETS_EACH, silent
from tests.simulator.control import CHECKOUT, Fleet

ROUNDS = 3
POLLED_MINERS = 2000
SCANNED_ADDRESSES = 65536
# Each needs open files, of which many machines allow no more than 20,000.
SILENT_ADDRESSES = 8192
LIVE_MINERS = 16384
CONCURRENCY = 200
CONNECT_TIMEOUT_S = 1.0
# pyasic has its own environment, since nothing else needs it.
PYTHONS = {"pyasic": CHECKOUT / "build/env/bench/bin/python"}


@dataclass(frozen=True)
class Polled:
    """How many miners were polled, in how many seconds and CPU seconds, and the peak memory."""

    polled: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def main() -> None:
    print(described_machine())
    compare_ways()
    scan_a_sparse_network()
    poll_a_large_fleet()


def compare_ways() -> None:
    print(f"\n{POLLED_MINERS} miners, {CONCURRENCY} at once, the best of {ROUNDS}")
    with Fleet.start(count=POLLED_MINERS, generation="dm-2018-05", first="127.32.0.1") as fleet:
        addresses = [miner.host for miner in fleet.miners]
        rounds = [
            {way: run(way, fleet, addresses) for way in ("aiohttp", "ours", "pyasic")} for _unused in range(ROUNDS)
        ]
    best = {way: min((done[way] for done in rounds), key=lambda found: found.seconds) for way in rounds[0]}
    for way, found in best.items():
        require(found.polled == POLLED_MINERS, f"{way} polled {found.polled} of {POLLED_MINERS} miners")
        rate = POLLED_MINERS / found.seconds
        print(f"  {way:8} {rate:6.0f} miners/s  {found.cpu_seconds:5.1f} s CPU  {found.peak_mib:4.0f} MiB")
    verdict("rate, ours to aiohttp", best["aiohttp"].seconds / best["ours"].seconds, least=0.5)
    verdict("rate, ours to pyasic", best["pyasic"].seconds / best["ours"].seconds, least=5.0)


def scan_a_sparse_network() -> None:
    """One address in a hundred has a miner, some are silent, the others refuse."""
    count = SCANNED_ADDRESSES // 100
    print(f"\n{SCANNED_ADDRESSES} addresses, of which {count} have a miner and {SILENT_ADDRESSES} are silent")
    allow_open_files(SILENT_ADDRESSES * SOCKETS_EACH)
    silent_ones = (f"127.33.{number // 256 + 128}.{number % 256}" for number in range(SILENT_ADDRESSES))
    with (
        Fleet.start(count=count, generation="dm-2018-05", first="127.33.0.1") as fleet,
        silent(silent_ones, fleet.port),
    ):
        found = run("ours", fleet, ["127.33.0.0-127.33.255.255"])
    require(found.polled == count, f"{found.polled} of {count} miners were found")
    limit = 1.1 * SCANNED_ADDRESSES * CONNECT_TIMEOUT_S / CONCURRENCY
    verdict("seconds, to the time if all were silent", found.seconds / limit, most=1.0)
    verdict("MiB", found.peak_mib, most=300)


def poll_a_large_fleet() -> None:
    print(f"\n{LIVE_MINERS} miners")
    with Fleet.start(count=LIVE_MINERS, generation="dm-2018-05", first="127.34.0.1") as fleet:
        found = run("ours", fleet, [miner.host for miner in fleet.miners])
    require(found.polled == LIVE_MINERS, f"{found.polled} of {LIVE_MINERS} miners were found")
    print(f"  {LIVE_MINERS / found.seconds:.0f} miners/s")
    verdict("MiB", found.peak_mib, most=700)


def run(way: str, fleet: Fleet, addresses: list[str]) -> Polled:
    options = {
        "port": fleet.port,
        "addresses": addresses,
        "password": PASSWORD,
        "concurrency": CONCURRENCY,
        "connect_timeout_s": CONNECT_TIMEOUT_S,
    }
    fleet.clear()
    done = subprocess.run(
        [PYTHONS.get(way, Path(sys.executable)), "-m", "tests.bench.pollers", way],
        input=json.dumps(options),
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "build")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Polled(**json.loads(done.stdout))


def allow_open_files(count: int) -> None:
    """The limit that a process may request without root is often higher than its current one."""
    limit, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 256
    require(hard == resource.RLIM_INFINITY or wanted <= hard, f"This machine allows only {hard} open files")
    if limit != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, wanted), hard))


def require(is_so: bool, problem: str) -> None:
    if not is_so:
        sys.exit(f"{problem}, so there is nothing to measure.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
