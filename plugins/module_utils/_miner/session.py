# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who we are to one miner, and what its refusals mean, without any I/O.

"Invalid request" and "expired" mean that the miner did nothing. After a new login the request is sent again, once.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    MinerError,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import shows_innosilicon
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    InvalidRequest,
    Reply,
    Request,
    TokenExpired,
    parse,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FACTORY_PASSWORDS,
    GUEST,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import USER_UNKNOWN, Login, auth

T = TypeVar("T")


@dataclass(frozen=True)
class Credential:
    """A login that a miner may know. ``name`` is what its owner calls it, where there are several.

    ``origin`` is the variable that the username came from, where that is known.
    """

    username: str
    password: str = field(repr=False)
    name: str = ""
    origin: str | None = None


@dataclass(frozen=True)
class Sending:
    """What is to be sent next: a request, with its Authorization header."""

    request: Request[Any]
    authorization: str | None = field(repr=False)


# Yields what to send, is sent the reply to it (or thrown why there is none), and returns the value.
Steps = Generator[Sending, Reply, T]


@contextmanager
def unsent() -> Iterator[None]:
    """Marks what goes wrong within it as having happened before the request was sent, or after it was refused."""
    try:
        yield
    except MinerError as error:
        error.sent = False
        raise


def require_users(username: str, refusal: Rejected) -> None:
    """Raises AuthenticationFailed where a miner does not know a user that every miner has, since nobody can log in."""
    if refusal.reason == USER_UNKNOWN and username in (ADMIN, GUEST):
        raise AuthenticationFailed(
            f"The miner does not know the user {username} ('{refusal.reason}'), which every miner has: its file of "
            "users is damaged in a way that a login does not repair, and nobody can log in. Only a factory reset at "
            "the miner itself restores it.",
            reason=refusal.reason,
        )


class Session:
    """The login at one miner. ``credential`` is the one that it took last; the first one, before it was asked.

    ``tokens`` are all JWTs that the miner gave. ``is_proven`` says that the credential was accepted at /api/auth, and
    ``is_innosilicon`` that a reply to anything else has shown the miner to be one.
    """

    def __init__(self, credentials: Sequence[Credential], auth: str) -> None:
        """``credentials`` are tried in their order, once each; ``auth`` is basic or jwt."""
        self._credentials = credentials
        self._auth = auth
        self._jwt: str | None = None
        self._level: str | None = None
        self.credential = credentials[0]
        self.tokens: set[str] = set()
        self.is_proven = auth == "jwt"
        self.is_innosilicon = False

    @property
    def authorization(self) -> str:
        """The Authorization header, with the password or JWT that the miner took last; before the first JWT, Basic."""
        if self._auth == "jwt" and self._jwt is not None:
            return f"Bearer {self._jwt}"
        login = f"{self.credential.username}:{self.credential.password}".encode()
        return "Basic " + base64.b64encode(login).decode("ascii")

    def begin(self) -> Steps[None]:
        """Gets the first JWT, where requests are sent with one."""
        if self._auth == "jwt" and self._jwt is None:
            yield from self._log_in_first()

    def ask(self, request: Request[T]) -> Steps[T]:
        """Sends a request, and logs in where that is needed. Raises what its reply means."""
        yield from self.begin()
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
        return answer

    def log_in(self) -> Steps[Login]:
        """Logs in at /api/auth, which tells the truth, and goes on with the credential that it took.

        Basic does not tell: an Innosilicon takes any password while it has its factory's one.
        """
        credentials = list(dict.fromkeys((self.credential, *self._credentials)))
        for credential in credentials:
            try:
                login = yield from self._send(auth(credential.username, credential.password), None)
            except Rejected as error:
                require_users(credential.username, error)
                refusal = error
            else:
                self.credential, self._jwt, self._level = credential, login.jwt, login.level or ADMIN
                self.tokens.add(login.jwt)
                self.is_proven = True
                return login
        raise _refused(credentials, refusal.reason)

    def _log_in_first(self) -> Steps[None]:
        """Logs in for a request that the miner has not done."""
        with unsent():
            yield from self.log_in()

    def _send_again(self, request: Request[T]) -> Steps[T]:
        try:
            return (yield from self._send(request, self.authorization))
        except InvalidRequest:
            raise self._forbidden(request) from None
        except TokenExpired:
            raise AuthenticationFailed(
                "The miner refuses the JWT that it has just given: its clock is unsteady. Use auth=basic, or reboot it."
            ) from None

    def _send(self, request: Request[T], authorization: str | None) -> Steps[T]:
        reply = yield Sending(request, authorization)
        if not self.is_proven and shows_innosilicon(request, reply):
            self.is_innosilicon = True
        return parse(request, reply)

    def _forbidden(self, request: Request[Any]) -> MinerError:
        if self._level == GUEST and ADMIN in request.endpoint.levels.values():
            return PermissionDenied(
                f"The miner lets {self.credential.username} log in, but not use {request.path}. Use the user admin."
            )
        return Unsupported(f"This miner's firmware does not have {request.path}.")


def _refused(credentials: Sequence[Credential], reason: str) -> AuthenticationFailed:
    """What to do about refused logins, the likeliest cause first. ``reason`` is what the miner said to the last one."""
    users = {credential.username: credential.origin for credential in credentials}
    shown = " and ".join(f"{user!r}{f' (from {origin})' if origin else ''}" for user, origin in users.items())
    count = f" with each of {len(credentials)} passwords" if len(credentials) > 1 else ""
    advice = []
    untried = _untried_factory_passwords(credentials)
    if untried:
        advice.append(
            f"If it has its factory password ({untried}), as after a reset or when this login has restored a damaged "
            "users file, list it in fallback_passwords (in an inventory: credentials)."
        )
    if not users.keys() <= FACTORY_PASSWORDS.keys():
        advice.append("A miner has only the users admin and guest: correct dragonmint_username.")
    advice.append(
        "Otherwise correct dragonmint_password. If no password works, the miner's users file may be broken, and only a "
        "factory reset at the miner helps."
    )
    return AuthenticationFailed(
        f"The miner refuses the login of {shown}{count}: {reason}. {' '.join(advice)}", reason=reason
    )


def _untried_factory_passwords(credentials: Sequence[Credential]) -> str:
    tried = {(credential.username, credential.password) for credential in credentials}
    untried = []
    for user in dict.fromkeys(credential.username for credential in credentials):
        for password, place in zip(FACTORY_PASSWORDS.get(user, ()), ("", " on Innosilicon")):
            if (user, password) not in tried:
                untried.append(password + place)
    return ", or ".join(untried)
