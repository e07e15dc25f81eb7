# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The autotune mode: what each firmware accepts, the detour that one of them needs, and waiting."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    InvalidInput,
    MinerError,
    NotApplied,
    NotBack,
    NotReady,
    PermissionDenied,
    Rejected,
    TimedOut,
    Unreachable,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.autotune import (
    LEVELS,
    MODES,
    AutoTuneSetting,
    autotune_from,
    current_status,
    resolved,
    shown,
    wait_tuned,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AutoTune, AutoTuneStatus
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    DM_2018_04,
    DM_2018_05,
    GENERATIONS,
    INNO_2018_05,
    INNO_2018_08,
    INNO_2018_09,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import MODELS

from .driving import Connect, Driven, asking
from .helpers import (
    INVALID_REQUEST,
    NO_REASON,
    SUCCESS,
    Clock,
    Miner,
    Script,
    logged_in,
    recorded,
    said,
)

REFUSED = Unreachable("", "refused", sent=False)


def converged(
    client: Driven, clock: Clock, mode: str, level: str | None = None, check_mode: bool = False
) -> Outcome[AutoTune]:
    return client.run(converge(AutoTuneSetting(client.session, mode, level), check_mode))


TAKES = {
    DM_2018_04: {"off", "efficient", "balanced", "performance"},
    DM_2018_05: {"factory", "efficient", "balanced", "performance"},
    INNO_2018_05: {"factory", "efficient", "balanced", "performance"},
    INNO_2018_08: {"factory", "efficient", "balanced", "performance"},
    INNO_2018_09: {"factory", "efficient", "balanced", "performance"},
    INNO_2019: {"factory", "efficient", "balanced", "performance"},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_firmware_takes_its_own_modes_and_is_not_sent_others(
    generation: str, mode: str, connect: Connect, clock: Clock
) -> None:
    miner = Miner(generation, mode="efficient" if mode != "efficient" else "performance", fresh=False)
    if mode in TAKES[generation]:
        assert converged(connect(miner), clock, mode).changed
        assert (miner.mode, miner.writes) == (mode, ["setAutoTune"])
    else:
        with pytest.raises(Unsupported, match=f"not have the autotune mode {mode}") as caught:
            converged(connect(miner), clock, mode)
        assert all(other in str(caught.value) for other in TAKES[generation])
        assert miner.writes == []


@pytest.mark.parametrize("mode", ["off", "factory"])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_check_mode_refuses_the_same_modes(generation: str, mode: str, connect: Connect, clock: Clock) -> None:
    miner = Miner(generation, mode="efficient", fresh=False)
    if mode in TAKES[generation]:
        assert converged(connect(miner), clock, mode, check_mode=True).changed
    else:
        with pytest.raises(Unsupported):
            converged(connect(miner), clock, mode, check_mode=True)
    assert miner.writes == []


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_mode_that_is_set_is_not_sent(generation: str, connect: Connect, clock: Clock) -> None:
    miner = Miner(generation, mode="efficient", fresh=False)
    assert not converged(connect(miner), clock, "efficient").changed
    assert miner.actions == ["getAutoTune"]


def test_a_mode_that_all_take_costs_six_requests(connect: Connect, clock: Clock) -> None:
    miner = Miner(DM_2018_05)
    converged(connect(miner), clock, "efficient")
    assert miner.actions == ["getAutoTune", "type", "pools", "setAutoTune", "pools", "getAutoTune"]


LOST = said(success=False, message="missing configuration")


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_lost_configuration_is_not_overwritten(
    generation: str, check_mode: bool, connect: Connect, clock: Clock
) -> None:
    miner = Miner(generation, fresh=False)
    miner.fails["pools"] = [LOST]
    with pytest.raises(Rejected, match=r"Setting its autotune mode would.*nothing was sent.*factory set") as caught:
        converged(connect(miner), clock, "efficient", check_mode=check_mode)
    assert not caught.value.changed
    assert miner.writes == []


def test_nothing_is_read_of_a_configuration_that_is_not_to_be_written(connect: Connect, clock: Clock) -> None:
    miner = Miner(DM_2018_05, mode="efficient")
    miner.fails["pools"] = [LOST]
    assert not converged(connect(miner), clock, "efficient").changed


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_configuration_that_the_write_has_cut_off_is_reported_at_once(
    generation: str, connect: Connect, clock: Clock
) -> None:
    miner = Miner(generation, fresh=False)
    miner.fails["pools"] = [said(success=True, pools=[]), LOST]
    message = r"change of its autotune mode.*cgminer\.conf is damaged.*/config is probably full"
    with pytest.raises(NotApplied, match=message) as caught:
        converged(connect(miner), clock, "efficient")
    assert caught.value.changed
    assert clock.slept == []
    assert miner.writes == ["setAutoTune"]


@pytest.mark.parametrize(
    ("generation", "level"),
    [
        (INNO_2018_08, "2"),
        # Of the last days of July 2018, which reports "factory" and has no levels yet.
        pytest.param(INNO_2018_05, None, id="without levels"),
    ],
)
def test_balanced_takes_a_detour_on_a_fresh_innosilicon(
    generation: str, level: str | None, connect: Connect, clock: Clock
) -> None:
    miner = Miner(generation, mode="factory", fresh=True)
    outcome = converged(connect(miner), clock, "balanced")
    assert (outcome.changed, outcome.value) == (True, AutoTune("balanced", level))
    assert miner.writes == ["setAutoTune"] * 3


def test_balanced_is_sent_once_on_an_innosilicon_that_was_set_before(connect: Connect, clock: Clock) -> None:
    miner = Miner(INNO_2018_08, mode="factory", fresh=False)
    assert converged(connect(miner), clock, "balanced").changed
    assert miner.writes == ["setAutoTune"]


def test_there_is_no_detour_from_a_mode_that_was_set(connect: Connect, clock: Clock) -> None:
    miner = Miner(INNO_2018_08, mode="performance", fresh=False)
    miner.ignores = {"setAutoTune"}
    with pytest.raises(NotApplied):
        converged(connect(miner), clock, "balanced")
    assert miner.writes == ["setAutoTune"]


@pytest.mark.parametrize("generation", [DM_2018_04, DM_2018_05])
def test_there_is_no_detour_on_other_firmware(generation: str, connect: Connect, clock: Clock) -> None:
    miner = Miner(generation, mode="efficient", fresh=False)
    miner.ignores = {"setAutoTune"}
    with pytest.raises(NotApplied, match="to balanced and answered success, but it still has efficient"):
        converged(connect(miner), clock, "balanced")
    assert miner.writes == ["setAutoTune"]


def test_the_detour_keeps_the_wanted_level(connect: Connect, clock: Clock) -> None:
    miner = Miner(INNO_2018_08, mode="factory", fresh=True)
    assert converged(connect(miner), clock, "balanced", "3").value == AutoTune("balanced", "3")


@pytest.mark.parametrize("failed", [REFUSED, TimedOut("", "late")])
def test_a_miner_that_goes_dark_within_the_detour_was_changed(
    failed: MinerError, connect: Connect, clock: Clock
) -> None:
    miner = Miner(INNO_2018_08, mode="factory", fresh=True)
    client = connect(miner, retries=0)
    gone: list[Any] = [REFUSED] * 100
    miner.fails = {"setAutoTune": [SUCCESS, SUCCESS, failed], "getAutoTune": [FACTORY, FACTORY, *gone]}
    with pytest.raises(NotBack) as caught:
        converged(client, clock, "balanced")
    assert caught.value.changed


def test_a_miner_that_goes_dark_after_balanced_was_confirmed_is_not_back(connect: Connect, clock: Clock) -> None:
    miner = Miner(INNO_2018_08, mode="performance", fresh=False)
    client = connect(miner, retries=0)
    gone: list[Any] = [REFUSED] * 100
    miner.fails = {"getAutoTune": [said(success=True, autoTuneMode={"mode": "performance", "level": "2"}), *gone]}
    with pytest.raises(NotBack) as caught:
        converged(client, clock, "balanced")
    assert caught.value.changed


FACTORY = recorded(INNO_2018_08, "/api/getAutoTune")


@pytest.mark.parametrize(
    ("mode", "level", "after"),
    [
        ("efficient", None, AutoTune("efficient", "2")),
        ("efficient", "3", AutoTune("efficient", "3")),
        ("factory", "3", AutoTune("factory", "3")),
        ("factory", " 3 ", AutoTune("factory", "3")),
    ],
)
def test_a_level_is_set_along_with_the_mode_or_left_as_it_is(
    mode: str, level: str | None, after: AutoTune, connect: Connect, clock: Clock
) -> None:
    miner = Miner(INNO_2018_08, mode="factory", level="2", fresh=False)
    outcome = converged(connect(miner), clock, mode, level)
    assert (outcome.changed, outcome.value) == (True, after)
    assert not converged(connect(miner), clock, mode, level).changed


@pytest.mark.parametrize("generation", [DM_2018_04, DM_2018_05])
@pytest.mark.parametrize("mode", ["balanced", "efficient"])
def test_a_level_is_refused_by_firmware_without_levels(
    generation: str, mode: str, connect: Connect, clock: Clock
) -> None:
    miner = Miner(generation, mode="balanced")
    with pytest.raises(Unsupported, match="not have autotune levels"):
        converged(connect(miner), clock, mode, "2")
    assert miner.writes == []


@pytest.mark.parametrize("level", ["", "  ", "2\n", "2\x00", "\x1b[31m", "2\u200b", "2\u00a0", "\udc80"])
def test_a_level_that_cannot_be_stored_is_refused(level: str, connect: Connect) -> None:
    with pytest.raises(InvalidInput, match="level"):
        AutoTuneSetting(connect(Script([])).session, "balanced", level)


STEPS = {"efficient": "234", "balanced": "01234", "factory": "01234", "performance": "0123"}


@pytest.mark.parametrize("level", ["-1", "0", "1", "2", "3", "4", "5", "02", "abc", "2.0"])
@pytest.mark.parametrize("mode", STEPS)
def test_a_mode_has_its_levels_and_no_others(mode: str, level: str) -> None:
    if level in STEPS[mode]:
        assert autotune_from(mode, level) == AutoTune(mode, level)
    else:
        with pytest.raises(InvalidInput, match=f"The mode {mode} has no level '{level}'. Use one of ") as caught:
            autotune_from(mode, level)
        assert f"one of {', '.join(STEPS[mode])}; 2 is the plain mode" in str(caught.value)


def test_there_are_seventeen_steps() -> None:
    assert sum(len(levels) for levels in STEPS.values()) == sum(len(levels) for levels in LEVELS.values()) == 17


@pytest.mark.parametrize(
    ("before", "mode", "after"),
    [
        (AutoTune("factory", "4"), "balanced", AutoTune("balanced", "4")),
        (AutoTune("factory", "0"), "efficient", AutoTune("efficient", "2")),
        (AutoTune("balanced", "4"), "performance", AutoTune("performance", "2")),
        # Set by somebody else and stored by the firmware: it stays while no other mode is requested.
        (AutoTune("factory", "7"), "factory", AutoTune("factory", "7")),
        (AutoTune("factory", "7"), "balanced", AutoTune("balanced", "2")),
        (AutoTune("balanced"), "efficient", AutoTune("efficient")),
    ],
)
def test_a_level_that_is_kept_is_one_that_the_mode_has(before: AutoTune, mode: str, after: AutoTune) -> None:
    assert resolved(autotune_from(mode, None), before) == after


WITHOUT_EFFECT = ("A4+", "A5", "A6", "A8", "T4", "A8+", "D9", "B29", "S11", "B52")


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("type_", WITHOUT_EFFECT)
def test_a_model_whose_cgminer_has_no_modes_is_refused(
    type_: str, check_mode: bool, connect: Connect, clock: Clock
) -> None:
    miner = Miner(INNO_2019, mode="factory", fresh=False)
    miner.type = type_
    text = rf"The type of this miner is {re.escape(type_)}, and its cgminer .* and changes nothing\. Nothing was sent"
    with pytest.raises(Unsupported, match=text):
        converged(connect(miner), clock, "efficient", check_mode=check_mode)
    assert miner.writes == []
    assert not converged(connect(miner), clock, "factory").changed


@pytest.mark.parametrize("type_", sorted({*MODELS, "Z9", ""} - {*WITHOUT_EFFECT}))
def test_a_model_of_which_nothing_is_known_may_have_the_modes(type_: str, connect: Connect, clock: Clock) -> None:
    miner = Miner(INNO_2019, mode="factory", fresh=False)
    miner.type = type_
    assert converged(connect(miner), clock, "efficient").changed


def test_the_mode_and_level_are_shown(connect: Connect) -> None:
    setting = AutoTuneSetting(connect(Script([])).session, "balanced", None)
    assert setting.describe(AutoTune("balanced")) == "balanced"
    assert setting.describe(AutoTune("balanced", "2")) == "balanced at level 2"
    assert setting.diff(AutoTune("balanced"), AutoTune("factory", "2")) == (
        {"mode": "balanced", "level": None},
        {"mode": "factory", "level": "2"},
    )
    assert shown(AutoTune("balanced")) == {"mode": "balanced", "level": None}


def test_a_guest_is_denied(connect: Connect, clock: Clock) -> None:
    wire = Script([INVALID_REQUEST, logged_in("guest")])
    with pytest.raises(PermissionDenied):
        converged(connect(wire, username="guest"), clock, "balanced")


@pytest.mark.parametrize("generation", [DM_2018_05, INNO_2018_08])
def test_the_status_is_asked_of_firmware_that_has_it(generation: str, connect: Connect) -> None:
    miner = Miner(generation)
    level = "2" if generation == INNO_2018_08 else None
    assert asking(current_status, connect(miner)) == AutoTuneStatus(True, False, AutoTune("balanced", level))
    assert miner.actions == ["getAutoTuneStatus"]


@pytest.mark.parametrize(
    ("tuning", "status"), [(True, AutoTuneStatus(True, True)), (False, AutoTuneStatus(True, False))]
)
def test_without_a_status_the_summary_is_used(tuning: bool, status: AutoTuneStatus, connect: Connect) -> None:
    summary = said(success=True, DEVS=[], POOLS=[], tuning=tuning)
    assert asking(current_status, connect(Script([INVALID_REQUEST, logged_in(), INVALID_REQUEST, summary]))) == status


def test_without_a_status_a_silent_cgminer_does_not_run(connect: Connect) -> None:
    wire = Script([INVALID_REQUEST, logged_in(), INVALID_REQUEST, *[NO_REASON] * 4])
    assert asking(current_status, connect(wire)) == AutoTuneStatus(is_running=False, is_tuning=False)


def status(running: bool, tuning: bool) -> Reply:
    return said(success=True, isRunning=running, isTuning=tuning, mode="balanced")


TUNED = status(running=True, tuning=False)


def test_waiting_ends_when_cgminer_runs_and_does_not_tune(connect: Connect, clock: Clock) -> None:
    wire = Script([status(False, False), REFUSED, NO_REASON, TimedOut("", "late"), status(True, True), TUNED])
    asking(wait_tuned, connect(wire), 60, changed=True)
    assert (wire.answers, wire.pauses) == ([], [5.0] * 5)


@pytest.mark.parametrize("changed", [True, False])
def test_tuning_that_does_not_end_is_not_ready(changed: bool, connect: Connect, clock: Clock) -> None:
    wire = Script([status(True, True)] * 1000)
    with pytest.raises(NotReady, match=r"within 60 s.*wait_timeout") as caught:
        asking(wait_tuned, connect(wire), 60, changed)
    assert caught.value.changed is changed
    assert 60 <= sum(clock.slept) < 61


def test_waiting_without_a_status_does_not_ask_more_patiently(connect: Connect, clock: Clock) -> None:
    miner = Miner(DM_2018_04)
    miner.fails = {"summary": [NO_REASON] * 3}
    asking(wait_tuned, connect(miner), 60, changed=True)
    assert miner.pauses == [5.0] * 3


@pytest.mark.parametrize(
    "error",
    [Unreachable("", "no connection", sent=False, transient=False), AuthenticationFailed("Who?")],
    ids=["dark", "locked out"],
)
def test_an_error_while_waiting_does_not_hide_the_change(error: MinerError, connect: Connect, clock: Clock) -> None:
    wire: Script = Script([error] * 1000)
    with pytest.raises(MinerError) as caught:
        asking(wait_tuned, connect(wire), 60, changed=True)
    assert caught.value.changed
    assert not isinstance(caught.value, Unreachable)
