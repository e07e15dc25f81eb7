# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot, restart of mining, power off and factory reset: what is refused, what is sent once, and the proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import power
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands.power import Options, PowerOutcome
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    InvalidInput,
    MinerError,
    NotApplied,
    NotBack,
    NotReady,
    Rejected,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint, Request, parse
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import ADMIN, DM_2018_05
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import SUMMARY, Mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, TYPE
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import Login

from .driving import Stepping, run
from .helpers import Clock, recorded

PARAMETERS = {
    "state": "rebooted",
    "min_uptime": None,
    "confirm": None,
    "wait": True,
    "wait_timeout": 60.0,
    "search": None,
}
MAC = "a0:b0:45:00:00:01"
WAIT_S = 60.0
DAY_S = 86400

GONE = Unreachable("Nobody answers.", "connection refused", sent=False)
HUNG = TimedOut("It hangs.", "no answer within 10 s")
STARTING = NotReady("It may be starting.")
GARBAGE = BadReply("No miner.", "an HTML page")
NO_PROGRAM = BadReply("502", "HTTP 502", transient=True)
REPLY_LOST = Unreachable("It broke.", "the connection was closed", sent=True)


class TestOptions:
    @pytest.mark.parametrize(
        ("change", "options"),
        [
            ({}, Options("rebooted", None, None, 60.0)),
            ({"wait": False}, Options("rebooted", None, None, None)),
            ({"min_uptime": 0.0}, Options("rebooted", 0.0, None, 60.0)),
            ({"min_uptime": 3600.0}, Options("rebooted", 3600.0, None, 60.0)),
            ({"state": "mining_restarted"}, Options("mining_restarted", None, None, 60.0)),
            ({"state": "poweredoff"}, Options("poweredoff", None, None, 60.0)),
            ({"state": "factory_reset", "confirm": MAC}, Options("factory_reset", None, MAC, 60.0)),
            ({"search": ""}, Options("rebooted", None, None, 60.0)),
            ({"search": "10.1.0.0/30"}, Options("rebooted", None, None, 60.0, ("10.1.0.1", "10.1.0.2"))),
        ],
        ids=str,
    )
    def test_they_are_taken(self, change: dict[str, Any], options: Options) -> None:
        assert power.options_from({**PARAMETERS, **change}) == options

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            *[
                ({"state": state, "min_uptime": 3600.0}, f"min_uptime is for state=rebooted, not for state={state}")
                for state in ("mining_restarted", "poweredoff")
            ],
            *[
                ({"state": state, "confirm": MAC}, "not allowed with any other state")
                for state in ("rebooted", "mining_restarted", "poweredoff")
            ],
            *[
                ({"search": "10.1.0.0/30", **more}, f"With {found}, leave it out")
                for more, found in (
                    ({"state": "mining_restarted"}, "state=mining_restarted, wait=true"),
                    ({"state": "poweredoff"}, "state=poweredoff, wait=true"),
                    ({"wait": False}, "state=rebooted, wait=false"),
                )
            ],
            ({"search": "10.1.0"}, "search '10.1.0' is not a network"),
            ({"state": "factory_reset"}, "It is required with state=factory_reset"),
            ({"state": "factory_reset", "confirm": MAC, "min_uptime": 1.0}, "min_uptime is for"),
        ],
        ids=str,
    )
    def test_what_does_not_belong_to_the_state_is_refused(self, change: dict[str, Any], text: str) -> None:
        with pytest.raises(InvalidInput, match=text):
            power.options_from({**PARAMETERS, **change})


@dataclass(frozen=True)
class Look:
    """A look at the miner. ``trouble`` is the error of all requests, the others are errors of some."""

    trouble: MinerError | None = None
    token_alive: bool = True
    uptime_s: int | None = 3 * DAY_S
    elapsed_s: int | None = 4792
    mining_trouble: MinerError | None = None
    overview_trouble: MinerError | None = None
    login_trouble: MinerError | None = None
    factory_login: bool = False


