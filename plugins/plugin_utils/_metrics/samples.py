# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The samples of one miner, and of the inventory, for each metric.

The staleness contract: a value is what the miner reported in this poll; otherwise there is no value. No response does
not mean 0, being curtailed is not a fault, and a miner that left the fleet has no sample at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._facts.drift import Comparison
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import models
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import expected_of, rate_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics import families
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.families import Family
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import endpoint_of

MEASURED, ESTIMATED = "measured", "estimated"
# The counts of a source in dragonmint_inventory.
_STATES = ("polled", "locked", "unresponsive", "silent", "unknown", "filtered")
_LONGEST = 200


@dataclass(frozen=True)
class Sample:
    """A value of a metric; ``labels`` contains all of them."""

    family: Family
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Expectations:
    """What a host's variables say about its miner: the limits of its health, its ratings and its desired state."""

    limits: checks.Limits
    ratings: models.OwnRatings = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True)
class Polled:
    """A miner after a poll. ``labels`` are those of the user.

    ``result`` is that of dragonmint_facts; ``identity`` another one without cgminer's facts, if cgminer did not respond
    in time. ``model`` is the last known one, for a miner that does not respond now.
    """

    miner: str
    at: float
    labels: Mapping[str, str]
    expectations: Expectations
    result: Mapping[str, Any]
    identity: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    is_curtailed: bool = False

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.result.get("ansible_facts") or self.identity.get("ansible_facts") or {}

    @property
    def is_up(self) -> bool:
        return "dragonmint_identity" in self.facts

    def fact(self, name: str) -> Mapping[str, Any]:
        return self.facts.get(f"dragonmint_{name}") or {}


def samples_of(polled: Polled) -> Iterator[Sample]:
    """Yields the samples of a miner."""
    common = labels_of(polled)
    findings = findings_of(polled)
    yield Sample(families.UP, common, polled.is_up)
    yield Sample(families.CURTAILED, common, polled.is_curtailed)
    yield Sample(families.POLL_TIMESTAMP, common, round(polled.facts.get("dragonmint_gathered_at", polled.at)))
    for family, own, value in _values(polled):
        if value is not None:
            yield Sample(family, {**common, **own}, value)
    # The same finding occurs twice only if a miner uses one name for two of its parts.
    for code, part, severity in dict.fromkeys((each.code, visible(each.part), each.severity) for each in findings):
        yield Sample(families.FINDING, {**common, "finding": code, "part": part, "severity": severity}, 1)


def labels_of(polled: Polled) -> dict[str, str]:
    """Returns the labels that all samples of a miner have. Prometheus treats an empty label as missing."""
    labels = {families.MINER: visible(polled.miner), families.MODEL: model_of(polled), **polled.labels}
    return {name: value for name, value in labels.items() if value}


def missing(name: str, at: float) -> Iterator[Sample]:
    """Yields the samples of a miner that is expected but missing in the inventory."""
    common = {families.MINER: visible(name)}
    yield Sample(families.UP, common, 0)
    yield Sample(families.CURTAILED, common, 0)
    yield Sample(families.POLL_TIMESTAMP, common, round(at))
    finding = checks.NOT_FOUND
    yield Sample(families.FINDING, {**common, "finding": finding.code, "part": "", "severity": finding.severity}, 1)


def addresses(reports: Mapping[str, Mapping[str, Any]]) -> Iterator[Sample]:
    """Yields how many addresses each source of the inventory had in each state; ``reports`` is dragonmint_inventory."""
    for source, report in reports.items():
        for state in _STATES if report.get("at") else ():
            yield Sample(
                families.INVENTORY_ADDRESSES, {"source": visible(source), "state": state}, float(report.get(state, 0))
            )


