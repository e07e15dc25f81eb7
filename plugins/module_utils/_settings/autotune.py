# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The autotune mode of cgminer, and on Innosilicon its level."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Callable

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    NotReady,
    Unreachable,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import (
    Setting,
    after_change,
    wait_until,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.mining import current_mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import configuration
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._visible import require_visible
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import (
    AUTOTUNE,
    AUTOTUNE_STATUS,
    AutoTune,
    AutoTuneStatus,
    set_autotune,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import Mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import model_of
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import TYPE

# Tuning takes minutes to hours, and the miner has few workers.
_TUNING_POLL_S = 5.0

MODES = ("efficient", "balanced", "factory", "performance", "off")

# The levels of each mode, on firmware with levels: 2 is the plain mode, lower ones are below it.
LEVELS = {
    "efficient": ("2", "3", "4"),
    "balanced": ("0", "1", "2", "3", "4"),
    "factory": ("0", "1", "2", "3", "4"),
    "performance": ("0", "1", "2", "3"),
}
_PLAIN_LEVEL = "2"

_MODES_WITHOUT_STATUS = ("off", "efficient", "balanced", "performance")
_MODES_WITH_STATUS = ("efficient", "balanced", "factory", "performance")


def autotune_from(mode: str, level: str | None) -> AutoTune:
    """Returns the mode and level that module options describe; None keeps the current level.

    Raises InvalidInput for a level that the mode has on no firmware; the firmware would store any text.
    """
    if level is None:
        return AutoTune(mode)
    level = level.strip(" ")
    if not level:
        raise InvalidInput(
            "level is empty. Innosilicon's levels are numbers, such as 2. Leave level out to keep the miner's."
        )
    require_visible("level", level, shown=level)
    levels = LEVELS.get(mode)
    if levels and level not in levels:
        raise InvalidInput(
            f"The mode {mode} has no level {quoted(level)}. Use one of {', '.join(levels)}; {_PLAIN_LEVEL} is the "
            f"plain mode."
        )
    return AutoTune(mode, level)


def resolved(desired: AutoTune, current: AutoTune) -> AutoTune:
    """Returns what a miner reports in its desired state. Raises Unsupported for a level if the firmware has none.

    If the current level should be kept but does not exist in the new mode, the plain level is used.
    """
    if desired.level is not None:
        if current.level is None:
            raise Unsupported(
                "This miner's firmware does not have autotune levels, only Innosilicon's does. Leave level out."
            )
        return desired
    is_kept = desired.mode == current.mode or current.level is None or current.level in LEVELS.get(desired.mode, ())
    return AutoTune(desired.mode, current.level if is_kept else _PLAIN_LEVEL)


def is_desired(fact: Mapping[str, Any], desired: AutoTune) -> bool:
    """Whether a mode and level, as shown in facts, are the desired ones."""
    current = AutoTune(fact["mode"], fact["level"])
    try:
        return resolved(desired, current) == current
    except Unsupported:
        return False


def current_autotune(session: Session) -> Steps[AutoTune]:
    """Reads the configured mode."""
    return (yield from session.read(AUTOTUNE))


def current_status(
    session: Session, retry: bool = True, read_mining: Callable[[], Steps[Mining]] | None = None
) -> Steps[AutoTuneStatus]:
    """Reads whether cgminer runs and tunes; derived from its state on firmware without an endpoint for it.

    ``read_mining`` is for callers that have read the state of mining already.
    """
    try:
        return (yield from session.read(AUTOTUNE_STATUS, retry))
    except Unsupported:
        mining = yield from (read_mining() if read_mining else current_mining(session, retry))
        return AutoTuneStatus(mining.ready, bool(mining.is_tuning))


def wait_tuned(session: Session, timeout_s: float, changed: bool) -> Steps[None]:
    """Waits until cgminer runs and has finished tuning. Raises NotReady if it has not within ``timeout_s`` seconds."""

    def is_tuned() -> Steps[bool]:
        status = yield from current_status(session, retry=False)
        return status.is_running and not status.is_tuning

    with after_change() if changed else nullcontext():
        if not (yield from wait_until(session, is_tuned, timeout_s, poll_s=_TUNING_POLL_S)):
            raise NotReady(
                f"The autotune mode is set, but tuning has not ended within {timeout_s:g} s. "
                "Raise wait_timeout, or run the task again to continue waiting."
            )


class AutoTuneSetting(Setting[AutoTune]):
    """The desired autotune mode of one miner. A level of None keeps the current one."""

    name = "autotune"

    def __init__(self, session: Session, mode: str, level: str | None) -> None:
        super().__init__(session)
        self._desired = autotune_from(mode, level)
        self._was_sent = False

    def read(self) -> Steps[AutoTune]:
        if self._was_sent:
            yield from configuration.pools_after_write(self.session, "autotune mode")
        return (yield from current_autotune(self.session))

    def desired(self, current: AutoTune) -> AutoTune:
        return resolved(self._desired, current)

    def prepare(self, current: AutoTune) -> Steps[None]:
        yield from self.session.require_rights()
        yield from self._require_effect()
        modes = yield from self._modes(current)
        if self._desired.mode not in modes:
            raise Unsupported(
                f"This miner's firmware does not have the autotune mode {self._desired.mode}, and would ignore it. "
                f"Use {', '.join(modes)}."
            )
        yield from configuration.pools_before_write(self.session, "autotune mode")

    def _require_effect(self) -> Steps[None]:
        """On some models the firmware accepts a mode, but cgminer does not apply it."""
        model = model_of((yield from self.session.read(TYPE)))
        if model and model.autotune.works and not model.autotune.works.value:
            raise Unsupported(
                f"The type of this miner is {model.type}, and {model.autotune.reason}. Nothing was sent. Do not "
                "set the autotune mode of this miner."
            )

    def write(self, current: AutoTune) -> Steps[None]:
        desired = self.desired(current)
        self._was_sent = True
        yield from self.session.write(set_autotune(desired))
        if desired.mode == "balanced" and current.mode in ("factory", "balanced"):
            try:
                yield from self._take_detour(desired)
            except Unreachable as error:
                error.sent = True
                raise

    def _take_detour(self, desired: AutoTune) -> Steps[None]:
        """Sets another mode first if balanced was ignored: an Innosilicon ignores it unless it leaves another mode.

        If no mode was ever set, it reports "factory".
        """
        if (yield from current_autotune(self.session)) == desired:
            return
        yield from self.session.write(set_autotune(replace(desired, mode="factory")))
        yield from self.session.write(set_autotune(desired))

    def diff(self, before: AutoTune, after: AutoTune) -> tuple[Any, Any]:
        return shown(before), shown(after)

    def describe(self, value: AutoTune) -> str:
        return value.mode if value.level is None else f"{value.mode} at level {value.level}"

    def _modes(self, current: AutoTune) -> Steps[tuple[str, ...]]:
        """The modes that this firmware accepts, which it does not report.

        Firmware with ``off`` lacks the status endpoint; that is checked only if it matters.
        """
        if self._desired.mode in _MODES_WITH_STATUS and self._desired.mode in _MODES_WITHOUT_STATUS:
            return MODES
        if current.level is not None:
            return _MODES_WITH_STATUS
        try:
            yield from self.session.read(AUTOTUNE_STATUS)
        except Unsupported:
            return _MODES_WITHOUT_STATUS
        return _MODES_WITH_STATUS


def shown(autotune: AutoTune) -> dict[str, str | None]:
    """Returns the mode and level as results and facts show them."""
    return {"mode": autotune.mode, "level": autotune.level}
