# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of the recorded replies of real firmware, who may call what, and the requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import (
    AUTOTUNE,
    AUTOTUNE_STATUS,
    AutoTune,
    AutoTuneStatus,
    set_autotune,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.debug import DEBUG_STATS, Debug, DebugBoard
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    Endpoint,
    InvalidRequest,
    Reply,
    Request,
    parse,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    DM_2018_04,
    DM_2018_05,
    FACTORY_PASSWORDS,
    GENERATIONS,
    GUEST,
    INNO_2018_08,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import (
    ERROR,
    ERROR_DETAIL,
    HASH_RATES,
    SUMMARY,
    Board,
    DeviceError,
    Mining,
    PoolStatus,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS, Pool, update_pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import (
    NETWORK,
    OVERVIEW,
    TYPE,
    Hardware,
    Identity,
    Network,
    Overview,
    update_network,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE, LatestFirmware
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import AUTH, auth, update_password

from tests.endpoints import all_endpoints
from tests.simulator.generations import GENERATIONS as SIMULATED
from tests.simulator.web.actions import ACTIONS

from .helpers import (
    RECORDED_GENERATIONS,
    SUCCESS,
    UNRECORDED_GENERATIONS,
    jwt_of,
    logged_in,
    recorded,
    recordings,
    said,
)

ENDPOINTS = all_endpoints()
READS = [endpoint for endpoint in ENDPOINTS if not endpoint.writes and endpoint is not AUTH]
WRITES = [endpoint for endpoint in ENDPOINTS if endpoint.writes]

A_NETWORK = Network("dhcp", "10.1.0.25", "255.255.252.0", "10.1.0.1", ("10.1.0.1",))

THREE_POOLS = (
    Pool("stratum+tcp://pool-a.example:3333", "wallet.0", "x"),
    Pool("stratum+tcp://pool-b.example:3333", "farm.worker1", "x"),
)
SLUSHPOOL = PoolStatus("stratum+tcp://us-east.stratum.slushpool.com:3333", "Alive", True, 1030, None)
MINING = Mining(
    ready=True,
    boards=tuple(
        Board(
            id=number,
            status="Alive",
            temperature_c=72,
            hardware_errors=6600,
            hardware_error_ratio=0.001205,
            accepted=307,
            rejected=2,
            last_share_seconds=8,
        )
        for number in range(3)
    ),
    pools=(SLUSHPOOL, SLUSHPOOL),
    fan_percent=59,
    reject_ratio=0.006612,
    is_tuning=False,
    elapsed_seconds=4792,
)

NO_CHIP_VALUES = (
    *("hardware_errors", "stales", "duplicates", "nonces_found", "nonce_ranges"),
    *("cooldown", "fail_count", "fail_reset"),
)
NO_BOARD_VALUES = (
    *("active_chip_count", "temperature_c", "temperature_max_c", "temperature_min_c", "pll"),
    *("voltage_max_mv", "voltage_min_mv", "voltage_average_mv", "is_disabled", "is_throttled"),
)
DEBUG = Debug(
    boards=tuple(
        DebugBoard(
            id=number,
            mhs_average=None,
            values={
                "name": f"DT1{number}",
                "elapsed_seconds": 4792,
                "chip_count": 63,
                "core_count": 2016,
                "fan_percent": 59,
                "vid": 140,
                "is_vid_optimal": True,
                "is_pll_optimal": True,
                **dict.fromkeys(NO_BOARD_VALUES),
            },
            chips=tuple(
                {
                    "id": chip,
                    "temperature_c": 70,
                    "voltage_mv": 410,
                    "enabled_cores": 32,
                    **dict.fromkeys(NO_CHIP_VALUES),
                }
                for chip in range(2)
            ),
        )
        for number in range(3)
    ),
    hashes={"firmware": "a2b058ce", "backend": "a50c6245", "cgminer": "e9fc77b6"},
)
A_LATEST_FIRMWARE = LatestFirmware(
    version="t1_20180701_000000",
    date="1st of July 2018 12:00 AM",
    url="https://download.halongmining.com/files/t1/t1_20180701_000000.swu",
    info="important",
    current_version="t1_20180515_060842",
)


def overview(used: int, free: int, cache_used: int, cache_free: int, cache_total: int) -> Overview:
    """The recorded overview; the memory differs between recordings, and is in KiB there."""
    return Overview(
        Identity(
            type="T1",
            hwver="g19",
            mac="a0:b0:45:00:00:e5",
            firmware="t1_20180515_060842",
            build_date="15th of May 2018 06:08 AM",
        ),
        A_NETWORK,
        Hardware(
            uptime_seconds=(3 * 24 + 1) * 3600 + 2 * 60,
            load=(0.07, 0.06, 0.07),
            memory_used_bytes=used * 1024,
            memory_free_bytes=free * 1024,
            memory_total_bytes=24684092 * 1024,
            cache_used_bytes=cache_used * 1024,
            cache_free_bytes=cache_free * 1024,
            cache_total_bytes=cache_total * 1024,
        ),
    )


# The April firmware's own summary and debug statistics were not recorded; they are the same as in May. The hash rates
# were recorded without samples.
UNRECORDED = [
    (SUMMARY, DM_2018_04),
    (DEBUG_STATS, DM_2018_04),
    *[(HASH_RATES, generation) for generation in GENERATIONS],
]
# Nothing shows that it still has this one. It has another one for the same.
UNKNOWN = {("getErrorMessage", INNO_2019)}
RECORDED_VALUES = [
    *[(TYPE, generation, "T1") for generation in RECORDED_GENERATIONS],
    *[(NETWORK, generation, A_NETWORK) for generation in RECORDED_GENERATIONS],
    *[(POOLS, generation, THREE_POOLS) for generation in RECORDED_GENERATIONS],
    (OVERVIEW, DM_2018_04, overview(2227020, 22457072, 1119220, 23501240, 24620460)),
    (OVERVIEW, DM_2018_05, overview(2093400, 22590692, 1097668, 23611916, 24709584)),
    (OVERVIEW, INNO_2018_08, overview(2417676, 22266416, 1093236, 23285760, 24378996)),
    (SUMMARY, DM_2018_05, MINING),
    (SUMMARY, INNO_2018_08, MINING),
    (AUTOTUNE, DM_2018_04, AutoTune("balanced", None)),
    (AUTOTUNE, DM_2018_05, AutoTune("balanced", None)),
    (AUTOTUNE, INNO_2018_08, AutoTune("factory", "2")),
    (AUTOTUNE_STATUS, DM_2018_05, AutoTuneStatus(True, False, AutoTune("balanced"))),
    (AUTOTUNE_STATUS, INNO_2018_08, AutoTuneStatus(True, False, AutoTune("factory", "2"))),
    (ERROR, INNO_2018_08, DeviceError("0", None)),
    *[(LATEST_FIRMWARE, generation, A_LATEST_FIRMWARE) for generation in RECORDED_GENERATIONS],
    (DEBUG_STATS, DM_2018_05, DEBUG),
    (DEBUG_STATS, INNO_2018_08, DEBUG),
]


@pytest.mark.parametrize(("endpoint", "generation", "value"), RECORDED_VALUES)
def test_a_recorded_reply_becomes_the_normalised_value(endpoint: Endpoint[Any], generation: str, value: Any) -> None:
    request = Request(endpoint)
    assert parse(request, recorded(generation, request.path)) == value


@pytest.mark.parametrize("endpoint", READS, ids=lambda endpoint: endpoint.action)
def test_each_read_is_held_against_a_recording_of_each_firmware_that_has_it(endpoint: Endpoint[Any]) -> None:
    held = {generation for other, generation, _value in RECORDED_VALUES if other is endpoint}
    unrecorded = {generation for other, generation in UNRECORDED if other is endpoint}
    assert held == set(endpoint.levels) - unrecorded - set(UNRECORDED_GENERATIONS)


@pytest.mark.parametrize("user", [ADMIN, GUEST])
@pytest.mark.parametrize(
    ("generation", "prefix", "issuer"),
    [(DM_2018_04, "dragon", "DragonMint"), (DM_2018_05, "dragon", "DragonMint"), (INNO_2018_08, "", "AsicMiner")],
)
def test_a_recorded_login_gives_a_jwt_with_level_and_issuer(
    generation: str, prefix: str, issuer: str, user: str
) -> None:
    request = auth(user, prefix + user)
    login = parse(request, recorded(generation, "/api/auth", None, form=request.form))
    assert (login.level, login.issuer) == (user, issuer)
    assert prefix + user in FACTORY_PASSWORDS[user]
    assert login.jwt.count(".") == 2


def may(user: str, endpoint: Endpoint[Any], generation: str) -> bool:
    level = endpoint.levels.get(generation)
    return level is not None and user in (ADMIN, level)


def is_recorded(endpoint: Endpoint[Any], generation: str) -> bool:
    """Whether the recording contains this request, whatever the answer."""
    return any(entry["path"] == Request(endpoint).path for entry in recordings(generation))


RECORDED_READS = [
    pytest.param(endpoint, generation, id=f"{endpoint.action}-{generation}")
    for endpoint in READS
    for generation in RECORDED_GENERATIONS
    if (endpoint, generation) not in UNRECORDED and is_recorded(endpoint, generation)
]


@pytest.mark.parametrize("user", [ADMIN, GUEST])
@pytest.mark.parametrize(("endpoint", "generation"), RECORDED_READS)
def test_a_firmware_refuses_exactly_what_the_levels_say(endpoint: Endpoint[Any], generation: str, user: str) -> None:
    request = Request(endpoint)
    reply = recorded(generation, request.path, user)
    if may(user, endpoint, generation):
        parse(request, reply)
    else:
        with pytest.raises(InvalidRequest):
            parse(request, reply)


@pytest.mark.parametrize("endpoint", WRITES, ids=lambda endpoint: endpoint.action)
def test_writes_are_for_the_admin_only(endpoint: Endpoint[Any]) -> None:
    request = Request(endpoint)
    assert set(endpoint.levels.values()) == {ADMIN}
    for generation in endpoint.levels.keys() & set(RECORDED_GENERATIONS):
        with pytest.raises(InvalidRequest):
            parse(request, recorded(generation, request.path, "guest"))


@pytest.mark.parametrize("endpoint", WRITES, ids=lambda endpoint: endpoint.action)
def test_a_confirmed_write_says_nothing_but_success(endpoint: Endpoint[Any]) -> None:
    assert not parse(Request(endpoint), SUCCESS)


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each != AUTH], ids=lambda endpoint: endpoint.action)
def test_each_firmware_has_it_as_in_the_simulator(endpoint: Endpoint[Any]) -> None:
    """The simulator has a table of its own. The login is for everybody."""
    action = ACTIONS[endpoint.action]
    simulated = {
        name: GUEST if action.allows(GUEST, name) else ADMIN
        for name in SIMULATED
        if action.allows(ADMIN, name) and (endpoint.action, name) not in UNKNOWN
    }
    assert endpoint.levels == simulated


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (said(success=True, code="23", errmsg="fan error"), DeviceError("23", "fan error")),
        (Reply(200, b""), DeviceError(None, None)),
    ],
)
def test_the_error_of_an_innosilicon(reply: Reply, error: DeviceError) -> None:
    assert parse(Request(ERROR), reply) == error


