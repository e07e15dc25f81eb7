# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of a host say of its miner, as far as its metrics need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.drift import Comparison
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import models
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import desired
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, heal, provision
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variables,
    needs_evaluation,
    normalised,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.samples import Expectations, visible
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain

_RATINGS, _POOLS = "dragonmint_ratings", "provision_pools"
_FIRMWARE = "upgrade_version"
_DESIRED = Variables(
    provision.PREFIX,
    tuple(
        entry
        for entry in provision.VARIABLES
        if entry.name in (_POOLS, "provision_network", "provision_autotune_mode", "provision_autotune_level")
    ),
)
_LIMITS = Variables("", tuple(entry for entry in heal.VARIABLES if entry.name.startswith("health_")))
_NAMES = (_RATINGS, _FIRMWARE, *(entry.name for table in (_DESIRED, _LIMITS) for entry in table))


class HostVariables(Protocol):
    """The variables of a host, as the actions have them."""

    def has(self, name: str) -> bool:
        """Whether a variable is set."""

    def raw(self, name: str) -> Any:
        """Returns a value as it is written."""

    def value(self, name: str) -> Any:
        """Returns a value, evaluated."""

    def evaluated(self, name: str, raw: Any) -> Any:
        """Returns what a written value comes to."""


class Reader:
    """Reads the expectations of one host after the other. Hosts that share their variables share them, too."""

    def __init__(self, compares: bool) -> None:
        self._compares = compares
        self._known: dict[tuple[tuple[str, int], ...], tuple[dict[str, Any], Expectations]] = {}
        # Why a desired state could not be compared, each once.
        self.problems: dict[str, str] = {}

    def expectations_of(self, host: str, variables: HostVariables) -> Expectations:
        """Returns what is expected of a miner. Raises InvalidInput for limits and ratings that cannot be used.

        A desired state that its module would refuse is noted in ``problems``, and not compared.
        """
        raw = {name: variables.raw(name) for name in _NAMES if variables.has(name)}
        # The values are kept, so that no other one gets their identity.
        key = tuple((name, id(value)) for name, value in raw.items())
        if key in self._known:
            return self._known[key][1]
        needed = {name: desired.compared("pools", value) if name == _POOLS else value for name, value in raw.items()}
        own = {name for name, value in needed.items() if needs_evaluation(value)}
        given = {
            name: variables.evaluated(name, value) if name in own else plain(value) for name, value in needed.items()
        }
        try:
            found = self._expectations(host, given)
        except InvalidVariables as error:
            raise InvalidInput(str(error)) from error
        if not own:
            self._known[key] = raw, found
        return found

    def _expectations(self, host: str, given: Mapping[str, Any]) -> Expectations:
        limits = normalised(_LIMITS, given)
        values = {entry.name.removeprefix("health_"): limits[entry.name] for entry in _LIMITS}
        ratings = given.get(_RATINGS)
        return Expectations(
            checks.limits_from({**values, _RATINGS: ratings}),
            models.own_ratings(ratings),
            dict(self._comparisons(host, given)) if self._compares else {},
        )

    def _comparisons(self, host: str, given: Mapping[str, Any]) -> Iterator[tuple[str, Comparison]]:
        for setting, options in _settings(given):
            try:
                yield setting, desired.comparison(setting, options)
            except InvalidInput as error:
                self.problems.setdefault(str(error), f"{host}: the desired {setting} cannot be compared: {error}")


def labels_of(names: Sequence[str], variables: HostVariables) -> dict[str, str]:
    """Returns the labels that variables of a host give; "" for one that is not set."""
    return {name: visible(_text(variables.value(name))) for name in names}


def _settings(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields the settings that have a desired state, with the options of their modules."""
    values = normalised(_DESIRED, given)
    for setting in ("pools", "network"):
        if values[setting] is not None:
            yield setting, values[setting]
    if values["autotune_mode"] is not None:
        yield "autotune", {"mode": values["autotune_mode"], "level": values["autotune_level"]}
    if given.get(_FIRMWARE) not in (None, ""):
        yield "firmware", {"version": str(given[_FIRMWARE])}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
