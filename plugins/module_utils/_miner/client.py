# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One miner: who we are to it, and when it is asked again.

The retry policy, all of it:

* A read that was refused, dropped or answered 5xx, or for which cgminer was not ready, is asked again, up to
  ``retries`` times with growing pauses.
* A read that timed out is not: it still holds one of the miner's five workers. Nor is one whose connection could not
  be made in time, since the operating system has tried several times by then.
* A write is sent once. Where its reply got lost, the caller reads the miner's state and decides from that.
* What the miner refuses is sent again after a new login, once: see session.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils import _options
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    AuthenticationFailed,
    BadReply,
    MinerError,
    PermissionDenied,
    Rejected,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import (
    Credential,
    Session,
    Steps,
    require_users,
    unsent,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import ssl_context
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.transport import Stream, Transport
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    INDEX_PATH,
    Endpoint,
    InvalidRequest,
    Reply,
    Request,
    TokenExpired,
    page_title,
    parse,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import GUEST
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.journal import (
    LOGS_PATH,
    accept_log,
    log_headers,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, TYPE
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import LOGIN_REFUSALS, Login, auth
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import mac_address

T = TypeVar("T")

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 4.0


@dataclass(frozen=True)
class Connection:
    """How to reach a miner and who we are to it. ``timeout_s`` bounds a connect, and again a whole reply.

    ``tls`` is there with https only. ``username_origin`` names the variable that the username came from, if any.
    """

    host: str
    password: str = field(repr=False)
    username: str = "admin"
    username_origin: str | None = None
    port: int = 80
    scheme: str = "http"
    fallback_passwords: tuple[str, ...] = field(default=(), repr=False)
    auth: str = "basic"
    timeout_s: float = 10.0
    retries: int = 3
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    expected_mac: str | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class Reader(Protocol):
    """What can be asked for values: a client, or whatever has asked a miner already."""

    def read(self, endpoint: Endpoint[T], patient: bool = True) -> T:
        """Returns a value. Raises one of the errors of this collection."""


class Client:
    """Talks to one miner. One request at a time, over one connection. ``tokens`` are all JWTs that it gave."""

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._sleep = sleep
        self._transport = _transport_to(connection)
        credentials = [
            Credential(connection.username, password, origin=connection.username_origin)
            for password in (connection.password, *connection.fallback_passwords)
        ]
        self._session = Session(credentials, connection.auth)
        self._is_expected = connection.expected_mac is None

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def move_to(self, host: str) -> None:
        """Goes on at another address with the same login: the miner has moved there."""
        self.close()
        self.connection = replace(self.connection, host=host)
        self._transport = _transport_to(self.connection)

    @property
    def password(self) -> str:
        """The password that the miner took last; the given one, before it was asked."""
        return self._session.credential.password

    @property
    def authorization(self) -> str:
        """The Authorization header, with the password or JWT that the miner took last; before the first JWT, Basic."""
        return self._session.authorization

    @property
    def tokens(self) -> set[str]:
        """The secrets that the miner gave: all JWTs, and what else must be in no output."""
        return self._session.tokens

    def read(self, endpoint: Endpoint[T], patient: bool = True) -> T:
        """Asks for a value. ``patient`` means that a failure is retried as the policy says.

        Raises one of the errors of this collection, and nothing else.
        """
        request = Request(endpoint)
        return self._patiently(lambda: self._ask(request)) if patient else self._ask(request)

    def write(self, request: Request[T]) -> T:
        """Sends a change, once.

        Raises TimedOut, BadReply, or Unreachable with ``sent`` where the miner may or may not have done it.
        """
        with unsent():
            self.require_rights()
        return self._ask(request)

    def open_log(self, last: int | None, is_followed: bool) -> Stream:
        """Opens the stream of the miner's log, from so many of the last entries on; see :func:`log_headers`.

        It is a read, and is asked for as any other one until it begins. The caller closes the stream.
        """
        headers = log_headers(last, is_followed)
        return self._patiently(lambda: self._ask_log(headers))

    def require_rights(self) -> None:
        """Raises PermissionDenied for the user guest, and WrongDevice unless the miner has the expected MAC.

        The miner is asked once, and only if a MAC is expected.
        """
        if self.connection.username == GUEST:
            raise PermissionDenied("The user guest may not change anything. Log in as admin.")
        if self._is_expected:
            return
        mac = self.read(OVERVIEW).identity.mac
        if mac != self.connection.expected_mac:
            raise WrongDevice(
                f"The device at {self.connection.url} has the MAC {mac}, not the expected "
                f"{self.connection.expected_mac}: nothing was changed. Its address may have moved to another miner; "
                "refresh the inventory, or correct expected_mac (dragonmint_expected_mac)."
            )
        self._is_expected = True

    def log_in(self) -> Login:
        """Logs in at /api/auth, which tells the truth, and goes on with the password that it took."""
        return self._patiently(lambda: self._run(self._session.log_in()))

    def refusal_of_login(self) -> str | None:
        """Why /api/auth refuses the login with which the miner has served us; None if it does not, or did not say.

        Asks once, and only a miner that may take any password: see :func:`shows_innosilicon`.
        """
        if self._session.is_proven or not self._session.is_innosilicon:
            return None
        try:
            self._run(self._session.log_in())
        except AuthenticationFailed as error:
            return error.reason
        except MinerError:
            pass
        return None

    def accepts(self, username: str, password: str) -> bool:
        """Whether the miner takes this login, which is not the client's own.

        Raises Rejected where it does not tell, and AuthenticationFailed where it takes nobody's login any more.
        """
        try:
            self._patiently(lambda: self._send(auth(username, password), None))
        except Rejected as error:
            require_users(username, error)
            if error.reason not in LOGIN_REFUSALS:
                raise
            return False
        return True

    def page_title(self) -> str | None:
        """Returns the title of the miner's web page, which needs no login: the name of its firmware."""
        return self._patiently(lambda: page_title(self._transport.get(INDEX_PATH)))

    def is_miner(self) -> bool:
        """Whether what answers is a miner, found out without showing it the login. Does not retry."""
        try:
            self._send(Request(TYPE), None)
        except InvalidRequest:
            return True
        except BadReply as error:
            if error.transient:
                raise
        return False

    def is_token_alive(self, jwt: str) -> bool:
        """Whether the miner still takes a JWT of an earlier login, which no reboot leaves alive. Does not retry."""
        try:
            self._send(Request(TYPE), f"Bearer {jwt}")
        except TokenExpired:
            return False
        return True

    def _patiently(self, ask: Callable[[], T]) -> T:
        pause_s = _FIRST_PAUSE_S
        for _attempt in range(self.connection.retries):
            try:
                return ask()
            except MinerError as error:
                if not error.transient:
                    raise
            self._sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return ask()

    def _ask(self, request: Request[T]) -> T:
        return self._run(self._session.ask(request))

    def _run(self, steps: Steps[T]) -> T:
        """Sends all that a session wants to send, and returns what it comes to."""
        try:
            sending = next(steps)
            while True:
                try:
                    reply = self._exchange(sending.request, sending.authorization)
                except MinerError as error:
                    sending = steps.throw(error)
                else:
                    sending = steps.send(reply)
        except StopIteration as done:
            value: T = done.value
            return value

    def _ask_log(self, headers: Mapping[str, str]) -> Stream:
        self._run(self._session.begin())
        try:
            return self._send_log(headers)
        except InvalidRequest:
            self._run(self._session.log_in())
        try:
            return self._send_log(headers)
        except InvalidRequest:
            raise PermissionDenied(
                f"The miner lets {self.connection.username} log in, but not read its log. Use the user admin."
            ) from None

    def _send_log(self, headers: Mapping[str, str]) -> Stream:
        stream = self._transport.stream(LOGS_PATH, headers, self.authorization)
        try:
            accept_log(stream.head)
        except MinerError:
            stream.close()
            raise
        return stream

    def _send(self, request: Request[T], authorization: str | None) -> T:
        return parse(request, self._exchange(request, authorization))

    def _exchange(self, request: Request[Any], authorization: str | None) -> Reply:
        return self._transport.post(request.path, request.form, authorization, request.endpoint.slow_s)


def connection_from(given: Mapping[str, Any], origins: _options.Origins | None = None) -> Connection:
    """Returns the connection that the options of a task describe; ``origins`` tells where they came from.

    Raises InvalidInput for what can't be sent.
    """
    origins = origins or {}
    values = _options.checked(given, origins)
    mac = values["expected_mac"]
    tls = None
    if values["scheme"] == "https":
        tls = ssl_context(values["validate_certs"], values["ca_path"], origins.get("ca_path", "ca_path"))
    return Connection(
        host=values["host"],
        password=values["password"],
        username=values["username"],
        username_origin=origins.get("username"),
        port=values["port"] or (443 if tls else 80),
        scheme=values["scheme"],
        fallback_passwords=tuple(password for password in values["fallback_passwords"] or () if password),
        auth=values["auth"],
        timeout_s=values["timeout"],
        retries=values["retries"],
        tls=tls,
        expected_mac=mac_address(mac) if mac else None,
    )


def _transport_to(connection: Connection) -> Transport:
    return Transport(connection.url, connection.timeout_s, connection.tls)
