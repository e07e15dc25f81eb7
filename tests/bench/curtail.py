# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a large fleet is curtailed with miners dark, restarting or refusing: python -m tests.bench.curtail.

Then it is restored; and curtailed once more, with the controller killed halfway, and restored.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.bench.discovery import require
from tests.bench.measuring import ANSIBLE_CFG, described_machine, environment_in, verdict
from tests.bench.plays import hosts
from tests.simulator.control import CHECKOUT, Fleet, Miner
from tests.support.processes import kill

FOLDER = CHECKOUT / "build/bench"
RECORD = FOLDER / "dragonmint-reports/curtail-record.json"
MANY = 10000
CONFIRMED_LEAST, CONFIRMED_S_MOST, OVER_S_MOST = 0.99, 120.0, 150.0
RECORD_KB_MOST = 400.0
SPEED, RESTARTS_S = 2.0, 20.0
SAMPLE = 200


def main(count: int = MANY) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / "ansible.cfg").write_text(ANSIBLE_CFG)
    print(f"{described_machine()}; {count:,} miners: 5 % dark, 5 % restarting, 1 % refusing")
    with Fleet.start(count=count, generation="dm-2018-05", first="127.45.0.1", speed=SPEED) as fleet:
        (FOLDER / "inventory.yml").write_text(yaml.safe_dump({"miners": hosts(fleet, count)}, sort_keys=False))
        before = modes(fleet)
        commandable = disturb(fleet)
        for miner in fleet.miners[5::20]:
            miner.set(timing={"boot_s": RESTARTS_S * SPEED}, power="off")
            miner.set(power="on")
        began = time.monotonic()
        process = started("curtail", curtail_mode="efficient")
        confirmed_s = when(lambda: curtailed(commandable) >= CONFIRMED_LEAST, process) - began
        process.wait()
        verdict("seconds until 99 % of the commandable have it", confirmed_s, most=CONFIRMED_S_MOST)
        verdict("seconds until the run is over", time.monotonic() - began, most=OVER_S_MOST)
        print(f"  {outcomes()}", flush=True)
        verdict("record, kB", RECORD.stat().st_size / 1000, most=RECORD_KB_MOST)
        restore(fleet, before)

        disturb(fleet)
        process = started("killed", curtail_mode="efficient")
        when(lambda: curtailed(commandable) >= 0.5, process)
        kill(process)
        print(f"  killed when {curtailed(commandable):.0%} had it", flush=True)
        began = time.monotonic()
        started("again", curtail_mode="efficient").wait()
        verdict("run again, seconds", time.monotonic() - began, most=OVER_S_MOST)
        require(curtailed(commandable) >= CONFIRMED_LEAST, "the fleet is not curtailed")
        restore(fleet, before)


def disturb(fleet: Fleet) -> list[Miner]:
    """Makes part of the fleet dark or disobedient, and returns the miners that can be commanded."""
    dark, refusing = fleet.miners[0::20], fleet.miners[10::100]
    for miner in dark:
        miner.fault("dark")
    for miner in refusing:
        miner.fault("ignored_write", action="setAutoTune")
    idle = {miner.host for miner in (*dark, *refusing)}
    return [miner for miner in fleet.miners if miner.host not in idle]


def started(name: str, **variables: Any) -> subprocess.Popen[bytes]:
    tool = Path(sys.executable).with_name("ansible-playbook")
    arguments = ["-i", "inventory.yml", "-e", json.dumps(variables), CHECKOUT / "playbooks/curtail.yml"]
    with (FOLDER / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [tool, *arguments],
            cwd=FOLDER,
            env=environment_in(FOLDER),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def when(met: Callable[[], bool], process: subprocess.Popen[bytes]) -> float:
    """The time at which a condition was met, or the process ended without it."""
    while not met() and process.poll() is None:
        time.sleep(0.5)
    return time.monotonic()


def curtailed(miners: Sequence[Miner]) -> float:
    """The fraction of curtailed miners, from a sample."""
    sample = miners[:: max(1, len(miners) // SAMPLE)]
    return sum(miner.state()["autotune"]["mode"] == "efficient" for miner in sample) / len(sample)


def modes(fleet: Fleet) -> list[str]:
    return [miner.state()["autotune"]["mode"] for miner in fleet.miners]


def outcomes() -> str:
    rows = json.loads((FOLDER / "dragonmint-reports/curtail.json").read_text(encoding="utf-8"))
    return ", ".join(f"{count:,} {outcome}" for outcome, count in Counter(row["outcome"] for row in rows).items())


def restore(fleet: Fleet, before: list[str]) -> None:
    """Restores the whole fleet, and ends the program unless each miner is back in its previous state."""
    for miner in fleet.miners[0::10]:
        miner.heal()
    began = time.monotonic()
    started("restore", curtail_restore=True).wait()
    print(f"  restored in {time.monotonic() - began:.0f} s: {outcomes()}", flush=True)
    require(modes(fleet) == before, "the fleet is not what it was")


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
