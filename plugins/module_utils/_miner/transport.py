# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with one miner: a request goes out, and a reply comes in whole, in time and in bounds, or an error says why not.

It sends prepared requests through an adapter of requests, without a session: a session would look for proxies and
a .netrc in the environment, follow redirects and keep cookies, all of which would be wrong here, and costs more than
the request itself.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import traceback
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    TimedOut,
    Unreachable,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import explained
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    FORM_TYPE,
    REPLY_BYTES_MAX,
    Reply,
    form_body,
)

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
    # Something to derive from, so that this file can be imported to say what is missing.
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[misc,assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
else:
    REQUESTS_IMPORT_ERROR = None


_CHUNK_BYTES = 64 * 1024
# What a web server says, and how TLS begins, where http is sent to a port of https.
_NGINX_EXPECTS_TLS = b"The plain HTTP request was sent to HTTPS port"
_TLS_ALERT = "\x15\x03"
# A reply without any of these ended within its headers.
_HAS_BODY = frozenset({"content-length", "transfer-encoding"})


class Transport:
    """The connection to one miner, kept open between requests."""

    def __init__(self, url: str, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        """``url`` is the miner's scheme, host and port; ``timeout_s`` bounds connecting, and again the whole reply.

        ``tls`` is required for https.
        """
        self.url = url
        self._timeout_s = timeout_s
        self._adapter = _Adapter(tls)

    def post(self, path: str, form: Mapping[str, str], authorization: str | None, slow_s: float = 0.0) -> Reply:
        """Posts a form; ``slow_s`` is the least time to give the miner for it.

        Raises Unreachable, TimedOut, BadReply (cut off or too long) or InvalidInput (no such URL).
        """
        body = form_body(form)
        headers = {"Content-Type": FORM_TYPE, "Content-Length": str(len(body))}
        return self._reply_to(
            self._prepare("POST", path, headers, authorization, body), path, max(self._timeout_s, slow_s)
        )

    def get(self, path: str) -> Reply:
        """Fetches a page that needs no login. Raises as :meth:`post` does."""
        return self._reply_to(self._prepare("GET", path, {}, None), path, self._timeout_s)

    def _reply_to(self, request: Any, path: str, reply_s: float) -> Reply:
        try:
            return self._exchange(request, reply_s)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._translated(error, path, reply_s) from error

    def stream(self, path: str, headers: Mapping[str, str], authorization: str | None) -> Stream:
        """Gets a path whose reply may go on for ever. Only its head has to come in time; the caller closes it.

        Raises what post() raises.
        """
        request = self._prepare("GET", path, headers, authorization)
        try:
            response = self._send(request, self._timeout_s)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._translated(error, path, self._timeout_s) from error
        return Stream(response, path, self._timeout_s)

    def close(self) -> None:
        """Closes the connection."""
        self._adapter.close()

    def _send(self, request: Any, reply_s: float) -> Any:
        return self._adapter.send(request, stream=True, timeout=(self._timeout_s, reply_s))

    def _exchange(self, request: Any, reply_s: float) -> Reply:
        response = self._send(request, reply_s)
        body = b""
        try:
            while chunk := response.read(_CHUNK_BYTES, decode_content=False):
                body += chunk
                if len(body) > REPLY_BYTES_MAX:
                    raise BadReply(
                        f"The reply of {request.url} is longer than {REPLY_BYTES_MAX} bytes. Check that it is a miner.",
                        reason="its reply is too long",
                    )
            is_headless = response.status == 200 and not _HAS_BODY.intersection(map(str.lower, response.headers))
            if response.length_remaining or (is_headless and not body):
                raise urllib3.exceptions.IncompleteRead(len(body), response.length_remaining or 0)
        finally:
            _close(response)
        if response.status == 400 and _NGINX_EXPECTS_TLS in body:
            raise self._expects_tls()
        return Reply(response.status, body, response.headers.get("Location"), response.headers.get("Date"))

    def _prepare(
        self, method: str, path: str, headers: Mapping[str, str], authorization: str | None, body: bytes | None = None
    ) -> Any:
        request: Any = requests.PreparedRequest()
        request.method = method
        request.url = self.url + path
        request.body = body
        request.headers = {"User-Agent": "minerops.dragonmint", "Accept-Encoding": "identity", **headers}
        if authorization is not None:
            request.headers["Authorization"] = authorization
        return request

    def _translated(self, error: Exception, path: str, reply_s: float) -> MinerError:
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return self._unheard(f"no connection within {self._timeout_s:g} s", sent=False, transient=False)
        if isinstance(error, (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
            return TimedOut(
                f"The miner at {self.url} took the request {path}, but did not answer in full within "
                f"{reply_s:g} s. It may be overloaded or hung: wait, raise the option timeout, or reboot it.",
                reason=f"no answer within {reply_s:g} s",
            )
        if isinstance(error, requests.exceptions.SSLError):
            return self._without_tls(error)
        if isinstance(error, (requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError)):
            return InvalidInput(f"{self.url} is no address of a miner. Correct the options host and port.")
        cause = _cause(error)
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            return self._unheard(_last_words(cause), sent=False)
        if isinstance(cause, OSError):
            return self._unheard("the connection was closed without an answer", sent=True)
        if _TLS_ALERT in str(cause):
            return self._expects_tls()
        if isinstance(error, requests.exceptions.RequestException):
            return BadReply(
                f"What answers at {self.url} does not speak HTTP. Check that host and port are those of a miner.",
                reason="it does not speak HTTP",
            )
        return BadReply(
            f"The reply of the miner at {self.url} to {path} broke off. If it stays so, check its network.",
            reason="its reply broke off",
            transient=True,
        )

    def _without_tls(self, error: Exception) -> Unreachable:
        failure: Any = _cause(error) or error.args[0]
        if not isinstance(failure.args[0], _HandshakeFailed):
            return self._unheard("the connection was closed without an answer", sent=True)
        reason, fix = explained(failure.args[0].cause)
        return Unreachable(f"No login was sent to {self.url}: {reason}. {fix}.", reason, sent=False, transient=False)

    def _expects_tls(self) -> BadReply:
        return BadReply(
            f"What answers at {self.url} expects TLS. Set dragonmint_scheme: https, or dragonmint_port to the port "
            "that serves http.",
            reason="it expects TLS",
        )

    def _unheard(self, reason: str, sent: bool, transient: bool = True) -> Unreachable:
        return Unreachable(
            f"No miner answers at {self.url}: {reason}. Check that it has power and network, "
            "and that host and port (dragonmint_host or ansible_host, dragonmint_port) are right.",
            reason,
            sent,
            transient,
        )


class Stream:
    """A reply that is read piece by piece, as it comes. ``head`` is its head, with the text of a refusal."""

    def __init__(self, response: Any, path: str, timeout_s: float) -> None:
        self._response = response
        self._path = path
        self.head = Reply(
            response.status,
            b"" if response.status == 200 else self.read(timeout_s),
            location=response.headers.get("Location"),
            content_type=response.headers.get("Content-Type"),
        )

    def read(self, within_s: float) -> bytes:
        """Returns the next bytes, at most 64 KiB of them, or none at the end of the reply.

        Raises TimedOut if nothing comes in time, and BadReply if the reply breaks off. Then it is closed.
        """
        try:
            self._response.connection.watched.settimeout(within_s)
            # Unlike all that urllib3 offers, this neither waits for more than there is nor reads a line without end.
            data: bytes = self._response._original_response.read1(_CHUNK_BYTES)
        except socket.timeout:
            self.close()
            reason = f"nothing came within {within_s:g} s"
            raise TimedOut(f"The miner has more to say to {self._path}, but {reason}.", reason) from None
        except (OSError, http.client.HTTPException):
            self.close()
            reason = "its reply broke off"
            raise BadReply(f"The miner was answering {self._path}, but {reason}.", reason) from None
        return data

    def close(self) -> None:
        """Ends it, also in the middle."""
        _close(self._response)


def _close(response: Any) -> None:
    """Gives a connection back whose reply was read, and closes any other one."""
    if not response.isclosed():
        response.close()
    response.release_conn()


def _cause(error: Exception) -> Any:
    """What the HTTP libraries have wrapped: the connection that failed, or what went wrong on it."""
    wrapped = error.args[0] if error.args else None
    reason = getattr(wrapped, "reason", None)
    if reason is None and isinstance(wrapped, urllib3.exceptions.ProtocolError):
        return wrapped.args[-1]
    return reason


def _last_words(error: Exception) -> str:
    """The operating system's reason, without urllib3's introduction."""
    cause = error.__cause__ or error.__context__
    return (getattr(cause, "strerror", None) or "the connection failed").lower()


class _WholeReplySocket:
    """A socket whose timeout covers all that is read until the next one is set.

    An ordinary timeout starts anew with each byte, so that a device which sends one a second is never late.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.deadline = float("inf")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, timeout_s: float | None) -> None:
        self._sock.settimeout(timeout_s)
        self.deadline = float("inf") if timeout_s is None else time.monotonic() + timeout_s

    def makefile(self, *args: Any, **kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self, self._sock.makefile("rb", buffering=0)))


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: _WholeReplySocket, raw: Any) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._sock.deadline != float("inf"):
            left_s = self._sock.deadline - time.monotonic()
            if left_s <= 0:
                raise socket.timeout("the reply is not complete in time")
            self._sock._sock.settimeout(left_s)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = self.watched = _WholeReplySocket(self.sock)


class _HandshakeFailed(ssl.SSLError):
    """There is no connection yet, so nothing was sent over it."""

    def __init__(self, cause: ssl.SSLError) -> None:
        super().__init__(*cause.args)
        self.cause = cause


class _TlsConnection(HTTPSConnection):
    """The handshake is made here: with some versions of urllib3 it takes more than a context to check a name."""

    def connect(self) -> None:
        HTTPConnection.connect(self)
        try:
            context: Any = self.ssl_context
            sock = context.wrap_socket(self.sock, server_hostname=self.host)
        except ssl.SSLError as error:
            raise _HandshakeFailed(error) from error
        self.sock = self.watched = _WholeReplySocket(sock)
        # Else urllib3 warns where the context does not validate, of which the user has been told.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._tls)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """What is trusted is in the context."""

    def build_response(self, req: Any, resp: Any) -> Any:
        """The reply as it comes from urllib3: nothing here needs the cookies and history that requests would add."""
        return resp
