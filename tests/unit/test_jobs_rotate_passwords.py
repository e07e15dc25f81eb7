# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job rotate_passwords: the results of the miners, and whether the next batch may start."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.rotate_passwords import RESULT, outcome

CHANGED, SAME = {"changed": True}, {"changed": False}
REFUSED = {"changed": False, "failed": True, "msg": "It said no."}
# Some versions of Ansible also mark an unreachable miner as failed if the error of its task was ignored.
DARK = {"changed": False, "failed": True, "unreachable": True, "msg": "No miner answers."}

# The results of a batch, the percentage that may fail, and whether the next one may start.
BATCHES: dict[str, tuple[list[Any], float, bool]] = {
    "all": ([CHANGED, SAME], 0, True),
    "one refused": ([CHANGED, REFUSED], 0, False),
    "one refused beside an unreachable one": ([CHANGED, REFUSED, DARK], 0, False),
    "one unreachable": ([CHANGED, DARK], 0, True),
    "all unreachable": ([DARK, DARK], 0, False),
    "all unreachable, whatever is allowed": ([DARK], 100, False),
    "as many as are allowed": ([CHANGED, REFUSED], 50, True),
    "more than are allowed": ([CHANGED, REFUSED], 49.9, False),
    "all refused, all allowed": ([REFUSED], 100, True),
}


def of(results: list[Any]) -> dict[str, Any]:
    return {f"m{number}": {} if result is None else {RESULT: result} for number, result in enumerate(results)}


@pytest.mark.parametrize("name", BATCHES)
def test_the_next_batch_begins_only_after_a_good_one(name: str) -> None:
    results, percent, is_ok = BATCHES[name]
    hostvars = of([REFUSED, *results, None])
    _before, *batch, _after = hostvars
    assert outcome(list(hostvars), hostvars, {"max_failure_percent": percent}, batch)["is_ok"] == is_ok


def test_the_sum_says_each_number_and_what_to_do() -> None:
    hostvars = of([CHANGED, SAME, REFUSED, DARK, None])
    summed = outcome(list(hostvars), hostvars, {"max_failure_percent": 0})
    assert not summed["is_ok"]
    assert summed["failed"] == ["m2", "m3", "m4"]
    assert summed["summary"] == (
        "5 miners: 1 new password, 1 as desired, 1 failed, 1 unreachable, 1 not tried. m2: It said no. "
        "m3: No miner answers. Fix these miners and run the same command again: miners with the new password are "
        "skipped."
    )
    # A later job would take text of a miner for a template.
    assert summed["stats"] == {
        "miners": 5,
        "new_password": 1,
        "as_desired": 1,
        "failed": 1,
        "unreachable": 1,
        "not_tried": 1,
        "is_ok": False,
        "summary": "5 miners: 1 new password, 1 as desired, 1 failed, 1 unreachable, 1 not tried.",
    }
    assert [row["outcome"] for row in summed["rows"]] == [
        "new password",
        "as desired",
        "failed",
        "unreachable",
        "not tried",
    ]


def test_a_whole_fleet_with_the_new_password_is_a_success() -> None:
    hostvars = of([CHANGED, CHANGED])
    summed = outcome(list(hostvars), hostvars, {"max_failure_percent": 0})
    assert (summed["is_ok"], summed["failed"], summed["summary"]) == (True, [], "2 miners: 2 new password.")


def test_a_long_list_of_reasons_is_cut() -> None:
    hostvars = of([REFUSED] * 12)
    summary = outcome(list(hostvars), hostvars, {"max_failure_percent": 0})["summary"]
    assert summary.startswith("12 miners: 12 failed. m0: It said no. m1: ")
    assert "m9: It said no. And 2 more. Fix " in summary
