# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a job, converted from what users, inventories and surveys give to typed values.

A survey of AWX passes everything as text, and fields left empty as empty text.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.source_keys import did_you_mean


class InvalidVariables(ValueError):
    """A variable that the job can't use; the text is one sentence for the user."""


@dataclass(frozen=True)
class Variable:
    """A variable of a job, or a key of one that is a dictionary.

    ``type`` is one of str, int, float, bool, list, dict and path. ``elements`` is the type of a list's entries, and
    ``options`` are the keys of a dictionary, or of the entries of a list. A number is at least ``minimum`` and at most
    ``maximum``. The value of a ``secret`` one is never shown. ``of_playbook`` means that the role does not read it,
    ``is_argument`` that it is given where the role is called, and never by a survey.
    """

    name: str
    type: str
    text: str
    default: Any = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    elements: str = ""
    options: tuple[Variable, ...] = ()
    of_playbook: bool = False
    is_argument: bool = False


@dataclass(frozen=True)
class Variables:
    """All variables of a job. No other variable may begin with ``prefix``, unless that is empty.

    ``check`` raises InvalidVariables for typed values that contradict each other.
    """

    prefix: str
    entries: tuple[Variable, ...]
    check: Callable[[Mapping[str, Any]], None] | None = None

    def __iter__(self) -> Iterator[Variable]:
        return iter(self.entries)

    def key(self, name: str) -> str:
        """Returns the key under which ``normalised`` stores the value of a variable."""
        return name.removeprefix(self.prefix) if self.prefix else name

    def is_foreign(self, name: str) -> bool:
        """Whether a name has the prefix but is not one of these variables."""
        return bool(self.prefix) and name.startswith(self.prefix) and all(name != entry.name for entry in self.entries)


def normalised(variables: Variables, given: Mapping[str, Any], unevaluated: Collection[str] = ()) -> dict[str, Any]:
    """Returns the typed value of each variable, by its name without the prefix of the job.

    ``given`` has values by full names; variables of other jobs are ignored. Null and empty text mean the default.
    ``unevaluated`` are names whose values are not known yet; they count as given and are left out. Raises
    InvalidVariables.
    """
    for name in given:
        if variables.is_foreign(name):
            hint = did_you_mean(name, [entry.name for entry in variables])
            raise InvalidVariables(
                f"{name} is not a variable of minerops.dragonmint, for which names that begin with {variables.prefix} "
                f"are reserved.{hint}"
            )
    values = {
        variables.key(entry.name): _value(entry, given.get(entry.name))
        for entry in variables
        if not entry.is_argument and entry.name not in unevaluated
    }
    if variables.check and not unevaluated:
        variables.check(values)
    return values