UP = Look()
OFF = Look(trouble=GONE)
REBOOTED = Look(token_alive=False, uptime_s=0, elapsed_s=5)
RESET = replace(REBOOTED, factory_login=True)
NOT_MINING = Look(mining_trouble=STARTING)
# The state of the miner by seconds after the command.
Life = dict[float, Look]


@dataclass
class Miner:
    """Stands in for a session: a miner with a life after a command, or without one."""

    clock: Clock
    life: Life
    look: Look = UP
    reply: MinerError | None = None
    identity: MinerError | None = None
    mac: str | None = MAC
    commands: list[str] = field(default_factory=list)
    told_at: float = 0.0

    def require_rights(self) -> None:
        if self.identity:
            raise self.identity

    def write(self, request: Request[None]) -> None:
        self.commands.append(request.endpoint.action)
        self.told_at = self.clock.now
        if self.reply:
            raise self.reply

    def log_in(self) -> Login:
        self._now()
        return Login("jwt", ADMIN, "DragonMint")

    def is_token_alive(self, jwt: str) -> bool:
        assert jwt == "jwt"
        return self._now().token_alive

    def accepts(self, username: str, *passwords: str) -> bool:
        now = self._now()
        if now.login_trouble:
            raise now.login_trouble
        return now.factory_login and username == "admin" and "admin" in passwords

    def read(self, endpoint: Endpoint[Any], retry: bool = True) -> Any:
        now = self._now()
        if endpoint is TYPE:
            return "T1"
        if endpoint is SUMMARY:
            if now.mining_trouble:
                raise now.mining_trouble
            return Mining(ready=True, elapsed_seconds=now.elapsed_s)
        assert endpoint is OVERVIEW
        if now.overview_trouble:
            raise now.overview_trouble
        overview = parse(Request(endpoint), recorded(DM_2018_05, "/api/overview"))
        return replace(
            overview,
            identity=replace(overview.identity, mac=self.mac),
            hardware=replace(overview.hardware, uptime_seconds=now.uptime_s),
        )

    def _now(self) -> Look:
        past = self.clock.now - self.told_at
        look = next(
            (self.life[at] for at in sorted(self.life, reverse=True) if self.commands and past >= at), self.look
        )
        if look.trouble:
            raise look.trouble
        return look


Bring = Callable[..., PowerOutcome]


@pytest.fixture
def apply(clock: Clock) -> Bring:
    def apply(
        miner: Miner, state: str, check_mode: bool = False, warn: Callable[[str], None] = lambda text: None, **more: Any
    ) -> PowerOutcome:
        parameters = {**PARAMETERS, "state": state, "confirm": MAC if state == "factory_reset" else None}
        options = power.options_from({**parameters, "wait_timeout": WAIT_S, **more})
        session: Any = Stepping(miner, clock)
        return run(power.apply(session, options, check_mode, warn), clock)

    return apply


COMMANDS = {
    "rebooted": "reboot",
    "mining_restarted": "restartCgMiner",
    "poweredoff": "poweroff",
    "factory_reset": "factoryReset",
}
# What the miner does if all goes well.
WELL: dict[str, Life] = {
    "rebooted": {0: OFF, 30: REBOOTED},
    "mining_restarted": {0: NOT_MINING, 7: replace(UP, elapsed_s=0)},
    "poweredoff": {0: UP, 3: OFF},
    "factory_reset": {0: OFF, 30: RESET},
}


