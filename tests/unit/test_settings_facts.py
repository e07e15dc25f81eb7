# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts: which subsets are requested, what they cost, and which are left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    MinerError,
    NotReady,
    TimedOut,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.subsets import gather, selected_subsets
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    DM_2018_04,
    DM_2018_05,
    GENERATIONS,
    INNO_2018_08,
    INNO_2018_09,
)

from .driving import Connect, Driven, asking
from .helpers import (
    INVALID_REQUEST,
    NO_REASON,
    RECORDED_GENERATIONS,
    Miner,
    Script,
    logged_in,
    recorded,
    said,
)

ALL = ["identity", "network", "hardware", "pools", "mining", "autotune"]


@pytest.mark.parametrize(
    ("names", "subsets"),
    [
        (["all"], ALL),
        (["all", "debug"], [*ALL, "debug"]),
        (["debug"], ["debug"]),
        (["debug", "latest_firmware", "generation", "min"], ["identity", "generation", "latest_firmware", "debug"]),
        (["!debug"], ALL),
        ([], ALL),
        (["min"], ["identity"]),
        (["mining"], ["mining"]),
        (["autotune", "identity"], ["identity", "autotune"]),
        (["mining", "mining"], ["mining"]),
        (["all", "!hardware"], ["identity", "network", "pools", "mining", "autotune"]),
        (["!hardware", "!min"], ["network", "pools", "mining", "autotune"]),
        (["mining", "!pools"], ["mining"]),
        (["min", "pools"], ["identity", "pools"]),
        (["pools", "!pools"], []),
        (["!all", "mining"], ["identity", "mining"]),
        (["error"], ["error"]),
        (["all", "error"], [*ALL, "error"]),
    ],
)
def test_a_gather_subset_names_what_is_wanted(names: list[str], subsets: list[str]) -> None:
    assert selected_subsets(names) == subsets


@pytest.mark.parametrize("name", ["", "!", "!!all", "everything", "All", "facter", "dragonmint_pools"])
def test_an_unknown_subset_is_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(InvalidInput, match="gather_subset has") as caught:
        selected_subsets(["all", name])
    assert all(known in str(caught.value) for known in (repr(name), "all", "min", *ALL))


T1 = recorded(DM_2018_05, "/api/type")


def gathered(client: Driven, *subsets: str) -> tuple[dict[str, Any], list[str]]:
    warnings: list[str] = []
    facts = asking(gather, client, subsets or ALL, warnings.append)
    return facts, warnings


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_source_is_asked_once(generation: str, connect: Connect) -> None:
    miner = Miner(generation)
    facts, warnings = gathered(connect(miner))
    assert list(facts) == [f"dragonmint_{subset}" for subset in ALL]
    assert warnings == []
    # Without a status the mode has to be read as well; and a refusal may be due to the login.
    autotune = ["getAutoTuneStatus", "auth", "getAutoTuneStatus", "getAutoTune"]
    asked = autotune if generation == DM_2018_04 else ["getAutoTuneStatus"]
    assert miner.actions == ["overview", "pools", "summary", *asked]


@pytest.mark.parametrize(
    ("subset", "actions"),
    [
        ("identity", ["overview"]),
        ("network", ["network"]),
        ("hardware", ["overview"]),
        ("pools", ["pools"]),
        ("mining", ["summary", "type"]),
        ("autotune", ["getAutoTuneStatus"]),
        # Firmware calls a missing action an invalid request, so the login is tried.
        ("error", ["getErrorDetail", "auth", "getErrorDetail", "getErrorMessage"]),
        ("generation", ["/", "getErrorDetail", "auth", "getErrorDetail", "getLockState", "getAutoTune"]),
        ("latest_firmware", ["getLatestFirmwareVersion"]),
        ("debug", ["getDebugStats", "type"]),
    ],
)
def test_only_the_sources_of_the_wanted_subset_are_asked(subset: str, actions: list[str], connect: Connect) -> None:
    miner = Miner(INNO_2018_08)
    facts, _warnings = gathered(connect(miner), subset)
    assert list(facts) == [f"dragonmint_{subset}"]
    assert miner.actions == actions


def test_three_subsets_come_from_one_overview(connect: Connect) -> None:
    miner = Miner(DM_2018_05)
    facts, _warnings = gathered(connect(miner), "identity", "network", "hardware")
    assert miner.actions == ["overview"]
    assert facts == {
        "dragonmint_identity": {
            "type": "T1",
            "model": "T1",
            "hwver": "g19",
            "mac": "a0:b0:45:00:00:e5",
            "firmware": "t1_20180515_060842",
            "build_date": "15th of May 2018 06:08 AM",
        },
        "dragonmint_network": {
            "mode": "dhcp",
            "ipaddress": "10.1.0.25",
            "netmask": "255.255.252.0",
            "gateway": "10.1.0.1",
            "dns": ["10.1.0.1"],
        },
        "dragonmint_hardware": {
            "uptime_seconds": 262920,
            "load": [0.07, 0.06, 0.07],
            "memory_used_bytes": 2093400 * 1024,
            "memory_free_bytes": 22590692 * 1024,
            "memory_total_bytes": 24684092 * 1024,
            "cache_used_bytes": 1097668 * 1024,
            "cache_free_bytes": 23611916 * 1024,
            "cache_total_bytes": 24709584 * 1024,
        },
    }


