# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands for a running simulated fleet do what they say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rehearsal.commands import USAGE, obey
from tests.simulator.control import ControlError, Miner


class FakeMiner(Miner):
    """Records the faults it gets."""

    def __init__(self) -> None:
        self.faults: list[str] = ["slow"]

    def fault(self, name: str, action: str | None = None, times: int | None = None, **params: Any) -> None:
        if name == "nonsense":
            raise ControlError("no fault nonsense")
        self.faults.append(name)

    def heal(self) -> None:
        self.faults.clear()


@pytest.mark.parametrize(
    ("line", "said", "faults"),
    [
        ("fault dark miner02", "1 miner now with the fault dark.", [["slow"], ["slow", "dark"]]),
        ("fault dark miner01 miner02", "2 miners now with the fault dark.", [["slow", "dark"], ["slow", "dark"]]),
        ("heal miner01", "1 miner healed.", [[], ["slow"]]),
        ("heal", "2 miners healed.", [[], []]),
        ("", USAGE, [["slow"], ["slow"]]),
        ("fault dark", USAGE, [["slow"], ["slow"]]),
        ("fault dark miner01 x", "There is no x; the miners are miner01 to miner02.", [["slow"], ["slow"]]),
        ("fault nonsense miner01", "no fault nonsense", [["slow"], ["slow"]]),
    ],
)
def test_a_line_is_carried_out_or_explained(line: str, said: str, faults: list[list[str]]) -> None:
    miners: dict[str, FakeMiner] = {"miner01": FakeMiner(), "miner02": FakeMiner()}
    assert obey(line, miners) == said
    assert [miner.faults for miner in miners.values()] == faults
