# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds miners among many addresses and polls them, concurrently and within limits.

Each address goes through up to three stages, and is dropped at the first that fails: a short TCP probe, the check that
it is a miner, and only then login and facts. A fixed number of workers takes one address after the other, so neither
tasks nor sockets grow with the number of addresses, and a device that hangs occupies one worker until its deadline.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.minerops.dragonmint.plugins.module_utils import _redaction
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    Bug,
    InvalidInput,
    MinerError,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.subsets import LEFT_OUT, Sources
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.async_client import AsyncClient
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Connection, Credential, Steps

POLLED = "polled"
LOCKED = "locked"
UNRESPONSIVE = "unresponsive"

PROGRESS_EVERY_S = 5.0
# Scans are repeated, so the next one finds a miner that was booting.
_RETRIES = 1
# The uptime is in whole minutes, and clocks get adjusted.
_BOOT_SLACK_S = 120.0


@dataclass(frozen=True)
class Options:
    """How to look for miners and what to read. ``deadline_s`` limits all requests to one address together."""

    port: int
    credentials: tuple[Credential, ...]
    auth: str
    subsets: tuple[str, ...]
    concurrency: int
    connect_timeout_s: float
    timeout_s: float
    deadline_s: float

    def connection(self, address: str, first: str | None = None) -> Connection:
        """Returns the connection to an address, with the credential named ``first`` before the others."""
        credentials = sorted(self.credentials, key=lambda credential: credential.name != first)
        return Connection(
            address, tuple(credentials), self.port, auth=self.auth, timeout_s=self.timeout_s, retries=_RETRIES
        )


@dataclass(frozen=True)
class Found:
    """A miner that was found. ``state`` is POLLED, LOCKED (no login accepted) or UNRESPONSIVE (died during the poll).

    ``polled_at`` is the end of its poll in seconds since 1970, ``credential`` the name of the accepted one, ``problem``
    what is wrong, ``missing`` why facts are missing, by subset, and ``doubts`` caveats about the others. All values fit
    into JSON and contain no secret.
    """

    address: str
    state: str
    polled_at: float
    facts: dict[str, Any] = field(default_factory=dict)
    credential: str | None = None
    problem: str | None = None
    missing: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class KnownMiner:
    """What an earlier poll found at an address: a miner, the name of its accepted credential, and when it booted.

    ``booted_at`` is in seconds since 1970.
    """

    mac: str
    credential: str | None
    booted_at: float


@dataclass
class Counts:
    """The results by address so far.

    ``silent`` includes addresses that this machine could not try; ``failures`` counts these by reason.
    """

    total: int
    began_at: float
    addresses: int = 0
    silent: int = 0
    unknown: int = 0
    filtered: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys((POLLED, LOCKED, UNRESPONSIVE), 0))

    @property
    def identified(self) -> int:
        return self.filtered + sum(self.states.values())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began_at


Keep = Callable[[str, dict[str, Any]], bool]


def poll(
    addresses: Addresses, options: Options, keep: Keep, report: Callable[[Counts], None]
) -> tuple[list[Found], Counts]:
    """Returns the miners among the addresses, in order, and the counts over all addresses.

    ``keep`` gets the address and identity of a miner, before anything else is read, and returns whether to poll it; an
    InvalidInput that it raises ends the scan. ``report`` is called every PROGRESS_EVERY_S seconds.
    """
    return asyncio.run(_Scan(addresses, options, keep).run(report))


async def polled(
    addresses: Addresses, options: Options, known_miners: Mapping[str, KnownMiner] | None = None
) -> tuple[list[Found], Counts]:
    """Like :func:`poll` without a filter, for callers with an event loop.

    ``known_miners`` maps addresses to miners of an earlier poll; unless they have booted since, their page and login
    are not checked again.
    """
    return await _Scan(addresses, options, lambda _address, _identity: True, known_miners).run(lambda _counts: None)


def known_miner(found: Found) -> KnownMiner | None:
    """Returns what a later poll needs to recognise this miner; None if that is unknown."""
    mac = (found.facts.get("dragonmint_identity") or {}).get("mac")
    uptime_s = (found.facts.get("dragonmint_hardware") or {}).get("uptime_seconds")
    if found.state != POLLED or not mac or uptime_s is None:
        return None
    return KnownMiner(mac, found.credential, found.polled_at - uptime_s)


