# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a miner that has moved to another address, by its MAC within a network.

A miner reveals its MAC only after a login, so each device is first checked without one for being a miner at all.
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
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Probe, Steps, Together, apart
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, Overview

SEARCH_MAX = 4096

_PROBE_S = 1.0
_LOOKS_AT_ONCE = 64
_LOOK_TIMEOUT_S = 3.0
# A booting miner usually comes back at its old address, and a search queries all of its neighbours.
_OWN_ADDRESS_S = 120.0
_PAUSE_S = 5.0

Found = tuple[str, Overview]


def hosts_to_search(text: str | None) -> list[str]:
    """Returns the addresses of a network in CIDR notation; an empty list for None or an empty text.

    Raises InvalidInput for an invalid network or one that is too large.
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
    """Whether anything listens at this address, on the port of the session's miner."""
    accepts: bool = yield Probe(host, session.connection.port, _PROBE_S)
    return accepts


def read_overview(session: Session) -> Steps[Overview]:
    """Reads the overview of a miner that may still be booting: a failed read may succeed soon."""
    try:
        return (yield from session.read(OVERVIEW, retry=False))
    except BadReply as error:
        raise BadReply(str(error), error.reason, transient=True) from error


def look(session: Session, host: str, mac: str, passwords: Sequence[str] = ()) -> Steps[Overview | None]:
    """Reads the overview of the device at an address; returns None if it is not the miner with this MAC.

    Only a miner gets a login: first that of ``session``, then its username with each of ``passwords``. Raises the error
    that kept it from responding.
    """
    overview = yield from apart(_overview_of_miner(session.elsewhere(host, passwords, _LOOK_TIMEOUT_S)))
    return overview if overview and overview.identity.mac == mac else None


def search(session: Session, hosts: Sequence[str], mac: str, passwords: Sequence[str] = ()) -> Steps[Found | None]:
    """Looks at many addresses at once and returns where the miner with this MAC is; None if at none of them."""

    def look_there(host: str) -> Steps[Found | None]:
        if not (yield from accepts_connections(session, host)):
            return None
        overview = yield from look(session, host, mac, passwords)
        return (host, overview) if overview else None

    outcomes = yield Together([look_there(host) for host in hosts], at_once=_LOOKS_AT_ONCE)
    return next((found for found in outcomes if found and not isinstance(found, MinerError)), None)


def locate(session: Session, hosts: Sequence[str], passwords: Sequence[str] = ()) -> Steps[dict[str, str]]:
    """Looks at many addresses at once and returns the address of each miner found, by MAC."""

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
    """Moves a session to the address of its miner within a network. Without addresses to search, it stays where it is.

    ``passwords`` are those that the miner may accept after its return, besides the session's own.
    """

    def __init__(self, session: Session, hosts: Sequence[str], wait_s: float, passwords: Sequence[str] = ()) -> None:
        """``wait_s`` is how long the miner has to come back; the first part of it at its own address only."""
        self._session = session
        self._hosts = hosts
        self._passwords = passwords
        self._own_address_s = min(_OWN_ADDRESS_S, wait_s / 3)
        self._mac = ""
        self._silent_since: float | None = None
        self._next_search_at = 0.0

    def begin(self) -> Steps[Overview]:
        """Reads the overview, and the MAC by which the miner is found later.

        A miner with an expected MAC that does not respond at its address is searched for at once. Raises BadReply if
        the miner would have to be found again but reports no MAC, and any error of the read.
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
        """Moves the session to the current address of a miner that has begun to reboot.

        Raises Unreachable or TimedOut while the miner is not found, and BadReply while it can't report its MAC.
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
            if now - self._silent_since < self._own_address_s:
                raise
            trouble = error
        if now >= self._next_search_at:
            if (yield from self._search(self._mac, self._passwords)):
                return
            # Spend at most half of the time on querying neighbours.
            self._next_search_at = 2 * self._session.now() - now + _PAUSE_S
        reason = f"{trouble.reason}, and {self._nowhere}"
        raise Unreachable(f"The miner {self._mac} was not found: {reason}.", reason, sent=True)

    @property
    def _nowhere(self) -> str:
        return f"the miner was not found from {self._hosts[0]} to {self._hosts[-1]} (search)"

    def _search(self, mac: str, passwords: Sequence[str]) -> Steps[Overview | None]:
        """Moves the session to the miner with this MAC and returns its overview; None if it was not found."""
        found = yield from search(self._session, self._hosts, mac, passwords)
        if found is None:
            return None
        host, overview = found
        self._session.move_to(host)
        self._silent_since = None
        return overview
