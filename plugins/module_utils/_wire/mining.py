# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of what cgminer does: boards, pools and hash rates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint, Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FOR_GUEST,
    INNO_2018_05,
    INNO_2018_08,
    INNO_2018_09,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import (
    entries_of,
    integer_of,
    number_of,
    part_of,
    seconds_since_epoch,
    section_of,
    text_of,
    ths_of,
)


@dataclass(frozen=True)
class Board:
    """A hash board (cgminer's device, a chain). ``last_share_seconds`` is the age of its last share.

    ``hardware_error_ratio`` is the part of its results that are wrong, as cgminer reckons it.
    """

    id: int | None
    status: str | None
    temperature_c: float | None
    hashrate_ths: float | None
    hardware_errors: int | None
    hardware_error_ratio: float | None
    accepted: int | None
    rejected: int | None
    last_share_seconds: int | None


@dataclass(frozen=True)
class PoolStatus:
    """A pool as cgminer sees it live. ``active`` tells whether a stratum session is up."""

    url: str
    status: str | None
    active: bool | None
    accepted: int | None
    rejected: int | None


@dataclass(frozen=True)
class Mining:
    """What cgminer does. ``ready`` is False while it does not answer; then everything else is empty or None.

    ``shows_innosilicon`` means that only Innosilicon's firmware answers so.
    """

    ready: bool
    hashrate_ths: Mapping[str, float | None]
    boards: tuple[Board, ...] = ()
    pools: tuple[PoolStatus, ...] = ()
    fan_percent: int | None = None
    reject_ratio: float | None = None
    is_tuning: bool | None = None
    elapsed_seconds: int | None = None
    shows_innosilicon: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class DeviceError:
    """What an Innosilicon says is wrong with itself: ``code`` is "0" when nothing is, and None if it does not say.

    ``description`` and ``analysis``, what may have caused it, come from firmware that has a book of errors.
    """

    code: str | None
    message: str | None
    description: str | None = None
    analysis: str | None = None


def _read_summary(answer: Mapping[str, Any], reply: Reply) -> Mining:
    devices = entries_of(answer, "DEVS")
    pools = entries_of(answer, "POOLS")
    now = seconds_since_epoch(reply.date)
    return Mining(
        ready=True,
        hashrate_ths={name: _total_ths(devices, key) for name, key in _HASHRATE_KEYS.items()},
        boards=tuple(_board(device, now) for device in devices),
        pools=tuple(_pool_status(pool) for pool in pools),
        fan_percent=integer_of(section_of(answer, "HARDWARE").get("Fan duty")),
        reject_ratio=_reject_ratio(devices) if devices else _reject_ratio(pools),
        is_tuning=answer["tuning"] if isinstance(answer.get("tuning"), bool) else None,
        elapsed_seconds=min((elapsed for elapsed in map(_elapsed, devices) if elapsed is not None), default=None),
        shows_innosilicon="TotalHash" in answer,
    )


def not_mining() -> Mining:
    """What is known of mining while cgminer does not answer."""
    return Mining(ready=False, hashrate_ths=dict.fromkeys(_HASHRATE_KEYS))


def _board(device: Mapping[str, Any], now: float | None) -> Board:
    shared_at = number_of(device.get("Last Share Time"))
    return Board(
        id=integer_of(device.get("ID", device.get("ASC"))),
        status=text_of(device.get("Status")),
        temperature_c=number_of(device.get("Temperature")),
        hashrate_ths=_board_ths(device),
        hardware_errors=integer_of(device.get("Hardware Errors")),
        hardware_error_ratio=part_of(device.get("Device Hardware%")),
        accepted=integer_of(device.get("Accepted")),
        rejected=integer_of(device.get("Rejected")),
        last_share_seconds=max(0, round(now - shared_at)) if now and shared_at else None,
    )


def _elapsed(device: Mapping[str, Any]) -> int | None:
    return integer_of(device.get("Device Elapsed"))


def _board_ths(device: Mapping[str, Any]) -> float | None:
    """The rate that the firmware shows: a mean over a time that fits how long the board has been running.

    DragonMint gives it in MH/s as cgminer does, Innosilicon scaled with a unit of its own beside it.
    """
    rate = number_of(device.get("Hash Rate"))
    unit = device.get("Unit")
    if rate is not None and isinstance(unit, str):
        return round(rate * _THS_PER_UNIT[unit], 8) if unit in _THS_PER_UNIT else None
    return ths_of(rate if rate is not None else number_of(device.get("MHS av")))


def _pool_status(pool: Mapping[str, Any]) -> PoolStatus:
    active = pool.get("Stratum Active")
    return PoolStatus(
        url=text_of(pool.get("URL")) or "",
        status=text_of(pool.get("Status")),
        active=active if isinstance(active, bool) else None,
        accepted=integer_of(pool.get("Accepted")),
        rejected=integer_of(pool.get("Rejected")),
    )


def _total_ths(devices: Iterable[Mapping[str, Any]], key: str) -> float | None:
    rates = [rate for rate in (number_of(device.get(key)) for device in devices) if rate is not None]
    return ths_of(math.fsum(rates)) if rates else None


def _reject_ratio(entries: Iterable[Mapping[str, Any]]) -> float | None:
    entries = list(entries)
    for unit in ("Difficulty ", ""):
        accepted, rejected = (
            math.fsum(number_of(entry.get(unit + verdict)) or 0.0 for entry in entries)
            for verdict in ("Accepted", "Rejected")
        )
        if accepted + rejected > 0:
            return round(rejected / (accepted + rejected), 6)
    return None


def _read_error(answer: Mapping[str, Any], reply: Reply) -> DeviceError:
    return DeviceError(code=text_of(answer.get("code")), message=text_of(answer.get("errmsg")))


def _read_error_detail(answer: Mapping[str, Any], reply: Reply) -> DeviceError:
    # An empty object of PHP is a list.
    detail = section_of(answer, "detail") if answer.get("detail") else {}
    message, description, analysis = (text_of(detail.get(name)) for name in ("msg", "description", "analysis"))
    code = answer.get("code")
    return DeviceError(
        code=text_of(str(code) if isinstance(code, int) else code),
        message=message or description,
        description=description,
        analysis=analysis,
    )


def _read_has_text_times(answer: Mapping[str, Any], reply: Reply) -> bool | None:
    times = answer.get("times")
    return isinstance(times[0], str) if isinstance(times, list) and times else None


_HASHRATE_KEYS = {"5s": "MHS 5s", "1m": "MHS 1m", "15m": "MHS 15m", "average": "MHS av"}
_THS_PER_UNIT = {"H/s": 1e-12, "KH/s": 1e-9, "MH/s": 1e-6, "GH/s": 1e-3, "TH/s": 1.0, "PH/s": 1e3}
SUMMARY = Endpoint("summary", FOR_GUEST, _read_summary)
ERROR = Endpoint(
    "getErrorMessage",
    {INNO_2018_05: ADMIN, INNO_2018_08: ADMIN, INNO_2018_09: ADMIN},
    _read_error,
    may_be_empty=True,
)
ERROR_DETAIL = Endpoint("getErrorDetail", {INNO_2019: ADMIN}, _read_error_detail)
# Whether the times of its samples are text, which they are on no firmware but the first; None before there are any.
HASH_RATES = Endpoint("getHashRates", FOR_GUEST, _read_has_text_times)
