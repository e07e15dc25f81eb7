# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the firmware converts the hash rates that cgminer reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...mining.api import Answer
from ..call import Call

PREFIXES = ("", "K", "M", "G", "T", "P", "E")


@dataclass(frozen=True)
class Scale:
    """The firmware's assumption for 1 in a "MHS" field: a number and a unit."""

    factor: float
    unit: str

    def scaled(self, device: Answer) -> Answer:
        """A device with its rate in a suitable unit; 0 H/s if it has no rate."""
        rate = (device["Hash Rate"] or 0) * self.factor
        return {**device, **self._shown(rate), "Hash Rate H": rate}

    def total(self, devices: Iterable[Answer]) -> dict[str, Any]:
        return self._shown(sum((device["Hash Rate"] or 0) * self.factor for device in devices))

    def _shown(self, rate: float) -> dict[str, Any]:
        if not rate:
            return {"Hash Rate": 0, "Unit": "H/s"}
        place = 0
        while rate >= 1000 and place < len(PREFIXES) - 1:
            rate /= 1000
            place += 1
        return {"Hash Rate": rate, "Unit": PREFIXES[place] + self.unit}


def scale_of(call: Call) -> Scale:
    """A type that a firmware does not know is treated as a T1."""
    model = call.miner.cgminer.model
    is_known = model.is_in_table or call.miner.generation.knows_all_types
    return Scale(model.factor, model.unit) if is_known else Scale(1e6, "H/s")


def with_rate(device: Answer, average_when_young: bool) -> Answer:
    """The firmware shows the average over a window that fits the device's running time."""
    elapsed = device.get("Device Elapsed", 0)
    key = next(
        (key for limit, key in ((300, "MHS 5s"), (900, "MHS 1m"), (3600, "MHS 5m")) if elapsed < limit), "MHS 15m"
    )
    fallback = device.get("MHS av") if average_when_young and key in {"MHS 5m", "MHS 15m"} else None
    return {**device, "Hash Rate": device.get(key, fallback)}
