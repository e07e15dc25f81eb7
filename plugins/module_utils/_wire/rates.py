# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads hash rates and sensor values from the reports of cgminer and the firmware, and formats rates for people.

cgminer's "MHS" fields are MH/s on some models only. Their unit (what 1 is in H/s or Sol/s) comes from the table of
models first, and from the firmware's own "Hash Rate H" second: the firmware's table dates from its build, and is wrong
about types that it lacks. A rate whose unit neither knows is None, with a warning; it is never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import (
    SHA256,
    Model,
    model_of,
    normal_type,
)

# The time windows in results, and cgminer's fields for them.
WINDOWS = {"5s": "MHS 5s", "1m": "MHS 1m", "15m": "MHS 15m", "average": "MHS av"}

Device = Mapping[str, Any]


@dataclass(frozen=True)
class Rates:
    """The hash rates of a miner, in base units: the total by window, and one per board, in the order of DEVS.

    ``unit`` is H/s or Sol/s. An unknown rate is None; ``warning`` gives the reason if the model is the cause.
    ``is_counted`` is False if the rate is calculated from the clock, so that it proves nothing; None if that is
    unknown.
    """

    algorithm: str | None
    unit: str | None
    total_hs: Mapping[str, float | None]
    boards_hs: tuple[float | None, ...]
    is_counted: bool | None = None
    warning: str | None = None


def rates_of(type_: str | None, devices: Sequence[Device], total: Mapping[str, Any] | None = None) -> Rates:
    """Returns the rates of a miner of this type.

    ``devices`` are the DEVS of a summary, or the chain of getAll. ``total`` is what the firmware reports for the whole
    miner (TotalHash, total_hash), used as the average if no device has a rate.
    """
    model = model_of(type_)
    factor = factor_of(type_, devices)
    total_hs = totals_of(devices, factor)
    boards_hs = tuple(rate_of(device, factor) for device in devices)
    if total and not any(_mhs(device) for device in devices):
        total_hs["average"] = shown_total(type_, total)
    return Rates(
        algorithm=model.algorithm.name if model else None,
        unit=_unit(model, [*devices, total or {}]),
        total_hs=total_hs,
        boards_hs=boards_hs,
        is_counted=model.is_counted.value if model and model.is_counted else None,
        warning=_warning(
            type_, model, is_left_out=any(rate is None and _mhs(device) for rate, device in zip(boards_hs, devices))
        ),
    )


def factor_of(type_: str | None, devices: Sequence[Device]) -> float | None:
    """Returns what 1 in a "MHS" field of this miner's cgminer is in base units; None if that is unknown.

    It is the same for all devices of a miner, so the first one whose "Hash Rate H" shows it is enough: the firmware
    reports that for eight devices only, and an idle device does not show it.
    """
    model = model_of(type_)
    if model and model.mhs_factor:
        return model.mhs_factor.value
    for device in devices:
        picked, shown = _number(device.get(_picked(device))), _number(device.get("Hash Rate H"))
        for factor in _FACTORS:
            if picked and shown and math.isclose(shown, factor * picked, rel_tol=1e-6):
                return factor
    return None


def figures_of(entry: Mapping[str, Any]) -> Device:
    """Returns only those fields of a device or total that are needed for rates."""
    figures: dict[str, Any] = {name: _number(entry[name]) for name in _FIGURES if name in entry}
    base = _split_unit(entry.get("Unit"))[1]
    return {**figures, "Unit": entry["Unit"]} if base else figures


def has_rate(devices: Sequence[Device]) -> bool:
    """Whether any of these devices hashes; the unit does not matter."""
    return any(any(_mhs(device)) or bool(_number(device.get("Hash Rate H"))) for device in devices)


def ths_of(rate_hs: float | None, algorithm: str | None) -> float | None:
    """Returns a rate in TH/s from base units. None for algorithms other than SHA-256, for which nobody uses TH/s."""
    return None if rate_hs is None or algorithm != SHA256.name else round(rate_hs / 1e12, 8)


def rate_of(device: Device, factor: float | None) -> float | None:
    """Returns the rate of a board in base units, over a window that fits how long it has been running.

    This is the window that the firmware shows, otherwise any that cgminer has.
    """
    rates = _mhs(device)
    return _in_base_units(rates[0], factor) if rates else _number(device.get("Hash Rate H"))


def debug_rate(type_: str | None, mhs: float | None) -> float | None:
    """Returns the "MHS av" that a board's driver reports, in base units.

    It is a rate on the SHA-256 models. On others it is an internal figure of the driver without a unit.
    """
    model = model_of(type_)
    factor = model.mhs_factor if model and model.algorithm == SHA256 else None
    return None if mhs is None or factor is None else _in_base_units(mhs, factor.value)


