# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the client determines its login at the miner: "invalid request", fallback passwords, JWTs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    MinerError,
    NotReady,
    PermissionDenied,
    Rejected,
    TimedOut,
    Unreachable,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AUTOTUNE, AUTOTUNE_STATUS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint, Reply, Request, parse
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05, INNO_2018_08
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import SUMMARY
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS, Pool, update_pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW

from .driving import Connect
from .helpers import (
    EXPIRED,
    INVALID_REQUEST,
    NO_REASON,
    NO_USER,
    SUCCESS,
    WRONG_PASSWORD,
    Asked,
    Script,
    basic,
    jwt_of,
    logged_in,
    recorded,
    said,
)

NO_POOLS = said(success=True, pools=[])
BALANCED = said(success=True, autoTuneMode="balanced")
TYPE = said(success=True, type="T1")
INDEX = Reply(200, b"<title>DragonMint</title>")
UPDATE_POOLS = update_pools([Pool("stratum+tcp://a:1", "u", "x")])
DROPPED = Unreachable("", "closed", sent=True)

RESOLUTIONS = [
    pytest.param(POOLS, [WRONG_PASSWORD], AuthenticationFailed, "invalid password", id="wrong password"),
    pytest.param(POOLS, [NO_USER], AuthenticationFailed, "user not found", id="unknown user"),
    pytest.param(
        AUTOTUNE_STATUS, [logged_in(), INVALID_REQUEST], Unsupported, "/api/getAutoTuneStatus", id="no action"
    ),
    pytest.param(AUTOTUNE, [logged_in("guest")], PermissionDenied, "Use the user admin", id="for admins"),
    pytest.param(
        AUTOTUNE_STATUS,
        [logged_in("guest"), INVALID_REQUEST],
        PermissionDenied,
        "Use the user admin",
        id="for admins on some firmware",
    ),
    pytest.param(POOLS, [logged_in("guest"), INVALID_REQUEST], Unsupported, "/api/pools", id="not even for guests"),
]


@pytest.mark.parametrize(("endpoint", "answers", "error", "text"), RESOLUTIONS)
def test_an_invalid_request_is_resolved_by_a_login(
    endpoint: Endpoint[object], answers: list[Reply], error: type[MinerError], text: str, connect: Connect
) -> None:
    wire = Script([INVALID_REQUEST, *answers])
    with pytest.raises(error, match=text):
        connect(wire).read(endpoint)
    assert wire.actions == [endpoint.action, "auth", endpoint.action][: 1 + len(answers)]
    assert wire.answers == wire.pauses == []


def test_once_an_admin_was_served_a_missing_action_costs_one_request(connect: Connect) -> None:
    wire = Script([BALANCED, INVALID_REQUEST])
    client = connect(wire)
    client.read(AUTOTUNE)
    with pytest.raises(Unsupported):
        client.read(AUTOTUNE_STATUS)
    assert wire.actions == ["getAutoTune", "getAutoTuneStatus"]


def test_the_login_of_an_admin_is_remembered(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, logged_in(), INVALID_REQUEST, INVALID_REQUEST])
    client = connect(wire)
    for _attempt in range(2):
        with pytest.raises(Unsupported):
            client.read(AUTOTUNE_STATUS)
    assert wire.actions == ["getAutoTuneStatus", "auth", "getAutoTuneStatus", "getAutoTuneStatus"]


def test_a_damaged_users_file_is_repaired_by_the_login(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, logged_in(), NO_POOLS])
    assert connect(wire).read(POOLS) == ()
    assert wire.actions == ["pools", "auth", "pools"]


def test_a_write_is_sent_again_after_the_login_that_it_lacked(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, logged_in(), SUCCESS])
    connect(wire).write(UPDATE_POOLS)
    assert wire.actions == ["updatePools", "auth", "updatePools"]


@pytest.mark.parametrize("refusal", [INVALID_REQUEST, EXPIRED], ids=["basic", "expired"])
def test_a_login_that_gets_lost_within_a_write_leaves_the_write_unsent(refusal: Reply, connect: Connect) -> None:
    client = connect(Script([refusal, TimedOut("")]))
    with pytest.raises(TimedOut) as raised:
        client.write(UPDATE_POOLS)
    assert not raised.value.sent


