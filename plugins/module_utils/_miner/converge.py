# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings one setting of a miner to its desired state: read, compare, write, verify.

The miner reports success for writes that it ignored, and a reply can get lost after the write took effect. Only the
value that is read back afterwards counts.
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
    """A setting of the miner of ``session``: it can be read, and is written when it differs from the desired state.

    All methods that talk to the miner are steps. ``lags`` marks a setting that may report its old value for a while
    after the miner confirmed the change; ``silent_s`` is how many seconds the miner may stay silent after it.
    ``kept_because`` is the reason, taken from the miner's answer, why it may keep its value despite reporting success.
    """

    name: str
    lags = False
    silent_s = SETTLE_S
    kept_because: str | None = None

    def __init__(self, session: Session) -> None:
        self.session = session

    @abstractmethod
    def read(self) -> Steps[T]:
        """Returns the current value. Raises NotApplied if the write damaged the place where it is stored."""

    @abstractmethod
    def desired(self, current: T) -> T:
        """Returns the value to be read back in the desired state; equal to ``current`` if there is nothing to do."""

    def prepare(self, current: T) -> Steps[None]:
        """Refuses a change that can't work, before anything is written. Also runs in check mode, so it only reads."""
        yield from ()

    @abstractmethod
    def write(self, current: T) -> Steps[None]:
        """Sends the change to the miner, once."""

    @abstractmethod
    def diff(self, before: T, after: T) -> tuple[Any, Any]:
        """Returns both values as users may see them, without secrets."""

    @abstractmethod
    def describe(self, value: T) -> str:
        """Describes a value in a message, without secrets."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The result of converging; in check mode, the predicted one."""

    changed: bool
    value: T
    diff: dict[str, Any]


def converge(setting: Setting[T], check_mode: bool) -> Steps[Outcome[T]]:
    """Brings the miner to the desired state; in check mode, returns what that would change.

    After a lost reply, the miner has some seconds to show the new value, since the request may still be waiting for a
    free worker. Raises NotApplied if the miner does not show the new value, Rejected if it gave a reason, and NotBack
    if it no longer responds.
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
    """Sends a write. Returns the error that lost its reply, or None if the miner confirmed it."""
    try:
        yield from write
    except (Unreachable, TimedOut, BadReply) as error:
        if not error.sent:
            raise
        return error
    return None


@contextmanager
def after_change() -> Iterator[None]:
    """Marks errors raised within it as having occurred after the miner was changed."""
    try:
        yield
    except MinerError as error:
        error.changed = True
        raise


def wait_until(
    session: Session, met: Callable[[], Steps[bool]], timeout_s: float, poll_s: float = _POLL_S
) -> Steps[bool]:
    """Polls every ``poll_s`` seconds until ``met`` returns true; returns False if that takes longer than ``timeout_s``.

    A miner that can't respond right now does not meet the condition; any other error is raised.
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
    desired_text, found = setting.describe(desired), setting.describe(after)
    differs = found if found != desired_text else f"{found} with other secrets"
    what = (
        f"The miner was sent a change of its {setting.name} to {desired_text}{_reply(lost)}, but it "
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
