# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How single values in replies are read: times, units, ratios, and missing or odd ones."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import (
    AUTOTUNE,
    AUTOTUNE_STATUS,
    AutoTune,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.debug import DEBUG_STATS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply, Request, parse
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import (
    HASH_RATES,
    SUMMARY,
    Board,
    Mining,
    PoolStatus,
    not_mining,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS, Pool
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import (
    NETWORK,
    OVERVIEW,
    TYPE,
    Hardware,
    Identity,
    Network,
    uptime_seconds,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE

from .helpers import recorded, said

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ("15:38:31 up 10 min, load average: 0.30, 0.23, 0.11", 10 * MINUTE),
        ("15:38:31 up 0 min,  0 users,  load average: 0.30, 0.23, 0.11", 0),
        ("15:38:31 up  1:02,  load average: 0.30, 0.23, 0.11", HOUR + 2 * MINUTE),
        ("22:04:26 up 15:38, 2 users,  load average: 0.07, 0.06, 0.07", 15 * HOUR + 38 * MINUTE),
        ("22:04:26 up 3 days,  1:02,  load average: 0.07, 0.06, 0.07", 3 * DAY + HOUR + 2 * MINUTE),
        ("22:04:26 up 1 day, 5 min,  load average: 0.07, 0.06, 0.07", DAY + 5 * MINUTE),
        ("22:04:26 up 400 days, 23:59, load average: 0.07, 0.06, 0.07", 400 * DAY + 23 * HOUR + 59 * MINUTE),
        ("22:04:26 up 2 days, load average: 0.07, 0.06, 0.07", 2 * DAY),
        ("22:04:26 up, load average: 0.07, 0.06, 0.07", None),
        ("22:04:26 backup 3 days, 1:02", None),
        ("", None),
    ],
)
def test_uptime_is_read_in_each_form_of_the_uptime_command(status: str, seconds: int | None) -> None:
    assert uptime_seconds(status) == seconds


@pytest.mark.parametrize(
    ("status", "load"),
    [
        ("up 10 min, load average: 0.30, 0.23, 0.11", (0.3, 0.23, 0.11)),
        ("up 10 min,  load average: 12.00, 3, 1.", (12.0, 3.0, 1.0)),
        ("up 10 min", ()),
        ("load average: ..., 1.0, 2.0", (1.0, 2.0)),
    ],
)
def test_load_is_read_as_numbers(status: str, load: tuple[float, ...]) -> None:
    assert hardware(status=status).load == load


def hardware(**values: Any) -> Hardware:
    return parse(Request(OVERVIEW), said(success=True, hardware=values)).hardware


def summary(
    devices: list[dict[str, Any]], pools: list[dict[str, Any]] | None = None, date: str | None = None
) -> Mining:
    reply = said(success=True, DEVS=devices, POOLS=pools or [])
    return parse(Request(SUMMARY), replace(reply, date=date))


def board(**device: Any) -> Board:
    return summary([device]).boards[0]


ACCEPTED_DIFFICULTY = {"Difficulty Accepted": 900, "Difficulty Rejected": 100}


@pytest.mark.parametrize(
    ("devices", "pools", "ratio"),
    [
        ([ACCEPTED_DIFFICULTY], [], 0.1),
        ([ACCEPTED_DIFFICULTY, {"Difficulty Accepted": 1000}], [], 0.05),
        ([{**ACCEPTED_DIFFICULTY, "Accepted": 1, "Rejected": 1}], [], 0.1),
        ([{"Accepted": 3, "Rejected": 1}], [], 0.25),
        ([{"Difficulty Accepted": 0, "Difficulty Rejected": 0, "Accepted": 3, "Rejected": 1}], [], 0.25),
        ([{"Accepted": 0, "Rejected": 4}], [], 1.0),
        ([{"Accepted": 2, "Rejected": 1}], [], 0.333333),
        ([{"Accepted": 0, "Rejected": 0}], [], None),
        ([], [ACCEPTED_DIFFICULTY], 0.1),
        ([], [], None),
    ],
)
def test_the_reject_ratio_is_by_difficulty_else_by_shares(
    devices: list[dict[str, Any]], pools: list[dict[str, Any]], ratio: float | None
) -> None:
    assert summary(devices, pools).reject_ratio == ratio


SHARED_AT = 1529186657


