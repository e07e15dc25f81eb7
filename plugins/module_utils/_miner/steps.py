# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with a miner, as steps without I/O: they yield commands, and a driver sends back what comes of them.

Steps are written once. :mod:`client` runs them for one miner over requests, :mod:`async_client` for many at once over
aiohttp. A driver throws the error of a command into the steps, where it was yielded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar, Union

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError

T = TypeVar("T")

# Yields commands, is sent their results, and returns a value.
Steps = Generator["Command", Any, T]


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
class Connection:
    """How to reach a miner, and the logins to try there in their order; there is at least one.

    ``timeout_s`` bounds a connect, and again a whole reply. ``tls`` is an SSLContext, there with https only.
    """

    host: str
    credentials: tuple[Credential, ...]
    port: int = 80
    scheme: str = "http"
    auth: str = "basic"
    timeout_s: float = 10.0
    retries: int = 3
    tls: Any = field(default=None, repr=False, compare=False)
    expected_mac: str | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class Send:
    """Send a form, or with ``form`` None get a page. Its result is the Reply.

    ``slow_s`` are the seconds that the miner gets at the least.
    """

    to: Connection
    path: str
    form: Mapping[str, str] | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    slow_s: float = 0.0


@dataclass(frozen=True)
class OpenStream:
    """Get a path whose reply may go on for ever; only its head has to come in time. Its result is the head, a Reply.

    The stream lasts until another command than ReadStream is given.
    """

    to: Connection
    path: str
    headers: Mapping[str, str]
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ReadStream:
    """Read on in the stream. Its result are the next bytes, none at its end.

    Its error is TimedOut if nothing comes within ``within_s`` seconds, BadReply if the stream breaks off.
    """

    within_s: float


@dataclass(frozen=True)
class Wait:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True)
class Knock:
    """Find out whether anything accepts a connection at an address. Its result says so."""

    host: str
    port: int
    timeout_s: float


@dataclass(frozen=True)
class Together:
    """Run steps at the same time, at most so many at once, each over connections of its own that end with it.

    Its result has for each of the steps the value that they returned, or the MinerError that ended them.
    """

    steps: Sequence[Generator[Any, Any, Any]] = field(repr=False)
    at_once: int = 1


# Runs steps for whoever has to do something else than send requests meanwhile.
RunSteps = Callable[[Generator[Any, Any, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class Attend:
    """Do something that takes an event loop of its own. Its result is what ``act`` returns."""

    act: Callable[[RunSteps], Awaitable[Any]]


Command = Union[Send, OpenStream, ReadStream, Wait, Knock, Together, Attend]


def apart(steps: Steps[T]) -> Steps[T]:
    """Runs steps over connections of their own, which end with them."""
    (outcome,) = yield Together((steps,))
    if isinstance(outcome, MinerError):
        raise outcome
    value: T = outcome
    return value
