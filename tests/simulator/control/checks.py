# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of values from the control port: each returns what is wrong, or None."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from typing import Any, Optional

Check = Callable[[Any], Optional[str]]


def is_a(*kinds: type) -> Check:
    names = " or ".join(kind.__name__ for kind in kinds)
    return lambda value: None if isinstance(value, kinds) else f"must be {names}"


def number(value: Any) -> str | None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return None if good else "must be a number"


def duration(value: Any) -> str | None:
    return number(value) or (None if value >= 0 else "must not be negative")


def address(value: Any) -> str | None:
    try:
        ipaddress.IPv4Address(value if isinstance(value, str) else "")
    except ValueError:
        return "must be an IPv4 address"
    return None


def one_of(*choices: str) -> Check:
    return lambda value: None if value in choices else f"must be one of {', '.join(choices)}"


def either(first: Check, second: Check) -> Check:
    return lambda value: first(value) and second(value) and f"{first(value)}, or {second(value)}"


def nullable(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def list_of(item: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "must be a list"
        return next((problem for problem in map(item, value) if problem), None)

    return check


def some_of(**items: Check) -> Check:
    """An object with some of these keys."""

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "must be an object"
        for key, item in value.items():
            if key not in items:
                return f"has no {key!r}, only {', '.join(items)}"
            if problem := items[key](item):
                return f"{key} {problem}"
        return None

    return check


def all_of(*keys: str) -> Check:
    """An object with exactly these keys."""
    return lambda value: (
        None if isinstance(value, dict) and set(value) == set(keys) else f"must be an object with {', '.join(keys)}"
    )


def values_of(item: Check) -> Check:
    """An object with any keys."""
    return lambda value: list_of(item)(list(value.values())) if isinstance(value, dict) else "must be an object"


text = is_a(str)
flag = is_a(bool)
anything = values_of(lambda value: None)
