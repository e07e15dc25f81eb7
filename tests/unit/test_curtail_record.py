# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one job of a curtailment passes to the next."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail_record
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import (
    DAY_S,
    Entry,
    Record,
    data_of,
    record_from,
    text_of,
    time_from,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables
from hypothesis import given
from hypothesis import strategies as some

NOW = 1_800_000_000.0
BALANCED = Entry("T1", "balanced", None, "efficient", NOW)
FACTORY = Entry("T1", "factory", "3", "efficient", NOW)

MODES = some.sampled_from(["efficient", "balanced", "factory"])
MINUTES = some.integers(0, 10**6).map(lambda minutes: 60.0 * minutes)
ENTRIES = some.builds(Entry, some.none() | some.just("T1"), MODES, some.none() | some.just("2"), MODES, MINUTES)


@given(
    some.builds(
        Record,
        some.dictionaries(some.text(max_size=8), ENTRIES, max_size=8),
        some.none() | MINUTES,
        some.none() | MINUTES,
        some.dictionaries(some.text(max_size=8), MINUTES, max_size=4),
    )
)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert record_from(text_of(record), "here") == record
    assert record_from(json.loads(json.dumps(data_of(record))), "here") == record


def test_miners_that_were_alike_are_in_one_entry() -> None:
    miners = {f"a0-b0-45-00-{number // 256:02x}-{number % 256:02x}": BALANCED for number in range(10_000)}
    record = Record().extended({**miners, "other": FACTORY}, NOW, None)
    assert len(data_of(record)["curtailed"]) == 2
    assert len(json.dumps(data_of(record))) < 400_000


def test_what_a_miner_was_first_stays() -> None:
    first = Record().extended({"a": BALANCED}, NOW, None)
    again = first.extended({"a": Entry("T1", "efficient", None, "powered off", NOW + 60)}, NOW + 60, None)
    assert again.miners["a"] == Entry("T1", "balanced", None, "powered off", NOW + 60)


def test_an_event_lasts_until_its_time_or_a_day() -> None:
    first = Record().extended({"a": BALANCED}, NOW, None)
    assert (first.opened_at, first.until) == (NOW, NOW + DAY_S)
    assert [first.is_open(NOW + hours * 3600) for hours in (0, 23, 24)] == [True, True, False]
    # More miners don't prolong it; a new time does, and so does a new event once it is past.
    assert first.extended({"b": BALANCED}, NOW + 60, None).until == NOW + DAY_S
    assert first.extended({"b": BALANCED}, NOW + 60, NOW + 600).until == NOW + 600
    later = first.extended({"b": BALANCED}, NOW + 2 * DAY_S, None)
    assert (later.opened_at, later.until) == (NOW + 2 * DAY_S, NOW + 3 * DAY_S)
    assert not Record().is_open(NOW)


def test_when_a_restored_miner_was_switched_is_known_for_a_day() -> None:
    record = Record().extended({"a": BALANCED, "b": BALANCED}, NOW, None).without(["a", "elsewhere"], NOW + 60)
    assert record.miners == {"b": BALANCED}
    assert [record.switched_at(name) for name in ("a", "b", "c")] == [NOW + 60, NOW, None]
    assert record.without([], NOW + 2 * DAY_S).switched_at("a") is None
    assert record.extended({"a": FACTORY}, NOW + 120, None).restored == {}


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "{", "[]", "\0", "1", '"text"', '{"version": 2}', '{"version": 2, "curtailed": {}}'),
        json.dumps({**data_of(Record()), "curtailed": [{"miners": ["a"]}]}),
        json.dumps({**data_of(Record()), "until": "soon"}),
        json.dumps({**data_of(Record()), "until": "2027-01-15T08:00:00"}),
        text_of(Record({"a": BALANCED})).replace('"balanced"', "7"),
    ],
)
def test_a_damaged_record_is_refused(text: str) -> None:
    with pytest.raises(
        InvalidVariables, match=r"^The record of curtailed miners in /r is damaged\. .* nothing was sent"
    ):
        record_from(text, "/r")


@pytest.mark.parametrize("data", [{"version": 1, "miners": {}}, {"version": 3}, {"version": None}])
def test_a_record_of_another_version_is_refused(data: Any) -> None:
    with pytest.raises(InvalidVariables, match="but this collection writes 2"):
        record_from(data, "/r")


def test_no_record_is_an_empty_one() -> None:
    assert record_from(None, "/r") == Record()


@pytest.mark.parametrize("text", ["2027-01-15T08:00:00Z", " 2027-01-15t08:00:00z", "2027-01-15 10:00+02:00"])
def test_a_time_has_its_zone(text: str) -> None:
    assert time_from(text) == NOW
    assert curtail_record.shown(NOW) == "2027-01-15T08:00:00Z"


@pytest.mark.parametrize("text", ["", "soon", "2027-01-15T08:00:00", "2027-13-15T08:00:00Z", "08:00"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|format|month"):
        time_from(text)
