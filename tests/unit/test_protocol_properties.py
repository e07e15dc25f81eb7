# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any reply is either read as a value or refused with one of our errors, quickly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    REPLY_BYTES_MAX,
    Endpoint,
    Reply,
    Request,
    parse,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import INNO_2018_08
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.endpoints import all_endpoints

from .helpers import RECORDED_AT, RECORDED_GENERATIONS, logged_in, recorded, recordings, sister

ENDPOINTS = all_endpoints()
READS = [endpoint for endpoint in ENDPOINTS if not endpoint.writes]
BODIES = sorted({entry["body"] for generation in RECORDED_GENERATIONS for entry in recordings(generation)})
# What was not recorded, or not from firmware that has it.
UNRECORDED: dict[str, Any] = {
    "auth": json.loads(logged_in().body),
    "getHashRates": {"success": True, "stats": [[4932258.41]], "times": [1529186520]},
    "getLockState": {"success": True, "status": "0"},
    "getAll": sister("03-a11mx-getall")[0],
    "getErrorDetail": {"success": True, "code": "32", "detail": {"description": "d", "msg": "m", "analysis": "a"}},
    **{action: {"success": True, "msg": ""} for action in ("checkPoolTest", "TestingPool")},
}
GOOD_ANSWERS: dict[str, Any] = UNRECORDED | {
    endpoint.action: json.loads(recorded(INNO_2018_08, f"/api/{endpoint.action}").body)
    for endpoint in READS
    if endpoint.action not in UNRECORDED
}


endpoints = st.sampled_from(ENDPOINTS)
statuses = st.sampled_from([200, 200, 200, 0, 100, 204, 301, 302, 401, 404, 413, 500, 502, 504, 999])
odd_text = st.text(st.characters() | st.characters(categories=["Cs", "Cc"]), max_size=20)
TEXTS = ["", "x", "\ud800", "\x1b[31m", "72", "-1.5", "٣", "TH/s", "expired", "up 1 day, load average: 1, ., ٣"]
JWTS = ["a.bnVsbA.c", "a.W10.c", "a.eyJ1c2VyIjpbXX0.c", "a.eyJpc3MiOlsiXHVkODAwIl19.c", "a.____.c"]
# Texts that dump() turns into tokens that json.dumps would not write.
TOKENS = ["1e999", "-1e999", "NaN", "9" * 5000]
ODD_VALUES = [*TEXTS, *JWTS, *TOKENS, None, True, -1, 1e300, 10**30, [], [None], [{}], [["x"]], {}, {"user": []}]
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([10**30, 1e300, -0.0])
leaves = st.none() | st.booleans() | numbers | odd_text | st.sampled_from([*TEXTS, *JWTS, *TOKENS])
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text | st.just("user"), inner, max_size=3),
    max_leaves=8,
)
dates = st.sampled_from(
    [
        RECORDED_AT,
        RECORDED_AT,
        "Sat, 16 Jun 99999 22:04:25 GMT",
        "1 Jan 1 0:0:0 +9999",
        "1 Jan 1970 :: -0000",
        " ",
        None,
    ]
)


def dump(value: Any) -> bytes:
    text = json.dumps(value)
    for token in TOKENS:
        text = text.replace(f'"{token}"', token)
    return text.encode()


