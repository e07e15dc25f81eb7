# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How rates and sensors are read on each model, compared with recordings of real ones."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import MODELS, model_of
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import (
    WINDOWS,
    factor_of,
    fan_of,
    in_unit,
    rate_of,
    rates_of,
    ratio_of,
    shown_total,
    temperature_of,
    totals_of,
)

from .helpers import sister

FIELDS = ("MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m", "MHS av")


def device(elapsed: float = 7200, factor: float | None = None, **changed: Any) -> dict[str, Any]:
    """A device with a different rate in each field: from 1 in the window of 5 s to 5 on average."""
    values: dict[str, Any] = {field: float(number) for number, field in enumerate(FIELDS, start=1)}
    values["Device Elapsed"] = elapsed
    if factor is not None:
        values["Hash Rate H"] = factor * 4
    values.update({name.replace("_", " "): value for name, value in changed.items()})
    return {name: value for name, value in values.items() if value is not None}


def test_01_a_t2() -> None:
    reply, right = sister("01-t2-overview")
    model = model_of(reply["type"])
    assert model is not None
    assert (model.type, model.algorithm.name) == (right["type"], right["algorithm"])


def test_02_an_a11mx() -> None:
    reply, right = sister("02-a11mx-summary")
    rates = rates_of("A11MX", reply["DEVS"])
    (board,) = reply["DEVS"]
    assert (rates.algorithm, rates.unit, rates.warning) == (right["algorithm"], right["unit"], None)
    assert rates.boards_hs == (right["board0_hashrate_h"],)
    assert rates.total_hs == right["total_h"]
    assert temperature_of(board["Temperature"]) == right["temperature_c"]
    assert ratio_of(board["Device Rejected%"]) is None


def test_03_an_a11mx_that_only_getall_reports() -> None:
    reply, right = sister("03-a11mx-getall")
    everything = reply["all"]
    rates = rates_of("A11MX", everything["chain"], everything["total_hash"])
    boards = {str(board["ASC"]): rate for board, rate in zip(everything["chain"], rates.boards_hs)}
    assert (rates.algorithm, rates.warning) == (right["algorithm"], None)
    assert boards == right["boards_h"]
    assert rates.total_hs == {**dict.fromkeys(WINDOWS), "average": right["total_h"]}
    assert fan_of(everything["fansSpeed"], is_mining=True) == right["fan_percent"]
    temperatures = {
        str(board["ASC"]): [temperature_of(board[name]) for name in ("Temp min", "Temp max")]
        for board in everything["chain"]
        if "Temp min" in board
    }
    assert temperatures == right["temp_min_max_c"]


def test_05_the_sensors_of_an_a9() -> None:
    reply, right = sister("05-a9-stats")
    boards = [entry for entry in reply["STATS"] if not entry["ID"].startswith("POOL")]
    a9 = MODELS["B29+"]
    assert right["algorithm"].startswith(a9.algorithm.name)
    assert [fan_of(board["Fan duty"], is_mining=True) for board in boards] == [right["fan_percent"]] * 3
    assert [temperature_of(board["Temp"]) for board in boards] == right["temperature_c"]
    assert [temperature_of(board["Temp max"]) for board in boards] == right["temp_max_c"]
    assert a9.boards is not None
    assert a9.chips is not None
    assert [a9.chips.value] * a9.boards.value == right["chips"]


def test_06_an_a9_has_no_sensors_in_its_chips() -> None:
    reply, right = sister("06-a9-getdebugstats")
    temperatures = {temperature_of(chip["Temp"]) for board in reply["boards"] for chip in board["chips"]}
    assert temperatures == {right["chip_temperature_c"]}


@pytest.mark.parametrize("type_", ["B29+", "A9++"])
def test_07_an_a9(type_: str) -> None:
    reply, right = sister("07-a9-summary")
    rates = rates_of(type_, reply["DEVS"], reply["TotalHash"])
    assert (rates.algorithm, rates.unit, rates.warning) == (right["algorithm"], right["unit"], None)
    assert rates.boards_hs == (right["board_sol"],) * 3
    assert rates.total_hs["15m"] == right["total_sol"]
    assert fan_of(reply["HARDWARE"]["Fan duty"], is_mining=True) == right["fan_percent"]
    assert [temperature_of(board["Temperature"]) for board in reply["DEVS"]] == right["temperature_c"]


