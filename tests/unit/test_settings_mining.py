# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of cgminer, and waiting for it after a restart."""

from __future__ import annotations

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    MinerError,
    NotReady,
    TimedOut,
    Unreachable,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.mining import current_mining, wait_ready
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import not_mining

from .driving import Connect, asking
from .helpers import NO_REASON, PHP_IS_GONE, Clock, Script, recorded

SUMMARY = recorded(DM_2018_05, "/api/summary")
REFUSED = Unreachable("", "refused", sent=False)


def test_a_cgminer_that_answers_is_ready(connect: Connect) -> None:
    assert asking(current_mining, connect(Script([NO_REASON, SUMMARY]))).ready


def test_a_cgminer_that_stays_silent_is_not_ready(connect: Connect) -> None:
    wire = Script([NO_REASON] * 4)
    assert asking(current_mining, connect(wire)) == not_mining()
    assert wire.answers == []


@pytest.mark.parametrize("error", [TimedOut("", "late"), REFUSED])
def test_a_miner_that_does_not_answer_is_not_merely_unready(error: MinerError, connect: Connect) -> None:
    with pytest.raises(type(error)):
        asking(current_mining, connect(Script([error]), retries=0))


def test_waiting_ends_when_cgminer_answers(connect: Connect, clock: Clock) -> None:
    wire = Script([NO_REASON, REFUSED, PHP_IS_GONE, TimedOut("", "late"), NO_REASON, SUMMARY])
    asking(wait_ready, connect(wire), 60)
    assert (wire.answers, wire.pauses) == ([], [0.5] * 5)


def test_a_cgminer_that_does_not_come_back_is_a_failure_after_a_change(connect: Connect, clock: Clock) -> None:
    with pytest.raises(NotReady, match=r"within 60 s.*wait_timeout") as caught:
        asking(wait_ready, connect(Script([NO_REASON] * 1000)), 60)
    assert caught.value.changed
    assert 60 <= sum(clock.slept) < 61


@pytest.mark.parametrize(
    "error",
    [Unreachable("", "no connection", sent=False, transient=False), AuthenticationFailed("Who?")],
    ids=["dark", "locked out"],
)
def test_an_error_while_waiting_does_not_hide_the_change(error: MinerError, connect: Connect, clock: Clock) -> None:
    with pytest.raises(MinerError) as caught:
        asking(wait_ready, connect(Script([error] * 1000)), 60)
    assert caught.value.changed
    assert not isinstance(caught.value, Unreachable)
