# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state that an inventory source defines: for which miners, as which variables, and what counts as drift.

Each setting takes the options of its module. The values may contain templates, which the caller evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import drift
from ansible_collections.minerops.dragonmint.plugins.modules import (
    dragonmint_autotune,
    dragonmint_firmware,
    dragonmint_network,
    dragonmint_pools,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.source_keys import require_known

SETTINGS = tuple(drift.SUBSETS)

_POOLS = dragonmint_pools.argument_spec()
_AUTOTUNE = dragonmint_autotune.argument_spec()
_FIRMWARE = dragonmint_firmware.argument_spec()
_NETWORK = dragonmint_network.argument_spec()
_SPECS: dict[str, dict[str, Any]] = {
    "pools": _POOLS["pools"],
    "autotune": {"type": "dict", "options": {name: _AUTOTUNE[name] for name in ("mode", "level")}},
    "firmware": {
        "type": "dict",
        "options": {
            **{name: _FIRMWARE[name] for name in ("src", "url", "checksum", "allow_downgrade")},
            "version": {**_FIRMWARE["version"], "required": True},
        },
    },
    "network": {
        "type": "dict",
        "options": {name: _NETWORK[name] for name in ("mode", "ipaddress", "netmask", "gateway", "dns", "search")},
    },
}
_VALIDATORS = {
    setting: ArgumentSpecValidator({setting: {**spec, "required": True}}) for setting, spec in _SPECS.items()
}
_SELECTORS = ("group", "when")


@dataclass(frozen=True)
class Entry:
    """The desired state of the miners of a group, or of those for which an expression is true; without both, of all.

    ``settings`` has options by setting; null means that the setting has no desired state after all.
    """

    group: str | None
    when: str | None
    settings: Mapping[str, Any]


def entries_from(options: Sequence[Any]) -> list[Entry]:
    """Returns the entries of an option. Raises InvalidInput for invalid ones."""
    return [_entry(f"desired[{number}]", option) for number, option in enumerate(options)]


def merged(entries: Sequence[Entry]) -> dict[str, Any]:
    """Merges the settings of several entries; later entries win."""
    settings: dict[str, Any] = {}
    for entry in entries:
        settings.update(entry.settings)
    return {setting: options for setting, options in settings.items() if options is not None}


def variables(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the variables of the roles provision and upgrade for these settings."""
    named: dict[str, Any] = {
        f"provision_{setting}": settings[setting] for setting in ("pools", "network") if setting in settings
    }
    if "autotune" in settings:
        named["provision_autotune_mode"] = settings["autotune"]["mode"]
        named["provision_autotune_level"] = settings["autotune"].get("level")
    named.update({f"upgrade_{name}": value for name, value in settings.get("firmware", {}).items()})
    return named


def compared(setting: str, options: Any) -> Any:
    """Returns the options of a setting that matter for its drift; their templates have to be evaluated for that."""
    if setting == "firmware":
        return {"version": options["version"]}
    if setting == "pools" and isinstance(options, (list, tuple)):
        return [
            {key: value for key, value in pool.items() if key != "password"} if isinstance(pool, Mapping) else pool
            for pool in options
        ]
    return options


def comparison(setting: str, options: Any) -> drift.Comparison:
    """Returns the comparison of facts with these options of a setting, which must not contain templates.

    Raises InvalidInput for options that the setting's module would refuse.
    """
    validation = _VALIDATORS[setting].validate({setting: options})
    if validation.error_messages:
        raise InvalidInput("; ".join(validation.error_messages))
    return drift.comparison(setting, validation.validated_parameters[setting])


def _entry(place: str, option: Any) -> Entry:
    if not isinstance(option, Mapping):
        raise InvalidInput(f"{place} must be a dictionary with {', '.join((*_SELECTORS, *SETTINGS))}.")
    require_known(place, option, (*_SELECTORS, *SETTINGS))
    for key in _SELECTORS:
        if not isinstance(option.get(key, ""), str):
            raise InvalidInput(f"{place}.{key} must be text, not {option[key]!r}. Put it in quotes.")
    for key, needed in (("autotune", "mode"), ("firmware", "version")):
        if option.get(key) is not None and not (isinstance(option[key], Mapping) and needed in option[key]):
            raise InvalidInput(f"{place}.{key} must be a dictionary with at least {needed}.")
    settings = {setting: option[setting] for setting in SETTINGS if setting in option}
    if not settings:
        raise InvalidInput(f"{place} sets nothing. Give it one or more of {', '.join(SETTINGS)}.")
    for setting, value in settings.items():
        names = _SPECS[setting]["options"]
        for part, options in _parts(f"{place}.{setting}", value):
            require_known(part, options, names)
    group = option.get("group")
    return Entry(None if group == "all" else group, option.get("when"), settings)


def _parts(place: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the dictionaries in a setting, skipping templates."""
    if isinstance(value, Mapping):
        yield place, value
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _parts(f"{place}[{number}]", item)
