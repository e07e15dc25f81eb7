# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module on many miners in a single worker of Ansible.

Everything that a task needs is imported here, at module level: Ansible loads an action once, before it forks its
workers.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from types import ModuleType
from typing import Any

from ansible import constants
from ansible import context as command_line
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import RequiredError
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options, _redaction, _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import batch
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.async_client import AsyncClient
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.sockets import AIOHTTP_IMPORT_ERROR
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import ssl_context
from ansible_collections.minerops.dragonmint.plugins.modules import (
    dragonmint_autotune,
    dragonmint_facts,
    dragonmint_firmware,
    dragonmint_fleet,
    dragonmint_network,
    dragonmint_pools,
    dragonmint_power,
    dragonmint_user,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils import _fleet_plan, _fleet_texts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._action import (
    MinerAction,
    Variables,
    explained,
    shows_invocation,
    validated,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import packed
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources, fill
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import (
    Evaluations,
    Uses,
    is_template,
    uses_of,
)

MODULES: Mapping[str, ModuleType] = {
    "autotune": dragonmint_autotune,
    "facts": dragonmint_facts,
    "firmware": dragonmint_firmware,
    "network": dragonmint_network,
    "pools": dragonmint_pools,
    "power": dragonmint_power,
    "user": dragonmint_user,
}
# Variables that are the same for all hosts of a task; core does not compute them per host, or should not have to.
_OF_THE_TASK = (
    *("hostvars", "groups", "ansible_search_path"),
    *("ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all"),
)
_IS_WATCHED = sys.stdout.isatty() and "AWX_ISOLATED_DATA_DIR" not in os.environ
# The temporary folder of the run, in which an archive is checked once for all miners.
_FOLDER = constants.DEFAULT_LOCAL_TMP  # type: ignore[attr-defined]  # it is there once it is imported
PROGRESS_EVERY_S = 5.0 if _IS_WATCHED else 10.0
_SHOWN_FAILURES = 10
_SHOWN_WARNINGS = 10


@dataclass
class _Miners:
    """The miners of a task by host name: the options of each, or why it can't be started."""

    contexts: dict[str, _task.Context] = field(default_factory=dict)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    _tls: dict[tuple[bool, str | None], Any] = field(default_factory=dict)

    def tls_of(self, connection: Mapping[str, Any], origins: _options.Origins) -> Any:
        """Returns the SSLContext of a miner, None without https. Creating one would dominate the time per miner."""
        if connection["scheme"] != "https":
            return None
        trust = connection["validate_certs"], connection["ca_path"]
        if trust not in self._tls:
            self._tls[trust] = ssl_context(*trust, origins.get("ca_path", "ca_path"))
        return self._tls[trust]


@dataclass
class _Outcome:
    """The results of a task so far."""

    counts: batch.Counts
    diffs: _fleet_texts.Differences
    miners: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    is_changed: bool = False


class FleetAction(MinerAction):
    """The action of the module that runs another module on many miners."""

    @without_collector()
    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().run(tmp, task_vars)

    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        began = time.monotonic()
        self._logins: set[str] = set()
        self._learn_login_of_first(args, task_vars)
        self._require_here(args)
        params = validated(dragonmint_fleet.argument_spec(), args, self._task.action)
        _fleet_plan.require_may_run(params["module"], self._task.check_mode)
        module = MODULES[params["module"]]
        inventory = task_vars["hostvars"]._inventory
        hosts, left_out = _fleet_plan.chosen_hosts(
            args.get("hosts"),
            task_vars["ansible_play_batch"],
            inventory.hosts,
            [host.name for host in inventory.get_hosts(pattern="all", ignore_restrictions=True)],
        )
        limits = _fleet_plan.limits_from(params, len(hosts))
        given = Options(params["module"], module, params["options"], params["options_by_host"], self._on_controller)
        _fleet_plan.require_known("options_by_host", given.by_host, inventory.hosts)
        given.validate(self._task.check_mode)
        if AIOHTTP_IMPORT_ERROR:
            raise MissingLibrary("aiohttp", AIOHTTP_IMPORT_ERROR)
        miners = self._miners(hosts, given, args, task_vars)
        outcome = _Outcome(
            batch.Counts(len(hosts)), _fleet_texts.Differences(_fleet_texts.Blocks(self._display.display, _IS_WATCHED))
        )
        asyncio.run(self._run_all(module, params, limits, miners, outcome))
        return self._result(args, params, hosts, limits, outcome, task_vars) | {
            "left_out": left_out,
            "seconds": round(time.monotonic() - began, 1),
        }

    def _require_here(self, args: Mapping[str, Any]) -> None:
        """Raises InvalidInput for a task that should run elsewhere, run later, or use one address for all miners."""
        if self._leaves_controller:
            raise InvalidInput(
                f"{self._name} runs on the controller, and can't be delegated to {self._task.delegate_to}. Leave "
                "out delegate_to, or delegate the tasks of single miners, such as dragonmint_facts."
            )
        if self._task.async_val:
            raise InvalidInput(f"{self._name} can't run with async: it is one worker already. Leave out async.")
        options = args.get("options")
        if self._raw_argument("host") is not None or (isinstance(options, Mapping) and "host" in options):
            raise InvalidInput(
                "host would be the same for all miners. Leave it out: the address of a miner is its ansible_host or "
                "dragonmint_host. Choose miners with hosts."
            )
        if isinstance(args.get("hosts"), str):
            raise InvalidInput(
                f"hosts is {args['hosts']!r}; expected a list of host names, such as {{{{ groups.miners }}}}."
            )

    def _miners(
        self, hosts: Sequence[str], given: Options, args: Mapping[str, Any], task_vars: dict[str, Any]
    ) -> _Miners:
        """Returns the options of each miner.

        Raises InvalidInput for options that Ansible has evaluated for one miner only, and for those that are invalid
        for all miners.
        """
        written = _Written(self, args)
        finder = _HostVariables(self._task, task_vars)
        evaluations = Evaluations(self._evaluate)
        common = frozenset(self._task_environment())
        login = self._login_of_all(task_vars)
        miners = _Miners()
        watched: dict[str, Uses] = {}
        try:
            for host in hosts:
                values = finder.of(host)
                if not watched:
                    watched = {option: uses_of(raw, values) for option, raw in written.evaluated_once.items()}
                for option, uses in watched.items():
                    _fleet_plan.require_common(option, uses.variables, uses.differing(values))
                variables = Variables(values, partial(evaluations.result, values))
                sources = Sources(variables.value, variables.raw, os.environ, common, login)
                self._add(miners, host, given, written, variables, sources)
        finally:
            self._templar.available_variables = task_vars
        if given.problem:
            raise given.problem
        return miners

    def _add(
        self,
        miners: _Miners,
        host: str,
        given: Options,
        written: _Written,
        variables: Variables,
        sources: Sources,
    ) -> None:
        args: dict[str, Any] = {**given.common, **given.by_host.get(host, {})}
        try:
            args = {**written.connection_of(variables), **args}
            filled = fill(args, written.password, sources)
            args = filled.args
            self._learn_login(args)
            own = given.own_of(host)
            self._note(host, variables)
            if filled.problem:
                raise filled.problem
            connection = _options.checked(args, filled.origins)
            tls = miners.tls_of(connection, filled.origins)
        except Exception as error:  # noqa: BLE001 - what one miner brings up must not lose all others
            miners.refused[host] = _redaction.scrub(_task.failure(error), _redaction.secrets_in(args))
            return
        context = _task.Context(
            {**own, **connection},
            self._task.check_mode,
            self._notifier(host),
            folder=_FOLDER,
            miner=host,
            origins=filled.origins,
            tls=tls,
            has_invocation=False,
        )
        for text in filled.warnings:
            context.warn(text)
        miners.contexts[host] = context

    def _note(self, host: str, variables: Variables) -> None:
        """A hook for actions that need other variables of a miner. An error that it raises is this miner's failure."""

    def _learn_login_of_first(self, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> None:
        """Ansible has evaluated the task's arguments for the first host, so any of them may contain its login."""
        variables = Variables(task_vars, lambda name, raw: self._templar.template(raw))
        with suppress(InvalidInput):
            self._learn_login(fill(args, None, self._sources(variables, task_vars)).args)

    def _learn_login(self, args: Mapping[str, Any]) -> None:
        """Masks the secrets of a login in the messages of the task as a whole. Most miners share one login."""
        login = repr([args.get(name) for name in ("username", "password", "fallback_passwords")])
        if login not in self._logins:
            self._logins.add(login)
            self._secrets |= _redaction.secrets_in(args)

    def _evaluate(self, raw: Any, values: Any) -> Any:
        """Evaluates a value with the variables of a host; returns None if it is omitted."""
        self._templar.available_variables = values
        result = self._templar.template({"value": raw}).get("value")
        return None if result == values.get("omit") else result

    def _login_of_all(self, task_vars: Mapping[str, Any]) -> Any:
        """Returns a function that determines the login given by -u and -k.

        Ansible lets variables of the host that the task runs for override -k. In that case, its value is unknown here.
        """
        host = task_vars["inventory_hostname"]
        of_first = Variables(task_vars, lambda name, raw: self._templar.template(raw))

        def login() -> tuple[str | None, str | None]:
            username, password = self._command_line_login(of_first, task_vars)
            if password is None and (
                command_line.CLIARGS.get("ask_pass") or command_line.CLIARGS.get("connection_password_file")
            ):
                raise InvalidInput(
                    f"No password for the miner is set. Ansible has replaced the password given with -k by that of "
                    f"{host}, for which the task runs. Set dragonmint_password for this miner."
                )
            return username, password

        return login

    async def _run_all(
        self,
        module: ModuleType,
        params: Mapping[str, Any],
        limits: batch.Limits,
        miners: _Miners,
        outcome: _Outcome,
    ) -> None:
        """Runs the module on all miners, once per miner even if several names stand for it."""
        counts, contexts = outcome.counts, miners.contexts
        again = batch.repeated(await places_of(contexts), lambda name: {**contexts[name].params, "host": None})
        names_of: dict[str, list[str]] = {name: [name] for name in contexts if name not in again.same}
        for name, first in again.same.items():
            names_of[first].append(name)

        async def perform(name: str) -> dict[str, Any]:
            return await performed(module.run, contexts[name])

        def took(name: str, result: dict[str, Any]) -> None:
            for each in names_of.get(name, [name]):
                self._take(each, result, params["report"], outcome)

        def report() -> None:
            outcome.diffs.blocks.flush()
            self._display.display(_fleet_texts.progress(params["module"], counts, time.monotonic() - began))

        began = time.monotonic()
        for name, result in miners.refused.items():
            took(name, result)
        for name, (first, options) in again.other.items():
            took(name, _task.failure(_fleet_texts.other_options(name, first, options)))
        work = batch.Batch(limits, counts, perform, took)
        await work.run([name for name in names_of if name not in again.other], report, PROGRESS_EVERY_S)
        outcome.diffs.finish()
        self._display.display(_fleet_texts.summary(params["module"], counts, time.monotonic() - began))

    def _take(self, name: str, result: dict[str, Any], report: str, outcome: _Outcome) -> None:
        """Counts the result of a miner, shows its diff, and keeps what the task's result should contain."""
        outcome.counts.add(result)
        outcome.done.add(name)
        outcome.is_changed = outcome.is_changed or bool(result.get("changed"))
        outcome.warnings += result.get("warnings", ())
        if batch.is_failure(result):
            outcome.failures[name] = f"{result['error_code']}: {result['msg']}"
        elif self._task.diff and result["changed"] and "diff" in result and not self._task.no_log:
            outcome.diffs.add(name, result["diff"])
        if _fleet_plan.keeps(report, outcome.counts.total, result):
            outcome.miners[name] = result

    def _result(
        self,
        args: Mapping[str, Any],
        params: Mapping[str, Any],
        hosts: Sequence[str],
        limits: batch.Limits,
        outcome: _Outcome,
        task_vars: Mapping[str, Any],
    ) -> dict[str, Any]:
        self._show_failures(outcome.failures)
        counts = outcome.counts
        warnings = _fleet_texts.fewer(outcome.warnings, _SHOWN_WARNINGS)
        if self._task.register and not self._task.run_once and len(task_vars["ansible_play_batch"]) > 1:
            warnings.append(_fleet_texts.registered_for_one(task_vars["inventory_hostname"]))
        result = {
            "changed": outcome.is_changed,
            "counts": counts.as_result(),
            "failed_hosts": [host for host in hosts if host in outcome.failures],
            "not_tried_hosts": [host for host in hosts if host not in outcome.done],
            "miners": {host: outcome.miners[host] for host in hosts if host in outcome.miners},
        }
        if params["report"] == "packed":
            result.update(miners={}, packed=packed(result["miners"]))
        if warnings:
            result["warnings"] = warnings
        if shows_invocation(task_vars):
            shown = {name: value for name, value in args.items() if name not in ("hosts", "options_by_host")}
            invocation = {"module_args": _redaction.mask_options(shown)}
            result["invocation"] = _redaction.scrub(invocation, self._secrets | _redaction.secrets_in(args))
        if limits.failures_max is not None and counts.failures > limits.failures_max:
            result.update(failed=True, error_code="too_many_failures", msg=_fleet_texts.too_many(params, counts))
        return result

    def _show_failures(self, failures: Mapping[str, str]) -> None:
        if failures and not self._task.no_log:
            lines = [_fleet_texts.printable(f"{name}: {text}") for name, text in failures.items()]
            self._display.display("\n".join(_fleet_texts.fewer(lines, _SHOWN_FAILURES)), color=constants.COLOR_ERROR)  # type: ignore[attr-defined]

    def _notifier(self, host: str) -> _task.Notify:
        def notify(text: str, is_detail: bool) -> None:
            del is_detail
            if not self._task.no_log:
                self._display.v(f"{host}: {text}")

        return notify


class Options:
    """The options of the module: those for all miners and those of single miners."""

    def __init__(
        self,
        name: str,
        module: ModuleType,
        common: Mapping[str, Any],
        by_host: Mapping[str, Any],
        on_controller: Callable[[str, str], str],
    ) -> None:
        """``on_controller`` finds the file that an option names, and raises InvalidInput if there is none."""
        self._name = f"minerops.dragonmint.dragonmint_{name}"
        self._module = module
        self._files: tuple[str, ...] = getattr(module, "FILES", _task.Files()).sent
        self._on_controller = cache(on_controller)
        self._spec = module.argument_spec()
        self.common = common
        self.by_host = by_host
        _fleet_plan.require_options(by_host, self._spec, name)
        self.problem: InvalidInput | None = None
        self._own: dict[str, Any] | None = None

    def validate(self, check_mode: bool) -> None:
        """Sets ``problem`` if the module refuses the common options, so that no miner can have them.

        Options that are missing may be among a miner's own.
        """
        try:
            self._require_valid(check_mode)
        except InvalidInput as error:
            self.problem = error

    def _require_valid(self, check_mode: bool) -> None:
        spec = {**self._spec, **{name: {"type": "raw"} for name in _options.NAMES}}
        validation = ArgumentSpecValidator(spec).validate(self.common)
        missing = [error for error in validation.errors if isinstance(error, RequiredError)]
        wrong = [error for error in validation.errors if error not in missing]
        if wrong or (missing and not self.by_host):
            raise InvalidInput(explained(validation.errors, self._name))
        if not missing:
            self._own = self._with_files(validation.validated_parameters)
        if self._own is not None and not self.by_host:
            # The module checks its options before its first request, which is never sent.
            connection = _options.checked({"host": "localhost", "password": "none"}, {})
            steps = self._module.run(_task.Context({**self._own, **connection}, check_mode, folder=_FOLDER))
            next(steps)
            steps.close()

    def own_of(self, host: str) -> dict[str, Any]:
        """Returns the module's own options for a miner. Raises InvalidInput if they are not valid."""
        if host not in self.by_host and self._own is not None:
            return self._own
        return self._with_files(validated(self._spec, {**self.common, **self.by_host.get(host, {})}, self._name))

    def _with_files(self, own: Mapping[str, Any]) -> dict[str, Any]:
        return {**own, **{name: self._on_controller(name, own[name]) for name in self._files if own.get(name)}}


class _Written:
    """The task's arguments as written, before templating.

    Connection options are evaluated for each host. ``evaluated_once`` are options that Ansible has evaluated for the
    first host.
    """

    def __init__(self, action: FleetAction, args: Mapping[str, Any]) -> None:
        defaults = _raw_defaults(action._task)

        def raw(name: str) -> Any:
            written = action._raw_argument(name)
            return defaults.get(name) if written is None else written

        self._connection = {name: value for name in _options.NAMES if (value := raw(name)) is not None}
        self.password = self._connection.get("password")
        # If all arguments are a single template, they can't be told apart.
        hidden = {name: args[name] for name in args if raw(name) is None}
        self._hidden = {name: value for name, value in hidden.items() if name in _options.NAMES}
        self.evaluated_once: dict[str, Any] = dict.fromkeys(hidden, action._written())
        if "options" in args and "options" not in hidden:
            self.evaluated_once["options"] = raw("options")
        by_host = raw("options_by_host")
        if isinstance(by_host, Mapping):
            self.evaluated_once["options_by_host"] = by_host

    def connection_of(self, variables: Variables) -> dict[str, Any]:
        """Returns the connection options of the task for a host. Raises InvalidInput if they can't be evaluated."""
        found = {
            name: variables.evaluated(name, raw) if is_template(raw) else plain(raw)
            for name, raw in self._connection.items()
        }
        return {**self._hidden, **{name: value for name, value in found.items() if value is not None}}


def _raw_defaults(task: Any) -> dict[Any, Any]:
    """Returns the module_defaults of a task as written, before templating; those of its action group come first.

    Before ansible-core 2.19, those set on the task itself are already evaluated.
    """
    own = (task.get_ds() or {}).get("module_defaults") or []
    layers = [*_defaults_around(task), *(own if isinstance(own, list) else [own])]
    merged: dict[Any, Any] = {}
    for layer in layers:
        merged.update(layer)
    groups = task.get_play()._action_groups.get(task.resolved_action, ())
    defaults: dict[Any, Any] = {}
    for name in [*(name for name in merged if name.removeprefix("group/") in groups), task.resolved_action]:
        if isinstance(merged.get(name), Mapping):
            defaults.update(merged[name])
    return defaults


def _defaults_around(task: Any) -> Iterator[Any]:
    """The module_defaults of everything that contains the task, from its play inwards."""
    blocks = []
    parent = task._parent
    while parent is not None:
        blocks.append(parent)
        parent = parent._parent
    for place in (task.get_play(), *(task.get_dep_chain() or ()), task._role, *reversed(blocks)):
        own = getattr(place, "_module_defaults", None)
        yield from own if isinstance(own, list) else ()


class _HostVariables:
    """The variables of a task on each host, with Ansible's own precedence."""

    def __init__(self, task: Any, task_vars: Mapping[str, Any]) -> None:
        self._task = task
        self._inventory = task_vars["hostvars"]._inventory
        self._manager = task_vars["hostvars"]._variable_manager
        loop = (task_vars.get("ansible_loop_var", "item"), task_vars.get("ansible_index_var", ""), "ansible_loop")
        self._of_all = {name: task_vars[name] for name in (*_OF_THE_TASK, *loop) if name in task_vars}
        # ansible-core before 2.19 also computes the delegation of the task.
        accepted = inspect.signature(self._manager.get_vars).parameters
        self._more = {"include_delegate_to": False} if "include_delegate_to" in accepted else {}

    def of(self, name: str) -> dict[str, Any]:
        """Returns the variables of a host. Those that Ansible would derive from the play's list of hosts are shared."""
        values: dict[str, Any] = self._manager.get_vars(
            play=self._task.get_play(),
            host=self._inventory.get_host(name),
            task=self._task,
            include_hostvars=False,
            _hosts=[name],
            _hosts_all=[name],
            **self._more,
        )
        values.update(self._of_all)
        # As Ansible does for a task on the host, after it has recorded which variables are set.
        values.setdefault("ansible_host", name)
        return values


async def places_of(contexts: Mapping[str, _task.Context]) -> dict[str, tuple[str, int]]:
    """Returns the address and port of each miner; they are equal for two names of one miner."""
    addresses = await batch.addresses_of(context.params["host"] for context in contexts.values())
    return {name: (addresses[context.params["host"]], port_of(context)) for name, context in contexts.items()}


async def performed(run: Callable[[_task.Context], Steps[dict[str, Any]]], context: _task.Context) -> dict[str, Any]:
    """Returns the result of a miner; a failure is a result, too."""
    try:
        async with AsyncClient() as client:
            return await client.run(_task.finished(run, context))
    except Exception as error:  # noqa: BLE001 - what one miner brings up must not lose all others
        return dict(_redaction.scrub(_task.failure(error), context.secrets()))


def port_of(context: _task.Context) -> int:
    return context.params["port"] or (443 if context.params["scheme"] == "https" else 80)
