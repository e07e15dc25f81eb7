# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a scan went: its numbers, its problems, and the reports of several sources."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.scan import LOCKED, POLLED, Found
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import scans
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.scans import Scan

NONE: dict[str, Any] = {"miners": [], "silent": 0, "unknown": 0, "filtered": 0, "failures": {}, "at": 5.0}
FINE = Found("10.1.0.1", POLLED, 1.0)


def test_the_numbers_of_a_scan() -> None:
    scan = Scan([FINE, Found("10.1.0.2", LOCKED, 2.0, problem="no")], 3, 4, 5, {}, 1800000000.5)
    assert scans.report(scan, ["x"]) == {
        "polled": 1,
        "locked": 1,
        "unresponsive": 0,
        "silent": 3,
        "unknown": 4,
        "filtered": 5,
        "at": 1800000000.5,
        "problems": ["x"],
    }
    assert scans.failure("broken").keys() == scans.report(scan, []).keys()
    assert scans.failure("broken")["at"] is None
    assert scans.failure("broken")["problems"] == ["broken"]


def test_what_a_scan_may_have_missed() -> None:
    assert scans.problems(Scan(**{**NONE, "miners": [FINE]})) == []
    assert scans.problems(Scan(**{**NONE, "filtered": 1})) == []
    (nobody,) = scans.problems(Scan(**NONE))
    assert nobody.startswith("no miner was found.")
    untried = Scan(**{**NONE, "miners": [FINE], "failures": {"Network is unreachable": 254}})
    assert scans.problems(untried) == ["254 addresses could not be tried: Network is unreachable."]
    assert scans.problems(Scan(**{**NONE, "miners": [FINE]}), undecided=2) == [
        "2 miners in drift_unknown, since facts are missing; -vv shows why."
    ]


def test_who_is_missing_is_named() -> None:
    scan = Scan(**{**NONE, "miners": [FINE]})
    assert scans.problems(scan, missing=["a"]) == ["1 expected miner not found: a."]
    (many,) = scans.problems(scan, missing=[f"m{number}" for number in range(12)])
    assert many.startswith("12 expected miners not found: m0, m1,")
    assert many.endswith("m9 and more.")


def test_missing_facts_are_warned_of() -> None:
    partly = [FINE, Found("10.1.0.2", POLLED, 1.0, missing={"pools": "no list", "mining": "gone"})]
    assert scans.warnings(Scan(**{**NONE, "miners": partly})) == ["facts are missing from 1 miner; -vv shows why."]
    assert scans.warnings(Scan(**{**NONE, "miners": [FINE]})) == []


def test_sources_of_one_name_are_distinguished_by_their_paths() -> None:
    reports: dict[str, Any] = {}
    for path in ("/a/fleet.dragonmint.yml", "/b/fleet.dragonmint.yml", "/a/hall.dragonmint.yml"):
        reports = scans.merged(reports, PurePath(path), {"polled": 1})
    assert {name: report["path"] for name, report in reports.items()} == {
        "fleet.dragonmint.yml": "/a/fleet.dragonmint.yml",
        "/b/fleet.dragonmint.yml": "/b/fleet.dragonmint.yml",
        "hall.dragonmint.yml": "/a/hall.dragonmint.yml",
    }
    again = scans.merged(reports, PurePath("/a/fleet.dragonmint.yml"), {"polled": 2})
    assert again.keys() == reports.keys()
    assert again["fleet.dragonmint.yml"]["polled"] == 2
