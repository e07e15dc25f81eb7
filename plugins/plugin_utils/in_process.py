# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the modules of this collection inside Ansible's own process, or hands them over to another machine.

Everything that a task needs is imported here, at module level: Ansible loads an action once, before it forks a worker
for each host and task.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible_collections.minerops.dragonmint.plugins.module_utils import task
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import InvalidInput, MinerError
from ansible_collections.minerops.dragonmint.plugins.module_utils.files import require_file
from ansible_collections.minerops.dragonmint.plugins.module_utils.redaction import scrub, secrets_in
from ansible_collections.minerops.dragonmint.plugins.module_utils.settings.logs import delivered

_VARIABLES = {
    "host": ("dragonmint_host", "ansible_host", "inventory_hostname"),
    "port": ("dragonmint_port",),
    "scheme": ("dragonmint_scheme",),
    "username": ("dragonmint_username", "ansible_user"),
    "password": ("dragonmint_password", "ansible_password"),
    "fallback_passwords": ("dragonmint_fallback_passwords",),
    "auth": ("dragonmint_auth",),
    "timeout": ("dragonmint_timeout",),
    "retries": ("dragonmint_retries",),
    "validate_certs": ("dragonmint_validate_certs",),
    "expected_mac": ("dragonmint_expected_mac",),
}
# Above so many miners at once, only the phases are shown of what takes long.
_MANY = 20
_ENVIRONMENT = {"username": "DRAGONMINT_USERNAME", "password": "DRAGONMINT_PASSWORD"}


class InProcessAction(ActionBase):
    """The action behind each module of the collection; a subclass names its module."""

    module: ModuleType

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        del tmp
        task_vars = task_vars or {}
        args = self._with_connection_options(task_vars)
        if self._task.async_val and not self._task.delegate_to:
            return task.failure(
                InvalidInput(
                    "async would run the task on the miner itself, which can't. Add delegate_to: localhost to the task."
                )
            )
        if args.get("src") and isinstance(args["src"], str):
            try:
                args["src"] = self._on_controller(args["src"])
            except InvalidInput as error:
                return task.failure(error)
        if isinstance(args.get("dest"), str):
            args["dest"] = str(Path(os.path.expandvars(args["dest"])).expanduser().absolute())
        validation = ArgumentSpecValidator(self.module.argument_spec()).validate(args)
        if validation.error_messages:
            return dict(scrub(task.failure(InvalidInput(_explained(validation.error_messages))), secrets_in(args)))
        try:
            if "dest" in args:
                require_file(validation.validated_parameters["dest"])
            if self._task.async_val or self._is_elsewhere():
                return self._run_elsewhere(args, task_vars)
        except MinerError as error:
            return task.failure(error)
        folder = constants.DEFAULT_LOCAL_TMP  # type: ignore[attr-defined]  # it is there once it is imported
        tell = self._teller(task_vars)
        result = task.execute(
            self.module.run, task.Context(validation.validated_parameters, self._task.check_mode, tell, folder)
        )
        if not _shows_invocation(task_vars):
            del result["invocation"]
        return result

    def _on_controller(self, path: str) -> str:
        """Finds a file where Ansible looks for files, or else from the folder that it was started in.

        A playbook of a collection is given its files by variables, and stands in none of the user's folders. Raises
        InvalidInput for what is not a file, with the folders that were looked in.
        """
        if "://" in path:
            raise InvalidInput(
                f"src {path!r} is a web address, and src takes a file on the controller. Use url to have the miner "
                "download it, or download it to the controller first."
            )
        here = Path(path).expanduser()
        try:
            return str(self._find_needle("files", path))
        except AnsibleFileNotFound as error:
            if here.is_file():
                return str(here.resolve())
            tried = [*(error.paths or []), str(Path.cwd() / path)]
        if here.is_absolute():
            raise InvalidInput(f"src {path!r} does not exist on the controller. Correct the path.")
        folders = dict.fromkeys(candidate.removesuffix(f"/{path}") for candidate in tried)
        raise InvalidInput(
            f"src {path!r} was not found on the controller. Looked in these folders: {', '.join(folders)}. Correct the "
            "path, or give an absolute one."
        )

    def _is_elsewhere(self) -> bool:
        return self._task.delegate_to not in (None, *constants.LOCALHOST)

    def _run_elsewhere(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Runs the module on the machine that the task is delegated to.

        What it sends to the miner goes there first, and what it is to write comes from there as its result.
        """
        dest = args.get("dest") if self._is_elsewhere() else None
        if dest:
            if self._task.async_val:
                raise InvalidInput(
                    "dest is a file on the controller, and an async task on another machine can't bring it back. "
                    "Leave out async or dest, or delegate the task to localhost."
                )
            args = {**args, "dest": None}
        if args.get("src"):
            shell = self._connection._shell
            if shell.tmpdir is None:
                self._make_tmp_path()
            there = shell.join_path(shell.tmpdir, PurePath(args["src"]).name)
            self._transfer_file(args["src"], there)
            self._fixup_perms2((shell.tmpdir, there))
            args = {**args, "src": there}
        result = self._execute_module(
            module_name=self._task.action,
            module_args=args,
            task_vars=task_vars,
            wrap_async=bool(self._task.async_val),
        )
        return delivered(result, dest, self._task.check_mode)

    def _teller(self, task_vars: Mapping[str, Any]) -> task.Tell:
        """Shows how far a miner is, in whole lines; with many miners at once, the details only with -v."""
        miner = task_vars.get("inventory_hostname", "")
        are_many = len(task_vars.get("ansible_play_batch", ())) > _MANY

        def tell(text: str, is_detail: bool) -> None:
            show = self._display.v if is_detail and are_many else self._display.display
            show(f"{miner}: {text}")

        return tell

    def _with_connection_options(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the task's arguments, with what they leave open from variables, then from the environment.

        Ansible has filled in ansible_user and ansible_host from its own connection, where the inventory does not set
        them; those are no logins of a miner. What the inventory sets is also among ``vars``.
        """
        args = dict(self._task.args)
        given = task_vars.get("vars", task_vars)
        for option, names in _VARIABLES.items():
            if args.get(option) is not None:
                continue
            name = next((name for name in names if name in given), None)
            if name is not None:
                args[option] = self._templar.template(task_vars[name])
            elif os.environ.get(_ENVIRONMENT.get(option, "")):
                args[option] = os.environ[_ENVIRONMENT[option]]
        return {option: value for option, value in args.items() if value is not None}


def _shows_invocation(task_vars: Mapping[str, Any]) -> bool:
    """Whether results have the options of their task. Before ansible-core 2.21, which lets users choose, all have."""
    try:
        return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=task_vars))
    except AnsibleError:
        return True


def _explained(messages: list[str]) -> str:
    text = "; ".join(messages)
    if "missing required arguments" in text and "password" in text:
        text += (
            ". Set the option password, the variable dragonmint_password or ansible_password, or the environment "
            "variable DRAGONMINT_PASSWORD"
        )
    return f"{text}. Nothing was sent to the miner."