class _Scan:
    def __init__(
        self, addresses: Addresses, options: Options, keep: Keep, known_miners: Mapping[str, KnownMiner] | None = None
    ) -> None:
        self._addresses: Iterator[str] = iter(addresses)
        self._known_miners = known_miners or {}
        self._options = options
        self._keep = keep
        self._secrets = _secrets_of(options.credentials)
        self._found: list[Found] = []
        self._counts = Counts(len(addresses), time.monotonic())

    async def run(self, report: Callable[[Counts], None]) -> tuple[list[Found], Counts]:
        reporter = asyncio.create_task(self._report(report))
        count = min(sockets.sockets_allowed(self._options.concurrency), self._counts.total)
        workers = [asyncio.create_task(self._work()) for _unused in range(count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in (reporter, *workers):
                task.cancel()
            await asyncio.gather(reporter, *workers, return_exceptions=True)
        return sorted(self._found, key=lambda found: socket.inet_aton(found.address)), self._counts

    async def _report(self, report: Callable[[Counts], None]) -> None:
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            report(self._counts)

    async def _work(self) -> None:
        for address in self._addresses:
            try:
                sock = await sockets.probe(address, self._options.port, self._options.connect_timeout_s)
            except OSError as error:
                sock = None
                reason = error.strerror or str(error)
                self._counts.failures[reason] = self._counts.failures.get(reason, 0) + 1
            if sock is None:
                self._counts.silent += 1
            else:
                with sock:
                    await self._poll_address(address, sock)
            self._counts.addresses += 1

    async def _poll_address(self, address: str, sock: socket.socket) -> None:
        options = self._options
        known = self._known_miners.get(address)
        connection = options.connection(address, known.credential if known else None)
        address_poll = _AddressPoll(Session(connection), options.subsets, self._keep, known)
        async with AsyncClient(first=(connection, sock)) as client:
            try:
                await asyncio.wait_for(client.run(address_poll.steps()), options.deadline_s)
            except asyncio.TimeoutError:
                address_poll.problem = f"The miner has not answered all requests within {options.deadline_s:g} s."
            except InvalidInput:
                raise
            except MinerError as error:
                address_poll.problem = str(error)
            except Exception as error:  # noqa: BLE001 - what one device brings up must not lose all others
                address_poll.problem = str(Bug(error))
        if not address_poll.is_miner:
            self._counts.unknown += 1
        elif not address_poll.is_kept:
            self._counts.filtered += 1
        else:
            found = address_poll.found(self._secrets)
            self._counts.states[found.state] += 1
            self._found.append(found)


class _AddressPoll:
    """The requests to one address, and their progress."""

    def __init__(self, session: Session, subsets: Sequence[str], keep: Keep, known: KnownMiner | None) -> None:
        self._session = session
        self._subsets = subsets
        self._keep = keep
        self._known = known
        self._sources = Sources(session, subsets)
        self._facts: dict[str, Any] = {}
        self._missing: dict[str, str] = {}
        self._is_locked = False
        self._is_logged_in = False
        self.is_miner = False
        self.is_kept = True
        self.problem: str | None = None

    def steps(self) -> Steps[None]:
        """Runs the stages. Raises Unreachable, TimedOut or BadReply if they end early.

        A device that serves a miner's page and then stops responding counts as a miner.
        """
        if self._known is None or not (yield from self._recognises(self._known)):
            self.is_miner = yield from self._session.shows_index()
            self.is_miner = self.is_miner and (yield from self._session.speaks_as_miner())
            if not self.is_miner:
                return
            try:
                yield from self._session.log_in()
            except AuthenticationFailed as error:
                self._is_locked, self.problem = True, str(error)
                return
        self.is_miner = self._is_logged_in = True
        for subset in self._subsets:
            yield from self._gather(subset)
            identity = self._facts.get("dragonmint_identity")
            if subset == "identity" and identity and not self._keep(self._session.connection.host, identity):
                self.is_kept = False
                return

    def _recognises(self, known: KnownMiner) -> Steps[bool]:
        """Whether the miner of an earlier poll is still there and accepts its login; if not, the stages start over.

        The login is sent only to a device that responds like a miner. A reset to factory passwords, after which an
        Innosilicon accepts any, reboots the miner.
        """
        try:
            if not (yield from self._session.speaks_as_miner()):
                return False
            overview = yield from self._sources.overview()
        except MinerError:
            self._sources = Sources(self._session, self._subsets)
            return False
        uptime_s = overview.hardware.uptime_seconds
        if overview.identity.mac != known.mac or uptime_s is None:
            return False
        return bool(time.time() - uptime_s <= known.booted_at + _BOOT_SLACK_S)

    def found(self, secrets: set[str]) -> Found:
        """Returns the result. A device may repeat what it was sent, so secrets are searched for in all of it."""
        credential = self._session.credential.name if self._is_logged_in else None
        state = LOCKED if self._is_locked else UNRESPONSIVE if self.problem else POLLED
        secrets = secrets | self._session.tokens
        doubts = [doubt for subset in self._sources.doubts.values() for doubt in subset]
        problem, missing, doubts = _redaction.scrub([self.problem, self._missing, doubts], secrets)
        # Searching all facts as one text takes a tenth of the time of walking through them.
        text = repr(self._facts)
        is_clean = not any(secret in text for secret in secrets)
        known = self._facts if is_clean else _redaction.scrub(self._facts, secrets)
        address = self._session.connection.host
        return Found(address, state, time.time(), known, credential, problem, missing, doubts)

    def _gather(self, subset: str) -> Steps[None]:
        try:
            self._facts[f"dragonmint_{subset}"] = yield from self._sources.fact(subset)
        except (*LEFT_OUT, BadReply, AuthenticationFailed) as error:
            self._missing[subset] = str(error)


def _secrets_of(credentials: Iterable[Credential]) -> set[str]:
    logins = ({"username": credential.username, "password": credential.password} for credential in credentials)
    return {secret for login in logins for secret in _redaction.secrets_in(login)}
