# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP's forms, JSON and dates."""

from __future__ import annotations

import pytest

from tests.simulator.web.php import build_date, is_utf8, parse_form, to_json

URLENCODED = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"a=1&b=x+y%21", {"a": "1", "b": "x y!"}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a", {"a": ""}),
        (b"dns[0]=1.1.1.1&dns[1]=8.8.8.8", {"dns": ["1.1.1.1", "8.8.8.8"]}),
        (b"dns%5B%5D=1.1.1.1&dns[]=8.8.8.8", {"dns": ["1.1.1.1", "8.8.8.8"]}),
        (b"a[x]=1&a[y][]=2", {"a": {"x": "1", "y": ["2"]}}),
        (b"a[1]=x", {"a": {"1": "x"}}),
        (b"a.b=1", {"a_b": "1"}),
        (b"=1", {}),
        (b"a=%ff", {"a": "\udcff"}),
    ],
)
def test_urlencoded_forms(body: bytes, form: object) -> None:
    assert parse_form("POST", URLENCODED, body) == form


def test_multipart_forms() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n2\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="n"\r\n\r\nfile\r\n'
        b'--x\r\nContent-Disposition: form-data; name="d[]"\r\n\r\n\xc3\xa9\r\n--x--\r\n'
    )
    assert parse_form("POST", "multipart/form-data; boundary=x", body) == {"a": "1\r\n2", "d": ["é"]}
    assert parse_form("POST", "multipart/form-data", body) == {}


@pytest.mark.parametrize(("method", "kind"), [("GET", URLENCODED), ("PUT", URLENCODED), ("POST", "application/json")])
def test_only_posted_forms_count(method: str, kind: str) -> None:
    assert parse_form(method, kind, b"a=1") == {}


def test_json_as_php_writes_it() -> None:
    value = {"url": "a/b", "name": "é😀", "number": 4830953.10, "whole": 72.0, "list": [1.0, {"x": 2.0}], "flag": True}
    text = rb'"name":"\u00e9\ud83d\ude00","number":4830953.1,"whole":72,"list":[1,{"x":2}],"flag":true}'
    assert to_json(value) == rb'{"url":"a\/b",' + text
    assert to_json(value, escape_slashes=False) == rb'{"url":"a/b",' + text


@pytest.mark.parametrize(
    ("value", "valid"), [("é", True), ("\udcff", False), (["a", "\udcff"], False), ({"a": "b"}, True)]
)
def test_utf8(value: object, valid: bool) -> None:
    assert is_utf8(value) is valid  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "date"),
    [
        ("t1_20180515_060842", "15th of May 2018 06:08 AM"),
        ("t1_20180701_000000", "1st of July 2018 12:00 AM"),
        ("t1_20180402_152051", "2nd of April 2018 03:20 PM"),
        ("t1_20180611_120000", "11th of June 2018 12:00 PM"),
        ("t1_x_20180923_010203", "23rd of September 2018 01:02 AM"),
        ("t1_20181315_060842", False),
        ("beta", False),
    ],
)
def test_build_dates(version: str, date: object) -> None:
    assert build_date(version) == date
