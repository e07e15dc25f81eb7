# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a miner, by subset; one request for each source that the wanted subsets need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, cast

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    NotReady,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import generation
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.client import Client, Reader
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import mask_url
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune, network, pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AUTOTUNE_STATUS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.debug import DEBUG_STATS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import ERROR, Mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import (
    NETWORK,
    OVERVIEW,
    Hardware,
    Network,
    Overview,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import is_older

SUBSETS = ("identity", "network", "hardware", "pools", "mining", "autotune")
MINIMUM = ("identity",)
LEFT_OUT = (Unsupported, PermissionDenied, Rejected, NotReady)
# They cost the miner more than the others, or change less: nobody gets them unasked.
ONLY_NAMED = ("generation", "latest_firmware", "debug", "error")


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
    return [subset for subset in (*SUBSETS, *ONLY_NAMED) if subset in included - excluded]


def gather(client: Reader, subsets: Sequence[str], warn: Callable[[str], None]) -> dict[str, Any]:
    """Returns the facts of the subsets, each under its own name. What this miner or user can't give is warned of.

    Raises NotReady if each of them has to wait for cgminer.
    """
    sources = Sources(client, subsets)
    facts = {}
    refusals = []
    for subset in subsets:
        try:
            facts[f"dragonmint_{subset}"] = sources.fact(subset)
        except LEFT_OUT as error:
            warn(f"The facts {subset} are left out: {error}")
            refusals.append(error)
    if refusals and not facts and all(isinstance(error, NotReady) for error in refusals):
        raise refusals[0]
    return facts


def mining_fact(value: Mining) -> dict[str, Any]:
    """Returns what cgminer does as the fact dragonmint_mining and results show it."""
    # asdict() takes more time than to parse the reply, which an inventory of thousands of miners feels.
    fact = {
        **vars(value),
        "boards": [dict(vars(board)) for board in value.boards],
        "pools": [{**vars(pool), "url": mask_url(pool.url)} for pool in value.pools],
    }
    del fact["is_tuning"]
    return fact


class Sources:
    """The replies that several facts share, each asked for once, and only if it is needed."""

    def __init__(self, client: Reader, subsets: Sequence[str]) -> None:
        self.client = client
        self._needs_overview = not {"identity", "hardware"}.isdisjoint(subsets)

    def fact(self, subset: str) -> Any:
        """Returns the fact of a subset. Raises one of LEFT_OUT where this miner or user can't give it."""
        return _READERS[subset](self)

    @cached_property
    def overview(self) -> Overview:
        return self.client.read(OVERVIEW)

    @property
    def network(self) -> Network:
        """From the overview where that is asked for anyway; alone it costs the miner less."""
        return self.overview.network if self._needs_overview else self.client.read(NETWORK)

    @cached_property
    def mining(self) -> Mining:
        return mining.current_mining(self.client)


def _hardware_fact(value: Hardware) -> dict[str, Any]:
    return {**asdict(value), "load": list(value.load)}


def _autotune_fact(sources: Sources) -> dict[str, Any]:
    try:
        configured = autotune.current_autotune(sources.client)
    except PermissionDenied:
        # A guest may read the status of an Innosilicon, which has the mode in it.
        status = sources.client.read(AUTOTUNE_STATUS)
        if status.configured is None:
            raise
        configured = status.configured
    else:
        status = autotune.current_status(sources.client, read_mining=lambda: sources.mining)
    return {**autotune.shown(configured), "is_running": status.is_running, "is_tuning": status.is_tuning}


def _latest_firmware_fact(sources: Sources) -> dict[str, Any]:
    fact = asdict(sources.client.read(LATEST_FIRMWARE))
    installed = fact.pop("current_version")
    return {**fact, "up_to_date": _is_up_to_date(installed, fact["version"])}


def _is_up_to_date(installed: str | None, latest: str) -> bool | None:
    """Compares them, since some firmware calls each version the latest. None if a version has no date in it."""
    if installed == latest or is_older(latest, than=installed):
        return True
    return False if is_older(installed, than=latest) else None


def _debug_fact(sources: Sources) -> dict[str, Any]:
    debug = sources.client.read(DEBUG_STATS)
    boards = [{"id": board.id, **board.values, "chips": list(board.chips)} for board in debug.boards]
    return {"boards": boards, "hashes": debug.hashes}


_READERS: dict[str, Callable[[Sources], Any]] = {
    "identity": lambda sources: asdict(sources.overview.identity),
    "network": lambda sources: network.shown(sources.network),
    "hardware": lambda sources: _hardware_fact(sources.overview.hardware),
    "pools": lambda sources: pools.shown(pools.current_pools(sources.client)),
    "mining": lambda sources: mining_fact(sources.mining),
    "autotune": _autotune_fact,
    "error": lambda sources: asdict(sources.client.read(ERROR)),
    # Only a client can be asked for pages, and nothing else is asked for this.
    "generation": lambda sources: generation.current_generation(cast(Client, sources.client)),
    "latest_firmware": _latest_firmware_fact,
    "debug": _debug_fact,
}

_EXPANSIONS: dict[str, Sequence[str]] = {"all": SUBSETS, "min": MINIMUM, **{subset: (subset,) for subset in _READERS}}