@pytest.mark.parametrize(
    ("shared_at", "date", "seconds"),
    [
        (SHARED_AT, "Sat, 16 Jun 2018 22:04:25 GMT", 8),
        (SHARED_AT, "Sat, 16 Jun 2018 22:04:00 GMT", 0),
        (0, "Sat, 16 Jun 2018 22:04:25 GMT", None),
        (SHARED_AT, None, None),
        (SHARED_AT, "yesterday", None),
        (SHARED_AT, "Sat, 16 Jun 99999 22:04:25 GMT", None),
    ],
)
def test_the_age_of_the_last_share_is_by_the_miners_own_clock(
    shared_at: int, date: str | None, seconds: int | None
) -> None:
    assert summary([{"Last Share Time": shared_at}], date=date).boards[0].last_share_seconds == seconds


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (72, 72),
        (71.5, 71),
        ("72", 72),
        ("71.5", 71),
        (-3, -3),
        (True, None),
        (None, None),
        ("", None),
        ("hot", None),
        ("1e3", None),
        ([72], None),
        (10**30, None),
        (1e300, None),
    ],
)
def test_a_number_is_taken_from_what_is_one(value: Any, number: int | None) -> None:
    assert board(Accepted=value).accepted == number


def test_infinity_is_no_number() -> None:
    reply = Reply(200, b'{"success":true,"DEVS":[{"Accepted":1e999}],"POOLS":[]}')
    assert parse(Request(SUMMARY), reply).boards[0].accepted is None


def test_an_empty_summary_has_nothing_but_being_ready() -> None:
    assert summary([]) == Mining(ready=True)
    assert not_mining() == Mining(ready=False)


def test_what_a_board_lacks_is_none() -> None:
    assert set(asdict(board()).values()) == {None}


def test_a_board_without_an_id_is_known_by_its_number() -> None:
    assert board(ASC=2).id == 2


def test_what_a_pool_lacks_is_none() -> None:
    assert summary([], [{}]).pools == (PoolStatus("", None, None, None, None),)


def test_the_shortest_time_of_the_boards_is_how_long_cgminer_runs() -> None:
    assert summary([{"Device Elapsed": 300}, {"Device Elapsed": 20}, {}]).elapsed_seconds == 20


def test_an_empty_overview_has_nothing_but_the_default_mode() -> None:
    overview = parse(Request(OVERVIEW), said(success=True))
    assert overview.identity == Identity(None, None, None, None, None)
    assert overview.network == Network("dhcp", None, None, None, ())
    assert overview.hardware == Hardware(None, (), None, None, None, None, None, None)


def test_an_unknown_firmware_version_is_none() -> None:
    version = {"hwver": "g19", "ethaddr": "A0:B0:45:00:00:E5", "build_date": "", "platform_v": ""}
    identity = parse(Request(OVERVIEW), said(success=True, type="T1", version=version)).identity
    assert identity == Identity("T1", "g19", "a0:b0:45:00:00:e5", None, None)


@pytest.mark.parametrize(
    ("values", "network"),
    [
        (
            {"dhcp": "static", "ipaddress": "192.168.0.151", "netmask": "255.255.255.0", "gateway": "192.168.0.1",
             "dns1": "8.8.8.8", "dns2": "8.8.4.4"},
            Network("static", "192.168.0.151", "255.255.255.0", "192.168.0.1", ("8.8.8.8", "8.8.4.4")),
        ),
        (
            {"dhcp": "dhcp", "ipaddress": "127.0.0.1", "netmask": "", "gateway": "", "dns1": "", "dns2": ""},
            Network("dhcp", "127.0.0.1", None, None, ()),
        ),
        ({"dhcp": 1, "ipaddress": 7, "dns1": None, "dns2": "8.8.4.4"}, Network("dhcp", None, None, None, ("8.8.4.4",))),
    ],
    ids=["static", "no address yet", "odd types"],
)  # fmt: skip
def test_the_network_is_read_alike_from_overview_and_network(values: dict[str, Any], network: Network) -> None:
    assert parse(Request(NETWORK), said(**values, success=True)) == network
    assert parse(Request(OVERVIEW), said(success=True, network=values)).network == network


@pytest.mark.parametrize(
    ("stored", "pool"),
    [
        ({"url": "stratum+tcp://a:1", "user": "u", "pass": "x"}, Pool("stratum+tcp://a:1", "u", "x")),
        ({"url": "garbage", "user": " spaces \n", "pass": "0"}, Pool("garbage", " spaces  ", "0")),
        ({"url": ["a"], "user": None, "pass": 7}, Pool('["a"]', "null", "")),
        ({}, Pool("", "", "")),
        ({"url": "\ud800", "user": "ü", "pass": "x"}, Pool("?", "ü", "x")),
        ({"url": "\x1b[2J", "user": "\x9b1m\x7f", "pass": "a\tb\0"}, Pool("?[2J", "?1m?", "a\tb\0")),
        ({"url": "u", "user": "u", "pass": "\ud800"}, Pool("u", "u", "")),
    ],
)
def test_a_pool_is_read_as_it_is_stored(stored: dict[str, Any], pool: Pool) -> None:
    assert parse(Request(POOLS), said(success=True, pools=[stored])) == (pool,)


def test_no_text_controls_a_terminal() -> None:
    text = "a\x1b]0;b\x07\x9bc\r\n\td\x7f"
    version = {"hwver": text, "ethaddr": text, "platform_v": text, "build_date": text}
    identity = parse(Request(OVERVIEW), said(success=True, type=text, version=version)).identity
    assert set(asdict(identity).values()) == {"a?]0;b??c   d?"}