def test_08_an_a9_that_its_firmware_takes_for_another_miner() -> None:
    """Firmware that lacks the type scales by 10^6 and says H/s: the type takes precedence."""
    reply, right = sister("07-a9-summary")
    for board in reply["DEVS"]:
        board.update({"Hash Rate": 17.15054, "Unit": "GH/s", "Hash Rate H": 17150540000.0})
    total = {"Hash Rate": 51.45162, "Unit": "GH/s"}
    rates = rates_of("A9++", reply["DEVS"], total)
    assert (rates.unit, rates.boards_hs) == (right["unit"], (right["board_sol"],) * 3)
    assert rates.total_hs["15m"] == right["total_sol"]
    assert shown_total("A9++", total) is None


def test_10_an_a4_of_which_the_firmware_shows_no_rate() -> None:
    reply, right = sister("10-a4-devs")
    rates = rates_of("A4", reply["DEVS"], reply["TotalHash"])
    assert (rates.algorithm, rates.unit, rates.warning) == (right["algorithm"], right["unit"], None)
    assert list(rates.boards_hs) == right["board_h"]
    assert rates.total_hs == {"5s": right["total_h"], "1m": None, "15m": None, "average": None}
    assert fan_of(reply["HARDWARE"]["Fan duty"], is_mining=True) == right["fan_percent"]
    assert [temperature_of(board["Temperature"]) for board in reply["DEVS"]] == right["temperature_c"]


@pytest.mark.parametrize(("name", "type_"), [("s1-a8p-summary", "A8+"), ("s3-t2tp-summary", "T2T+")])
def test_s1_s3_models_with_other_factors(name: str, type_: str) -> None:
    reply, right = sister(name)
    rates = rates_of(type_, reply["DEVS"])
    assert (rates.algorithm, rates.unit, rates.warning) == (right["algorithm"], right["unit"], None)
    assert rates.total_hs["15m"] == right["total_h"]
    assert shown_total(type_, reply["TotalHash"]) == right["total_h"]


@pytest.mark.parametrize("name", ["02-a11mx-summary", "07-a9-summary", "s1-a8p-summary", "s3-t2tp-summary"])
def test_the_firmware_and_the_table_agree(name: str) -> None:
    """Each of these firmwares knows its type, so a type unknown to us is read the same way."""
    types = {"02": "A11MX", "07": "B29+", "s1": "A8+", "s3": "T2T+"}
    devices = sister(name)[0]["DEVS"]
    known, unknown = rates_of(types[name[:2]], devices), rates_of("X1", devices)
    assert (unknown.unit, unknown.total_hs, unknown.boards_hs) == (known.unit, known.total_hs, known.boards_hs)
    assert unknown.algorithm is None
    assert unknown.warning is not None


@pytest.mark.parametrize(
    ("type_", "devices", "factor"),
    [
        pytest.param("T1", [], 1e6, id="by the type alone"),
        pytest.param("A9++", [device(factor=1e6)], 1.0, id="the type overrules the firmware"),
        pytest.param("A10", [device(factor=1.0)], 1.0, id="by the firmware where the table does not know"),
        pytest.param("T3", [device(factor=1e3)], 1e3, id="by the firmware where other tools disagree"),
        pytest.param("X1", [device(factor=1.0)], 1.0, id="H"),
        pytest.param("X1", [device(factor=1e3)], 1e3, id="kH"),
        pytest.param("X1", [device(factor=1e6)], 1e6, id="MH"),
        pytest.param(None, [device(factor=1e6)], 1e6, id="no type"),
        pytest.param("X1", [device(), device(factor=1e3)], 1e3, id="a device tells for all"),
        pytest.param("X1", [device(Hash_Rate_H=0, MHS_15m=0), device(factor=1e6)], 1e6, id="one that does not hash"),
        pytest.param("X1", [device(factor=1e6, Device_Elapsed=60)], None, id="made of another field"),
        pytest.param("X1", [device(factor=7.0)], None, id="no factor that any firmware has"),
        pytest.param("X1", [device(factor=1e6 * 1.01)], None, id="nearly is not enough"),
        pytest.param("X1", [device(Hash_Rate_H=0)], None, id="firmware that shows 0 while it mines"),
        pytest.param("X1", [device()], None, id="firmware without Hash Rate H"),
        pytest.param("X1", [], None, id="no device"),
    ],
)
def test_factor(type_: str | None, devices: list[dict[str, Any]], factor: float | None) -> None:
    assert factor_of(type_, devices) == factor


