# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Basic credentials, tokens and the users file."""

from __future__ import annotations

import pytest

from tests.simulator.control import Miner

from .asking import EXPIRED, INVALID, OK, PASSWORDS, ask, basic, login, wait_for

DEFAULTS = {"username": "admin", "password": "dragonadmin"}


def test_token_works_and_says_who_asked(any_miner: Miner) -> None:
    assert ask(any_miner, "ping", auth=login(any_miner, "guest")).json() == OK
    assert [(request["action"], request["user"], request["auth"]) for request in any_miner.requests()] == [
        ("auth", None, None),
        ("ping", "guest", "bearer"),
    ]


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ("bearer {}", INVALID),
        ("Bearer  {}", INVALID),
        ("Basic x, Bearer {}", OK),
        ("Bearer {}x", EXPIRED),
        ("Bearer garbage", EXPIRED),
    ],
)
def test_shapes_of_the_bearer_header(miner: Miner, form: str, answer: object) -> None:
    token = login(miner).partition(" ")[2]
    assert ask(miner, "ping", auth=form.format(token)).json() == answer


def test_bad_token_spoils_every_path(miner: Miner) -> None:
    assert ask(miner, "nosuch", auth="Bearer x").json() == EXPIRED
    assert ask(miner, "auth", DEFAULTS, auth="Bearer x").json() == EXPIRED


def test_token_expires_after_six_hours(miner: Miner) -> None:
    token = login(miner)
    miner.set(clock_offset_s=21000)
    assert ask(miner, "ping", auth=token).json() == OK
    miner.set(clock_offset_s=21601)
    assert ask(miner, "ping", auth=token).json() == EXPIRED


def test_clock_that_went_back_ends_tokens(miner: Miner) -> None:
    token = login(miner)
    miner.set(clock_offset_s=-86400)
    assert ask(miner, "ping", auth=token).json() == EXPIRED


def test_absent_users_file_is_made_by_the_login_page(miner: Miner) -> None:
    miner.set(users="absent")
    assert ask(miner, "ping").json() == OK
    assert miner.state()["users"] == "absent"
    login(miner)
    assert miner.state()["users"] == {"admin": "dragonadmin", "guest": "dragonguest"}


def test_corrupt_users_file_is_replaced_by_the_login_page(any_miner: Miner) -> None:
    any_miner.set(users={"admin": "secret"})
    any_miner.set(users="corrupt")
    assert ask(any_miner, "ping").json() == INVALID
    login(any_miner)
    assert ask(any_miner, "ping").json() == OK


def test_a_misshapen_users_file_locks_everybody_out_for_good(any_miner: Miner) -> None:
    any_miner.set(users="misshapen")
    for user, password in PASSWORDS[any_miner.generation].items():
        assert ask(any_miner, "ping", auth=basic(user, password)).json() == INVALID
        answer = ask(any_miner, "auth", {"username": user, "password": password}, auth=None).json()
        assert answer == {"success": False, "message": "user not found"}
    assert any_miner.state()["users"] == "misshapen"


def test_a_token_outlives_the_users_file_and_a_factory_reset_brings_it_back(miner: Miner) -> None:
    token = login(miner)
    miner.set(users="misshapen", timing={"power_delay_s": 0, "boot_s": 0})
    form = {"user": "admin", "currentPassword": "dragonadmin", "newPassword": "x"}
    assert ask(miner, "updatePassword", form, auth=token).json()["message"] == "wrong current password"
    assert ask(miner, "factoryReset", auth=token).json() == OK
    assert wait_for(lambda: login(miner))


def test_inno_takes_any_password_while_the_default_is_in_place(inno: Miner) -> None:
    assert ask(inno, "ping", auth=basic("admin", "nonsense")).json() == OK
    assert ask(inno, "ping", auth=basic("admin", "")).json() == INVALID
    assert ask(inno, "ping", auth=basic("bob", "nonsense")).json() == INVALID
    inno.set(users={"admin": "secret"})
    assert ask(inno, "ping", auth=basic("admin", "nonsense")).json() == INVALID
    assert ask(inno, "ping", auth=basic("admin", "secret")).json() == OK
    assert ask(inno, "ping", auth=basic("guest", "nonsense")).json() == OK
    form = {"username": "guest", "password": "nonsense"}
    assert ask(inno, "auth", form, auth=None).json() == {"success": False, "message": "invalid password"}


def test_password_may_hold_colons_and_utf8(miner: Miner) -> None:
    miner.set(users={"admin": "a:b:é"})
    assert ask(miner, "ping", auth=basic("admin", "a:b:é")).json() == OK
    assert login(miner, "admin", "a:b:é")


class TestUpdatePassword:
    @staticmethod
    def form(user: str, current: str, new: str) -> dict[str, str]:
        return {"user": user, "currentPassword": current, "newPassword": new}

    @pytest.mark.parametrize(
        ("user", "current", "new", "message"),
        [
            ("bob", "wrong", "", "wrong current password"),
            ("bob", "dragonadmin", "", "invalid user"),
            ("guest", "dragonadmin", "", "invalid new password"),
            ("guest", "dragonguest", "x", "wrong current password"),
        ],
    )
    def test_refusals_in_order(self, miner: Miner, user: str, current: str, new: str, message: str) -> None:
        answer = ask(miner, "updatePassword", self.form(user, current, new))
        assert answer.json() == {"success": False, "message": message}
        assert not miner.writes()[0]["applied"]

    def test_old_basic_login_ends_and_old_tokens_stay(self, miner: Miner) -> None:
        token = login(miner)
        assert ask(miner, "updatePassword", self.form("admin", "dragonadmin", "new")).json() == OK
        assert ask(miner, "ping").json() == INVALID
        assert ask(miner, "ping", auth=token).json() == OK
        assert ask(miner, "updatePassword", self.form("guest", "new", "other"), auth=token).json() == OK
        assert miner.state()["users"] == {"admin": "new", "guest": "other"}

    def test_inno_changes_only_the_admin(self, inno: Miner) -> None:
        answer = ask(inno, "updatePassword", self.form("guest", "admin", "x")).json()
        assert answer == {"success": False, "message": "invalid user"}
