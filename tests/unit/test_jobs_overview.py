# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a site, from the facts of its miners."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, heal, overview
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.overview import Seen
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised

LIMITS = checks.limits_from({**normalised(heal.VARIABLES, {}), "dragonmint_ratings": None})
ALIVE = {"status": "Alive", "temperature_c": 70.0, "hashrate_ths": 4.2, "last_share_seconds": 5}


def facts(mode: str = "efficient", type_: str = "T1", is_tuning: bool = False, **mining: Any) -> dict[str, Any]:
    boards = mining.setdefault("boards", [{"id": number, **ALIVE} for number in range(3)])
    rate = sum(board["hashrate_ths"] for board in boards if board["status"] == "Alive")
    mining = {
        "ready": True,
        "hashrate_ths": {"5s": 99.0, "1m": rate, "15m": None, "average": None},
        "pools": [{"url": "stratum+tcp://user@pool.example.com:3333", "status": "Alive", "active": True}],
        "elapsed_seconds": 80000,
        **mining,
    }
    return {
        "ansible_facts": {
            "dragonmint_identity": {"type": type_, "firmware": "t1_20180901_120000"},
            "dragonmint_hardware": {"uptime_seconds": 90000},
            "dragonmint_autotune": {"mode": mode, "is_tuning": is_tuning},
            "dragonmint_mining": mining,
        }
    }


def seen(miner: str, result: dict[str, Any] | None = None, **options: Any) -> Seen:
    return Seen(miner, "192.0.2.7", facts() if result is None else result, **options)


def outcome(*miners: Seen, **options: Any) -> dict[str, Any]:
    return overview.outcome(miners, LIMITS, **options)


DEAD = [{"id": 0, **ALIVE}, {"id": 1, **ALIVE, "status": "Dead"}, {"id": 2, **ALIVE}]
SLOW = [{"id": number, **ALIVE, "hashrate_ths": 2.0} for number in range(3)]


@pytest.mark.parametrize(
    ("result", "options", "state"),
    [
        (facts(), {}, "mining"),
        (facts(is_tuning=True), {}, "tuning"),
        (facts(boards=DEAD), {}, "unhealthy"),
        (facts(boards=SLOW), {}, "warning"),
        (facts(), {"is_curtailed": True}, "curtailed"),
        (facts(boards=SLOW), {"is_curtailed": True}, "curtailed"),
        (facts(boards=DEAD), {"is_curtailed": True}, "unhealthy"),
        (facts(ready=False, boards=[]), {}, "unhealthy"),
        ({"unreachable": True, "msg": "no answer"}, {}, "unreachable"),
        ({"unreachable": True, "msg": "no answer"}, {"is_curtailed": True}, "curtailed"),
        ({"error_code": "timeout", "msg": "too late"}, {}, "unreachable"),
        ({"error_code": "authentication", "msg": "refused"}, {}, "locked"),
        ({"error_code": "bad_reply", "msg": "nonsense"}, {}, "unknown"),
        ({}, {}, "unknown"),
    ],
)
def test_a_miner_is_in_one_state(result: dict[str, Any], options: dict[str, Any], state: str) -> None:
    (row,) = outcome(seen("m1", result, **options))["rows"]
    assert row["state"] == state
    assert state in overview.STATES


def test_the_worst_stand_first_and_who_is_missing_before_them() -> None:
    miners = [seen("ok"), seen("slow", facts(boards=SLOW)), seen("dark", {"unreachable": True, "msg": "no answer"})]
    result = outcome(*miners, missing=["rack7-3"])
    assert [row["miner"] for row in result["rows"]] == ["rack7-3", "dark", "slow", "ok"]
    assert [row["miner"] for row in result["shown"]] == ["rack7-3", "dark", "slow"]
    assert result["summary"].startswith("4 miners: 1 missing, 1 unreachable, 1 warning, 1 mining.")
    assert result["stats"]["miners"] == 4


def test_rates_power_and_efficiency() -> None:
    result = outcome(seen("m1"), seen("m2"))
    assert result["stats"]["hashrate_hs"] == {
        "sha256": {"now": 25_200_000_000_000, "rated": 25_200_000_000_000, "expected": 25_000_000_000_000}
    }
    tiles = {tile["name"]: (tile["value"], tile["note"]) for tile in result["figures"]["tiles"]}
    assert tiles["SHA-256"] == ("25.2 TH/s", "of 25 TH/s expected (100.8 %)")
    assert tiles["Power"] == ("2.1 kW", "estimated")
    assert tiles["Efficiency"] == ("83.33 J/TH", "SHA-256")


def a_rate(hashrate_hs: float, type_: str, **mining: Any) -> dict[str, Any]:
    return facts(type_=type_, hashrate_hs={"5s": None, "1m": hashrate_hs, "15m": None, "average": None}, **mining)


def test_the_rates_of_miners_without_a_rating_are_not_compared_with_those_of_others() -> None:
    """A T3 has several ratings, and a T2T+ one without a mode: the health check does not compare them."""
    result = outcome(seen("t1"), seen("t3", a_rate(43e12, "T3")), seen("t2t", a_rate(32e12, "T2T+")))
    assert "SHA-256: 87.6 TH/s, of which 12.6 TH/s of 12.5 TH/s expected, the rest from 2 miners" in result["summary"]
    assert result["stats"]["hashrate_hs"]["sha256"]["rated"] == 12_600_000_000_000
    tiles = {tile["name"]: (tile["value"], tile["note"]) for tile in result["figures"]["tiles"]}
    assert tiles["SHA-256"] == (
        "87.6 TH/s",
        "12.6 TH/s of 12.5 TH/s expected (100.8 %), 2 miners without a rating",
    )
    # The power of a T2T+ is known well enough for a sum; that of a T3 is not.
    assert tiles["Power"] == ("3.25 kW", "2 miners estimated, 1 miner unknown")
    assert [row["expected_percent"] for row in result["rows"] if row["miner"] != "t1"] == [None, None]


