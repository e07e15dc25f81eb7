# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the values of a reply: an unexpected value becomes None, or a BadReply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply


def printable(text: str) -> str:
    """Returns a short text from the miner, safe to show on a terminal."""
    clean = visible(text.strip())
    return clean if len(clean) <= 200 else clean[:200] + "…"


def visible(text: str) -> str:
    """Returns a text from the miner without terminal control characters."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def is_older(version: str | None, than: str | None) -> bool:
    """Whether one firmware is older than another, by the date and time in their names."""
    dates = [_VERSION_DATE.search(text or "") for text in (version, than)]
    return dates[0] is not None and dates[1] is not None and dates[0].groups() < dates[1].groups()


def snake_case(key: str) -> str:
    return _NO_NAME.sub("_", _CAMEL_HUMP.sub("_", key)).strip("_").lower()


def scalar_of(value: Any) -> str | float | bool | None:
    return value if isinstance(value, bool) else text_of(value) if isinstance(value, str) else number_of(value)


def flag_of(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def section_of(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = answer.get(name, {})
    if not isinstance(section, dict):
        raise BadReply(
            f'The "{name}" of the miner\'s reply is not an object. Try again; if this persists, reboot the miner.'
        )
    return section


def entries_of(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = answer.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadReply(
            f'The "{name}" of the miner\'s reply is not a list. Try again; if this persists, reboot the miner.'
        )
    return entries


def text_of(value: Any) -> str | None:
    return clean(value) or None if isinstance(value, str) else None


def clean(text: str) -> str:
    """Replaces characters that control a terminal, and lone surrogates, which JSON can carry but no output can."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "replace").decode("utf-8").translate(_HARMLESS)


def is_utf8(text: str) -> bool:
    return text.encode("utf-8", "ignore").decode("utf-8") == text


def number_of(value: Any) -> float | None:
    if isinstance(value, str) and is_number(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e18:
        return None
    return value


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def integer_of(value: Any) -> int | None:
    number = number_of(value)
    return None if number is None else int(number)


def kibibytes_of(value: Any) -> int | None:
    number = integer_of(value)
    return None if number is None else number * 1024


def seconds_since_epoch(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError, OverflowError):
        return None


# Compiled before Ansible forks a worker for each task; otherwise each would compile them again.
_HARMLESS = {**dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "?"), **dict.fromkeys(map(ord, "\t\n\r"), " ")}
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{0,18})?")
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")
_VERSION_DATE = re.compile(r"_(\d{8})_(\d{6})$")
