# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cgminer, as seen through the pages that show it."""

from __future__ import annotations

import concurrent.futures

import pytest

from tests.simulator.control import Fleet, Miner

from .asking import INVALID, OK, ask, wait_for


def test_a_fresh_fleet_mines(any_miner: Miner) -> None:
    summary = ask(any_miner, "summary").json()
    device = summary["DEVS"][0]
    assert device["Status"] == "Alive"
    assert 4e6 < device["MHS av"] < 5e6
    assert abs(device["Last Share Time"] - any_miner.state()["clock"]) < 60
    assert [pool["Stratum Active"] for pool in summary["POOLS"]] == [True, False]


def test_counters_grow(miner: Miner) -> None:
    before = ask(miner, "summary").json()["DEVS"][0]

    def grown() -> bool:
        after = ask(miner, "summary").json()["DEVS"][0]
        return all(after[key] > before[key] for key in ("Device Elapsed", "Accepted", "Difficulty Accepted"))

    wait_for(grown)


def test_units_of_inno(inno: Miner) -> None:
    summary = ask(inno, "summary").json()
    assert summary["DEVS"][0]["Unit"] == "TH/s"
    assert 14 < summary["TotalHash"]["Hash Rate"] < 16
    assert ask(inno, "unit").json()["unit"] == "H/s"
    assert ask(inno, "getHashRates").json()["stats"][0][0] > 4e12


@pytest.mark.parametrize(("elapsed", "key"), [(299, "MHS 5s"), (899, "MHS 1m"), (3599, "MHS 5m"), (3600, "MHS 15m")])
def test_which_average_is_shown(miner: Miner, elapsed: int, key: str) -> None:
    device = {"MHS av": 1, "MHS 5s": 2, "MHS 1m": 3, "MHS 5m": 4, "MHS 15m": 5, "Device Elapsed": elapsed}
    miner.set(cgminer={"devs": {"DEVS": [device]}, "pools": {"POOLS": []}, "stats": {"STATS": []}})
    summary = ask(miner, "summary").json()
    assert summary["DEVS"][0]["Hash Rate"] == device[key]
    assert summary["HARDWARE"] == {"Fan duty": 0}


def test_average_stands_in_for_missing_ones(miner: Miner) -> None:
    device = {"MHS av": 1, "Device Elapsed": 4000}
    miner.set(cgminer={"devs": {"DEVS": [device]}, "pools": {"POOLS": []}, "stats": {"STATS": []}})
    assert ask(miner, "summary").json()["DEVS"][0]["Hash Rate"] == 1


def test_dead_board_and_dead_pool(miner: Miner) -> None:
    miner.set(boards=[{"alive": False}, {"temperature_c": 95}], pool_status={"stratum+tcp://p.example:1": "Dead"})
    miner.set(
        pools=[{"url": f"stratum+tcp://{name}.example:1", "user": "u", "pass": "x"} for name in ("p", "q")],
    )
    summary = ask(miner, "summary").json()
    dead_first = [("Dead", False), ("Alive", True)]
    assert [(device["Status"], device["MHS 5s"] > 0) for device in summary["DEVS"]] == dead_first
    assert [(pool["Status"], pool["Stratum Active"]) for pool in summary["POOLS"]] == dead_first
    assert summary["DEVS"][1]["Temperature"] == 95
    assert ask(miner, "getDebugStats").json()["boards"][0]["chips"] == []
    miner.set(pool_status="Dead")
    assert ask(miner, "summary").json()["DEVS"][1]["MHS 5s"] == 0


def test_chips_with_gaps_are_an_object(miner: Miner) -> None:
    stats = {"STATS": [{"ID": "DT10", "00 Temp": 70, "02 Temp": 71}]}
    miner.set(cgminer={"devs": {"DEVS": []}, "pools": {"POOLS": []}, "stats": stats})
    boards = ask(miner, "getDebugStats").json()["boards"]
    assert boards == [{"board": {"ID": "DT10"}, "chips": {"0": {"Temp": 70}, "2": {"Temp": 71}}}]


def test_tuning_shows(miner: Miner) -> None:
    miner.set(tuning=True)
    assert ask(miner, "summary").json()["tuning"] is True
    assert ask(miner, "getAutoTuneStatus").json()["isTuning"] is True


