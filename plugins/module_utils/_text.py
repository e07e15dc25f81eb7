# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as messages show them."""

from __future__ import annotations

from typing import Any

_LONGEST = 200


def quoted(value: Any) -> str:
    """Returns a value as a message quotes it: in one short line, with the characters that are invisible escaped.

    A list or dictionary is only named, since it may be long or hold a secret.
    """
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
