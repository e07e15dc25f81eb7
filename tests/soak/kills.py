# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the controller at random moments of whole jobs, and checks the result of the next run.

A round is a small fleet with a random desired state, and one job. It is started and killed by SIGKILL, with all its
workers, once to five times; then it is run to its end, and then once more. The run after the kills must succeed, and
all miners must be in their desired state; the last one must change nothing. Over all these runs nothing may be done
twice, and after each of them, killed or not, no file may be incomplete.

    make soak ARGS="kills --kills 100 --seed 7"
    make soak ARGS="kills --seed 7 --round 12"      # this round again, with the same fleet and the same moments
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet
from tests.soak import kill_files, kill_moments
from tests.soak.invariants import broken_by_any_run
from tests.soak.kill_jobs import FILE_JOBS, JOBS, TURN, Job, build_archive, start_fleet
from tests.soak.kill_moments import Draw, Scene, Usual
from tests.support.processes import kill, stopped
from tests.support.running import ENVIRONMENTS, ROOT, Ansible, PlaybookRun
from tests.support.warm import Process

BEFORE, BETWEEN, WRITE, FILE, AFTER = PHASES = (
    "before the first request",
    "between requests",
    "within a write",
    "writing a file",
    "after the last request",
)
# The maximum time until a run is killed, and until miners are at rest.
DEADLINE_SECONDS = 120.0
REST_SECONDS = 20.0
POLL_SECONDS = 0.01
FOLDER = ROOT / "build/soak-kills"


@dataclass
class Outcome:
    """The result of one round: when it was killed, in which phases, and the violations, as sentences."""

    moments: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    converged: bool = False
    twice: list[str] = field(default_factory=list)
    half_written: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    left_by_ansible: Counter[str] = field(default_factory=Counter)

    @property
    def violations(self) -> list[str]:
        return [*self.other, *self.twice, *self.half_written]