def test_a_write_that_gets_lost_after_its_login_may_have_been_done(connect: Connect) -> None:
    client = connect(Script([INVALID_REQUEST, logged_in(), TimedOut("")]))
    with pytest.raises(TimedOut) as raised:
        client.write(UPDATE_POOLS)
    assert raised.value.sent


def test_before_its_first_jwt_a_client_is_known_by_basic(connect: Connect) -> None:
    client = connect(Script([logged_in()]), auth="jwt")
    assert client.authorization.startswith("Basic ")
    client.log_in()
    assert client.authorization.startswith("Bearer ey")


def test_a_write_of_a_guest_is_not_sent(connect: Connect) -> None:
    wire = Script([])
    with pytest.raises(PermissionDenied):
        connect(wire, username="guest").write(UPDATE_POOLS)
    assert wire.actions == []


def test_a_write_that_the_miner_attributes_to_a_guest_is_not_sent_again(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, logged_in("guest")])
    with pytest.raises(PermissionDenied):
        connect(wire, username="gue.st").write(UPDATE_POOLS)
    assert wire.actions == ["updatePools", "auth"]


def test_a_user_that_the_jwt_does_not_name_counts_as_admin(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, said(success=True, jwt="a.e30.c"), INVALID_REQUEST, INVALID_REQUEST])
    client = connect(wire)
    for _attempt in range(2):
        with pytest.raises(Unsupported):
            client.read(AUTOTUNE_STATUS)
    assert wire.actions.count("auth") == 1


def test_a_login_that_gets_lost_is_tried_again_with_the_read(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, DROPPED, INVALID_REQUEST, logged_in(), NO_POOLS])
    assert connect(wire).read(POOLS) == ()
    assert wire.pauses == [0.25]


def test_a_login_goes_to_auth_as_a_form_without_a_header(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, logged_in(), NO_POOLS])
    connect(wire, username="guest", password="dragonguest").read(POOLS)
    assert wire.asked[1].form == {"username": "guest", "password": "dragonguest"}
    assert wire.asked[1].authorization is None


def test_fallback_passwords_are_not_used_while_the_password_is_taken(connect: Connect) -> None:
    wire = Script([NO_POOLS])
    connect(wire, fallback_passwords=("one",)).read(POOLS)
    assert wire.passwords == []


def test_fallback_passwords_are_tried_in_order_until_one_is_taken(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, WRONG_PASSWORD, WRONG_PASSWORD, logged_in(), NO_POOLS, NO_POOLS])
    client = connect(wire, password="mine", fallback_passwords=("one", "two", "three"))
    client.read(POOLS)
    client.read(POOLS)
    assert wire.passwords == ["mine", "one", "two"]
    assert [asked.authorization for asked in wire.asked if asked.action == "pools"] == [
        basic("admin", "mine"),
        basic("admin", "two"),
        basic("admin", "two"),
    ]
    assert client.password == "two"


def test_each_password_is_tried_once_and_none_is_shown(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD])
    client = connect(wire, password="pw-1", fallback_passwords=("pw-2", "pw-1", "pw-3", "pw-2"))
    with pytest.raises(AuthenticationFailed, match="with each of 3 passwords") as caught:
        client.read(POOLS)
    assert wire.passwords == ["pw-1", "pw-2", "pw-3"]
    assert "pw-" not in str(caught.value)


