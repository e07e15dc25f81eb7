# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provision, audit, upgrade and fleet runs over a fleet with random faults that come and go.

After each run every task is compared with what the simulator recorded. At the end all faults are removed: one more run
brings all miners to the desired state, and the next one finds nothing to do.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.simulator import firmware
from tests.simulator.control import CHECKOUT, Fleet, Miner
from tests.soak import invariants
from tests.soak.desired import Desired, any_desired, connection
from tests.soak.invariants import SETTINGS, Reported, Request, State
from tests.soak.troubles import TROUBLES, Trouble, Troubles
from tests.support.running import ENVIRONMENTS, Ansible, PlaybookRun, TaskResult

FOLDER = CHECKOUT / "build/soak"
COLLECTION = "minerops.dragonmint."
SHARE = 0.5
FORKS = 50
UPGRADED_AT_ONCE = 40
RUN_TIMEOUT_S = 1800.0
SETTLE_S = 60.0
# With faults a task should not wait long in vain; afterwards it may take its time.
IMPATIENT = {"dragonmint_timeout": 2, "dragonmint_retries": 1}
PATIENT = {"dragonmint_timeout": 30, "dragonmint_retries": 3}
IN_TROUBLE = {
    "provision_verify_timeout": 5,
    "upgrade_max_failure_percent": 100,
    "upgrade_serial": [3, 100],
    "upgrade_settle_seconds": 5,
    "upgrade_wait_timeout": 20,
}
IN_PEACE = {
    "upgrade_recover": True,
    "upgrade_serial": [1000],
}
# Most of the time should go to communication. Real time, since a miner's uptime is compared with the clock.
SPEED = 1.0
TIMING = {
    "cgminer_restart_s": 0.1,
    "cgminer_start_s": 0.3,
    "hashing_s": 0.5,
    "tuning_s": 1.0,
    "network_restart_s": 0.2,
    "stall_s": 0.2,
    "power_delay_s": 0.2,
    "boot_s": 1.5,
    "flash_s": 2.0,
}
# Some miners write for longer than an upgrade waits during faults.
SLOW_TO_FLASH_S, ONE_IN = 30.0, 20
PAUSES = {"_provision_verify_pause": 1}
# The weight of each kind of run.
KINDS = {
    "provision": 5,
    "provision --check": 2,
    "audit": 1,
    "upgrade": 3,
    "upgrade --check": 1,
    "fleet": 3,
    "fleet --check": 1,
}
# The tasks of a fleet run, by the module that they run on all miners at once.
FLEET_TASKS = ("pools", "autotune")
FIRST_RELEASE = datetime(2019, 1, 1)


@dataclass(frozen=True)
class Run:
    """One run of a playbook: what is run, and the desired state of each of its miners."""

    number: int
    kind: str
    members: list[int]
    desired: dict[int, Desired]
    version: str = ""

    @property
    def playbook(self) -> str:
        return self.kind.split(maxsplit=1)[0]

    @property
    def is_check(self) -> bool:
        return self.kind == "audit" or self.kind.endswith("--check")

    def plays(self) -> list[dict[str, Any]]:
        """The plays: a playbook of the collection, or a task for all miners at once."""
        if self.playbook != "fleet":
            return [{"ansible.builtin.import_playbook": COLLECTION + self.playbook}]
        options = {_name(at): self.desired[at].options() for at in self.members}
        tasks = [
            {
                "name": module,
                f"{COLLECTION}dragonmint_fleet": {
                    "module": module,
                    "options_by_host": {name: own[module] for name, own in options.items()},
                    "report": "all",
                },
            }
            for module in FLEET_TASKS
        ]
        return [{"hosts": "miners", "gather_facts": False, "tasks": tasks}]


@dataclass
class Totals:
    """What has happened so far."""

    runs: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    checked: int = 0
    writes: int = 0
    flashes: int = 0
    most_at_once: int = 0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


