# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a miner, the next remedy, the end of waiting for it, and the rows of the report."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, heal, remedies
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import SEVERITIES, Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import normalised
from hypothesis import given
from hypothesis import strategies as st

VALUES = normalised(heal.VARIABLES, {"health_heal": True})
LIMITS = checks.limits_from(VALUES)
URLS = [f"stratum+tcp://{name}:1" for name in "abc"]


def miner() -> dict[str, Any]:
    """The facts of a healthy miner."""
    board = {
        "status": "Alive",
        "temperature_c": 72.0,
        "hashrate_ths": 4.9,
        "hardware_errors": 6600,
        "hardware_error_ratio": 0.0012,
        "accepted": 307,
        "rejected": 2,
        "last_share_seconds": 8,
    }
    pools = [{"url": url, "status": "Alive", "active": url == URLS[0], "accepted": 5, "rejected": 0} for url in URLS]
    return {
        "dragonmint_identity": {"type": "T1"},
        "dragonmint_hardware": {"uptime_seconds": 262920},
        "dragonmint_mining": {
            "ready": True,
            "elapsed_seconds": 262860,
            "hashrate_ths": {"15m": 14.7},
            "boards": [{"id": number, **board} for number in range(3)],
            "pools": pools,
            "fan_percent": 59,
            "reject_ratio": 0.0066,
        },
        "dragonmint_autotune": {"mode": "balanced", "level": None, "is_running": True, "is_tuning": False},
    }


