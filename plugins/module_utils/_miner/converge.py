# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings one setting of a miner to its desired state: read, compare, write, verify.

The miner answers success to writes that it ignored, and a reply can get lost after the write took effect. So what
counts is only what the miner says afterwards, when its value is read again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Generic, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    MinerError,
    NotApplied,
    NotBack,
    Rejected,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps, Wait

T = TypeVar("T")

SETTLE_S = 10.0
_POLL_S = 0.5


class Setting(ABC, Generic[T]):
    """Something on the miner of ``session`` that can be read, and written when it differs from what is desired.

    All that talks to the miner are steps. ``lags`` marks what may show its old value for a while after the miner
    confirmed the change, ``silent_s`` says how many seconds the miner may be silent after it. ``kept_because`` is why
    the miner may keep its value although it answered success, where its answer has said so.
    """

    name: str
    lags = False
    silent_s = SETTLE_S
    kept_because: str | None = None

    def __init__(self, session: Session) -> None:
        self.session = session

    @abstractmethod
    def read(self) -> Steps[T]:
        """Returns the current value. Raises NotApplied where writing it has damaged what holds it."""

    @abstractmethod
    def desired(self, current: T) -> T:
        """Returns the value that is read once the miner is as desired. Equal to ``current``: nothing to do."""

    def prepare(self, current: T) -> Steps[None]:
        """Refuses a change that can't work, before anything is written. In check mode, too, so it only reads."""
        yield from ()

    @abstractmethod
    def write(self, current: T) -> Steps[None]:
        """Tells the miner to change, once."""

    @abstractmethod
    def diff(self, before: T, after: T) -> tuple[Any, Any]:
        """Returns both values as a user may see them, without secrets."""

    @abstractmethod
    def describe(self, value: T) -> str:
        """Names a value in a message, without secrets."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What converging came to; in check mode, what it would come to."""

    changed: bool
    value: T
    diff: dict[str, Any]


def converge(setting: Setting[T], check_mode: bool) -> Steps[Outcome[T]]:
    """Makes the miner as desired, or in check mode says what that would change.

    A miner whose reply got lost has some seconds to show the new value, since the request may still be waiting for a
    free worker. Raises NotApplied if it does not show it, or Rejected if it has said why, and NotBack if it does not
    answer any more.
    """
    before = yield from setting.read()
    desired = setting.desired(before)
    if desired == before:
        return _outcome(setting, False, before, before)
    yield from setting.prepare(before)
    if check_mode:
        return _outcome(setting, True, before, desired)
    lost = yield from send_once(setting.write(before))
    after = yield from _read_back(setting, desired, lost)
    if after != desired:
        raise _not_applied(setting, before, desired, after, lost)
    return _outcome(setting, True, before, after)


def send_once(write: Steps[None]) -> Steps[MinerError | None]:
    """Sends a write. Returns the error in which its reply got lost, None if the miner confirmed it."""
    try:
        yield from write
    except (Unreachable, TimedOut, BadReply) as error:
        if not error.sent:
            raise
        return error
    return None


@contextmanager
def after_change() -> Iterator[None]:
    """Marks what goes wrong within it as having happened after the miner was changed."""
    try:
        yield
    except MinerError as error:
        error.changed = True
        raise


def wait_until(
    session: Session, met: Callable[[], Steps[bool]], timeout_s: float, poll_s: float = _POLL_S
) -> Steps[bool]:
    """Asks every ``poll_s`` seconds until ``met`` says yes, and returns False if it does not within ``timeout_s``.

    A miner that can't answer just now has not said yes; any other error is raised.
    """
    deadline = session.now() + timeout_s
    while True:
        try:
            if (yield from met()):
                return True
        except MinerError as error:
            if not (error.transient or isinstance(error, (TimedOut, Unreachable))):
                raise
        if session.now() >= deadline:
            return False
        yield Wait(poll_s)


def _read_back(setting: Setting[T], desired: T, lost: MinerError | None) -> Steps[T]:
    now = setting.session.now
    sent_at = now()
    settle_s = SETTLE_S if lost or setting.lags else 0.0
    while True:
        try:
            after = yield from setting.read()
        except WrongDevice as error:
            error.changed = True
            raise
        except NotApplied as error:
            if now() >= sent_at + settle_s:
                error.changed = True
                raise
        except MinerError as error:
            if error.is_final or now() >= sent_at + setting.silent_s:
                raise _not_back(setting, lost, error) from error
        else:
            if after == desired or now() >= sent_at + settle_s:
                return after
        yield Wait(_POLL_S)


def _not_back(setting: Setting[T], lost: MinerError | None, error: MinerError) -> NotBack:
    failure = NotBack(
        f"The miner was sent a change of its {setting.name}{_reply(lost)}. Since then this can't be read, so "
        f"it is not known whether the change took effect: {error.reason}. Run the task again when the miner can be "
        f"read.",
        reason=error.reason,
    )
    failure.changed = True
    return failure


def _not_applied(setting: Setting[T], before: T, desired: T, after: T, lost: MinerError | None) -> MinerError:
    wanted, found = setting.describe(desired), setting.describe(after)
    differs = found if found != wanted else f"{found} with other secrets"
    what = (
        f"The miner was sent a change of its {setting.name} to {wanted}{_reply(lost)}, but it "
        f"{'still' if after == before else 'now'} has {differs}."
    )
    failure: MinerError = NotApplied(f"{what} Nothing was sent again. Check the miner's logs, or run the task again.")
    if setting.kept_because:
        failure = Rejected(f"{what} {setting.kept_because}", reason=setting.kept_because)
    failure.changed = after != before
    return failure


def _reply(lost: MinerError | None) -> str:
    return f", its reply was lost ({lost.reason})" if lost else " and answered success"


def _outcome(setting: Setting[T], changed: bool, before: T, after: T) -> Outcome[T]:
    shown_before, shown_after = setting.diff(before, after)
    return Outcome(changed, after, {"before": {setting.name: shown_before}, "after": {setting.name: shown_after}})
