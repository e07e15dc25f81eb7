# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds miners among many addresses and polls them, all at once and in bounds.

Each address goes through three stages, and is left after the first that it fails: a short TCP probe, the proof that a
miner is there, and only then login and facts. A fixed number of workers takes one address after the other, so neither
tasks nor sockets grow with the number of addresses, and a device that hangs holds up one worker until its deadline.
"""

from __future__ import annotations

import asyncio
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils import _redaction
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    Bug,
    InvalidInput,
    MinerError,
    NotReady,
    TimedOut,
    Unreachable,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import subsets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Credential, Session, Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    FORM_TYPE,
    INDEX_PATH,
    REPLY_BYTES_MAX,
    Endpoint,
    InvalidRequest,
    Reply,
    Request,
    TokenExpired,
    form_body,
    is_index,
    parse,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import FACTORY_PASSWORDS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import TYPE

try:
    import aiohttp
    from yarl import URL
except ImportError:
    AIOHTTP_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    AIOHTTP_IMPORT_ERROR = None

T = TypeVar("T")

POLLED = "polled"
LOCKED = "locked"
UNRESPONSIVE = "unresponsive"

PROGRESS_EVERY_S = 5.0
# A miner's index page has 811 bytes.
_INDEX_BYTES_MAX = 64 * 1024
_RETRY_PAUSE_S = 0.5


@dataclass(frozen=True)
class Options:
    """How to look for miners and what to ask them. ``deadline_s`` bounds all that is asked of one address."""

    port: int
    credentials: tuple[Credential, ...]
    auth: str
    subsets: tuple[str, ...]
    concurrency: int
    connect_timeout_s: float
    timeout_s: float
    deadline_s: float


@dataclass(frozen=True)
class Found:
    """A miner that was found. ``state`` is POLLED, LOCKED (no credential is right) or UNRESPONSIVE (died while asked).

    ``polled_at`` is when it was left, in seconds since 1970, ``credential`` the name of the one that it took,
    ``problem`` says what is wrong, and ``missing`` why facts are missing, by subset. It is made of what JSON can carry,
    and holds no secret.
    """

    address: str
    state: str
    polled_at: float
    facts: dict[str, Any] = field(default_factory=dict)
    credential: str | None = None
    problem: str | None = None
    missing: dict[str, str] = field(default_factory=dict)


@dataclass
class Counts:
    """What became of the addresses so far.

    ``silent`` includes those that this machine could not try; ``failures`` counts these by the reason.
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
    """Returns the miners among the addresses, in their order, and what became of all addresses.

    ``keep`` is given the address and the identity of a miner, before it is asked for anything else, and says whether
    it is wanted; an InvalidInput of it ends everything. ``report`` is called every PROGRESS_EVERY_S seconds.
    """
    return asyncio.run(_Scan(addresses, options, keep).run(report))


class _Scan:
    def __init__(self, addresses: Addresses, options: Options, keep: Keep) -> None:
        self._addresses: Iterator[str] = iter(addresses)
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
                    await self._visit(address, sock)
            self._counts.addresses += 1

    async def _visit(self, address: str, sock: socket.socket) -> None:
        options = self._options
        async with sockets.http(sock, address, options.port, options.connect_timeout_s, options.timeout_s) as http:
            visit = _Visit(http, address, options, self._keep)
            try:
                await asyncio.wait_for(visit.run(), options.deadline_s)
            except asyncio.TimeoutError:
                visit.problem = f"It has not answered everything within {options.deadline_s:g} s."
            except InvalidInput:
                raise
            except MinerError as error:
                visit.problem = str(error)
            except Exception as error:  # noqa: BLE001 - what one device brings up must not lose all others
                visit.problem = str(Bug(error))
        # Its socket is closed in the next round of the event loop.
        await asyncio.sleep(0)
        if not visit.is_miner:
            self._counts.unknown += 1
        elif not visit.is_wanted:
            self._counts.filtered += 1
        else:
            found = visit.found(self._secrets)
            self._counts.states[found.state] += 1
            self._found.append(found)