class Round:
    """One job on one fleet, whose runs are checked one after the other."""

    def __init__(self, job: Job) -> None:
        self.outcome = Outcome()
        self._job = job
        self._fleet = job.fleet
        self._folder = job.ansible.folder

    def measure(self) -> Usual:
        """Runs the job once without a kill, to measure it."""
        began = time.monotonic()
        with self._watched("the run that nobody kills"):
            self._run_to_its_end("the run that nobody kills")
        seconds = time.monotonic() - began
        return Usual(seconds, _asked(self._fleet), _written(self._fleet))

    def play(self, rng: random.Random, kills: int, usual: Usual, draw: Draw) -> None:
        """Kills this many runs, each at a drawn moment; stops at a run that ends before, which does not count."""
        for number in range(kills):
            with self._watched(f"kill {number + 1}", was_killed=True):
                self._kill(rng, usual.after(number), draw)
            if len(self.outcome.struck) <= number:
                break
        if self.outcome.struck:
            with self._watched("the run after the kill"):
                self._run_to_its_end("the run after the kill")
            with self._watched("the last run"):
                self._run_in_vain()

    def _kill(self, rng: random.Random, usual: Usual, draw: Draw) -> None:
        before = _asked(self._fleet), kill_files.unfinished(self._folder)
        moment = draw(rng, Scene(self._fleet, self._folder, usual, self._job.keeps_files))
        process = self._job.start(is_first=not self.outcome.struck)
        try:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while process.poll() is None and not moment.has_come() and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            phase = self._phase(process, *before)
        finally:
            kill(process)
        self.outcome.moments.append(f"{moment.text} ({phase or 'it had ended'})")
        self.outcome.struck += [phase] if phase else []

    def _phase(self, process: Process, asked: int, unfinished: set[Path]) -> str | None:
        """What the run is just doing; None if it has ended. It is stopped from here on."""
        stopped(process)
        if process.poll() is not None:
            return None
        if kill_moments.pending(self._fleet):
            return WRITE
        if kill_files.unfinished(self._folder) - unfinished:
            return FILE
        if _asked(self._fleet) == asked:
            return BEFORE
        return AFTER if self._job.has_asked_all(_recorded(self._folder / "killed.jsonl")) else BETWEEN

    @contextmanager
    def _watched(self, name: str, was_killed: bool = False) -> Iterator[None]:
        """Checks a run by its requests to the miners, and by the files that it leaves."""
        left = kill_files.left_by_ansible(self._folder)
        asked = [len(miner.requests()) for miner in self._fleet.miners]
        yield
        for number, (miner, before) in enumerate(zip(self._fleet.miners, asked), 1):
            broken = broken_by_any_run(miner.requests()[before:])
            self.outcome.twice += [f"In {name}, of miner{number}: {sentence}" for sentence in broken]
        self.outcome.twice += [f"After {name} {text}." for text in self._job.done_twice()]
        wrong = kill_files.problems(self._folder, self._job.secrets)
        self.outcome.half_written += [f"After {name} {text}." for text in wrong]
        left_now = kill_files.left_by_ansible(self._folder)
        if not was_killed and left_now != left:
            more = ", ".join(sorted(path.name for path in left_now - left))
            self.outcome.half_written.append(f"Nobody killed {name}, and it has left {more}.")
        self.outcome.left_by_ansible = Counter(str(path.parent.relative_to(self._folder)) for path in left_now)

    def _run_to_its_end(self, name: str) -> PlaybookRun:
        done = self._job.run()
        differs = _once_at_rest(self._job.differs)
        self.outcome.converged = not differs
        self.outcome.other += [f"After {name} {text}." for text in differs]
        if (done.returncode != 0) != self._job.may_fail():
            self.outcome.other.append(f"The exit code of {name} is {done.returncode}: {done.output[-3000:]}")
        return done

    def _run_in_vain(self) -> None:
        asked, written = _asked(self._fleet), _written(self._fleet)
        done = self._run_to_its_end("the last run")
        if more := _written(self._fleet) - written:
            self.outcome.other.append(f"The last run has sent {more} writes, although all was as desired.")
        if self._job.is_cached and _asked(self._fleet) != asked:
            self.outcome.other.append("The last run has asked the miners, although there is a cache.")
        if changed := sorted(f"{r.host}: {r.task}" for r in done.results if r.changed and "dragonmint" in r.action):
            self.outcome.other.append(f"The last run says that it changed {', '.join(changed)}.")


def main(arguments: Sequence[str]) -> bool:
    """Plays rounds until this many kills have happened; False if anything was wrong."""
    options = _options(arguments)
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"kills: seed {seed}, {options.kills} kills", flush=True)
    soak = Soak(seed)
    began = time.monotonic()
    number = options.round or 1
    try:
        soak.round(number)
        while options.round is None and soak.kills < options.kills:
            number += 1
            soak.round(number)
    finally:
        soak.close()
        print(f"\n{_table(soak.played)}\n\nleft by Ansible: {_left_by_ansible(soak.played)}")
        print(f"{soak.kills} kills in {(time.monotonic() - began) / 60:.0f} minutes, seed {seed}", flush=True)
    return not soak.is_broken