def totals_of(devices: Sequence[Device], factor: float | None) -> dict[str, float | None]:
    """Returns the total over a miner's devices in base units, by window. None if no device has the window."""
    totals: dict[str, float | None] = {}
    for window, field in WINDOWS.items():
        rates = [rate for rate in (_number(device.get(field)) for device in devices) if rate is not None]
        totals[window] = _in_base_units(math.fsum(rates), factor) if rates else None
    return totals


def shown_total(type_: str | None, total: Mapping[str, Any]) -> float | None:
    """Returns the firmware's rate of the whole miner (TotalHash, total_hash) in base units.

    None if its unit does not fit the type: then the firmware does not know the type.
    """
    prefix, base = _split_unit(total.get("Unit"))
    model = model_of(type_)
    if model and base and base != model.algorithm.unit:
        return None
    exact, scaled = _number(total.get("Hash Rate H")), _number(total.get("Hash Rate"))
    if exact is not None or scaled is None or base is None:
        return exact
    return round(scaled * 1000.0 ** _PREFIXES.index(prefix), 2)


def in_unit(rate_hs: float, unit: str) -> str:
    """Formats a rate with three digits: "16.1 TH/s", "51.4 kSol/s". ``unit`` is its base unit."""
    for prefix in ("", "k", "M", "G", "T", "P"):
        text = f"{rate_hs:.3g}"
        if float(text) < 1000:
            return f"{text} {prefix}{unit}"
        rate_hs /= 1000
    return f"{rate_hs:.3g} E{unit}"


def temperature_of(value: Any) -> float | None:
    """Reads a temperature in °C. A board without a sensor reports 0."""
    return _number(value) or None


def fan_of(value: Any, is_mining: bool) -> int | None:
    """Reads the fan speed in percent. A mining miner with 0 does not report its fans."""
    percent = _number(value)
    if percent is None or not 0 <= percent <= 100 or (is_mining and not percent):
        return None
    return int(percent)


def ratio_of(percent: Any) -> float | None:
    """Reads one of cgminer's percentages as a ratio. None outside 0 to 100, where its arithmetic has overflowed."""
    value = _number(percent)
    return None if value is None or not 0 <= value <= 100 else round(value / 100, 8)


def _number(value: Any) -> float | None:
    """Reads a number in a reply, which may be text. None for anything else, and for values that are impossible."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e18:
        return None
    return value


def _picked(device: Device) -> str:
    """The field that the firmware shows as the rate of a device, and uses for its "Hash Rate H"."""
    if "MHS 5m" not in device or "MHS 15m" not in device:
        return "MHS av"
    elapsed = _number(device.get("Device Elapsed")) or 0
    return next((field for seconds, field in _PICKED_UNTIL.items() if elapsed < seconds), "MHS 15m")


def _mhs(device: Device) -> list[float]:
    """The rates that cgminer reports for a device, best match first."""
    fields = (_picked(device), "MHS av", "MHS 15m", "MHS 5m", "MHS 1m", "MHS 5s")
    return [rate for rate in (_number(device.get(field)) for field in fields) if rate is not None]


def _in_base_units(mhs: float, factor: float | None) -> float | None:
    # Zero is zero in any unit.
    if not mhs:
        return 0.0
    return None if factor is None else round(mhs * factor, 2)


def _unit(model: Model | None, reported: Sequence[Mapping[str, Any]]) -> str | None:
    if model:
        return model.algorithm.unit
    return next((base for base in (_split_unit(entry.get("Unit"))[1] for entry in reported) if base), None)


def _split_unit(unit: Any) -> tuple[str, str | None]:
    """Splits "KSol/s" into its prefix and its base unit; the latter is None for anything but a unit of a rate."""
    for base in ("Sol/s", "H/s"):
        if isinstance(unit, str) and unit.endswith(base) and unit[: -len(base)] in _PREFIXES:
            return unit[: -len(base)], base
    return "", None


def _warning(type_: str | None, model: Model | None, is_left_out: bool) -> str | None:
    if model and is_left_out:
        return (
            f"The hash rate of this {model.type} is omitted: the unit of its cgminer's MHS fields is not known, and "
            'its firmware does not report "Hash Rate H" beside them.'
        )
    if model:
        return None
    unknown = f"The type '{normal_type(type_)}' is not a known model" if type_ else "The miner does not report its type"
    if is_left_out:
        return (
            f"{unknown}, and its firmware does not report its hash rate in H/s, so the hash rate, the algorithm and "
            f"the rating are omitted."
        )
    return (
        f"{unknown}. Its hash rate is the one that its firmware reports, which may be in the wrong unit. Its "
        f"algorithm and rating are omitted."
    )


_FIGURES = ("MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m", "MHS av", "Device Elapsed", "Hash Rate", "Hash Rate H")
_FACTORS = (1e6, 1e3, 1.0)
_PREFIXES = ("", "K", "M", "G", "T", "P", "E")
# The firmware's choice by the seconds that a device has been running; "MHS 15m" from then on.
_PICKED_UNTIL = {300: "MHS 5s", 900: "MHS 1m", 3600: "MHS 5m"}
