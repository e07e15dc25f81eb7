# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a miner, by subset; one request for each source that the requested subsets need."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Callable, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    NotReady,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import generation
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import mining
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import mask_url
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune, network, pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.debug import DEBUG_STATS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import (
    ERROR,
    ERROR_DETAIL,
    EVERYTHING,
    Everything,
    Mining,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import model_of, normal_type
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import (
    Rates,
    debug_rate,
    rates_of,
    ths_of,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import (
    NETWORK,
    OVERVIEW,
    TYPE,
    Network,
    Overview,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import is_older

T = TypeVar("T")

SUBSETS = ("identity", "network", "hardware", "pools", "mining", "autotune")
MINIMUM = ("identity",)
LEFT_OUT = (Unsupported, PermissionDenied, Rejected, NotReady)
# They cost the miner more than the others, or rarely change, so they are gathered only on request.
ONLY_NAMED = ("generation", "latest_firmware", "debug", "error")


def selected_subsets(names: Sequence[str]) -> list[str]:
    """Returns the subsets that a gather_subset names: the requested ones (all by default) without those excluded by !.

    As with Ansible's own facts, !all leaves the minimum and any subset also named. Raises InvalidInput for an unknown
    name.
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


def gather(session: Session, subsets: Sequence[str], warn: Callable[[str], None]) -> Steps[dict[str, Any]]:
    """Returns the facts of the subsets, each under its own name. Warns of those that are unavailable.

    Raises NotReady if all of them have to wait for cgminer.
    """
    sources = Sources(session, subsets)
    facts = {}
    refusals = []
    for subset in subsets:
        try:
            facts[f"dragonmint_{subset}"] = yield from sources.fact(subset)
            for doubt in sources.doubts.pop(subset, ()):
                warn(doubt)
        except LEFT_OUT as error:
            warn(f"The facts '{subset}' are omitted: {error}")
            refusals.append(error)
    if refusals and not facts and all(isinstance(error, NotReady) for error in refusals):
        raise refusals[0]
    return facts


def mining_fact(value: Mining, rates: Rates, everything: Everything | None = None) -> dict[str, Any]:
    """Returns the state of cgminer as the fact dragonmint_mining.

    ``rates`` are those of its boards, or if it reports none, those of ``everything``.
    """
    boards = value.boards or (everything.boards if everything else ())
    fan_percent = value.fan_percent
    if not fan_percent and everything and everything.fan_percent is not None:
        fan_percent = everything.fan_percent
    # asdict() takes longer than parsing the reply, which adds up in an inventory of thousands of miners.
    return {
        "ready": value.ready,
        "algorithm": rates.algorithm,
        "is_rate_counted": rates.is_counted,
        "hashrate_hs": dict(rates.total_hs),
        "hashrate_ths": {window: ths_of(rate, rates.algorithm) for window, rate in rates.total_hs.items()},
        "boards": [
            {**vars(board), "hashrate_hs": rate, "hashrate_ths": ths_of(rate, rates.algorithm)}
            for board, rate in zip(boards, rates.boards_hs)
        ],
        "pools": [{**vars(pool), "url": mask_url(pool.url)} for pool in value.pools],
        "fan_percent": fan_percent,
        "power_watts": everything.power_watts if everything else None,
        "reject_ratio": value.reject_ratio,
        "elapsed_seconds": value.elapsed_seconds,
    }


class Sources:
    """The replies that several facts share, each requested at most once, and only if needed.

    ``doubts`` are caveats about facts that were read, by subset.
    """

    def __init__(self, session: Session, subsets: Sequence[str]) -> None:
        self.session = session
        self._needs_overview = not {"identity", "hardware"}.isdisjoint(subsets)
        self._kept: dict[str, Any] = {}
        self.doubts: dict[str, list[str]] = {}

    def fact(self, subset: str) -> Steps[Any]:
        """Returns the fact of a subset. Raises one of LEFT_OUT if it is unavailable on this miner or to this user."""
        return (yield from _READERS[subset](self))

    def overview(self) -> Steps[Overview]:
        """The overview."""
        return (yield from self._once(lambda: self.session.read(OVERVIEW), "overview"))

    def type(self) -> Steps[str | None]:
        """The type that the miner reports, which determines the units of its rates. None if it reports none."""
        if self._needs_overview:
            with suppress(*LEFT_OUT, BadReply):
                return (yield from self.overview()).identity.type
        with suppress(*LEFT_OUT, BadReply):
            return (yield from self._once(lambda: self.session.read(TYPE), "type"))
        return None

    def network(self) -> Steps[Network]:
        """From the overview if that is read anyway; otherwise a request of its own, which costs the miner less."""
        if self._needs_overview:
            return (yield from self.overview()).network
        return (yield from self.session.read(NETWORK))

    def mining(self) -> Steps[Mining]:
        """The state of cgminer."""
        return (yield from self._once(lambda: mining.current_mining(self.session), "mining"))

    def _once(self, ask: Callable[[], Steps[T]], name: str) -> Steps[T]:
        """Requests it once, and keeps the outcome: a value, or the error with which the miner refused."""
        if name not in self._kept:
            try:
                self._kept[name] = yield from ask()
            except MinerError as error:
                self._kept[name] = error
        kept = self._kept[name]
        if isinstance(kept, MinerError):
            raise kept
        value: T = kept
        return value


def _identity_fact(sources: Sources) -> Steps[dict[str, Any]]:
    identity = (yield from sources.overview()).identity
    model = model_of(identity.type)
    return {**asdict(identity), "model": (model.name if model else None) or identity.type}


def _network_fact(sources: Sources) -> Steps[dict[str, Any]]:
    return network.shown((yield from sources.network()))


def _hardware_fact(sources: Sources) -> Steps[dict[str, Any]]:
    hardware = (yield from sources.overview()).hardware
    return {**asdict(hardware), "load": list(hardware.load)}


def _pools_fact(sources: Sources) -> Steps[list[dict[str, Any]]]:
    return pools.shown((yield from pools.current_pools(sources.session)))


def _mining_fact(sources: Sources) -> Steps[dict[str, Any]]:
    value = yield from sources.mining()
    type_ = yield from sources.type()
    if not value.ready:
        return mining_fact(value, rates_of(type_, ()))
    everything = yield from _everything(sources.session, type_, value)
    source = everything if everything and not value.devices else value
    rates = rates_of(type_, source.devices, source.total or (everything.total if everything else None))
    if rates.warning:
        sources.doubts["mining"] = [rates.warning]
    return mining_fact(value, rates, everything)


def _everything(session: Session, type_: str | None, value: Mining) -> Steps[Everything | None]:
    """What only firmware after August 2018 reports, and only to an admin; None otherwise: the fact is optional."""
    if not value.shows_innosilicon or normal_type(type_ or "") in _WITHOUT_EVERYTHING:
        return None
    try:
        return (yield from session.read(EVERYTHING))
    except (*LEFT_OUT, BadReply):
        return None


def _autotune_fact(sources: Sources) -> Steps[dict[str, Any]]:
    status = yield from autotune.current_status(sources.session, read_mining=sources.mining)
    # If the status contains the mode, one request is enough; on an Innosilicon, a guest may read nothing else.
    configured = status.configured or (yield from autotune.current_autotune(sources.session))
    return {**autotune.shown(configured), "is_running": status.is_running, "is_tuning": status.is_tuning}


def _error_fact(sources: Sources) -> Steps[dict[str, Any]]:
    try:
        error = yield from sources.session.read(ERROR_DETAIL)
    except Unsupported:
        error = yield from sources.session.read(ERROR)
    return asdict(error)


def _generation_fact(sources: Sources) -> Steps[str]:
    return (yield from generation.current_generation(sources.session))


def _latest_firmware_fact(sources: Sources) -> Steps[dict[str, Any]]:
    fact = asdict((yield from sources.session.read(LATEST_FIRMWARE)))
    installed = fact.pop("current_version")
    return {**fact, "up_to_date": _is_up_to_date(installed, fact["version"])}


def _is_up_to_date(installed: str | None, latest: str) -> bool | None:
    """Compares the dates of the versions: some firmware calls any version the latest. None if a version has no date."""
    if installed == latest or is_older(latest, than=installed):
        return True
    return False if is_older(installed, than=latest) else None


def _debug_fact(sources: Sources) -> Steps[dict[str, Any]]:
    debug = yield from sources.session.read(DEBUG_STATS)
    type_ = yield from sources.type()
    model = model_of(type_)
    algorithm = model.algorithm.name if model else None
    boards = []
    for board in debug.boards:
        rate = debug_rate(type_, board.mhs_average)
        rates = {"hashrate_hs": rate, "hashrate_ths": ths_of(rate, algorithm)}
        boards.append({"id": board.id, **board.values, **rates, "chips": list(board.chips)})
    return {"algorithm": algorithm, "boards": boards, "hashes": debug.hashes}


_READERS: dict[str, Callable[[Sources], Steps[Any]]] = {
    "identity": _identity_fact,
    "network": _network_fact,
    "hardware": _hardware_fact,
    "pools": _pools_fact,
    "mining": _mining_fact,
    "autotune": _autotune_fact,
    "error": _error_fact,
    "generation": _generation_fact,
    "latest_firmware": _latest_firmware_fact,
    "debug": _debug_fact,
}

# Types whose getAll contains nothing that a summary lacks.
_WITHOUT_EVERYTHING = ("T1", "T2")
_EXPANSIONS: dict[str, Sequence[str]] = {"all": SUBSETS, "min": MINIMUM, **{subset: (subset,) for subset in _READERS}}