def keys_in(value: Any) -> Iterator[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield from value if isinstance(value, dict) else ()
    for item in inner:
        yield from keys_in(item)


def replaced(value: Any, others: dict[str, Any], missing: set[str]) -> Any:
    """The answer with some keys' values replaced, wherever they occur, and others removed."""
    if isinstance(value, list):
        return [replaced(item, others, missing) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: others[key] if key in others else replaced(item, others, missing)
        for key, item in value.items()
        if key not in missing
    }


def plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def check(endpoint: Endpoint[Any], reply: Reply) -> None:
    """The value or error of the reply can be put into a result and shown."""
    try:
        outcome = plain(parse(Request(endpoint), reply))
    except MinerError as error:
        outcome = [str(error), error.reason]
    json.dumps(outcome, ensure_ascii=False, allow_nan=False).encode("utf-8")


@given(endpoints, statuses, st.binary(max_size=300), st.none() | odd_text, st.none() | odd_text)
def test_any_bytes(endpoint: Endpoint[Any], status: int, body: bytes, location: str | None, date: str | None) -> None:
    check(endpoint, Reply(status, body, location, date))


@given(endpoints, values)
def test_any_json(endpoint: Endpoint[Any], value: Any) -> None:
    check(endpoint, Reply(200, dump(value)))


@pytest.mark.parametrize("endpoint", READS, ids=lambda endpoint: endpoint.action)
def test_a_good_answer_with_one_odd_value(endpoint: Endpoint[Any]) -> None:
    good = GOOD_ANSWERS[endpoint.action]
    for key in sorted({*keys_in(good)}):
        for value in ODD_VALUES:
            check(endpoint, Reply(200, dump(replaced(good, {key: value}, set())), date=RECORDED_AT))


@pytest.mark.parametrize("endpoint", READS, ids=lambda endpoint: endpoint.action)
@settings(max_examples=50)
@given(st.data())
def test_a_good_answer_with_several_odd_and_missing_values(endpoint: Endpoint[Any], data: st.DataObject) -> None:
    good = GOOD_ANSWERS[endpoint.action]
    keys = st.sampled_from(sorted({*keys_in(good)} - {"success"}))
    others = data.draw(st.dictionaries(keys, values, min_size=1, max_size=6))
    answer = replaced(good, others, data.draw(st.sets(keys, max_size=2)))
    check(endpoint, Reply(200, dump(answer), date=data.draw(dates)))


def test_a_refusal_with_an_odd_value() -> None:
    for key in ("success", "message", "token"):
        for value in ODD_VALUES:
            check(POOLS, Reply(200, dump({"success": False, key: value})))


@given(endpoints, st.dictionaries(st.sampled_from(["success", "message", "token"]), st.just(False) | values))
def test_any_refusal(endpoint: Endpoint[Any], answer: dict[str, Any]) -> None:
    check(endpoint, Reply(200, dump({"success": False, **answer})))


@given(endpoints, st.sampled_from(BODIES), st.floats(0, 1))
def test_truncated_recordings(endpoint: Endpoint[Any], body: str, kept: float) -> None:
    whole = body.encode()
    check(endpoint, Reply(200, whole[: round(kept * len(whole))]))


@given(
    endpoints, statuses, st.sampled_from(BODIES), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=5)
)
def test_recordings_with_some_bytes_overwritten(
    endpoint: Endpoint[Any], status: int, body: str, changes: list[tuple[float, int]]
) -> None:
    mutated = bytearray(body.encode())
    for place, byte in changes:
        start = round(place * len(mutated))
        mutated[start : start + 1] = bytes([byte])
    check(endpoint, Reply(status, bytes(mutated)))


@given(
    endpoints,
    st.sampled_from(
        ['{"success":true,"pools":[{"url":%s}]}', '{"success":false,"message":%s}', '{"success":true,"x":%s}']
    ),
    st.sampled_from([("[", "]"), ('{"a":', "}")]),
    st.integers(900, 1010) | st.integers(0, 12_000) | st.just(100_000),
)
def test_deeply_nested_json(endpoint: Endpoint[Any], around: str, brackets: tuple[str, str], depth: int) -> None:
    opening, closing = brackets
    check(endpoint, Reply(200, (around % (opening * depth + "1" + closing * depth)).encode()))


@given(
    endpoints, statuses, st.text(max_size=50), st.sampled_from(["<html><title>{}</title>", " \n<!DOCTYPE {}", "<{}"])
)
def test_html(endpoint: Endpoint[Any], status: int, text: str, page: str) -> None:
    check(endpoint, Reply(status, page.format(text).encode("utf-8", "replace")))


@pytest.mark.parametrize("piece", [b"[", b"9", b"<title>", b"\xff", b'"', b" ", b"\\u0000", b"7:"])
@pytest.mark.parametrize(
    "around",
    [b"%s", b'{"success":false,"message":"%s"}', b'{"success":true,"hardware":{"status":"up %s"}}', b"<title>%s"],
)
def test_the_longest_replies(around: bytes, piece: bytes) -> None:
    check(OVERVIEW, Reply(200, around % (piece * (REPLY_BYTES_MAX // len(piece)))))