class TestProof:
    @pytest.mark.parametrize(("state", "command"), COMMANDS.items())
    def test_the_command_is_sent_once_and_waited_for(
        self, apply: Bring, clock: Clock, state: str, command: str
    ) -> None:
        miner = Miner(clock, WELL[state])
        outcome = apply(miner, state)
        assert outcome.changed
        assert outcome.value == {"state": state}
        assert miner.commands == [command]
        assert outcome.elapsed_s == max(WELL[state])

    @pytest.mark.parametrize(
        ("state", "life", "elapsed_s"),
        [
            # The miner keeps responding for a while.
            ("rebooted", {0: UP, 5: OFF, 30: REBOOTED}, 30),
            ("rebooted", {0: UP, 5: Look(trouble=HUNG), 6: Look(trouble=NO_PROGRAM), 30: REBOOTED}, 30),
            # Too fast to be seen offline.
            ("rebooted", {0: REBOOTED}, 0),
            # The uptime is in whole minutes, and counts from the command on.
            ("rebooted", {0: OFF, 30: replace(REBOOTED, uptime_s=60)}, 30),
            ("rebooted", {0: OFF, 30: replace(REBOOTED, uptime_s=90)}, 30),
            ("rebooted", {0: OFF, 30: replace(REBOOTED, uptime_s=None), 40: REBOOTED}, 40),
            # Its web server is up before the rest.
            ("rebooted", {0: OFF, 30: replace(REBOOTED, overview_trouble=GARBAGE), 40: REBOOTED}, 40),
            # It is reset once it accepts the factory login, not before.
            ("factory_reset", {0: OFF, 30: REBOOTED, 35: RESET}, 35),
            # A restart so fast that cgminer was never seen silent.
            ("mining_restarted", {0: UP, 4: replace(UP, elapsed_s=1)}, 4),
            # cgminer has to respond again.
            ("mining_restarted", {0: NOT_MINING, 50: replace(UP, elapsed_s=0)}, 50),
            ("mining_restarted", {0: NOT_MINING, 8: Look(mining_trouble=HUNG), 9: replace(UP, elapsed_s=0)}, 9),
            ("poweredoff", {0: UP, 5: Look(trouble=HUNG), 20: OFF}, 20),
        ],
    )
    def test_it_comes_in_many_ways(self, apply: Bring, clock: Clock, state: str, life: Life, elapsed_s: float) -> None:
        miner = Miner(clock, life)
        assert apply(miner, state).elapsed_s == elapsed_s
        assert len(miner.commands) == 1

    @pytest.mark.parametrize(
        ("state", "life", "text"),
        [
            ("rebooted", {}, "has not rebooted after 60 s"),
            # Only a jump of the clock.
            ("rebooted", {0: Look(token_alive=False)}, "has not rebooted"),
            # Its uptime was short already.
            ("rebooted", {0: Look(uptime_s=0)}, "has not rebooted"),
            ("rebooted", {0: replace(REBOOTED, uptime_s=121)}, "has not rebooted"),
            ("mining_restarted", {}, "cgminer has not restarted after 60 s"),
            ("poweredoff", {}, "still answers after 60 s"),
            ("factory_reset", {}, "does not accept the factory login after 60 s"),
            # A reboot is not a reset, and a login that a factory miner accepts does not prove one.
            ("factory_reset", {0: REBOOTED}, "does not accept the factory login"),
            ("factory_reset", {0: replace(UP, factory_login=True)}, "does not accept the factory login"),
        ],
    )
    def test_without_it_the_miner_has_not_done_it(
        self, apply: Bring, clock: Clock, state: str, life: Life, text: str
    ) -> None:
        miner = Miner(clock, life)
        began = clock.now
        with pytest.raises(NotApplied, match=text) as caught:
            apply(miner, state)
        assert not caught.value.changed
        assert len(miner.commands) == 1
        assert WAIT_S <= clock.now - began < WAIT_S + 5

    @pytest.mark.parametrize(
        ("state", "life", "reason"),
        [
            ("rebooted", {0: OFF, 30: replace(REBOOTED, overview_trouble=NO_PROGRAM)}, "HTTP 502"),
            ("rebooted", {0: OFF, 30: replace(REBOOTED, overview_trouble=GARBAGE)}, "an HTML page"),
            ("rebooted", {0: OFF, 30: replace(REBOOTED, overview_trouble=HUNG)}, "no answer within 10 s"),
            ("rebooted", {0: OFF, 30: replace(REBOOTED, uptime_s=None)}, "it does not report its uptime"),
            ("factory_reset", {0: OFF, 30: replace(RESET, login_trouble=NO_PROGRAM)}, "HTTP 502"),
            ("factory_reset", {0: OFF, 30: replace(RESET, login_trouble=HUNG)}, "no answer within 10 s"),
            ("mining_restarted", {0: Look(mining_trouble=HUNG)}, "no answer within 10 s"),
            ("mining_restarted", {0: Look(mining_trouble=NO_PROGRAM)}, "HTTP 502"),
            ("poweredoff", {0: Look(trouble=HUNG)}, "no answer within 10 s"),
        ],
    )
    def test_what_the_miner_can_not_say_afterwards_is_not_known(
        self, apply: Bring, clock: Clock, state: str, life: Life, reason: str
    ) -> None:
        miner = Miner(clock, life)
        with pytest.raises(NotBack, match=f"but the result is unknown after 60 s: {reason}. Check") as caught:
            apply(miner, state)
        assert caught.value.changed
        assert len(miner.commands) == 1

    @pytest.mark.parametrize("state", ["rebooted", "factory_reset", "mining_restarted"])
    @pytest.mark.parametrize("trouble", [GONE, HUNG, NO_PROGRAM], ids=lambda error: error.code)
    def test_a_miner_that_never_answers_again_is_not_back(
        self, apply: Bring, clock: Clock, state: str, trouble: MinerError
    ) -> None:
        miner = Miner(clock, {0: Look(trouble=trouble)})
        with pytest.raises(NotBack, match=trouble.reason) as caught:
            apply(miner, state)
        assert caught.value.changed
        assert len(miner.commands) == 1

    def test_a_cgminer_that_does_not_answer_again_is_not_ready(self, apply: Bring, clock: Clock) -> None:
        with pytest.raises(NotReady, match="cgminer has not come back within 60 s") as caught:
            apply(Miner(clock, {0: NOT_MINING}), "mining_restarted")
        assert caught.value.changed

    def test_another_device_at_the_address_of_a_miner_that_was_switched_off_is_an_error(
        self, apply: Bring, clock: Clock
    ) -> None:
        with pytest.raises(BadReply):
            apply(Miner(clock, {0: Look(trouble=BadReply("an HTML page"))}), "poweredoff")


