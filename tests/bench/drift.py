# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a fleet with little drift: python -m tests.bench.drift.

The inventory finds the drift, and the play runs on these miners only; compared with a play over all of them, which is
measured with fewer miners, since each costs the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.discovery import require
from tests.bench.measuring import FLEET_CFG, described_machine, verdict
from tests.bench.plays import DEBUG, MODE, OURS, PASSWORD, POOLS, make_as_desired
from tests.simulator.control import CHECKOUT, Fleet
from tests.support.environment import own_environment

FOLDER = CHECKOUT / "build/bench"
MINERS = 10000
DRIFTED = MINERS // 100
NAIVE_MINERS = 1000
FORKS = 20
DESIRED = {"pools": POOLS, "autotune": {"mode": MODE}}
ROLE = {"provision_pools": POOLS, "provision_autotune_mode": MODE, "provision_verify_mining": False}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{described_machine()}, {FORKS} forks")
    with Fleet.start(count=MINERS, generation="dm-2018-05", first="127.36.0.1", speed=20.0) as fleet:
        make_as_desired(fleet)
        naive_seconds, naive_kib = play(PROVISION, static(fleet, NAIVE_MINERS))
        debug_kib, tasks_kib = (
            play([{**PLAY, "tasks": tasks}], static(fleet, NAIVE_MINERS))[1] for tasks in (DEBUG[:2], OURS[-2:])
        )
        for miner in fleet.miners[:: MINERS // DRIFTED]:
            miner.set(pools=[{**POOLS[1], "pass": "x"}])
        seconds, kib = play(PROVISION, discovered(fleet), "--limit", "drift_*")
        mended = sum(len(miner.state()["pools"]) == len(POOLS) for miner in fleet.miners)
    require(mended == MINERS, f"only {mended} of {MINERS} miners are as desired")
    extrapolated = naive_seconds * MINERS / NAIVE_MINERS
    print(f"\n{MINERS} miners, of which {DRIFTED} have drifted: {seconds:.0f} s, {kib / 1024:.0f} MiB")
    print(f"  a play over all: {naive_seconds:.0f} s for {NAIVE_MINERS}, which makes {extrapolated:.0f} s for all")
    verdict("how much faster", extrapolated / seconds, least=15)
    mib = {"two tasks of debug": debug_kib / 1024, "the role": naive_kib / 1024}
    print(f"\n{NAIVE_MINERS} miners: " + ", ".join(f"{figure:.0f} MiB for {what}" for what, figure in mib.items()))
    verdict("memory of pools and autotune, to debug", tasks_kib / debug_kib, most=1.2)


PLAY: dict[str, Any] = {"name": "Bench", "hosts": "all", "gather_facts": False}
PROVISION: list[dict[str, Any]] = [{**PLAY, "roles": [{"role": "minerops.dragonmint.provision", "vars": ROLE}]}]


def static(fleet: Fleet, count: int) -> Path:
    hosts = {f"miner{number:05}": {"ansible_host": fleet[number].host} for number in range(count)}
    variables = {"dragonmint_port": fleet.port, "dragonmint_password": PASSWORD}
    return written("static.yml", {"miners": {"hosts": hosts, "vars": variables}})


def discovered(fleet: Fleet) -> Path:
    source = {
        "plugin": "minerops.dragonmint.dragonmint",
        "networks": [f"{fleet[0].host}-{fleet[len(fleet.miners) - 1].host}"],
        "port": fleet.port,
        "credentials": [{"password": PASSWORD}],
        "desired": [DESIRED],
        "compose": {"dragonmint_password": f"'{PASSWORD}'"},
    }
    return written("bench.dragonmint.yml", source)


def written(name: str, content: Any) -> Path:
    path = FOLDER / name
    # JSON is also YAML, and Ansible reads it faster.
    path.write_text(json.dumps(content))
    return path


def play(plays: list[dict[str, Any]], inventory: Path, *arguments: str) -> tuple[float, int]:
    """Returns the seconds of a play, and the peak memory of its largest process in KiB."""
    command = ["ansible-playbook", "-i", str(inventory), "-f", str(FORKS), *arguments, str(written("drift.yml", plays))]
    own = own_environment()
    started = time.monotonic()
    with (FOLDER / "drift.log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name(command[0]), *command[1:]],
            env={**own, "ANSIBLE_CONFIG": str(FLEET_CFG), "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _pid, status, usage = os.wait4(process.pid, 0)
    require(status == 0, f"ansible-playbook failed, see {FOLDER}/drift.log")
    return time.monotonic() - started, usage.ru_maxrss


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
