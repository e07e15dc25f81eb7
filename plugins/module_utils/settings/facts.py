# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a miner, by subset; one request for each source that the wanted subsets need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import protocol
from ansible_collections.minerops.dragonmint.plugins.module_utils.client import Reader
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import (
    InvalidInput,
    NotReady,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils.redaction import mask_url
from ansible_collections.minerops.dragonmint.plugins.module_utils.settings import autotune, mining, network, pools

SUBSETS = ("identity", "network", "hardware", "pools", "mining", "autotune")
MINIMUM = ("identity",)


def wanted_subsets(names: Sequence[str]) -> list[str]:
    """Returns the subsets that a gather_subset names: what is asked for (all by default) less what is excluded by !.

    As with Ansible's own facts, !all leaves the minimum and what is named besides. Raises InvalidInput for a name that
    is none.
    """
    included: set[str] = set()
    excluded: set[str] = set()
    for name in names:
        bare = name.removeprefix("!")
        if bare not in _EXPANSIONS:
            raise InvalidInput(
                f"gather_subset has {name!r}; it takes {', '.join(_EXPANSIONS)}, and each of them with a ! before it."
            )
        if name != "!all":
            (excluded if name.startswith("!") else included).update(_EXPANSIONS[bare])
    if "!all" in names:
        included.update(MINIMUM)
    elif not included:
        included.update(SUBSETS)
    return [subset for subset in SUBSETS if subset in included - excluded]


def gather(client: Reader, subsets: Sequence[str], warn: Callable[[str], None]) -> dict[str, Any]:
    """Returns the facts of the subsets, each under its own name. What this miner or user can't give is warned of."""
    sources = _Sources(client)
    facts = {}
    for subset in subsets:
        try:
            facts[f"dragonmint_{subset}"] = _READERS[subset](sources)
        except (Unsupported, PermissionDenied, Rejected, NotReady) as error:
            warn(f"The facts {subset} are left out: {error}")
    return facts


def mining_fact(value: protocol.Mining) -> dict[str, Any]:
    """Returns what cgminer does as the fact dragonmint_mining and results show it."""
    fact = asdict(value)
    del fact["is_tuning"], fact["elapsed_seconds"]
    fact["boards"] = list(fact["boards"])
    fact["pools"] = [{**pool, "url": mask_url(pool["url"])} for pool in fact["pools"]]
    return fact


class _Sources:
    """The replies that several facts share, each asked for once, and only if it is needed."""

    def __init__(self, client: Reader) -> None:
        self.client = client

    @cached_property
    def overview(self) -> protocol.Overview:
        return self.client.read(protocol.OVERVIEW)

    @cached_property
    def mining(self) -> protocol.Mining:
        return mining.current_mining(self.client)


def _hardware_fact(value: protocol.Hardware) -> dict[str, Any]:
    return {**asdict(value), "load": list(value.load)}


def _autotune_fact(sources: _Sources) -> dict[str, Any]:
    shown = autotune.shown(autotune.current_autotune(sources.client))
    return {**shown, **asdict(autotune.current_status(sources.client, read_mining=lambda: sources.mining))}


_READERS: dict[str, Callable[[_Sources], Any]] = {
    "identity": lambda sources: asdict(sources.overview.identity),
    "network": lambda sources: network.shown(sources.overview.network),
    "hardware": lambda sources: _hardware_fact(sources.overview.hardware),
    "pools": lambda sources: pools.shown(pools.current_pools(sources.client)),
    "mining": lambda sources: mining_fact(sources.mining),
    "autotune": _autotune_fact,
}

_EXPANSIONS: dict[str, Sequence[str]] = {"all": SUBSETS, "min": MINIMUM, **{subset: (subset,) for subset in SUBSETS}}