DETAIL = {"description": "Fan error", "msg": "fan 1 stopped", "analysis": "1. Cable\n2. Fan"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            {"code": "32", "detail": DETAIL},
            DeviceError("32", "fan 1 stopped", "Fan error", "1. Cable 2. Fan"),
        ),
        ({"code": 32, "detail": {"description": "Fan error"}}, DeviceError("32", "Fan error", "Fan error", None)),
        ({"code": "0", "detail": dict.fromkeys(DETAIL, "")}, DeviceError("0", None)),
        ({"code": "0", "detail": []}, DeviceError("0", None)),
        ({}, DeviceError(None, None)),
    ],
)
def test_the_error_of_firmware_with_a_book_of_errors(answer: dict[str, Any], error: DeviceError) -> None:
    assert parse(Request(ERROR_DETAIL), said(success=True, **answer)) == error


@pytest.mark.parametrize("status", [204, 500, 502])
def test_only_a_good_reply_may_be_empty(status: int) -> None:
    with pytest.raises(BadReply):
        parse(Request(ERROR), Reply(status, b""))


def test_pools_are_posted_in_numbered_fields() -> None:
    request = update_pools([Pool("stratum+tcp://a:1", "u1", "p1"), Pool("stratum+tcp://b:2", "u2", "p2")])
    assert request.path == "/api/updatePools"
    assert request.form == {
        "Pool1": "stratum+tcp://a:1",
        "UserName1": "u1",
        "Password1": "p1",
        "Pool2": "stratum+tcp://b:2",
        "UserName2": "u2",
        "Password2": "p2",
    }


