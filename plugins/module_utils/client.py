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
* "Invalid request" and "expired" mean that the miner did nothing. After a new login the request is sent again, once.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils import protocol
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import (
    AuthenticationFailed,
    BadReply,
    InvalidInput,
    MinerError,
    PermissionDenied,
    Rejected,
    Unsupported,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils.transport import Transport

T = TypeVar("T")

_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 4.0


@dataclass(frozen=True)
class Connection:
    """How to reach a miner and who we are to it. ``timeout_s`` bounds a connect, and again a whole reply."""

    host: str
    password: str = field(repr=False)
    username: str = "admin"
    port: int = 80
    scheme: str = "http"
    fallback_passwords: tuple[str, ...] = field(default=(), repr=False)
    auth: str = "basic"
    timeout_s: float = 10.0
    retries: int = 3
    validate_certs: bool = True
    expected_mac: str | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class Client:
    """Talks to one miner. One request at a time, over one connection. ``tokens`` are all JWTs that it gave."""

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._sleep = sleep
        self._transport = Transport(connection.url, connection.timeout_s, connection.validate_certs)
        self._password = connection.password
        self._jwt: str | None = None
        self.tokens: set[str] = set()
        self._level: str | None = None
        self._is_expected = connection.expected_mac is None

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    @property
    def password(self) -> str:
        """The password that the miner took last; the given one, before it was asked."""
        return self._password

    @property
    def authorization(self) -> str:
        """The Authorization header, with the password or JWT that the miner took last; before the first JWT, Basic."""
        if self.connection.auth == "jwt" and self._jwt is not None:
            return f"Bearer {self._jwt}"
        login = f"{self.connection.username}:{self._password}".encode()
        return "Basic " + base64.b64encode(login).decode("ascii")

    def read(self, endpoint: protocol.Endpoint[T], patient: bool = True) -> T:
        """Asks for a value. ``patient`` means that a failure is retried as the policy says.

        Raises one of the errors of this collection, and nothing else.
        """
        request = protocol.Request(endpoint)
        return self._patiently(lambda: self._ask(request)) if patient else self._ask(request)

    def write(self, request: protocol.Request[T]) -> T:
        """Sends a change, once.

        Raises TimedOut, BadReply, or Unreachable with ``sent`` where the miner may or may not have done it.
        """
        with _unsent():
            self.require_rights()
        return self._ask(request)

    def require_rights(self) -> None:
        """Raises PermissionDenied for the user guest, and WrongDevice unless the miner has the expected MAC.

        The miner is asked once, and only if a MAC is expected.
        """
        if self.connection.username == protocol.GUEST:
            raise PermissionDenied("The user guest may not change anything. Log in as admin.")
        if self._is_expected:
            return
        mac = self.read(protocol.OVERVIEW).identity.mac
        if mac != self.connection.expected_mac:
            raise WrongDevice(
                f"The device at {self.connection.url} has the MAC {mac}, not the expected "
                f"{self.connection.expected_mac}: nothing was changed. Its address may have moved to another miner; "
                "refresh the inventory, or correct expected_mac (dragonmint_expected_mac)."
            )
        self._is_expected = True

    def log_in(self) -> protocol.Login:
        """Logs in at /api/auth, which tells the truth, and goes on with the password that it took.

        Basic does not tell: an Innosilicon takes any password while it has its factory's one.
        """
        return self._patiently(self._log_in)

    def accepts(self, username: str, password: str) -> bool:
        """Whether the miner takes this login, which is not the client's own."""
        try:
            self._patiently(lambda: self._send(protocol.auth(username, password)))
        except Rejected:
            return False
        return True

    def is_miner(self) -> bool:
        """Whether what answers is a miner, found out without showing it the login. Does not retry."""
        request = protocol.Request(protocol.TYPE)
        try:
            protocol.parse(request, self._transport.post(request.path, request.form, None))
        except protocol.InvalidRequest:
            return True
        except BadReply as error:
            if error.transient:
                raise
        return False

    def is_token_alive(self, jwt: str) -> bool:
        """Whether the miner still takes a JWT of an earlier login, which no reboot leaves alive. Does not retry."""
        request = protocol.Request(protocol.TYPE)
        try:
            protocol.parse(request, self._transport.post(request.path, request.form, f"Bearer {jwt}"))
        except protocol.TokenExpired:
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

    def _ask(self, request: protocol.Request[T]) -> T:
        if self.connection.auth == "jwt" and self._jwt is None:
            self._log_in_first()
        try:
            answer = self._send(request)
        except protocol.TokenExpired:
            self._log_in_first()
            answer = self._send_again(request)
        except protocol.InvalidRequest:
            if self._level is not None and not request.endpoint.is_everywhere():
                raise self._forbidden(request) from None
            self._log_in_first()
            if self._level == protocol.GUEST and request.endpoint.admin_only():
                raise self._forbidden(request) from None
            return self._send_again(request)
        if request.endpoint.admin_only():
            self._level = protocol.ADMIN
        return answer

    def _send_again(self, request: protocol.Request[T]) -> T:
        try:
            return self._send(request)
        except protocol.InvalidRequest:
            raise self._forbidden(request) from None
        except protocol.TokenExpired:
            raise AuthenticationFailed(
                "The miner refuses the JWT that it has just given: its clock is unsteady. Use auth=basic, or reboot it."
            ) from None

    def _send(self, request: protocol.Request[T]) -> T:
        authorization = None if request.endpoint is protocol.AUTH else self.authorization
        reply = self._transport.post(request.path, request.form, authorization, request.endpoint.slow_s)
        return protocol.parse(request, reply)

    def _log_in_first(self) -> None:
        """Logs in for a request that the miner has not done."""
        with _unsent():
            self._log_in()

    def _log_in(self) -> protocol.Login:
        passwords = list(dict.fromkeys((self._password, *self.connection.fallback_passwords)))
        for password in passwords:
            try:
                login = self._send(protocol.auth(self.connection.username, password))
            except Rejected as error:
                refusal = error
            else:
                self._password, self._jwt, self._level = password, login.jwt, login.level or protocol.ADMIN
                self.tokens.add(login.jwt)
                return login
        raise AuthenticationFailed(
            f"The miner refuses the login of {self.connection.username}"
            + (f" with each of {len(passwords)} passwords" if len(passwords) > 1 else "")
            + f": {refusal.reason}. Correct dragonmint_username and dragonmint_password. (If the miner's file of users "
            "was damaged, this attempt has restored the factory's passwords: list them in fallback_passwords.)",
            reason=refusal.reason,
        )

    def _forbidden(self, request: protocol.Request[T]) -> MinerError:
        if self._level == protocol.GUEST and protocol.ADMIN in request.endpoint.levels.values():
            return PermissionDenied(
                f"The miner lets {self.connection.username} log in, but not use {request.path}. Use the user admin."
            )
        return Unsupported(f"This miner's firmware does not have {request.path}.")


@contextmanager
def _unsent() -> Iterator[None]:
    """Marks what goes wrong within it as having happened before the request was sent, or after it was refused."""
    try:
        yield
    except MinerError as error:
        error.sent = False
        raise


def connection_from(options: Mapping[str, Any]) -> Connection:
    """Returns the connection that validated module options describe. Raises InvalidInput for what can't be sent."""
    for name in ("host", "username", "password"):
        if not options[name]:
            raise InvalidInput(f"{name} is empty. Set it, or the variable dragonmint_{name}.")
    if ":" in options["username"]:
        raise InvalidInput("username has a colon, which HTTP Basic can't send. The miner knows admin and guest.")
    fallback_passwords = tuple(options["fallback_passwords"] or ())
    for text in (options["username"], options["password"], *fallback_passwords):
        _require_utf8(text)
    if not _is_host(options["host"]):
        raise InvalidInput(
            f"host {protocol.printable(options['host'])!r} is no address or name of a host, and nothing else."
        )
    if options["port"] is not None and not 1 <= options["port"] <= 65535:
        raise InvalidInput(f"port {options['port']} is not between 1 and 65535.")
    if not 0 < options["timeout"] < float("inf") or options["retries"] < 0:
        raise InvalidInput("timeout must be above 0 seconds and finite, and retries 0 or more.")
    mac = options["expected_mac"]
    if mac and not _MAC.fullmatch(mac):
        raise InvalidInput(f"expected_mac {protocol.printable(mac)!r} is no MAC address. Give it as a0:b0:45:00:00:e5.")
    return Connection(
        host=options["host"],
        password=options["password"],
        username=options["username"],
        port=options["port"] or (443 if options["scheme"] == "https" else 80),
        scheme=options["scheme"],
        fallback_passwords=tuple(password for password in fallback_passwords if password),
        auth=options["auth"],
        timeout_s=options["timeout"],
        retries=options["retries"],
        validate_certs=options["validate_certs"],
        expected_mac=protocol.mac_address(mac) if mac else None,
    )


def _is_host(text: str) -> bool:
    try:
        return bool(_HOST_NAME.fullmatch(text) or ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _require_utf8(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("username or a password is no valid UTF-8. Correct its encoding.") from None
