# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found wrong with a miner, what may mend it, what was tried, and the rows of the report."""

from __future__ import annotations

import copy
import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.minerops.dragonmint.plugins.filter.health_findings import FilterModule as Findings
from ansible_collections.minerops.dragonmint.plugins.filter.health_remedy import FilterModule as Remedy
from ansible_collections.minerops.dragonmint.plugins.filter.health_rows import FilterModule as Rows
from ansible_collections.minerops.dragonmint.plugins.filter.health_tried import FilterModule as Tried
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.health import SEVERITIES, Limits
from hypothesis import given, settings
from hypothesis import strategies as st

health_findings = Findings().filters()["health_findings"]
health_remedy = Remedy().filters()["health_remedy"]
health_rows = Rows().filters()["health_rows"]
health_tried = Tried().filters()["health_tried"]

LIMITS = {
    "boards": 3,
    "max_board_temperature_c": "85",
    "max_chip_temperature_c": 95,
    "min_hashrate_ratio": "0.85",
    "max_share_age_seconds": 900,
    "max_reject_ratio": 0.05,
    "max_hardware_error_ratio": 0.01,
    "max_fan_percent": 95,
    "min_uptime_seconds": 900,
    "max_remedies_per_day": 2,
    "ratings": {},
}
URLS = [f"stratum+tcp://{name}:1" for name in "abc"]


def miner() -> dict[str, Any]:
    """The facts of one that is well."""
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
            "elapsed_seconds": 4792,
            "hashrate_ths": {"15m": 14.7},
            "boards": [{"id": number, **board} for number in range(3)],
            "pools": pools,
            "fan_percent": 59,
            "reject_ratio": 0.0066,
        },
        "dragonmint_autotune": {"mode": "balanced", "level": None, "is_running": True, "is_tuning": False},
    }


def changed(changes: dict[str, Any], facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """The facts with some values replaced, which are named by their path: mining.boards.0.status."""
    facts = copy.deepcopy(facts or miner())
    for path, value in changes.items():
        *parents, last = path.split(".")
        place: Any = facts
        for number, key in enumerate(parents):
            place = place[int(key)] if key.isdigit() else place.setdefault(key if number else f"dragonmint_{key}", {})
        place[int(last) if last.isdigit() else last] = value
    return facts


def found(facts: dict[str, Any], limits: dict[str, Any] | None = None, **results: Any) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = health_findings({"seen": {"ansible_facts": facts}, **results}, limits or LIMITS)
    return findings


def chips(*temperatures_c: float | None) -> dict[str, Any]:
    listed = [{"id": number, "temperature_c": heat, "hardware_errors": 1} for number, heat in enumerate(temperatures_c)]
    return {"boards": [{"id": 0, "temperature_max_c": 71.0, "chips": listed}]}


DEAD_BOARD = {"mining.boards.1.status": "Dead", "mining.boards.1.hashrate_ths": 0.0}
POOLS_DIFF = {"before": {"pools": [{"url": "t:1", "user": "thief"}]}, "after": {"pools": [{"url": "a:1", "user": "u"}]}}

# What is changed of a miner that is well, what is found then, all of it, and what may mend it.
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
        [("board_missing", "critical", "boards", 2, 3)],
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
        [("hashrate_low", "warning", "", 11.8, 12.32)],
        "mining_restarted",
    ),
    # The other boards are held to their own part only.
    (
        {**DEAD_BOARD, "mining.boards.0.hashrate_ths": 0.0},
        [("board_dead", "critical", "board 1", "Dead", "Alive"), ("hashrate_low", "warning", "", 4.9, 8.22)],
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
        {"mining.boards.1.last_share_seconds": None},
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
    # All that follows from a dead pool is one finding.
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
        [("board_missing", "critical", "boards", 1, 3), ("board_dead", "critical", "board 0", "Dead", "Alive")],
        "mining_restarted",
    ),
]


@pytest.mark.parametrize(("changes", "findings", "remedy"), FOUND)
def test_what_is_found(changes: dict[str, Any], findings: list[tuple[Any, ...]], remedy: str) -> None:
    listed = found(changed(changes))
    assert [tuple(f[key] for key in ("code", "severity", "part", "value", "limit")) for f in listed] == findings
    assert health_remedy(listed) == remedy
    assert all(finding["detail"] for finding in listed)


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
        ({"seen": {"error_code": "bad_reply", "msg": "Why."}}, "unjudged", ""),
        ({"seen": {"failed": True, "msg": "Why."}}, "unjudged", ""),
        ({"seen": {"ansible_facts": {"dragonmint_identity": {}}}}, "unjudged", ""),
        ({"seen": {}}, "unjudged", ""),
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
    (finding,) = health_findings(results, LIMITS)
    assert (finding["code"], health_remedy([finding])) == (code, remedy)
    if "msg" in results["seen"]:
        assert finding["detail"] == "Why."


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


def test_a_look_that_was_waited_for_in_vain_is_judged_all_the_same() -> None:
    seen = {"failed": True, "ansible_facts": changed(DEAD_BOARD)}
    assert [finding["code"] for finding in health_findings({"seen": seen}, LIMITS)] == ["board_dead"]


def test_foreign_pools_are_told_beside_those_desired() -> None:
    (finding,) = found(miner(), pools={"diff": POOLS_DIFF})
    assert (finding["value"], finding["limit"]) == ("t:1 thief", "a:1 u")