def changed(changes: dict[str, Any], facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """The facts with some values replaced, addressed by path: mining.boards.0.status."""
    facts = copy.deepcopy(facts or miner())
    for path, value in changes.items():
        *parents, last = path.split(".")
        place: Any = facts
        for number, key in enumerate(parents):
            place = place[int(key)] if key.isdigit() else place.setdefault(key if number else f"dragonmint_{key}", {})
        place[int(last) if last.isdigit() else last] = value
    return facts


def found(facts: dict[str, Any], limits: checks.Limits = LIMITS, **results: Any) -> list[Finding]:
    return checks.find({"seen": {"ansible_facts": facts}, **results}, limits)


def chips(*temperatures_c: float | None) -> dict[str, Any]:
    listed = [{"id": number, "temperature_c": heat, "hardware_errors": 1} for number, heat in enumerate(temperatures_c)]
    return {"boards": [{"id": 0, "temperature_max_c": 71.0, "chips": listed}]}


DEAD_BOARD = {"mining.boards.1.status": "Dead", "mining.boards.1.hashrate_ths": 0.0}
POOLS_DIFF = {"before": {"pools": [{"url": "t:1", "user": "thief"}]}, "after": {"pools": [{"url": "a:1", "user": "u"}]}}

# A change to a healthy miner, all resulting findings, and the remedy that may help.
FOUND: list[tuple[dict[str, Any], list[tuple[str, str, str, Any, Any]], str]] = [
    ({}, [], ""),
    (DEAD_BOARD, [("board_dead", "critical", "board 1", "Dead", "Alive")], "mining_restarted"),
    (
        {"mining.boards.0.status": "Sick"},
        [("board_dead", "critical", "board 0", "Sick", "Alive")],
        "mining_restarted",
    ),
    ({"mining.boards.0.status": None}, [], ""),
    (
        {"mining.boards": miner()["dragonmint_mining"]["boards"][:2]},
        [("board_missing", "critical", "board 2", 2, 3)],
        "rebooted",
    ),
    ({"mining.boards": []}, [("board_missing", "critical", "boards", 0, 3)], "rebooted"),
    ({"mining.boards.2.temperature_c": 85.0}, [], ""),
    ({"mining.boards.2.temperature_c": 85.1}, [("board_hot", "critical", "board 2", 85.1, 85.0)], ""),
    ({"mining.boards.2.temperature_c": None}, [], ""),
    ({"debug.boards": chips(70.0, 95.0, None)["boards"]}, [], ""),
    (
        {"debug.boards": chips(70.0, 99.5)["boards"]},
        [("chip_hot", "critical", "board 0 chip 1", 99.5, 95.0)],
        "",
    ),
    # Too hot for any remedy.
    (
        {**DEAD_BOARD, "mining.boards.0.temperature_c": 99.0},
        [("board_dead", "critical", "board 1", "Dead", "Alive"), ("board_hot", "critical", "board 0", 99.0, 85.0)],
        "",
    ),
    (
        {"mining.boards.0.hashrate_ths": 2.0},
        [("hashrate_low", "warning", "", 11.8e12, 12.325e12)],
        "mining_restarted",
    ),
    # The other boards are compared with their own share only.
    (
        {**DEAD_BOARD, "mining.boards.0.hashrate_ths": 0.0},
        [
            ("board_dead", "critical", "board 1", "Dead", "Alive"),
            ("hashrate_low", "warning", "", 4.9e12, 8216666666666.67),
        ],
        "mining_restarted",
    ),
    ({"mining.boards.0.hashrate_ths": 2.0, "autotune.is_tuning": True}, [], ""),
    ({"mining.boards.0.hashrate_ths": 2.0, "mining.elapsed_seconds": 100}, [], ""),
    ({"autotune.mode": "performance"}, [], ""),
    ({"autotune.mode": "efficient", "mining.boards.0.hashrate_ths": 2.0}, [], ""),
    ({"identity.type": "T9"}, [("unrated", "info", "", None, None)], ""),
    ({"mining.boards.1.last_share_seconds": 900}, [], ""),
    (
        {"mining.boards.1.last_share_seconds": 901},
        [("no_shares", "critical", "board 1", 901, 900.0)],
        "mining_restarted",
    ),
    (
        {"mining.boards.1.last_share_seconds": None, "mining.boards.1.accepted": 0},
        [("no_shares", "critical", "board 1", None, 900.0)],
        "mining_restarted",
    ),
    ({"mining.boards.1.last_share_seconds": None, "mining.elapsed_seconds": 100}, [], ""),
    ({"mining.reject_ratio": 0.051}, [("rejects", "warning", "", 0.051, 0.05)], ""),
    ({"mining.reject_ratio": None}, [], ""),
    ({"mining.pools.2.status": "Dead"}, [("pool_dead", "warning", "pool 2", "Dead", "Alive")], ""),
    (
        {"mining.pools.0.status": "Dead", "mining.pools.0.active": False, "mining.pools.1.active": True},
        [("pool_backup", "warning", "pool 0", URLS[1], URLS[0])],
        "",
    ),
    (
        {"mining.pools.0.active": False, "mining.pools.2.active": True},
        [("pool_backup", "warning", "pool 0", URLS[2], URLS[0])],
        "",
    ),
    # All consequences of a dead pool are one finding.
    (
        {
            **{f"mining.pools.{number}.status": "Dead" for number in range(3)},
            **{f"mining.boards.{number}.hashrate_ths": 0.0 for number in range(3)},
            **{f"mining.boards.{number}.last_share_seconds": 5000 for number in range(3)},
        },
        [("pool_dead", "critical", "pools", 0, 1)],
        "",
    ),
    ({"mining.pools": []}, [("pool_dead", "critical", "pools", 0, 1)], ""),
    ({"mining.fan_percent": 95}, [], ""),
    ({"mining.fan_percent": 100}, [("fan_at_limit", "warning", "fan", 100, 95.0)], ""),
    (
        {"mining.boards.2.hardware_error_ratio": 0.02},
        [("hardware_errors", "warning", "board 2", 0.02, 0.01)],
        "mining_restarted",
    ),
    ({"mining.boards.2.hardware_error_ratio": None}, [], ""),
    ({"hardware.uptime_seconds": 60}, [("rebooted", "info", "", 60, 900.0)], ""),
    ({"hardware.uptime_seconds": None}, [], ""),
    (
        {"mining.ready": False, "mining.boards": [], "mining.pools": []},
        [("cgminer_down", "critical", "", None, None)],
        "mining_restarted",
    ),
    # It has only just begun to start.
    (
        {"mining.ready": False, "mining.boards": [], "mining.pools": [], "hardware.uptime_seconds": 60},
        [("cgminer_down", "critical", "", None, None), ("rebooted", "info", "", 60, 900.0)],
        "",
    ),
    # The milder remedy comes first.
    (
        {"mining.boards": [{**miner()["dragonmint_mining"]["boards"][0], "status": "Dead"}]},
        [
            ("board_missing", "critical", "board 1", 1, 3),
            ("board_missing", "critical", "board 2", 1, 3),
            ("board_dead", "critical", "board 0", "Dead", "Alive"),
        ],
        "mining_restarted",
    ),
]


@pytest.mark.parametrize(("changes", "findings", "remedy"), FOUND)
def test_what_is_found(changes: dict[str, Any], findings: list[tuple[Any, ...]], remedy: str) -> None:
    listed = found(changed(changes))
    assert [(each.code, each.severity, each.part, each.value, each.limit) for each in listed] == findings
    assert checks.next_remedy(listed) == remedy
    assert all(each.detail for each in listed)


@pytest.mark.parametrize(
    ("results", "code", "remedy"),
    [
        ({"seen": {"unreachable": True, "error_code": "unreachable", "msg": "Why."}}, "unreachable", ""),
        ({"seen": {"error_code": "timeout", "msg": "Why."}}, "unreachable", ""),
        (
            {"seen": {"error_code": "timeout"}, "identity": {"ansible_facts": {"dragonmint_identity": {}}}},
            "cgminer_down",
            "mining_restarted",
        ),
        ({"seen": {"error_code": "timeout"}, "identity": {"unreachable": True}}, "unreachable", ""),
        ({"seen": {"error_code": "authentication", "msg": "Why."}}, "locked", ""),
        ({"seen": {"error_code": "bad_reply", "msg": "Why."}}, "unexamined", ""),
        ({"seen": {"failed": True, "msg": "Why."}}, "unexamined", ""),
        ({"seen": {"ansible_facts": {"dragonmint_identity": {}}}}, "unexamined", ""),
        ({"seen": {}}, "unexamined", ""),
        ({"seen": {"ansible_facts": miner()}, "pools": {"unreachable": True}}, "unreachable", ""),
        ({"seen": {"ansible_facts": miner()}, "pools": {"error_code": "rejected", "msg": "Why."}}, "pools_unread", ""),
        ({"seen": {"ansible_facts": miner()}, "pools": {"diff": POOLS_DIFF}}, "pools_foreign", ""),
        (
            {
                "seen": {"ansible_facts": miner()},
                "error": {"ansible_facts": {"dragonmint_error": {"code": "23", "message": "fan error"}}},
            },
            "device_error",
            "",
        ),
    ],
)
def test_a_miner_that_is_not_as_usual(results: dict[str, Any], code: str, remedy: str) -> None:
    (finding,) = checks.find(results, LIMITS)
    assert (finding.code, checks.next_remedy([finding])) == (code, remedy)
    if "msg" in results["seen"]:
        assert finding.detail == "Why."


@pytest.mark.parametrize(
    "results",
    [
        {"pools": {"diff": {"before": POOLS_DIFF["after"], "after": POOLS_DIFF["after"]}}},
        {"pools": {"skipped": True}, "error": {"skipped": True}},
        {"error": {"ansible_facts": {"dragonmint_error": {"code": "0", "message": None}}}},
        {"error": {"ansible_facts": {"dragonmint_error": {"code": None, "message": None}}}},
        {"error": {"unreachable": True}},
    ],
)
def test_nothing_is_wrong(results: dict[str, Any]) -> None:
    assert found(miner(), **results) == []


def test_the_last_check_of_a_wait_in_vain_counts() -> None:
    seen = {"failed": True, "ansible_facts": changed(DEAD_BOARD)}
    assert [finding.code for finding in checks.find({"seen": seen}, LIMITS)] == ["board_dead"]


def test_foreign_pools_are_shown_beside_those_desired() -> None:
    (finding,) = found(miner(), pools={"diff": POOLS_DIFF})
    assert (finding.value, finding.limit) == ("t:1 thief", "a:1 u")


def test_own_ratings_count() -> None:
    limits = replace(LIMITS, ratings={"T1": {"balanced": {"hashrate_ths": 20, "watts": 1400}}})
    assert [finding.code for finding in found(miner(), limits)] == ["hashrate_low"]


def sister(type_: str, algorithm: str, board_hs: float | None, **board: Any) -> dict[str, Any]:
    facts = changed({"identity.type": type_, "mining.algorithm": algorithm})
    for each in facts["dragonmint_mining"]["boards"]:
        each.pop("hashrate_ths")
        each.update(hashrate_hs=board_hs, **board)
    return facts


@pytest.mark.parametrize(
    ("facts", "details"),
    [
        (sister("B29+", "equihash", 17150.54), []),
        (sister("B29+", "equihash", 10e3), ["30 kSol/s, less than 42.5 kSol/s (rated 50 kSol/s)"]),
        (sister("A8+", "cryptonight", 60e3), ["180 kH/s, less than 211 kH/s (rated 248 kH/s)"]),
        # It does not report the time of its last share.
        (sister("A8+", "cryptonight", 82.5e3, last_share_seconds=None), []),
        # A rate calculated from the clock proves nothing.
        (changed({"mining.is_rate_counted": False}, sister("D9", "blake256r14", 1e9)), []),
        # It has one board more than most.
        (sister("A11MX", "ethash", 440e6), ["board 3 is missing; it reports boards 0, 1 and 2"]),
        # Unknown is not 0: the unit of its rate, or when a board found a share.
        (changed({"mining.hashrate_hs": {"average": None}}, sister("B29+", "equihash", None)), []),
        (sister("B29+", "equihash", 17150.54, last_share_seconds=None, accepted=None), []),
        (
            changed({"mining.hashrate_hs": {"average": 30e3}}, sister("B29+", "equihash", None)),
            ["30 kSol/s, less than 42.5 kSol/s (rated 50 kSol/s)"],
        ),
        # A nominal rating says nothing about a mode.
        (
            sister("T2T+", "sha256", 5e12),
            ["no rating of the T2T+ in the mode balanced is known; set dragonmint_ratings"],
        ),
    ],
)
def test_sister_models_are_held_to_ratings_in_their_own_units(facts: dict[str, Any], details: list[str]) -> None:
    assert [finding.detail for finding in found(facts)] == details


@pytest.mark.parametrize(
    ("ids", "parts", "said"),
    [
        ([0, 2], ["board 1"], "board 1 is missing; it reports boards 0 and 2"),
        ([2], ["board 0", "board 1"], "board 0 is missing; it reports board 2"),
        ([], ["boards"], "it reports none of 3 boards"),
        ([4, 5], ["boards"], "it reports 2 of 3 boards: boards 4 and 5"),
        ([0, 0], ["boards"], "it reports 2 of 3 boards: boards 0 and 0"),
        ([None, 1], ["boards"], "it reports 2 of 3 boards: boards None and 1"),
    ],
)
def test_a_missing_board_is_named_with_those_that_are_there(ids: list[Any], parts: list[str], said: str) -> None:
    boards = [{**miner()["dragonmint_mining"]["boards"][0], "id": number} for number in ids]
    findings = [finding for finding in found(changed({"mining.boards": boards})) if finding.code == "board_missing"]
    assert [finding.part for finding in findings] == parts
    assert findings[0].detail == said


NUMBERS = st.none() | st.integers(-10, 10**12) | st.floats(-1e3, 1e12)
TEXTS = st.none() | st.sampled_from(["Alive", "Dead", "Sick", "T1", "balanced", "0", "{{ x }}", "\x1b[2J"])
FLAGS = st.none() | st.booleans()
FACTS = st.fixed_dictionaries(
    {
        "dragonmint_mining": st.fixed_dictionaries(
            {
                "ready": st.booleans(),
                "elapsed_seconds": NUMBERS,
                "boards": st.lists(
                    st.fixed_dictionaries(
                        {
                            "id": NUMBERS,
                            "status": TEXTS,
                            **dict.fromkeys(
                                ("temperature_c", "hashrate_ths", "hardware_error_ratio", "last_share_seconds"), NUMBERS
                            ),
                        }
                    ),
                    max_size=4,
                ),
                "pools": st.lists(st.fixed_dictionaries({"url": TEXTS, "status": TEXTS, "active": FLAGS}), max_size=3),
                "fan_percent": NUMBERS,
                "reject_ratio": NUMBERS,
            }
        ),
    },
    optional={
        "dragonmint_identity": st.fixed_dictionaries({"type": TEXTS}),
        "dragonmint_hardware": st.fixed_dictionaries({"uptime_seconds": NUMBERS}),
        "dragonmint_autotune": st.fixed_dictionaries({"mode": TEXTS, "is_tuning": FLAGS}),
        "dragonmint_error": st.fixed_dictionaries({"code": TEXTS, "message": TEXTS}),
    },
)


@given(FACTS)
def test_any_facts_can_be_evaluated(facts: dict[str, Any]) -> None:
    findings = found(facts)
    order = [SEVERITIES.index(finding.severity) for finding in findings]
    assert order == sorted(order)
    assert checks.next_remedy(findings) in ("", *checks.REMEDIES)
    json.dumps([asdict(finding) for finding in findings], allow_nan=False)


NOW = 1526364522.0
STATE: dict[str, Any] = {
    "version": 1,
    "miner": "m",
    "remedies": [
        {"remedy": "rebooted", "at": "2018-05-14T06:08:41+00:00"},
        {"remedy": "mining_restarted", "at": "2018-05-14T06:08:43+00:00"},
        {"remedy": "rebooted", "at": "2018-05-15T07:08:42+01:00"},
        # The clock was set back.
        {"remedy": "rebooted", "at": "2019-01-01T00:00:00+00:00"},
    ],
}


class TestRemediesOfTheFile:
    @pytest.mark.parametrize(("interval_s", "older"), [(86400, 1), (3600, 2), (1, 2), (0, 3)])
    def test_what_is_older_than_the_interval_does_not_count(self, interval_s: float, older: int) -> None:
        expected = STATE["remedies"][older:]
        assert remedies.remedies_in(json.dumps(STATE), "m", NOW, interval_s) == expected

    def test_without_a_file_nothing_was_sent(self) -> None:
        assert remedies.remedies_in(None, "m", NOW, 86400) == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "null",
            "[]",
            "7",
            "{}",
            "[" * 100_000,
            json.dumps({**STATE, "version": 2}),
            json.dumps({**STATE, "version": "1"}),
            json.dumps({**STATE, "miner": "n"}),
            json.dumps({**STATE, "remedies": None}),
            json.dumps({**STATE, "remedies": [None]}),
            json.dumps({**STATE, "remedies": [{"remedy": "rebooted"}]}),
            json.dumps({**STATE, "remedies": [{"remedy": "rebooted", "at": 5}]}),
            json.dumps({**STATE, "remedies": [{"remedy": "rebooted", "at": "yesterday"}]}),
            json.dumps({**STATE, "remedies": [{"remedy": "rebooted", "at": "2018-05-15T06:08:42"}]}),
            json.dumps({**STATE, "remedies": [{"remedy": "factory_reset", "at": "2018-05-15T06:08:42+00:00"}]}),
            json.dumps({**STATE, "remedies": [{"remedy": [], "at": "2018-05-15T06:08:42+00:00"}]}),
        ],
        ids=lambda text: text[:80],
    )
    def test_what_is_not_understood_in_full_means_no_remedy(self, text: str) -> None:
        results = {"seen": {"ansible_facts": changed(DEAD_BOARD)}, "record": text, "path": "path"}
        health = remedies.health_of(results, VALUES, "m", NOW)
        assert (health.remedy, health.outcome) == ("", "failed")
        assert health.reason.startswith("The state file path is damaged")


