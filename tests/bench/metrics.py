# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one poll of a whole fleet for Prometheus costs, from its start to the file: python -m tests.bench.metrics."""

from __future__ import annotations

import shutil
import sys

from tests.bench.measuring import Bench, described_machine, verdict
from tests.bench.plays import MODE, PASSWORD, POOLS
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/bench"
FILE = FOLDER / "dragonmint.prom"
COUNT, A_RACK = 10000, 40
SECONDS_MOST, MB_MOST, MIB_MOST = 45.0, 20.0, 500.0


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    print(described_machine())
    with Fleet.start(count=COUNT, generation="dm-2018-05", first="127.46.0.1", speed=20.0) as fleet:
        members = {
            f"miner{number:05}": {"ansible_host": miner.host, "rack": f"r{number // A_RACK + 1}"}
            for number, miner in enumerate(fleet.miners)
        }
        desired = {"provision_pools": [{**pool, "password": "x"} for pool in POOLS], "provision_autotune_mode": MODE}
        connection = {"dragonmint_port": fleet.port, "dragonmint_password": PASSWORD}
        task = {"minerops.dragonmint.dragonmint_metrics": {"dest": str(FILE)}, "run_once": True}
        cost = Bench(FOLDER, "metrics", [task], {"hosts": members, "vars": {**connection, **desired}}, "json").run()
    verdict(f"seconds for {COUNT:,} miners", COUNT * cost.wall, most=SECONDS_MOST)
    print(f"  of which CPU{COUNT * cost.cpu:38.2f}")
    verdict("size of the file, MB", FILE.stat().st_size / 1e6, most=MB_MOST)
    verdict("memory, MiB", cost.peak_mib, most=MIB_MOST)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
