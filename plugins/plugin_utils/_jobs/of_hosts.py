# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a job on many hosts at once. Most hosts of a fleet share their values, which are stored once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variables,
    normalised,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import unpacked
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain

PROBLEM = "problem"

# Returns the value of a variable on a host, as the same object if it is the same value. Raises InvalidVariables.
Evaluate = Callable[[Mapping[str, Any], str], Any]


@dataclass(frozen=True)
class OfHosts:
    """The values of a job by host: ``of`` maps each host to the index of its values in ``kinds``.

    Values that the job can't use have only the key ``problem``, a sentence. ``addresses`` are those of the hosts,
    ``expected_macs`` the MACs of those with a known one.
    """

    kinds: Sequence[Mapping[str, Any]]
    of: Mapping[str, int]
    addresses: Mapping[str, str]
    expected_macs: Mapping[str, str] = field(default_factory=dict)

    def values(self, host: str) -> Mapping[str, Any]:
        return self.kinds[self.of[host]]

    @property
    def usable(self) -> dict[str, Mapping[str, Any]]:
        """The values of each host whose values the job can use."""
        return {host: self.kinds[index] for host, index in self.of.items() if PROBLEM not in self.kinds[index]}

    @property
    def problems(self) -> dict[str, str]:
        """Why the job can't use the values of each of the other hosts."""
        return {host: self.kinds[index][PROBLEM] for host, index in self.of.items() if PROBLEM in self.kinds[index]}


def of_hosts_from(found: Any) -> OfHosts:
    """Returns the result of the lookup job_of_hosts, packed or as a dictionary."""
    return OfHosts(**(unpacked(found) if isinstance(found, str) else plain(found)))


def values_of_hosts(
    table: Variables,
    hosts: Iterable[tuple[str, Mapping[str, Any]]],
    evaluate: Evaluate,
    *,
    is_all: bool = True,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Returns the distinct values of hosts, from their raw variables, and which of them each host has.

    ``is_all`` says that the table has all variables of the job, so that others with its prefix are typos.
    """
    kinds: list[dict[str, Any]] = []
    of: dict[str, int] = {}
    places: dict[Any, int] = {}
    # Keeping the values prevents new objects from getting the same id.
    seen: list[Any] = []
    is_foreign = cache(table.is_foreign)
    for host, variables in hosts:
        given: dict[str, Any] = {}
        problem = ""
        try:
            given = {name: None for name in variables if is_foreign(name)} if is_all else {}
            given |= {
                entry.name: evaluate(variables, entry.name)
                for entry in table
                if entry.name in variables and not entry.is_argument
            }
            key: Any = tuple((name, id(value)) for name, value in given.items())
        except InvalidVariables as error:
            problem = str(error)
            key = problem
        if key not in places:
            seen.append(given)
            places[key] = len(kinds)
            kinds.append({PROBLEM: problem} if problem else _values(table, given))
        of[host] = places[key]
    return kinds, of


def _values(table: Variables, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return normalised(table, plain(given))
    except InvalidVariables as error:
        return {PROBLEM: str(error)}