@pytest.mark.parametrize(
    ("elapsed", "shown"), [(0, 1.0), (299, 1.0), (300, 2.0), (899, 2.0), (900, 3.0), (3599, 3.0), (3600, 4.0)]
)
def test_the_rate_of_a_board_is_of_the_window_that_the_firmware_shows(elapsed: int, shown: float) -> None:
    board = device(elapsed)
    assert rate_of(board, 1e6) == shown * 1e6
    assert factor_of("X1", [{**board, "Hash Rate H": shown * 1e3}]) == 1e3


@pytest.mark.parametrize(
    ("board", "factor", "rate"),
    [
        pytest.param(device(MHS_15m=None), 1.0, 5.0, id="the average where a window is missing"),
        pytest.param(device(MHS_5m=None), 1.0, 5.0, id="even another window"),
        pytest.param({"MHS 5s": 68.92}, 1e6, 68920000.0, id="the only one that there is"),
        pytest.param({"Hash Rate H": 393754011.26}, None, 393754011.26, id="the firmware's alone"),
        pytest.param(device(), None, None, id="in no known unit"),
        pytest.param(device(Hash_Rate_H=28.0), None, None, id="the firmware's is not trusted against cgminer's"),
        pytest.param(device(MHS_15m=0.0), None, 0.0, id="nothing is nothing in any unit"),
        pytest.param({}, 1e6, None, id="no rate"),
        pytest.param({"MHS av": "fast", "Hash Rate H": None}, 1e6, None, id="no number"),
        pytest.param({"MHS av": float("inf")}, 1e6, None, id="no rate that there can be"),
        pytest.param({"MHS av": True}, 1e6, None, id="a flag"),
        pytest.param({"MHS av": "17.5"}, 1e3, 17500.0, id="a number as text"),
    ],
)
def test_the_rate_of_a_board(board: dict[str, Any], factor: float | None, rate: float | None) -> None:
    assert rate_of(board, factor) == rate


def test_totals_are_summed_by_window() -> None:
    devices = [device(), device(MHS_5s=None), {"MHS 5s": 0.1}]
    assert totals_of(devices, 1e3) == {"5s": 1100.0, "1m": 4000.0, "15m": 8000.0, "average": 10000.0}
    assert totals_of([], 1e3) == dict.fromkeys(WINDOWS)
    assert totals_of([{"MHS av": 0}], None) == {**dict.fromkeys(WINDOWS), "average": 0.0}


@pytest.mark.parametrize(
    ("type_", "total", "rate"),
    [
        ("T1", {"Hash Rate": 14.796775230000001, "Unit": "TH/s"}, 14796775230000.0),
        ("B29+", {"Hash Rate": 88.715, "Unit": "KSol/s"}, 88715.0),
        ("X1", {"Hash Rate": 88.715, "Unit": "KSol/s"}, 88715.0),
        ("A8+", {"Hash Rate": 950, "Unit": "H/s"}, 950.0),
        ("A11", {"Hash Rate H": 1353057427.0, "Hash Rate": 1.35, "Unit": "GH/s"}, 1353057427.0),
        ("A11", {"Hash Rate H": 1353057427.0}, 1353057427.0),
        ("B29+", {"Hash Rate": 51.45, "Unit": "GH/s"}, None),
        ("B29+", {"Hash Rate H": 51450000000.0, "Hash Rate": 51.45, "Unit": "GH/s"}, None),
        ("T1", {"Hash Rate": 14.8}, None),
        ("T1", {"Hash Rate": 14.8, "Unit": "XH/s"}, None),
        ("T1", {"Hash Rate": 14.8, "Unit": 5}, None),
        ("T1", {}, None),
    ],
)
def test_the_total_that_the_firmware_shows(type_: str, total: dict[str, Any], rate: float | None) -> None:
    assert shown_total(type_, total) == rate


