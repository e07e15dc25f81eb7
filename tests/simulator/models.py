# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences between the models: boards, cgminer's report, and what the firmware makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# What the A8's driver leaves out of its devices, as read in its sources.
OF_SHARES = frozenset(
    {
        *("Last Share Time", "Last Share Difficulty", "Last Valid Work", "Diff1 Work", "Total MH"),
        *("Difficulty Accepted", "Difficulty Rejected", "Device Hardware%", "Device Rejected%"),
    }
)
ALL_WINDOWS = ("MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m")


@dataclass(frozen=True)
class Model:
    """A model by the type that its firmware reports.

    `board_rate` is the nominal rate of a board in cgminer's "MHS" fields; `factor` converts these to hashes or
    solutions. `is_in_table`: the firmware of 2018 knows the factor and the unit. If not, it assumes MH/s, as on a T1.
    `tunes`: its cgminer tunes like that of a T1.
    """

    type: str
    driver: str = "DT1"
    controller: str = "g19"
    boards: int = 3
    chips: int = 63
    cores: int = 2016
    board_rate: float = 4932258.41
    factor: float = 1e6
    unit: str = "H/s"
    is_in_table: bool = False
    tunes: bool = True
    has_chip_sensors: bool = True
    has_fan: bool = True
    missing: frozenset[str] = frozenset()
    windows: tuple[str, ...] = ALL_WINDOWS


_T2T = Model("T2T", "DT2", "soc", chips=93, cores=2976, board_rate=8e6)
_COINFLEX: dict[str, Any] = {"driver": "HLT", "tunes": False, "has_chip_sensors": False}
_A9 = Model("B29+", **_COINFLEX, chips=12, cores=384, board_rate=17150.54, factor=1, unit="Sol/s", is_in_table=True)
_A8 = Model("A8", "T4", chips=80, cores=80, board_rate=53.3, factor=1e3, is_in_table=True, tunes=False)
_A11 = Model("A11", **_COINFLEX, boards=4, chips=8, cores=64, board_rate=337.8e6, factor=1)
_D9 = Model("D9", **_COINFLEX, chips=51, cores=1428, board_rate=0.8e6, is_in_table=True)
_S11 = Model("S11", **_COINFLEX, chips=45, cores=2835, board_rate=1.43e6, is_in_table=True)

MODELS = {
    model.type: model
    for model in (
        Model("T1", is_in_table=True),
        Model("T2", "DT2", board_rate=5.73e6, is_in_table=True),
        _T2T,
        replace(_T2T, type="T2TI", board_rate=8.33e6),
        replace(_T2T, type="T2TS", board_rate=8.67e6),
        replace(_T2T, type="T2TZ", board_rate=10e6),
        replace(_T2T, type="T2T+", board_rate=10.7e6),
        replace(_T2T, type="T3", board_rate=14.3e6),
        replace(_T2T, type="T3+", board_rate=17.3e6),
        replace(_T2T, type="T3H+", chips=114, cores=3648, board_rate=19e6),
        # Its cgminer has no other window, and no fan.
        Model(
            "A4",
            "BA2",
            boards=4,
            chips=20,
            cores=20,
            board_rate=68.92,
            tunes=False,
            has_fan=False,
            windows=("MHS 5s",),
            missing=frozenset({"MHS av", "Hardware Errors", "Utility"}),
        ),
        Model("A6", "BA2", boards=8, chips=64, cores=64, board_rate=156.0, is_in_table=True, tunes=False),
        _A8,
        replace(_A8, type="A8+", board_rate=82.5, missing=OF_SHARES),
        _A9,
        replace(_A9, type="A9+", board_rate=40e3, is_in_table=False),
        replace(_A9, type="A9++", board_rate=46.7e3, is_in_table=False),
        _D9,
        replace(_D9, type="B29", is_in_table=False),
        _S11,
        replace(_S11, type="B52", is_in_table=False),
        replace(_A11, type="A10", boards=3, board_rate=166e6),
        _A11,
        replace(_A11, type="A11M"),
        replace(_A11, type="A11MX"),
    )
}


def models_of(text: str) -> list[Model]:
    """The models of miners, in turn: those of these types. KeyError for any other."""
    return [MODELS[type_] for type_ in text.split(",")]
