# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How messages quote values."""

from __future__ import annotations

from typing import Any

_LONGEST = 200


def quoted(value: Any) -> str:
    """Returns a value as a message quotes it: on one short line, with invisible characters escaped.

    For a list or dictionary only the type is named, since it may be long or contain a secret.
    """
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
