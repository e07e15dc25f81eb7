# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules share: the connection options, and how a run becomes a result without secrets."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options, _redaction
from ansible_collections.minerops.dragonmint.plugins.module_utils._connection import connection_of
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    Bug,
    InvalidInput,
    MinerError,
    MissingLibrary,
    Unreachable,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.client import Client
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.transport import REQUESTS_IMPORT_ERROR

ArgumentSpec = dict[str, dict[str, Any]]


Notify = Callable[[str, bool], None]


def _ignore(text: str, is_detail: bool) -> None:
    """For tasks that report no progress."""


@dataclass
class Context:
    """What run() of a module gets: the validated options, and callbacks for warnings and progress.

    Connection options are as :func:`_options.checked` returns them.

    ``notify`` takes a line of progress, and whether it is a detail. ``folder`` is the temporary folder of this run, if
    there is one. ``miner`` names the miner in warnings (default: its host). ``origins`` says where the connection
    options came from. ``tokens`` collects the secrets that the miner gave. ``tls`` is an SSLContext shared with other
    miners. ``has_invocation`` says whether the result also contains the options.
    """

    params: Mapping[str, Any]
    check_mode: bool
    notify: Notify = _ignore
    folder: str | None = None
    miner: str | None = None
    origins: _options.Origins = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    tls: Any = None
    has_invocation: bool = True

    def warn(self, text: str) -> None:
        """Adds a warning about the miner to the result."""
        self.warnings.append(f"{self.miner or self.params['host']}: {text}")

    def seconds(self, option: str) -> float:
        """Returns an option that is a duration. Raises InvalidInput if it is negative or infinite."""
        seconds: float = self.params[option]
        if not 0 <= seconds < float("inf"):
            raise InvalidInput(f"{option} must be a finite number of seconds, 0 or more.")
        return seconds

    def secrets(self) -> set[str]:
        """All texts that must not appear in any output: secret options, and secrets that the miner gave."""
        return _redaction.secrets_in(self.params) | self.tokens

    def require(self, library: str, import_error: str | None) -> None:
        """Raises MissingLibrary if a library that the module needs could not be imported."""
        if import_error:
            raise MissingLibrary(library, import_error)

    @cached_property
    def session(self) -> Session:
        """The session with the miner that the connection options describe. Raises InvalidInput for invalid options."""
        return Session(connection_of(self.params, self.origins, self.tls), tokens=self.tokens)


# Writes the content in a result to a file and returns the result without it; takes the result, the path and check mode.
Deliver = Callable[[dict[str, Any], Optional[str], bool], dict[str, Any]]


@dataclass(frozen=True)
class Files:
    """Which options of a module name files on the controller, wherever the module itself runs.

    Files in ``sent`` are copied to where it runs. For those in ``returned``, its result has the content.
    """

    sent: tuple[str, ...] = ()
    returned: Mapping[str, Deliver] = field(default_factory=dict)


# Returns the result of a module, as steps.
Run = Callable[[Context], Steps[dict[str, Any]]]


def argument_spec(**own: dict[str, Any]) -> ArgumentSpec:
    """Returns a module's own options together with the connection options that every module has."""
    return {**_options.argument_spec(), **own}


def outcome_result(outcome: Outcome[Any], **value: Any) -> dict[str, Any]:
    """Returns the result of a module that converges one setting, with the current value."""
    return {"changed": outcome.changed, "diff": outcome.diff, **value}


def execute(run: Run, context: Context) -> dict[str, Any]:
    """Runs a module with validated options over requests, and returns the result of :func:`finished`."""

    def with_requests(context: Context) -> Steps[dict[str, Any]]:
        context.require("requests", REQUESTS_IMPORT_ERROR)
        return (yield from run(context))

    with Client() as client:
        return client.run(finished(with_requests, context))


def execute_unchecked(run: Run, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The same, for options that only Ansible has validated."""
    try:
        connection = _options.checked(params, {})
    except InvalidInput as error:
        return dict(_redaction.scrub(failure(error), _redaction.secrets_in(params)))
    return execute(run, Context({**params, **connection}, check_mode))


def finished(run: Run, context: Context) -> Steps[dict[str, Any]]:
    """Runs a module with validated options and returns its result, also for a failure, free of secrets.

    Never raises: even a bug of ours must end in a result free of secrets.
    """
    try:
        result = yield from run(context)
        yield from _warn_of_any_password(context)
    except Exception as error:  # noqa: BLE001 - see above
        result = failure(error)
        if "session" in vars(context) and context.session.has_moved:
            result["ipaddress"] = context.session.connection.host
    if context.warnings:
        result["warnings"] = context.warnings
    if context.has_invocation:
        result["invocation"] = {"module_args": _redaction.mask_options(context.params)}
    return dict(_redaction.scrub(result, context.secrets()))


def _warn_of_any_password(context: Context) -> Steps[None]:
    refusal = (yield from context.session.refusal_of_login()) if "session" in vars(context) else None
    if refusal:
        context.warn(
            "The miner accepts any password because it still has the factory password; the configured one is not its "
            f"password (/api/auth answers {refusal!r}). The inventory logs in there, so it reports the miner as "
            "locked. Add the factory password to fallback_passwords (in an inventory: credentials), and replace it "
            "with dragonmint_user."
        )


def failure(error: Exception) -> dict[str, Any]:
    """Returns the result of a task that ended in an error. A miner that never responded is unreachable.

    The result of an unexpected error may contain a secret.
    """
    known = error if isinstance(error, MinerError) else Bug(error)
    ending = "unreachable" if isinstance(known, Unreachable) else "failed"
    result = {ending: True, "msg": str(known), "error_code": known.code, "changed": known.changed}
    if isinstance(known, MissingLibrary):
        result["exception"] = known.import_error
    if isinstance(known, Bug):
        result["exception"] = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return result


def run_module(run: Run, spec: ArgumentSpec) -> None:
    """Runs a module as a separate program, on the machine to which it was sent."""
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    # Secrets too short to be searched for are masked where they stand; see _redaction.
    module.no_log_values = {text for text in module.no_log_values if len(text) >= _redaction.SHORTEST_SECRET}
    result = execute_unchecked(run, module.params, module.check_mode)
    for text in result.pop("warnings", []):
        module.warn(text)
    if result.pop("unreachable", False) or result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