def health(facts: dict[str, Any], again: dict[str, Any] | None = None, **results: Any) -> remedies.Health:
    """``again`` are the facts after a remedy, or why there are none."""
    is_result = again is None or "unreachable" in again
    reads = {"seen": {"ansible_facts": facts}, "again": again or {} if is_result else {"ansible_facts": again}}
    return remedies.health_of({**reads, **results}, VALUES, "m", NOW)


def record(*sent: str) -> str:
    entries = [{"remedy": remedy, "at": "2018-05-15T06:00:00+00:00"} for remedy in sent]
    return json.dumps({"version": 1, "miner": "m", "remedies": entries})


DEAD, RESTARTED, BOTH = changed(DEAD_BOARD), ["mining_restarted"], ["mining_restarted", "rebooted"]


DOWN = changed({"mining.ready": False, "mining.elapsed_seconds": None, "mining.boards": [], "mining.pools": []})
MISSING = changed({"mining.boards": miner()["dragonmint_mining"]["boards"][:2]})
H = 3600


def running(facts: dict[str, Any], uptime_s: float | None, mining_s: float | None) -> dict[str, Any]:
    return changed({"hardware.uptime_seconds": uptime_s, "mining.elapsed_seconds": mining_s}, facts)


def read(facts: dict[str, Any]) -> dict[str, Any]:
    return {"ansible_facts": facts}


