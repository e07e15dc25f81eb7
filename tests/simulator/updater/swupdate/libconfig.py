# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of sw-description: groups, lists, arrays, and scalars, as libconfig reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TOKEN = re.compile(
    r"""
    (?P<skip>   \s+ | \#[^\n]* | //[^\n]* | /\*.*?\*/ )
  | (?P<text>   "(?:[^"\\]|\\.)*" )
  | (?P<number> [-+]?(?:0[xX][0-9A-Fa-f]+|\d+\.\d*(?:[eE][-+]?\d+)?|\d+)L{0,2} )
  | (?P<word>   [A-Za-z*][-A-Za-z0-9_*]* )
  | (?P<mark>   [={}:;,()\[\]] )
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


class SyntaxProblemError(Exception):
    """The text is not valid libconfig."""


def parse(text: str) -> dict[str, Any]:
    """The settings of a file; numbers stay text, since nothing here needs their value."""
    tokens = [*_tokens(text), ("end", "")]
    try:
        return _settings(tokens, 0, "end")[0]
    except RecursionError:
        raise SyntaxProblemError from None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise SyntaxProblemError
        at = found.end()
        if found.lastgroup == "mark":
            yield found.group(), found.group()
        elif found.lastgroup != "skip":
            yield found.lastgroup, found.group()


Tokens = list[tuple[str, str]]


def _settings(tokens: Tokens, at: int, end: str) -> tuple[dict[str, Any], int]:
    settings: dict[str, Any] = {}
    while tokens[at][0] != end:
        kind, name = tokens[at]
        if kind != "word" or name in settings or tokens[at + 1][0] not in {"=", ":"}:
            raise SyntaxProblemError
        settings[name], at = _value(tokens, at + 2)
        if tokens[at][0] in {";", ","}:
            at += 1
    return settings, at


def _value(tokens: Tokens, at: int) -> tuple[Any, int]:
    kind, text = tokens[at]
    if kind == "{":
        group, at = _settings(tokens, at + 1, "}")
        return group, at + 1
    if kind in {"(", "["}:
        return _items(tokens, at + 1, ")" if kind == "(" else "]")
    if kind == "text":
        joined = ""
        # Adjacent strings are joined.
        while tokens[at][0] == "text":
            joined += ESCAPED.sub(lambda found: ESCAPES.get(found[1], found[1]), tokens[at][1][1:-1])
            at += 1
        return joined, at
    if kind == "number":
        return text, at + 1
    if kind == "word" and text.lower() in {"true", "false"}:
        return text.lower() == "true", at + 1
    raise SyntaxProblemError


def _items(tokens: Tokens, at: int, end: str) -> tuple[list[Any], int]:
    items: list[Any] = []
    while tokens[at][0] != end:
        item, at = _value(tokens, at)
        items.append(item)
        if tokens[at][0] == ",":
            at += 1
        elif tokens[at][0] != end:
            raise SyntaxProblemError
    return items, at + 1