REFUSED = [
    pytest.param(
        {},
        WRONG_PASSWORD,
        "The miner refuses the login of 'admin': invalid password. If it has its factory password (admin on "
        "Innosilicon, or innoadmin on an InnoMiner), as after a reset or when this login has restored a damaged user "
        "file, list it in fallback_passwords (in an inventory: credentials). Otherwise correct dragonmint_password. If "
        "no password works, the miner's user file may be damaged, and only a factory reset at the miner itself helps.",
        id="one factory password was tried",
    ),
    pytest.param(
        {"password": "mine"},
        WRONG_PASSWORD,
        "(dragonadmin, admin on Innosilicon, or innoadmin on an InnoMiner)",
        id="none was tried",
    ),
    pytest.param(
        {"username": "guest", "password": "mine"}, WRONG_PASSWORD, "(dragonguest, guest on Innosilicon, or", id="guest"
    ),
    pytest.param(
        {"fallback_passwords": ("admin", "innoadmin")},
        WRONG_PASSWORD,
        "of 'admin' with each of 3 passwords: invalid password. Otherwise correct dragonmint_password.",
        id="all were tried",
    ),
    pytest.param(
        {"username": "root", "username_origin": "ansible_user"},
        NO_USER,
        "The miner refuses the login of 'root' (from ansible_user): user not found. A miner has only the users admin "
        "and guest: correct dragonmint_username. Otherwise correct",
        id="user",
    ),
]


@pytest.mark.parametrize(("options", "answer", "text"), REFUSED)
def test_a_refused_login_names_the_likeliest_cause_first(
    options: dict[str, Any], answer: Reply, text: str, connect: Connect
) -> None:
    tries = 1 + len(options.get("fallback_passwords", ()))
    with pytest.raises(AuthenticationFailed) as caught:
        connect(Script([INVALID_REQUEST, *[answer] * tries]), **options).read(POOLS)
    assert text in str(caught.value)


AUTOTUNE_WITH_LEVEL = said(success=True, autoTuneMode={"mode": "factory", "level": "2"})
STATUS_WITH_LEVEL = said(success=True, isRunning=True, isTuning=False, mode="factory", level="2")
SUMMARY_WITH_TOTAL = said(success=True, DEVS=[], POOLS=[], HARDWARE={}, TotalHash={"Hash Rate": 0, "Unit": "TH/s"})
SIGNS = [
    pytest.param(AUTOTUNE, AUTOTUNE_WITH_LEVEL, id="autotune"),
    pytest.param(AUTOTUNE_STATUS, STATUS_WITH_LEVEL, id="status"),
    pytest.param(SUMMARY, SUMMARY_WITH_TOTAL, id="summary"),
]


@pytest.mark.parametrize("generation", [DM_2018_05, INNO_2018_08])
@pytest.mark.parametrize("endpoint", [SUMMARY, AUTOTUNE, OVERVIEW, POOLS])
def test_only_an_innosilicon_shows_itself_as_one(endpoint: Endpoint[Any], generation: str) -> None:
    reply = recorded(generation, f"/api/{endpoint.action}")
    has_signs = generation == INNO_2018_08 and endpoint in (SUMMARY, AUTOTUNE)
    assert getattr(parse(Request(endpoint), reply), "shows_innosilicon", False) is has_signs


@pytest.mark.parametrize(("endpoint", "answer"), SIGNS)
def test_an_innosilicon_that_takes_any_password_is_asked_once_at_the_end(
    endpoint: Endpoint[Any], answer: Reply, connect: Connect
) -> None:
    wire = Script([answer, WRONG_PASSWORD])
    client = connect(wire, password="mine")
    client.read(endpoint)
    assert client.refusal_of_login() == "invalid password"
    assert wire.actions == [endpoint.action, "auth"]


@pytest.mark.parametrize(
    ("answers", "actions"),
    [
        ([AUTOTUNE_WITH_LEVEL, logged_in()], ["getAutoTune", "auth"]),
        ([AUTOTUNE_WITH_LEVEL, WRONG_PASSWORD, logged_in()], ["getAutoTune", "auth", "auth"]),
        ([AUTOTUNE_WITH_LEVEL, DROPPED], ["getAutoTune", "auth"]),
        ([INVALID_REQUEST, logged_in(), AUTOTUNE_WITH_LEVEL], ["getAutoTune", "auth", "getAutoTune"]),
        ([BALANCED], ["getAutoTune"]),
        ([NO_REASON], ["getAutoTune"]),
    ],
    ids=["right", "a fallback is right", "no answer", "logged in before", "DragonMint", "nothing was said"],
)
def test_there_is_nothing_to_warn_of(answers: list[Reply | Exception], actions: list[str], connect: Connect) -> None:
    wire = Script(answers)
    client = connect(wire, password="mine", fallback_passwords=("factory",))
    with suppress(NotReady):
        client.read(AUTOTUNE, retry=False)
    assert client.refusal_of_login() is None
    assert wire.actions == actions