class _Visit:
    """What is asked of one address, and how far that has come. One request at a time."""

    def __init__(self, http: aiohttp.ClientSession, address: str, options: Options, keep: Keep) -> None:
        self._http = http
        self._address = address
        self._url = f"http://{address}:{options.port}"
        self._options = options
        self._keep = keep
        self._session = Session(options.credentials, options.auth)
        self._answers = _Answers()
        self._sources = subsets.Sources(self._answers, options.subsets)
        self._facts: dict[str, Any] = {}
        self._missing: dict[str, str] = {}
        self._is_locked = False
        self._is_logged_in = False
        self.is_miner = False
        self.is_wanted = True
        self.problem: str | None = None

    async def run(self) -> None:
        """Goes through the stages. Raises Unreachable, TimedOut or BadReply where they end early."""
        await self._identify()
        if not self.is_miner:
            return
        try:
            await self._ask(self._session.log_in)
        except AuthenticationFailed as error:
            self._is_locked, self.problem = True, _refusal(error.reason, self._options.credentials)
            return
        self._is_logged_in = True
        for subset in self._options.subsets:
            await self._gather(subset)
            identity = self._facts.get("dragonmint_identity")
            if subset == "identity" and identity and not self._keep(self._address, identity):
                self.is_wanted = False
                return

    def found(self, secrets: set[str]) -> Found:
        """Returns what has become known. A device may say what it was told, so secrets are looked for everywhere."""
        credential = self._session.credential.name if self._is_logged_in else None
        state = LOCKED if self._is_locked else UNRESPONSIVE if self.problem else POLLED
        secrets = secrets | self._session.tokens
        problem, missing = _redaction.scrub([self.problem, self._missing], secrets)
        # To search all facts at once is a tenth of the work of going through them.
        text = repr(self._facts)
        is_clean = not any(secret in text for secret in secrets)
        known = self._facts if is_clean else _redaction.scrub(self._facts, secrets)
        return Found(self._address, state, time.time(), known, credential, problem, missing)

    async def _identify(self) -> None:
        """A miner shows its maker's page and refuses what comes without a login in its own words.

        One that shows the page and then does not answer is taken for a miner, too; what says anything else is none.
        """
        index = await self._fetch("GET", INDEX_PATH, None, {}, _INDEX_BYTES_MAX)
        self.is_miner = is_index(index)
        if not self.is_miner:
            return
        request = Request(TYPE)
        try:
            parse(request, await self._post(request, None))
        except InvalidRequest:
            return
        except (MinerError, TokenExpired) as error:
            if error.transient or isinstance(error, TimedOut):
                raise
        self.is_miner = False

    async def _gather(self, subset: str) -> None:
        while True:
            try:
                self._facts[f"dragonmint_{subset}"] = self._sources.fact(subset)
            except _Unasked as unasked:
                await self._answer(unasked.endpoint)
            except (*subsets.LEFT_OUT, BadReply, AuthenticationFailed) as error:
                self._missing[subset] = str(error)
                return
            else:
                return

    async def _answer(self, endpoint: Endpoint[Any]) -> None:
        request = Request(endpoint)
        try:
            self._answers.keep(endpoint, await self._ask(lambda: self._session.ask(request)))
        except (Unreachable, TimedOut):
            raise
        except MinerError as error:
            self._answers.keep(endpoint, error)

    async def _ask(self, begin: Callable[[], Steps[T]]) -> T:
        """Goes through the steps of a session, and once more if a miner that does not answer might do so soon."""
        try:
            return await self._run(begin())
        except MinerError as error:
            if not error.transient or isinstance(error, NotReady):
                raise
        await asyncio.sleep(_RETRY_PAUSE_S)
        return await self._run(begin())

    async def _run(self, steps: Steps[T]) -> T:
        try:
            sending = next(steps)
            while True:
                try:
                    reply = await self._post(sending.request, sending.authorization)
                except MinerError as error:
                    sending = steps.throw(error)
                else:
                    sending = steps.send(reply)
        except StopIteration as done:
            value: T = done.value
            return value

    async def _post(self, request: Request[Any], authorization: str | None) -> Reply:
        headers = {"Content-Type": FORM_TYPE}
        if authorization is not None:
            headers["Authorization"] = authorization
        body = form_body(request.form)
        return await self._fetch("POST", request.path, body, headers, REPLY_BYTES_MAX)

    async def _fetch(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], bytes_max: int
    ) -> Reply:
        try:
            async with self._http.request(
                method, URL(self._url + path, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                text = await sockets.read(response, bytes_max)
                return Reply(response.status, text, response.headers.get("Location"), response.headers.get("Date"))
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise self._translated(error, path) from error

    def _translated(self, error: Exception, path: str) -> MinerError:
        if isinstance(error, asyncio.TimeoutError):
            return TimedOut(f"The miner did not answer {path} in full within {self._options.timeout_s:g} s.")
        if isinstance(error, aiohttp.ClientPayloadError):
            return BadReply(f"The reply of the miner to {path} broke off.", transient=True)
        if isinstance(error, (OSError, aiohttp.ServerDisconnectedError)):
            reason = "the connection was refused or closed without an answer"
            return Unreachable(f"The miner does not answer {path}: {reason}.", reason, sent=True)
        return BadReply(f"What answers {path} does not speak HTTP.")


class _Unasked(Exception):
    """A value is needed that the miner was not asked for yet."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint.action)
        self.endpoint = endpoint


class _Answers:
    """What a miner has answered, to be read as from a client."""

    def __init__(self) -> None:
        self._answers: dict[str, Any] = {}

    def keep(self, endpoint: Endpoint[Any], answer: Any) -> None:
        """Keeps a value, or the error that came instead."""
        self._answers[endpoint.action] = answer

    def read(self, endpoint: Endpoint[T], patient: bool = True) -> T:
        """Returns the value. Raises the error that came instead, or _Unasked."""
        if endpoint.action not in self._answers:
            raise _Unasked(endpoint)
        answer = self._answers[endpoint.action]
        if isinstance(answer, MinerError):
            raise answer
        value: T = answer
        return value


def _refusal(reason: str, credentials: Sequence[Credential]) -> str:
    """Returns what to do about a miner that refuses all credentials of an inventory, the likeliest cause first."""
    users = dict.fromkeys(credential.username for credential in credentials)
    tried = {(credential.username, credential.password) for credential in credentials}
    untried = [
        f"{password}{place}"
        for user in users
        for password, place in zip(FACTORY_PASSWORDS.get(user, ()), ("", " on an Innosilicon"))
        if (user, password) not in tried
    ]
    factory = f"If it still has its factory password, list that in credentials: {', or '.join(untried)}. "
    return (
        f"The miner refuses {'the login' if len(credentials) == 1 else f'all {len(credentials)} logins'} ('{reason}'). "
        f"{factory if untried else ''}"
        f"Check the users (tried: {', '.join(users)}; a miner has admin and guest) and the passwords. "
        "If the miner's users file was damaged, this login has restored the factory passwords."
    )


def _secrets_of(credentials: Iterable[Credential]) -> set[str]:
    logins = ({"username": credential.username, "password": credential.password} for credential in credentials)
    return {secret for login in logins for secret in _redaction.secrets_in(login)}
