# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state of miners, and the drift of their facts from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.decision import WARNING, Fault
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, plain
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import drift
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import mask_url

SETTINGS = tuple(drift.SUBSETS)
# Placeholders in braces in a pool's user, for what differs from miner to miner.
PLACEHOLDERS = ("miner", "mac", "octet")
DETAIL_MAX = 400
# Options that a user may leave out.
_OPTIONAL: dict[str, dict[str, Any]] = {
    "autotune": {"level": None},
    "network": {"ipaddress": None, "netmask": None, "gateway": None, "dns": None, "search": None},
}


class Desired:
    """The desired state of one miner, or of many. Raises Invalid for one that no miner can reach."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = {name: _whole(name, options) for name, options in settings.items()}
        self._comparisons = {name: _comparison(name, options) for name, options in self._settings.items()}

    def drift(self, facts: Mapping[str, Any]) -> dict[str, Fault | None]:
        """Returns the drift of each setting, as far as facts show it; None for a setting in its desired state."""
        verdicts = {name: compare(facts) for name, compare in self._comparisons.items()}
        return {
            name: None if verdict else Fault(WARNING, self._difference(name, facts))
            for name, verdict in verdicts.items()
            if verdict is not None
        }

    def compared_pools(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the comparison of the pools as the module dragonmint_pools shows it; empty if none are desired."""
        if "pools" not in self._settings or "dragonmint_pools" not in facts:
            return {}
        desired = [{"url": mask_url(pool["url"]), "user": pool["user"]} for pool in self._settings["pools"]]
        current = [{"url": pool["url"], "user": pool["user"]} for pool in facts["dragonmint_pools"]]
        return {"diff": {"before": {"pools": current}, "after": {"pools": desired}}}

    def _difference(self, name: str, facts: Mapping[str, Any]) -> str:
        fact, options = facts[f"dragonmint_{drift.SUBSETS[name]}"], self._settings[name]
        current, desired = _SHOWN[name](fact, options)
        return plain(f"{name}: found {current}, desired {desired}", DETAIL_MAX)


def for_miner(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Returns settings with a miner's names filled in, such as ``{miner}`` in the user of a pool."""
    if "pools" not in settings:
        return dict(settings)
    return {**settings, "pools": [{**pool, "user": _filled(pool["user"], names)} for pool in settings["pools"]]}


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name in PLACEHOLDERS:
        text = text.replace(f"{{{name}}}", names[name])
    return text


def _whole(name: str, options: Any) -> Any:
    if name == "pools":
        return [{"url": pool["url"], "user": pool["user"], "password": None} for pool in options]
    return {**_OPTIONAL.get(name, {}), **options}


def _comparison(name: str, options: Any) -> drift.Comparison:
    try:
        return drift.comparison(name, options)
    except InvalidInput as error:
        raise Invalid(f"The desired {name} is not valid: {plain(error, DETAIL_MAX)}") from None


def _pools_shown(fact: Sequence[Mapping[str, Any]], options: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    listed = [
        ", ".join(f"{mask_url(pool['url'])} {pool['user']}" for pool in pools) or "none" for pools in (fact, options)
    ]
    return listed[0], listed[1]


def _autotune_shown(fact: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[str, str]:
    current, desired = (
        mode if level is None else f"{mode}, level {level}"
        for mode, level in ((fact["mode"], fact["level"]), (options["mode"], options["level"]))
    )
    return current, desired


def _network_shown(fact: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[str, str]:
    names = ("mode", "ipaddress", "netmask", "gateway") if options["mode"] == "static" else ("mode",)
    current, desired = (
        " ".join([*(str(shown[name]) for name in names), *(shown["dns"] or () if len(names) > 1 else ())])
        for shown in (fact, options)
    )
    return current, desired


_SHOWN: dict[str, Any] = {
    "pools": _pools_shown,
    "autotune": _autotune_shown,
    "firmware": lambda fact, options: (fact["firmware"], options["version"]),
    "network": _network_shown,
}
