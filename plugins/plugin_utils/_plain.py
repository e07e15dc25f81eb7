# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips values of Ansible's own types, which carry tags and templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Converts a value to Python's own types, at any depth; anything else is returned unchanged."""
    if value is None or isinstance(value, bool):
        return value
    # Last the mappings: asking an abstract class about a type for the first time, as each worker does, is slow.
    for own in (str, int, float):
        if isinstance(value, own):
            return own(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    return value
