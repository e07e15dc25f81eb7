# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to kill a run: at some time, at a request, within a write, or when a file changes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.simulator.control import Fleet
from tests.soak.kill_files import KEPT_FOLDERS

Condition = Callable[[], bool]

# The outcome of a request that was not answered yet.
PENDING = "pending"


@dataclass(frozen=True)
class Usual:
    """The duration and requests of a run that is not killed."""

    seconds: float
    requests: int
    writes: int

    def after(self, kills: int) -> Usual:
        """The approximate rest of it after this many killed runs."""
        return Usual(self.seconds / (kills + 1), self.requests // (kills + 1), self.writes // (kills + 1))


@dataclass(frozen=True)
class Scene:
    """A run to kill: its miners, its folder, and its usual duration."""

    fleet: Fleet
    folder: Path
    usual: Usual
    keeps_files: bool


@dataclass(frozen=True)
class Moment:
    """A moment: its description, and whether it has come."""

    text: str
    has_come: Condition


Draw = Callable[[random.Random, Scene], Moment]


def drawn(rng: random.Random, scene: Scene) -> Moment:
    """A random moment, spread over the whole run."""
    kinds: list[Draw] = [after_seconds, at_request]
    if scene.keeps_files:
        kinds.append(at_file)
    # Interruptions within a write matter most.
    if scene.usual.writes:
        kinds += [within_write] * 3
    return rng.choice(kinds)(rng, scene)


def after_seconds(rng: random.Random, scene: Scene) -> Moment:
    seconds = rng.uniform(0.0, scene.usual.seconds)
    return Moment(f"{seconds:.2f} s after its start", _later(lambda: True, seconds))


def at_request(rng: random.Random, scene: Scene) -> Moment:
    place = rng.randrange(len(scene.fleet.miners))
    number = rng.randint(1, max(1, scene.usual.requests // len(scene.fleet.miners)))
    miner = scene.fleet[place]
    enough = len(miner.requests()) + number
    return Moment(f"at request {number} to miner{place + 1}", lambda: len(miner.requests()) >= enough)


def within_write(rng: random.Random, scene: Scene) -> Moment:
    """While a miner has an unanswered write: the first one, the second, …, or a little later."""
    # Not the last ones, since this fleet may be smaller than usual.
    number = rng.randint(1, max(1, scene.usual.writes * 2 // 3))
    seconds = rng.choice((0.0, rng.uniform(0.0, 0.1)))
    before = set(_writes(scene.fleet))

    def has_come() -> bool:
        # Those before it may have been answered between two looks.
        new = {key: outcome for key, outcome in _writes(scene.fleet).items() if key not in before}
        return len(new) >= number and PENDING in new.values()

    return Moment(f"{seconds:.3f} s after write {number} came in", _later(has_come, seconds))


def at_file(rng: random.Random, scene: Scene) -> Moment:
    """Once a file was made or replaced in one of the folders that a run keeps, or a little later."""
    number = rng.randint(1, 3)
    seconds = rng.choice((0.0, rng.uniform(0.0, 0.3)))
    before = _files(scene.folder)
    seen: set[tuple[Path, int]] = set()

    def has_come() -> bool:
        seen.update(_files(scene.folder) - before)
        return len(seen) >= number

    return Moment(f"{seconds:.3f} s after file {number} changed", _later(has_come, seconds))


def pending(fleet: Fleet) -> set[tuple[str, float]]:
    """The unanswered writes, by address and time."""
    return {key for key, outcome in _writes(fleet).items() if outcome == PENDING}


def _writes(fleet: Fleet) -> dict[tuple[str, float], str]:
    return {(host, write["time"]): write["outcome"] for host, writes in fleet.writes().items() for write in writes}


def _files(folder: Path) -> set[tuple[Path, int]]:
    """Each file, and which one of that name it is."""
    found = set()
    for path in (path for name in KEPT_FOLDERS for path in (folder / name).glob("*")):
        try:
            found.add((path, path.stat().st_ino))
        except FileNotFoundError:
            continue
    return found


def _later(condition: Condition, seconds: float) -> Condition:
    """True this many seconds after the condition became true."""
    met_at: list[float] = []

    def has_come() -> bool:
        if not met_at and condition():
            met_at.append(time.monotonic())
        return bool(met_at) and time.monotonic() >= met_at[0] + seconds

    return has_come