def test_with_jwt_the_login_is_proven(connect: Connect) -> None:
    wire = Script([logged_in(), AUTOTUNE_WITH_LEVEL])
    client = connect(wire, auth="jwt")
    client.read(AUTOTUNE)
    assert client.refusal_of_login() is None


def test_a_jwt_is_fetched_once(connect: Connect) -> None:
    wire = Script([logged_in(), NO_POOLS, BALANCED, SUCCESS])
    client = connect(wire, auth="jwt")
    client.read(POOLS)
    client.read(AUTOTUNE)
    client.write(UPDATE_POOLS)
    assert wire.actions == ["auth", "pools", "getAutoTune", "updatePools"]
    assert [asked.authorization for asked in wire.asked] == [None, *[f"Bearer {jwt_of('admin')}"] * 3]


def test_a_jwt_is_renewed_when_the_miner_calls_it_expired(connect: Connect) -> None:
    wire = Script([logged_in(number=1), EXPIRED, logged_in(number=2), NO_POOLS])
    assert connect(wire, auth="jwt").read(POOLS) == ()
    assert [asked.authorization for asked in wire.asked] == [
        None,
        f"Bearer {jwt_of('admin', 1)}",
        None,
        f"Bearer {jwt_of('admin', 2)}",
    ]


def test_a_write_with_an_expired_jwt_is_sent_again_with_a_new_one(connect: Connect) -> None:
    wire = Script([logged_in(), EXPIRED, logged_in(), SUCCESS])
    connect(wire, auth="jwt").write(UPDATE_POOLS)
    assert wire.actions == ["auth", "updatePools", "auth", "updatePools"]


def test_a_new_jwt_that_is_expired_at_once_means_an_unsteady_clock(connect: Connect) -> None:
    wire = Script([logged_in(), EXPIRED, logged_in(), EXPIRED])
    with pytest.raises(AuthenticationFailed, match="clock is unstable"):
        connect(wire, auth="jwt").read(POOLS)
    assert wire.answers == wire.pauses == []


def test_with_jwt_a_refused_login_costs_one_request(connect: Connect) -> None:
    wire = Script([WRONG_PASSWORD])
    with pytest.raises(AuthenticationFailed):
        connect(wire, auth="jwt").read(POOLS)
    assert wire.actions == ["auth"]


def test_with_jwt_fallback_passwords_work_as_well(connect: Connect) -> None:
    wire = Script([WRONG_PASSWORD, logged_in(), NO_POOLS])
    connect(wire, auth="jwt", password="mine", fallback_passwords=("one",)).read(POOLS)
    assert wire.passwords == ["mine", "one"]


def test_with_jwt_a_guest_is_denied_what_is_for_admins(connect: Connect) -> None:
    wire = Script([logged_in("guest"), INVALID_REQUEST, logged_in("guest")])
    with pytest.raises(PermissionDenied):
        connect(wire, auth="jwt", username="guest").read(AUTOTUNE)
    assert wire.actions.count("getAutoTune") == 1


def test_a_requested_login_is_retried(connect: Connect) -> None:
    wire = Script([DROPPED, NO_REASON, WRONG_PASSWORD, logged_in("guest")])
    client = connect(wire, password="mine", fallback_passwords=("one",))
    login = client.log_in()
    assert (login.level, login.issuer) == ("guest", "DragonMint")
    assert client.password == "one"
    assert wire.pauses == [0.25, 0.5]


