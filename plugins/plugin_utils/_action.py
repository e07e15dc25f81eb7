# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all actions of the collection share: results without secrets, and the sources of their options.

The jobs are imported with them: Ansible loads an action once, before it forks a worker for each host and task;
otherwise every worker would load the lookups' and filters' dependencies by itself.
"""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options, _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import scrub, secrets_in
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._command_line import typed_username
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import table as _jobs  # noqa: F401 - see above
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import is_template, why_not_evaluated

# Keywords of a task that contain the arguments of its action, or the action with its arguments.
_HOLD_ARGUMENTS = {"args", "action", "local_action"}


class Variables:
    """The variables that were set for a task on one host, in the inventory or in a play.

    Where ansible_user, ansible_host and others are not set, Ansible fills them in from its own connection; those values
    are not a miner's login. Variables that were set are also among ``vars``. ``evaluate`` takes the name of a variable
    and its raw value.
    """

    def __init__(self, values: Mapping[str, Any], evaluate: Callable[[str, Any], Any]) -> None:
        self._values = values
        self._given = values.get("vars", values)
        self._evaluate = evaluate

    def has(self, name: str) -> bool:
        return name in self._given

    def raw(self, name: str) -> Any:
        """Returns the raw value, None if the variable is not set."""
        return self._values.get(name) if self.has(name) else None

    def value(self, name: str) -> Any:
        """Returns the value, None if it is not set. Raises InvalidInput if its template can't be evaluated."""
        raw = self.raw(name)
        return self.evaluated(name, raw) if is_template(raw) else plain(raw)

    def evaluated(self, name: str, raw: Any) -> Any:
        """Evaluates the template of ``name``. Raises InvalidInput if that fails."""
        try:
            return plain(self._evaluate(name, raw))
        except AnsibleError as error:
            raise InvalidInput(why_not_evaluated(name, error)) from error


class MinerAction(ActionBase):
    """The base of the collection's actions, which run within Ansible and need no connection of Ansible's."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        del tmp
        args = {name: value for name, value in plain(self._task.args).items() if value is not None}
        self._secrets: set[str] = set()
        try:
            return self._run(args, task_vars or {})
        except AnsibleError:
            raise
        except Exception as error:  # noqa: BLE001 - also a bug of ours must end in a result without secrets
            return dict(scrub(_task.failure(error), self._secrets | secrets_in(args)))

    @abstractmethod
    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Returns the result of the task. Before it raises, all secrets have to be in ``args`` or ``_secrets``."""

    @property
    def _name(self) -> str:
        return str(self._task.action).rpartition(".")[2]

    @property
    def _leaves_controller(self) -> bool:
        return self._task.delegate_to is not None and self._task.delegate_to not in constants.LOCALHOST

    def _require_controller(self) -> None:
        """Raises InvalidInput for a task that should write elsewhere than on the controller, or later."""
        if self._leaves_controller:
            raise InvalidInput(
                f"{self._name} writes on the controller, and cannot be delegated to {self._task.delegate_to}. Leave "
                "out delegate_to."
            )
        if self._task.async_val:
            raise InvalidInput(f"{self._name} cannot run with async. Leave out async.")

    def _raw_argument(self, name: str) -> Any:
        """Returns an argument as written in the task, before templating; None if the task does not have it."""
        written = [value for value in self._written() if isinstance(value, Mapping)]
        written += [value["args"] for value in written if isinstance(value.get("args"), Mapping)]
        return next((value[name] for value in written if name in value), None)

    def _written(self) -> list[Any]:
        """Returns the arguments as written in the task: those of its action, and those under the keyword args."""
        keywords = self._task.fattributes.keys() - _HOLD_ARGUMENTS
        task = self._task.get_ds() or {}
        return [value for key, value in task.items() if key not in keywords and not key.startswith("with_")]

    def _on_controller(self, name: str, path: str) -> str:
        """Finds a file on Ansible's search path, or relative to the folder in which Ansible was started.

        Playbooks of a collection get paths by variables, and are not in any of the user's folders. Raises InvalidInput
        if it is not a file, naming the folders that were searched.
        """
        if "://" in path:
            raise InvalidInput(
                f"{name} {path!r} is a web address, and {name} takes a file on the controller. Use url to have the "
                "miner download it, or download it to the controller first."
            )
        here = Path(path).expanduser()
        try:
            return str(self._find_needle("files", path))
        except AnsibleFileNotFound as error:
            if here.is_file():
                return str(here.resolve())
            tried = [*(error.paths or []), str(Path.cwd() / path)]
        if here.is_absolute():
            raise InvalidInput(f"{name} {path!r} does not exist on the controller. Correct the path.")
        folders = dict.fromkeys(candidate.removesuffix(f"/{path}") for candidate in tried)
        raise InvalidInput(
            f"{name} {path!r} was not found on the controller. Looked in these folders: {', '.join(folders)}. Correct "
            "the path, or give an absolute one."
        )

    def _sources(self, variables: Variables, task_vars: Mapping[str, Any]) -> Sources:
        return Sources(
            variable=variables.value,
            raw=variables.raw,
            environment=os.environ,
            task_environment=frozenset(self._task_environment()),
            command_line=lambda: self._command_line_login(variables, task_vars),
        )

    def _command_line_login(self, variables: Variables, task_vars: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Returns the values of -u and -k.

        Variables of the host that Ansible connects to override -k: the password of a bastion is not a miner's.
        """
        delegate = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        names = constants.MAGIC_VARIABLE_MAPPING["password"]
        is_overlaid = any(name in delegate if self._task.delegate_to else variables.has(name) for name in names)
        return typed_username(), None if is_overlaid else plain(self._play_context.password) or None

    def _task_environment(self) -> Iterator[str]:
        for item in self._task.environment or ():
            with suppress(AnsibleError):
                environment = item if isinstance(item, Mapping) else self._templar.template(item)
                if isinstance(environment, Mapping):
                    yield from environment


def validated(spec: _task.ArgumentSpec, args: Mapping[str, Any], module: str) -> dict[str, Any]:
    """Returns a module's own options as validated by Ansible; connection options are only checked for their names.

    Raises InvalidInput with Ansible's own message.
    """
    validation = ArgumentSpecValidator({**spec, **{name: {"type": "raw"} for name in _options.NAMES}}).validate(args)
    if validation.error_messages:
        raise InvalidInput(explained(validation.errors, module))
    return dict(validation.validated_parameters)


def explained(errors: Iterable[Exception], module: str, ending: str = "Nothing was sent to the miner.") -> str:
    """Returns Ansible's own message about invalid arguments, without Python's type names."""
    texts = [
        f"Unsupported parameters for ({module}) module: {error}" if isinstance(error, UnsupportedError) else str(error)
        for error in errors
    ]
    return re.sub(r"<class '(\w+)'>", r"\1", "; ".join(texts).rstrip(".")) + f". {ending}"


def shows_invocation(task_vars: Mapping[str, Any]) -> bool:
    """Whether results contain the task's options. ansible-core 2.21 lets users choose; before, all results do."""
    try:
        return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=task_vars))
    except AnsibleError:
        return True