class Soak:
    """A fleet, its desired state, and the violations so far."""

    def __init__(
        self,
        fleet: Fleet,
        ansible: Ansible,
        seed: int,
        say: Callable[[str], None],
        troubles: Sequence[Trouble] = TROUBLES,
    ) -> None:
        self.fleet = fleet
        self.ansible = ansible
        self.seed = seed
        self.say = say
        self.chance = random.Random(seed)
        self.troubles = Troubles(fleet.miners, f"troubles of {seed}", SHARE, troubles)
        self.totals = Totals()
        self.number = 0
        for at, miner in enumerate(fleet.miners, 1):
            miner.set(timing={**TIMING, **({} if at % ONE_IN else {"flash_s": SLOW_TO_FLASH_S})})

    def in_trouble(self, kind: str | None = None, **variables: Any) -> None:
        """A run of this or a random kind while faults come and go. ``variables`` are those of its play."""
        run = self._any_run(kind or self.chance.choices(list(KINDS), list(KINDS.values()))[0])
        self.troubles.forget()
        self.troubles.shuffle()
        with self.troubles.meanwhile():
            self._play(run, {**IN_TROUBLE, **variables}, IMPATIENT)

    def in_peace(self, kinds: Sequence[str] = ("fleet", "provision", "upgrade")) -> None:
        """With all faults removed, one run brings all miners to the desired state, and the next has nothing to do."""
        self.troubles.heal_all()
        self.troubles.forget()
        _wait_until(_is_well, "does not mine again after all faults were dropped", self.fleet.miners)
        everybody = list(range(len(self.fleet.miners)))
        version = self._next_version()
        states = self._states(everybody)
        desired = {at: any_desired(self.chance, states[at]) for at in everybody}
        for kind in kinds:
            for is_again in (False, True):
                run = self._run(kind, everybody, desired, version)
                done = self._play(run, IN_PEACE, PATIENT)
                self._check_peace(run, done, is_again)

    def _any_run(self, kind: str) -> Run:
        everybody = range(len(self.fleet.miners))
        count = len(everybody) if kind not in ("upgrade", "upgrade --check") else UPGRADED_AT_ONCE
        members = sorted(self.chance.sample(everybody, min(count, len(everybody))))
        states = self._states(members)
        desired = {at: any_desired(self.chance, states[at]) for at in members}
        return self._run(kind, members, desired, self._next_version())

    def _run(self, kind: str, members: list[int], desired: dict[int, Desired], version: str) -> Run:
        self.number += 1
        if kind.startswith("fleet"):
            # A miner at another address is not found by the next task of such a run.
            desired = {at: replace(of, password=None, network=None) for at, of in desired.items()}
        return Run(self.number, kind, members, desired, version)

    def _next_version(self) -> str:
        return f"t1_{FIRST_RELEASE + timedelta(days=self.number):%Y%m%d_%H%M%S}"

    def _states(self, members: Iterable[int]) -> dict[int, State]:
        return {at: self.fleet[at].state() for at in members}

    def _play(self, run: Run, variables: dict[str, Any], patience: dict[str, Any]) -> PlaybookRun:
        began = time.monotonic()
        archive = self.ansible.folder / f"{run.version}.swu"
        if run.playbook == "upgrade":
            firmware.build(archive, run.version)
        before = self._states(run.members)
        self.fleet.clear()
        done = self.ansible(
            run.plays(),
            self._inventory(run, before, patience),
            *(["--check"] if run.kind.endswith("--check") else []),
            *("-f", str(FORKS)),
            extra_vars={**PAUSES, **variables, "upgrade_src": str(archive), "upgrade_allow_downgrade": True},
        )
        self._settle(run)
        self._check(run, done, before, time.monotonic() - began)
        return done

    def _inventory(self, run: Run, states: dict[int, State], patience: dict[str, Any]) -> dict[str, Any]:
        hosts = {
            _name(at): {
                **connection(states[at], self.chance.choice(["basic", "jwt"]), patience),
                **run.desired[at].variables(),
            }
            for at in run.members
        }
        return {"miners": {"hosts": hosts}}

    def _settle(self, run: Run) -> None:
        """Waits until nothing is in progress for which the next run would be blamed."""
        miners = [self.fleet[at] for at in run.members]
        _wait_until(_is_settled, "has not ended what it was told", miners)

    def _check(self, run: Run, done: PlaybookRun, before: dict[int, State], seconds: float) -> None:
        after = self._states(run.members)
        results: dict[str, list[TaskResult]] = {}
        for result in done.results:
            results.setdefault(result.host, []).append(result)
        broken: list[str] = []
        for at in run.members:
            requests = self.fleet[at].requests()
            of_miner = [*results.get(_name(at), []), *_together(done.results, _name(at))]
            reported = [_reported(result) for result in of_miner if _is_ours(result)]
            sentences = _broken(run, at, reported, before[at], after[at], requests)
            sentences += [_unexplained(result) for result in of_miner if _is_unexplained(result)]
            broken += [f"{self._where(run, at)}: {sentence}" for sentence in sentences]
            self._count(reported, requests, after[at]["flashed"] - before[at]["flashed"])
        self.totals.runs[run.kind] += 1
        self.totals.seconds += seconds
        self._report(run, done, broken, seconds)

    def _check_peace(self, run: Run, done: PlaybookRun, is_again: bool) -> None:
        broken = []
        if done.returncode != 0:
            broken.append(f"{self._which(run)}: all faults were dropped, and the run failed: {_tail(done.output)}")
        for at in run.members:
            state = self.fleet[at].state()
            if run.playbook in ("provision", "fleet"):
                wanted = run.desired[at].applied_to(state)
                unlike = [name for name, setting in SETTINGS.items() if setting.of(wanted) != setting.of(state)]
            else:
                unlike = [] if state["firmware"] == run.version else ["firmware"]
            if unlike:
                broken.append(f"{self._where(run, at)}: all faults were dropped, and not as desired: {unlike}.")
            if is_again and (writes := self.fleet[at].writes()):
                broken.append(
                    f"{self._where(run, at)}: all is as desired, and still was sent {invariants.shown(writes)}."
                )
        if is_again:
            changed = sorted({result.host for result in done.results if _is_ours(result) and result.changed})
            broken += [f"{self._which(run)}: all is as desired, and {host} has changed." for host in changed]
        self._complain(run, done, broken)

    def _count(self, reported: Sequence[Reported], requests: Sequence[Request], flashed: int) -> None:
        totals = self.totals
        totals.checked += sum(task.module in SETTINGS for task in reported)
        totals.outcomes.update(_outcome(task) for task in reported if task.module in SETTINGS)
        totals.writes += len(invariants.writes_in(requests))
        totals.flashes += flashed
        totals.most_at_once = max(totals.most_at_once, invariants.most_at_once(requests))

    def _report(self, run: Run, done: PlaybookRun, broken: list[str], seconds: float) -> None:
        by = {status: {r.host for r in done.results if r.status == status} for status in ("failed", "unreachable")}
        changed = {r.host for r in done.results if _is_ours(r) and r.changed}
        self.say(
            f"run {run.number:3}  {run.kind:17} {seconds:5.0f} s  {len(run.members):4} miners, "
            f"{len(changed):4} changed, {len(by['failed']):4} failed, {len(by['unreachable']):4} unreachable, "
            f"{self.troubles.count:4} with faults"
        )
        self._complain(run, done, broken)

    def _complain(self, run: Run, done: PlaybookRun, broken: list[str]) -> None:
        for sentence in broken:
            self.say(f"BROKEN  {sentence}")
        self.totals.broken += broken
        if broken:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / f"run-{run.number}.log").write_text(done.output, encoding="utf-8")

    def _which(self, run: Run) -> str:
        return f"Seed {self.seed}, run {run.number} ({run.kind})"

    def _where(self, run: Run, at: int) -> str:
        miner = self.fleet[at]
        had = ", ".join(self.troubles.had.get(miner.mac, [])) or "no fault"
        return f"{self._which(run)}, {_name(at)} ({miner.generation} at {miner.host}, {had})"


