# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads libconfig's configuration language, in which a firmware archive describes itself.

It accepts what libconfig 1.5 accepts, as do all later versions, including its oddities: an unknown escape keeps its
backslash, a comma may separate the values of a list but not follow the last, and a ``#`` or ``//`` comment has to end
with a line feed. ``@include`` is refused, and so is a text or comment that is cut off at the end of the file, which
libconfig overlooks; an array may mix integers of 32 and 64 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, Union

DEPTH_MAX = 32

# A group is a dict, a list "()" a tuple, and an array "[]" a list.
Value = Union[bool, int, float, str, "tuple[Value, ...]", "list[Value]", "dict[str, Value]"]
Group = dict[str, Value]


class LibconfigError(ValueError):
    """The text is not valid libconfig; the message starts with the line and column, both counted from 1."""


def parse(text: str) -> Group:
    """Returns the settings of a configuration.

    Raises LibconfigError for what libconfig would refuse, and for what no firmware description needs: more than
    DEPTH_MAX nested groups and lists, integers over 64 bits, and NUL characters.
    """
    return _Parser(text).configuration()


_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\n\r\f]+ | (?:\#|//)[^\n]*(?=\n) | /\*.*?\*/ )
    | (?P<name>    [A-Za-z*][-A-Za-z0-9_*]* )
    | (?P<float>   [-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? | [-+]?[0-9]+[eE][-+]?[0-9]+ )
    | (?P<hex>     0[Xx][0-9A-Fa-f]+L{0,2} )
    | (?P<integer> [-+]?[0-9]+L{0,2} )
    | (?P<string>  "[^"\\]*(?:\\.[^"\\]*)*" )
    | (?P<mark>    [{}()\[\]=:;,] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r'\\([nrtf\\"]|[Xx][0-9A-Fa-f]{2})')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "\\": "\\", '"': '"'}
_INTEGER_CHARS_MAX = 64


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    offset: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._scan()
        self._next = next(self._tokens)

    def configuration(self) -> Group:
        return self._settings("", 0)

    def _settings(self, end: str, depth: int) -> Group:
        group: Group = {}
        while self._next.kind == "name":
            name = self._advance()
            if name.text in group:
                self._fail(name.offset, f"{name.text} is set a second time")
            self._expect("=", ":")
            group[name.text] = self._value(depth)
            if self._next.text in (";", ","):
                self._advance()
        self._expect(end)
        return group

    def _value(self, depth: int) -> Value:
        token = self._advance()
        if token.kind != "mark":
            return self._scalar(token)
        if depth == DEPTH_MAX:
            self._fail(token.offset, f"more than {DEPTH_MAX} groups and lists are inside each other")
        if token.text == "{":
            return self._settings("}", depth + 1)
        if token.text == "(":
            return tuple(self._items(")", depth + 1))
        if token.text == "[":
            return self._array(depth + 1)
        return self._unexpected(token, "a value")

    def _items(self, end: str, depth: int) -> Iterator[Value]:
        while self._next.text != end:
            yield self._value(depth)
            if self._next.text != end:
                self._expect(",", end)
                if self._next.text == end:
                    self._unexpected(self._next, "a value")
        self._advance()

    def _array(self, depth: int) -> list[Value]:
        start = self._next.offset
        items = list(self._items("]", depth))
        kinds = {type(item) for item in items}
        if len(kinds) > 1 or kinds & {dict, list, tuple}:
            self._fail(start, "the values of an array are not of one simple type")
        return items

    def _scalar(self, token: _Token) -> Value:
        if token.kind == "boolean":
            return token.text.lower() == "true"
        if token.kind == "float":
            return float(token.text)
        if token.kind in ("hex", "integer"):
            return self._integer(token)
        if token.kind == "string":
            return self._string(token)
        return self._unexpected(token, "a value")

    def _integer(self, token: _Token) -> int:
        if len(token.text) > _INTEGER_CHARS_MAX:
            self._fail(token.offset, "an integer has more than 64 bits")
        base, bits = (16, 64) if token.kind == "hex" else (10, 63)
        value = int(token.text.rstrip("L"), base)
        if not -(2**63) <= value < 2**bits:
            self._fail(token.offset, "an integer has more than 64 bits")
        return value

    def _string(self, token: _Token) -> str:
        text = self._unquote(token)
        while self._next.kind == "string":
            text += self._unquote(self._advance())
        return text

    def _unquote(self, token: _Token) -> str:
        text = _ESCAPE.sub(lambda match: _ESCAPED.get(match[1]) or chr(int(match[1][1:], 16)), token.text[1:-1])
        if "\0" in text:
            self._fail(token.offset, "a text contains a NUL character")
        return text

    def _expect(self, *texts: str) -> None:
        if self._next.text not in texts:
            self._unexpected(self._next, " or ".join(repr(text) if text else "the name of a setting" for text in texts))
        self._advance()

    def _advance(self) -> _Token:
        token = self._next
        self._next = next(self._tokens, token)
        return token

    def _scan(self) -> Iterator[_Token]:
        offset = 0
        while offset < len(self._text):
            match = _TOKEN.match(self._text, offset)
            if match is None:
                self._fail(offset, self._garbage(offset))
            if match.lastgroup != "space":
                yield _Token(_kind(match), match[0], offset)
            offset = match.end()
        yield _Token("end", "", offset)

    def _garbage(self, offset: int) -> str:
        if self._text.startswith(('"', "/*"), offset):
            return "what begins here has no end"
        return f"{self._text[offset]!r} has no meaning here"

    def _unexpected(self, token: _Token, expected: str) -> NoReturn:
        if token.kind == "end":
            self._fail(token.offset, f"{expected} is missing, the text ends here")
        shown = token.text if len(token.text) <= 20 else token.text[:20] + "…"
        self._fail(token.offset, f"{expected} is missing, found {shown!r}")

    def _fail(self, offset: int, problem: str) -> NoReturn:
        line = self._text.count("\n", 0, offset) + 1
        column = offset - self._text.rfind("\n", 0, offset)
        raise LibconfigError(f"line {line}, column {column}: {problem}")


def _kind(match: re.Match[str]) -> str:
    return "boolean" if match[0].lower() in ("true", "false") else str(match.lastgroup)
