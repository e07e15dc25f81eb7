# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the modules of this collection inside Ansible's own process, or on another machine.

Everything that a task needs is imported here, at module level: Ansible loads an action once, before it forks a worker
for each host and task.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from ansible import constants
from ansible import context as command_line
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options, _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import require_file
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._action import (
    MinerAction,
    Variables,
    shows_invocation,
    validated,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import fill

# With more miners than this at once, long tasks show only their phases.
_MANY = 20


class InProcessAction(MinerAction):
    """The action behind each module of one miner; a subclass names its module."""

    module: ModuleType

    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Completes ``args`` with all secrets of the task, and runs it here or elsewhere."""
        variables = Variables(task_vars, lambda name, raw: self._templar.template(raw))
        given = fill(args, self._raw_argument("password"), self._sources(variables, task_vars))
        args.clear()
        args.update(given.args)
        own = validated(self.module.argument_spec(), args, self._task.action)
        if given.problem:
            raise given.problem
        connection = _options.checked(args, given.origins)
        files = self._files(own)
        params = {**own, **connection, **files}
        args.update((name, value) for name, value in {**connection, **files}.items() if value is not None)
        names_of_miner = (task_vars["inventory_hostname"], variables.value("ansible_host"), params["host"])
        is_delegated = self._task.delegate_to not in (None, *names_of_miner)
        if self._task.async_val and not is_delegated:
            raise _not_in_background()
        context = _task.Context(
            params,
            self._task.check_mode,
            self._notifier(task_vars),
            folder=constants.DEFAULT_LOCAL_TMP,  # type: ignore[attr-defined]  # it is there once it is imported
            miner=task_vars["inventory_hostname"],
            origins=given.origins,
            has_invocation=shows_invocation(task_vars),
        )
        for text in given.warnings:
            context.warn(text)
        if self._task.async_val or (is_delegated and self._leaves_controller):
            result = self._run_elsewhere(args, task_vars)
            if context.warnings:
                result["warnings"] = [*context.warnings, *result.get("warnings", [])]
            return result
        return _task.execute(self.module.run, context)

    @property
    def _module_files(self) -> _task.Files:
        files: _task.Files = getattr(self.module, "FILES", _task.Files())
        return files

    def _files(self, params: Mapping[str, Any]) -> dict[str, str]:
        """Returns the options that name files on the controller, with absolute paths."""
        files = {name: self._on_controller(name, params[name]) for name in self._module_files.sent if params.get(name)}
        for name in self._module_files.returned:
            if params.get(name) is not None:
                files[name] = str(Path(params[name]).absolute())
                require_file(files[name])
        return files

    def _run_elsewhere(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Runs the module on the machine that the task is delegated to.

        Files to send are copied there first, and files to write come back in its result.
        """
        is_on_controller = self._task.delegate_to in constants.LOCALHOST
        returned = (
            {} if is_on_controller else {name: args[name] for name in self._module_files.returned if args.get(name)}
        )
        for name in returned:
            if self._task.async_val:
                raise InvalidInput(
                    f"{name} is a file on the controller, and an async task on another machine can't copy it back. "
                    f"Leave out async or {name}, or delegate the task to localhost."
                )
            args = {**args, name: None}
        connection_files = _options.FILES if args["scheme"] == "https" else ()
        for name in (*self._module_files.sent, *connection_files):
            if args.get(name) and Path(args[name]).is_file():
                args = {**args, name: self._transferred(args[name])}
        result = self._execute_module(
            module_name=self._task.action,
            module_args=args,
            task_vars=task_vars,
            wrap_async=bool(self._task.async_val),
        )
        for name, path in returned.items():
            result = self._module_files.returned[name](result, path, self._task.check_mode)
        return result

    def _transferred(self, path: str) -> str:
        """Copies a file to the machine that the task is delegated to, and returns its path there."""
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        there: str = shell.join_path(shell.tmpdir, PurePath(path).name)
        self._transfer_file(path, there)
        self._fixup_perms2((shell.tmpdir, there))
        return there

    def _notifier(self, task_vars: Mapping[str, Any]) -> _task.Notify:
        """Shows the progress of a miner, in whole lines; with many miners at once, details only with -v."""
        miner = task_vars.get("inventory_hostname", "")
        are_many = len(task_vars.get("ansible_play_batch", ())) > _MANY

        def notify(text: str, is_detail: bool) -> None:
            show = self._display.v if is_detail and are_many else self._display.display
            show(f"{miner}: {text}")

        return notify


def _not_in_background() -> InvalidInput:
    if command_line.CLIARGS.get("module_name"):
        return InvalidInput(
            "-B (--background) would run the module on the miner itself, which is not possible. Leave out -B and -P."
        )
    return InvalidInput(
        "async would run the module on the miner itself, which is not possible. Set delegate_to: localhost in the task."
    )
