# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The light: where it can be switched, and what is known if the reply is lost."""

from __future__ import annotations

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands.led import STATES, switch
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    MinerError,
    NotBack,
    PermissionDenied,
    Rejected,
    TimedOut,
    Unreachable,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply

from .driving import Connect, asking
from .helpers import INVALID_REQUEST, SUCCESS, Script, logged_in, said

DRAGONMINT, INNOSILICON, OF_2019 = (
    Reply(200, f"<html><head><title>{title}</title></head></html>".encode())
    for title in ("DragonMint", "AsicMiner", "Mining Console")
)
SWITCHED = said(success="true")


@pytest.mark.parametrize(("state", "sent"), [("on", "on"), ("off", "off"), ("blinking", "twinkle")])
def test_the_light_is_switched_in_the_firmwares_words(state: str, sent: str, connect: Connect) -> None:
    wire = Script([logged_in(), INNOSILICON, SWITCHED])
    outcome = asking(switch, connect(wire), state, check_mode=False)
    assert (outcome.changed, outcome.value) == (True, state)
    assert outcome.diff == {"before": {"led": {"state": "unknown"}}, "after": {"led": {"state": state}}}
    assert (wire.asked[-1].action, wire.asked[-1].form) == ("SetMonitor", {"red_light": sent})
    assert state in STATES


@pytest.mark.parametrize("page", [INNOSILICON, OF_2019])
def test_in_check_mode_nothing_is_sent(page: Reply, connect: Connect) -> None:
    wire = Script([logged_in(), page])
    assert asking(switch, connect(wire), "on", check_mode=True).changed
    assert wire.actions == ["auth", "/"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_dragonmints_firmware_is_known_by_its_page(check_mode: bool, connect: Connect) -> None:
    wire = Script([logged_in(), DRAGONMINT])
    with pytest.raises(Unsupported, match="DragonMint's, which cannot switch the light"):
        asking(switch, connect(wire), "on", check_mode=check_mode)


def test_firmware_without_the_light_is_known_once_it_is_sent(connect: Connect) -> None:
    with pytest.raises(Unsupported, match="does not have /api/SetMonitor") as caught:
        asking(switch, connect(Script([logged_in(), OF_2019, INVALID_REQUEST])), "on", check_mode=False)
    assert not caught.value.changed


def test_a_guest_may_not_switch_it(connect: Connect) -> None:
    with pytest.raises(PermissionDenied):
        asking(switch, connect(Script([]), username="guest"), "on", check_mode=False)


@pytest.mark.parametrize("flag", [False, "false"])
def test_the_program_that_has_the_light_may_be_down(flag: bool | str, connect: Connect) -> None:
    wire = Script([logged_in(), INNOSILICON, said(success=flag)])
    with pytest.raises(Rejected, match="did not switch its light to 'on': its program dm-monitor") as caught:
        asking(switch, connect(wire), "on", check_mode=False)
    assert not caught.value.changed


@pytest.mark.parametrize(
    "lost",
    [TimedOut("", "late"), Unreachable("", "cut off", sent=True), BadReply("", "HTTP 502"), said(success="yes")],
)
def test_a_lost_reply_leaves_the_light_unknown_and_nothing_is_sent_again(
    lost: MinerError | Reply, connect: Connect
) -> None:
    wire = Script([logged_in(), INNOSILICON, lost])
    with pytest.raises(NotBack, match=r"reply was lost \(.+\), and the light cannot be read") as caught:
        asking(switch, connect(wire), "blinking", check_mode=False)
    assert caught.value.changed
    assert wire.answers == []


def test_what_was_never_sent_is_no_lost_reply(connect: Connect) -> None:
    wire = Script([logged_in(), INNOSILICON, Unreachable("Nobody.", "refused", sent=False)])
    with pytest.raises(Unreachable) as caught:
        asking(switch, connect(wire), "on", check_mode=False)
    assert not caught.value.changed


def test_a_flag_that_is_no_text_is_as_good(connect: Connect) -> None:
    assert asking(switch, connect(Script([logged_in(), INNOSILICON, SUCCESS])), "on", check_mode=False).changed
