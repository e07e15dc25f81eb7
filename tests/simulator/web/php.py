# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaviour of PHP 7.2 that a client sees: how it writes JSON, reads forms and formats dates. All seen on 7.2.34."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from ..fields import Value


def to_json(value: Any, escape_slashes: bool = True) -> bytes:
    """Compact JSON, non-ASCII escaped, integral floats written as integers."""
    text = json.dumps(_integral(value), separators=(",", ":"))
    return (text.replace("/", "\\/") if escape_slashes else text).encode()


def _integral(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _integral(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_integral(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def parse_form(method: str, content_type: str, body: bytes) -> dict[str, Value]:
    """The fields of a form. Only a POST has any, and only in the two form encodings; invalid UTF-8 is kept."""
    if method != "POST":
        return {}
    kind, _unused, parameters = content_type.partition(";")
    if kind.strip().lower() == "application/x-www-form-urlencoded":
        pairs = _urlencoded(body)
    elif kind.strip().lower() == "multipart/form-data":
        pairs = _multipart(body, parameters)
    else:
        pairs = []
    form: dict[str, Any] = {}
    for name, value in pairs:
        _insert(form, name, value)
    return {name: _as_list(value) for name, value in form.items()}


def is_utf8(value: Value) -> bool:
    """Whether a field is valid UTF-8; otherwise json_encode fails."""
    if isinstance(value, str):
        return not any("\udc80" <= character <= "\udcff" for character in value)
    return all(is_utf8(item) for item in (value.values() if isinstance(value, dict) else value))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    pairs = []
    for part in body.split(b"&"):
        name, _unused, value = part.replace(b"+", b" ").partition(b"=")
        pairs.append((_decode(unquote_to_bytes(name)), _decode(unquote_to_bytes(value))))
    return pairs


def _multipart(body: bytes, parameters: str) -> list[tuple[str, str]]:
    """The parts that are fields; PHP treats a part with a file name as a file."""
    boundary = re.search(r'boundary="?([^";]+)"?', parameters)
    if boundary is None:
        return []
    pairs = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.group(1).encode(errors="surrogateescape"))[1:]:
        head, found, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        if found and name and b"filename=" not in head:
            pairs.append((_decode(name.group(1)), _decode(value)))
    return pairs


def _insert(form: dict[str, Any], name: str, value: str) -> None:
    """`a[0]=x` and `a[]=x` make arrays; if two fields have one name, the last wins."""
    base, bracket, rest = name.lstrip(" ").partition("[")
    base = re.sub(r"[ .]", "_", base)
    if not base:
        return
    keys = re.findall(r"\[([^\]]*)\]", bracket + rest)
    place, last = form, base
    for key in keys:
        if not isinstance(place.get(last), dict):
            place[last] = {}
        place = place[last]
        last = key or str(len(place))
    place[last] = value


def _as_list(value: Any) -> Value:
    if not isinstance(value, dict):
        return str(value)
    items = {key: _as_list(item) for key, item in value.items()}
    if list(items) == [str(number) for number in range(len(items))]:
        return list(items.values())
    return items


def build_date(version: str) -> str | bool:
    """`15th of May 2018 06:08 AM` for `t1_20180515_060842`; PHP's date functions give false for anything else."""
    parts = version.split("_")
    # Innosilicon's four-part versions have the date in the last two.
    try:
        date = datetime.strptime("".join(parts[-2:]), "%Y%m%d%H%M%S") if len(parts) in {3, 4} else None
    except ValueError:
        date = None
    if date is None:
        return False
    ordinal = "th" if 11 <= date.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10, "th")
    return f"{date.day}{ordinal} of {date:%B %Y %I:%M %p}"