HUNG = {"error_code": "timeout", "msg": "No answer in time."}
UP = read({"dragonmint_identity": {}, "dragonmint_hardware": {"uptime_seconds": 13 * H}})
JUST_UP = read({"dragonmint_identity": {}, "dragonmint_hardware": {"uptime_seconds": 11 * H}})

# The results of reading a miner, the next remedy, and why there is none. The interval is 12 h.
NEXT: list[tuple[dict[str, Any], str, str]] = [
    # Without a file, the running times count.
    ({"seen": read(running(DEAD, 13 * H, 13 * H))}, "mining_restarted", ""),
    ({"seen": read(running(DEAD, 12 * H, 12 * H))}, "mining_restarted", ""),
    ({"seen": read(running(DEAD, 13 * H, 12 * H - 1))}, "", "cgminer was started 12.0 h ago"),
    ({"seen": read(running(DEAD, 99 * H, 1 * H))}, "", "cgminer was started 1.0 h ago"),
    ({"seen": read(running(DEAD, 1 * H, 1 * H))}, "", "cgminer was started 1.0 h ago"),
    ({"seen": read(running(DEAD, 99 * H, None))}, "", "does not report how long cgminer"),
    # A restart since the miner booted did not help.
    ({"seen": read(running(DEAD, 14 * H, 13 * H))}, "rebooted", ""),
    ({"seen": read(running(DEAD, 13 * H + 900, 13 * H))}, "mining_restarted", ""),
    ({"seen": read(running(DEAD, 13 * H, 14 * H))}, "mining_restarted", ""),
    ({"seen": read(running(DEAD, None, 13 * H))}, "mining_restarted", ""),
    ({"seen": read(running(MISSING, 13 * H, 13 * H))}, "rebooted", ""),
    ({"seen": read(running(MISSING, 11 * H, 11 * H))}, "", "cgminer was started 11.0 h ago"),
    ({"seen": read(running(MISSING, 99 * H, 11 * H))}, "", "cgminer was started 11.0 h ago"),
    ({"seen": read(running(MISSING, 99 * H, None))}, "rebooted", ""),
    ({"seen": read(running(MISSING, 11 * H, None))}, "", "booted 11.0 h ago"),
    ({"seen": read(running(MISSING, None, None))}, "", "does not report its uptime"),
    # The running time of a stopped cgminer is unknown, and it is restarted.
    ({"seen": read(running(DOWN, 99 * H, None))}, "mining_restarted", ""),
    ({"seen": read(running(DOWN, 1 * H, None))}, "mining_restarted", ""),
    ({"seen": HUNG, "identity": UP}, "mining_restarted", ""),
    # The file makes it stricter, whatever the running times.
    ({"seen": read(DEAD), "record": record("rebooted")}, "", "a remedy was sent in the last 12 h"),
    ({"seen": read(DEAD), "record": record(*RESTARTED)}, "", "a remedy was sent in the last 12 h"),
    ({"seen": read(running(DOWN, 99 * H, None)), "record": record("rebooted")}, "", "a remedy was sent"),
    ({"seen": read(running(DOWN, 99 * H, None)), "record": record(*BOTH)}, "", "a remedy was sent"),
    # A cgminer that keeps dying is escalated, and the uptime alone limits that.
    ({"seen": read(running(DOWN, 12 * H, None)), "record": record(*RESTARTED)}, "rebooted", ""),
    ({"seen": read(running(DOWN, 11 * H, None)), "record": record(*RESTARTED)}, "", "booted 11.0 h ago"),
    ({"seen": HUNG, "identity": UP, "record": record(*RESTARTED)}, "rebooted", ""),
    ({"seen": HUNG, "identity": JUST_UP, "record": record(*RESTARTED)}, "", "booted 11.0 h ago"),
    # Read again right before the remedy: somebody else was faster.
    ({"seen": read(DEAD), "reread": read(running(DEAD, 99 * H, 5))}, "", "cgminer was started 0.0 h ago"),
    ({"seen": read(MISSING), "reread": read(running(MISSING, 60, None))}, "", "booted 0.0 h ago"),
    ({"seen": read(DOWN), "reread": read(running(miner(), 99 * H, 5))}, "", "cgminer was started 0.0 h ago"),
    ({"seen": read(DEAD), "reread": read(running(DOWN, 99 * H, None))}, "", "does not report how long cgminer"),
    ({"seen": read(DEAD), "reread": read(DEAD)}, "mining_restarted", ""),
    ({"seen": HUNG, "identity": UP, "reread": HUNG}, "mining_restarted", ""),
    ({"seen": HUNG, "identity": UP, "reread": read(running(miner(), 99 * H, 5))}, "", "cgminer was started 0.0 h ago"),
]