@pytest.mark.parametrize(
    ("autotune", "form"),
    [
        (AutoTune("efficient"), {"autotune": "efficient"}),
        (AutoTune("balanced", "3"), {"autotune": "balanced", "level": "3"}),
        (AutoTune("balanced", ""), {"autotune": "balanced", "level": ""}),
    ],
)
def test_a_level_is_posted_only_where_there_is_one(autotune: AutoTune, form: dict[str, str]) -> None:
    request = set_autotune(autotune)
    assert (request.path, request.form) == ("/api/setAutoTune", form)


STATIC = Network("static", "10.1.0.25", "255.255.252.0", "10.1.0.1", ("10.1.0.1",))
STATIC_FORM = {
    "dhcp": "static",
    "ipaddress": "10.1.0.25",
    "netmask": "255.255.252.0",
    "gateway": "10.1.0.1",
    "dns[0]": "10.1.0.1",
    "dns[1]": "10.1.0.1",
}


@pytest.mark.parametrize(
    ("network", "form"),
    [
        (Network("dhcp", None, None, None, ()), {"dhcp": "dhcp"}),
        (STATIC, STATIC_FORM),
        (replace(STATIC, dns=("10.1.0.1", "8.8.8.8")), {**STATIC_FORM, "dns[1]": "8.8.8.8"}),
    ],
    ids=["dhcp", "one dns doubled", "two dns"],
)
def test_a_network_is_posted_with_two_name_servers(network: Network, form: dict[str, str]) -> None:
    request = update_network(network)
    assert (request.path, request.form) == ("/api/updateNetwork", form)


def test_a_password_is_changed_with_the_current_one_of_the_admin() -> None:
    request = update_password("guest", "the admin's", "new")
    assert request.path == "/api/updatePassword"
    assert request.form == {"user": "guest", "currentPassword": "the admin's", "newPassword": "new"}


def test_a_login_is_posted_as_a_form() -> None:
    request = auth("guest", "dragonguest")
    assert (request.path, request.form) == ("/api/auth", {"username": "guest", "password": "dragonguest"})


@pytest.mark.parametrize(
    "value",
    [
        Pool("stratum+tcp://a:1", "u", "secret-9"),
        auth("admin", "secret-9"),
        update_pools([Pool("stratum+tcp://a:1", "u", "secret-9")]),
        update_password("admin", "secret-9", "secret-9"),
        parse(auth("admin", "x"), logged_in("admin")),
    ],
    ids=["pool", "login request", "pools request", "password request", "login"],
)
def test_a_secret_is_not_in_the_repr(value: Any) -> None:
    assert "secret-9" not in repr(value)
    assert jwt_of("admin") not in repr(value)
