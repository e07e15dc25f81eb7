# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that are a refusal, broken, or not from a miner at all."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    MinerError,
    NotReady,
    Rejected,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AUTOTUNE, AUTOTUNE_STATUS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    Endpoint,
    InvalidRequest,
    Reply,
    Request,
    TokenExpired,
    parse,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05, INNO_2018_08
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import SUMMARY
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import auth

from .helpers import NO_REASON, recorded, said

REFUSALS: list[tuple[Reply, type[MinerError], str]] = [
    (recorded(DM_2018_05, "/api/nosuch"), InvalidRequest, "/api/pools an invalid request"),
    (recorded(DM_2018_05, "/api/ping", None), InvalidRequest, "/api/pools an invalid request"),
    (recorded(DM_2018_05, "/api/ping", "Basic YWRtaW46bm9wZQ=="), InvalidRequest, "/api/pools an invalid request"),
    (recorded(INNO_2018_08, "/api/ping", "Bearer garbage"), TokenExpired, "does not accept the JWT"),
    (recorded(DM_2018_05, "/api/auth", None, label="auth: unknown user"), Rejected, "user not found"),
    (recorded(DM_2018_05, "/api/auth", None, label="auth: wrong password"), Rejected, "invalid password"),
    (recorded(DM_2018_05, "/api/auth", None, form={}), Rejected, "missing username/password fields"),
    (recorded(INNO_2018_08, "/api/getFreqVol"), Rejected, "missing configuration"),
    (recorded(DM_2018_05, "/api/summary", state="cgminer answers nothing"), NotReady, "while cgminer does not answer"),
    (recorded(DM_2018_05, "/api/summary", state="cgminer answers no JSON"), NotReady, "while cgminer does not answer"),
    (NO_REASON, NotReady, "restart cgminer"),
    (said(success=False, message=None), NotReady, "without a reason"),
    (said(success=False, message={"why": [1]}), BadReply, '{"why": [1]}'),
    (said(success=False, message=" invalid dns 1 "), Rejected, "refused /api/pools: invalid dns 1."),
    (said(success=False, message="a\x1b[31m\nb\u202ec\ud800"), Rejected, "a?[31m?b?c?."),
    (said(success=False, message="y" * 10_000), Rejected, "y" * 200 + "…"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "error", "text"), REFUSALS)
def test_a_refusal_is_classified_and_quoted(reply: Reply, error: type[MinerError], text: str) -> None:
    with pytest.raises(error) as caught:
        parse(Request(POOLS), reply)
    assert caught.type is error
    assert text in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("error", "transient"), [(InvalidRequest, False), (TokenExpired, False), (Rejected, False), (NotReady, True)]
)
def test_only_a_refusal_that_may_pass_by_itself_is_transient(error: type[MinerError], transient: bool) -> None:
    assert error("").transient is transient


def test_a_refusal_keeps_the_miners_words_apart() -> None:
    with pytest.raises(Rejected) as caught:
        parse(Request(POOLS), said(success=False, message="missing configuration"))
    assert caught.value.reason == "missing configuration"


def test_a_miner_that_waits_for_others_in_vain_is_not_asked_again() -> None:
    with pytest.raises(Rejected, match="without an answer") as caught:
        parse(Request(LATEST_FIRMWARE), Reply(504, b"<html>"))
    assert not caught.value.transient


