# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a command: a JSON object that starts or ends a curtailment."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import tzinfo
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import Command
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import (
    Invalid,
    moment,
    nearest,
    number,
    quoted,
)

BYTES_MAX = 64 * 1024
START, END = "start", "end"
_KEYS = ("command", "event_id", "kw", "mode", "until")
# No character that an event's consumer could take for a template, an option or a path.
_EVENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")


def command_from(data: bytes, source: str, modes: Collection[str], zone: tzinfo | None) -> Command:
    """Returns the command in a JSON document of at most BYTES_MAX. Raises Invalid."""
    if len(data) > BYTES_MAX:
        raise Invalid(f"expected at most {BYTES_MAX} bytes")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"expected a JSON object: {error}") from None
    if not isinstance(found, dict):
        raise Invalid(f"expected a JSON object, found {quoted(found)}")
    for key in found:
        if key not in _KEYS:
            raise Invalid(f"unknown key {quoted(key)}. {nearest(key, _KEYS)}")
    if found.get("command") not in (START, END):
        raise Invalid(f"command: expected '{START}' or '{END}', found {quoted(found.get('command'))}")
    event_id = found.get("event_id")
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        raise Invalid(
            f"event_id: expected 1 to 128 letters, digits and . _ : + -, the first of them a letter or digit, found "
            f"{quoted(event_id)}"
        )
    starts = found["command"] == START
    details = {key: found[key] for key in ("kw", "mode", "until") if found.get(key) is not None}
    if details and not starts:
        raise Invalid(f"{min(details)}: only a start can have it; remove it")
    return Command(source, starts, event_id, **_details(details, modes, zone))


def _details(details: dict[str, Any], modes: Collection[str], zone: tzinfo | None) -> dict[str, Any]:
    if "kw" in details and "mode" in details:
        raise Invalid("expected kw or mode, found both; remove one of them")
    read: dict[str, Any] = {}
    if "kw" in details:
        read["kw"] = number(details["kw"])
        if read["kw"] <= 0:
            raise Invalid(f"kw: expected more than 0, found {quoted(details['kw'])}")
    if "mode" in details:
        read["mode"] = details["mode"]
        if read["mode"] not in modes:
            raise Invalid(f"mode: expected one of {', '.join(modes)}, found {quoted(details['mode'])}")
    if "until" in details:
        try:
            read["until"] = moment(details["until"], zone)
        except Invalid as error:
            raise Invalid(f"until: {error}") from None
    return read