def test_a_rate_that_is_calculated_from_the_clock_is_called_so() -> None:
    result = outcome(seen("d9", a_rate(2.4e12, "D9", is_rate_counted=False)))
    assert "Blake256 (Decred): 2.4 TH/s from 1 miner without a rating, calculated from the clock." in result["summary"]
    tiles = {tile["name"]: (tile["value"], tile["note"]) for tile in result["figures"]["tiles"]}
    assert tiles["Blake256 (Decred)"] == ("2.4 TH/s", "no rating, calculated from the clock")
    mixed = outcome(seen("a4", a_rate(274e6, "A4")), seen("a6", a_rate(1.2e9, "A6", is_rate_counted=False)))
    assert (
        "scrypt: 1.47 GH/s, of which 274 MH/s of 274 MH/s expected, the rest from 1 miner without a rating, partly"
        in (mixed["summary"])
    )


def test_measured_power_counts_where_there_is_some() -> None:
    result = outcome(seen("m1", facts(power_watts=1000)), seen("m2"))
    assert (result["stats"]["watts"], result["stats"]["watts_estimated"]) == (2050, 1050)
    assert "2.05 kW (1 miner measured, 1 miner estimated)." in result["summary"]
    assert [row["watts_from"] for row in result["rows"]] == ["measured", "estimated"]


def test_base_units_count_before_terahashes() -> None:
    rate = {"5s": None, "1m": 14_000_000.0, "15m": None, "average": None}
    (row,) = outcome(seen("m1", facts(type_="A5", hashrate_hs=rate)))["rows"]
    assert row["hashrate_hs"] == 14_000_000.0


def test_a_miner_that_does_not_hash_draws_nothing_that_is_known() -> None:
    result = outcome(seen("m1", {"unreachable": True, "msg": "no answer"}))
    assert (result["rows"][0]["watts"], result["stats"]["watts"]) == (None, 0)


@pytest.mark.parametrize(("miners", "is_ok"), [([], True), (["m1"], False), (["m1", "ok"], True)])
def test_a_site_of_which_nothing_could_be_read_is_not_ok(miners: list[str], is_ok: bool) -> None:
    result = outcome(*(seen(name, facts() if name == "ok" else {"unreachable": True}) for name in miners))
    assert result["is_ok"] is is_ok


def test_pools_are_named_without_a_login_and_racks_by_their_numbers() -> None:
    figures = outcome(
        seen("a", rack="rack10", position="2"),
        seen("b", rack="rack2"),
        seen("c", rack="rack10", position="10"),
        seen("d", rack="rack10", position="1", drift=["pools"]),
    )["figures"]
    assert figures["pools"] == [("pool.example.com:3333", 4)]
    assert [(rack["name"], [each["miner"] for each in rack["miners"]]) for rack in figures["racks"]] == [
        ("rack2", ["b"]),
        ("rack10", ["d", "a", "c"]),
    ]
    assert figures["drift"] == [("pools", 1)]


def test_addresses_that_did_not_answer_are_counted_by_source() -> None:
    report = {"polled": 5, "locked": 1, "unresponsive": 0, "silent": 0, "unknown": 2, "problems": ["One is missing."]}
    assert outcome(reports={"fleet.yml": report})["figures"]["sources"] == [
        {
            "name": "fleet.yml",
            "counts": ["5 polled", "1 locked", "0 silent", "2 unknown"],
            "problems": ["One is missing."],
        }
    ]


def test_a_histogram_has_no_gaps_and_bounds() -> None:
    temperatures = [40.0, 41.0, 52.0, 91.0]
    boards = [[{"id": 0, **ALIVE, "temperature_c": temperature}] for temperature in temperatures]
    bars = outcome(*(seen(str(number), facts(boards=one)) for number, one in enumerate(boards)))["figures"][
        "temperatures"
    ]
    assert [each["from"] for each in bars] == list(range(40, 95, 5))
    assert {each["from"]: (each["count"], each["height"]) for each in bars if each["count"]} == {
        40: (2, 100.0),
        50: (1, 50.0),
        90: (1, 50.0),
    }
    assert [each["from"] for each in bars if each["tone"] == "bad"] == [85, 90]


def test_a_sensor_that_lies_does_not_make_a_thousand_bars() -> None:
    boards = [[{"id": 0, **ALIVE, "temperature_c": temperature}] for temperature in (70.0, 65000.0)]
    figures = outcome(*(seen(str(number), facts(boards=one)) for number, one in enumerate(boards)))["figures"]
    assert len(figures["temperatures"]) <= 24


def test_wrong_ratings_are_refused_before_the_miners_are_read() -> None:
    with pytest.raises(InvalidVariables, match="dragonmint_ratings"):
        normalised(overview.VARIABLES, {"dragonmint_ratings": {"T1": {"fast": {"hashrate_ths": 1, "watts": 1000}}}})