NO_MINER: list[tuple[Reply, bool, str]] = [
    (recorded(DM_2018_05, "/cgi-bin/type.py"), True, "HTTP 500"),
    (Reply(502, b"<html><head><title>Error</title>"), True, 'HTTP 502 (titled "Error")'),
    (Reply(504, b""), True, "reboot the miner"),
    (recorded(DM_2018_05, "/api"), False, "it redirects (HTTP 301)"),
    (Reply(302, b"", location="http://portal.example/?\x1b"), False, "to http://portal.example/??, which"),
    (recorded(DM_2018_05, "/apix"), False, 'HTTP status 404 (titled "404 Not Found")'),
    (recorded(DM_2018_05, "/", None, method="POST"), False, "HTTP status 405"),
    (Reply(401, b""), False, "HTTP status 401"),
    (Reply(413, b""), False, "HTTP status 413"),
    (Reply(204, b""), False, "HTTP status 204"),
    (recorded(DM_2018_05, "/", None, method="GET"), False, 'an HTML page (titled "DragonMint") instead of JSON'),
    (Reply(200, b"  <p>no title"), False, "an HTML page instead of JSON. Check that the address and port"),
    (recorded(DM_2018_05, "/api/type", method="HEAD"), False, "the reply is empty. Try again"),
    (Reply(200, b'{"success":true,"pools":['), False, "not valid JSON"),
    (Reply(200, b'{"success":true}trailing'), False, "not valid JSON"),
    (Reply(200, b"\xff\xfe"), False, "not valid JSON"),
    (Reply(200, b'\xef\xbb\xbf{"success":true}'), False, "not valid JSON"),
    (Reply(200, b'{"success":true,"pools":NaN}'), False, "not valid JSON"),
    (Reply(200, b"[" * 100_000), False, "not valid JSON"),
    (Reply(200, b'{"success":true,"n":' + b"9" * 100_000 + b"}"), False, "not valid JSON"),
    (Reply(200, b"[]"), False, "expected a JSON object"),
    (Reply(200, b"null"), False, "expected a JSON object"),
    (Reply(200, b"{}"), False, "no success flag"),
    (said(success="true"), False, "no success flag"),
    (said(success=1), False, "no success flag"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "transient", "text"), NO_MINER)
def test_what_no_miner_says_is_a_bad_reply(reply: Reply, transient: bool, text: str) -> None:
    with pytest.raises(BadReply) as caught:
        parse(Request(POOLS), reply)
    assert caught.value.transient is transient
    assert text in str(caught.value)


BROKEN_VALUES = [
    (POOLS, {}),
    (POOLS, {"pools": None}),
    (POOLS, {"pools": {"url": "u"}}),
    (POOLS, {"pools": ["stratum+tcp://a:1"]}),
    (OVERVIEW, {"network": []}),
    (OVERVIEW, {"hardware": "up 10 min"}),
    (OVERVIEW, {"version": None}),
    (SUMMARY, {"POOLS": []}),
    (SUMMARY, {"DEVS": []}),
    (SUMMARY, {"DEVS": {}, "POOLS": []}),
    (SUMMARY, {"DEVS": [1], "POOLS": []}),
    (SUMMARY, {"DEVS": [], "POOLS": [], "HARDWARE": [59]}),
    (AUTOTUNE, {}),
    (AUTOTUNE, {"autoTuneMode": None}),
    (AUTOTUNE, {"autoTuneMode": 1}),
    (AUTOTUNE, {"autoTuneMode": {"level": "2"}}),
    (AUTOTUNE_STATUS, {"isRunning": True}),
    (AUTOTUNE_STATUS, {"isRunning": 1, "isTuning": False}),
]


@pytest.mark.parametrize(("endpoint", "answer"), BROKEN_VALUES)
def test_a_reply_of_another_shape_is_a_bad_reply(endpoint: Endpoint[Any], answer: dict[str, Any]) -> None:
    with pytest.raises(BadReply, match="Try again"):
        parse(Request(endpoint), said(success=True, **answer))


@pytest.mark.parametrize("answer", [{}, {"version": ""}, {"version": False}])
def test_the_vendors_firmware_without_a_version_is_a_bad_reply(answer: dict[str, Any]) -> None:
    with pytest.raises(BadReply, match="Use src or url"):
        parse(Request(LATEST_FIRMWARE), said(success=True, **answer))


@pytest.mark.parametrize("jwt", [None, "", 7, "no-dots", "a.b", "a.b.c.d", "a.b.c\r\nX-Header: 1", "a.b.c\n", "ü.b.c"])
def test_a_login_without_a_usable_jwt_fails(jwt: Any) -> None:
    with pytest.raises(BadReply):
        parse(auth("admin", "dragonadmin"), said(success=True, jwt=jwt))


@pytest.mark.parametrize("claims", ["e30", "W10", "bm8", "x", "eyJ1c2VyIjoicm9vdCJ9", "eyJ1c2VyIjpbXX0", "____"])
def test_a_jwt_of_nobody_known_has_no_level(claims: str) -> None:
    assert parse(auth("admin", "dragonadmin"), said(success=True, jwt=f"a.{claims}.c")).level is None
