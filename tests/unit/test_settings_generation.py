# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generation of a firmware, told by what it does."""

from __future__ import annotations

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.generation import current_generation
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    DM_2018_04,
    DM_2018_05,
    GENERATIONS,
    INNO_2018_08,
    INNO_2018_09,
)

from .driving import Connect, asking
from .helpers import INVALID_REQUEST, NO_REASON, Miner, Script, logged_in, recorded, said

DRAGONMINT = recorded(DM_2018_05, "/", None, method="GET")
INNOSILICON = recorded(INNO_2018_08, "/", None, method="GET")
NO_TITLE = Reply(404, b"<html>")
NO_SAMPLES = recorded(DM_2018_05, "/api/getHashRates", "guest")
ADMIN_OF_INNO = recorded(INNO_2018_08, "/api/auth", None, form={"username": "admin", "password": "admin"})
REFUSED_TO_GUEST = [INVALID_REQUEST, logged_in("guest")]
REFUSED_TO_ADMIN = [INVALID_REQUEST, logged_in("admin"), INVALID_REQUEST]


LOCK_STATE = Reply(200, b'{"success":true,"status":"0"}')


def samples(time: int | str) -> Reply:
    return said(success=True, stats=[[4932258.41]], times=[time])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_miner_is_known_by_what_it_does(generation: str, connect: Connect) -> None:
    assert asking(current_generation, connect(Miner(generation))) == generation


@pytest.mark.parametrize(
    ("answers", "generation"),
    [
        # What fails is there.
        ([INNOSILICON, said(success=False, message="file error")], INNO_2018_09),
        ([INNOSILICON, *[NO_REASON] * 4], INNO_2018_09),
        ([INNOSILICON, *REFUSED_TO_ADMIN], INNO_2018_08),
        ([DRAGONMINT, *REFUSED_TO_ADMIN], DM_2018_04),
        # A page that somebody changed, or a server before the miner.
        ([NO_TITLE, ADMIN_OF_INNO, LOCK_STATE], INNO_2018_09),
        ([NO_TITLE, logged_in(), INVALID_REQUEST], DM_2018_04),
        ([NO_TITLE, said(success=True, jwt="a.b.c")], "unknown"),
    ],
)
def test_the_signs_of_a_firmware(answers: list[Reply | Exception], generation: str, connect: Connect) -> None:
    wire = Script(list(answers))
    assert asking(current_generation, connect(wire)) == generation
    assert wire.answers == []


@pytest.mark.parametrize(
    ("answers", "generation"),
    [
        ([DRAGONMINT, *REFUSED_TO_GUEST, INVALID_REQUEST, samples("1529186520")], DM_2018_04),
        ([DRAGONMINT, *REFUSED_TO_GUEST, INVALID_REQUEST, samples(1529186520)], DM_2018_05),
        ([DRAGONMINT, *REFUSED_TO_GUEST, INVALID_REQUEST, NO_SAMPLES], "unknown"),
        ([INNOSILICON, *REFUSED_TO_GUEST], "unknown"),
        ([INNOSILICON, LOCK_STATE], INNO_2018_09),
    ],
)
def test_what_a_guest_may_see_of_it(answers: list[Reply | Exception], generation: str, connect: Connect) -> None:
    wire = Script(list(answers))
    assert asking(current_generation, connect(wire, username="guest")) == generation
    assert wire.answers == []
