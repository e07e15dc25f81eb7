# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of a host say about its miner, as far as its metrics need it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

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

T = TypeVar("T")

_RATINGS = "dragonmint_ratings"
_LIMITS = Variables("", tuple(entry for entry in heal.VARIABLES if entry.name.startswith("health_")))
# The variables that determine the limits, and the desired state of each setting.
_OF_LIMITS = (_RATINGS, *(entry.name for entry in _LIMITS))
_OF_SETTINGS = {
    "pools": ("provision_pools",),
    "network": ("provision_network",),
    "autotune": ("provision_autotune_mode", "provision_autotune_level"),
    "firmware": ("upgrade_version",),
}
_TABLES = {
    setting: Variables(provision.PREFIX, tuple(entry for entry in provision.VARIABLES if entry.name in names))
    for setting, names in _OF_SETTINGS.items()
}


class HostVariables(Protocol):
    """The variables of a host, as the actions have them."""

    def has(self, name: str) -> bool:
        """Whether a variable is set."""

    def raw(self, name: str) -> Any:
        """Returns the raw value."""

    def value(self, name: str) -> Any:
        """Returns the evaluated value."""

    def evaluated(self, name: str, raw: Any) -> Any:
        """Evaluates a raw value."""


class Reader:
    """Reads the expectations of one host after the other. Hosts with the same variables share them."""

    def __init__(self, compares: bool) -> None:
        self._settings = tuple(_OF_SETTINGS) if compares else ()
        self._known: dict[tuple[tuple[str, int | None], ...], tuple[dict[str, Any], Any]] = {}
        # Why a desired state could not be compared, without duplicates.
        self.problems: dict[str, str] = {}

    def expectations_of(self, host: str, variables: HostVariables) -> Expectations:
        """Returns what is expected of a miner. Raises InvalidInput for invalid limits and ratings.

        A desired state that its module would refuse is noted in ``problems``, and not compared.
        """
        try:
            limits, ratings = self._shared(_OF_LIMITS, variables, _limits)
            comparisons = {
                setting: self._shared(_OF_SETTINGS[setting], variables, partial(self._comparison, host, setting))
                for setting in self._settings
            }
        except InvalidVariables as error:
            raise InvalidInput(str(error)) from error
        found = {setting: comparison for setting, comparison in comparisons.items() if comparison is not None}
        return Expectations(limits, ratings, found)

    def _shared(self, names: Sequence[str], variables: HostVariables, make: Callable[[Mapping[str, Any]], T]) -> T:
        """Returns what ``make`` returns for these variables, called once for all hosts with the same ones."""
        raw = {name: variables.raw(name) for name in names if variables.has(name)}
        # Keeping the values prevents new objects from getting the same id.
        key = tuple((name, id(raw[name]) if name in raw else None) for name in names)
        if key in self._known:
            known: T = self._known[key][1]
            return known
        needed = {
            name: desired.compared("pools", value) if name == "provision_pools" else value
            for name, value in raw.items()
        }
        own = {name for name, value in needed.items() if needs_evaluation(value)}
        made = make(
            {name: variables.evaluated(name, value) if name in own else plain(value) for name, value in needed.items()}
        )
        if not own:
            self._known[key] = raw, made
        return made

    def _comparison(self, host: str, setting: str, given: Mapping[str, Any]) -> Comparison | None:
        options = _options(setting, given)
        if options is None:
            return None
        try:
            return desired.comparison(setting, options)
        except InvalidInput as error:
            self.problems.setdefault(str(error), f"{host}: the desired {setting} cannot be compared: {error}")
            return None


def labels_of(names: Sequence[str], variables: HostVariables) -> dict[str, str]:
    """Returns the labels from variables of a host; "" for a variable that is not set."""
    return {name: visible(_text(variables.value(name))) for name in names}


def _limits(given: Mapping[str, Any]) -> tuple[checks.Limits, Mapping[str, Any]]:
    values = normalised(_LIMITS, given)
    own = {entry.name.removeprefix("health_"): values[entry.name] for entry in _LIMITS}
    ratings = given.get(_RATINGS)
    return checks.limits_from({**own, _RATINGS: ratings}), models.own_ratings(ratings)


def _options(setting: str, given: Mapping[str, Any]) -> Any:
    """Returns the options of a setting's module; None if the setting has no desired state."""
    if setting == "firmware":
        version = given.get("upgrade_version")
        return None if version in (None, "") else {"version": str(version)}
    values = normalised(_TABLES[setting], given)
    if setting == "autotune":
        mode = values["autotune_mode"]
        return None if mode is None else {"mode": mode, "level": values["autotune_level"]}
    return values[setting]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
