# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which miners an upgrade looks at next, what it stores of each look, and the variables of each miner."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade import Miner
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_course import Course
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_looks import due, merged
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_results import miners_of, result_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_wanted import desired

from tests.unit.helpers import of_hosts
from tests.unit.test_jobs_upgrade import DUE, GONE, NEW, SEEN, SENT, facts, failed, values

BACK = facts(NEW, at=1000.0)
# The progress of a miner, and its part of the next look; empty if a look is pointless.
STATES: dict[str, tuple[dict[str, Any], str]] = {
    "not begun": ({}, ""),
    "handed over": ({"sent": SENT}, "back"),
    "gone": ({"sent": SENT, "back": GONE}, "back"),
    "refused": ({"sent": failed("flash_failed")}, ""),
    "back": ({"sent": SENT, "back": BACK}, "healthy"),
    "weak": ({"sent": SENT, "back": BACK, "healthy": facts(NEW, 1.0)}, "healthy"),
    "well": ({"sent": SENT, "back": BACK, "healthy": facts(NEW, 5.0, 5.0, 5.0)}, ""),
    "locked": ({"sent": SENT, "back": BACK, "healthy": failed("authentication")}, "unhealthy"),
}


def miner(name: str, own: dict[str, Any] | None = None, **results: Any) -> Miner:
    return Miner(name, "192.0.2.1", Course.of({"checked": DUE, "seen": SEEN, **results}), own)


@pytest.mark.parametrize("name", STATES)
def test_where_a_miner_is_decides_what_is_read_of_it(name: str) -> None:
    results, part = STATES[name]
    found = due([miner("m1", **results)], values(), 1000.0, 1001.0)
    assert {key for key in ("back", "found", "healthy", "unhealthy") if found[key]} == ({part} if part else set())
    assert found["is_waited_for"] is (part in ("back", "healthy"))


def test_who_is_missing_is_searched_in_a_network_of_its_own_until_it_is_found() -> None:
    given = values(search="192.0.2.0/29", wait_timeout=900)
    hall = values(search="198.51.100.0/29", wait_timeout=900)
    gone = {"sent": SENT, "back": GONE}
    found = {"ipaddress": "192.0.2.4", "changed": False}
    batch = [miner("m1", **gone), miner("m2", hall, **gone), miner("m3", **gone, found=failed("not_back"))]
    batch.append(miner("m4", **gone, found=found))
    looked = due(batch, given, 1000.0, 1250.0)
    assert looked["found"] == {
        "m1": {"expected_mac": "a0:1", "search": "192.0.2.0/29"},
        "m2": {"expected_mac": "a0:1", "search": "198.51.100.0/29"},
        "m3": {"expected_mac": "a0:1", "search": "192.0.2.0/29"},
    }
    assert looked["back"] == ["m4"]


@pytest.mark.parametrize(
    ("began", "now", "pause"),
    [
        (1000.0, 1001.0, 3),
        (1000.0, 1100.0, 10),
        # The last look is right after the time of one of them is over, at 1800.
        (1000.0, 1795.0, 6),
        (1000.0, 1799.9, 3),
    ],
)
def test_pauses_grow_and_end_with_the_time_of_a_miner(began: float, now: float, pause: int) -> None:
    batch = [miner("m1", sent=SENT), miner("m2", sent={**SENT, "began_at": 5000.0})]
    assert due(batch, values(wait_timeout=900), began, now)["pause"] == pause


def test_what_was_seen_of_a_miner_stays() -> None:
    first = merged({}, {"back": {"m1": BACK, "m2": GONE}})
    assert first == {"back": {"m1": BACK, "m2": GONE}, "found": {}, "healthy": {}}
    assert merged(first, {"back": {"m2": BACK}})["back"] == {"m1": BACK, "m2": BACK}


def test_variables_that_most_miners_have_are_common() -> None:
    found = desired(of_hosts({"m1": values(version="v1"), "m2": values(version="v1"), "m3": {"problem": "Wrong."}}))
    assert found["options"] == {"src": "new.swu", "version": "v1", "latest": False, "allow_downgrade": False}
    assert (found["options_by_host"], found["by_host"]) == ({}, {})
    assert (found["hosts"], found["problems"]) == (["m1", "m2"], {"m3": "Wrong."})
    assert desired(of_hosts({}))["hosts"] == []


def test_options_that_one_miner_has_are_not_those_of_another() -> None:
    other = {"src": None, "url": "http://192.0.2.1/t2.swu"}
    found = desired(of_hosts({"m1": values(), "m2": values(**other, search="192.0.2.0/29")}))
    assert found["options"] == {}
    assert found["options_by_host"]["m1"] == {"src": "new.swu", "latest": False, "allow_downgrade": False}
    assert found["options_by_host"]["m2"] == {
        "url": "http://192.0.2.1/t2.swu",
        "latest": False,
        "allow_downgrade": False,
        "search": "192.0.2.0/29",
    }
    assert found["by_host"]["m2"]["search"] == "192.0.2.0/29"


def test_the_result_of_one_task_is_split_by_miner() -> None:
    assert result_of(None, "m1") == result_of({"skipped": True}, "m1") == result_of({"miners": {}}, "m1") == {}
    as_a_whole = {"failed": False, "error_code": "invalid_input", "msg": "No such file."}
    assert result_of(as_a_whole, "m1") == as_a_whole
    kept = {
        "__upgrade_wanted": {"by_host": {"m2": {"search": "x"}}, "problems": {"m3": "Wrong."}},
        "__upgrade_checked": {"miners": {"m1": DUE, "m2": GONE, "m3": DUE}},
        "__upgrade_seen": {"miners": {"m1": SEEN}},
        "__upgrade_sent": SENT,
        "__upgrade_looks": {"back": {"m1": BACK}},
        "ansible_host": "192.0.2.9",
    }
    one, two, three = miners_of(["m1", "m2", "m3"], dict.fromkeys(("m1", "m2", "m3"), kept))
    assert (one.address, one.values, one.course) == (
        DUE["ipaddress"],
        None,
        Course(checked=DUE, seen=SEEN, sent=SENT, back=BACK),
    )
    assert (two.address, two.values, two.course.checked, two.course.back) == ("192.0.2.9", {"search": "x"}, GONE, {})
    assert three.course.checked == {"error_code": "invalid_input", "msg": "Wrong."}
    (again,) = miners_of(["m2"], {"m2": kept}, {"back": {"m2": BACK}})
    assert again.course.back == BACK