@pytest.mark.parametrize(("answer", "accepted"), [(logged_in(), True), (WRONG_PASSWORD, False)])
def test_another_login_can_be_tried_without_going_on_with_it(answer: Reply, accepted: bool, connect: Connect) -> None:
    wire = Script([answer, NO_POOLS])
    client = connect(wire, password="mine")
    assert client.accepts("guest", "theirs") is accepted
    assert wire.asked[0].form == {"username": "guest", "password": "theirs"}
    client.read(POOLS)
    assert wire.asked[1].authorization == basic("admin", "mine")


@pytest.mark.parametrize("username", ["admin", "guest"])
def test_a_miner_that_does_not_know_its_own_users_lets_nobody_log_in(username: str, connect: Connect) -> None:
    message = f"does not know the user {username} .*nobody can log in.*Only a factory reset at the miner itself"
    client = connect(Script([NO_USER]), username=username, fallback_passwords=("one", "two"))
    with pytest.raises(AuthenticationFailed, match=message):
        client.log_in()
    with pytest.raises(AuthenticationFailed, match=message):
        connect(Script([NO_USER])).accepts(username, "theirs")


def test_a_user_that_no_miner_has_is_just_unknown(connect: Connect) -> None:
    with pytest.raises(AuthenticationFailed, match="refuses the login of 'root'"):
        connect(Script([NO_USER]), username="root").log_in()
    assert connect(Script([NO_USER])).accepts("root", "theirs") is False


def test_what_is_no_word_about_a_password_does_not_say_that_it_is_wrong(connect: Connect) -> None:
    client = connect(Script([said(success=False, message="rejected")]))
    with pytest.raises(Rejected, match="rejected"):
        client.accepts("admin", "theirs")


@pytest.mark.parametrize(
    ("answer", "is_miner"),
    [
        (INVALID_REQUEST, True),
        (TYPE, False),
        (Reply(200, b"<title>DragonMint</title>"), False),
        (Reply(404, b""), False),
        (Reply(401, b""), False),
    ],
    ids=["miner", "anybody is welcome", "html", "404", "401"],
)
def test_a_miner_is_known_without_showing_it_the_login(answer: Reply, is_miner: bool, connect: Connect) -> None:
    wire = Script([INDEX, answer])
    assert connect(wire).is_miner() is is_miner
    assert wire.asked == [Asked("/", {}, None), Asked("type", {}, None)]


@pytest.mark.parametrize("title", ["Printer", "DragonMint Monitor"])
def test_what_does_not_show_a_miners_page_is_asked_nothing_else(title: str, connect: Connect) -> None:
    wire = Script([Reply(200, f"<title>{title}</title>".encode())])
    assert not connect(wire).is_miner()
    assert wire.asked == [Asked("/", {}, None)]


@pytest.mark.parametrize("failure", [DROPPED, TimedOut("", "late"), Reply(502, b"")])
def test_what_does_not_answer_may_still_be_a_miner(failure: MinerError | Reply, connect: Connect) -> None:
    wire = Script([INDEX, failure])
    with pytest.raises(MinerError):
        connect(wire).is_miner()
    assert wire.pauses == []


@pytest.mark.parametrize(
    "replies", [[Reply(200, b"")], [Reply(502, b"<title>Bad Gateway</title>")], [INDEX, Reply(200, b"")]]
)
def test_what_any_device_may_answer_does_not_say_that_it_is_no_miner(replies: list[Reply], connect: Connect) -> None:
    wire = Script(replies)
    with pytest.raises(BadReply):
        connect(wire).is_miner()
    assert wire.pauses == []


@pytest.mark.parametrize(("answer", "alive"), [(TYPE, True), (EXPIRED, False)])
def test_a_jwt_of_before_a_reboot_is_dead(answer: Reply, alive: bool, connect: Connect) -> None:
    wire = Script([answer])
    assert connect(wire).is_token_alive("a.b.c") is alive
    assert wire.asked[0].authorization == "Bearer a.b.c"


@pytest.mark.parametrize("failure", [DROPPED, TimedOut("", "late")])
def test_whether_a_jwt_is_alive_is_asked_once(failure: MinerError, connect: Connect) -> None:
    wire = Script([failure])
    with pytest.raises(type(failure)):
        connect(wire).is_token_alive("a.b.c")
    assert wire.pauses == []
