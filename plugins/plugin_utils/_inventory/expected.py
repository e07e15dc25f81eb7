# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The miners that an inventory source is expected to find."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import is_mac, mac_address


def names_in(text: str) -> list[str]:
    """Returns the names in a file with one name per line and comments after a #."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def expected_from(entries: Any) -> list[str]:
    """Returns host names as given, and MAC addresses in the form a0:b0:45:00:00:e5, without duplicates.

    Raises InvalidInput for anything but a list of texts.
    """
    if not isinstance(entries, (list, tuple)):
        raise InvalidInput(
            f"expected must be a list of host names or MAC addresses, or the path of a file of them, not {entries!r}."
        )
    for number, entry in enumerate(entries):
        if not isinstance(entry, str) or not entry.strip():
            raise InvalidInput(
                f"expected[{number}] is {entry!r}, not a host name or MAC address. "
                "Put a MAC address in quotes, since YAML reads some as numbers."
            )
    return list(dict.fromkeys(_normal(entry) for entry in entries))


def missing(expected: Sequence[str], found: Collection[str]) -> list[str]:
    """Returns the expected miners that are not among these names and MAC addresses."""
    return [name for name in expected if name not in found]


def _normal(entry: str) -> str:
    return mac_address(entry) if is_mac(entry) else entry.strip()