def _broken(
    run: Run, at: int, reported: Sequence[Reported], before: State, after: State, requests: Sequence[Request]
) -> list[str]:
    broken = invariants.broken_by_any_run(requests)
    if not run.is_check:
        broken += invariants.broken_by_untruth(reported, before, after, requests)
        if run.playbook == "upgrade":
            broken += invariants.broken_by_flashing(before, after, run.version)
        return broken
    broken += invariants.broken_by_check_mode(requests)
    if run.playbook != "upgrade":
        would = [task for task in reported if task.error_code is None]
        broken += invariants.broken_by_untruth(would, before, run.desired[at].applied_to(before), None)
    return broken


def _reported(result: TaskResult) -> Reported:
    code = result.result.get("error_code")
    return Reported(result.action.removeprefix(COLLECTION), result.changed, code)


def _together(results: Iterable[TaskResult], name: str) -> Iterator[TaskResult]:
    """The results of one miner in the tasks for all miners, as if it had run alone."""
    for result in results:
        if result.task in FLEET_TASKS and (own := result.result.get("miners", {}).get(name)):
            status = next((word for word in ("unreachable", "failed") if own.get(word)), "ok")
            yield TaskResult(name, result.task, f"{COLLECTION}dragonmint_{result.task}", status, own)


def _is_ours(result: TaskResult) -> bool:
    return result.action.startswith(COLLECTION) and result.status != "skipped"


