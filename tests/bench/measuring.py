# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a play and measures its cost."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from tests.simulator.control import CHECKOUT
from tests.support.environment import own_environment

ANSIBLE_CFG = """\
[defaults]
collections_path = ..
home = ../home/.ansible
"""
# The documentation's recommendation for fleets.
FLEET_CFG = CHECKOUT / "docs/ansible.fleet.cfg"


@dataclass(frozen=True)
class Cost:
    """Seconds per task and miner; start and end of ansible-playbook are divided among them.

    `peak_mib` is the memory of its largest process.
    """

    cpu: float
    wall: float
    peak_mib: float


class Bench:
    """Tasks for some miners, written as a playbook to a folder."""

    def __init__(self, folder: Path, name: str, tasks: Sequence[dict[str, Any]], hosts: dict[str, Any]) -> None:
        self.name = name
        self._folder = folder
        self._runs = len(tasks) * len(hosts["hosts"])
        self._log = folder / f"{name}.log"
        named = [{"name": f"Task {number}", **task} for number, task in enumerate(tasks, 1)]
        play = {"name": "Bench", "hosts": "miners", "gather_facts": False, "tasks": named}
        (folder / "ansible.cfg").write_text(ANSIBLE_CFG)
        (folder / f"{name}.yml").write_text(yaml.safe_dump([play], sort_keys=False))
        (folder / f"{name}-inventory.yml").write_text(yaml.safe_dump({"miners": hosts}, sort_keys=False))

    def run(self) -> Cost:
        """Runs it once. Ends the program if a task fails: then there is nothing to measure."""
        tool = Path(sys.executable).with_name("ansible-playbook")
        started = time.monotonic()
        with self._log.open("w") as log:
            process = subprocess.Popen(
                [tool, "-i", f"{self.name}-inventory.yml", f"{self.name}.yml"],
                cwd=self._folder,
                env=environment_in(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                # Includes all the workers, since ansible-playbook has waited for them.
                _unused, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.terminate()
                raise
        wall = time.monotonic() - started
        if status:
            sys.exit(f"{self._log.read_text()}\nA task failed, so there is nothing to measure.")
        return Cost((usage.ru_utime + usage.ru_stime) / self._runs, wall / self._runs, usage.ru_maxrss / 1024)


def environment_in(folder: Path) -> dict[str, str]:
    """The environment of a measured ansible-playbook, with the ansible.cfg of a folder."""
    own = own_environment()
    return {**own, "ANSIBLE_CONFIG": str(folder / "ansible.cfg")}


def described_machine() -> str:
    """The machine of the figures, in one line."""
    core, python = version("ansible-core"), platform.python_version()
    load = os.getloadavg()[0]
    return f"ansible-core {core}, Python {python}, {os.cpu_count()} cores with a load of {load:.1f}"


def verdict(what: str, figure: float, most: float | None = None, least: float | None = None) -> None:
    """Prints a figure next to its target."""
    is_met = (most is None or figure <= most) and (least is None or figure >= least)
    target = f"at most {most:g}" if most is not None else f"at least {least:g}"
    print(f"  {what:42}{figure:8.2f}   {target:14} {'met' if is_met else 'MISSED'}", flush=True)


def in_turns(rounds: int, *benches: Bench) -> list[list[Cost]]:
    """The costs of each bench by round. The benches take turns, to share any other load."""
    costs: list[list[Cost]] = [[] for _bench in benches]
    for number in range(1, rounds + 1):
        for bench, of_bench in zip(benches, costs, strict=True):
            cost = bench.run()
            of_bench.append(cost)
            figures = f"{_ms(cost.cpu)} CPU  {_ms(cost.wall)} wall  {cost.peak_mib:4.0f} MiB"
            print(f"  round {number}  {bench.name:5}  {figures}", flush=True)
    return costs


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:6.1f} ms"