def test_the_total_of_the_firmware_counts_only_where_no_device_has_a_rate() -> None:
    total = {"Hash Rate": 88.715, "Unit": "KSol/s"}
    assert rates_of("A9+", [{"Temperature": 66}], total).total_hs["average"] == 88715.0
    assert rates_of("A9+", [device()], total).total_hs["average"] == 5.0
    assert rates_of("X1", [device()], total).total_hs["average"] is None


@pytest.mark.parametrize(
    ("type_", "devices", "warning"),
    [
        ("A9", [device(factor=1.0)], "The type 'A9' is not a known model. Its hash rate is the one that its firmware"),
        ("x 1", [device()], "The type 'X1' is not a known model, and its firmware does not report its hash rate in"),
        (None, [device(factor=1.0)], "The miner does not report its type. Its hash rate is the one that its firmware"),
        ("", [device()], "The miner does not report its type, and its firmware does not report its hash rate in H/s"),
        ("A10", [device()], "The hash rate of this A10 is omitted: the unit of its cgminer's MHS fields is not known"),
    ],
)
def test_a_warning_says_what_is_not_known(type_: str | None, devices: list[dict[str, Any]], warning: str) -> None:
    assert (rates_of(type_, devices).warning or "").startswith(warning)


@pytest.mark.parametrize(
    ("type_", "devices"),
    [("A10", [device(factor=1.0)]), ("A10", [{"MHS av": 0}]), ("A10", []), ("T1", [{}]), ("A11", [{"ASC": 0}])],
)
def test_what_is_known_or_not_there_is_no_warning(type_: str, devices: list[dict[str, Any]]) -> None:
    assert rates_of(type_, devices).warning is None


@pytest.mark.parametrize(
    ("rate_hs", "unit", "text"),
    [
        (16.1e12, "H/s", "16.1 TH/s"),
        (14796775230000.0, "H/s", "14.8 TH/s"),
        (16e12, "H/s", "16 TH/s"),
        (51400.0, "Sol/s", "51.4 kSol/s"),
        (247500.0, "H/s", "248 kH/s"),
        (1305426910.43, "H/s", "1.31 GH/s"),
        (470821977.34, "H/s", "471 MH/s"),
        (999.4, "H/s", "999 H/s"),
        (999.9, "H/s", "1 kH/s"),
        (999.96e12, "H/s", "1 PH/s"),
        (0.0, "Sol/s", "0 Sol/s"),
        (2.5e18, "H/s", "2.5 EH/s"),
    ],
)
def test_a_rate_for_people(rate_hs: float, unit: str, text: str) -> None:
    assert in_unit(rate_hs, unit) == text


@pytest.mark.parametrize(("value", "temperature"), [(72, 72), (-5, -5), (0, None), ("61.5", 61.5), (None, None)])
def test_a_sensor_that_says_0_is_not_there(value: Any, temperature: float | None) -> None:
    assert temperature_of(value) == temperature


@pytest.mark.parametrize(
    ("value", "is_mining", "percent"),
    [
        (59, True, 59),
        (0, True, None),
        (0, False, 0),
        (100, True, 100),
        (101, True, None),
        (-1, False, None),
        ("80", True, 80),
    ],
)
def test_fans_that_stand_still_while_the_miner_mines_are_not_known(
    value: Any, is_mining: bool, percent: int | None
) -> None:
    assert fan_of(value, is_mining) == percent


@pytest.mark.parametrize(
    ("percent", "ratio"), [(0.5759, 0.005759), (0, 0.0), (100, 1.0), (4689.4899, None), (-1, None), ("x", None)]
)
def test_percentages_that_cannot_be_are_not_known(percent: Any, ratio: float | None) -> None:
    assert ratio_of(percent) == ratio