def _is_unexplained(result: TaskResult) -> bool:
    """Whether a task of ours failed unexpectedly. A task that a play repeats may fail in between."""
    is_failed = result.status in ("failed", "unreachable") and _is_ours(result) and "attempts" not in result.result
    return is_failed and not (result.result.get("error_code") and result.result.get("msg"))


def _unexplained(result: TaskResult) -> str:
    return f"{result.action} failed without an error_code and a message: {result.result}"


def _outcome(task: Reported) -> str:
    return task.error_code or ("changed" if task.changed else "ok")


def _is_well(miner: Miner) -> bool:
    state = miner.state()
    return bool(state["listening"] and not state["booting"] and state["ready"])


def _is_settled(miner: Miner) -> bool:
    """No write or update is in progress, and it is not booting."""
    state = miner.state()
    is_writing = any(write["outcome"] == "pending" for write in miner.writes())
    return not (is_writing or state["booting"] or state["updater"] == "busy")


def _wait_until(met: Callable[[Miner], bool], complaint: str, miners: Sequence[Miner]) -> None:
    deadline = time.monotonic() + SETTLE_S
    for miner in miners:
        while not met(miner):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{miner} {complaint} within {SETTLE_S:.0f} s.")
            time.sleep(0.05)


def _name(at: int) -> str:
    return f"miner{at + 1}"


def _tail(output: str) -> str:
    return " | ".join(line for line in output.splitlines() if "fatal:" in line or "ERROR" in line)[-2000:]


def summary(soak: Soak) -> list[str]:
    """The table at the end."""
    totals = soak.totals
    rows = {
        "runs": f"{sum(totals.runs.values())} ({_counted(totals.runs)})",
        "seconds": f"{totals.seconds:.0f}",
        "miners": str(len(soak.fleet.miners)),
        "faults put on": f"{sum(soak.troubles.put_on.values())} ({_counted(soak.troubles.put_on)})",
        "tasks checked": f"{totals.checked} ({_counted(totals.outcomes)})",
        "writes": str(totals.writes),
        "flashes": str(totals.flashes),
        "most requests at once": str(totals.most_at_once),
        "outcomes wrong": str(len(totals.broken)),
    }
    return [f"{name:22} {value}" for name, value in rows.items()]


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def main(arguments: Sequence[str]) -> bool:
    """Runs for the requested time; False if anything was wrong."""
    parser = argparse.ArgumentParser(prog="tests.soak faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="of runs in trouble (20)")
    parser.add_argument("--count", type=int, default=200, help="of miners, of all generations (200)")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier soak, to repeat its plan (random)")
    options = parser.parse_args(arguments)
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"faults: seed {seed}, {options.count} miners, {options.minutes:g} minutes", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    ansible = Ansible(ENVIRONMENTS / "newest/bin", FOLDER, RUN_TIMEOUT_S)
    with Fleet.start(count=options.count, generation="mixed", speed=SPEED) as fleet:
        soak = Soak(fleet, ansible, seed, lambda line: print(line, flush=True))
        deadline = time.monotonic() + options.minutes * 60
        try:
            while time.monotonic() < deadline:
                soak.in_trouble()
            soak.in_peace()
        except TimeoutError as error:
            soak.totals.broken.append(f"Seed {seed}, run {soak.number}: {error}")
            print(f"BROKEN  {soak.totals.broken[-1]}")
        finally:
            print("\n".join(["", *summary(soak)]), flush=True)
    return not soak.totals.broken
