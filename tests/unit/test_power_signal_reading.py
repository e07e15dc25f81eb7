# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of a power signal: prices, commands, the schedule, the arguments, and the snapshot."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.commands import command_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import (
    Command,
    Interval,
    PriceRules,
    Problem,
    Rules,
    State,
    Threshold,
    decide,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.prices import (
    Layout,
    around,
    prices_from,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.snapshot import dumped, loaded
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.week import WEEK_MINUTES, Week
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import (
    Invalid,
    moment,
    quoted,
    shown,
)
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_autotune
from hypothesis import given
from hypothesis import strategies as some

from .event_sources import described, required, text_of

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "extensions/eda/plugins/event_source/power_signal.py"
SCHEMA = json.loads((SOURCE.parent / "schemas/power_signal.json").read_text(encoding="utf-8"))
BERLIN = ZoneInfo("Europe/Berlin")
HALF_HOURS = Layout(interval_s=1800, zone=BERLIN)


def spans(data: str, layout: Layout) -> list[tuple[str, str, float]]:
    return [(shown(found.start), shown(found.end), found.price) for found in prices_from(data.encode(), layout)]


@pytest.mark.parametrize(
    ("data", "layout"),
    [
        ("start,end,price\n2026-07-01T12:00:00+02:00,2026-07-01T10:30:00Z,120.5\n", Layout()),
        ("\ufeffstart;price\r\n2026-07-01 12:00;120.5\r\n", replace(HALF_HOURS, delimiter=";")),
        ('price, "start"\n"120.5", 2026-07-01 12:00\n', HALF_HOURS),
        ('[{"start": 1782900000, "end": 1782901800000, "price": 120.5}]', Layout()),
        (
            ' {"data": {"today": [{"from": "2026-07-01T12:00", "eur": "120.5", "more": {}}]}}',
            replace(HALF_HOURS, rows=("data", "today"), start="from", price="eur"),
        ),
    ],
    ids=["csv", "semicolons", "quotes", "json", "nested"],
)
def test_prices_are_read(data: str, layout: Layout) -> None:
    assert spans(data, layout) == [("2026-07-01T10:00:00Z", "2026-07-01T10:30:00Z", 120.5)]


def test_an_hour_that_clocks_show_twice_is_two() -> None:
    starts = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    rows = "".join(f"2026-10-25 {start},{n}\n" for n, start in enumerate(starts))
    found = spans(f"start,price\n{rows}", HALF_HOURS)
    assert [start[11:16] for start, _end, _price in found] == ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
    hour = spans("start,end,price\n2026-10-25 02:30,2026-10-25 02:00,1\n", Layout(zone=BERLIN))
    assert hour == [("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", 1)]


def test_rows_come_in_any_order() -> None:
    found = spans("start,price\n2026-07-01 13:00,2\n2026-07-01 12:00,1\n", HALF_HOURS)
    assert [price for _start, _end, price in found] == [1, 2]


@pytest.mark.parametrize(
    ("data", "layout", "message"),
    [
        ("", HALF_HOURS, "expected at least one price, found none"),
        ("start,price\n", HALF_HOURS, "expected at least one price, found none"),
        ("[]", HALF_HOURS, "expected at least one price, found none"),
        (
            "time,price\n2026-07-01,1\n",
            HALF_HOURS,
            "line 2: no value in column 'start', found only 'time', 'price'; set columns.start",
        ),
        (
            "start,price\n2026-07-01T00:00Z,1\n",
            Layout(),
            "no value in column 'end', found only 'start', 'price'; set columns.end, or set minutes",
        ),
        ("start,price\n2026-07-01\n", HALF_HOURS, "line 2: no value in column 'price'"),
        ("start,price\n2026-07-01,12.5\n2026-07-02,\n", HALF_HOURS, "line 3: '' is not a number"),
        ('start,price\n2026-07-01,"12,5"\n', HALF_HOURS, "line 2: '12,5' is not a number; use digits and"),
        ("start,price\n2026-07-01,nan\n", HALF_HOURS, "line 2: 'nan' is not a number"),
        ("start,price\n01.07.2026,1\n", HALF_HOURS, "line 2: '01.07.2026' is not a time; use ISO 8601"),
        ("start,price\n2026-07-01,1\n", replace(HALF_HOURS, zone=None), "has no UTC offset; add one, or set"),
        ("start,price\n0001-01-01T00:00Z,1\n", HALF_HOURS, "'0001-01-01T00:00Z' is out of range for a time"),
        ("start,price\n2026-07-01,1\n2026-07-01,2\n", HALF_HOURS, "two prices apply at 2026-06-30T22:00:00Z"),
        ("start,end,price\n2026-07-01,2026-07-01,1\n", Layout(zone=BERLIN), "expected an end after the start"),
        ("start,price\n2026-07-01," + "9" * 200_000, HALF_HOURS, "after line 1: field larger than field limit"),
        ('[{"start": true, "price": 1}]', HALF_HOURS, "price 1: 'True' is not a number"),
        ('[{"start": 1e300, "price": 1}]', HALF_HOURS, "'1e+300' is out of range for a time"),
        ('[{"start": 1782900000, "price": [1]}]', HALF_HOURS, "price 1: '[1]' is not a number"),
        ("[1]", HALF_HOURS, "price 1: expected a JSON object, found '1'"),
        ("[1", HALF_HOURS, "expected JSON: Expecting ',' delimiter: line 1 column 3"),
        ("[" * 100_000, HALF_HOURS, "expected JSON: "),
        ('{"data": 1}', HALF_HOURS, "expected a list of prices; set rows to where it is in the document"),
        ('{"data": 1}', replace(HALF_HOURS, rows=("a", "b")), "there is no 'a'; correct rows, which is 'a.b'"),
        ("\udcff", HALF_HOURS, "expected text in UTF-8, found another byte at position 0"),
    ],
)  # fmt: skip
def test_prices_that_are_wrong_are_refused(data: str, layout: Layout, message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(message)):
        prices_from(data.encode(errors="surrogateescape"), layout)


@given(some.binary(max_size=200) | some.text('[{},;\n"startendprice:0129-TZ.+ }]', max_size=200).map(str.encode))
def test_no_prices_do_more_harm_than_to_be_refused(data: bytes) -> None:
    for layout in (Layout(), HALF_HOURS):
        try:
            found = prices_from(data, layout)
        except Invalid:
            continue
        assert all(math.isfinite(interval.price) and interval.start < interval.end for interval in found)


def test_of_many_prices_those_around_now_are_looked_at() -> None:
    year = [Interval(n * 300.0, n * 300.0 + 300, n) for n in range(105_120)]
    found = around(year, 50_000 * 300.0)
    assert (found[0].price, found[-1].price) == (50_000 - 576, 50_000 + 575)
    assert list(around(year[:10], 0.0)) == year[:10]
    assert list(around(year[:10], 1e9)) == []


def command(**details: Any) -> bytes:
    return json.dumps({"command": "start", "event_id": "a", **details}).encode()


def read(data: bytes) -> Command:
    return command_from(data, "webhook", ("efficient", "off"), BERLIN)


def test_commands_are_read() -> None:
    assert read(b'{"command": "end", "event_id": "dr-2026:07.01+x_y"}') == Command(
        "webhook", False, "dr-2026:07.01+x_y"
    )
    until = moment("2026-07-01T16:00:00Z", None)
    assert read(command(kw=40, until="2026-07-01T18:00:00")) == Command("webhook", True, "a", 40.0, None, until)
    assert read(command(mode="off", kw=None)) == Command("webhook", True, "a", None, "off")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a JSON object: Expecting value"),
        (b"\xff", "expected a JSON object: "),
        (b"[" * 60_000, "expected a JSON object: "),
        (b"[]", "expected a JSON object, found '[]'"),
        (b" " * 70_000, "expected at most 65536 bytes"),
        (command(commmand=1), "unknown key 'commmand'. Did you mean 'command'?"),
        (command(command="stop"), "command: expected 'start' or 'end', found 'stop'"),
        (command(event_id=7), "event_id: expected 1 to 128 letters, digits and . _ : + -"),
        (command(event_id="a b"), "found 'a b'"),
        (command(event_id=""), "found ''"),
        (command(event_id="-a"), "found '-a'"),
        (command(event_id="a" * 129), "found 'aaaa"),
        (command(kw=1, mode="off"), "expected kw or mode, found both; remove one of them"),
        (command(kw=0), "kw: expected more than 0, found '0'"),
        (command(kw="x"), "'x' is not a number"),
        (command(kw=10**400), "is not a number"),
        (command(kw=math.inf), "'inf' is not a number"),
        (command(mode="turbo"), "mode: expected one of efficient, off, found 'turbo'"),
        (command(mode=[]), "mode: expected one of efficient, off, found '[]'"),
        (command(until="17:00"), "until: '17:00' is not a time; use ISO 8601, such as 2026-07-01T17:00:00+02:00"),
        (command(command="end", kw=4), "kw: only a start can have it; remove it"),
    ],
)
def test_commands_that_are_wrong_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(message)):
        read(data)


