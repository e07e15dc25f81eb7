# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of the sister models, from their recorded replies."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.subsets import gather
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply

from .driving import Connect, asking
from .helpers import INVALID_REQUEST, NO_REASON, Script, logged_in, said, sister

NO_DEVICES = said(success=True, DEVS=[], POOLS=[], HARDWARE={"Fan duty": 0}, tuning=False, TotalHash=[])
NOT_HERE = [INVALID_REQUEST, logged_in(), INVALID_REQUEST]
NULLS = {"5s": None, "1m": None, "15m": None, "average": None}


class Facts:
    """Gathers facts from a script of replies, and checks that all of them were requested."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.warnings: list[str] = []
        self.actions: list[str] = []

    def __call__(self, subset: str, *replies: Reply, username: str = "admin") -> dict[str, Any]:
        wire = Script(list(replies))
        facts = asking(gather, self._connect(wire, username=username), [subset], self.warnings.append)
        assert wire.answers == []
        self.actions = wire.actions
        return facts[f"dragonmint_{subset}"]


@pytest.fixture
def facts(connect: Connect) -> Facts:
    return Facts(connect)


def type_(text: str) -> Reply:
    return said(success=True, type=text)


def hs(mining: dict[str, Any]) -> list[float | None]:
    return [board["hashrate_hs"] for board in mining["boards"]]


def test_01_a_t2(facts: Facts) -> None:
    reply, right = sister("01-t2-overview")
    identity = facts("identity", said(**reply))
    assert {name: identity[name] for name in ("type", "mac", "firmware", "hwver")} == {
        name: right[name] for name in ("type", "mac", "firmware", "hwver")
    }
    assert identity["model"] == "T2"
    assert facts("hardware", said(**reply))["uptime_seconds"] == right["uptime_seconds"]


def test_02_an_a11mx(facts: Facts) -> None:
    reply, right = sister("02-a11mx-summary")
    reply = {"POOLS": [], "HARDWARE": {}, **reply}
    mining = facts("mining", said(**reply), type_("A11MX"), *(NOT_HERE if "TotalHash" in reply else []))
    (board,) = mining["boards"]
    assert (mining["algorithm"], facts.warnings) == (right["algorithm"], [])
    assert board["hashrate_hs"] == right["board0_hashrate_h"]
    assert mining["hashrate_hs"] == right["total_h"]
    assert (board["temperature_c"], mining["reject_ratio"]) == (right["temperature_c"], right["reject_ratio"])
    # Nobody uses TH/s for Ethash.
    assert (board["hashrate_ths"], mining["hashrate_ths"]) == (None, NULLS)


def test_03_an_a11mx_that_only_getall_reports(facts: Facts) -> None:
    reply, right = sister("03-a11mx-getall")
    mining = facts("mining", NO_DEVICES, type_("A11MX"), said(**reply))
    assert {str(board["id"]): board["hashrate_hs"] for board in mining["boards"]} == right["boards_h"]
    assert mining["hashrate_hs"] == {**NULLS, "average": right["total_h"]}
    hottest = {board: sensors[1] for board, sensors in right["temp_min_max_c"].items()}
    assert {str(board["id"]): board["temperature_c"] for board in mining["boards"] if board["temperature_c"]} == hottest
    assert (mining["fan_percent"], mining["power_watts"]) == (right["fan_percent"], right["power_watts"])
    assert (mining["algorithm"], facts.warnings) == (right["algorithm"], [])


def test_06_an_a9_whose_chips_have_no_sensors(facts: Facts) -> None:
    """Its driver's "MHS av" is the same whatever its results."""
    reply, right = sister("06-a9-getdebugstats")
    _stats, boards = sister("05-a9-stats")
    debug = facts("debug", said(**reply), type_("B29+"))
    assert [board["temperature_c"] for board in debug["boards"]] == boards["temperature_c"]
    assert [board["temperature_max_c"] for board in debug["boards"]] == boards["temp_max_c"]
    assert [board["core_count"] for board in debug["boards"]] == boards["cores"]
    assert [board["chip_count"] for board in debug["boards"]] == boards["chips"]
    assert {board["fan_percent"] for board in debug["boards"]} == {boards["fan_percent"]}
    assert {(board["hashrate_hs"], board["hashrate_ths"]) for board in debug["boards"]} == {(None, None)}
    chips = [chip for board in debug["boards"] for chip in board["chips"]]
    assert {(chip["temperature_c"], chip["pll"]) for chip in chips} == {(right["chip_temperature_c"], None)}
    assert debug["algorithm"] == "equihash"


def test_07_an_a9(facts: Facts) -> None:
    reply, right = sister("07-a9-summary")
    mining = facts("mining", said(**reply), type_("B29+"), *NOT_HERE)
    assert facts.actions == ["summary", "type", "getAll", "auth", "getAll"]
    assert (mining["algorithm"], facts.warnings) == (right["algorithm"], [])
    assert hs(mining) == [right["board_sol"]] * 3
    assert mining["hashrate_hs"]["15m"] == right["total_sol"]
    assert mining["hashrate_ths"] == NULLS
    assert mining["fan_percent"] == right["fan_percent"]
    assert [board["temperature_c"] for board in mining["boards"]] == right["temperature_c"]


def test_10_an_a4_of_which_the_firmware_shows_no_rate(facts: Facts) -> None:
    reply, right = sister("10-a4-devs")
    mining = facts("mining", said(**reply), type_("A4"), *NOT_HERE)
    assert (mining["algorithm"], hs(mining)) == (right["algorithm"], right["board_h"])
    assert mining["hashrate_hs"] == {**NULLS, "5s": right["total_h"]}
    assert mining["fan_percent"] == right["fan_percent"]
    assert [board["temperature_c"] for board in mining["boards"]] == right["temperature_c"]


