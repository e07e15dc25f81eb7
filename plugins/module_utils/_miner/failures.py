# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of messages for everything that can go wrong with a connection, used with either HTTP library."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    TimedOut,
    Unreachable,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import explained
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply

# nginx's response to http on its https port.
_NGINX_EXPECTS_TLS = b"The plain HTTP request was sent to HTTPS port"
# A reply with none of these ended within its headers.
_HAS_BODY = frozenset({"content-length", "transfer-encoding"})
_CLOSED = "the connection was closed without an answer"


def invalid_url(url: str) -> InvalidInput:
    """The URL is not valid."""
    return InvalidInput(f"{url} is not a valid address of a miner. Correct the options host and port.")


def connect_timed_out(url: str, timeout_s: float) -> Unreachable:
    """Nothing accepted the connection in time."""
    return _no_answer(url, f"no connection within {timeout_s:g} s", sent=False, transient=False)


def not_connected(url: str, error: BaseException) -> Unreachable:
    """The operating system could not connect."""
    number = getattr(error, "errno", None) or 0
    reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None)
    return _no_answer(url, (reason or "the connection failed").lower(), sent=False)


def closed(url: str, path: str) -> Unreachable:
    """The connection was closed before a reply came."""
    return _no_answer(url, _CLOSED, sent=True, to=f" to {path}")


def no_tls(url: str, error: ssl.SSLError) -> Unreachable:
    """The TLS handshake failed."""
    reason, fix = explained(error)
    return Unreachable(f"No login was sent to {url}: {reason}. {fix}.", reason, sent=False, transient=False)


def expects_tls(url: str) -> BadReply:
    """The device responds to plain HTTP with TLS, or asks for TLS."""
    return BadReply(
        f"The device at {url} expects TLS. Set dragonmint_scheme: https, or dragonmint_port to the port that serves "
        "http.",
        reason="it expects TLS",
    )


def no_http(url: str) -> BadReply:
    """The response is not HTTP."""
    return BadReply(
        f"The device at {url} does not speak HTTP. Check that host and port are those of a miner.",
        reason="it does not speak HTTP",
    )


def reply_timed_out(url: str, path: str, reply_s: float) -> TimedOut:
    """The reply was not complete within ``reply_s`` seconds."""
    return TimedOut(
        f"The miner at {url} accepted the request {path}, but did not answer completely within {reply_s:g} s. It may "
        "be overloaded or hung: wait, raise the option timeout, or reboot it.",
        reason=f"no answer within {reply_s:g} s",
    )


def reply_broke_off(url: str, path: str) -> BadReply:
    """The reply was cut off."""
    return BadReply(
        f"The reply of the miner at {url} to {path} broke off. If this persists, check its network.",
        reason="its reply broke off",
        transient=True,
    )


def reply_too_long(url: str, path: str, bytes_max: int) -> BadReply:
    """The reply is longer than any reply of a miner."""
    return BadReply(
        f"The reply of {url}{path} is longer than {bytes_max} bytes. Check that this device is a miner.",
        reason="its reply is too long",
    )


def stream_silent(path: str, within_s: float) -> TimedOut:
    """Nothing arrived on a stream for ``within_s`` seconds."""
    reason = f"nothing came within {within_s:g} s"
    return TimedOut(f"The reply of the miner to {path} is not complete, but {reason}.", reason)


def stream_broke_off(path: str) -> BadReply:
    """A stream was cut off."""
    reason = "its reply broke off"
    return BadReply(f"The miner was answering {path}, but {reason}.", reason)


def whole_reply(url: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """Returns the reply if its body is as long as its headers say.

    Raises BadReply for one that ended within its headers, or that asks for TLS.
    """
    known = {name.lower(): value for name, value in headers.items()}
    if status == 200 and not body and not _HAS_BODY.intersection(known):
        raise reply_broke_off(url, path)
    if status == 400 and _NGINX_EXPECTS_TLS in body:
        raise expects_tls(url)
    return Reply(status, body, known.get("location"), known.get("date"), known.get("content-type"))


def _no_answer(url: str, reason: str, sent: bool, transient: bool = True, to: str = "") -> Unreachable:
    return Unreachable(
        f"No miner answers at {url}: {reason}{to}. Check that it has power and network, and that host and port "
        "(dragonmint_host or ansible_host, dragonmint_port) are right.",
        reason,
        sent,
        transient,
    )