@pytest.mark.parametrize(("results", "remedy", "reason"), NEXT)
def test_the_next_remedy(results: dict[str, Any], remedy: str, reason: str) -> None:
    state = remedies.health_of(results, VALUES, "m", NOW)
    assert (state.remedy, state.outcome) == (remedy, "limit reached" if reason else "")
    assert reason in state.reason
    assert bool(reason) == bool(state.reason)


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ({"seen": read(DEAD), "problem": "The folder is not writable."}, "The folder is not writable."),
        (
            {"seen": read(DEAD), "reread": {"unreachable": True, "msg": "No miner answers."}},
            "It could not be read right before the remedy: No miner answers.",
        ),
        ({"seen": read(DOWN), "reread": HUNG}, "It could not be read right before the remedy: No answer in time."),
    ],
)
def test_the_reason_against_a_remedy_is_reported(results: dict[str, Any], reason: str) -> None:
    state = remedies.health_of(results, VALUES, "m", NOW)
    assert (state.remedy, state.outcome, state.reason) == ("", "failed", reason)


JUST_RESTARTED, STILL_DOWN = running(DEAD, 99 * H, 60), running(DOWN, 99 * H, None)


@pytest.mark.parametrize(
    ("facts", "results", "remedy"),
    [
        # A restart that did not help was the remedy of this interval, but not for a cgminer that does not run.
        (DEAD, {"tried": RESTARTED, "again": read(JUST_RESTARTED), "record": record(*RESTARTED)}, ""),
        (DEAD, {"tried": RESTARTED, "again": read(JUST_RESTARTED)}, ""),
        (DOWN, {"tried": RESTARTED, "again": read(JUST_RESTARTED)}, ""),
        (DOWN, {"tried": RESTARTED, "again": read(STILL_DOWN), "record": record(*RESTARTED)}, "rebooted"),
        (DEAD, {"tried": RESTARTED, "again": read(STILL_DOWN)}, "rebooted"),
        (DOWN, {"tried": RESTARTED, "again": read(running(DOWN, 11 * H, None))}, ""),
        (DOWN, {"tried": RESTARTED, "again": HUNG, "identity_again": UP}, "rebooted"),
        (DOWN, {"tried": RESTARTED, "again": HUNG, "identity_again": UP, "reread": HUNG}, "rebooted"),
        (DOWN, {"tried": RESTARTED, "again": HUNG, "identity_again": JUST_UP}, ""),
        (DOWN, {"tried": RESTARTED, "again": HUNG, "identity_again": {"unreachable": True}}, ""),
        (DOWN, {"tried": RESTARTED, "again": read(miner())}, ""),
        (DOWN, {"tried": RESTARTED, "again": read(STILL_DOWN), "record": record("rebooted", *RESTARTED)}, ""),
        (DOWN, {"tried": RESTARTED, "again": read(STILL_DOWN), "reread": read(running(DOWN, 60, None))}, ""),
        (DOWN, {"tried": BOTH, "again": read(STILL_DOWN)}, ""),
        # The restart did not happen: a reboot may work all the same, but not with this login.
        (DEAD, {"tried": RESTARTED, "again": read(DEAD), "sent": {"error_code": "not_applied"}}, "rebooted"),
        (DEAD, {"tried": RESTARTED, "again": read(DEAD), "sent": {"error_code": "unsupported"}}, "rebooted"),
        (DEAD, {"tried": RESTARTED, "again": read(JUST_RESTARTED), "sent": {"error_code": "not_applied"}}, ""),
        (DEAD, {"tried": RESTARTED, "again": read(DEAD), "sent": {"error_code": "permission"}}, ""),
        (DOWN, {"tried": RESTARTED, "again": read(STILL_DOWN), "sent": {"error_code": "permission"}}, ""),
    ],
)
def test_the_remedy_after_another(facts: dict[str, Any], results: dict[str, Any], remedy: str) -> None:
    state = remedies.health_of({"seen": read(facts), **results}, VALUES, "m", NOW)
    assert (state.remedy, state.outcome) == (remedy, "")


