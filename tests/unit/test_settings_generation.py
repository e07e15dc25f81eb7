# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generation of a firmware, derived from its behaviour."""

from __future__ import annotations

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.generation import current_generation
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

from .driving import Connect, asking
from .helpers import INNOMINER_PAGE, INVALID_REQUEST, NO_REASON, Miner, Script, logged_in, recorded, said

DRAGONMINT = recorded(DM_2018_05, "/", None, method="GET")
INNOSILICON = recorded(INNO_2018_08, "/", None, method="GET")
NO_TITLE = Reply(404, b"<html>")
NO_SAMPLES = recorded(DM_2018_05, "/api/getHashRates", "guest")
ADMIN_OF_INNO = recorded(INNO_2018_08, "/api/auth", None, form={"username": "admin", "password": "admin"})
ADMIN_OF_INNOMINER = logged_in(issuer="InnoMiner")
NAMELESS_LOGIN = said(success=True, jwt="a.b.c")
REFUSED_TO_GUEST = [INVALID_REQUEST, logged_in("guest")]
REFUSED_TO_ADMIN = [INVALID_REQUEST, logged_in("admin"), INVALID_REQUEST]
LOCK_STATE = Reply(200, b'{"success":true,"status":"0"}')
ERROR_DETAIL = said(success=True, code="0", detail={"description": "", "msg": "", "analysis": ""})
LEVEL = said(success=True, autoTuneMode={"mode": "factory", "level": "2"})
NO_LEVEL = said(success=True, autoTuneMode="factory")


def samples(time: int | str) -> Reply:
    return said(success=True, stats=[[4932258.41]], times=[time])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_miner_is_known_by_what_it_does(generation: str, connect: Connect) -> None:
    assert asking(current_generation, connect(Miner(generation))) == generation


@pytest.mark.parametrize(
    ("answers", "generation"),
    [
        # An action that fails exists.
        ([INNOSILICON, said(success=False, msg="file error")], INNO_2019),
        ([INNOSILICON, *REFUSED_TO_ADMIN, said(success=False, message="file error")], INNO_2018_09),
        ([INNOSILICON, *REFUSED_TO_ADMIN, *[NO_REASON] * 4], INNO_2018_09),
        ([INNOSILICON, *REFUSED_TO_ADMIN, INVALID_REQUEST, LEVEL], INNO_2018_08),
        # Of July 2018: it already has the later name, but no levels yet.
        ([INNOSILICON, *REFUSED_TO_ADMIN, INVALID_REQUEST, NO_LEVEL], INNO_2018_05),
        ([INNOMINER_PAGE, *REFUSED_TO_ADMIN], INNO_2018_05),
        # The first weeks of InnoMiner: the page is still DragonMint's.
        ([DRAGONMINT, ADMIN_OF_INNOMINER, INVALID_REQUEST], INNO_2018_05),
        ([DRAGONMINT, logged_in(), INVALID_REQUEST], DM_2018_04),
        # If the login does not name a maker, the page decides.
        ([DRAGONMINT, NAMELESS_LOGIN, INVALID_REQUEST], DM_2018_04),
        # A page that somebody changed, or a server in front of the miner.
        ([NO_TITLE, ADMIN_OF_INNO, INVALID_REQUEST, LOCK_STATE], INNO_2018_09),
        ([NO_TITLE, logged_in(), INVALID_REQUEST], DM_2018_04),
        # The name of later firmware is unknown.
        ([INNOMINER_PAGE, ERROR_DETAIL], INNO_2019),
        ([NO_TITLE, NAMELESS_LOGIN, ERROR_DETAIL], INNO_2019),
        ([NO_TITLE, NAMELESS_LOGIN, INVALID_REQUEST], "unknown"),
    ],
)
def test_the_signs_of_a_firmware(answers: list[Reply | Exception], generation: str, connect: Connect) -> None:
    wire = Script(list(answers))
    assert asking(current_generation, connect(wire)) == generation
    assert wire.answers == []


@pytest.mark.parametrize(
    ("answers", "generation"),
    [
        ([DRAGONMINT, logged_in("guest"), INVALID_REQUEST, samples("1529186520")], DM_2018_04),
        ([DRAGONMINT, logged_in("guest"), INVALID_REQUEST, samples(1529186520)], DM_2018_05),
        ([DRAGONMINT, logged_in("guest"), INVALID_REQUEST, NO_SAMPLES], "unknown"),
        ([INNOSILICON, *REFUSED_TO_GUEST], "unknown"),
        ([INNOMINER_PAGE, *REFUSED_TO_GUEST], "unknown"),
        ([INNOSILICON, ERROR_DETAIL], INNO_2019),
    ],
)
def test_what_a_guest_may_see_of_it(answers: list[Reply | Exception], generation: str, connect: Connect) -> None:
    wire = Script(list(answers))
    assert asking(current_generation, connect(wire, username="guest")) == generation
    assert wire.answers == []
