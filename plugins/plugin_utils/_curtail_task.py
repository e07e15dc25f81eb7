# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out a curtailment in a single worker of Ansible: sends, waits and writes as its course decides."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import power
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    MinerError,
    MissingLibrary,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.subsets import mining_fact
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import save
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import batch
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.async_client import AsyncClient
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.mining import current_mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import hosts_to_search, locate
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import rates_of
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import TYPE
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_curtail, dragonmint_facts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils import _fleet_plan
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._action import Variables, validated
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._curtailed import record_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._fleet_task import (
    PROGRESS_EVERY_S,
    FleetAction,
    Options,
    performed,
    places_of,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import (
    curtail,
    curtail_record,
    curtailment,
    hashing,
    provision,
    ratings,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_course import (
    COMMANDED,
    CONFIRMED,
    READ,
    SWITCH,
    Course,
    Job,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtailment import Desired, Goal, Known
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised

_AT_ONCE = 200
_POWER_OFF_S = 60.0
_TICK_S = 1.0
_RECORD_EVERY_S = 0.5
_CANCELLED = (signal.SIGTERM, signal.SIGINT)
CANCELLED_REPORT = "curtail-cancelled.txt"
_DESIRED_NAMES = ("provision_autotune_mode", "provision_autotune_level")
_DESIRED = replace(
    provision.VARIABLES,
    entries=tuple(entry for entry in provision.VARIABLES if entry.name in _DESIRED_NAMES),
)


class CurtailAction(FleetAction):
    """The action of the role curtail."""

    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._logins: set[str] = set()
        self._desired: dict[str, Desired] = {}
        self._learn_login_of_first(args, task_vars)
        self._require_here(args)
        params = validated(dragonmint_curtail.argument_spec(), args, self._task.action)
        values = params["values"]
        goal, is_check = curtailment.goal_from(values), self._task.check_mode
        inventory = task_vars["hostvars"]._inventory
        hosts, _left_out = _fleet_plan.chosen_hosts(None, task_vars["ansible_play_batch"], inventory.hosts, ())
        try:
            record, place = record_of(values, params["handed"])
        except InvalidVariables as error:
            return curtail.refused(str(error))
        place = replace(place, is_required=params["record_required"])
        if sockets.AIOHTTP_IMPORT_ERROR:
            raise MissingLibrary("aiohttp", sockets.AIOHTTP_IMPORT_ERROR)
        given = Options("facts", dragonmint_facts, {"gather_subset": ["min"]}, {}, self._on_controller)
        given.validate(is_check)
        # This also determines the desired state of each miner.
        miners = self._miners(hosts, given, args, task_vars)
        if goal.restore and record.miners:
            # Of any other miner the previous state is unknown.
            hosts = [host for host in hosts if host in record.miners or host in self._desired]
        problem = curtail.problem_before(
            goal, values, record, place, inventory.hosts, inventory.groups, bool(self._desired), time.time()
        )
        if problem:
            return curtail.refused(problem)
        never = inventory.groups[values["never"]].get_hosts() if values["never"] else ()
        known = Known(
            record,
            self._desired,
            ratings.own_ratings(values["dragonmint_ratings"]),
            {host.name for host in never},
            60 * values["minimum_minutes"],
        )
        run = _Run(self._display, goal, known, values, place, is_check, miners)
        with _signals_kept():
            asyncio.run(run.go(hosts))
        return run.result()

    def _note(self, host: str, variables: Variables) -> None:
        """Stores the miner's mode outside of events, as set in the inventory or play."""
        try:
            found = normalised(_DESIRED, {entry.name: variables.value(entry.name) for entry in _DESIRED})
        except InvalidVariables as error:
            raise InvalidInput(str(error)) from None
        if found["autotune_mode"] is not None:
            self._desired[host] = Desired(found["autotune_mode"], found["autotune_level"])


class _Run:
    """One run: the course, and the I/O for it."""

    def __init__(
        self,
        display: Any,
        goal: Goal,
        known: Known,
        values: Mapping[str, Any],
        place: curtail.Place,
        is_check: bool,
        miners: Any,
    ) -> None:
        self._display = display
        self._goal, self._known, self._values, self._place = goal, known, values, place
        self._policy = curtail.policy_from(values, goal, is_check)
        self._contexts: Mapping[str, _task.Context] = miners.contexts
        self._refused: Mapping[str, dict[str, Any]] = miners.refused
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cancelled = self._has_searched = False
        self._aliases: dict[str, str] = {}
        self._warnings: dict[str, None] = {}
        self._places = sockets.sockets_allowed(_AT_ONCE)
        self.began = time.monotonic()

    async def go(self, hosts: Sequence[str]) -> None:
        """Runs the course until it is over, or until this process or its parent is to end."""
        self._wake = asyncio.Event()
        for number in _CANCELLED:
            asyncio.get_running_loop().add_signal_handler(number, self._cancel)
        parent = os.getppid()
        addresses = await self._addresses()
        names = {name: addresses[name] for name in hosts if name not in self._aliases}
        self.course = Course(names, self._goal, self._known, self._policy, time.monotonic(), time.time())
        self._write_at = self._shown_at = time.monotonic()
        while not self._is_cancelled and not self.course.is_over(time.monotonic()):
            await self._advance_all()
            # Killing only Ansible leaves this process behind, and nobody could stop it then.
            self._is_cancelled = self._is_cancelled or os.getppid() != parent
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.course.ended(time.monotonic())
        if not self._policy.is_check and self.course.record != self._known.record:
            self._write(self.course.record)
        if self._is_cancelled:
            self._leave()

    async def _advance_all(self) -> None:
        """Plans, records and starts what is due, and waits until something else is."""
        course = self.course
        if course.is_round_over:
            course.moved(await self._found())
        now = time.monotonic()
        if not course.is_planned and (course.is_round_over or not course.is_first_round):
            course.plan(now)
            if course.is_planned:
                self._show(curtail.preview(course))
        if course.is_planned and not course.is_recorded and now >= self._write_at:
            self._write(course.recorded(now))
            self._write_at = now + _RECORD_EVERY_S
        while (job := course.take(now, self._places)) is not None:
            self._begin(job)
        if now - self._shown_at >= PROGRESS_EVERY_S:
            self._shown_at = now
            self._show(curtail.progress(course, now - self.began))
        await self._pause(min(_TICK_S, max(0.01, course.wake_at() - now)))

    def result(self) -> dict[str, Any]:
        """Returns the result of the task."""
        result = curtail.outcome(self.course, self._values, self._place, self._aliases)
        for context in self._contexts.values():
            self._warnings.update(dict.fromkeys(context.warnings))
        rows, more = curtail.shown(result["rows"], str(self._place.folder / "curtail.json"))
        made: dict[str, Any] = never_a_template({**result, "shown": rows, "more": more})
        if self._warnings:
            made["warnings"] = list(self._warnings)[:10]
        is_preview = self.course.policy.is_check and not result["problem"]
        of_change = (curtailment.CHANGE, curtailment.TURN_OFF) if is_preview else (CONFIRMED, COMMANDED)
        is_changed = any(result["counts"].get(outcome) for outcome in of_change)
        return {**made, "changed": is_changed, "seconds": self._seconds}

    @property
    def _seconds(self) -> float:
        return round(time.monotonic() - self.began, 1)

    async def _addresses(self) -> dict[str, str]:
        """Returns the address of each miner, and finds names that stand for a miner with another name."""
        contexts = self._contexts
        self._aliases = batch.repeated(await places_of(contexts), lambda name: {}).same
        hosts = {name: context.params["host"] for name, context in contexts.items()}
        return {**hosts, **dict.fromkeys(self._refused, "")}

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._do(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, job: Job) -> None:
        result = self._refused.get(job.miner) or await self._performed(job)
        self.course.took(job, result, time.monotonic())
        self._wake.set()

    async def _performed(self, job: Job) -> dict[str, Any]:
        context = self._contexts[job.miner]
        result = await performed(lambda given: _steps(given, job, self._goal.kw is not None), context)
        if result.get("unreachable") and "session" in vars(context):
            # The read is repeated anyway; its own retries would only delay that.
            context.session.connection = replace(context.session.connection, retries=0)
        return result

    async def _found(self) -> dict[str, str]:
        """Searches the network, once, for miners that are not at their addresses, and returns their new addresses."""
        if self._has_searched:
            return {}
        self._has_searched = True
        hosts = hosts_to_search(self._values["search"])
        lost = [name for name in self.course.lost() if name in self._contexts] if hosts else []
        taken = {miner.address for miner in self.course.miners.values() if miner.has_answered}
        free = [host for host in hosts if host not in taken]
        by_login: dict[Any, list[str]] = {}
        for name in lost:
            connection = self._contexts[name].session.connection
            if connection.expected_mac:
                key = (connection.credentials, connection.port, connection.scheme, connection.auth)
                by_login.setdefault(key, []).append(name)
        moved: dict[str, str] = {}
        for names in by_login.values():
            session = self._contexts[names[0]].session
            others = [credential.password for credential in session.connection.credentials[1:]]
            async with AsyncClient() as client:
                places = await client.run(locate(session, free, others))
            for name in names:
                session = self._contexts[name].session
                if (host := places.get(session.connection.expected_mac or "")) is not None:
                    session.move_to(host)
                    moved[name] = host
        return moved

    async def _pause(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        await self._wake.wait()
        timer.cancel()
        self._wake.clear()

    def _cancel(self) -> None:
        self._is_cancelled = True
        self._wake.set()

    def _show(self, text: str) -> None:
        self._display.display(text)

    def _write(self, record: curtail_record.Record) -> None:
        self._place, warning = written(self._place, record)
        if warning:
            self._warnings[warning] = None

    def _leave(self) -> None:
        """Saves the outcome of a run that has to end at once, since nobody reads its result any more."""
        result = curtail.outcome(self.course, self._values, self._place, self._aliases)
        if not self._policy.is_check:
            rows = json.dumps(result["rows"], ensure_ascii=False, indent=4, sort_keys=True)
            text = f"The run was cancelled after {self._seconds:.0f} s. {result['summary']}\n"
            with suppress(InvalidInput):
                save(str(self._place.folder / "curtail.json"), rows, check_mode=False)
                save(str(self._place.folder / CANCELLED_REPORT), text, check_mode=False)
        os._exit(1)


def written(place: curtail.Place, record: curtail_record.Record) -> tuple[curtail.Place, str]:
    """Writes the record to its file; returns its place, and a warning if it could not be written.

    Raises InvalidInput instead if the file is required.
    """
    try:
        save(str(place.path), curtail_record.text_of(record), check_mode=False)
    except InvalidInput as error:
        reason = getattr(error.__cause__, "strerror", None) or str(error)
        if place.is_required:
            raise InvalidInput(curtail.why_not_written(place, reason)) from error
        return replace(place, is_written=False), curtail.why_not_written(place, reason)
    return replace(place, is_written=True), ""


def _steps(context: _task.Context, job: Job, with_mining: bool) -> Steps[dict[str, Any]]:
    """Carries out a job on a miner, with the result that a module would have."""
    session = context.session
    if job.kind == READ:
        current = yield from autotune.current_autotune(session)
        yield from session.require_rights()
        model = yield from session.read(TYPE)
        is_hashing = None
        if with_mining:
            with suppress(MinerError):
                mining = yield from current_mining(session, retry=False)
                fact = mining_fact(mining, rates_of(model, mining.devices, mining.total))
                is_hashing = any(hashing.is_hashing(board, fact) for board in fact["boards"])
        return {"changed": False, "model": model, **autotune.shown(current), "is_hashing": is_hashing}
    if job.kind == SWITCH:
        outcome = yield from converge(autotune.AutoTuneSetting(session, job.mode, job.level), check_mode=False)
        return {"changed": outcome.changed}
    options = power.Options("poweredoff", None, None, _POWER_OFF_S)
    done = yield from power.apply(session, options, False, context.warn)
    return {"changed": done.changed}


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Restores Ansible's own signal handlers, which asyncio does not."""
    handlers = {number: signal.getsignal(number) for number in _CANCELLED}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
