# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Determines the drift of a miner from its facts, without further reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune, network, pools

# The subset of facts that contains each setting.
SUBSETS = {"pools": "pools", "autotune": "autotune", "firmware": "identity", "network": "network"}


Comparison = Callable[[Mapping[str, Any]], Optional[bool]]


def comparison(setting: str, options: Any) -> Comparison:
    """Returns a comparison of facts with the options of a setting's module; it returns None if facts lack the setting.

    Raises InvalidInput for options that the module would refuse.
    """
    compare = _COMPARISONS[setting](options)
    name = f"dragonmint_{SUBSETS[setting]}"
    return lambda facts: compare(facts[name]) if name in facts else None


def _pools(options: Any) -> Callable[[Any], bool]:
    desired = pools.pools_from(options)
    return lambda fact: pools.is_desired(fact, desired)


def _autotune(options: Any) -> Callable[[Any], bool]:
    desired = autotune.autotune_from(options["mode"], options["level"])
    return lambda fact: autotune.is_desired(fact, desired)


def _firmware(options: Any) -> Callable[[Any], bool]:
    return lambda fact: bool(fact["firmware"] == options["version"])


def _network(options: Any) -> Callable[[Any], bool]:
    desired = network.network_from(options)
    return lambda fact: network.is_desired(fact, desired)


_COMPARISONS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "pools": _pools,
    "autotune": _autotune,
    "firmware": _firmware,
    "network": _network,
}
