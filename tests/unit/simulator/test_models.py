# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sister models: the simulator converts cgminer's reports of each like the real programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Miner
from tests.simulator.models import MODELS
from tests.support.simulators import simulated

from .asking import ask

RECORDINGS = Path(__file__).parents[2] / "data/recordings/sisters"
MADE_BY_THE_FIRMWARE = ("Hash Rate", "Unit", "Hash Rate H")
TYPES = [*MODELS]


def reply_of(name: str) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["reply"]
    return reply


def devices_of(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """As its cgminer reported them."""
    return [
        {name: value for name, value in device.items() if name not in MADE_BY_THE_FIRMWARE} for device in reply["DEVS"]
    ]


@pytest.fixture(scope="module")
def later() -> Iterator[dict[str, Miner]]:
    """A miner of each type with firmware that knows all of them, by type."""
    types = ",".join(TYPES)
    with simulated(count=len(TYPES), generation="inno-2019", first="127.36.0.1", speed=0.001, type_=types) as fleet:
        yield dict(zip(TYPES, fleet.miners))


@pytest.fixture(scope="module")
def earlier() -> Iterator[dict[str, Miner]]:
    """The same with firmware that lacks some."""
    types = ",".join(TYPES)
    with simulated(count=len(TYPES), generation="inno-2018-08", first="127.36.1.1", speed=0.001, type_=types) as fleet:
        yield dict(zip(TYPES, fleet.miners))


@pytest.mark.parametrize(
    ("name", "type_"),
    [("07-a9-summary", "B29+"), ("10-a4-devs", "A4"), ("s1-a8p-summary", "A8+"), ("s3-t2tp-summary", "T2T+")],
)
def test_a_summary_as_recorded(earlier: dict[str, Miner], name: str, type_: str) -> None:
    reply = reply_of(name)
    stats = [{"ID": "0", "Fan duty": reply["HARDWARE"]["Fan duty"]}]
    miner = earlier[type_]
    miner.set(
        cgminer={"devs": {"DEVS": devices_of(reply)}, "pools": {"POOLS": reply["POOLS"]}, "stats": {"STATS": stats}}
    )
    answer = ask(miner, "summary").body.decode()
    miner.set(cgminer=None)
    assert answer == compact(reply)


def test_an_a11mx_as_recorded(later: dict[str, Miner]) -> None:
    """Only its board was recorded."""
    reply = reply_of("02-a11mx-summary")
    miner = later["A11MX"]
    miner.set(cgminer={"devs": {"DEVS": devices_of(reply)}, "pools": {"POOLS": []}, "stats": {"STATS": []}})
    answer = ask(miner, "summary").json()
    miner.set(cgminer=None)
    assert compact(answer["DEVS"]) == compact(reply["DEVS"])


def test_the_statistics_of_an_a9_as_recorded(earlier: dict[str, Miner]) -> None:
    stats, debug = reply_of("05-a9-stats"), reply_of("06-a9-getdebugstats")
    miner = earlier["B29+"]
    handed_on = {name: value for name, value in stats.items() if name != "success"}
    miner.set(cgminer={"devs": {"DEVS": []}, "pools": {"POOLS": []}, "stats": handed_on})
    answer, boards = ask(miner, "stats").body.decode(), ask(miner, "getDebugStats").json()["boards"]
    miner.set(cgminer=None)
    assert answer == compact({**handed_on, "success": True})
    assert compact(boards) == compact(debug["boards"])


def test_the_overview_of_a_t2_as_recorded(earlier: dict[str, Miner]) -> None:
    reply = reply_of("01-t2-overview")
    network, version = reply["network"], reply["version"]
    miner = earlier["T2"]
    miner.set(mac=version["ethaddr"], firmware=version["platform_v"])
    answer = ask(miner, "overview").json()
    assert (answer["type"], answer["version"]) == (reply["type"], version)
    assert answer["network"].keys() == network.keys()
    assert answer["hardware"].keys() == reply["hardware"].keys()


def compact(reply: Any) -> str:
    return json.dumps(reply, separators=(",", ":")).replace("/", "\\/")


def rates(miner: Miner) -> tuple[float, str, float]:
    """The total shown by the firmware, with its unit, and in base units."""
    summary = ask(miner, "summary").json()
    return (
        summary["TotalHash"]["Hash Rate"],
        summary["TotalHash"]["Unit"],
        sum(device["Hash Rate H"] for device in summary["DEVS"]),
    )


@pytest.mark.parametrize("type_", [name for name in TYPES if name != "A4"])
def test_later_firmware_knows_each_type(later: dict[str, Miner], type_: str) -> None:
    model = MODELS[type_]
    rate, unit, base = rates(later[type_])
    assert base == pytest.approx(model.boards * model.board_rate * model.factor, rel=1e-3)
    assert unit.lstrip("KMGTPE") == model.unit
    assert 1 <= rate < 1000
    assert ask(later[type_], "unit").json() == {"success": True, "unit": model.unit}


@pytest.mark.parametrize(("type_", "unit"), [("B29+", "KSol/s"), ("A9++", "GH/s"), ("A11MX", "PH/s"), ("A8+", "KH/s")])
def test_earlier_firmware_takes_what_it_does_not_know_for_a_t1(
    earlier: dict[str, Miner], type_: str, unit: str
) -> None:
    assert rates(earlier[type_])[1] == unit


@pytest.mark.parametrize("type_", TYPES)
def test_a_model_is_made_of_its_parts(later: dict[str, Miner], type_: str) -> None:
    model, miner = MODELS[type_], later[type_]
    overview = ask(miner, "overview").json()
    assert (overview["type"], overview["version"]["hwver"]) == (type_, model.controller)
    assert overview["version"]["platform_v"] == f"{type_.lower()}_20190528_101010"
    boards = ask(miner, "getDebugStats").json()["boards"]
    assert [board["board"]["Num chips"] for board in boards] == [model.chips] * model.boards
    assert {chip["Temp"] for board in boards for chip in board["chips"]} == {70 if model.has_chip_sensors else 0}
    assert ask(miner, "summary").json()["HARDWARE"]["Fan duty"] == (59 if model.has_fan else 0)


def test_what_getall_reports(later: dict[str, Miner]) -> None:
    miner = later["A11MX"]
    everything = ask(miner, "getAll").json()["all"]
    assert set(everything) == {"mac", "chain", "total_hash", "fansSpeed", "running_mode"}
    assert [set(chain) for chain in everything["chain"]] == [{"ASC", "Temp min", "Temp max", "Hash Rate H"}] * 4
    assert everything["total_hash"]["Hash Rate H"] == sum(chain["Hash Rate H"] for chain in everything["chain"])
    miner.set(power_watts=2210)
    assert ask(miner, "getAll").json()["all"]["power"] == 2210
