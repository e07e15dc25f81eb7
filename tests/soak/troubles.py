# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The random troubles of miners: faults of the simulator, set and removed while plays run."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.simulator.control import Miner

Fault = dict[str, Any]

# Longer than a task's timeout, and well within the ten seconds that it gives a write whose reply got lost: as far as
# the task can know, anything later was not done.
LATE_S = 5.0


@dataclass(frozen=True)
class Trouble:
    """A fault, its possible targets, and its weight."""

    fault: Fault
    on: Sequence[str | None] = (None, "reads", "writes")
    weight: float = 1.0
    for_ever: bool = False
    # Whether it costs a long wait: a minute for an upload.
    is_long: bool = False


WRITES: Sequence[str | None] = ("writes",)
EVERYTHING: Sequence[str | None] = (None,)
# They cost the simulator, and the machine, more than they reveal.
RARELY = 0.1

TROUBLES = (
    Trouble({"name": "dark"}, EVERYTHING, for_ever=True),
    Trouble({"name": "dark"}, ["reads", "writes"]),
    Trouble({"name": "drop_before"}, EVERYTHING),
    Trouble({"name": "drop_before", "reset": True}, EVERYTHING),
    Trouble({"name": "drop"}),
    Trouble({"name": "drop", "reset": True}),
    Trouble({"name": "lost_reply"}, WRITES, weight=3.0),
    Trouble({"name": "lost_reply", "reset": True}, WRITES, weight=3.0),
    Trouble({"name": "slow", "delay_s": LATE_S}, weight=2.0, is_long=True),
    Trouble({"name": "queued", "delay_s": LATE_S}, weight=2.0, is_long=True),
    Trouble({"name": "silent"}, is_long=True),
    Trouble({"name": "drip"}, is_long=True),
    Trouble({"name": "truncated"}, weight=2.0),
    Trouble({"name": "stalled"}, is_long=True),
    Trouble({"name": "cut_json"}),
    Trouble({"name": "as_html"}),
    Trouble({"name": "html_error", "status": 502}),
    Trouble({"name": "html_error", "status": 503}),
    Trouble({"name": "html_error", "status": 413}),
    Trouble({"name": "fatal_error"}),
    Trouble({"name": "html_page"}),
    Trouble({"name": "empty"}),
    Trouble({"name": "canned", "body": "null"}),
    Trouble({"name": "redirect"}),
    Trouble({"name": "challenge"}),
    Trouble({"name": "not_http"}),
    Trouble({"name": "invalid_utf8"}),
    Trouble({"name": "wrong_types"}),
    Trouble({"name": "not_ready"}),
    Trouble({"name": "reject"}),
    Trouble({"name": "token_expired"}),
    Trouble({"name": "clock_jumps"}),
    Trouble({"name": "reboots"}, weight=2.0),
    Trouble({"name": "ignored_write"}, WRITES, weight=2.0),
    Trouble({"name": "half_write"}, WRITES, weight=2.0),
    Trouble({"name": "boots_old"}, EVERYTHING),
    Trouble({"name": "never_back"}, EVERYTHING),
    Trouble({"name": "flash_fails"}, EVERYTHING),
    Trouble({"name": "updater_silent"}, EVERYTHING, is_long=True),
    Trouble({"name": "slow_upload", "bytes_per_s": 2e5}, EVERYTHING, is_long=True),
    Trouble({"name": "no_websocket"}, EVERYTHING),
    Trouble({"name": "flood"}, EVERYTHING, weight=RARELY),
    Trouble({"name": "huge"}, weight=RARELY),
    Trouble({"name": "endless_head"}, weight=RARELY),
    Trouble({"name": "oversized"}, weight=RARELY),
    Trouble({"name": "gzip_bomb"}, weight=RARELY),
    Trouble({"name": "nesting_bomb"}, weight=RARELY),
)
# Faults that are not used here, and why.
LEFT_OUT = {
    "rival": "the state is changed from elsewhere, of which a task can't know",
    "late_write": "the value changes after the task has read it back, as if from elsewhere",
    "endless": "nobody reads the log",
    "unbroken": "nobody reads the log",
    "trickle": "nobody reads the log",
    "binary": "nobody reads the log",
}
TIMES = (None, None, 1, 1, 2, 5)
PAUSE_S = (0.05, 0.5)


class Troubles:
    """The faults of each miner. ``put_on`` counts all that were set, by name."""

    def __init__(self, miners: Sequence[Miner], seed: str, share: float, troubles: Sequence[Trouble]) -> None:
        """``share`` is the maximum fraction of miners with a trouble at the same time."""
        self._miners = miners
        self._troubles = troubles
        self._random = random.Random(seed)
        self._most = int(share * len(miners))
        self._stricken: dict[str, Miner] = {}
        self.put_on: Counter[str] = Counter()
        # The faults of each miner since the latest `forget`, by its key.
        self.had: dict[str, list[str]] = {}

    @property
    def count(self) -> int:
        """The number of miners with a fault, or with one that has been used up."""
        return len(self._stricken)

    def forget(self) -> None:
        self.had = {key: miner_had[-1:] for key, miner_had in self.had.items() if key in self._stricken}

    def shuffle(self) -> None:
        """Heals some, then sets faults on as many miners as allowed."""
        for miner in list(self._stricken.values()):
            if self._random.random() < 0.5:
                self._heal(miner)
        for _unused in range(self._most):
            self._strike()

    def heal_all(self) -> None:
        for miner in self._miners:
            self._heal(miner)

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Keeps setting and removing faults in a thread."""
        is_over = threading.Event()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                while not is_over.wait(self._random.uniform(*PAUSE_S)):
                    self._strike()
            except BaseException as error:  # noqa: BLE001 - it is raised where somebody hears of it
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
        if failures:
            raise failures[0]

    def _strike(self) -> None:
        miner = self._random.choice(self._miners)
        if miner.mac in self._stricken and (len(self._stricken) >= self._most or self._random.random() < 0.5):
            self._heal(miner)
        elif len(self._stricken) < self._most:
            self._put_on(miner, self._any_fault())

    def _any_fault(self) -> Fault:
        (trouble,) = self._random.choices(self._troubles, [trouble.weight for trouble in self._troubles])
        times = None if trouble.for_ever else self._random.choice(TIMES)
        action = self._random.choice(trouble.on)
        return {**trouble.fault, "action": action, "times": times}

    def _put_on(self, miner: Miner, fault: Fault) -> None:
        miner.fault(**fault)
        self._stricken[miner.mac] = miner
        self.put_on[fault["name"]] += 1
        shown = f"{fault['name']} of {fault['action'] or 'all'}"
        self.had.setdefault(miner.mac, []).append(shown if fault["times"] is None else f"{shown} x{fault['times']}")

    def _heal(self, miner: Miner) -> None:
        miner.heal()
        self._stricken.pop(miner.mac, None)