def findings_of(polled: Polled) -> Sequence[Finding]:
    """Returns the findings of a miner. For a curtailed one, no response is not a finding."""
    findings = checks.find({"seen": polled.result, "identity": polled.identity}, polled.expectations.limits)
    if polled.is_curtailed:
        return [finding for finding in findings if finding.code not in checks.UNKNOWN]
    return findings


def drifted(polled: Polled) -> Iterator[tuple[str, bool]]:
    """Yields each setting that could be compared with its desired state, and whether it differs.

    A curtailment temporarily overrides the desired autotune mode.
    """
    for setting, compare in polled.expectations.comparisons.items():
        is_as_desired = None if setting == "autotune" and polled.is_curtailed else compare(polled.facts)
        if is_as_desired is not None:
            yield setting, not is_as_desired


def model_of(polled: Polled) -> str:
    """Returns the model of a miner, "" if it was never known."""
    identity = polled.fact("identity")
    return visible(str(identity.get("model") or identity.get("type") or "")) or polled.model


def visible(text: str) -> str:
    """Returns a text as a label shows it: invisible characters by their numbers, and cut to a readable length."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _values(polled: Polled) -> Iterator[tuple[Family, dict[str, str], float | None]]:
    """Yields what the miner reported, None for what it left out."""
    identity, mining = polled.fact("identity"), polled.fact("mining")
    fan_percent = mining.get("fan_percent")
    yield families.UPTIME, {}, polled.fact("hardware").get("uptime_seconds")
    yield families.FAN_SPEED, {}, None if fan_percent is None else fan_percent / 100
    yield from _rates(polled)
    boards = mining.get("boards") or ()
    for board in boards:
        own = {"board": str(board.get("id"))}
        yield families.BOARD_TEMPERATURE, own, board.get("temperature_c")
        yield families.BOARD_HASHRATE, own, rate_of(board)
    for number, pool in enumerate(mining.get("pools") or ()):
        own = {"pool": str(number), "endpoint": visible(endpoint_of(pool.get("url") or ""))}
        yield families.POOL_UP, own, None if pool.get("status") is None else pool["status"] == "Alive"
    for family, verdict in ((families.SHARES_ACCEPTED, "accepted"), (families.SHARES_REJECTED, "rejected")):
        yield family, {}, _sum(board.get(verdict) for board in boards)
    for setting, differs in drifted(polled):
        yield families.DRIFTED, {"setting": setting}, differs
    if polled.is_up:
        shown = {name: visible(str(identity.get(name) or "")) for name in families.FIRMWARE_INFO.labels}
        yield families.FIRMWARE_INFO, shown, 1


def _rates(polled: Polled) -> Iterator[tuple[Family, dict[str, str], float | None]]:
    """Yields the hash rate, its rating, and the power. The power of a rating counts only while the miner hashes."""
    type_, mining = polled.fact("identity").get("type"), polled.fact("mining")
    model = models.model_of(type_)
    of_mode = (type_, polled.fact("autotune").get("mode"), polled.expectations.ratings)
    expected, rated = expected_of(*of_mode), models.rating_of(*of_mode)
    algorithm = {"algorithm": mining.get("algorithm") or (model.algorithm.name if model else "")}
    hashrate = _rate(mining)
    yield families.HASHRATE, algorithm, hashrate
    yield families.EXPECTED_HASHRATE, algorithm, expected.hashrate_hs if expected else None
    measured = mining.get("power_watts")
    if measured is not None:
        yield families.POWER, {"source": MEASURED}, measured
    elif rated and hashrate:
        yield families.POWER, {"source": ESTIMATED}, rated.watts


def _rate(mining: Mapping[str, Any]) -> float | None:
    """The sum over the boards, over a window that fits each; without, the miner's own average."""
    if not mining.get("ready"):
        return None
    total = _sum(rate_of(board) for board in mining.get("boards") or ())
    return (mining.get("hashrate_hs") or {}).get("average") if total is None else total


def _sum(values: Iterator[float | None]) -> float | None:
    """Returns the sum of the known values, None if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
