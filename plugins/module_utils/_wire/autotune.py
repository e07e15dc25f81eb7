# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of the autotune mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    Endpoint,
    Reply,
    Request,
    nothing,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    DM_2018_05,
    FOR_ADMIN,
    GUEST,
    INNO_2018_05,
    INNO_2018_08,
    INNO_2018_09,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import clean, text_of


@dataclass(frozen=True)
class AutoTune:
    """The configured autotune mode. ``level`` is None on firmware that has no levels."""

    mode: str
    level: str | None = None

    @property
    def shows_innosilicon(self) -> bool:
        """Whether this answer comes only from Innosilicon's firmware."""
        return self.level is not None


@dataclass(frozen=True)
class AutoTuneStatus:
    """The state of autotune: whether cgminer runs, and whether it is still tuning.

    ``configured`` is the mode that the miner reports along with it, None if it reports none.
    """

    is_running: bool
    is_tuning: bool
    configured: AutoTune | None = None

    @property
    def shows_innosilicon(self) -> bool:
        """Whether this answer comes only from Innosilicon's firmware."""
        return self.configured is not None and self.configured.shows_innosilicon


def set_autotune(autotune: AutoTune) -> Request[None]:
    """Sets the autotune mode and restarts cgminer. The firmware reports success even for modes unknown to it."""
    form = {"autotune": autotune.mode}
    if autotune.level is not None:
        form["level"] = autotune.level
    return Request(SET_AUTOTUNE, form)


def _read_autotune(answer: Mapping[str, Any], reply: Reply) -> AutoTune:
    mode = answer.get("autoTuneMode")
    level = None
    if isinstance(mode, dict):
        level, mode = str(mode.get("level", "")), mode.get("mode")
    if not isinstance(mode, str):
        raise BadReply("The miner does not report its autotune mode. Try again; if this persists, reboot the miner.")
    return AutoTune(clean(mode), None if level is None else clean(level))


def _read_autotune_status(answer: Mapping[str, Any], reply: Reply) -> AutoTuneStatus:
    running, tuning = answer.get("isRunning"), answer.get("isTuning")
    if not isinstance(running, bool) or not isinstance(tuning, bool):
        raise BadReply("The miner does not report whether it is tuning. Try again; if this persists, reboot the miner.")
    mode = text_of(answer.get("mode"))
    return AutoTuneStatus(running, tuning, AutoTune(mode, text_of(answer.get("level"))) if mode else None)


AUTOTUNE = Endpoint("getAutoTune", FOR_ADMIN, _read_autotune)
AUTOTUNE_STATUS = Endpoint(
    "getAutoTuneStatus",
    {DM_2018_05: ADMIN, INNO_2018_05: ADMIN, INNO_2018_08: GUEST, INNO_2018_09: GUEST, INNO_2019: GUEST},
    _read_autotune_status,
)
SET_AUTOTUNE = Endpoint("setAutoTune", FOR_ADMIN, nothing, writes=True)
