# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade tells of its plan, of its course, and as a page."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.filter.to_html import FilterModule as ToHtml
from ansible_collections.minerops.dragonmint.plugins.filter.upgrade_plan import FilterModule as Plan
from ansible_collections.minerops.dragonmint.plugins.filter.upgrade_rows import FilterModule as Rows

OLD, NEW = "t1_20180515_060842", "t1_20180901_120000"
to_html = ToHtml().filters()["to_html"]
upgrade_plan = Plan().filters()["upgrade_plan"]
upgrade_rows = Rows().filters()["upgrade_rows"]


def facts(firmware: str = OLD, ready: bool = True, *rates_ths: float | None) -> dict[str, Any]:
    boards = [{"id": number, "hashrate_ths": rate} for number, rate in enumerate(rates_ths)]
    return {
        "ansible_facts": {
            "dragonmint_identity": {"firmware": firmware},
            "dragonmint_mining": {"ready": ready, "boards": boards},
        }
    }


def up_for(seconds: int) -> dict[str, Any]:
    found = facts(OLD)
    found["ansible_facts"]["dragonmint_hardware"] = {"uptime_seconds": seconds}
    return found


def miner(mac: str, firmware: str) -> dict[str, Any]:
    found = facts(firmware)
    found["ansible_facts"]["dragonmint_identity"]["mac"] = mac
    return found


SEEN = facts(OLD, True, 5.0, 5.0, 5.0)
DUE = {"version": NEW, "version_before": OLD}
GONE = {"unreachable": True, "error_code": "unreachable", "msg": "No miner answers."}
NO = {"failed": False, "error_code": "invalid_firmware", "msg": "It is for others."}


@pytest.mark.parametrize(
    ("seen", "judged", "plan", "reason"),
    [
        (SEEN, DUE, "upgrade", ""),
        (SEEN, {"version": NEW, "version_before": NEW}, "up to date", ""),
        (SEEN, NO, "unfit", "It is for others."),
        (GONE, {}, "unreachable", "No miner answers."),
        (SEEN, GONE, "unreachable", "No miner answers."),
        ({"error_code": "timeout", "msg": "Late."}, DUE, "unfit", "Late."),
        (facts(OLD, False), DUE, "unfit", "It does not mine: cgminer does not answer."),
        (facts(OLD, True, None, 0.0), DUE, "unfit", "It does not mine: no board is hashing."),
    ],
)
def test_the_plan_of_each_miner(seen: dict[str, Any], judged: dict[str, Any], plan: str, reason: str) -> None:
    (row,) = upgrade_plan(["m1"], {"m1": {"__upgrade_seen": seen, "__upgrade_judged": judged}})
    assert (row["plan"], row["reason"]) == (plan, reason)


def test_a_plan_knows_versions_and_addresses() -> None:
    variables = {"__upgrade_seen": SEEN, "__upgrade_judged": DUE, "ansible_host": "10.1.0.25"}
    (row,) = upgrade_plan(["m1"], {"m1": variables})
    assert (row["address"], row["firmware"], row["target"]) == ("10.1.0.25", OLD, NEW)


HANDED = {"__upgrade_seen": SEEN, "__upgrade_judged": DUE, "__upgrade_handed": {"version": NEW}}
BACK = {**HANDED, "__upgrade_back": facts(NEW)}
FAILED = {"failed": True, **facts(NEW, True, 5.0, None, 1.0)}


@pytest.mark.parametrize(
    ("variables", "outcome", "reason"),
    [
        ({}, "pending", ""),
        ({"__upgrade_handed": GONE}, "dark", "No miner answers."),
        ({"__upgrade_handed": {"failed": True, "msg": "Stuck."}}, "failed", "Stuck."),
        (HANDED, "handed over", ""),
        ({**HANDED, "__upgrade_back": GONE}, "dark", "It has not come back after the upgrade. No miner answers."),
        (
            {"__upgrade_handed": {"failed": True, "changed": True, "error_code": "not_back", "msg": "Gone."}},
            "dark",
            "Gone.",
        ),
        ({**HANDED, "__upgrade_back": {"skipped": True}}, "handed over", ""),
        ({**HANDED, "__upgrade_back": facts(OLD)}, "failed", f"It runs {OLD} and not {NEW}: it did not install it, or"),
        (
            {**HANDED, "__upgrade_seen": up_for(7200), "__upgrade_back": up_for(60)},
            "failed",
            "the new image does not boot",
        ),
        ({**HANDED, "__upgrade_seen": up_for(7200), "__upgrade_back": up_for(8100)}, "failed", "it has not rebooted"),
        ({**HANDED, "__upgrade_back": {"failed": True, "msg": "Late."}}, "failed", "Late."),
        ({**HANDED, "__upgrade_back": facts("")}, "failed", "It runs an unknown firmware"),
        (BACK, "handed over", ""),
        (
            {**HANDED, "__upgrade_seen": miner("a0:1", OLD), "__upgrade_back": miner("a0:2", NEW)},
            "dark",
            "the miner a0:2 answers there, and not a0:1. Set upgrade_search",
        ),
        ({**HANDED, "__upgrade_seen": miner("a0:1", OLD), "__upgrade_back": miner("a0:1", NEW)}, "handed over", ""),
        (
            {**BACK, "__upgrade_handed": {"failed": True, "error_code": "not_ready"}, "__upgrade_healthy": FAILED},
            "unhealthy",
            "mines too little",
        ),
        ({**BACK, "__upgrade_healthy": facts(NEW, True, 5.0)}, "upgraded", ""),
        ({**BACK, "__upgrade_healthy": FAILED}, "unhealthy", "mines too little: 6.00 TH/s, boards hashing: 0, 2."),
        ({**BACK, "__upgrade_healthy": {"failed": True, **facts(NEW, True)}}, "unhealthy", "boards hashing: none."),
        ({**BACK, "__upgrade_healthy": {"failed": True, **facts(NEW, False)}}, "unhealthy", "cgminer does not answer"),
        ({**BACK, "__upgrade_healthy": GONE}, "unhealthy", "No miner answers."),
        (
            {**BACK, "__upgrade_healthy": FAILED, "__upgrade_rolled_back": {"rebooted": True, "version": OLD}},
            "rolled back",
            "mines too little",
        ),
    ],
)
def test_the_outcome_of_each_miner(variables: dict[str, Any], outcome: str, reason: str) -> None:
    (row,) = upgrade_rows(["m1"], {"m1": variables})
    assert row["outcome"] == outcome
    assert reason in row["reason"]
    assert bool(row["reason"]) is bool(reason)


def test_a_row_tells_how_long_it_took() -> None:
    seen_again = {**BACK, "__upgrade_handed": {"began_at": 10.2}, "__upgrade_back": {**facts(NEW), "gathered_at": 75.1}}
    followed = {**BACK, "__upgrade_handed": {"began_at": 10.2, "rebooted": True, "elapsed_seconds": 61.7}}
    for row, seconds in zip(
        upgrade_rows(["m1", "m2", "m3"], {"m1": seen_again, "m2": followed, "m3": BACK}), [65, 62, None]
    ):
        assert (row["before"], row["after"], row["seconds"]) == (OLD, NEW, seconds)


def test_a_page_escapes_what_a_miner_sends() -> None:
    page = to_html([{"a": "<script>", "b": None}], ["a", "b"], "T & U")
    assert "<td>&lt;script&gt;</td><td></td>" in page
    assert "<title>T &amp; U</title>" in page
    assert "<script>" not in page