def test_a_board_that_is_dead_for_good_gets_a_restart_and_a_reboot_by_turns() -> None:
    """Without any memory: two days of a run an hour."""
    booted_at = started_at = -100 * H
    sent = []
    for hour in range(48):
        facts = running(DEAD, hour * H - booted_at, hour * H - started_at)
        state = remedies.health_of({"seen": read(facts)}, VALUES, "m", NOW)
        if state.remedy:
            sent.append((hour, state.remedy))
            started_at = hour * H
            booted_at = hour * H if state.remedy == "rebooted" else booted_at
    assert sent == [
        (0, "mining_restarted"),
        (12, "rebooted"),
        (24, "mining_restarted"),
        (36, "rebooted"),
    ]


@pytest.mark.parametrize(
    ("again", "sent", "is_final"),
    [
        ({"ansible_facts": miner()}, {}, True),
        ({"ansible_facts": DEAD}, {}, False),
        ({"ansible_facts": changed({"mining.fan_percent": 100})}, {}, True),
        ({"ansible_facts": changed({"hardware.uptime_seconds": 60})}, {}, True),
        ({"ansible_facts": changed({"mining.boards.0.hashrate_ths": 0.0, "mining.elapsed_seconds": 5})}, {}, False),
        ({"unreachable": True, "error_code": "unreachable"}, {}, False),
        ({"failed": True, "error_code": "timeout"}, {}, False),
        ({"failed": True, "error_code": "not_ready"}, {}, False),
        *[
            ({"failed": True, "error_code": code}, {}, True)
            for code in (
                "invalid_input",
                "authentication",
                "permission",
                "unsupported",
                "wrong_device",
                "missing_library",
                "bug",
            )
        ],
        ({"ansible_facts": DEAD}, {"failed": True}, True),
        ({"ansible_facts": DEAD}, {"unreachable": True}, True),
    ],
)
def test_an_error_that_waiting_cannot_fix_ends_the_wait(
    again: dict[str, Any], sent: dict[str, Any], is_final: bool
) -> None:
    facts = changed({**DEAD_BOARD, "mining.fan_percent": 100})
    results = {"seen": {"ansible_facts": facts}, "tried": RESTARTED, "again": again, "sent": sent}
    assert remedies.health_of(results, VALUES, "m", NOW).is_final is is_final


