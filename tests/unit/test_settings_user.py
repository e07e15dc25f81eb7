# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of a miner's users: tried rather than read, changed once, and never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    InvalidInput,
    MinerError,
    NotApplied,
    NotBack,
    PermissionDenied,
    Rejected,
    Unreachable,
    Unsupported,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import user
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.user import PasswordSetting
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05, INNO_2018_08
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import update_password

from .driving import Connect
from .helpers import INVALID_REQUEST, NO_USER, SUCCESS, WRONG_PASSWORD, Clock, basic, recorded, said

NEW, OLD = "Correct-Horse-7", "Battery-Staple-8"
FACTORY = {
    DM_2018_05: {"admin": "dragonadmin", "guest": "dragonguest"},
    INNO_2018_08: {"admin": "admin", "guest": "guest"},
}
LOST = Unreachable("It broke.", "the connection was closed", sent=True)
CHECK_MODE = pytest.mark.parametrize("check_mode", [True, False], ids=["check", "real"])


@dataclass
class Miner:
    """Stands in for Transport: a miner with its users. ``ignores`` actions it confirms, ``loses`` replies to writes."""

    generation: str = DM_2018_05
    passwords: dict[str, str] = field(default_factory=dict)
    ignores: bool = False
    loses: bool = False
    goes: bool = False
    pauses: list[float] = field(default_factory=list)
    tried: list[tuple[str, str]] = field(default_factory=list)
    writes: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.passwords = {**FACTORY[self.generation], **self.passwords}

    def post(self, path: str, form: dict[str, str], authorization: str | None, slow_s: float = 0.0) -> Reply:
        action = path.replace("/api/", "", 1)
        if self.goes and self.writes:
            raise Unreachable("Nobody answers.", "connection refused", sent=False)
        if action == "auth":
            return self._auth(**form)
        if not any(authorization == basic(name, password) for name, password in self._taken_by_basic(authorization)):
            return INVALID_REQUEST
        if action == "updatePassword":
            return self._update_password(**form)
        return recorded(self.generation, path)

    def close(self) -> None:
        """There is nothing to close."""

    def _taken_by_basic(self, authorization: str | None) -> list[tuple[str, str]]:
        logins = list(self.passwords.items())
        if self.generation == INNO_2018_08 and self.passwords["admin"] == "admin":
            logins += [("admin", password) for password in (NEW, OLD, "anything")]
        return logins

    def _auth(self, username: str, password: str) -> Reply:
        self.tried.append((username, password))
        if self.passwords.get(username) != password:
            return WRONG_PASSWORD
        return recorded(self.generation, "/api/auth", None, label=f"auth: good {username}")

    def _update_password(self, user: str, currentPassword: str, newPassword: str) -> Reply:  # noqa: N803
        self.writes.append({"user": user, "current": currentPassword, "new": newPassword})
        if currentPassword != self.passwords["admin"]:
            return said(success=False, message="wrong current password")
        if self.generation == INNO_2018_08 and user == "guest":
            return said(success=False, message="invalid user")
        if not self.ignores:
            self.passwords[user] = newPassword
        if self.loses:
            raise LOST
        return SUCCESS


Set = Callable[..., "Outcome[bool]"]


@pytest.fixture
def set_password(connect: Connect, clock: Clock) -> Set:
    def set_password(
        miner: Miner,
        name: str = "admin",
        new_password: str = NEW,
        only_factory: bool = False,
        check_mode: bool = False,
        **connection: Any,
    ) -> Outcome[bool]:
        client = connect(miner, **{"password": miner.passwords["admin"], **connection})
        setting = PasswordSetting(client.session, name, new_password, only_factory)
        return client.run(converge(setting, check_mode))

    return set_password