def test_own_ratings_count() -> None:
    limits = {**LIMITS, "ratings": {"T1": {"balanced": {"hashrate_ths": 20, "watts": 1}}}}
    assert [finding["code"] for finding in found(miner(), limits)] == ["hashrate_low"]


@pytest.mark.parametrize("name", [field.name for field in fields(Limits) if field.name != "ratings"])
@pytest.mark.parametrize("value", ["many", -1, float("nan"), float("inf"), None, []])
def test_a_limit_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=f"health_{name}"):
        found(miner(), {**LIMITS, name: value})
    with pytest.raises(AnsibleFilterError, match=f"health_{name}"):
        found(miner(), {key: limit for key, limit in LIMITS.items() if key != name})


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


@settings(derandomize=True, database=None, max_examples=200, deadline=timedelta(seconds=5))
@given(FACTS)
def test_whatever_the_facts_are_they_can_be_judged(facts: dict[str, Any]) -> None:
    findings = found(facts)
    order = [SEVERITIES.index(finding["severity"]) for finding in findings]
    assert order == sorted(order)
    assert health_remedy(findings) in ("", "mining_restarted", "rebooted")
    json.dumps(findings, allow_nan=False)


NOW = 1526364522.0
STATE = {
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


class TestTried:
    def test_what_is_older_than_a_day_does_not_count(self) -> None:
        assert health_tried(json.dumps(STATE), "m", NOW, "path") == STATE["remedies"][1:]  # type: ignore[index]

    def test_without_a_file_nothing_was_tried(self) -> None:
        assert health_tried(None, "m", NOW, "path") == []

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
    def test_what_is_not_understood_in_full_is_refused(self, text: str) -> None:
        with pytest.raises(AnsibleFilterError, match="state file path of m"):
            health_tried(text, "m", NOW, "path")


class TestRows:
    def rows(self, facts: dict[str, Any], **variables: Any) -> list[tuple[str, str, str, str, str]]:
        seen = {"ansible_facts": facts}
        hostvars = {"m": {"ansible_host": "a", "__health_limits": LIMITS, "__health_seen": seen, **variables}}
        rows = health_rows(["m"], hostvars)
        assert {(row["miner"], row["address"]) for row in rows} == {("m", "a")}
        return [tuple(row[key] for key in ("severity", "code", "remedy", "tried", "outcome")) for row in rows]

    def again(self, changes: dict[str, Any], told: list[str]) -> dict[str, Any]:
        return {"__health_again": {"ansible_facts": changed(changes)}, "__health_told": told}

    def test_a_miner_that_is_well_has_one_row(self) -> None:
        assert self.rows(miner()) == [("ok", "", "", "", "")]

    def test_one_that_was_not_examined_is_not_well(self) -> None:
        (row,) = health_rows(["m"], {"m": {}})
        assert (row["severity"], row["code"]) == ("critical", "unjudged")

    def test_what_may_mend_it_is_told(self) -> None:
        rows = self.rows(changed({**DEAD_BOARD, "mining.fan_percent": 100}))
        assert rows == [
            ("critical", "board_dead", "mining_restarted", "", ""),
            ("warning", "fan_at_limit", "", "", ""),
        ]

    def test_a_hot_one_gets_no_remedy(self) -> None:
        rows = self.rows(changed({**DEAD_BOARD, "mining.boards.0.temperature_c": 99}))
        assert [row[2] for row in rows] == ["", ""]

    @pytest.mark.parametrize(
        ("variables", "outcome"),
        [
            ({"__health_tried": [{}]}, ""),
            ({"__health_tried": [{}, {}]}, "limit reached"),
            ({"__health_refused": {"msg": "Why."}}, "failed"),
        ],
    )
    def test_one_that_may_not_get_any_has_none(self, variables: dict[str, Any], outcome: str) -> None:
        ((_severity, _code, remedy, _tried, told),) = self.rows(changed(DEAD_BOARD), **variables)
        assert (remedy, told) == ("" if outcome else "mining_restarted", outcome)

    def test_what_is_gone_is_healed_and_what_no_remedy_mends_is_as_before(self) -> None:
        rows = self.rows(
            changed({**DEAD_BOARD, "mining.fan_percent": 100}),
            **self.again({"mining.fan_percent": 100}, ["mining_restarted"]),
        )
        assert rows == [
            ("critical", "board_dead", "mining_restarted", "mining_restarted", "healed"),
            ("warning", "fan_at_limit", "", "mining_restarted", ""),
        ]

    def test_one_that_does_not_hash_yet_is_not_healed(self) -> None:
        young = {"mining.elapsed_seconds": 5, "hardware.uptime_seconds": 60, "mining.boards.0.hashrate_ths": 0.0}
        rows = self.rows(changed({"mining.boards.0.hashrate_ths": 2.0}), **self.again(young, ["mining_restarted"]))
        assert rows == [("warning", "hashrate_low", "mining_restarted", "mining_restarted", "still ill")]

    def test_one_that_went_dark_is_not_healed(self) -> None:
        rows = self.rows(changed(DEAD_BOARD), __health_again={"unreachable": True}, __health_told=["rebooted"])
        assert rows == [
            ("critical", "board_dead", "mining_restarted", "rebooted", "unknown"),
            ("critical", "unreachable", "", "rebooted", "new"),
        ]
