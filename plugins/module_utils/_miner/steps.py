# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything done with a miner, as steps without I/O: they yield commands, and a driver sends back the results.

Steps are written once. :mod:`client` runs them for one miner over requests, :mod:`async_client` for many at once over
aiohttp. If a command fails, the driver throws the error into the steps where it was yielded.
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
    """A login that a miner may accept. ``name`` is the user's name for it, where there are several.

    ``origin`` is the variable that the username came from, if known.
    """

    username: str
    password: str = field(repr=False)
    name: str = ""
    origin: str | None = None


@dataclass(frozen=True)
class Connection:
    """How to reach a miner, and the logins to try, in order; there is at least one.

    ``timeout_s`` bounds the connect, and separately the whole reply. ``tls`` is an SSLContext, set for https only.
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
    """Post a form, or get a page if ``form`` is None. The result is the Reply.

    ``slow_s`` is the minimum timeout of the reply, in seconds.
    """

    to: Connection
    path: str
    form: Mapping[str, str] | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    slow_s: float = 0.0


@dataclass(frozen=True)
class OpenStream:
    """Get a path whose reply may never end; only its head has to arrive in time. The result is the head, a Reply.

    Any command other than ReadStream ends the stream.
    """

    to: Connection
    path: str
    headers: Mapping[str, str]
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ReadStream:
    """Read the next bytes of the stream. The result is these bytes, empty at its end.

    Fails with TimedOut if nothing arrives within ``within_s`` seconds, with BadReply if the stream is cut off.
    """

    within_s: float


@dataclass(frozen=True)
class Wait:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True)
class Probe:
    """Check whether anything accepts a connection at an address. The result is a bool."""

    host: str
    port: int
    timeout_s: float


@dataclass(frozen=True)
class Together:
    """Run steps concurrently, with a limit, each over its own connections, which end with them.

    The result has, for each of the steps, its value or the MinerError that ended it.
    """

    steps: Sequence[Generator[Any, Any, Any]] = field(repr=False)
    at_once: int = 1


# Runs steps for an action that has other things to do between requests.
RunSteps = Callable[[Generator[Any, Any, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class RunAction:
    """Run an action that needs its own event loop. The result is what ``act`` returns."""

    act: Callable[[RunSteps], Awaitable[Any]]


Command = Union[Send, OpenStream, ReadStream, Wait, Probe, Together, RunAction]


def apart(steps: Steps[T]) -> Steps[T]:
    """Runs steps over separate connections, which end with them."""
    (outcome,) = yield Together((steps,))
    if isinstance(outcome, MinerError):
        raise outcome
    value: T = outcome
    return value