def test_what_is_quoted_is_short_and_no_template() -> None:
    assert quoted("{{ a }} {% b %} {# c #}") == "'{ {  a }} { % b %} { # c #}'"
    assert quoted("a\x1b[31m\n\u202e" + "b" * 100) == f"'a?[31m??{'b' * 72}…'"


EVENINGS = [(day * 1440 + 17 * 60, 240) for day in range(5)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-07-01T16:59:59+02:00", None),
        ("2026-07-01T17:00:00+02:00", ("2026-07-01T15:00:00Z", "2026-07-01T19:00:00Z")),
        ("2026-07-01T21:00:00+02:00", None),
        ("2026-07-04T18:00:00+02:00", None),
        # After the clocks were set back, the same local time is another hour in UTC.
        ("2026-10-26T17:00:00+01:00", ("2026-10-26T16:00:00Z", "2026-10-26T20:00:00Z")),
    ],
)
def test_windows_are_on_the_clocks_of_the_zone(now: str, expected: tuple[str, str] | None) -> None:
    window = Week.of(BERLIN, EVENINGS).window(moment(now, None))
    assert (window and tuple(map(shown, window))) == expected


@pytest.mark.parametrize("now", ["2026-06-28T23:00:00Z", "2026-06-29T05:00:00Z"])
def test_windows_that_touch_are_one_also_over_the_end_of_the_week(now: str) -> None:
    week = Week.of(ZoneInfo("UTC"), [(WEEK_MINUTES - 120, 120), (0, 300), (240, 120), (4000, 60)])
    assert week.windows == ((4000, 60), (WEEK_MINUTES - 120, 480))
    assert [shown(time) for time in week.window(moment(now, None)) or ()] == [
        "2026-06-28T22:00:00Z",
        "2026-06-29T06:00:00Z",
    ]


