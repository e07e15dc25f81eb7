# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of the playbooks that read a whole fleet: python -m tests.bench.jobs heal audit overview metrics.

Each miner has a worker of its own in its desired pools. Some are dark, some drift, and some need a remedy, which is not
sent.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import Any

from tests.bench.discovery import require
from tests.bench.drift import FOLDER, play, written
from tests.bench.measuring import described_machine, verdict
from tests.bench.plays import MODE, PASSWORD
from tests.simulator.control import CHECKOUT, Fleet

MINERS = 10000
# One in so many is dark, has drifted, or has a dead board.
DARK, DRIFTED, DEAD = 1000, 100, 500
SECONDS_MOST = {"heal": 120.0, "audit": 120.0, "overview": 45.0, "metrics": 45.0}
RENDER_S_MOST, RENDER_MIB_MOST, PAGE_MB_MOST = 3.0, 300.0, 6.0
FILE_MB_MOST = 20.0
A_RACK = 40
URL = "stratum+tcp://pool.example.com:3333"
VARIABLES = {
    "provision_pools": [{"url": URL, "user": "farm.{{ inventory_hostname }}"}],
    "provision_autotune_mode": MODE,
    "audit_partial": True,
    "health_fail_on": "never",
    # A hash rate is not a finding if the miner's mode differs from that of its boards.
    "health_min_hashrate_ratio": 0,
}


def heal() -> None:
    run("heal")


def audit() -> None:
    run("audit")


def overview() -> None:
    run("overview")
    report = FOLDER / "dragonmint-reports/overview.json"
    rendered = json.loads(
        subprocess.run(
            [sys.executable, "-m", "tests.bench.renderer"],
            input=report.read_bytes(),
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT / "build")},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    )
    verdict("seconds of which the page takes", rendered["seconds"], most=RENDER_S_MOST)
    verdict("memory of a process that makes the page, MiB", rendered["mib"], most=RENDER_MIB_MOST)
    verdict("size of the page, MB", rendered["mb"], most=PAGE_MB_MOST)


def metrics() -> None:
    # The same for all miners: evaluating 10,000 templates takes Ansible 5 to 7 s.
    run("metrics", provision_pools=[{"url": URL, "user": "farm"}])
    size = (FOLDER / "dragonmint-reports/dragonmint.prom").stat().st_size
    verdict("size of the file, MB", size / 1e6, most=FILE_MB_MOST)


def run(job: str, **more: Any) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(described_machine())
    with Fleet.start(count=MINERS, generation="dm-2018-05", first="127.48.0.1", speed=1.0) as fleet:
        hosts = prepared(fleet)
        variables = {"dragonmint_port": fleet.port, "dragonmint_password": PASSWORD, **VARIABLES, **more}
        inventory = written("jobs.json", {"miners": {"hosts": hosts, "vars": variables}})
        playbook = [{"ansible.builtin.import_playbook": f"minerops.dragonmint.{job}"}]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, kib = play(playbook, inventory, "-e", f"report_folder={FOLDER}/dragonmint-reports")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        require(not any(fleet.writes().values()), f"{job} has written to miners")
    verdict(f"seconds of {job} for {MINERS:,} miners", seconds, most=SECONDS_MOST[job])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  {cpu:.0f} s CPU and {kib / 1024:.0f} MiB without the simulator; see {FOLDER}/drift.log")


def prepared(fleet: Fleet) -> dict[str, Any]:
    """Brings all but some miners to the desired state, and returns them as hosts of an inventory."""
    hosts = {}
    for number, miner in enumerate(fleet.miners):
        name = f"miner{number:05}"
        hosts[name] = {"ansible_host": miner.host, "rack": f"r{number // A_RACK + 1}"}
        user = "thief" if number % DRIFTED == 1 else f"farm.{name}"
        miner.set(pools=[{"url": URL, "user": user, "pass": "x"}], autotune={"mode": MODE})
        if number % DEAD == 2:
            miner.set(boards=[{}, {"alive": False}, {}], mining_s=200000)
        if number % DARK == 3:
            miner.fault("dark")
    return hosts


JOBS = {"heal": heal, "audit": audit, "overview": overview, "metrics": metrics}

if __name__ == "__main__":
    try:
        for name in sys.argv[1:] or JOBS:
            JOBS[name]()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