@pytest.mark.parametrize("generation", RECORDED_GENERATIONS)
def test_the_network_is_the_same_from_either_source(generation: str, connect: Connect) -> None:
    alone, _warnings = gathered(connect(Miner(generation)), "network")
    together, _warnings = gathered(connect(Miner(generation)), "identity", "network")
    assert alone["dragonmint_network"] == together["dragonmint_network"]


@pytest.mark.parametrize("generation", [DM_2018_05, INNO_2018_08])
def test_mining_facts_are_the_same_for_each_firmware(generation: str, connect: Connect) -> None:
    facts, _warnings = gathered(
        connect(Script([recorded(generation, path) for path in ("/api/summary", "/api/type")])), "mining"
    )
    mining = facts["dragonmint_mining"]
    assert set(mining) == {
        "algorithm",
        "boards",
        "elapsed_seconds",
        "fan_percent",
        "hashrate_hs",
        "hashrate_ths",
        "is_rate_counted",
        "pools",
        "power_watts",
        "ready",
        "reject_ratio",
    }
    assert (mining["algorithm"], mining["power_watts"]) == ("sha256", None)
    assert mining["hashrate_hs"]["15m"] == 14796775230000.0
    assert mining["hashrate_ths"] == {"5s": 14.23650873, "1m": 14.4928593, "15m": 14.79677523, "average": 14.71274319}
    assert mining["boards"][1] == {
        "id": 1,
        "status": "Alive",
        "temperature_c": 72,
        "hashrate_hs": 4932258410000.0,
        "hashrate_ths": 4.93225841,
        "hardware_errors": 6600,
        "hardware_error_ratio": 0.001205,
        "accepted": 307,
        "rejected": 2,
        "last_share_seconds": 8,
    }
    assert mining["pools"][0] == {
        "url": "stratum+tcp://us-east.stratum.slushpool.com:3333",
        "status": "Alive",
        "active": True,
        "accepted": 1030,
        "rejected": None,
    }
    assert (mining["ready"], mining["fan_percent"], mining["reject_ratio"]) == (True, 59, 0.006612)


def test_a_cgminer_that_is_not_ready_is_a_fact(connect: Connect) -> None:
    facts, warnings = gathered(connect(Script([*[NO_REASON] * 4, T1])), "mining")
    assert facts["dragonmint_mining"]["ready"] is False
    assert (facts["dragonmint_mining"]["boards"], warnings) == ([], [])


@pytest.mark.parametrize(
    ("generation", "fact"),
    [
        (DM_2018_04, {"mode": "balanced", "level": None, "is_running": True, "is_tuning": False}),
        (DM_2018_05, {"mode": "balanced", "level": None, "is_running": True, "is_tuning": False}),
        (INNO_2018_08, {"mode": "balanced", "level": "2", "is_running": True, "is_tuning": False}),
        (INNO_2018_09, {"mode": "balanced", "level": "2", "is_running": True, "is_tuning": False}),
    ],
)
def test_autotune_has_the_same_keys_on_each_firmware(generation: str, fact: dict[str, Any], connect: Connect) -> None:
    facts, _warnings = gathered(connect(Miner(generation)), "autotune")
    assert facts == {"dragonmint_autotune": fact}


def test_pools_have_no_passwords(connect: Connect) -> None:
    pool = {"url": "stratum+tcp://user:secret-9@a.example:1", "user": "{{ lookup('pipe', 'id') }}", "pass": "secret-9"}
    summary = said(success=True, DEVS=[], POOLS=[{"URL": pool["url"]}])
    facts, _warnings = gathered(connect(Script([said(success=True, pools=[pool]), summary, T1])), "pools", "mining")
    assert "secret-9" not in json.dumps(facts)
    assert facts["dragonmint_pools"][0]["user"] == pool["user"]


def test_what_a_guest_may_not_read_is_left_out_with_a_warning(connect: Connect) -> None:
    summary = recorded(DM_2018_05, "/api/summary")
    wire = Script([INVALID_REQUEST, logged_in("guest"), INVALID_REQUEST, summary, T1])
    warnings: list[str] = []
    facts = asking(gather, connect(wire, username="guest"), ["autotune", "mining"], warnings.append)
    assert list(facts) == ["dragonmint_mining"]
    assert len(warnings) == 1
    assert warnings[0].startswith("The facts 'autotune' are omitted: ")
    assert "Use the user admin" in warnings[0]