def test_windows_leave_some_time_out() -> None:
    with pytest.raises(ValueError, match="cover the whole week"):
        Week.of(BERLIN, [(0, WEEK_MINUTES - 60), (WEEK_MINUTES - 60, 60)])


OVER, UNDER = {"price": 120}, {"price": 90}
FILE = {"file": "prices.csv", "over": OVER, "under": UNDER}
URL = {"url": "https://prices.example.com", "over": OVER, "under": UNDER}
WEBHOOK = {"port": 5010, "token": "correct-horse-battery"}


def test_arguments_become_settings() -> None:
    found = settings_from(
        {
            "prices": {**FILE, "minutes": 5, "over": {"price": 120, "for": 3}, "stale": "restore", "rows": "a.b"},
            "schedule": [{"days": ["mon"], "from": "22:00", "to": "06:00"}, {"from": "12:00", "to": "24:00"}],
            "webhook": WEBHOOK,
            "timezone": "Europe/Berlin",
            "kw": 40,
            "maximum_seconds": 3600,
            "snapshot": "~/signal.json",
        },
        SCHEMA,
    )
    assert found.rules == Rules(
        kw=40,
        prices=PriceRules(Threshold(120, 3), Threshold(90, 1), None, "restore", 900),
        schedule=Week.of(BERLIN, [(22 * 60, 8 * 60), *((day * 1440 + 720, 720) for day in range(7))]),
        commands=True,
        maximum_s=3600,
    )
    assert found.prices
    assert found.prices.layout == Layout(interval_s=300, rows=("a", "b"), zone=BERLIN)
    assert found.prices.interval_s == 60
    assert found.snapshot == Path.home() / "signal.json"
    assert found.webhook
    assert (found.webhook.host, found.webhook.port) == ("127.0.0.1", 5010)
    assert WEBHOOK["token"] not in repr(found)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "Give at least one of prices, schedule, command_file, webhook."),
        ({"kw": 1, "mode": "off", "command_file": "c"}, "Give only one of kw, mode."),
        ({"command_fil": "c"}, "unknown argument 'command_fil'. Did you mean 'command_file'?"),
        ({"command_file": ""}, "command_file: expected at least 1 character, found the text ''."),
        ({"command_file": "c", "kw": "40"}, "kw: expected a number, found the text '40'."),
        ({"command_file": "c", "kw": 0}, "kw: expected more than 0, found '0'. The kilowatts to save"),
        ({"command_file": "c", "kw": math.inf}, "kw: expected a number, found 'inf'."),
        ({"command_file": "c", "kw": True}, "kw: expected a number, found 'True'."),
        ({"command_file": "c", "mode": "turbo"}, "mode: expected one of 'eff"),
        ({"command_file": "c", "gap_seconds": -1}, "gap_seconds: expected at least 0, found '-1'."),
        (
            {"command_file": "c", "minimum_seconds": 60, "maximum_seconds": 30},
            "maximum_seconds: expected at least minimum_seconds, 60, found '30'.",
        ),
        ({"prices": "prices.csv"}, "prices: expected a mapping, found text. A list of prices"),
        ({"prices": {"over": OVER, "under": UNDER}}, "Give exactly one of prices.file, prices.url."),
        ({"prices": {**FILE, "url": "http://a/b"}}, "Give exactly one of prices.file, prices.url."),
        ({"prices": {"file": "a", "over": OVER}}, "prices.under is missing. Prices that end a curtailment."),
        ({"prices": {**FILE, "over": {"for": 2}}}, "prices.over.price is missing. The price that must be exceeded."),
        ({"prices": {**FILE, "over": {"price": 1, "for": 0}}}, "prices.over.for: expected at least 1, found '0'."),
        ({"prices": {**FILE, "over": {"price": 1, "for": 1.5}}}, "prices.over.for: expected a whole number"),
        ({"prices": {**FILE, "under": {"price": 121}}}, "prices.under.price: expected at most prices.over.price"),
        ({"prices": {**FILE, "at_once": 110}}, "prices.at_once: expected at least prices.over.price, '120'"),
        ({"prices": {**FILE, "columns": {"begin": "a"}}}, "prices.columns: unknown argument 'begin'."),
        ({"prices": {**FILE, "headers": {"A": "b"}}}, "prices.headers: a file is read without headers."),
        ({"schedule": []}, "schedule: expected at least 1 of them, found '[]'."),
        ({"schedule": [{"from": 1020, "to": "18:00"}]}, "schedule[0].from: expected text, found '1020'."),
        ({"schedule": [{"from": "9:00", "to": "18:00"}]}, "schedule[0].from: expected text such as '17:00'"),
        ({"schedule": [{"from": "09:00", "to": "18:00"}]}, "timezone is missing. The schedule needs a time zone"),
        ({"schedule": [{"from": "09:00", "to": "09:00"}], "timezone": "UTC"}, "schedule[0].to: expected another"),
        ({"schedule": [{"from": "00:00", "to": "24:00"}], "timezone": "UTC"}, "schedule: the windows cover the whole"),
        ({"command_file": "c", "timezone": "Mars/Base"}, "timezone: 'Mars/Base' is not a known time zone."),
        ({"command_file": "c", "timezone": "../passwd"}, "timezone: '../passwd' is not a known time zone."),
        ({"webhook": {"port": 5010}}, "webhook.token is missing. The bearer token that senders need"),
        ({"webhook": {**WEBHOOK, "port": "5010"}}, "webhook.port: expected a whole number, found the text '5010'."),
        ({"webhook": {**WEBHOOK, "port": 70000}}, "webhook.port: expected at most 65535, found '70000'."),
    ],
)  # fmt: skip
def test_arguments_that_are_wrong_are_refused(args: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(message)):
        settings_from(args, SCHEMA)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"webhook": "hunter2-hunter2"}, "webhook: expected a mapping, found text."),
        ({"webhook": {**WEBHOOK, "token": "hunter2"}}, "webhook.token: expected text in another format."),
        ({"webhook": {**WEBHOOK, "token": 4711}}, "webhook.token: expected text. The bearer token"),
        ({"prices": {**URL, "url": "ftp://u:hunter2@a/b"}}, "prices.url: expected text such as"),
        ({"prices": {**URL, "url": "http://a/hunter2\n"}}, "prices.url: expected text such as"),
        ({"prices": {**URL, "headers": {"Authorization": "hunter2\n"}}}, "prices.headers.Authorization: expected text"),
        ({"webhook": {**WEBHOOK, "token": "hunter2-hunter2-hunter2\n"}}, "webhook.token: expected text in another"),
        ({"prices": {**FILE, "headers": "hunter2"}}, "prices.headers: expected a mapping, found text."),
        ({"prices": {**FILE, "headers": ["hunter2"]}}, "prices.headers: expected a mapping, found a list."),
    ],
)  # fmt: skip
def test_no_message_shows_a_secret(args: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as caught:
        settings_from(args, SCHEMA)
    assert str(caught.value).startswith(message)
    assert "hunter2" not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_the_documentation_describes_the_arguments() -> None:
    documented = yaml.safe_load(text_of(SOURCE, "DOCUMENTATION"))["options"]
    assert described(documented) == required(SCHEMA)
    modes = yaml.safe_load(dragonmint_autotune.DOCUMENTATION)["options"]["mode"]["choices"]
    assert SCHEMA["properties"]["mode"]["enum"] == modes


def test_examples_are_what_the_source_takes() -> None:
    page = (ROOT / "docs/power_signal.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in (text_of(SOURCE, "EXAMPLES"), *blocks):
        example = yaml.safe_load(re.sub(r"{{ \w+_token }}", "correct-horse-battery", block, flags=re.IGNORECASE))
        if isinstance(example, list):
            example = example[0]["sources"][0]["minerops.dragonmint.power_signal"]
        settings_from(example, SCHEMA)
    commands = [read(found.encode()) for found in re.findall(r"-d '(.*)'", page)]
    assert [(command.starts, command.event_id) for command in commands] == [
        (True, "dr-2026-07-01"),
        (False, "dr-2026-07-01"),
    ]
    (listed,) = re.findall(r"^    (start,.*\n)    (.*\n)", page, re.MULTILINE)
    assert spans("".join(listed), Layout()) == [("2026-07-01T15:00:00Z", "2026-07-01T15:05:00Z", 131.2)]


def test_a_snapshot_is_what_was_saved() -> None:
    rules = Rules(prices=PriceRules(Threshold(120), Threshold(90)), commands=True, maximum_s=60)
    state, _events = decide(rules, State.fresh(5.0), Command("webhook", True, "ä", kw=4), 6.0)
    state, _events = decide(rules, state, Problem("prices", "{{ reason }}", event_id="x"), 2000.5)
    assert state.problems
    assert state.spent
    assert state.signal.lost_since
    assert loaded(dumped(state)) == state


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "[" * 100_000, '{"format": 1}', '{"format": 1, "power_signal": {}}']
    + [
        dumped(State.fresh(1.0)).replace(old, new)
        for old, new in [
            ('"began": 1.0', '"began": "now"'),
            ('"began": 1.0', '"began": true'),
            ('"number": 0', '"number": 0.5'),
            ('"spent": []', '"spent": [1]'),
            ('"spent": []', '"spent": {}'),
            ('"command": null', '"command": {"starts": true}'),
        ]
    ],
)
def test_a_damaged_snapshot_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="it is damaged"):
        loaded(text)


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(Invalid, match="its format is 7, but this version reads 1"):
        loaded(dumped(State.fresh(1.0)).replace('"format": 1', '"format": 7'))
