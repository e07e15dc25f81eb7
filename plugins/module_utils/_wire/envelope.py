# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all endpoints share: requests, replies, and the forms of success and refusal. No I/O.

Each endpoint is described once, by an :class:`Endpoint`: its action, who may call it on which firmware, and how its
reply is read. A request is an endpoint with its form; :func:`parse` turns the reply into normalised values or raises
one of our errors. The facts come from the firmware's own sources and from recordings of real miners.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar
from urllib.parse import urlencode

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    MinerError,
    NotReady,
    Rejected,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    BRANDS,
    GENERATIONS,
    GUEST,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import printable

INDEX_PATH = "/"
# The reason of a BadReply that has no body.
EMPTY = "the reply is empty"
FORM_TYPE = "application/x-www-form-urlencoded"
# Sent with each request. Without "identity", the miner's web server would compress replies, and we would have to bound
# their expansion.
HEADERS = {"User-Agent": "minerops.dragonmint", "Accept-Encoding": "identity"}
REPLY_BYTES_MAX = 8 * 1024 * 1024
# A miner's index page has 811 bytes.
PAGE_BYTES_MAX = 64 * 1024
# The web server's status when the program behind it does not run, or has hung up.
BAD_GATEWAY = 502
T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """An HTTP reply as received. ``date`` is its Date header: the miner's own clock."""

    status: int
    body: bytes
    location: str | None = None
    date: str | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class Endpoint(Generic[T]):
    """One action of the API.

    ``levels`` is the lowest user level that may call it, by firmware generation; generations that are missing in it
    lack the action. ``read`` turns the reply's object into the value, ``writes`` marks actions that change the miner,
    and ``slow_s`` is the time in seconds that the miner may need for more than a look at its own state.
    ``may_be_empty`` reads a reply without a body as an empty object. ``is_flag_text`` marks an action whose success
    flag is text.
    """

    action: str
    levels: Mapping[str, str]
    read: Callable[[Mapping[str, Any], Reply], T]
    writes: bool = False
    slow_s: float = 0.0
    may_be_empty: bool = False
    is_flag_text: bool = False

    def admin_only(self) -> bool:
        """Whether a guest may not call this on any firmware."""
        return GUEST not in self.levels.values()

    def is_everywhere(self) -> bool:
        """Whether every firmware has this action."""
        return set(self.levels) == set(GENERATIONS)


@dataclass(frozen=True)
class Request(Generic[T]):
    """An endpoint and the form to send to it. The firmware reads parameters from POSTed forms only."""

    endpoint: Endpoint[T]
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """The path of the URL."""
        return "/api/" + self.endpoint.action


class TokenExpired(MinerError):
    """The miner does not accept this JWT (any more); it says so of every token that it can't verify."""


class InvalidRequest(MinerError):
    """The miner says "invalid request": wrong login, no permission or unknown action; the reply does not say which."""


def parse(request: Request[T], reply: Reply) -> T:
    """Returns the normalised value of a reply.

    Raises TokenExpired or InvalidRequest, which the caller resolves; NotReady if the miner refuses without a reason
    (cgminer does not respond), Rejected if it gives one, BadReply for anything that a miner does not send.
    """
    if request.endpoint.may_be_empty and reply.status == 200 and not reply.body:
        return request.endpoint.read({}, reply)
    answer = _json_object(request, reply)
    success = answer.get("success")
    if request.endpoint.is_flag_text and success in ("true", "false"):
        success = success == "true"
    if success is True:
        return request.endpoint.read(answer, reply)
    if success is not False:
        _bad(request.path, "the reply has no success flag", reply)
    if answer.get("token") == "expired":
        raise TokenExpired("The miner does not accept the JWT.")
    # Innosilicon's firmware of 2019 calls it msg in some replies.
    message = answer.get("message", answer.get("msg"))
    if message is None:
        raise NotReady(
            f"The miner refused {request.path} without a reason, which it does while cgminer does not answer. "
            "It may be starting; if this persists, restart cgminer or check the miner's logs."
        )
    if not isinstance(message, str):
        _bad(request.path, f"its reason for a refusal is not text: {printable(json.dumps(message))}", reply)
    text = printable(message)
    if text == "invalid request":
        raise InvalidRequest(f"The miner called {request.path} an invalid request.")
    raise Rejected(f"The miner refused {request.path}: {text}.", reason=text)


