# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the decisions as the text of a file, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import State
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.reading import Invalid

# Raised with each change of what a state is made of.
FORMAT = 1


def dumped(state: State) -> str:
    """Returns a text that ``loaded`` makes the same state of."""
    return json.dumps({"format": FORMAT, "power_signal": asdict(state)}, indent=1) + "\n"


def loaded(text: str) -> State:
    """Returns the state of a snapshot. Raises Invalid if it is damaged or of another version."""
    try:
        found = json.loads(text)
        if found["format"] == FORMAT:
            state: State = _made(State, found["power_signal"])
            return state
        reason = f"it is of format {found['format']!r}, and this version reads {FORMAT}"
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = "it is damaged"
    raise Invalid(reason)


def _made(kind: Any, value: Any) -> Any:
    """Returns a value of JSON as the kind that a dataclass declares. Raises TypeError or KeyError for another kind."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _made(inner[0], value)
    if origin is tuple and isinstance(value, list):
        return tuple(_made(inner[0], item) for item in value)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _made(hint, value[name]) for name, hint in get_type_hints(kind).items()})
    if isinstance(value, (int, float) if kind is float else kind) and isinstance(value, bool) == (kind is bool):
        return value
    raise TypeError
