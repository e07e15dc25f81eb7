# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host patterns for Ansible from names that may have a meaning of their own in a pattern."""

from __future__ import annotations

from collections.abc import Iterable


def of_hosts(names: Iterable[str]) -> str:
    """Returns a pattern that matches exactly the hosts of these names.

    Ansible splits a pattern at commas and colons before it reads it as a regular expression, so all characters but
    letters and digits are written as their number.
    """
    return f"~^({'|'.join(map(_literally, names))})$"


def _literally(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else f"\\U{ord(char):08x}" for char in name)