@pytest.mark.parametrize("generation", [INNO_2018_08, INNO_2018_09])
def test_a_guest_of_an_innosilicon_gets_the_mode_from_the_status(generation: str, connect: Connect) -> None:
    status = said(success=True, isRunning=True, isTuning=False, mode="factory", level="2")
    wire = Script([status])
    facts, warnings = gathered(connect(wire, username="guest"), "autotune")
    assert facts == {
        "dragonmint_autotune": {"mode": "factory", "level": "2", "is_running": True, "is_tuning": False},
    }
    assert warnings == []
    assert wire.actions == ["getAutoTuneStatus"]


def test_a_status_without_a_mode_is_no_help_to_a_guest(connect: Connect) -> None:
    wire = Script([said(success=True, isRunning=True, isTuning=False), INVALID_REQUEST, logged_in("guest")])
    facts, warnings = gathered(connect(wire, username="guest"), "autotune")
    assert (facts, len(warnings)) == ({}, 1)


def test_pools_of_a_lost_configuration_are_left_out_with_a_warning(connect: Connect) -> None:
    wire = Script([said(success=False, message="missing configuration"), recorded(DM_2018_05, "/api/summary"), T1])
    facts, warnings = gathered(connect(wire), "pools", "mining")
    assert list(facts) == ["dragonmint_mining"]
    assert "missing configuration" in warnings[0]


def test_a_miner_that_can_give_nothing_yet_is_not_ready(connect: Connect) -> None:
    with pytest.raises(NotReady, match="refused /api/pools without a reason"):
        gathered(connect(Script([NO_REASON] * 4)), "pools")


def test_something_is_better_than_nothing(connect: Connect) -> None:
    facts, warnings = gathered(connect(Script([*[NO_REASON] * 8, T1])), "pools", "mining")
    assert (list(facts), len(warnings)) == (["dragonmint_mining"], 1)


def test_what_has_another_reason_too_is_not_only_not_ready(connect: Connect) -> None:
    vendor = said(success=False, message="can't fetch firmware versions")
    facts, warnings = gathered(connect(Script([*[NO_REASON] * 4, vendor])), "pools", "latest_firmware")
    assert (facts, len(warnings)) == ({}, 2)


@pytest.mark.parametrize(
    ("installed", "latest", "up_to_date"),
    [
        ("t1_20180515_060842", "t1_20180701_000000", False),
        ("t1_20180515_060842", "t1_20180515_060842", True),
        ("t1_20180515_060842", "t1_20180101_000000", True),
        ("t1_x_20180515_060842", "t1_20180515_060843", False),
        ("beta", "beta", True),
        ("beta", "t1_20180515_060842", None),
        (None, "t1_20180515_060842", None),
        ("", "gamma", None),
    ],
)
@pytest.mark.parametrize("miner_says", [True, False])
def test_whether_a_firmware_is_the_latest_is_our_own_comparison(
    installed: str | None, latest: str, up_to_date: bool | None, miner_says: bool, connect: Connect
) -> None:
    reported = {"version": latest, "versionDate": False, "url": "u", "info": "i"}
    reply = said(success=True, **reported, currentVersion=installed, isUpdated=miner_says)
    facts, warnings = gathered(connect(Script([reply])), "latest_firmware")
    assert facts["dragonmint_latest_firmware"] == {
        "version": latest,
        "date": None,
        "url": "u",
        "info": "i",
        "up_to_date": up_to_date,
    }
    assert warnings == []


@pytest.mark.parametrize("reply", [said(success=False, message="can't fetch firmware versions"), Reply(504, b"<html>")])
def test_a_vendor_that_does_not_answer_is_no_failure(reply: Reply, connect: Connect) -> None:
    wire = Script([reply])
    facts, warnings = gathered(connect(wire), "latest_firmware")
    assert facts == {}
    assert warnings[0].startswith("The facts 'latest_firmware' are omitted: ")
    assert [asked.slow_s > 120 for asked in wire.asked] == [True]


def test_debug_has_boards_with_their_chips(connect: Connect) -> None:
    facts, _warnings = gathered(connect(Script([recorded(DM_2018_05, "/api/getDebugStats"), T1])), "debug")
    debug = facts["dragonmint_debug"]
    assert debug["hashes"] == {"firmware": "a2b058ce", "backend": "a50c6245", "cgminer": "e9fc77b6"}
    assert [(board["id"], board["chip_count"], len(board["chips"])) for board in debug["boards"]] == [
        (0, 63, 2),
        (1, 63, 2),
        (2, 63, 2),
    ]
    assert debug["boards"][0]["chips"][1]["temperature_c"] == 70


@pytest.mark.parametrize("error", [TimedOut("", "late"), InvalidInput("What?")])
def test_any_other_error_ends_the_gathering(error: MinerError, connect: Connect) -> None:
    with pytest.raises(type(error)):
        gathered(connect(Script([error])))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_facts_can_be_written_as_json(generation: str, connect: Connect) -> None:
    facts, _warnings = gathered(connect(Miner(generation)), *ALL, "generation", "latest_firmware", "debug")
    assert len(facts) == len(ALL) + 3
    assert json.loads(json.dumps(facts)) == facts
