# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint for the driver's values of boards and chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint, Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import FOR_GUEST
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import fan_of, temperature_of
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import (
    entries_of,
    flag_of,
    integer_of,
    number_of,
    scalar_of,
    section_of,
    snake_case,
    text_of,
)


@dataclass(frozen=True)
class DebugBoard:
    """The driver's values for a hash board and each of its chips, under the names used in results.

    All known values are present; those that the driver does not report are None. ``mhs_average`` is the driver's "MHS
    av", which is the hash rate on some models only.
    """

    id: int | None
    mhs_average: float | None
    values: Mapping[str, Any]
    chips: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Debug:
    """The driver's values of the boards (none while cgminer does not respond), and the commits of the programs."""

    boards: tuple[DebugBoard, ...]
    hashes: Mapping[str, str | None]


def _read_debug(answer: Mapping[str, Any], reply: Reply) -> Debug:
    # PHP encodes an empty object as a list.
    hashes = section_of(answer, "hashes") if answer.get("hashes") else {}
    return Debug(
        boards=tuple(_debug_board(entry) for entry in entries_of(answer, "boards")),
        hashes={name: text_of(hashes.get(name)) for name in ("firmware", "backend", "cgminer")},
    )


def _debug_board(entry: Mapping[str, Any]) -> DebugBoard:
    board, chips = section_of(entry, "board"), entry.get("chips", [])
    # A list, or an object with numbers as keys if a chip is missing.
    numbered = dict(enumerate(chips)) if isinstance(chips, list) else section_of(entry, "chips")
    mhs = number_of(board.get("MHS av"))
    return DebugBoard(
        id=integer_of(board.get("Chain ID", board.get("STATS"))),
        mhs_average=mhs,
        values={**_debug_values(board, _BOARD_KEYS), "fan_percent": fan_of(board.get("Fan duty"), is_mining=bool(mhs))},
        chips=tuple(
            {"id": integer_of(number), **_debug_values(chip, _CHIP_KEYS)}
            for number, chip in numbered.items()
            if isinstance(chip, dict)
        ),
    )


def _debug_values(values: Mapping[str, Any], known: Mapping[str, _Known]) -> dict[str, Any]:
    """Gives known values their name and unit; the rest keeps the driver's name, in snake case."""
    named = {
        name: read(next((values[key] for key in keys if key in values), None)) for name, (read, *keys) in known.items()
    }
    known_keys = {key for _read, *keys in known.values() for key in keys} | _NOT_VALUES
    others = {snake_case(key): scalar_of(value) for key, value in values.items() if key not in known_keys}
    reported = {**{name: value for name, value in others.items() if name not in ("", "id", "chips")}, **named}
    # A PLL of 0 means that it is not reported.
    return {**reported, "pll": None} if reported.get("pll") == 0 else reported


_Known = tuple[Any, ...]
# What the T1's driver reports: the name in results, how the value is read, and the driver's keys. Voltages are in mV.
_BOARD_KEYS: Mapping[str, _Known] = {
    "name": (text_of, "ID"),
    "elapsed_seconds": (integer_of, "Elapsed"),
    "chip_count": (integer_of, "Num chips"),
    "active_chip_count": (integer_of, "Num active chips"),
    "core_count": (integer_of, "Num cores"),
    "temperature_c": (temperature_of, "Temp"),
    "temperature_max_c": (temperature_of, "Temp max"),
    "temperature_min_c": (temperature_of, "Temp min"),
    "fan_percent": (integer_of, "Fan duty"),
    "vid": (integer_of, "iVid", "VID"),
    "pll": (integer_of, "PLL"),
    "voltage_max_mv": (number_of, "Voltage Max"),
    "voltage_min_mv": (number_of, "Voltage Min"),
    "voltage_average_mv": (number_of, "Voltage Avg"),
    "is_vid_optimal": (flag_of, "VidOptimal"),
    "is_pll_optimal": (flag_of, "pllOptimal"),
    "is_disabled": (flag_of, "Disabled"),
    "is_throttled": (flag_of, "Throttled"),
}
_CHIP_KEYS: Mapping[str, _Known] = {
    "temperature_c": (temperature_of, "Temp"),
    "voltage_mv": (number_of, "nVol", "VVolt"),
    "enabled_cores": (integer_of, "Int Enabled Cores"),
    "hardware_errors": (integer_of, "HW errors"),
    "stales": (integer_of, "Stales"),
    "duplicates": (integer_of, "Duplicates"),
    "nonces_found": (integer_of, "Nonces found"),
    "nonce_ranges": (integer_of, "Nonce ranges"),
    "cooldown": (integer_of, "Cooldown"),
    "fail_count": (integer_of, "Fail count"),
    "fail_reset": (integer_of, "Fail reset"),
}
# About cgminer's API rather than the board, or handled elsewhere.
_NOT_VALUES = {"STATS", "Chain ID", "Calls", "Wait", "Max", "Min", "MHS av"}
DEBUG_STATS = Endpoint("getDebugStats", FOR_GUEST, _read_debug)
