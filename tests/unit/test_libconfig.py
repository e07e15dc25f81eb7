# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of sw-description: the meaning of each text, and the exact position of an error."""

from __future__ import annotations

import math
import random
import time
from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.libconfig import (
    DEPTH_MAX,
    LibconfigError,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

MEANINGS: dict[str, Any] = {
    "": {},
    "a = 1": {"a": 1},
    "a : 1 b = 2, c = 3; d = 4\n": {"a": 1, "b": 2, "c": 3, "d": 4},
    "*-a_1 = 1": {"*-a_1": 1},
    "a = -12; b = +12; c = 007; d = 5L; e = 5LL": {"a": -12, "b": 12, "c": 7, "d": 5, "e": 5},
    "a = 0x1f; b = 0XFFFFFFFFFFFFFFFFL": {"a": 31, "b": 2**64 - 1},
    "a = 9223372036854775807; b = -9223372036854775808": {"a": 2**63 - 1, "b": -(2**63)},
    "a = 1.5; b = .5; c = 5.; d = -1e3; e = 1.5E-1; f = 1e999": {
        "a": 1.5,
        "b": 0.5,
        "c": 5.0,
        "d": -1000.0,
        "e": 0.15,
        "f": math.inf,
    },
    "a = true; b = FALSE; c = True": {"a": True, "b": False, "c": True},
    "truest = 1": {"truest": 1},
    "a = 1b = 2": {"a": 1, "b": 2},
    r'a = "x\\\"\n\r\t\f\x41\X7e"': {"a": 'x\\"\n\r\t\fA~'},
    r'a = "\d\a\x4"': {"a": r"\d\a\x4"},
    'a = "two\nlines"': {"a": "two\nlines"},
    'a = "x" "y"\n/* and */ "z"': {"a": "xyz"},
    'a = "# // /* x"': {"a": "# // /* x"},
    'a = "é"': {"a": "é"},
    "# x\na = 1 // y\n/* z\n** */ b = 2": {"a": 1, "b": 2},
    "a\t=\r\n1\f;": {"a": 1},
    "a = {}; b = (); c = []": {"a": {}, "b": (), "c": []},
    "a = { b = { c = 1; }; d = 2 }": {"a": {"b": {"c": 1}, "d": 2}},
    'a = (1, "x", true, (2), [3], { b = 4; })': {"a": (1, "x", True, (2,), [3], {"b": 4})},
    'a = ["x", "y" "z"]': {"a": ["x", "yz"]},
    'software = { version = "0.1.0"; hardware-compatibility: ["t1.g19"]; };': {
        "software": {"version": "0.1.0", "hardware-compatibility": ["t1.g19"]}
    },
}

ERRORS = {
    "a": "line 1, column 2: '=' or ':' is missing, the text ends here",
    "a =": "line 1, column 4: a value is missing, the text ends here",
    "a = ;": "line 1, column 5: a value is missing, found ';'",
    "a = b": "line 1, column 5: a value is missing, found 'b'",
    "a = 1 2": "line 1, column 7: the name of a setting is missing, found '2'",
    "a = 1;;": "line 1, column 7: the name of a setting is missing, found ';'",
    "= 1": "line 1, column 1: the name of a setting is missing, found '='",
    "true = 1": "line 1, column 1: the name of a setting is missing, found 'true'",
    "a = 1\nb = 2\n  a = 3": "line 3, column 3: a is set a second time",
    "a = { b = 1": "line 1, column 12: '}' is missing, the text ends here",
    "a = { b = 1 )": "line 1, column 13: '}' is missing, found ')'",
    "a = (1 2)": "line 1, column 8: ',' or ')' is missing, found '2'",
    "a = (1,)": "line 1, column 8: a value is missing, found ')'",
    "a = (,1)": "line 1, column 6: a value is missing, found ','",
    "a = (1": "line 1, column 7: ',' or ')' is missing, the text ends here",
    "a = [1,": "line 1, column 8: a value is missing, the text ends here",
    'a = [1, "x"]': "line 1, column 6: the values of an array are not of one simple type",
    "a = [1, true]": "line 1, column 6: the values of an array are not of one simple type",
    "a = [(1)]": "line 1, column 6: the values of an array are not of one simple type",
    'a = "x': "line 1, column 5: what begins here has no end",
    r'a = "x\"': "line 1, column 5: what begins here has no end",
    "\n/* x": "line 2, column 1: what begins here has no end",
    "a = 1 # x": "line 1, column 7: '#' has no meaning here",
    "a = 1 / 2": "line 1, column 7: '/' has no meaning here",
    "a = 'x'": 'line 1, column 5: "\'" has no meaning here',
    '@include "x"': "line 1, column 1: '@' has no meaning here",
    "a = \0": r"line 1, column 5: '\x00' has no meaning here",
    'a = "\0"': "line 1, column 5: a text contains a NUL character",
    r'a = "\x00"': "line 1, column 5: a text contains a NUL character",
    "a = 9223372036854775808": "line 1, column 5: an integer has more than 64 bits",
    "a = 0x10000000000000000": "line 1, column 5: an integer has more than 64 bits",
    "a = " + "9" * 5000: "line 1, column 5: an integer has more than 64 bits",
    'a = 1 "' + "x" * 30 + '"': "line 1, column 7: the name of a setting is missing, found '\"xxxxxxxxxxxxxxxxxxx…'",
}

TOKENS = [
    *'{}()[]=:;,"#/\\.+-',
    *[
        "a",
        "b",
        "true",
        "1",
        "0x1F",
        "2L",
        "1.5",
        "1e3",
        '"x"',
        '"\\x41"',
        "# c\n",
        "/* c */",
        "\n",
        " ",
        "\0",
        "é",
        "//",
    ],
]
names = st.from_regex(r"[A-Za-z*][-A-Za-z0-9_*]{0,5}", fullmatch=True).filter(
    lambda name: name.lower() not in ("true", "false")
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
SIMPLE = [st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), texts]
values = st.recursive(
    st.one_of(SIMPLE) | st.one_of([st.lists(simple, max_size=3) for simple in SIMPLE]),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("text", MEANINGS)
def test_what_a_text_means(text: str) -> None:
    assert same(parse(text), MEANINGS[text])


@pytest.mark.parametrize("text", ERRORS, ids=lambda text: text[:20])
def test_where_a_text_is_wrong(text: str) -> None:
    with pytest.raises(LibconfigError) as error:
        parse(text)
    assert str(error.value) == ERRORS[text]


@pytest.mark.parametrize(("start", "end"), [("a={", "}"), ("(", ")"), ("({a=", "})")])
def test_there_is_an_end_to_what_is_inside_each_other(start: str, end: str) -> None:
    count = DEPTH_MAX // sum(start.count(bracket) for bracket in "{(")
    first = "" if start.startswith("a") else "b="
    parse(first + start * count + ("1" if "(" in start else "") + end * count)
    with pytest.raises(LibconfigError, match="inside each other"):
        parse(first + start * (count + 1) + end * (count + 1))


@given(settings_=st.dictionaries(names, values, max_size=4), style=st.randoms(use_true_random=False))
def test_what_was_written_is_read(settings_: dict[str, Any], style: random.Random) -> None:
    assert same(parse(written_settings(settings_, style)), settings_)


@given(text=st.text(max_size=60) | st.lists(st.sampled_from(TOKENS), max_size=30).map("".join))
def test_any_text_has_a_meaning_or_is_wrong_somewhere(text: str) -> None:
    problem = "line"
    try:
        parse(text)
    except LibconfigError as error:
        problem = str(error)
    assert problem.startswith("line")


@pytest.mark.parametrize("piece", ["(", '"', '""', "/*", "/* */", "a=1;", "#", " ", "\\", '"\\', "9", "-", "a=(", "[]"])
def test_no_text_takes_long(piece: str) -> None:
    started_s = time.process_time()
    with suppress(LibconfigError):
        parse("a = " + piece * (256 * 1024 // len(piece)))
    assert time.process_time() - started_s < 5


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types, at any depth."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def written_settings(settings_: dict[str, Any], style: random.Random) -> str:
    parts: list[str] = []
    for name, value in settings_.items():
        parts += [name, gap(style), style.choice("=:"), gap(style), written(value, style), style.choice(";, \n")]
    return "".join(parts)


def written(value: Any, style: random.Random) -> str:
    if isinstance(value, dict):
        return f"{{{gap(style)}{written_settings(value, style)}}}"
    if isinstance(value, (list, tuple)):
        start, end = "[]" if isinstance(value, list) else "()"
        return f"{start}{','.join(gap(style) + written(item, style) + gap(style) for item in value)}{end}"
    if isinstance(value, str):
        cut = style.randint(0, len(value))
        return f"{quoted(value[:cut], style)}{gap(style)}{quoted(value[cut:], style)}"
    if isinstance(value, bool):
        return style.choice([str(value), str(value).lower(), str(value).upper()])
    if isinstance(value, int) and value >= 0 and style.random() < 0.3:
        return style.choice([hex(value), f"{value:#X}L", f"+{value}", f"{value}L"])
    return repr(value)


def quoted(text: str, style: random.Random) -> str:
    escapes = {"\\": "\\\\", '"': '\\"'}
    if style.random() < 0.5:
        escapes |= {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "A": "\\x41"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'


def gap(style: random.Random) -> str:
    return style.choice(["", "", " ", "\n", "/* x = { */", "# }\n", "// )\n"])