@pytest.mark.parametrize("password", [NEW, "x", "a b", "p:w", "pä€😀", "{{ x }}", "y" * 4096], ids=repr)
def test_usual_and_unusual_passwords_are_taken(set_password: Set, password: str) -> None:
    miner = Miner()
    assert set_password(miner, new_password=password).changed
    assert miner.passwords["admin"] == password


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("", "is empty"),
        ("a\nb", r"U\+000A LINE FEED at position 2"),
        ("a\x00", r"U\+0000 NULL at position 2"),
        ("\x7f", r"U\+007F control character at position 1"),
        ("a\tb", r"U\+0009 TAB at position 2"),
        (" ", "begins with white space"),
        ("horse ", "ends with white space"),
        ("horse\n", "ends with white space"),
        ("ho\u200brse", r"U\+200B ZERO WIDTH SPACE at position 3"),
        ("ho\u00a0rse", r"U\+00A0 NO-BREAK SPACE at position 3"),
        ("\ud800", "not valid UTF-8"),
    ],
    ids=repr,
)
def test_a_password_that_nobody_could_log_in_with_is_refused(set_password: Set, password: str, text: str) -> None:
    miner = Miner()
    with pytest.raises(InvalidInput, match=text) as caught:
        set_password(miner, new_password=password)
    assert not password.strip() or password not in str(caught.value)
    assert miner.tried == []


class TestIdempotence:
    @CHECK_MODE
    @pytest.mark.parametrize("generation", FACTORY)
    def test_a_password_that_is_set_already_is_not_sent(
        self, set_password: Set, generation: str, check_mode: bool
    ) -> None:
        miner = Miner(generation, {"admin": NEW})
        outcome = set_password(miner, password=OLD, check_mode=check_mode)
        assert not outcome.changed
        assert miner.tried == [("admin", NEW)]
        assert miner.writes == []

    @CHECK_MODE
    def test_basic_that_takes_anything_proves_nothing(self, set_password: Set, check_mode: bool) -> None:
        miner = Miner(INNO_2018_08)
        outcome = set_password(miner, password=NEW, fallback_passwords=("admin",), check_mode=check_mode)
        assert outcome.changed
        assert miner.writes == ([] if check_mode else [{"user": "admin", "current": "admin", "new": NEW}])

    @pytest.mark.parametrize("name", user.USERS)
    def test_the_current_password_is_always_that_of_admin(self, set_password: Set, name: str) -> None:
        miner = Miner(passwords={"admin": OLD})
        assert set_password(miner, name).changed
        assert miner.writes == [{"user": name, "current": OLD, "new": NEW}]

    def test_it_is_the_one_that_the_miner_took(self, set_password: Set) -> None:
        miner = Miner(passwords={"admin": OLD})
        assert set_password(miner, password="wrong", fallback_passwords=("worse", OLD)).changed
        assert miner.writes == [{"user": "admin", "current": OLD, "new": NEW}]
        assert miner.tried == [("admin", password) for password in (NEW, "wrong", "worse", OLD, NEW)]

    @CHECK_MODE
    @pytest.mark.parametrize("generation", FACTORY)
    @pytest.mark.parametrize("is_factory", [True, False], ids=["factory's", "another"])
    def test_on_default_changes_only_the_password_of_the_factory(
        self, set_password: Set, generation: str, is_factory: bool, check_mode: bool
    ) -> None:
        miner = Miner(generation, {} if is_factory else {"admin": OLD})
        outcome = set_password(miner, only_factory=True, check_mode=check_mode)
        assert outcome.changed == is_factory
        assert len(miner.writes) == (is_factory and not check_mode)

    def test_on_default_knows_the_password_of_the_guest(self, set_password: Set) -> None:
        assert set_password(Miner(), "guest", only_factory=True).changed
        assert not set_password(Miner(passwords={"guest": OLD}), "guest", only_factory=True).changed