def test_health_survives_being_a_variable() -> None:
    state = health(DEAD, miner(), tried=RESTARTED)
    assert remedies.health_from(json.loads(json.dumps(remedies.dict_of(state)))) == state
    assert remedies.health_from({}) is None


class TestRows:
    def rows(self, state: remedies.Health | None) -> list[tuple[str, ...]]:
        rows = remedies.rows(remedies.Examined("m", "a", state))
        assert {(row["miner"], row["address"]) for row in rows} == {("m", "a")}
        return [tuple(row[key] for key in ("severity", "code", "remedy", "tried", "outcome")) for row in rows]

    def test_a_healthy_miner_has_one_row(self) -> None:
        assert self.rows(health(miner())) == [("ok", "", "", "", "")]

    def test_a_miner_that_was_not_examined_is_not_healthy(self) -> None:
        assert self.rows(None) == [("critical", "unexamined", "", "", "")]

    def test_the_remedy_is_shown_where_it_may_help(self) -> None:
        assert self.rows(health(changed({"mining.fan_percent": 100}, DEAD))) == [
            ("critical", "board_dead", "mining_restarted", "", ""),
            ("warning", "fan_at_limit", "", "", ""),
        ]

    def test_a_hot_miner_gets_no_remedy(self) -> None:
        rows = self.rows(health(changed({**DEAD_BOARD, "mining.boards.0.temperature_c": 99})))
        assert [row[2] for row in rows] == ["", ""]

    @pytest.mark.parametrize(
        ("results", "outcome"),
        [({"record": record(*BOTH)}, "limit reached"), ({"problem": "Why."}, "failed")],
    )
    def test_a_miner_that_may_not_get_a_remedy_has_none(self, results: dict[str, Any], outcome: str) -> None:
        assert self.rows(health(DEAD, **results)) == [("critical", "board_dead", "", "", outcome)]

    def test_what_is_gone_is_healed_and_what_no_remedy_fixes_stays(self) -> None:
        facts = changed({**DEAD_BOARD, "mining.fan_percent": 100})
        assert self.rows(health(facts, changed({"mining.fan_percent": 100}), tried=RESTARTED)) == [
            ("critical", "board_dead", "mining_restarted", "mining_restarted", "healed"),
            ("warning", "fan_at_limit", "", "mining_restarted", ""),
        ]

    def test_a_miner_that_does_not_hash_yet_is_not_healed(self) -> None:
        slow = changed({"mining.boards.0.hashrate_ths": 2.0})
        young = {"mining.elapsed_seconds": 5, "hardware.uptime_seconds": 60, "mining.boards.0.hashrate_ths": 0.0}
        assert self.rows(health(slow, changed(young), tried=RESTARTED)) == [
            ("warning", "hashrate_low", "mining_restarted", "mining_restarted", "still unhealthy")
        ]

    def test_a_miner_that_no_longer_responds_is_not_healed(self) -> None:
        assert self.rows(health(DEAD, {"unreachable": True}, tried=["rebooted"])) == [
            ("critical", "board_dead", "mining_restarted", "rebooted", "unknown"),
            ("critical", "unreachable", "", "rebooted", "new"),
        ]


def test_names_of_state_files_are_safe_and_distinct() -> None:
    names = ["../../escaped", "a/b", "a_b", "..", "ä" * 200, "rack:1,2"]
    files = [remedies.state_file(name) for name in names]
    assert len(set(files)) == len(names)
    assert all(len(name) < 100 and name.isascii() and "/" not in name for name in files)
