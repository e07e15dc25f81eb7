# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with one miner: returns whole replies, bounded in time and size, or raises an error that says why not.

Prepared requests go through an adapter of requests, without a session: a session would look for proxies and a .netrc in
the environment, follow redirects and keep cookies, all of which would be wrong here, and would cost more than the
request itself.
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

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import failures
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    FORM_TYPE,
    HEADERS,
    PAGE_BYTES_MAX,
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
    # A base class, so that this file can be imported to report the missing library.
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[misc,assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
else:
    REQUESTS_IMPORT_ERROR = None


_CHUNK_BYTES = 64 * 1024
# The TLS alert that a TLS port sends in reply to http.
_TLS_ALERT = "\x15\x03"


class Transport:
    """The connection to one miner, kept open between requests."""

    def __init__(self, url: str, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        """``url`` is the miner's scheme, host and port. ``tls`` is required for https.

        ``timeout_s`` bounds the connect, and separately the whole reply.
        """
        self.url = url
        self._timeout_s = timeout_s
        self._adapter = _Adapter(url, tls)

    def post(self, path: str, form: Mapping[str, str], authorization: str | None, slow_s: float = 0.0) -> Reply:
        """Posts a form; ``slow_s`` is the minimum timeout of the reply, in seconds.

        Raises Unreachable, TimedOut, BadReply (cut off or too long) or InvalidInput (invalid URL).
        """
        body = form_body(form)
        headers = {"Content-Type": FORM_TYPE, "Content-Length": str(len(body))}
        request = self._prepare("POST", path, headers, authorization, body)
        return self._reply_to(request, path, max(self._timeout_s, slow_s), REPLY_BYTES_MAX)

    def get(self, path: str) -> Reply:
        """Gets a page that needs no login. Raises the same errors as :meth:`post`."""
        return self._reply_to(self._prepare("GET", path, {}, None), path, self._timeout_s, PAGE_BYTES_MAX)

    def _reply_to(self, request: Any, path: str, reply_s: float, bytes_max: int) -> Reply:
        try:
            return self._exchange(request, path, reply_s, bytes_max)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._translated(error, path, reply_s) from error

    def stream(self, path: str, headers: Mapping[str, str], authorization: str | None) -> Stream:
        """Gets a path whose reply may never end. Only its head has to arrive in time; the caller closes it.

        Raises the same errors as :meth:`post`.
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

    def _exchange(self, request: Any, path: str, reply_s: float, bytes_max: int) -> Reply:
        response = self._send(request, reply_s)
        body = b""
        try:
            while chunk := response.read(_CHUNK_BYTES, decode_content=False):
                body += chunk
                if len(body) > bytes_max:
                    raise failures.reply_too_long(self.url, path, bytes_max)
            if response.length_remaining:
                raise failures.reply_broke_off(self.url, path)
            return failures.whole_reply(self.url, path, response.status, response.headers, body)
        finally:
            _close(response)

    def _prepare(
        self, method: str, path: str, headers: Mapping[str, str], authorization: str | None, body: bytes | None = None
    ) -> Any:
        request: Any = requests.PreparedRequest()
        request.method = method
        request.url = self.url + path
        request.body = body
        request.headers = {**HEADERS, **headers}
        if authorization is not None:
            request.headers["Authorization"] = authorization
        return request

    def _translated(self, error: Exception, path: str, reply_s: float) -> MinerError:
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return failures.connect_timed_out(self.url, self._timeout_s)
        if isinstance(error, (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
            return failures.reply_timed_out(self.url, path, reply_s)
        cause = _cause(error)
        if isinstance(error, requests.exceptions.SSLError):
            failure: Any = cause or error.args[0]
            handshake = failure.args[0]
            is_known = isinstance(handshake, _HandshakeFailed)
            return failures.no_tls(self.url, handshake.cause) if is_known else failures.closed(self.url, path)
        if isinstance(error, (requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError)):
            return failures.invalid_url(self.url)
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            # The operating system's reason, without urllib3's preamble.
            return failures.not_connected(self.url, cause.__cause__ or cause.__context__ or cause)
        if isinstance(cause, OSError):
            return failures.closed(self.url, path)
        if _TLS_ALERT in str(cause):
            return failures.expects_tls(self.url)
        if isinstance(error, requests.exceptions.RequestException):
            return failures.no_http(self.url)
        return failures.reply_broke_off(self.url, path)


class Stream:
    """A reply that is read as it arrives. ``head`` is its head, with the text of a refusal."""

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
        """Returns the next bytes, at most 64 KiB; empty at the end of the reply.

        Raises TimedOut if nothing arrives in time, and BadReply if the reply is cut off; both close the stream.
        """
        try:
            self._response.connection.watched.settimeout(within_s)
            # Unlike everything in urllib3, this neither waits for more than has arrived nor reads an endless line.
            data: bytes = self._response._original_response.read1(_CHUNK_BYTES)
        except socket.timeout:
            self.close()
            raise failures.stream_silent(self._path, within_s) from None
        except (OSError, http.client.HTTPException):
            self.close()
            raise failures.stream_broke_off(self._path) from None
        return data

    def close(self) -> None:
        """Closes the stream, even in the middle of the reply."""
        _close(self._response)


def _close(response: Any) -> None:
    """Returns a connection to the pool once its reply was read; closes it otherwise."""
    if not response.isclosed():
        response.close()
    response.release_conn()


def _cause(error: Exception) -> Any:
    """The error inside those of the HTTP libraries: the connection that failed, or what went wrong on it."""
    wrapped = error.args[0] if error.args else None
    reason = getattr(wrapped, "reason", None)
    if reason is None and isinstance(wrapped, urllib3.exceptions.ProtocolError):
        return wrapped.args[-1]
    return reason


class _WholeReplySocket:
    """A socket whose timeout covers all reads until the next timeout is set.

    An ordinary timeout restarts with each byte, so a device that sends one byte per second would never time out.
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
    """The TLS handshake failed, so nothing was sent."""

    def __init__(self, cause: ssl.SSLError) -> None:
        super().__init__(*cause.args)
        self.cause = cause


class _TlsConnection(HTTPSConnection):
    """Does the handshake itself: with some versions of urllib3, checking the host name takes more than a context."""

    def connect(self) -> None:
        HTTPConnection.connect(self)
        try:
            context: Any = self.ssl_context
            sock = context.wrap_socket(self.sock, server_hostname=self.host)
        except ssl.SSLError as error:
            raise _HandshakeFailed(error) from error
        self.sock = self.watched = _WholeReplySocket(sock)
        # Otherwise urllib3 warns about a context that does not validate, which the user chose.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Has one pool, for the one miner. The pool manager of requests, for any host, costs a millisecond per task."""

    def __init__(self, url: str, tls: ssl.SSLContext | None) -> None:
        self._url = url
        self._tls = tls
        self._pool: Any = None
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *_args: Any, **_kwargs: Any) -> None:
        """There is none."""

    def get_connection_with_tls_context(self, request: Any, *_args: Any, **_kwargs: Any) -> Any:
        return self.get_connection(request.url)

    def get_connection(self, url: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Returns the pool; versions of requests before 2.32 ask for it by this name."""
        if self._pool is None:
            scheme, _auth, host, port, *_rest = urllib3.util.parse_url(url)
            if scheme == "https":
                self._pool = _TlsPool(host or "", port, maxsize=1, ssl_context=self._tls)
            else:
                self._pool = _Pool(host or "", port, maxsize=1)
        return self._pool

    def request_url(self, request: Any, *_args: Any, **_kwargs: Any) -> str:
        """Returns what the request line asks for: the path. There is never a proxy, which would take the whole URL."""
        return str(request.url).removeprefix(self._url)

    def close(self) -> None:
        if self._pool:
            self._pool.close()

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The SSLContext determines what is trusted."""

    def build_response(self, req: Any, resp: Any) -> Any:
        """Returns the urllib3 response: the cookies and history that requests would add are not needed here."""
        return resp