class TestRefusal:
    @CHECK_MODE
    def test_a_guest_can_not_change_passwords(self, set_password: Set, check_mode: bool) -> None:
        miner = Miner()
        with pytest.raises(PermissionDenied, match="Log in as admin"):
            set_password(miner, "guest", username="guest", password="dragonguest", check_mode=check_mode)
        assert miner.writes == []

    @CHECK_MODE
    def test_innosilicon_can_not_change_the_guest(self, set_password: Set, check_mode: bool) -> None:
        miner = Miner(INNO_2018_08, {"admin": OLD})
        with pytest.raises(Unsupported, match="admin only"):
            set_password(miner, "guest", check_mode=check_mode)
        assert miner.writes == []

    def test_but_its_guest_may_have_the_password_already(self, set_password: Set) -> None:
        assert not set_password(Miner(INNO_2018_08, {"guest": NEW}), "guest").changed

    @CHECK_MODE
    @pytest.mark.parametrize("generation", FACTORY)
    def test_a_wrong_password_is_tried_once(self, set_password: Set, generation: str, check_mode: bool) -> None:
        miner = Miner(generation)
        with pytest.raises(AuthenticationFailed):
            set_password(miner, password="wrong", fallback_passwords=("wrong", "worse"), check_mode=check_mode)
        assert miner.tried == [("admin", NEW), ("admin", "wrong"), ("admin", "worse")]
        assert miner.writes == []

    @CHECK_MODE
    def test_another_miner_than_the_expected_one_is_sent_nothing(self, set_password: Set, check_mode: bool) -> None:
        miner = Miner()
        with pytest.raises(WrongDevice):
            set_password(miner, expected_mac="a0:b0:45:ff:ff:ff", check_mode=check_mode)
        assert miner.writes == []


class TestVerdict:
    def test_a_lost_reply_is_decided_by_the_login(self, set_password: Set) -> None:
        miner = Miner(loses=True)
        assert set_password(miner).changed
        assert len(miner.writes) == 1

    @pytest.mark.parametrize("loses", [True, False])
    def test_a_password_that_does_not_open_is_not_applied(self, set_password: Set, loses: bool) -> None:
        miner = Miner(ignores=True, loses=loses)
        with pytest.raises(NotApplied, match=r"to the new one.* still has the old one") as caught:
            set_password(miner)
        assert not caught.value.changed
        assert len(miner.writes) == 1

    def test_a_miner_that_never_answers_again_is_not_back(self, set_password: Set) -> None:
        with pytest.raises(NotBack) as caught:
            set_password(Miner(goes=True))
        assert caught.value.changed

    @pytest.mark.parametrize("only_factory", [False, True])
    def test_a_miner_that_knows_no_user_is_not_skipped(
        self, set_password: Set, monkeypatch: pytest.MonkeyPatch, only_factory: bool
    ) -> None:
        monkeypatch.setattr(Miner, "_auth", lambda *_a, **_k: NO_USER)
        miner = Miner()
        with pytest.raises(AuthenticationFailed, match="does not know the user guest"):
            set_password(miner, "guest", only_factory=only_factory)
        assert miner.writes == []

    def test_a_refusal_is_reported(self, set_password: Set, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Miner, "_update_password", lambda *_a, **_k: said(success=False, message="wrong user"))
        with pytest.raises(Rejected, match="wrong user"):
            set_password(Miner())


class TestSecrecy:
    @CHECK_MODE
    def test_the_diff_shows_only_that_there_is_a_change(self, set_password: Set, check_mode: bool) -> None:
        changed = set_password(Miner(), check_mode=check_mode)
        same = set_password(Miner(passwords={"admin": NEW}), check_mode=check_mode)
        assert changed.diff["before"] == {"password of admin": "********"}
        assert changed.diff["after"] == {"password of admin": "(changed)"}
        assert same.diff["before"] == same.diff["after"] == {"password of admin": "********"}

    @pytest.mark.parametrize(
        "miner",
        [Miner(ignores=True), Miner(goes=True), Miner(INNO_2018_08, {"admin": OLD})],
        ids=["not applied", "not back", "unsupported"],
    )
    def test_no_error_names_a_password(self, set_password: Set, miner: Miner) -> None:
        with pytest.raises(MinerError) as caught:
            set_password(miner, "guest")
        assert [password for password in (NEW, OLD, "dragonadmin") if password in str(caught.value)] == []

    def test_nothing_shows_the_request(self) -> None:
        request = update_password("admin", OLD, NEW)
        assert OLD not in repr(request)
        assert NEW not in repr(request)
