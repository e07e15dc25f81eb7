# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report, as text; tests/browser tests its appearance."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages import tones
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.page import Page, render
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.texts import (
    collection_version,
    page_of,
    shown,
)

COLUMNS = ["miner", "address", "outcome", "detail"]


def page(*rows: dict[str, Any], columns: list[str] | None = None, **options: Any) -> str:
    return render(Page("Health", 0.0, **options), rows, columns or COLUMNS)


def data_of(text: str) -> Any:
    (data,) = re.findall(r'<script type="application/json" id="rows">(.*?)</script>', text, flags=re.DOTALL)
    return json.loads(data)


@pytest.mark.parametrize(
    "text",
    ["</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "{{ 7 * 7 }}"],
)
def test_text_of_a_miner_is_text(text: str) -> None:
    written = page({"miner": text, "outcome": text, "address": text, "detail": text}, site=text, summary=text)
    assert len(re.findall("<script", written)) == 2
    assert data_of(written)["rows"] == [[tones.TONES.index("plain"), "", text, text, text, text]]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb", "a[U+202E]b"),
        ("a\u2066b", "a[U+2066]b"),
        ("a\x00b", "a[U+0000]b"),
        ("a\nb", "a[U+000A]b"),
        ("a\ud800b", "a[U+D800]b"),
        ("\u200b", "[U+200B]"),
        ("Röhre 矿机", "Röhre 矿机"),
        (None, ""),
        (True, "yes"),
        (0, "0"),
        (14.400000001, "14.4"),
        (123456789.5, "123456790"),
        ([1, "a"], '[1, "a"]'),
    ],
    ids=ascii,
)
def test_what_is_invisible_is_shown_by_its_number(text: Any, seen: str) -> None:
    assert shown(text) == seen
    page({"miner": text}).encode("utf-8")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("192.0.2.7", "http://192.0.2.7/"),
        ("2001:db8::7", "http://[2001:db8::7]/"),
        ("m1.example.com", "http://m1.example.com/"),
        ("rack1-03", ""),
        ("javascript:alert(1)", ""),
        ("a b", ""),
        ('192.0.2.7"><script>', ""),
        ("010.0.0.1", ""),
        (None, ""),
    ],
)
def test_only_an_address_becomes_a_link(address: Any, url: str) -> None:
    assert page_of(address) == url


def test_a_page_of_a_miner_may_have_another_port() -> None:
    assert page_of("192.0.2.7", "https", 8443) == "https://192.0.2.7:8443/"


def test_columns_that_are_empty_in_all_rows_are_left_out() -> None:
    titles = [title for title, _kind in data_of(page({"miner": "m1", "detail": ""}))["columns"]]
    assert titles == ["miner"]


def test_a_unit_is_shown_as_one() -> None:
    row = {"miner": "m1", "temperature_c": 70, "expected_percent": 99.5, "watts": 1300, "saved_kw": 1, "last_seen": "x"}
    titles = [title for title, _kind in data_of(page(row, columns=[*row]))["columns"]]
    assert titles == ["miner", "temperature, °C", "expected, %", "W", "saved, kW", "last seen"]


def test_the_worst_rows_stand_first_and_the_others_in_their_order() -> None:
    outcomes = ["as desired", "drift", "failed", "as desired", "drift", "unreachable", "something else"]
    rows = [{"miner": str(number), "outcome": outcome} for number, outcome in enumerate(outcomes)]
    assert [row[2] for row in data_of(page(*rows))["rows"]] == ["2", "5", "1", "4", "6", "0", "3"]


@pytest.mark.parametrize(
    ("row", "tone"),
    [
        ({"severity": "critical", "outcome": ""}, "bad"),
        ({"severity": "critical", "outcome": "healed"}, "good"),
        ({"severity": "critical", "outcome": "limit reached"}, "bad"),
        ({"severity": "warning"}, "warn"),
        ({"plan": "skipped"}, "warn"),
        ({"plan": "unchanged", "outcome": ""}, "plain"),
        ({"state": "curtailed"}, "info"),
        ({}, "plain"),
    ],
)
def test_a_row_is_as_bad_as_its_worst_word(row: dict[str, Any], tone: str) -> None:
    assert tones.tone_of_row(row) == tone


def test_only_the_first_rows_are_html_and_all_of_them_are_data() -> None:
    written = page(*({"miner": f"m{number}"} for number in range(1000)))
    assert written.count("<tr class=") == 100
    assert len(data_of(written)["rows"]) == 1000
    assert "the 100 worst of 1000 rows" in written


def test_a_page_says_what_it_is_about() -> None:
    written = page(
        {"miner": "m1"},
        site="Hall 1",
        limit="rack1",
        version="1.2.3",
        summary="1 miner.",
        resolved=[{"miner": f"m{number}", "what": "board_hot"} for number in range(60)],
        since=60.0,
    )
    for text in ("Hall 1", "rack1", "minerops.dragonmint 1.2.3", "1 miner.", "1970-01-01 00:00 UTC", "… 10 more"):
        assert text in written
    assert "60 resolved since 1970-01-01 00:01 UTC" in written


def test_a_page_without_rows_is_a_page() -> None:
    assert "0 rows" in page()


def test_the_version_is_that_of_the_collection() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", collection_version())
