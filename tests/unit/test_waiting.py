# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a miner ends at once if no amount of waiting helps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils import _errors
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import power
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError, NotReady
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import follower
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import Upgrade
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import wait_until
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import POOLS

from .driving import Connect, asking, followed, run, session_on, stepped
from .helpers import SUCCESS, Clock, Script, logged_in, recorded
from .loopback import closed_port
from .test_state import Fan, outcome_of

# The design's list; all other errors may pass.
FINAL_CODES = {
    *("invalid_input", "authentication", "permission", "unsupported", "wrong_device"),
    *("missing_library", "bug"),
}
ERRORS = [value for value in vars(_errors).values() if isinstance(value, type) and issubclass(value, MinerError)]
FINAL = [
    _errors.InvalidInput("No."),
    _errors.AuthenticationFailed("No."),
    _errors.PermissionDenied("No."),
    _errors.Unsupported("No."),
    _errors.WrongDevice("No."),
    _errors.MissingLibrary("aiohttp", "No."),
    _errors.Bug(ValueError("No.")),
]
each_final_error = pytest.mark.parametrize("error", FINAL, ids=lambda error: error.code)


def test_it_is_known_of_each_error_whether_a_wait_can_help() -> None:
    assert {error.code for error in ERRORS if error.is_final} == FINAL_CODES
    assert {error.code for error in FINAL} == FINAL_CODES
    assert not any(error.transient for error in FINAL)


@each_final_error
def test_waiting_for_a_condition_ends(error: MinerError, clock: Clock) -> None:
    def met() -> bool:
        raise error

    with pytest.raises(type(error)):
        run(wait_until(session_on(clock), stepped(met), 3600), clock)
    assert clock.slept == []


@each_final_error
def test_waiting_for_a_value_to_be_read_back_ends(error: MinerError, clock: Clock) -> None:
    fan = Fan(50, error)
    fan.silent_s = 3600.0
    with pytest.raises(MinerError, match=r"No\.") as caught:
        outcome_of(fan, clock)
    assert caught.value.changed
    assert clock.slept == []


@each_final_error
def test_waiting_for_a_reboot_ends(error: MinerError, connect: Connect, clock: Clock) -> None:
    wire = Script([recorded(DM_2018_05, "/api/overview"), logged_in(), logged_in(), SUCCESS, error])
    options = power.Options("rebooted", min_uptime_s=0.0, confirm=None, wait_s=3600.0)
    with pytest.raises(type(error)) as caught:
        asking(power.apply, connect(wire), options, check_mode=False, warn=str)
    assert caught.value.changed
    assert clock.slept == []


@each_final_error
@pytest.mark.parametrize("wait", [mining.wait_ready, lambda client, wait_s: autotune.wait_tuned(client, wait_s, True)])
def test_waiting_for_cgminer_ends(
    wait: Callable[[Session, float], Steps[None]], error: MinerError, connect: Connect, clock: Clock
) -> None:
    with pytest.raises(type(error)) as caught:
        asking(wait, connect(Script([NotReady("Not yet."), error, error])), 3600.0)
    assert caught.value.changed
    assert len(clock.slept) == 1


@each_final_error
def test_a_read_is_not_repeated(error: MinerError, connect: Connect) -> None:
    wire = Script([error])
    with pytest.raises(type(error)):
        connect(wire).read(POOLS)
    assert wire.pauses == []


@each_final_error
def test_waiting_for_an_upgrade_ends(error: MinerError, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "LISTEN_FIRST_S", 0.01)
    monkeypatch.setattr(follower, "_TICK_S", 0.01)

    def has_rebooted() -> bool:
        raise error

    url = f"http://127.0.0.1:{closed_port()}"
    miner = follower.Miner(url, "Basic eDp5", None, stepped(lambda: True), stepped(has_rebooted))
    order = follower.Order(url="http://127.0.0.1/x.swu")
    with pytest.raises(type(error)) as caught:
        followed(miner, order, Upgrade(), 3600.0, True, lambda: None)
    assert caught.value.changed
