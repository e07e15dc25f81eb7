# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of a fleet task fits a terminal, and can't control it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.batch import Counts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._fleet_texts import (
    Blocks,
    Differences,
    diff_lines,
    fewer,
    printable,
    progress,
    summary,
    too_many,
)

COUNTS = Counts(10000, ok=1200, changed=1100, failed=12, unreachable=3)


def test_many_blocks_are_few_texts_where_nobody_watches() -> None:
    """Each text is an event in AWX, which drops events of 700,000 bytes; in JSON, a colour takes six bytes per one."""
    block = "\n".join(["\x1b[0;32m+" + "x" * 60 + "\x1b[0m"] * 8)
    shown: list[str] = []
    blocks = Blocks(shown.append, is_watched=False)
    for _number in range(10_000):
        blocks.add(block)
    blocks.flush()
    blocks.flush()
    assert "\n".join(shown) == "\n".join([block] * 10_000)
    assert len(shown) <= 40
    assert max(len(json.dumps(text)) for text in shown) < 700_000

    watched: list[str] = []
    blocks = Blocks(watched.append, is_watched=True)
    blocks.add("a")
    blocks.add("b")
    assert watched == ["a", "b"]


def test_progress_and_summary_are_one_line_each() -> None:
    shares = "1,100 changed, 12 failed, 3 unreachable"
    assert progress("autotune", COUNTS, 5.0) == f"autotune: 1,215 of 10,000 miners done, {shares}, 243/s"
    assert summary("autotune", COUNTS, 5.0) == f"autotune: 1,200 of 10,000 miners ok, {shares}, 8,785 not tried in 5 s"
    done = Counts(2, ok=2)
    assert summary("facts", done, 0.4) == "facts: 2 of 2 miners ok, 0 changed, 0 failed, 0 unreachable in 0 s"


@pytest.mark.parametrize(
    ("failures", "percent", "limits"),
    [
        (10, None, "max_failures (10)"),
        (None, 0.1, "max_failure_percent (0.1)"),
        (10, 2.5, "max_failures (10) or max_failure_percent (2.5)"),
    ],
)
def test_too_many_failures_name_their_limit(failures: int | None, percent: float | None, limits: str) -> None:
    assert too_many({"max_failures": failures, "max_failure_percent": percent}, COUNTS) == (
        f"15 of 10,000 miners failed or were unreachable, more than {limits} allows; 8,785 were not tried. "
        "See failed_hosts and miners."
    )


def test_what_is_too_long_is_cut_and_counted() -> None:
    assert fewer(["a", "b"], 2) == ["a", "b"]
    assert fewer(["a", "b", "c", "d"], 2) == ["a", "b", "… and 2 more"]


def test_a_difference_shows_what_changes_and_no_more() -> None:
    before = {"autotune": {"mode": "balanced", "level": "2"}}
    after = {"autotune": {"mode": "efficient", "level": "2"}}
    assert list(diff_lines("m\n1", {"before": before, "after": after})) == [
        "--- before: m\\n1",
        "+++ after: m\\n1",
        "@@ -4 +4 @@",
        '-        "mode": "balanced"',
        '+        "mode": "efficient"',
    ]


def test_a_difference_that_many_have_is_shown_once() -> None:
    shown: list[str] = []
    differences = Differences(Blocks(shown.append, is_watched=False))
    for number in range(6):
        mode = "performance" if number == 1 else "efficient"
        differences.add(f"m{number}", {"before": {"mode": "balanced"}, "after": {"mode": mode}})
    differences.finish()
    (text,) = shown
    assert [line for line in text.splitlines() if line.startswith("+++")] == ["+++ after: m0", "+++ after: m1"]
    assert text.splitlines()[-1] == "the same as m0: m2, m3, m4 and 1 more"
    differences.finish()
    assert len(shown) == 1


def test_what_steers_a_terminal_is_shown_instead() -> None:
    assert printable("mïner\x1b[2J\n\u202e\udcff") == "mïner\\x1b[2J\\n\\u202e\\udcff"