@pytest.mark.parametrize(("name", "model"), [("s1-a8p-summary", "A8+"), ("s3-t2tp-summary", "T2T+")])
def test_s1_s3_models_with_other_factors(name: str, model: str, facts: Facts) -> None:
    reply, right = sister(name)
    mining = facts("mining", said(**reply), type_(model), *NOT_HERE)
    assert (mining["algorithm"], mining["hashrate_hs"]["15m"]) == (right["algorithm"], right["total_h"])
    assert mining["hashrate_ths"]["15m"] == (right["total_h"] / 1e12 if model == "T2T+" else None)


def test_12_an_a9_that_shows_its_total_only(facts: Facts) -> None:
    board = {"ASC": 0, "Status": "Alive", "Temperature": 66}
    total = {"Hash Rate": 88.715, "Unit": "KSol/s"}
    summary = said(success=True, DEVS=[board], POOLS=[], HARDWARE={"Fan duty": 0}, TotalHash=total)
    mining = facts("mining", summary, type_("A9+"), *NOT_HERE)
    assert mining["hashrate_hs"] == {**NULLS, "average": 88715.0}
    assert hs(mining) == [None]
    assert mining["fan_percent"] == 0


def test_power_is_what_the_miner_measures(facts: Facts) -> None:
    reply, _right = sister("s3-t2tp-summary")
    everything = {"chain": [], "total_hash": [], "fansSpeed": 60}
    for power, watts in ((2210, 2210), ("2210.5", 2210.5), (0, None), (None, None), ("?", None), (-1, None)):
        mining = facts("mining", said(**reply), type_("T2T+"), said(success=True, all={**everything, "power": power}))
        assert mining["power_watts"] == watts
    assert mining["fan_percent"] == 35


@pytest.mark.parametrize(
    ("type_of", "replies", "asked"),
    [
        pytest.param("T1", [], ["summary", "type"], id="a T1 has nothing in it"),
        pytest.param("B29+", [NO_REASON] * 4, ["summary", "type", *["getAll"] * 4], id="not ready"),
        pytest.param("B29+", [said(success=True)], ["summary", "type", "getAll"], id="empty"),
        pytest.param("B29+", [said(success=True, all=5)], ["summary", "type", "getAll"], id="no object"),
    ],
)
def test_the_fact_can_do_without_getall(type_of: str, replies: list[Reply], asked: list[str], facts: Facts) -> None:
    reply, _right = sister("07-a9-summary")
    mining = facts("mining", said(**reply), type_(type_of), *replies)
    assert (mining["power_watts"], len(mining["boards"])) == (None, 3)
    assert facts.actions == asked


def test_dragonmint_is_not_asked_for_what_only_innosilicon_has(facts: Facts) -> None:
    reply, right = sister("s3-t2tp-summary")
    del reply["TotalHash"]
    mining = facts("mining", said(**reply), type_("T2T+"))
    assert mining["hashrate_hs"]["15m"] == right["total_h"]


def test_a_guest_gets_the_rates(facts: Facts) -> None:
    reply, right = sister("07-a9-summary")
    mining = facts("mining", said(**reply), type_("B29+"), INVALID_REQUEST, logged_in("guest"), username="guest")
    assert mining["hashrate_hs"]["15m"] == right["total_sol"]


def test_a_type_that_nobody_knows_is_read_by_what_its_firmware_says(facts: Facts) -> None:
    reply, right = sister("07-a9-summary")
    mining = facts("mining", said(**reply), type_("X1"), *NOT_HERE)
    assert (mining["algorithm"], mining["hashrate_hs"]["15m"]) == (None, right["total_sol"])
    assert len(facts.warnings) == 1
    assert facts.warnings[0].startswith("The type 'X1' is not a known model.")


@pytest.mark.parametrize("no_type", [said(success=True), said(success=False, message="x"), Reply(200, b"?")])
def test_a_miner_that_does_not_say_what_it_is(no_type: Reply, facts: Facts) -> None:
    reply, _right = sister("s3-t2tp-summary")
    for device in reply["DEVS"]:
        del device["Hash Rate H"], device["Unit"]
    del reply["TotalHash"]
    mining = facts("mining", said(**reply), no_type)
    assert (mining["hashrate_hs"], hs(mining)) == (NULLS, [None] * 3)
    (warning,) = facts.warnings
    assert warning.startswith("The miner does not report its type, and its firmware does not report its hash rate in")


def test_nonsense_percentages_are_not_known(facts: Facts) -> None:
    reply, _right = sister("07-a9-summary")
    reply["DEVS"][0]["Device Hardware%"] = 1584.2
    mining = facts("mining", said(**reply), type_("B29+"), *NOT_HERE)
    assert [board["hardware_error_ratio"] for board in mining["boards"]] == [None, 0.0, 0.0]


@pytest.mark.parametrize(
    ("type_of", "model"), [("B29+", "A9 ZMaster"), ("T2T", "T2T-24T"), ("T1", "T1"), ("T2T+", "T2T+"), ("X1", "X1")]
)
def test_the_model_is_the_name_that_it_is_sold_under(type_of: str, model: str, facts: Facts) -> None:
    identity = facts("identity", said(success=True, type=type_of))
    assert (identity["type"], identity["model"]) == (type_of, model)


def test_errors_that_are_ours_are_not_taken_for_the_miners(connect: Connect) -> None:
    reply, _right = sister("07-a9-summary")
    with pytest.raises(InvalidInput):
        asking(gather, connect(Script([said(**reply), InvalidInput("What?")])), ["mining"], [].append)
