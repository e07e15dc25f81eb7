# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of a report's files, and which of them are too old."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import report
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.changes import Changes, Difference, Known


@pytest.mark.parametrize(
    ("limit", "pattern"),
    [
        ("", "audit"),
        ("rack1-03", r"audit\.limit-rack1-03"),
        ("rack1:!m3", r"audit\.limit-rack1_m3-[0-9a-f]{8}"),
        ("../../etc", r"audit\.limit-\.\._\.\._etc-[0-9a-f]{8}"),
    ],
)
def test_a_limited_report_has_a_name_of_its_own(limit: str, pattern: str) -> None:
    assert re.fullmatch(pattern, report.stem_of("audit", limit))


def test_limits_that_look_alike_have_different_names() -> None:
    assert report.stem_of("audit", "rack1:!m3") != report.stem_of("audit", "rack1,m3")
    assert len(report.stem_of("audit", "m1," * 500)) < 100


@pytest.mark.parametrize("name", ["", "../audit", "a/b", ".hidden", "a\nb", "a b"])
def test_what_is_no_name_of_a_file_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="expected a file name"):
        report.stem_of(name, "")


def test_the_oldest_reports_of_a_name_are_too_old() -> None:
    times = [0.0, 60.0, 3600.0, 86400.0]
    names = [report.older_name("audit", at, kind) for at in times for kind in report.KINDS]
    others = [report.older_name("health", 0.0, "json"), report.older_name("audit.limit-m1", 0.0, "json"), "notes.txt"]
    assert report.too_old([*names, *others], "audit", 2) == sorted(names[: 2 * len(report.KINDS)])
    assert report.too_old([*names, *others], "audit", 0) == sorted(names)
    assert report.too_old(names, "audit", 9) == []


def test_a_webhook_gets_the_number_and_the_first_of_very_many() -> None:
    many = [{"miner": f"m{number}", "what": "board_hot"} for number in range(500)]
    changes_text = report.message("health", "Health", "Hall 1", 0.0, "500 miners.", 3, Difference(many, []))
    assert changes_text["counts"] == {"new": 500, "still": 3, "resolved": 0}
    assert (len(changes_text["new"]), changes_text["at"]) == (100, "1970-01-01T00:00:00+00:00")


def test_the_first_report_has_none_to_differ_from() -> None:
    none = Difference([], [])
    difference = Difference([{"miner": "m1", "what": "failed"}], [{"miner": "m2", "what": "drift"}])
    first = Changes([], difference, difference, Known(0.0, {}), arrived=["m1"])
    assert report.changes_text(first) == ""
    later = replace(first, before=0.0)
    assert report.changes_text(later) == "Since the last report: 1 new and 1 resolved. 1 miner new in the report."
    assert report.changes_text(replace(later, difference=none, arrived=[])) == ""
