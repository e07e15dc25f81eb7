# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints for the state of cgminer: boards, pools and hash rates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import (
    Device,
    fan_of,
    figures_of,
    has_rate,
    ratio_of,
    temperature_of,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import (
    entries_of,
    integer_of,
    number_of,
    seconds_since_epoch,
    section_of,
    text_of,
)


@dataclass(frozen=True)
class Board:
    """A hash board (a cgminer device, a chain). ``last_share_seconds`` is the age of its last share.

    ``hardware_error_ratio`` is the fraction of its results that are wrong, as calculated by cgminer.
    """

    id: int | None
    status: str | None
    temperature_c: float | None
    hardware_errors: int | None
    hardware_error_ratio: float | None
    accepted: int | None
    rejected: int | None
    last_share_seconds: int | None


@dataclass(frozen=True)
class PoolStatus:
    """A pool in cgminer's live view. ``active`` is whether a stratum session is up."""

    url: str
    status: str | None
    active: bool | None
    accepted: int | None
    rejected: int | None


@dataclass(frozen=True)
class Mining:
    """The state of cgminer. ``ready`` is False while it does not respond; then everything else is empty or None.

    ``devices`` are the boards as cgminer reports them, ``total`` is the firmware's summary of them: the unit of their
    rates depends on the model. ``shows_innosilicon`` means that this answer comes only from Innosilicon's firmware.
    """

    ready: bool
    boards: tuple[Board, ...] = ()
    pools: tuple[PoolStatus, ...] = ()
    fan_percent: int | None = None
    reject_ratio: float | None = None
    is_tuning: bool | None = None
    elapsed_seconds: int | None = None
    devices: tuple[Device, ...] = field(default=(), compare=False, repr=False)
    total: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    shows_innosilicon: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Everything:
    """What later firmware reports in a single reply: less about boards than a summary has, and perhaps the power."""

    boards: tuple[Board, ...]
    fan_percent: int | None
    power_watts: float | None
    devices: tuple[Device, ...] = field(default=(), compare=False, repr=False)
    total: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class DeviceError:
    """An Innosilicon's own error report: ``code`` is "0" when there is no error, None if it is not reported.

    ``description`` and ``analysis`` (possible causes) come from firmware that has a catalogue of errors.
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
        boards=tuple(_board(device, now) for device in devices),
        pools=tuple(_pool_status(pool) for pool in pools),
        fan_percent=fan_of(section_of(answer, "HARDWARE").get("Fan duty"), is_mining=has_rate(devices)),
        reject_ratio=_reject_ratio(devices) if devices else _reject_ratio(pools),
        is_tuning=answer["tuning"] if isinstance(answer.get("tuning"), bool) else None,
        elapsed_seconds=min((elapsed for elapsed in map(_elapsed, devices) if elapsed is not None), default=None),
        devices=tuple(map(figures_of, devices)),
        total=_total(answer.get("TotalHash")),
        shows_innosilicon="TotalHash" in answer,
    )


def not_mining() -> Mining:
    """The state of mining while cgminer does not respond."""
    return Mining(ready=False)


def _board(device: Mapping[str, Any], now: float | None) -> Board:
    shared_at = number_of(device.get("Last Share Time"))
    return Board(
        id=integer_of(device.get("ID", device.get("ASC"))),
        status=text_of(device.get("Status")),
        temperature_c=temperature_of(device.get("Temperature")),
        hardware_errors=integer_of(device.get("Hardware Errors")),
        hardware_error_ratio=ratio_of(device.get("Device Hardware%")),
        accepted=integer_of(device.get("Accepted")),
        rejected=integer_of(device.get("Rejected")),
        last_share_seconds=max(0, round(now - shared_at)) if now and shared_at else None,
    )


def _elapsed(device: Mapping[str, Any]) -> int | None:
    return integer_of(device.get("Device Elapsed"))


def _pool_status(pool: Mapping[str, Any]) -> PoolStatus:
    active = pool.get("Stratum Active")
    return PoolStatus(
        url=text_of(pool.get("URL")) or "",
        status=text_of(pool.get("Status")),
        active=active if isinstance(active, bool) else None,
        accepted=integer_of(pool.get("Accepted")),
        rejected=integer_of(pool.get("Rejected")),
    )


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


def _read_everything(answer: Mapping[str, Any], reply: Reply) -> Everything:
    everything = section_of(answer, "all")
    chains = entries_of(everything, "chain") if everything.get("chain") else []
    total = _total(everything.get("total_hash"))
    watts = number_of(everything.get("power"))
    is_mining = has_rate([*chains, total])
    return Everything(
        boards=tuple(_chain(chain) for chain in chains),
        fan_percent=fan_of(everything.get("fansSpeed"), is_mining),
        power_watts=watts if watts and watts > 0 else None,
        devices=tuple(map(figures_of, chains)),
        total=total,
    )


def _total(value: Any) -> Mapping[str, Any]:
    # PHP encodes an empty object as a list.
    return figures_of(value) if isinstance(value, dict) else {}


def _chain(chain: Mapping[str, Any]) -> Board:
    """A board in a reply with few details. Its temperature is that of its hottest sensor."""
    board = _board(chain, now=None)
    hottest = temperature_of(chain.get("Temp max"))
    return board if hottest is None else replace(board, temperature_c=hottest)


def _read_error(answer: Mapping[str, Any], reply: Reply) -> DeviceError:
    return DeviceError(code=text_of(answer.get("code")), message=text_of(answer.get("errmsg")))


def _read_error_detail(answer: Mapping[str, Any], reply: Reply) -> DeviceError:
    # PHP encodes an empty object as a list.
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


SUMMARY = Endpoint("summary", FOR_GUEST, _read_summary)
EVERYTHING = Endpoint("getAll", {INNO_2018_09: ADMIN, INNO_2019: ADMIN}, _read_everything)
ERROR = Endpoint(
    "getErrorMessage",
    {INNO_2018_05: ADMIN, INNO_2018_08: ADMIN, INNO_2018_09: ADMIN},
    _read_error,
    may_be_empty=True,
)
ERROR_DETAIL = Endpoint("getErrorDetail", {INNO_2019: ADMIN}, _read_error_detail)
# Whether its samples have text as times, which only the first firmware does; None before there are samples.
HASH_RATES = Endpoint("getHashRates", FOR_GUEST, _read_has_text_times)