def is_index(reply: Reply) -> bool:
    """Whether this is the page that a miner serves at INDEX_PATH without a login, recognised by its maker's title."""
    return reply.status == 200 and page_title(reply) in BRANDS


def require_page(reply: Reply) -> Reply:
    """Returns a reply to INDEX_PATH that shows what kind of device sent it.

    Raises BadReply for an empty page, and for an error of the web server: any device may send them.
    """
    if reply.status >= 500:
        require_ok(INDEX_PATH, reply)
    if reply.status == 200 and not reply.body:
        raise BadReply(
            f"The device answered {INDEX_PATH} with an empty page. Try again; if this persists, reboot the miner.",
            reason=EMPTY,
            transient=True,
        )
    return reply


def page_title(reply: Reply) -> str | None:
    """Returns the title of a web page, on a miner the name of its firmware; None if it has none."""
    match = _TITLE.search(reply.body[:4096])
    return printable(match[1].decode("utf-8", "replace")) if match else None


def form_body(form: Mapping[str, str]) -> bytes:
    """Returns the body of a POST with these fields; its Content-Type is FORM_TYPE."""
    return urlencode(form).encode("ascii")


def _json_object(request: Request[Any], reply: Reply) -> Mapping[str, Any]:
    if reply.status == 504 and request.endpoint.slow_s:
        raise Rejected(
            f"The miner waited for another server to complete {request.path}, and gave up without an answer (HTTP "
            f"504). Try again later, or check that the miner reaches the internet.",
            reason="HTTP 504",
        )
    require_ok(request.path, reply)
    try:
        answer = _DECODER.decode(reply.body.decode("utf-8"))
    except (ValueError, RecursionError):
        _bad(request.path, _no_json(reply), reply)
    if not isinstance(answer, dict):
        _bad(request.path, "expected a JSON object", reply)
    return answer


def require_ok(path: str, reply: Reply) -> None:
    if reply.status >= 500:
        raise BadReply(
            f"The miner answered {path} with HTTP {reply.status}{_title(reply)}: its web server runs, but the "
            f"program behind it does not answer. If this persists, reboot the miner.",
            reason=f"HTTP {reply.status}",
            transient=True,
        )
    if 300 <= reply.status < 400:
        target = f" to {printable(reply.location)}" if reply.location else ""
        _bad(path, f"it redirects (HTTP {reply.status}){target}, which is not followed", reply)
    if reply.status != 200:
        _bad(path, f"HTTP status {reply.status}{_title(reply)}", reply)


def _bad(path: str, what: str, reply: Reply) -> NoReturn:
    hint = "Check that the address and port are those of a DragonMint miner"
    if reply.status == 200 and not _is_html(reply):
        hint = "Try again; if this persists, reboot the miner"
    raise BadReply(f"The response to {path} is not what a miner sends: {what}. {hint}.", reason=what)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


# One for all replies: json.loads() makes another for each.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _no_json(reply: Reply) -> str:
    if not reply.body:
        return EMPTY
    if _is_html(reply):
        return f"an HTML page{_title(reply)} instead of JSON"
    return "the reply is not valid JSON"


def _is_html(reply: Reply) -> bool:
    return reply.body.lstrip()[:1] == b"<"


def _title(reply: Reply) -> str:
    title = page_title(reply)
    return f' (titled "{title}")' if title else ""


def nothing(answer: Mapping[str, Any], reply: Reply) -> None:
    """Reads a reply of which only the success counts, such as that to a write, which carries nothing else."""


_TITLE = re.compile(rb"<title>([^<]{1,80})", re.IGNORECASE)
