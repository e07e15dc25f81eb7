# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses invisible characters in texts that users store on a miner.

The firmware stores any text as it is, and a pool or login that differs by one invisible character does not work.
"""

from __future__ import annotations

import unicodedata

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted

_HIDDEN_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}
# Also invisible, although Unicode classes them as letters, marks or symbols: fillers, variation selectors, the Braille
# blank.
_HIDDEN_RANGES = (
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
)
_CONTROLS = {"\0": "NULL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\x1b": "ESCAPE"}


def require_visible(what: str, text: str, shown: str | None = None) -> None:
    """Raises InvalidInput for a text with invalid UTF-8, outer white space or an invisible character.

    ``what`` names the text at the start of a sentence; ``shown`` is how messages may quote it, None for a secret.
    """
    if text.isascii() and text.isprintable() and text == text.strip():
        # The fast path for nearly every text; there are many miners.
        return
    named = what if shown is None else f"{what}, {quoted(shown)},"
    if any(unicodedata.category(char) == "Cs" for char in text):
        raise InvalidInput(f"{named} is not valid UTF-8. Correct its encoding.")
    flaw = _flaw(text)
    if flaw:
        raise InvalidInput(f"{named} {flaw}. Remove it.")


def _flaw(text: str) -> str | None:
    """Returns what is invisible in a text, and where; None for a clean text."""
    for place, position in (("begins", 0), ("ends", len(text) - 1)):
        if text and text[position].isspace():
            return f"{place} with white space: {_located(text, position)}"
    hidden = next((position for position, char in enumerate(text) if _is_hidden(char)), None)
    return None if hidden is None else f"has an invisible character: {_located(text, hidden)}"


def _located(text: str, position: int) -> str:
    char = text[position]
    name = unicodedata.name(char, _CONTROLS.get(char, "control character"))
    return f"U+{ord(char):04X} {name} at position {position + 1}"


def _is_hidden(char: str) -> bool:
    if char == " ":
        return False
    return unicodedata.category(char) in _HIDDEN_CATEGORIES or any(
        first <= ord(char) <= last for first, last in _HIDDEN_RANGES
    )