class TestRestart:
    @pytest.mark.parametrize("trouble", [STARTING, HUNG, NO_PROGRAM], ids=lambda error: error.code)
    def test_a_cgminer_that_does_not_answer_can_be_restarted(
        self, apply: Bring, clock: Clock, trouble: MinerError
    ) -> None:
        miner = Miner(clock, {7: replace(UP, elapsed_s=0)}, look=Look(mining_trouble=trouble))
        assert apply(miner, "mining_restarted").elapsed_s == 7
        assert len(miner.commands) == 1

    def test_one_without_boards_can_be_restarted(self, apply: Bring, clock: Clock) -> None:
        boardless = replace(UP, elapsed_s=None)
        miner = Miner(clock, {0: NOT_MINING, 7: boardless}, look=boardless)
        assert apply(miner, "mining_restarted").elapsed_s == 7


class TestReply:
    @pytest.mark.parametrize("state", COMMANDS)
    @pytest.mark.parametrize("reply", [REPLY_LOST, HUNG, NO_PROGRAM], ids=lambda error: error.code)
    def test_a_lost_one_changes_nothing(self, apply: Bring, clock: Clock, state: str, reply: MinerError) -> None:
        miner = Miner(clock, WELL[state], reply=reply)
        assert apply(miner, state).changed
        assert len(miner.commands) == 1

    @pytest.mark.parametrize(
        "reply", [GONE, Rejected("no", "no"), AuthenticationFailed("no")], ids=lambda error: error.code
    )
    def test_a_command_that_did_not_arrive_is_its_error(self, apply: Bring, clock: Clock, reply: MinerError) -> None:
        with pytest.raises(type(reply)) as caught:
            apply(Miner(clock, {}, reply=reply), "rebooted")
        assert not caught.value.changed

    def test_it_is_not_waited_for_without_wait(self, apply: Bring, clock: Clock) -> None:
        warnings: list[str] = []
        miner = Miner(clock, {0: OFF})
        outcome = apply(miner, "rebooted", wait=False, warn=warnings.append)
        assert outcome.changed
        assert warnings == clock.slept == []
        assert miner.commands == ["reboot"]

    def test_a_lost_one_is_warned_of_without_wait(self, apply: Bring, clock: Clock) -> None:
        warnings: list[str] = []
        assert apply(Miner(clock, {}, reply=REPLY_LOST), "rebooted", wait=False, warn=warnings.append).changed
        assert len(warnings) == 1
        assert "reply was lost (the connection was closed)" in warnings[0]


