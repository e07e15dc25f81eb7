# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a miner that has moved to another address: in a network, and by its MAC.

Only a login shows a miner's MAC, so whoever answers is first asked without one whether it is a miner at all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    InvalidInput,
    MinerError,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import ipv4_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Knock, Steps, Together, apart
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, Overview

SEARCH_MAX = 4096

_PROBE_S = 1.0
_LOOKS_AT_ONCE = 64
_LOOK_TIMEOUT_S = 3.0
# A miner that boots mostly comes back where it was, and a search asks all of its neighbours.
_PATIENCE_S = 120.0
_PAUSE_S = 5.0

Found = tuple[str, Overview]


def hosts_to_search(text: str | None) -> list[str]:
    """Returns the addresses of a network in CIDR notation, none for None or an empty text.

    Raises InvalidInput for a bad or a huge network.
    """
    if not text:
        return []
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise InvalidInput(
            f"search {text!r} is not a network. Give it in CIDR notation, such as 10.1.0.0/22."
        ) from None
    ipv4_from(text.partition("/")[0], "search")
    if network.num_addresses > SEARCH_MAX:
        raise InvalidInput(
            f"search {text!r} has {network.num_addresses} addresses, but at most {SEARCH_MAX} can be searched. Give "
            f"the part from which DHCP assigns addresses."
        )
    return [str(address) for address in network.hosts()]


def accepts_connections(session: Session, host: str) -> Steps[bool]:
    """Whether anything listens there, at the port of the session's miner."""
    accepts: bool = yield Knock(host, session.connection.port, _PROBE_S)
    return accepts


def read_overview(session: Session) -> Steps[Overview]:
    """Reads the overview of a miner that may still be booting: one that can't be read now may be soon."""
    try:
        return (yield from session.read(OVERVIEW, patient=False))
    except BadReply as error:
        raise BadReply(str(error), error.reason, transient=True) from error


def look(session: Session, host: str, mac: str, passwords: Sequence[str] = ()) -> Steps[Overview | None]:
    """Reads what the device at an address reports of itself; None if it is not the miner with this MAC.

    A miner is shown the login that ``session`` uses, then each of ``passwords`` with it; no other device is shown a
    login. Raises what kept it from answering.
    """
    overview = yield from apart(_overview_of_miner(session.elsewhere(host, passwords, _LOOK_TIMEOUT_S)))
    return overview if overview and overview.identity.mac == mac else None


def search(session: Session, hosts: Sequence[str], mac: str, passwords: Sequence[str] = ()) -> Steps[Found | None]:
    """Looks at many addresses at once, and returns where the miner with this MAC is; None if it is at none of them."""

    def look_there(host: str) -> Steps[Found | None]:
        if not (yield from accepts_connections(session, host)):
            return None
        overview = yield from look(session, host, mac, passwords)
        return (host, overview) if overview else None

    outcomes = yield Together([look_there(host) for host in hosts], at_once=_LOOKS_AT_ONCE)
    return next((found for found in outcomes if found and not isinstance(found, MinerError)), None)


def whereabouts(session: Session, hosts: Sequence[str], passwords: Sequence[str] = ()) -> Steps[dict[str, str]]:
    """Looks at many addresses at once, and returns the address of each miner there, by its MAC."""

    def look_there(host: str) -> Steps[tuple[str, str] | None]:
        if not (yield from accepts_connections(session, host)):
            return None
        overview = yield from apart(_overview_of_miner(session.elsewhere(host, passwords, _LOOK_TIMEOUT_S)))
        return (overview.identity.mac, host) if overview and overview.identity.mac else None

    outcomes = yield Together([look_there(host) for host in hosts], at_once=_LOOKS_AT_ONCE)
    return dict(found for found in outcomes if found and not isinstance(found, MinerError))


def _overview_of_miner(session: Session) -> Steps[Overview | None]:
    try:
        return (yield from read_overview(session)) if (yield from session.is_miner()) else None
    except AuthenticationFailed:
        return None


class Tracker:
    """Moves a session to where its miner is, within a network. Without addresses to search, it stays where it is.

    ``passwords`` are those that it may take besides the session's own once it comes back.
    """

    def __init__(self, session: Session, hosts: Sequence[str], wait_s: float, passwords: Sequence[str] = ()) -> None:
        """``wait_s`` is how long the miner has to come back; the first part of that it has at its own address."""
        self._session = session
        self._hosts = hosts
        self._passwords = passwords
        self._patience_s = min(_PATIENCE_S, wait_s / 3)
        self._mac = ""
        self._silent_since: float | None = None
        self._next_search_at = 0.0

    def begin(self) -> Steps[Overview]:
        """Reads the overview, and the MAC by which the miner is found later.

        One that is expected to have a certain MAC, and does not answer at its address, is looked for at once. Raises
        BadReply for a miner that is to be found again and does not report its MAC, and what reading may raise.
        """
        connection = self._session.connection
        expected = connection.expected_mac if self._hosts else None
        passwords = [credential.password for credential in connection.credentials[1:]]
        try:
            overview = yield from self._session.read(OVERVIEW)
            if expected not in (None, overview.identity.mac):
                raise WrongDevice(
                    f"The device at {connection.url} has the MAC {overview.identity.mac}, not the expected {expected}, "
                    f"and {self._nowhere}. Nothing was changed."
                )
        except (Unreachable, TimedOut, WrongDevice):
            found = (yield from self._search(expected, passwords)) if expected else None
            if found is None:
                raise
            overview = found
        if self._hosts and not overview.identity.mac:
            raise BadReply(
                "The miner does not report its MAC address, so search could not find it at another address. Reboot "
                "it, or "
                "leave out search. Nothing was changed."
            )
        self._mac = overview.identity.mac or ""
        return overview

    def follow(self) -> Steps[None]:
        """Moves the session to where the miner is now, which has begun to reboot since.

        Raises Unreachable or TimedOut while it is nowhere, and BadReply while it can't say who it is.
        """
        if not self._hosts:
            return
        now = self._session.now()
        host = self._session.connection.host
        try:
            if (yield from look(self._session, host, self._mac, self._passwords)):
                self._silent_since = None
                return
            trouble: MinerError = Unreachable(
                f"The miner {self._mac} was not found.", f"another device has its address {host}", sent=True
            )
        except (Unreachable, TimedOut) as error:
            self._silent_since = self._silent_since or now
            if now - self._silent_since < self._patience_s:
                raise
            trouble = error
        if now >= self._next_search_at:
            if (yield from self._search(self._mac, self._passwords)):
                return
            # No more than half of the time goes into asking neighbours.
            self._next_search_at = 2 * self._session.now() - now + _PAUSE_S
        reason = f"{trouble.reason}, and {self._nowhere}"
        raise Unreachable(f"The miner {self._mac} was not found: {reason}.", reason, sent=True)

    @property
    def _nowhere(self) -> str:
        return f"the miner was not found from {self._hosts[0]} to {self._hosts[-1]} (search)"

    def _search(self, mac: str, passwords: Sequence[str]) -> Steps[Overview | None]:
        """Moves the session to the miner with this MAC, and returns its overview; None if it is nowhere."""
        found = yield from search(self._session, self._hosts, mac, passwords)
        if found is None:
            return None
        host, overview = found
        self._session.move_to(host)
        self._silent_since = None
        return overview
