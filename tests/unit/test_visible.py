# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts with invisible mistakes."""

from __future__ import annotations

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._visible import require_visible
from hypothesis import given
from hypothesis import strategies as st

FLAWS = {
    "farm.1 ": "ends with white space: U+0020 SPACE at position 7",
    " farm.1": "begins with white space: U+0020 SPACE at position 1",
    " ": "begins with white space: U+0020 SPACE at position 1",
    "farm.1\n": "ends with white space: U+000A LINE FEED at position 7",
    "farm.1\u00a0": "ends with white space: U+00A0 NO-BREAK SPACE at position 7",
    "\u3000farm.1": "begins with white space: U+3000 IDEOGRAPHIC SPACE at position 1",
    "farm\u00a01": "has an invisible character: U+00A0 NO-BREAK SPACE at position 5",
    "farm\u200b.1": "has an invisible character: U+200B ZERO WIDTH SPACE at position 5",
    "farm.1\u200b": "has an invisible character: U+200B ZERO WIDTH SPACE at position 7",
    "\ufefffarm.1": "has an invisible character: U+FEFF ZERO WIDTH NO-BREAK SPACE at position 1",
    "fa\u00adrm.1": "has an invisible character: U+00AD SOFT HYPHEN at position 3",
    "farm\u202e.1": "has an invisible character: U+202E RIGHT-TO-LEFT OVERRIDE at position 5",
    "farm\ufe0f.1": "has an invisible character: U+FE0F VARIATION SELECTOR-16 at position 5",
    "farm\u3164.1": "has an invisible character: U+3164 HANGUL FILLER at position 5",
    "farm\u2028.1": "has an invisible character: U+2028 LINE SEPARATOR at position 5",
    "farm\t.1": "has an invisible character: U+0009 TAB at position 5",
    "farm\x07.1": "has an invisible character: U+0007 control character at position 5",
    "farm\x85.1": "has an invisible character: U+0085 control character at position 5",
    "farm\udcff.1": "is not valid UTF-8",
}


@pytest.mark.parametrize(("text", "flaw"), FLAWS.items(), ids=map(ascii, FLAWS))
def test_what_cannot_be_seen_is_named_with_its_place(text: str, flaw: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_visible("The worker", text, shown=text)
    assert str(caught.value).startswith(f"The worker, {text!r}, {flaw}")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", FLAWS, ids=ascii)
def test_a_secret_is_not_quoted(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_visible("The password", text)
    assert str(caught.value).startswith(f"The password {FLAWS[text]}")
    assert "farm" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "x", "a b", "p:w", "pä€😀", "日本", "עברית", "{{ x }}", "\\n", "'", "y" * 4096], ids=ascii
)
def test_what_can_be_seen_is_taken(text: str) -> None:
    require_visible("The worker", text)


@given(st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"]), max_size=9))
def test_what_is_taken_is_the_same_when_it_is_stripped(text: str) -> None:
    try:
        require_visible("It", text)
    except InvalidInput:
        return
    assert text == text.strip()
    assert not set(text) & set("\u200b\u00a0\ufeff\n\t\x00")
