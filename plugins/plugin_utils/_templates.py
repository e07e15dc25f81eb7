# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what a template uses without evaluating it, and evaluates it for one host after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

_LOOKUPS = ("lookup", "query", "q")
_ENVIRONMENT_LOOKUPS = ("env", "ansible.builtin.env")
# Only parses templates; nothing is rendered.
_JINJA = Environment(autoescape=True)
# Large variables without templates of a user.
_WIDE = ("groups", "hostvars", "vars", "ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all")
UNSET = object()
# What Ansible says of a vaulted value without a vault password, and with one that does not fit.
_NO_VAULT_PASSWORD, _WRONG_VAULT_PASSWORD = "no vault secrets found", "Decryption failed"
# Names through which a template can read variables without naming them.
_READS_ANY = ("hostvars", "vars", "now")


def is_template(raw: Any) -> bool:
    """Whether a value may have to be evaluated, as is also the case for a vaulted one."""
    return not (raw is None or isinstance(raw, (bool, int, float)) or (isinstance(raw, str) and "{" not in raw))


def why_not_evaluated(name: str, error: Exception) -> str:
    """Returns why a variable or option can't be evaluated; for a vaulted one, what to add to the command."""
    text = str(error)
    if _NO_VAULT_PASSWORD in text:
        return f"{name} is vaulted, and no vault password was given. Add --ask-vault-pass or --vault-password-file."
    if _WRONG_VAULT_PASSWORD in text:
        return f"{name} is vaulted with another vault password than the one that was given. Correct the vault password."
    return f"{name} cannot be evaluated: {text}"


def used(template: Any) -> Iterable[tuple[str, bool]]:
    """Yields the names that a template uses: of variables, and of environment variables that it looks up (True)."""
    return _used(template) if isinstance(template, str) else ()


# Many hosts share the same templates.
@lru_cache(maxsize=1000)
def _used(template: str) -> tuple[tuple[str, bool], ...]:
    return tuple(_names(_parsed(template)))


def _names(tree: nodes.Template) -> Iterator[tuple[str, bool]]:
    for plugin, terms in _lookups(tree):
        if plugin in _ENVIRONMENT_LOOKUPS:
            yield from ((term, True) for term in terms)
    names = list(tree.find_all(nodes.Name))
    own = {name.name for name in names if name.ctx != "load"}
    yield from ((name.name, False) for name in names if name.name not in own)


@dataclass(frozen=True)
class Uses:
    """The variables that a value uses, at any depth, before templating; UNSET for those that don't exist.

    ``is_all`` says that the result depends on nothing else: it looks up only environment variables, and reads only
    variables that it names.
    """

    variables: dict[str, Any]
    is_all: bool

    def differing(self, values: Mapping[str, Any]) -> str | None:
        """Returns the first variable with another value in ``values``, None if all are equal."""
        for name, value in self.variables.items():
            other = values.get(name, UNSET)
            if other is not value and other != value:
                return name
        return None


def uses_of(raw: Any, values: Mapping[str, Any]) -> Uses:
    """Returns what a value uses, given the values of the variables."""
    found: dict[str, Any] = {}
    is_all = True
    todo = [raw]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            todo += [*item, *item.values()]
        elif isinstance(item, (list, tuple)):
            todo += item
        elif isinstance(item, str) and "{" in item:
            is_all = is_all and _is_closed(item)
            names = {name for name, is_environment in used(item) if not is_environment}
            for name in sorted(names - found.keys()):
                found[name] = values.get(name, UNSET)
                if name not in _WIDE:
                    todo.append(found[name])
    return Uses(found, is_all)


class Evaluations:
    """Evaluates values for one host after the other, again only if the variables that they use differ.

    ``evaluate`` takes a value and all variables of a host.
    """

    def __init__(self, evaluate: Callable[[Any, Mapping[str, Any]], Any]) -> None:
        self._evaluate = evaluate
        self._last: dict[str, tuple[Any, Uses, Any]] = {}

    def result(self, values: Mapping[str, Any], name: str, raw: Any) -> Any:
        """Returns the value of the variable or option ``name`` for a host with these variables."""
        if name in self._last:
            last, uses, result = self._last[name]
            is_same = raw is last or (isinstance(raw, str) and isinstance(last, str) and raw == last)
            if is_same and uses.differing(values) is None:
                return result
        result = self._evaluate(raw, values)
        uses = uses_of(raw, values)
        if uses.is_all:
            self._last[name] = raw, uses, result
        return result


@lru_cache(maxsize=1000)
def _is_closed(template: str) -> bool:
    tree = _parsed(template)
    if any(plugin not in _ENVIRONMENT_LOOKUPS for plugin, _terms in _lookups(tree)):
        return False
    if any(True for _each in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))):
        return False
    return not any(name.name in _READS_ANY for name in tree.find_all(nodes.Name))


def _lookups(tree: nodes.Template) -> Iterator[tuple[Any, list[Any]]]:
    """Yields the plugins of a template's lookups, None for one chosen by a template, and their constant terms."""
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in _LOOKUPS:
            constants = [term.value if isinstance(term, nodes.Const) else None for term in call.args]
            yield next(iter(constants), None), [term for term in constants[1:] if term is not None]


def _parsed(template: str) -> nodes.Template:
    try:
        return _JINJA.parse(template)
    except TemplateSyntaxError:
        return nodes.Template([])
