# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's retry policy and login, with a script in place of the transport."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._connection import connection_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    NotReady,
    Rejected,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Connection, Credential
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import SUMMARY
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS, Pool, update_pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE

from .driving import Connect, connection_to
from .helpers import NO_REASON, PHP_IS_GONE, SUCCESS, Script, basic, recorded, said

NO_POOLS = said(success=True, pools=[])
OVERVIEW = recorded(DM_2018_05, "/api/overview")
MAC = "a0:b0:45:00:00:e5"
UPDATE_POOLS = update_pools([Pool("stratum+tcp://a:1", "u", "x")])

TRANSIENT = [
    pytest.param(Unreachable("", "refused", sent=False), Unreachable, id="refused"),
    pytest.param(Unreachable("", "closed", sent=True), Unreachable, id="dropped"),
    pytest.param(BadReply("", "broke off", transient=True), BadReply, id="broken off"),
    pytest.param(PHP_IS_GONE, BadReply, id="502"),
    pytest.param(Reply(500, b""), BadReply, id="500"),
    pytest.param(NO_REASON, NotReady, id="not ready"),
]
LASTING = [
    pytest.param(TimedOut("", "late"), TimedOut, id="timed out"),
    pytest.param(Unreachable("", "no connection", sent=False, transient=False), Unreachable, id="no connection"),
    pytest.param(BadReply("", "too long"), BadReply, id="too long"),
    pytest.param(Reply(200, b"<html>"), BadReply, id="html"),
    pytest.param(Reply(404, b""), BadReply, id="404"),
    pytest.param(said(success=False, message="missing configuration"), Rejected, id="rejected"),
    pytest.param(InvalidInput(""), InvalidInput, id="invalid input"),
]


@pytest.mark.parametrize(("failure", "_error"), TRANSIENT)
def test_a_read_that_may_succeed_later_is_asked_again(failure: Any, _error: type[MinerError], connect: Connect) -> None:
    wire = Script([failure, failure, NO_POOLS])
    assert connect(wire).read(POOLS) == ()
    assert wire.actions == ["pools"] * 3
    assert wire.pauses == [0.25, 0.5]


@pytest.mark.parametrize(("failure", "error"), TRANSIENT)
def test_a_read_is_given_up_after_the_last_retry(failure: Any, error: type[MinerError], connect: Connect) -> None:
    wire = Script([failure] * 4)
    with pytest.raises(error):
        connect(wire, retries=3).read(POOLS)
    assert (wire.answers, wire.pauses) == ([], [0.25, 0.5, 1.0])


@pytest.mark.parametrize(("failure", "error"), LASTING)
def test_any_other_failure_of_a_read_is_final(failure: Any, error: type[MinerError], connect: Connect) -> None:
    wire = Script([failure])
    with pytest.raises(error):
        connect(wire).read(POOLS)
    assert (wire.actions, wire.pauses) == (["pools"], [])


def test_a_final_failure_ends_the_retries(connect: Connect) -> None:
    wire = Script([NO_REASON, TimedOut("", "late")])
    with pytest.raises(TimedOut):
        connect(wire).read(POOLS)
    assert wire.pauses == [0.25]


def test_pauses_stop_growing_at_4_seconds(connect: Connect) -> None:
    wire = Script([NO_REASON] * 8)
    with pytest.raises(NotReady):
        connect(wire, retries=7).read(SUMMARY)
    assert wire.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


@pytest.mark.parametrize(("retries", "retry"), [(0, True), (3, False)])
def test_a_read_is_not_retried_unless_requested(retries: int, retry: bool, connect: Connect) -> None:
    wire = Script([NO_REASON])
    with pytest.raises(NotReady):
        connect(wire, retries=retries).read(SUMMARY, retry=retry)
    assert wire.pauses == []


@pytest.mark.parametrize(("failure", "error"), TRANSIENT + LASTING)
def test_a_write_is_sent_once(failure: Any, error: type[MinerError], connect: Connect) -> None:
    wire = Script([failure])
    with pytest.raises(error):
        connect(wire).write(UPDATE_POOLS)
    assert (wire.actions, wire.pauses) == (["updatePools"], [])


def test_a_request_carries_its_form_and_the_login(connect: Connect) -> None:
    wire = Script([SUCCESS])
    connect(wire, username="root", password="pässword:1").write(UPDATE_POOLS)
    assert wire.asked[0].form == UPDATE_POOLS.form
    assert wire.asked[0].authorization == basic("root", "pässword:1")