def test_legacy_page_without_cgminer(miner: Miner) -> None:
    miner.set(ready=False)
    assert ask(miner, "/cgi-bin/api.py").json() == {"DEVS": None, "POOLS": None, "STATUS": None}


def test_types_of_sample_times(april: Miner, miner: Miner) -> None:
    assert isinstance(ask(april, "getHashRates").json()["times"][0], str)
    assert isinstance(ask(miner, "getHashRates").json()["times"][0], int)


def test_a_silent_cgminer_uses_up_the_five_workers(miner: Miner) -> None:
    miner.set(cgminer="silent")
    with concurrent.futures.ThreadPoolExecutor() as threads:
        hung = [threads.submit(ask, miner, "summary") for _unused in range(5)]
        wait_for(lambda: len(miner.requests()) == 5)
        with pytest.raises(TimeoutError):
            ask(miner, "ping", timeout=0.3)
        assert ask(miner, "/", auth=None, method="GET").status == 200
        miner.set(cgminer=None)
        assert all(answer.result().json()["success"] for answer in hung)
    assert ask(miner, "ping").json() == OK
    assert sorted(request["concurrent"] for request in miner.requests()[:5]) == [1, 2, 3, 4, 5]


def test_nginx_gives_up_after_two_minutes(own: Fleet) -> None:
    own[0].set(cgminer="silent")
    own.speed(400)
    answer = ask(own[0], "summary", timeout=10)
    assert answer.status == 504
    assert b"An error occurred." in answer.body
    assert own[0].requests()[0]["outcome"] == "gateway_timeout"


def test_latency(miner: Miner) -> None:
    miner.set(latency={"*": 0, "overview": 600})
    assert ask(miner, "ping").json() == OK
    with pytest.raises(TimeoutError):
        ask(miner, "overview", timeout=0.2)
    assert miner.set(latency="device")["latency"]["overview"] > miner.state()["latency"]["*"]


class TestVendor:
    def test_unreachable(self, miner: Miner) -> None:
        answer = {"success": False, "message": "can't fetch firmware versions"}
        assert ask(miner, "getLatestFirmwareVersion").json() == answer
        miner.set(vendor="garbage")
        assert ask(miner, "getLatestFirmwareVersion").json() == answer

    def test_malformed_version_has_no_date(self, miner: Miner) -> None:
        miner.set(vendor={"version": "t1_new", "url": "u", "info": "i"})
        assert ask(miner, "getLatestFirmwareVersion").json()["versionDate"] is False

    def test_silent_vendor_blocks(self, miner: Miner) -> None:
        miner.set(vendor="silent")
        with pytest.raises(TimeoutError):
            ask(miner, "getLatestFirmwareVersion", timeout=0.3)


class TestInnoExtras:
    def test_error_message(self, inno: Miner) -> None:
        inno.set(error={"code": "23", "errmsg": "fan error"})
        assert ask(inno, "getErrorMessage").json() == {"success": True, "code": "23", "errmsg": "fan error"}
        inno.set(error="empty")
        assert ask(inno, "getErrorMessage").body == b""

    def test_frequency_and_voltage_are_never_saved(self, inno: Miner) -> None:
        assert ask(inno, "setFreqVol", {"freq": "1"}).body == b""
        assert ask(inno, "getFreqVol").json() == {"success": False, "message": "missing configuration"}
        inno.set(freqvol={"freq": "a/b", "vol": 1})
        assert ask(inno, "getFreqVol").body == b'{"success":true,"freq":"a/b","vol":1}'

    def test_red_light(self, inno: Miner) -> None:
        assert ask(inno, "SetMonitor", {"red_light": "twinkle"}).json() == {"success": "true"}
        assert inno.state()["red_light"] == "twinkle"
        assert ask(inno, "SetMonitor", {}).body == b""
        inno.set(monitor=False)
        assert ask(inno, "SetMonitor", {"red_light": "on"}).json() == {"success": False}

    def test_not_on_others(self, miner: Miner) -> None:
        assert ask(miner, "SetMonitor", {"red_light": "on"}).json() == INVALID