class Soak:
    """The rounds of a seed, each in its own folder, which is kept if something was wrong."""

    def __init__(self, seed: int) -> None:
        self.played: dict[str, list[Outcome]] = {}
        self.is_broken = False
        self._seed = seed
        self._usual: dict[str, Usual] = {}
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._files = Path(tempfile.mkdtemp(dir=FOLDER, prefix="files-"))
        build_archive(self._files)

    @property
    def kills(self) -> int:
        """The number of kills of jobs that write to miners."""
        return sum(len(outcome.struck) for job in JOBS for outcome in self.played.get(job.name, []))

    def close(self) -> None:
        shutil.rmtree(self._files)

    def round(self, number: int) -> None:
        kind = kind_of_round(number)
        if kind.name not in self._usual:
            self._usual[kind.name] = self._measured(kind)
        what = f"seed {self._seed}, round {number}, {kind.name}"
        print(what, end=" ", flush=True)
        began = time.monotonic()
        rng = random.Random(f"{self._seed} {number}")
        kills = rng.randint(1, 5)
        folder = self._folder(what)
        with start_fleet(kind, rng) as fleet:
            played = Round(kind(rng, Ansible(ENVIRONMENTS / "newest/bin", folder), fleet, kills))
            played.play(rng, kills, self._usual[kind.name], kill_moments.drawn)
        self.played.setdefault(kind.name, []).append(played.outcome)
        text = f"killed {' and '.join(played.outcome.moments)}, {time.monotonic() - began:.0f} s"
        self._tell(what, text, played.outcome, folder)

    def _measured(self, kind: type[Job]) -> Usual:
        what = f"seed {self._seed}, {kind.name} without a kill"
        print(what, end=" ", flush=True)
        rng = random.Random(f"{self._seed} {kind.name}")
        folder = self._folder(what)
        with start_fleet(kind, rng) as fleet:
            unharmed = Round(kind(rng, Ansible(ENVIRONMENTS / "newest/bin", folder), fleet, 0))
            usual = unharmed.measure()
        text = f"took {usual.seconds:.1f} s, {usual.requests} requests, {usual.writes} writes"
        self._tell(what, text, unharmed.outcome, folder)
        return usual

    def _folder(self, what: str) -> Path:
        folder = FOLDER / what.replace(", ", "-").replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "files").symlink_to(self._files)
        return folder

    def _tell(self, what: str, text: str, outcome: Outcome, folder: Path) -> None:
        print(f"{text}: {'BROKEN' if outcome.violations else 'ok'}", flush=True)
        for sentence in outcome.violations:
            print(f"BROKEN ({what}, see {folder}): {sentence}", file=sys.stderr, flush=True)
        if outcome.violations:
            self.is_broken = True
        else:
            shutil.rmtree(folder)


def kind_of_round(number: int) -> type[Job]:
    """The jobs take turns; each turn ends with one that only writes files."""
    turn, place = divmod(number - 1, len(TURN) + 1)
    return FILE_JOBS[turn % len(FILE_JOBS)] if place == len(TURN) else TURN[place]


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.soak kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="that have to strike jobs that write to miners (100)")
    parser.add_argument("--seed", type=int, default=None, help="repeats the plan of an earlier soak (random)")
    parser.add_argument("--round", type=int, default=None, help="only this round of it")
    return parser.parse_args(arguments)


def _asked(fleet: Fleet) -> int:
    return sum(len(miner.requests()) for miner in fleet.miners)


def _written(fleet: Fleet) -> int:
    return sum(map(len, fleet.writes().values()))


def _recorded(path: Path) -> list[dict[str, Any]]:
    """The results of tasks. The last line may be incomplete."""
    whole, _newline, _rest = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def _once_at_rest(differs: Callable[[], Iterable[str]]) -> list[str]:
    """The drift, once there is none or the miners had time to finish."""
    deadline = time.monotonic() + REST_SECONDS
    while (found := list(differs())) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def _table(played: Mapping[str, Sequence[Outcome]]) -> str:
    columns = ("job", "rounds", "kills", *PHASES, "converged", "done twice", "half-written", "left by Ansible")
    rows = [columns, *(_row(name, outcomes) for name, outcomes in played.items())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)


def _left_by_ansible(played: Mapping[str, Sequence[Outcome]]) -> str:
    """The number of files and folders, by place."""
    left: Counter[str] = Counter()
    for outcome in (outcome for outcomes in played.values() for outcome in outcomes):
        left.update(outcome.left_by_ansible)
    return ", ".join(f"{count} in {where}" for where, count in left.most_common()) or "nothing"


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    struck = Counter(phase for outcome in outcomes for phase in outcome.struck)
    killed = [outcome for outcome in outcomes if outcome.struck]
    counts = (
        len(outcomes),
        sum(struck.values()),
        *(struck[phase] for phase in PHASES),
        f"{sum(outcome.converged for outcome in killed)} of {len(killed)}",
        sum(len(outcome.twice) for outcome in outcomes),
        sum(len(outcome.half_written) for outcome in outcomes),
        sum(outcome.left_by_ansible.total() for outcome in outcomes),
    )
    return (name, *map(str, counts))
