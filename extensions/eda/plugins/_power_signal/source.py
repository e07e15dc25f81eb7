# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observes the power signal and emits the resulting events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.arguments import Settings
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.commands import (
    BYTES_MAX,
    command_from,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import (
    INVALID,
    Cleared,
    Command,
    Observation,
    Problem,
    State,
    decide,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.feed import PriceReader
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.snapshot import dumped, loaded
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.webhook import listening
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.files import bytes_of
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import save

# How often the command file and the clock are checked.
TICK_S = 1.0
SNAPSHOT_BYTES_MAX = 16 * 1024 * 1024

Put = Callable[[dict[str, Any]], Awaitable[None]]
_logger = logging.getLogger(__name__)


class Source:
    """One power signal. ``put`` takes the events, and may block the source."""

    def __init__(self, settings: Settings, put: Put) -> None:
        self._settings = settings
        self._put = put
        self._state = _resumed(settings.snapshot)
        self._on_disk: State | None = None
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Runs until cancelled. Raises Invalid if it can't start for reasons other than the signal."""
        settings = self._settings
        if settings.snapshot is None:
            _logger.warning(
                "power_signal: snapshot is not set: after a restart during a curtailment, nothing restores the miners."
            )
        elif reason := await self._save(settings.snapshot):
            raise Invalid(reason)
        reader = PriceReader(settings.prices) if settings.prices else None
        if reader:
            # Before any decision; otherwise a restart would find the signal lost.
            await self.observe(await reader.read(time.time()))
        async with AsyncExitStack() as stack:
            if settings.webhook:
                await stack.enter_async_context(listening(settings.webhook, self._posted))
            await _together(self._watch(), *([self._poll(reader)] if reader else []))

    async def observe(self, observation: Observation) -> State:
        """Decides on an observation, emits the events, then saves the state and returns it.

        If the source is killed in between, it repeats an event, under the same id, rather than lose it.
        """
        async with self._one_at_a_time:
            await self._decide(observation)
            if self._settings.snapshot and self._state != self._on_disk:
                reason = await self._save(self._settings.snapshot)
                await self._decide(Problem("snapshot", reason) if reason else Cleared("snapshot"))
            return self._state

    async def _decide(self, observation: Observation) -> None:
        state, events = decide(self._settings.rules, self._state, observation, time.time())
        for event in events:
            if event.edge == INVALID:
                _logger.warning("power_signal: %s", event.reason)
            await self._put({"power_signal": asdict(event)})
        self._state = state

    async def _save(self, snapshot: Path) -> str | None:
        """Returns why the state could not be saved, or None."""
        state = self._state
        try:
            await asyncio.to_thread(save, str(snapshot), dumped(state), check_mode=False)
        except InvalidInput as error:
            reason = getattr(error.__cause__, "strerror", None) or str(error)
            return f"snapshot {quoted(snapshot)} can't be written: {reason}. Correct the path or its folder."
        self._on_disk = state
        return None

    async def _watch(self) -> None:
        while True:
            path = self._settings.command_file
            await self.observe(await self._command_in(path) if path else None)
            await asyncio.sleep(TICK_S)

    async def _command_in(self, path: Path) -> Observation:
        try:
            data = await asyncio.to_thread(bytes_of, path, BYTES_MAX)
            return Cleared("command_file") if data is None else self._command(data, "command_file")
        except Invalid as error:
            reason = f"command_file {quoted(path)}: {error}."
            return Problem("command_file", reason, reason)

    async def _posted(self, data: bytes) -> str | None:
        """Processes what was sent to the webhook; returns why it was refused, or None."""
        try:
            observation: Observation = self._command(data, "webhook")
        except Invalid as error:
            reason = f"webhook: {error}."
            observation = Problem("webhook", reason, reason)
        state = await self.observe(observation)
        return next((problem.reason for problem in state.problems if problem.source == "webhook"), None)

    def _command(self, data: bytes, source: str) -> Command:
        return command_from(data, source, self._settings.modes, self._settings.zone)

    async def _poll(self, reader: PriceReader) -> None:
        while True:
            await asyncio.sleep(reader.interval_s)
            await self.observe(await reader.read(time.time()))


def _resumed(snapshot: Path | None) -> State:
    try:
        data = bytes_of(snapshot, SNAPSHOT_BYTES_MAX) if snapshot else None
        return State.fresh(time.time()) if data is None else loaded(data.decode(errors="replace"))
    except Invalid as error:
        raise Invalid(
            f"snapshot {quoted(snapshot)} can't be used: {error}. It says whether miners are curtailed: restore a "
            "good copy of it, or move it away and restore the miners by hand."
        ) from None


async def _together(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Runs until one of them fails, or this is cancelled; then the others are stopped."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