def test_the_vendors_answer_is_given_the_time_it_takes(connect: Connect) -> None:
    wire = Script([NO_POOLS, said(success=True, version="t1_20180701_000000")])
    client = connect(wire)
    client.read(POOLS)
    client.read(LATEST_FIRMWARE)
    assert [asked.slow_s for asked in wire.asked] == [0.0, 130.0]


def test_reads_do_not_ask_for_the_mac(connect: Connect) -> None:
    wire = Script([NO_POOLS])
    connect(wire, expected_mac=MAC).read(POOLS)
    assert wire.actions == ["pools"]


def test_the_expected_mac_is_proven_once_before_writes(connect: Connect) -> None:
    wire = Script([OVERVIEW, SUCCESS, SUCCESS])
    client = connect(wire, expected_mac=MAC)
    client.write(UPDATE_POOLS)
    client.require_rights()
    client.write(UPDATE_POOLS)
    assert wire.actions == ["overview", "updatePools", "updatePools"]


def test_without_an_expected_mac_nothing_is_asked(connect: Connect) -> None:
    wire = Script([SUCCESS])
    client = connect(wire)
    client.require_rights()
    client.write(UPDATE_POOLS)
    assert wire.actions == ["updatePools"]


@pytest.mark.parametrize(
    ("overview", "found"),
    [(OVERVIEW, MAC), (said(success=True), "None"), (said(success=True, version={"ethaddr": ""}), "None")],
    ids=["another", "none", "empty"],
)
def test_another_device_is_never_written_to(overview: Reply, found: str, connect: Connect) -> None:
    wire = Script([overview, overview])
    client = connect(wire, expected_mac="a0:b0:45:00:00:01")
    for _attempt in range(2):
        with pytest.raises(WrongDevice, match=f"has the MAC {found}, not the expected a0:b0:45:00:00:01"):
            client.write(UPDATE_POOLS)
    assert wire.actions == ["overview", "overview"]


def test_a_client_closes_its_transport(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    wire = Script([NO_POOLS])
    monkeypatch.setattr(wire, "close", lambda: closed.append(True), raising=False)
    client = connect(wire)
    client.read(POOLS)
    assert closed == []
    client.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        (connection_to("10.1.0.25"), "http://10.1.0.25:80"),
        (connection_to("miner-1.example", scheme="https", port=8443), "https://miner-1.example:8443"),
        (connection_to("fd00::25"), "http://[fd00::25]:80"),
    ],
)
def test_the_url_is_made_of_scheme_host_and_port(connection: Connection, url: str) -> None:
    assert connection.url == url


def test_a_connection_does_not_show_its_passwords() -> None:
    assert "secret-9" not in repr(connection_to("h", "secret-9", fallback_passwords=("secret-9",)))


OPTIONS = {
    "host": "10.1.0.25",
    "port": None,
    "scheme": "http",
    "username": "admin",
    "password": "dragonadmin",
    "fallback_passwords": None,
    "auth": "basic",
    "timeout": 10.0,
    "retries": 3,
    "validate_certs": True,
    "ca_path": None,
    "expected_mac": None,
}


def test_the_usual_options_are_the_defaults() -> None:
    assert connection_from(OPTIONS) == connection_to("10.1.0.25", "dragonadmin")
    assert connection_from({**OPTIONS, "scheme": "https"}).url == "https://10.1.0.25:443"


def test_options_become_a_connection() -> None:
    others = {
        "host": "fd00::25",
        "port": 8443,
        "scheme": "https",
        "username": "guest",
        "password": "p:w",
        "fallback_passwords": ["one", "", "two"],
        "auth": "jwt",
        "timeout": 0.5,
        "retries": 0,
        "validate_certs": False,
        "expected_mac": "A0-B0-45-00-00-E5",
    }
    connection = connection_from(others)
    assert connection == Connection(
        host="fd00::25",
        port=8443,
        scheme="https",
        credentials=tuple(Credential("guest", password) for password in ("p:w", "one", "two")),
        auth="jwt",
        timeout_s=0.5,
        retries=0,
        tls=connection.tls,
        expected_mac=MAC,
    )
    assert connection.tls is not None
    assert connection.tls.verify_mode is ssl.CERT_NONE


def test_a_bad_option_makes_no_connection() -> None:
    with pytest.raises(InvalidInput, match=r"^timeout is 'soon'; expected a number of seconds above 0"):
        connection_from({**OPTIONS, "timeout": "soon"})