class TestBefore:
    @pytest.mark.parametrize("state", COMMANDS)
    def test_check_mode_sends_nothing(self, apply: Bring, clock: Clock, state: str) -> None:
        miner = Miner(clock, WELL[state])
        outcome = apply(miner, state, check_mode=True)
        assert outcome.changed
        assert outcome.diff == {"before": {"power": {"state": "running"}}, "after": {"power": {"state": state}}}
        assert miner.commands == []

    @pytest.mark.parametrize("check_mode", [True, False])
    @pytest.mark.parametrize("state", COMMANDS)
    def test_another_miner_than_the_expected_one_is_sent_nothing(
        self, apply: Bring, clock: Clock, state: str, check_mode: bool
    ) -> None:
        miner = Miner(clock, WELL[state], identity=WrongDevice("Another one."))
        with pytest.raises(WrongDevice):
            apply(miner, state, check_mode=check_mode)
        assert miner.commands == []

    @pytest.mark.parametrize("check_mode", [True, False])
    @pytest.mark.parametrize(("uptime_s", "due"), [(3540, False), (3600, True), (3660, True), (0, False)], ids=str)
    def test_a_miner_with_a_short_uptime_is_skipped(
        self, apply: Bring, clock: Clock, uptime_s: int, due: bool, check_mode: bool
    ) -> None:
        miner = Miner(clock, WELL["rebooted"], look=replace(UP, uptime_s=uptime_s))
        outcome = apply(miner, "rebooted", min_uptime=3600.0, check_mode=check_mode)
        assert outcome.changed == due
        assert outcome.value == {"state": "rebooted" if due else "running"}
        assert (outcome.diff["before"] != outcome.diff["after"]) == due
        assert miner.commands == (["reboot"] if due and not check_mode else [])

    def test_an_unknown_uptime_is_an_error(self, apply: Bring, clock: Clock) -> None:
        miner = Miner(clock, WELL["rebooted"], look=replace(UP, uptime_s=None))
        with pytest.raises(BadReply, match="min_uptime can't be applied"):
            apply(miner, "rebooted", min_uptime=3600.0)
        assert miner.commands == []

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_a_miner_that_is_off_already_is_skipped_with_a_warning(
        self, apply: Bring, clock: Clock, check_mode: bool
    ) -> None:
        warnings: list[str] = []
        miner = Miner(clock, {}, look=OFF)
        outcome = apply(miner, "poweredoff", check_mode=check_mode, warn=warnings.append)
        assert not outcome.changed
        assert outcome.value == {"state": "poweredoff"}
        assert outcome.diff["before"] == outcome.diff["after"]
        assert len(warnings) == 1
        assert "may only be disconnected from the network" in warnings[0]
        assert miner.commands == []

    @pytest.mark.parametrize("check_mode", [True, False])
    @pytest.mark.parametrize("mac", ["a0:b0:45:00:00:02", None])
    def test_a_reset_that_was_confirmed_for_another_miner_is_refused(
        self, apply: Bring, clock: Clock, mac: str | None, check_mode: bool
    ) -> None:
        miner = Miner(clock, WELL["factory_reset"], mac=mac)
        with pytest.raises(WrongDevice, match=f"confirm names {MAC}"):
            apply(miner, "factory_reset", check_mode=check_mode)
        assert miner.commands == []

    @pytest.mark.parametrize("confirm", ["A0:B0:45:00:00:01", "a0-b0-45-00-00-01", " a0:b0:45:00:00:01\n"])
    def test_a_mac_is_taken_however_it_is_written(self, apply: Bring, clock: Clock, confirm: str) -> None:
        assert apply(Miner(clock, WELL["factory_reset"]), "factory_reset", confirm=confirm).changed
