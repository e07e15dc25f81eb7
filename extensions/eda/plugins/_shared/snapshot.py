# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the state of an event source to the text of a file, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid

S = TypeVar("S")


@dataclass(frozen=True)
class Form(Generic[S]):
    """How the states of a source are written: under ``name``, as a dataclass of type ``kind``.

    ``format`` is incremented with each change of the state's structure.
    """

    name: str
    format: int
    kind: type[S]

    def dumped(self, state: S) -> str:
        """Returns a text from which ``loaded`` restores the same state."""
        return json.dumps({"format": self.format, self.name: asdict(state)}, indent=1) + "\n"  # type: ignore[call-overload]

    def loaded(self, text: str) -> S:
        """Returns the state of a snapshot. Raises Invalid if it is damaged or of another version."""
        try:
            found = json.loads(text)
            if found["format"] == self.format:
                state: S = _made(self.kind, found[self.name])
                return state
            reason = f"its format is {found['format']!r}, but this version reads {self.format}"
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            reason = "it is damaged"
        raise Invalid(reason)


def _made(kind: Any, value: Any) -> Any:
    """Converts a JSON value to the type that a dataclass declares. Raises TypeError or KeyError if it does not fit."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _made(inner[0], value)
    if origin is tuple and isinstance(value, list):
        return tuple(_made(inner[0], item) for item in value)
    if origin is dict and isinstance(value, dict):
        return {name: _made(inner[1], item) for name, item in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _made(hint, value[name]) for name, hint in _hints(kind).items()})
    if isinstance(value, (int, float) if kind is float else kind) and isinstance(value, bool) == (kind is bool):
        return value
    raise TypeError


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
