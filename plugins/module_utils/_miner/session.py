# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login, refusals and retries for one miner, as steps.

The complete retry policy:

* A read that was refused, dropped or answered with 5xx, or for which cgminer was not ready, is retried up to
  ``retries`` times with growing pauses.
* A read that timed out is not retried: it still occupies one of the miner's five workers. Nor is one whose connect
  timed out, since the operating system has tried several times by then.
* A write is sent once. If its reply is lost, the caller reads the miner's state and decides from that.
* "Invalid request" and "expired" mean that the miner did nothing. The request is sent once more after a new login.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Callable, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    MinerError,
    PermissionDenied,
    Rejected,
    Unsupported,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import (
    Connection,
    Credential,
    OpenStream,
    Send,
    Steps,
    Wait,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    EMPTY,
    INDEX_PATH,
    Endpoint,
    InvalidRequest,
    Reply,
    Request,
    TokenExpired,
    is_index,
    page_title,
    parse,
    require_page,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FACTORY_PASSWORDS,
    GUEST,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.journal import (
    LOGS_PATH,
    accept_log,
    log_headers,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, TYPE
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import (
    LOGIN_REFUSALS,
    USER_UNKNOWN,
    Login,
    auth,
)

T = TypeVar("T")

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 4.0


class Session:
    """The requests to one miner and the login for them. ``credential`` is the last one accepted, initially the first.

    ``tokens`` collects the secrets that the miner gave, above all its JWTs. ``is_proven`` says that /api/auth accepted
    the credential, ``is_innosilicon`` that another reply identified the firmware as Innosilicon's. ``now`` is a clock
    in seconds.
    """

    def __init__(
        self,
        connection: Connection,
        now: Callable[[], float] = time.monotonic,
        tokens: set[str] | None = None,
    ) -> None:
        self.connection = connection
        self._first_host = connection.host
        self.now = now
        self.credential = connection.credentials[0]
        self.tokens = set() if tokens is None else tokens
        self.is_proven = connection.auth == "jwt"
        self.is_innosilicon = False
        self._jwt: str | None = None
        self._level: str | None = None
        self._is_expected = connection.expected_mac is None

    @property
    def authorization(self) -> str:
        """The Authorization header with the last accepted password or JWT; Basic before the first JWT."""
        if self.connection.auth == "jwt" and self._jwt is not None:
            return f"Bearer {self._jwt}"
        login = f"{self.credential.username}:{self.credential.password}".encode()
        return "Basic " + base64.b64encode(login).decode("ascii")

    @property
    def has_moved(self) -> bool:
        """Whether the miner is no longer at its first address."""
        return self.connection.host != self._first_host

    def move_to(self, host: str) -> None:
        """Continues at another address with the same login, after the miner has moved there."""
        self.connection = replace(self.connection, host=host)

    def elsewhere(self, host: str, passwords: Sequence[str], timeout_s: float) -> Session:
        """Returns a session with the device at another address, starting with the login that this miner accepted last.

        ``passwords`` are tried next. Secrets that the other device gives are also added to this session's.
        """
        others = [replace(self.credential, password=password) for password in passwords]
        connection = replace(
            self.connection,
            host=host,
            credentials=(self.credential, *others),
            timeout_s=min(self.connection.timeout_s, timeout_s),
            expected_mac=None,
        )
        return Session(connection, self.now, self.tokens)

    def read(self, endpoint: Endpoint[T], retry: bool = True) -> Steps[T]:
        """Reads a value. ``retry`` means that failures are retried according to the policy.

        Raises only errors of this collection.
        """
        request = Request(endpoint)
        if not retry:
            return (yield from self._ask(request))
        return (yield from self._with_retries(lambda: self._ask(request)))

    def write(self, request: Request[T]) -> Steps[T]:
        """Sends a change, once.

        Raises TimedOut, BadReply, or Unreachable with ``sent`` if the miner may or may not have applied it.
        """
        with _marking_unsent():
            yield from self.require_rights()
        return (yield from self._ask(request))

    def open_log(self, last: int | None, is_followed: bool) -> Steps[None]:
        """Opens the stream of the miner's log, starting ``last`` entries back; see :func:`log_headers`.

        It counts as a read, and is retried like one until the stream begins.
        """
        command = OpenStream(self.connection, LOGS_PATH, log_headers(last, is_followed))
        yield from self._with_retries(lambda: self._ask_log(command))

    def require_rights(self) -> Steps[None]:
        """Raises PermissionDenied for the user guest, and WrongDevice unless the miner has the expected MAC.

        The miner is read once, and only if a MAC is expected.
        """
        if self.connection.credentials[0].username == GUEST:
            raise PermissionDenied("The user guest may not change anything. Log in as admin.")
        if self._is_expected:
            return
        mac = (yield from self.read(OVERVIEW)).identity.mac
        expected = self.connection.expected_mac
        if mac != expected:
            raise WrongDevice(
                f"The device at {self.connection.url} has the MAC {mac}, not the expected {expected}: nothing was "
                "changed. Its address may have moved to another miner; refresh the inventory, or correct expected_mac "
                "(dragonmint_expected_mac)."
            )
        self._is_expected = True

    def log_in(self) -> Steps[Login]:
        """Logs in at /api/auth, whose answer is reliable, and continues with the accepted credential."""
        return (yield from self._with_retries(self._log_in))

    def refusal_of_login(self) -> Steps[str | None]:
        """Returns why /api/auth refuses the login that other requests accepted; None if it accepts it or did not say.

        Sends one request, and only to a miner that may accept any password: the Innosilicon firmware of August 2018
        does so with Basic while it has the factory password.
        """
        if self.is_proven or not self.is_innosilicon:
            return None
        try:
            yield from self._log_in()
        except AuthenticationFailed as error:
            return error.reason
        except MinerError:
            pass
        return None

    def accepts(self, username: str, *passwords: str) -> Steps[bool]:
        """Whether the miner accepts a login with one of these passwords; the session's own login stays.

        Raises Rejected if the reply is inconclusive, and AuthenticationFailed if it no longer accepts any login.
        """
        for password in passwords:
            request = auth(username, password)
            try:
                yield from self._with_retries(partial(self._send, request, None))
            except Rejected as error:
                _require_users(username, error)
                if error.reason not in LOGIN_REFUSALS:
                    raise
            else:
                return True
        return False

    def page_title(self) -> Steps[str | None]:
        """Returns the title of the miner's web page, which needs no login; it is the name of the firmware."""
        return page_title((yield from self._with_retries(self._get_index)))

    def is_miner(self) -> Steps[bool]:
        """Whether the device is a miner, found out without sending it a login. Does not retry.

        A miner serves its maker's page, and refuses requests without a login in its own words.
        """
        return (yield from self.shows_index()) and (yield from self.speaks_as_miner())

    def shows_index(self) -> Steps[bool]:
        """Whether the device serves a miner's page; the first half of :meth:`is_miner`."""
        return is_index((yield from self._get_index()))

    def speaks_as_miner(self) -> Steps[bool]:
        """Whether it refuses a request without a login as a miner does; the second half of :meth:`is_miner`.

        Raises BadReply for an empty reply, which shows neither.
        """
        try:
            yield from self._send(Request(TYPE), None)
        except InvalidRequest:
            return True
        except (BadReply, Rejected, TokenExpired) as error:
            if error.transient or error.reason == EMPTY:
                raise
        return False

    def is_token_alive(self, jwt: str) -> Steps[bool]:
        """Whether the miner still accepts a JWT of an earlier login; none survives a reboot. Does not retry."""
        try:
            yield from self._send(Request(TYPE), f"Bearer {jwt}")
        except TokenExpired:
            return False
        return True

    def _with_retries(self, ask: Callable[[], Steps[T]]) -> Steps[T]:
        pause_s = _FIRST_PAUSE_S
        for _attempt in range(self.connection.retries):
            try:
                return (yield from ask())
            except MinerError as error:
                if not error.transient:
                    raise
            yield Wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return (yield from ask())

    def _begin(self) -> Steps[None]:
        """Gets the first JWT, if the session uses JWTs."""
        if self.connection.auth == "jwt" and self._jwt is None:
            yield from self._log_in_first()

    def _ask(self, request: Request[T]) -> Steps[T]:
        """Sends a request, logging in if necessary. Returns the value of the reply, or raises the error in it."""
        yield from self._begin()
        try:
            answer = yield from self._send(request, self.authorization)
        except TokenExpired:
            yield from self._log_in_first()
            answer = yield from self._send_again(request)
        except InvalidRequest:
            if self._level is not None and not request.endpoint.is_everywhere():
                raise self._forbidden(request) from None
            yield from self._log_in_first()
            if self._level == GUEST and request.endpoint.admin_only():
                raise self._forbidden(request) from None
            answer = yield from self._send_again(request)
        if request.endpoint.admin_only():
            self._level = ADMIN
        if not self.is_proven and getattr(answer, "shows_innosilicon", False):
            self.is_innosilicon = True
        return answer

    def _log_in(self) -> Steps[Login]:
        """Basic is inconclusive: an Innosilicon accepts any password while it has its factory password."""
        credentials = list(dict.fromkeys((self.credential, *self.connection.credentials)))
        for credential in credentials:
            try:
                login = yield from self._send(auth(credential.username, credential.password), None)
            except Rejected as error:
                _require_users(credential.username, error)
                refusal = error
            else:
                self.credential, self._jwt, self._level = credential, login.jwt, login.level or ADMIN
                self.tokens.add(login.jwt)
                self.is_proven = True
                return login
        raise _refused(credentials, refusal.reason)

    def _log_in_first(self) -> Steps[None]:
        """Logs in for a request that the miner did not carry out."""
        with _marking_unsent():
            yield from self._log_in()

    def _send_again(self, request: Request[T]) -> Steps[T]:
        try:
            return (yield from self._send(request, self.authorization))
        except InvalidRequest:
            raise self._forbidden(request) from None
        except TokenExpired:
            raise AuthenticationFailed(
                "The miner refuses the JWT that it has just issued: its clock is unstable. Use auth=basic, or reboot "
                "it."
            ) from None

    def _send(self, request: Request[T], authorization: str | None) -> Steps[T]:
        reply = yield Send(self.connection, request.path, request.form, authorization, request.endpoint.slow_s)
        return parse(request, reply)

    def _get_index(self) -> Steps[Reply]:
        return require_page((yield Send(self.connection, INDEX_PATH)))

    def _ask_log(self, command: OpenStream) -> Steps[None]:
        yield from self._begin()
        try:
            accept_log((yield replace(command, authorization=self.authorization)))
        except InvalidRequest:
            yield from self._log_in()
        else:
            return
        try:
            accept_log((yield replace(command, authorization=self.authorization)))
        except InvalidRequest:
            raise PermissionDenied(
                f"The miner lets {self.credential.username} log in, but not read its log. Use the user admin."
            ) from None

    def _forbidden(self, request: Request[Any]) -> MinerError:
        if self._level == GUEST and ADMIN in request.endpoint.levels.values():
            return PermissionDenied(
                f"The miner lets {self.credential.username} log in, but not use {request.path}. Use the user admin."
            )
        return Unsupported(f"This miner's firmware does not have {request.path}.")


@contextmanager
def _marking_unsent() -> Iterator[None]:
    """Marks errors raised within it as having occurred before the request was sent, or after it was refused."""
    try:
        yield
    except MinerError as error:
        error.sent = False
        raise


def _require_users(username: str, refusal: Rejected) -> None:
    """Raises AuthenticationFailed if a miner does not know a user that every miner has: then nobody can log in."""
    if refusal.reason == USER_UNKNOWN and username in (ADMIN, GUEST):
        raise AuthenticationFailed(
            f"The miner does not know the user {username} ('{refusal.reason}'), which every miner has: its user file "
            f"is damaged in a way that a login does not repair, and nobody can log in. Only a factory reset at "
            "the miner itself restores it.",
            reason=refusal.reason,
        )


def _refused(credentials: Sequence[Credential], reason: str) -> AuthenticationFailed:
    """The error for refused logins, the likeliest cause first. ``reason`` is what the miner said to the last one."""
    users = {credential.username: credential.origin for credential in credentials}
    shown = " and ".join(f"{user!r}{f' (from {origin})' if origin else ''}" for user, origin in users.items())
    count = f" with each of {len(credentials)} passwords" if len(credentials) > 1 else ""
    advice = []
    untried = _untried_factory_passwords(credentials)
    if untried:
        advice.append(
            f"If it has its factory password ({untried}), as after a reset or when this login has restored a damaged "
            f"user file, list it in fallback_passwords (in an inventory: credentials)."
        )
    if not users.keys() <= FACTORY_PASSWORDS.keys():
        advice.append("A miner has only the users admin and guest: correct dragonmint_username.")
    advice.append(
        "Otherwise correct dragonmint_password. If no password works, the miner's user file may be damaged, and only "
        "a factory reset at the miner itself helps."
    )
    return AuthenticationFailed(
        f"The miner refuses the login of {shown}{count}: {reason}. {' '.join(advice)}", reason=reason
    )


def _untried_factory_passwords(credentials: Sequence[Credential]) -> str:
    tried = {(credential.username, credential.password) for credential in credentials}
    untried = []
    for user in dict.fromkeys(credential.username for credential in credentials):
        for password, place in zip(FACTORY_PASSWORDS.get(user, ()), ("", " on Innosilicon", " on an InnoMiner")):
            if (user, password) not in tried:
                untried.append(password + place)
    return ", or ".join(filter(None, [", ".join(untried[:-1]), *untried[-1:]]))
