# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the arguments of the event source to settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import (
    PriceRules,
    Rules,
    Threshold,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.prices import Layout
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.week import DAY_MINUTES, DAYS, Week
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import (
    Invalid,
    quoted,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.schema import checked


@dataclass(frozen=True)
class PriceFeed:
    """Where prices come from: exactly one of ``file`` and ``url``."""

    layout: Layout
    interval_s: float
    file: Path | None = None
    url: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 10.0


@dataclass(frozen=True)
class Webhook:
    """Where to listen, and what a sender needs to know."""

    host: str
    port: int
    token: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Validated arguments. ``zone`` applies to times without an offset."""

    rules: Rules
    modes: tuple[str, ...]
    zone: ZoneInfo | None = None
    prices: PriceFeed | None = None
    command_file: Path | None = None
    webhook: Webhook | None = None
    snapshot: Path | None = None


def settings_from(args: Mapping[str, Any], schema: Mapping[str, Any]) -> Settings:
    """Converts arguments to settings. Raises Invalid, which names the first invalid argument."""
    given = checked(args, schema)
    zone = _zone(given.get("timezone"))
    prices = given.get("prices")
    rules = Rules(
        kw=given.get("kw"),
        mode=given.get("mode"),
        prices=_price_rules(prices) if prices else None,
        schedule=_week(given["schedule"], zone) if "schedule" in given else None,
        commands="command_file" in given or "webhook" in given,
        minimum_s=given["minimum_seconds"],
        maximum_s=given.get("maximum_seconds"),
        gap_s=given["gap_seconds"],
        debounce_s=given["debounce_seconds"],
    )
    if rules.maximum_s is not None and rules.maximum_s < rules.minimum_s:
        raise Invalid(
            f"maximum_seconds: expected at least minimum_seconds, {rules.minimum_s:g}, found '{rules.maximum_s:g}'."
        )
    return Settings(
        rules,
        tuple(schema["properties"]["mode"]["enum"]),
        zone,
        prices=_feed(prices, zone) if prices else None,
        command_file=_path(given, "command_file"),
        webhook=Webhook(**given["webhook"]) if "webhook" in given else None,
        snapshot=_path(given, "snapshot"),
    )


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"timezone: {quoted(name)} is not a known time zone. Use a name such as Europe/Berlin or UTC, or "
            "install the package tzdata if it is one."
        ) from None


def _price_rules(prices: Mapping[str, Any]) -> PriceRules:
    over, under, at_once = prices["over"], prices["under"], prices.get("at_once")
    if under["price"] > over["price"]:
        raise Invalid(
            f"prices.under.price: expected at most prices.over.price, '{over['price']:g}', found '{under['price']:g}'."
        )
    if at_once is not None and at_once < over["price"]:
        raise Invalid(f"prices.at_once: expected at least prices.over.price, '{over['price']:g}', found '{at_once:g}'.")
    return PriceRules(
        Threshold(over["price"], over["for"]),
        Threshold(under["price"], under["for"]),
        at_once,
        prices["stale"],
        prices["stale_seconds"],
    )


def _feed(prices: Mapping[str, Any], zone: ZoneInfo | None) -> PriceFeed:
    if prices["headers"] and "url" not in prices:
        raise Invalid("prices.headers: a file is read without headers. Remove it, or give prices.url.")
    minutes = prices.get("minutes")
    layout = Layout(
        **prices["columns"],
        interval_s=None if minutes is None else 60 * minutes,
        rows=tuple(prices["rows"].split(".")) if "rows" in prices else (),
        delimiter=prices["delimiter"],
        zone=zone,
    )
    return PriceFeed(
        layout, prices["interval"], _path(prices, "file"), prices.get("url"), prices["headers"], prices["timeout"]
    )


def _week(windows: Iterable[Mapping[str, Any]], zone: ZoneInfo | None) -> Week:
    if zone is None:
        raise Invalid("timezone is missing. The schedule needs a time zone, such as Europe/Berlin.")
    spans = []
    for position, window in enumerate(windows):
        start, end = _minute(window["from"]), _minute(window["to"])
        if start == end:
            raise Invalid(f"schedule[{position}].to: expected another time than from, found '{window['to']}'.")
        length = end - start if end > start else end - start + DAY_MINUTES
        spans += [(DAYS.index(day) * DAY_MINUTES + start, length) for day in window["days"]]
    try:
        return Week.of(zone, spans)
    except ValueError as error:
        raise Invalid(f"schedule: {error}. Leave out the time in which the miners should run.") from None


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def _path(given: Mapping[str, Any], name: str) -> Path | None:
    return Path(given[name]).expanduser() if name in given else None
