# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mining program: its configuration file, and since when it runs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from ..fields import Value
from ..models import MODELS, Model

Pool = dict[str, Value]

VENDOR_POOLS: list[Pool] = [
    {"url": "stratum+tcp://pool-1.vendor.example:3333", "user": "vendor.1", "pass": "x"},
    {"url": "stratum+tcp://pool-2.vendor.example:3333", "user": "vendor.2", "pass": "x"},
]
MODE_KEYS = {
    "off": "T1noauto",
    "efficient": "T1efficient",
    "balanced": "T1balanced",
    "factory": "T1factory",
    "performance": "T1performance",
}


class Config:
    """cgminer.conf: `file` is `ok`, `missing`, `empty` or `corrupt`; `pools` is None if the key is missing.

    A write to a file that is not `writable` is lost. On a `full` disk, a file that has grown is truncated.
    """

    def __init__(self) -> None:
        self.writable = True
        self.full = False
        self.copy_vendor_default()

    def copy_vendor_default(self) -> None:
        self.file = "ok"
        self.pools: list[Pool] | None = [dict(pool) for pool in VENDOR_POOLS]
        self.has_api = True
        self.keys: dict[str, Value | bool] = {}

    def lose(self, file: str) -> None:
        self.file = file
        self.pools = None
        self.has_api = False
        self.keys = {}

    def write_pools(self, pools: list[Pool]) -> None:
        self._write(pools, self.keys)

    def write_mode(self, mode: str, level: str | None = None) -> None:
        """`level` is for firmware that has levels."""
        keys = mode_keys(self.keys, mode)
        if level is not None:
            keys["T1adjust"] = level
        self._write(self.pools, keys)

    def _write(self, pools: list[Pool] | None, keys: dict[str, Value | bool]) -> None:
        """Other keys survive; a lost file is rewritten with the new values only, so the API settings stay lost."""
        if not self.writable:
            return
        if self.full and _size(pools, keys) > _size(self.pools, self.keys):
            self.lose("corrupt")
            return
        self.file = "ok"
        self.pools = pools
        self.keys = keys

    def mode(self) -> str:
        return next((mode for mode, key in MODE_KEYS.items() if key in self.keys), "balanced")


def mode_keys(keys: dict[str, Value | bool], mode: str) -> dict[str, Value | bool]:
    """The keys with that of this mode instead of another one's; `balanced` has none."""
    others = {key: value for key, value in keys.items() if key not in MODE_KEYS.values()}
    return others if mode == "balanced" else {**others, MODE_KEYS[mode]: True}


@dataclass
class Board:
    """One hash board, with a real T1's rates: MH/s, degrees Celsius, events per second.

    Without a slot, its place in the list is its slot. On models with another unit, `hashrate_mhs` is in that unit.
    """

    alive: bool = True
    hashrate_mhs: float = 4932258.41
    temperature_c: float = 72
    hardware_errors_per_s: float = 1.377
    reject_ratio: float = 0.0066
    last_share_s: float | None = None
    slot: int | None = None


@dataclass
class Cgminer:
    """The process. It responds from `ready_at` (simulated seconds) on, if its configuration enables the API."""

    clock: Clock
    config: Config
    model: Model = MODELS["T1"]
    # How long the firmware waits for an answer.
    patience_s: float = float("inf")
    started_at: float | None = None
    ready_at: float = 0.0
    hashing_at: float = 0.0
    tuning_until: float = 0.0
    pools: list[Pool] = field(default_factory=list)
    has_api: bool = False
    boards: list[Board] = field(init=False)
    pool_status: str | dict[str, str] = "Alive"
    fan_duty: int = 59
    # The measurement of a supply that supports it; None for others.
    power_watts: float | None = None
    mended_by: str | None = None
    override: str | dict[str, Any] | None = None
    override_changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.renew_boards()

    def renew_boards(self) -> None:
        """Boards in factory state."""
        self.boards = [Board(hashrate_mhs=self.model.board_rate) for _unused in range(self.model.boards)]

    def stop(self) -> None:
        self.started_at = None

    def start(self, ready_in: float, hashing_in: float, tuning_for: float = 0.0) -> None:
        """Starts with the current configuration; all arguments in simulated seconds."""
        if self.config.file in {"missing", "empty"}:
            self.config.copy_vendor_default()
        if self.config.pools is None:
            return
        now = self.clock.now()
        self.started_at = now
        self.ready_at = now + ready_in
        self.hashing_at = self.ready_at + hashing_in
        self.tuning_until = self.ready_at + tuning_for
        self.take_config()

    def take_config(self) -> None:
        self.pools = [dict(pool) for pool in self.config.pools or []]
        self.has_api = self.config.has_api

    def mend(self, remedy: str) -> None:
        """Boards that a `restart`, or only a `reboot`, revives are as new after it."""
        if self.mended_by in (remedy, "restart"):
            self.renew_boards()
            self.mended_by = None

    def is_ready(self) -> bool:
        return self.started_at is not None and self.has_api and self.clock.now() >= self.ready_at

    def is_tuning(self) -> bool:
        return self.clock.now() < self.tuning_until

    def set_override(self, override: str | dict[str, Any] | None) -> None:
        self.override = override
        self.override_changed.set()
        self.override_changed = asyncio.Event()

    async def hear_out_silence(self) -> None:
        """Waits for a cgminer that accepts and never responds; only the later Innosilicon gives up."""
        while self.override == "silent":
            changed = asyncio.ensure_future(self.override_changed.wait())
            try:
                if not await self.clock.wait(changed, self.patience_s):
                    return
            finally:
                changed.cancel()


def _size(pools: list[Pool] | None, keys: dict[str, Value | bool]) -> int:
    """The length of the file, without what no write changes."""
    return len(json.dumps({"pools": pools, **keys}))
