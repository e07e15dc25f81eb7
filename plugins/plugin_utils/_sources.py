# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of a task's connection options: the task, variables, the environment, and the command line.

Callers evaluate templates; nothing here depends on Ansible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS, Option
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import is_secret_option
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import used

# Ports that ansible_port has for ssh, or that mean the same as our default.
_HARMLESS_PORTS = ("22", "80", "443")
# Others, such as REQUESTS_CA_BUNDLE, may be set for other modules.
_OURS = {name for option in OPTIONS for name in option.environment if name.startswith("DRAGONMINT_")}
_PASSWORD = next(option for option in OPTIONS if option.name == "password")


@dataclass(frozen=True)
class Sources:
    """Where to look for options that a task leaves out.

    ``variable`` returns the value of a variable, None if it is not set. ``raw`` returns a variable before templating.
    ``environment`` is the controller's, ``task_environment`` has the names that a play or task sets in the environment
    of its modules. ``command_line`` returns the username of -u and the password of -k, None if not given.
    """

    variable: Callable[[str], Any]
    raw: Callable[[str], Any] = lambda name: None
    environment: Mapping[str, str] = field(default_factory=dict)
    task_environment: frozenset[str] = frozenset()
    command_line: Callable[[], tuple[str | None, str | None]] = lambda: (None, None)


@dataclass(frozen=True)
class Given:
    """The arguments of a task with its connection options filled in, and the origins of these.

    ``problem`` says what is wrong with them. It is not raised, so that the caller knows all secrets before showing it.
    """

    args: dict[str, Any] = field(repr=False)
    origins: dict[str, str]
    warnings: list[str]
    problem: InvalidInput | None


def fill(args: Mapping[str, Any], raw_password: Any, sources: Sources) -> Given:
    """Fills in the connection options that a task leaves out.

    ``raw_password`` is the task's own password before templating. A missing password is a problem, and so is an
    ansible_port that may be meant for the miner.
    """
    problem = None
    filled, origins = dict(args), {}
    for option in OPTIONS:
        if option.is_given(args.get(option.name)):
            continue
        filled.pop(option.name, None)
        for origin, value in candidates(option, sources):
            if option.is_given(value):
                filled[option.name], origins[option.name] = value, origin
                break
    if "password" not in filled:
        username, password = sources.command_line()
        if username and password:
            filled["password"], origins["password"] = password, "-k"
            if "username" not in filled:
                filled["username"], origins["username"] = username, "-u"
        else:
            notes = _why_missing(raw_password if args.get("password") == "" else None, username, password, sources)
            problem = _missing_password(notes)
    if problem is None and "port" not in filled:
        problem = _ignored_port(sources.variable("ansible_port"))
    return Given(filled, origins, [*_mistyped(filled, origins), *_without_effect(sources)], problem)


def candidates(option: Option, sources: Sources) -> Iterator[tuple[str, Any]]:
    """Yields the values for an option from outside the task, highest precedence first, each with its source."""
    for name in option.variables:
        yield name, sources.variable(name)
    for name in option.environment:
        yield name, sources.environment.get(name)


def why_empty(name: str, raw: Any, sources: Sources) -> str:
    """Returns a sentence that says that an option or variable is empty, and why, as far as its template shows."""
    reasons = " and ".join(dict.fromkeys(_reasons(raw, sources, set())))
    return f"{name} is empty{f' because {reasons}' if reasons else ''}."


def _ignored_port(port: Any) -> InvalidInput | None:
    if port in (None, "") or str(port).strip() in _HARMLESS_PORTS:
        return None
    return InvalidInput(
        f"ansible_port is {quoted(port)}, but the port of a miner's web server is set by dragonmint_port. Set "
        f"dragonmint_port: {port} if that is the miner's port. If it is the port of ssh, set dragonmint_port: 80."
    )


def _missing_password(notes: Iterable[str]) -> InvalidInput:
    where = f"Set one of these: {_PASSWORD.sources}, or both -u and -k."
    return InvalidInput(" ".join(["No password for the miner is set.", *notes, where]))


def _why_missing(raw_option: Any, username: str | None, password: str | None, sources: Sources) -> Iterator[str]:
    """What was found in the places where a password may come from."""
    empty = {f"The option {_PASSWORD.name}": raw_option} if raw_option is not None else {}
    empty.update({name: sources.raw(name) for name in _PASSWORD.variables if sources.variable(name) == ""})
    for name, raw in empty.items():
        yield why_empty(name, raw, sources)
    if username or password:
        given, other = ("-k", "-u") if password else ("-u", "-k")
        yield f"{given} was given without {other}, but is only used together with it."
    yield from _without_effect(sources)


def _reasons(raw: Any, sources: Sources, seen: set[str]) -> Iterator[str]:
    """Why a template is empty: the variables and environment variables that are empty in it, at any depth."""
    for name, is_environment in used(raw):
        if name in seen:
            continue
        seen.add(name)
        if is_environment:
            if not sources.environment.get(name):
                yield f"the environment variable {name} is not set (set it: read -rs {name} && export {name})"
        elif _is_empty(name, sources):
            yield from list(_reasons(sources.raw(name), sources, seen)) or [f"{name} is empty"]


def _is_empty(name: str, sources: Sources) -> bool:
    try:
        return bool(sources.variable(name) == "")
    except InvalidInput:
        return False


def _mistyped(filled: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[str]:
    """Warns of each secret that YAML read as something other than the text written."""
    for name, value in filled.items():
        for place in _not_text(value, origins.get(name, name), is_secret_option(name)):
            yield (
                f"{place} is not in quotes, and YAML reads it as a boolean, number or date, so the password may "
                f"differ from what was written. Put it in quotes."
            )


def _not_text(value: Any, place: str, is_secret: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _not_text(item, f"{place}.{name}", is_secret_option(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _not_text(item, f"{place}[{number}]", is_secret)
    elif is_secret and isinstance(value, (bool, float, date)):
        yield place


def _without_effect(sources: Sources) -> Iterator[str]:
    """Warns of environment variables that are set where only modules of others see them."""
    for name in sorted(sources.task_environment & _OURS):
        yield (
            f"The keyword environment sets {name}, which has no effect here: the module runs in Ansible's own process. "
            "Export it before Ansible starts, or set the option by its variable."
        )