def needs_evaluation(value: Any) -> bool:
    """Whether a raw value is unknown until Ansible evaluates it, because it contains a template or is vaulted."""
    if isinstance(value, Mapping):
        return any(map(needs_evaluation, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(needs_evaluation, value))
    if isinstance(value, str):
        return any(opening in value for opening in ("{{", "{%", "{#"))
    return not (value is None or isinstance(value, (int, float)))


def _value(variable: Variable, given: Any) -> Any:
    if given is None or given == "":
        if variable.required:
            raise InvalidVariables(f"{variable.name} is not set, and this job needs it.")
        return list(variable.default) if isinstance(variable.default, tuple) else variable.default
    return _converted(variable, variable.name, given)


def _converted(variable: Variable, place: str, given: Any) -> Any:
    """Converts a value to the variable's type. ``place`` names the value in a list or dictionary."""
    try:
        value = _CONVERSIONS[variable.type](given, variable)
    except (ValueError, TypeError, yaml.YAMLError):
        raise _invalid(variable, place, given) from None
    if variable.type in ("list", "dict"):
        return _with_typed_parts(variable, place, value)
    if variable.choices and value not in variable.choices:
        raise _invalid(variable, place, given)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not _is_within(variable, value):
        raise _invalid(variable, place, given)
    return value


def _invalid(variable: Variable, place: str, given: Any) -> InvalidVariables:
    found = "is not valid" if variable.secret else f"is {quoted(given)}"
    return InvalidVariables(f"{place} {found}, expected {expected(variable)}.")


def expected(variable: Variable) -> str:
    """Returns the description of a variable's valid values for messages."""
    if variable.choices:
        return f"one of {', '.join(variable.choices)}"
    if variable.secret and variable.type == "str":
        return "text in quotes, since YAML reads some words and dates as something else"
    words = {
        "str": "text",
        "path": "a path",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "list": "a list, also as JSON or YAML",
        "dict": "a dictionary, also as JSON or YAML",
    }
    limits = [
        f"{word} {limit:g}"
        for word, limit in (("at least", variable.minimum), ("at most", variable.maximum))
        if limit is not None
    ]
    return f"{words[variable.type]}{' of ' if limits else ''}{' and '.join(limits)}"


def _is_within(variable: Variable, value: float) -> bool:
    return (variable.minimum is None or value >= variable.minimum) and (
        variable.maximum is None or value <= variable.maximum
    )


def _with_typed_parts(variable: Variable, place: str, value: Any) -> Any:
    if variable.type == "dict":
        return _with_typed_keys(variable, place, value) if variable.options else value
    entry = Variable(variable.name, variable.elements, "", options=variable.options, secret=variable.secret)
    if not variable.elements:
        return value
    return [_converted(entry, f"{place}[{number}]", item) for number, item in enumerate(value)]


def _with_typed_keys(variable: Variable, place: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the keys that are given; null and empty text are passed on to the module."""
    options = {option.name: option for option in variable.options}
    for key in value:
        if key not in options:
            names = f"Use {', '.join(options)}."
            raise InvalidVariables(
                f"{place} has the unknown key '{key}'.{did_you_mean(str(key), options) or ' ' + names}"
            )
    for name, option in options.items():
        if option.required and value.get(name) in (None, ""):
            raise InvalidVariables(f"{place} has no {name}, which is required.")
    return {
        key: item if item is None or item == "" else _converted(options[key], f"{place}.{key}", item)
        for key, item in value.items()
    }


def _text(given: Any, variable: Variable) -> str:
    if isinstance(given, bool):
        # YAML reads a bare off as a boolean.
        words = {"on", "yes", "true"} if given else {"off", "no", "false"}
        (word,) = words & set(variable.choices)
        return word
    if isinstance(given, float) and variable.secret:
        raise TypeError
    if not isinstance(given, (str, int, float)):
        raise TypeError
    return str(given)


def _path(given: Any, variable: Variable) -> str:
    return str(Path(os.path.expandvars(_text(given, variable))).expanduser()) if "://" not in str(given) else str(given)


def _int(given: Any, variable: Variable) -> int:
    number = _float(given, variable)
    if number != int(number):
        raise ValueError
    return int(number)


def _float(given: Any, variable: Variable) -> float:
    del variable
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise TypeError
    number = float(given)
    if not math.isfinite(number):
        raise ValueError
    return number


def _bool(given: Any, variable: Variable) -> bool:
    """Accepts what Ansible accepts, without importing it: event sources use this file."""
    del variable
    text = str(given).strip().lower()
    if text not in _TRUE and text not in _FALSE:
        raise ValueError
    return text in _TRUE


def _list(given: Any, variable: Variable) -> list[Any]:
    """Text that is not a JSON or YAML list is split at commas."""
    if not isinstance(given, str):
        value = [given] if isinstance(given, (int, float)) else given
    elif variable.elements == "dict" or given.lstrip().startswith(("[", "- ")):
        value = yaml.safe_load(given)
    else:
        value = [int(word) if word.strip().isdigit() else word.strip() for word in given.split(",")]
    if not isinstance(value, (list, tuple)):
        raise TypeError
    return list(value)


def _dict(given: Any, variable: Variable) -> dict[str, Any]:
    del variable
    value = yaml.safe_load(given) if isinstance(given, str) else given
    if not isinstance(value, Mapping):
        raise TypeError
    return dict(value)


_TRUE = ("y", "yes", "on", "1", "true", "t", "1.0")
_FALSE = ("n", "no", "off", "0", "false", "f", "0.0")
_CONVERSIONS = {
    "str": _text,
    "path": _path,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "list": _list,
    "dict": _dict,
}