def test_no_pools_are_an_empty_list() -> None:
    assert parse(Request(POOLS), said(success=True, pools=[])) == ()


@pytest.mark.parametrize(
    ("mode", "autotune"),
    [
        ("balanced", AutoTune("balanced", None)),
        ({"mode": "factory", "level": "2"}, AutoTune("factory", "2")),
        ({"mode": "factory", "level": ""}, AutoTune("factory", "")),
        ({"mode": "factory"}, AutoTune("factory", "")),
    ],
)
def test_only_a_mode_with_a_place_for_a_level_has_one(mode: Any, autotune: AutoTune) -> None:
    assert parse(Request(AUTOTUNE), said(success=True, autoTuneMode=mode)) == autotune


def test_the_status_is_not_running_while_cgminer_is_silent() -> None:
    reply = recorded(DM_2018_05, "/api/getAutoTuneStatus", state="cgminer answers nothing")
    status = parse(Request(AUTOTUNE_STATUS), reply)
    assert (status.is_running, status.is_tuning) == (False, False)


def test_a_type_that_is_not_reported_is_none() -> None:
    assert parse(Request(TYPE), said(success=True)) is None


def test_dates_that_the_vendor_gave_wrong_are_none() -> None:
    latest = parse(Request(LATEST_FIRMWARE), said(success=True, version="beta", versionDate=False))
    assert (latest.version, latest.date, latest.url, latest.current_version) == ("beta", None, None, None)


def debug_of(board: dict[str, Any], chips: Any = ()) -> Any:
    entry = {"board": board, "chips": chips}
    return parse(Request(DEBUG_STATS), said(success=True, boards=[entry], hashes=[])).boards[0]


@pytest.mark.parametrize(
    ("key", "reported", "name", "value"),
    [
        ("Num active chips", "62", "active_chip_count", 62),
        ("iVid", 8, "vid", 8),
        ("Voltage Avg", 409.5, "voltage_average_mv", 409.5),
        ("Throttled", True, "is_throttled", True),
        ("Throttled", "yes", "is_throttled", None),
        ("Temp max", [], "temperature_max_c", None),
        # A sensor, fan or clock that is not reported.
        ("Temp", 0, "temperature_c", None),
        ("PLL", 0, "pll", None),
        # Unknown values keep their names.
        ("Chain skew", 1, "chain_skew", 1),
        ("Enabled chips", "7fff", "enabled_chips", "7fff"),
        ("vidStepDown%", 0.5, "vid_step_down", 0.5),
        ("Odd", {"x": 1}, "odd", None),
        ("\ud800\x1b[31m", "\ud800", "31m", "?"),
    ],
)
def test_what_a_driver_reports_has_a_name_and_a_unit(key: str, reported: Any, name: str, value: Any) -> None:
    values = debug_of({"Chain ID": 1, key: reported}).values
    assert values[name] == value
    assert "chain_id" not in values


@pytest.mark.parametrize("key", ["id", "Chips", "--", "Calls", "STATS"])
def test_what_would_hide_another_value_or_says_nothing_is_left_out(key: str) -> None:
    assert debug_of({key: 7}).values == debug_of({}).values


@pytest.mark.parametrize(("board", "number"), [({"Chain ID": 2, "STATS": 0}, 2), ({"STATS": 1}, 1), ({}, None)])
def test_a_board_has_the_number_of_its_chain(board: dict[str, Any], number: int | None) -> None:
    assert debug_of(board).id == number


@pytest.mark.parametrize(
    ("chips", "numbers"),
    [
        ([], []),
        ({}, []),
        ([{"Temp": 70}, {"Temp": 70}], [0, 1]),
        ({"0": {"Temp": 70}, "2": {"Temp": 70}}, [0, 2]),
        ([{"Temp": 70}, None], [0]),
    ],
)
def test_chips_come_as_a_list_or_by_number(chips: Any, numbers: list[int]) -> None:
    found = debug_of({}, chips).chips
    assert [(chip["id"], chip["temperature_c"], chip["voltage_mv"]) for chip in found] == [
        (number, 70, None) for number in numbers
    ]


def test_no_boards_are_reported_while_cgminer_is_silent() -> None:
    reply = recorded(DM_2018_05, "/api/getDebugStats", state="cgminer answers nothing")
    debug = parse(Request(DEBUG_STATS), reply)
    assert (debug.boards, debug.hashes["firmware"]) == ((), "a2b058ce")


@pytest.mark.parametrize(
    ("times", "are_text"), [(["1529186520"], True), ([1529186520], False), ([], None), (None, None)]
)
def test_times_of_samples_are_text_or_not(times: Any, are_text: bool | None) -> None:
    assert parse(Request(HASH_RATES), said(success=True, stats=[[1]], times=times)) is are_text
