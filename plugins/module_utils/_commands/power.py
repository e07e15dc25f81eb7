# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot, restart of mining, power off and factory reset, each verified.

The miner confirms these commands before it carries them out, and its confirmation can get lost. So a confirmation
proves nothing, and a missing one disproves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    NotApplied,
    NotBack,
    NotReady,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import mac_address
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import (
    Outcome,
    after_change,
    send_once,
    wait_until,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.mining import current_mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import (
    Tracker,
    hosts_to_search,
    read_overview,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint, Request
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import ADMIN, FACTORY_PASSWORDS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import Mining, not_mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import (
    FACTORY_RESET,
    OVERVIEW,
    POWEROFF,
    REBOOT,
    RESTART_CGMINER,
    TYPE,
)

# The uptime is in whole minutes.
_UPTIME_SLACK_S = 60.0


@dataclass(frozen=True)
class Options:
    """The requested state, its preconditions, and how long to wait for the proof; None to not wait.

    ``hosts`` are the addresses to search for a miner that comes back at another one.
    """

    state: str
    min_uptime_s: float | None
    confirm: str | None
    wait_s: float | None
    hosts: Sequence[str] = ()


@dataclass(frozen=True)
class PowerOutcome(Outcome[dict[str, str]]):
    """An outcome, and the seconds until it was proven."""

    elapsed_s: float


def options_from(params: Mapping[str, Any]) -> Options:
    """Returns what the module options request. Raises InvalidInput for options that don't belong to the state."""
    state, min_uptime_s, confirm = params["state"], params["min_uptime"], params["confirm"]
    if min_uptime_s is not None and state != "rebooted":
        raise InvalidInput(f"min_uptime is for state=rebooted, not for state={state}. Leave it out.")
    if (confirm is not None) != (state == "factory_reset"):
        raise InvalidInput(
            "confirm is the MAC address of the miner to reset to factory settings. It is required with "
            "state=factory_reset, and not allowed with any other state."
        )
    hosts = tuple(hosts_to_search(params["search"]))
    if hosts and not (_COMMANDS[state].may_move and params["wait"]):
        raise InvalidInput(
            f"search can only be used with state=rebooted or state=factory_reset, and wait=true. "
            f"With state={state}, wait={str(params['wait']).lower()}, leave it out."
        )
    return Options(state, min_uptime_s, confirm, params["wait_timeout"] if params["wait"] else None, hosts)


def apply(session: Session, options: Options, check_mode: bool, warn: Callable[[str], None]) -> Steps[PowerOutcome]:
    """Brings a miner to a state with a single command, and waits for the proof.

    Raises WrongDevice before anything is sent, NotApplied if the miner carries on unchanged, NotBack if that can't be
    determined, and NotReady if cgminer does not respond again.
    """
    began = session.now()
    command = _COMMANDS[options.state]
    tracker = Tracker(session, options.hosts, options.wait_s or 0.0, command.passwords)
    if options.hosts:
        yield from tracker.begin()
    is_due = yield from _is_due(session, options, warn)
    if is_due:
        yield from session.require_rights()
        yield from session.log_in()
    if is_due and not check_mode:
        yield from _execute(session, options, tracker, warn)
    before, after = {"state": "running"}, {"state": options.state}
    if not is_due:
        before = after = after if options.state == "poweredoff" else before
    return PowerOutcome(
        is_due, after, {"before": {"power": before}, "after": {"power": after}}, round(session.now() - began, 1)
    )


def reboot(session: Session, tracker: Tracker, wait_s: float) -> Steps[None]:
    """Reboots a miner and waits until it is back. Raises NotApplied or NotBack if that fails."""
    yield from _execute(session, Options("rebooted", None, None, wait_s), tracker, lambda text: None)


def _is_due(session: Session, options: Options, warn: Callable[[str], None]) -> Steps[bool]:
    if options.state == "poweredoff" and (yield from _is_off(session)):
        warn(
            "Nothing answers at the miner's address, so it counts as off. It may only be disconnected from the network."
        )
        return False
    if options.min_uptime_s is not None:
        uptime_s = (yield from session.read(OVERVIEW)).hardware.uptime_seconds
        if uptime_s is None:
            raise BadReply("The miner does not report its uptime, so min_uptime can't be applied. Leave it out.")
        return uptime_s >= options.min_uptime_s
    if options.confirm is not None:
        mac = (yield from session.read(OVERVIEW)).identity.mac
        if mac != mac_address(options.confirm):
            raise WrongDevice(
                f"confirm names {options.confirm}, but the miner has the MAC address {mac}. Nothing was changed. "
                f"Correct confirm, or the address."
            )
    return True


def _execute(session: Session, options: Options, tracker: Tracker, warn: Callable[[str], None]) -> Steps[None]:
    command = _COMMANDS[options.state]
    is_done = yield from command.proof(session, tracker)
    lost = yield from send_once(session.write(Request(command.endpoint)))
    if options.wait_s is None:
        if lost:
            warn(
                f"The command was sent, but the miner's reply was lost ({lost.reason}), and wait is false, so the "
                f"result is unknown."
            )
        return
    deadline = session.now() + options.wait_s
    with after_change():
        is_proven = yield from wait_until(session, is_done, options.wait_s)
    if not is_proven:
        yield from _check_again(is_done, command, options.wait_s)
    with after_change():
        if not (yield from wait_until(session, lambda: command.is_back(session), deadline - session.now())):
            raise NotReady(
                f"Mining was restarted, but cgminer has not come back within {options.wait_s:g} s. Reboot the miner."
            )


# Whether it is proven: False disproves it, an error leaves it open.
Proof = Callable[[], Steps[bool]]


def _at_once() -> Steps[bool]:
    yield from ()
    return True


@dataclass(frozen=True)
class _Command:
    """How to bring a miner to a state.

    ``proof`` reads the miner beforehand, and returns the check to run afterwards. For messages, ``order`` is the
    command, ``undone`` the miner's state if it did not carry out the command, and ``advice`` what to do if that is
    unknown. ``may_move`` means that it may come back at another address, and ``passwords`` are the admin's afterwards
    if they differ from the present one.
    """

    endpoint: Endpoint[None]
    proof: Callable[[Session, Tracker], Steps[Proof]]
    order: str
    undone: str
    advice: str
    may_move: bool = False
    passwords: tuple[str, ...] = ()
    is_back: Callable[[Session], Steps[bool]] = lambda session: _at_once()


def reboot_proof(session: Session, tracker: Tracker) -> Steps[Proof]:
    """A miner has rebooted once its previous tokens are refused and its uptime began after the command.

    Neither is enough: tokens also expire when the clock jumps, and the uptime is in whole minutes. If the token has
    expired and the uptime can't be read, the result is open.
    """
    jwt = (yield from session.log_in()).jwt
    began = session.now()

    def is_done() -> Steps[bool]:
        yield from tracker.follow()
        if (yield from session.is_token_alive(jwt)):
            return False
        uptime_s = (yield from read_overview(session)).hardware.uptime_seconds
        if uptime_s is None:
            reason = "it does not report its uptime"
            raise BadReply(f"The reboot can't be verified: {reason}.", reason, transient=True)
        return uptime_s <= session.now() - began + _UPTIME_SLACK_S

    return is_done


def _reset_proof(session: Session, tracker: Tracker) -> Steps[Proof]:
    """A miner has been reset once its previous tokens are refused and it accepts a factory login."""
    jwt = (yield from session.log_in()).jwt

    def is_done() -> Steps[bool]:
        yield from tracker.follow()
        if (yield from session.is_token_alive(jwt)):
            return False
        return (yield from session.accepts(ADMIN, *FACTORY_PASSWORDS[ADMIN]))

    return is_done


def _restart_proof(session: Session, tracker: Tracker) -> Steps[Proof]:
    """Mining has restarted once cgminer stopped responding, or has been running for a shorter time than before."""
    before = yield from _mining_before(session)

    def is_done() -> Steps[bool]:
        now = yield from current_mining(session, retry=False)
        if not before.ready:
            return now.ready
        if not now.ready or before.elapsed_seconds is None or now.elapsed_seconds is None:
            return not now.ready
        return now.elapsed_seconds < before.elapsed_seconds

    return is_done


def _is_mining(session: Session) -> Steps[bool]:
    return (yield from current_mining(session, retry=False)).ready


def _off_proof(session: Session, tracker: Tracker) -> Steps[Proof]:
    """A miner is off once nothing answers HTTP at its address."""
    yield from ()
    return lambda: _is_off(session)


def _is_off(session: Session) -> Steps[bool]:
    try:
        yield from session.read(TYPE)
    except Unreachable:
        return True
    return False


def _mining_before(session: Session) -> Steps[Mining]:
    """The state of cgminer. If it hangs, the web server hangs too; that also counts as not ready."""
    try:
        return (yield from current_mining(session, retry=False))
    except (TimedOut, BadReply) as error:
        if isinstance(error, BadReply) and not error.transient:
            raise
        return not_mining()


def _check_again(is_done: Proof, command: _Command, wait_s: float) -> Steps[None]:
    """Checks once more a miner without proof at the end of the wait.

    Raises NotApplied if it has not carried out the command, NotBack if that is unknown.
    """
    sent = f"The miner was sent the command to {command.order}"
    try:
        if (yield from is_done()):
            return
    except MinerError as error:
        failure = NotBack(
            f"{sent}, but the result is unknown after {wait_s:g} s: {error.reason}. {command.advice}",
            reason=error.reason,
        )
        failure.changed = True
        raise failure from error
    raise NotApplied(
        f"{sent}, but {command.undone} after {wait_s:g} s. The command was sent only once: check the miner's logs, or "
        "run the task again."
    )


_COMMANDS = {
    "rebooted": _Command(
        REBOOT,
        reboot_proof,
        "reboot",
        "it has not rebooted",
        "Check the uptime on its web page, and the miner itself. If it only needs more time, raise wait_timeout. If "
        "DHCP may have given it another address, name that network in search.",
        may_move=True,
    ),
    "mining_restarted": _Command(
        RESTART_CGMINER,
        _restart_proof,
        "restart mining",
        "cgminer has not restarted",
        "Check its logs. If cgminer still does not answer, reboot the miner.",
        is_back=_is_mining,
    ),
    "poweredoff": _Command(
        POWEROFF,
        _off_proof,
        "power off",
        "it still answers",
        "Check the miner itself. If it only needs more time, raise wait_timeout.",
    ),
    "factory_reset": _Command(
        FACTORY_RESET,
        _reset_proof,
        "reset itself to factory settings",
        "it does not accept the factory login",
        "Check the miner itself. After a reset it gets its address from DHCP: name that network in search. If it "
        "only needs more time, raise wait_timeout.",
        may_move=True,
        passwords=FACTORY_PASSWORDS[ADMIN],
    ),
}
STATES = tuple(_COMMANDS)
