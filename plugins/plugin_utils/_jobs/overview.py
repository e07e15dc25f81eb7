# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job overview: the current state of a site, compared with what is expected of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import models, rates
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, curtail
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Finding, Limits
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import expected_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import counted, summed_up, tally
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages import tones
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import endpoint_of

MINING, TUNING, CURTAILED, WARNING, UNHEALTHY = "mining", "tuning", "curtailed", "warning", "unhealthy"
LOCKED, UNREACHABLE, MISSING, UNKNOWN = "locked", "unreachable", "missing", "unknown"
# The worst first.
STATES = (MISSING, UNREACHABLE, LOCKED, UNKNOWN, UNHEALTHY, WARNING, CURTAILED, TUNING, MINING)
COLUMNS = (
    *("miner", "address", "state", "detail", "hashrate", "expected_percent", "watts", "temperature_c"),
    *("model", "firmware", "mode", "pool", "drift", "rack", "position"),
)
FLEET, INVENTORY = "fleet", "inventory"

_STATE_OF = {checks.UNREACHABLE: UNREACHABLE, checks.LOCKED: LOCKED, checks.UNEXAMINED: UNKNOWN}
# The windows of a hash rate, in order of preference: the steadiest that still follow a change within minutes.
_WINDOWS = ("1m", "15m", "5s", "average")
_DEGREES_A_BAR, _PERCENT_A_BAR, _BARS_MAX = 5, 10, 24
_SHOWN_WORST, _SHOWN_POOLS, _SHOWN_KINDS = 8, 12, 20


def _check(values: Mapping[str, Any]) -> None:
    try:
        models.own_ratings(values.get("dragonmint_ratings"))
    except InvalidInput as error:
        raise InvalidVariables(str(error)) from None


VARIABLES = Variables(
    "overview_",
    (
        Variable(
            "overview_from",
            "str",
            "Where the facts come from. V(fleet) reads all miners. V(inventory) uses the facts that the inventory "
            "has polled, and sends nothing.",
            default=FLEET,
            choices=(FLEET, INVENTORY),
        ),
        Variable("overview_rack", "str", "The host variable with the name of the rack.", default="rack"),
        Variable("overview_position", "str", "The host variable with the position in the rack.", default="position"),
        *curtail.RECORD_OF_OTHERS,
        RATINGS,
        TARGET,
        REPORT_FOLDER,
    ),
    _check,
)


@dataclass(frozen=True)
class Seen:
    """A miner: the result of the facts module, and data from its variables.

    ``page`` is the URL of its own page, ``drift`` the settings that are not in their desired state.
    """

    miner: str
    address: str
    result: Mapping[str, Any]
    page: str = ""
    rack: str = ""
    position: str = ""
    drift: Sequence[str] = ()
    is_curtailed: bool = False


@dataclass(frozen=True)
class _Miner:
    """A miner's figures in the overview. Rates are in base units of its algorithm."""

    seen: Seen
    state: str
    findings: Sequence[Finding]
    algorithm: models.Algorithm | None
    hashrate_hs: float | None
    expected_hs: float | None
    watts: float | None
    is_measured: bool
    temperature_c: float | None
    facts: Mapping[str, Any]

    def fact(self, name: str, key: str) -> Any:
        return (self.facts.get(f"dragonmint_{name}") or {}).get(key)

    @property
    def model(self) -> str:
        return str(self.fact("identity", "model") or self.fact("identity", "type") or "")

    @property
    def pool(self) -> str:
        pools = self.fact("mining", "pools") or ()
        used = next((pool for pool in pools if pool.get("active")), None)
        return endpoint_of(used.get("url")) if used else ""


@dataclass
class _Sum:
    """The totals of miners of one kind."""

    miners: int = 0
    hashrate_hs: float = 0.0
    # Only rated miners, since only their rates can be compared.
    rated_hs: float = 0.0
    expected_hs: float = 0.0
    unrated: int = 0
    # Miners whose rate is calculated from the clock.
    calculated: int = 0
    unhealthy: int = 0
    # Only miners for which both are known.
    joule_watts: float = 0.0
    joule_hs: float = 0.0

    def add(self, miner: _Miner) -> None:
        self.miners += 1
        self.hashrate_hs += miner.hashrate_hs or 0.0
        if miner.expected_hs:
            self.rated_hs += miner.hashrate_hs or 0.0
            self.expected_hs += miner.expected_hs
        else:
            self.unrated += 1
        self.calculated += miner.fact("mining", "is_rate_counted") is False
        self.unhealthy += miner.state in (UNHEALTHY, WARNING)
        if miner.watts and miner.hashrate_hs:
            self.joule_watts += miner.watts
            self.joule_hs += miner.hashrate_hs


@dataclass(frozen=True)
class _Parts:
    """The totals by algorithm, and by model and firmware."""

    algorithms: dict[models.Algorithm, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    kinds: dict[tuple[str, str, models.Algorithm | None], _Sum] = field(default_factory=lambda: defaultdict(_Sum))


def outcome(
    seen: Sequence[Seen],
    limits: Limits,
    reports: Mapping[str, Mapping[str, Any]] | None = None,
    missing: Collection[str] = (),
) -> dict[str, Any]:
    """Returns the state of a site: ``rows``, ``shown``, ``figures``, ``summary``, ``is_ok`` and ``stats``.

    ``reports`` is the variable dragonmint_inventory, ``missing`` are expected miners that the inventory did not find.
    ``rows`` has every miner, ``shown`` those that need attention, ``figures`` what only the page shows. It is not ok if
    there are miners, but none could be read.
    """
    own = models.own_ratings(limits.ratings)
    miners = [_examined(each, limits, own) for each in seen]
    rows = [*map(_row, miners), *({**_MISSING, "miner": name} for name in missing)]
    rows.sort(key=lambda row: STATES.index(row["state"]))
    counts = tally((row["state"] for row in rows), STATES)
    parts = _Parts()
    for miner in miners:
        if miner.algorithm:
            parts.algorithms[miner.algorithm].add(miner)
        if miner.facts:
            parts.kinds[miner.model, str(miner.fact("identity", "firmware") or ""), miner.algorithm].add(miner)
    is_ok = not miners or any(miner.facts for miner in miners)
    power = _power(miners)
    lines = [_rate_line(algorithm, total) for algorithm, total in parts.algorithms.items()]
    summary = " ".join(
        [
            summed_up(counts),
            *lines,
            *([_power_line(power)] if power["watts"] else []),
            *([] if is_ok else ["No miner could be read; the rows say why."]),
        ]
    )
    return {
        "rows": rows,
        "shown": [row for row in rows if row["state"] in STATES[: STATES.index(CURTAILED)]],
        "figures": {
            "tiles": list(_tiles(counts, parts, power)),
            **_worst(rows),
            "kinds": _kinds(parts),
            "pools": Counter(miner.pool for miner in miners if miner.pool).most_common(_SHOWN_POOLS),
            "temperatures": _bars((miner.temperature_c for miner in miners), _DEGREES_A_BAR, limits_of(limits)),
            "hashrates": _bars(map(_percent, miners), _PERCENT_A_BAR, (None, 100 * limits.min_hashrate_ratio)),
            "drift": Counter(setting for miner in miners for setting in miner.seen.drift).most_common(),
            "racks": _racks(miners),
            "sources": list(_sources(reports or {})),
        },
        "summary": summary,
        "is_ok": is_ok,
        "stats": {
            "miners": len(rows),
            **counts,
            "hashrate_hs": {
                algorithm.name: {
                    "now": round(total.hashrate_hs),
                    "rated": round(total.rated_hs),
                    "expected": round(total.expected_hs),
                }
                for algorithm, total in parts.algorithms.items()
            },
            "watts": round(power["watts"]),
            "watts_estimated": round(power["watts"] - power["measured_watts"]),
            "is_ok": is_ok,
            "summary": summary,
        },
    }


def limits_of(limits: Limits) -> tuple[float | None, float | None]:
    """Returns the thresholds above and below which a board's temperature is a finding."""
    return limits.max_board_temperature_c, None


def _examined(seen: Seen, limits: Limits, own: models.OwnRatings) -> _Miner:
    findings = checks.find({"seen": seen.result}, limits)
    facts = seen.result.get("ansible_facts") or {}
    identity, mining, tune = (facts.get(f"dragonmint_{name}") or {} for name in ("identity", "mining", "autotune"))
    type_, mode = identity.get("type"), tune.get("mode")
    model = models.model_of(type_)
    expected, rating = expected_of(type_, mode, own), models.rating_of(type_, mode, own)
    hashrate_hs = _hashrate(mining)
    measured = mining.get("power_watts")
    estimated = rating.watts if rating and hashrate_hs else None
    temperatures = [board["temperature_c"] for board in mining.get("boards") or () if board.get("temperature_c")]
    return _Miner(
        seen,
        _state(seen, findings, bool(tune.get("is_tuning"))),
        findings,
        model.algorithm if model else None,
        hashrate_hs,
        expected.hashrate_hs if expected else None,
        measured if measured is not None else estimated,
        measured is not None,
        max(temperatures, default=None),
        facts,
    )


def _state(seen: Seen, findings: Sequence[Finding], is_tuning: bool) -> str:
    for finding in findings:
        if finding.code == checks.UNREACHABLE and seen.is_curtailed:
            # It may be powered off.
            return CURTAILED
        if finding.code in _STATE_OF:
            return _STATE_OF[finding.code]
    # A low hash rate is not a fault of a curtailed miner.
    severities = {each.severity for each in findings if not (seen.is_curtailed and each.code == "hashrate_low")}
    if checks.CRITICAL in severities:
        return UNHEALTHY
    if seen.is_curtailed:
        return CURTAILED
    if checks.WARNING in severities:
        return WARNING
    return TUNING if is_tuning else MINING


def _hashrate(mining: Mapping[str, Any]) -> float | None:
    """Returns the rate in base units, from whichever of the two facts is available."""
    for name, factor in (("hashrate_hs", 1.0), ("hashrate_ths", 1e12)):
        windows = mining.get(name) or {}
        rate = next((windows[window] for window in _WINDOWS if windows.get(window) is not None), None)
        if rate is not None:
            return float(rate) * factor
    return None


def _percent(miner: _Miner) -> float | None:
    if miner.hashrate_hs is None or not miner.expected_hs:
        return None
    return round(100 * miner.hashrate_hs / miner.expected_hs, 1)


def _row(miner: _Miner) -> dict[str, Any]:
    seen = miner.seen
    shown_findings = [each for each in miner.findings if each.severity != checks.INFO]
    unit = miner.algorithm.unit if miner.algorithm else "H/s"
    return {
        "miner": seen.miner,
        "address": seen.address,
        "link": seen.page,
        "state": miner.state,
        "detail": "; ".join(each.detail for each in shown_findings),
        "hashrate": "" if miner.hashrate_hs is None else rates.in_unit(miner.hashrate_hs, unit),
        "hashrate_hs": miner.hashrate_hs,
        "expected_percent": _percent(miner),
        "watts": miner.watts,
        "watts_from": "" if miner.watts is None else "measured" if miner.is_measured else "estimated",
        "temperature_c": None if miner.temperature_c is None else round(miner.temperature_c, 1),
        "model": miner.model,
        "firmware": miner.fact("identity", "firmware") or "",
        "mode": miner.fact("autotune", "mode") or "",
        "pool": miner.pool,
        "drift": ", ".join(seen.drift),
        "rack": seen.rack,
        "position": seen.position,
    }


_MISSING: dict[str, Any] = {
    **dict.fromkeys((*COLUMNS, "link", "watts_from"), ""),
    **dict.fromkeys(("hashrate_hs", "expected_percent", "watts", "temperature_c")),
    "state": MISSING,
    "detail": checks.NOT_FOUND_SENTENCE,
}


def _power(miners: Iterable[_Miner]) -> dict[str, float]:
    """Returns the watts of all miners, the measured part, and the number of miners with either.

    ``unknown`` is the number of hashing miners with neither.
    """
    miners = list(miners)
    known = [miner for miner in miners if miner.watts is not None]
    return {
        "watts": sum(miner.watts or 0.0 for miner in known),
        "measured_watts": sum(miner.watts or 0.0 for miner in known if miner.is_measured),
        "measured": sum(miner.is_measured for miner in known),
        "estimated": sum(not miner.is_measured for miner in known),
        "unknown": sum(bool(miner.hashrate_hs) and miner.watts is None for miner in miners),
    }


def _rate_line(algorithm: models.Algorithm, total: _Sum) -> str:
    now, rated, expected = (
        rates.in_unit(rate, algorithm.unit) for rate in (total.hashrate_hs, total.rated_hs, total.expected_hs)
    )
    unrated = f"{counted(total.unrated, 'miner')} without a rating"
    if not total.expected_hs:
        line = f"{now} from {unrated}"
    elif total.unrated:
        line = f"{now}, of which {rated} of {expected} expected, the rest from {unrated}"
    else:
        line = f"{now} of {expected} expected"
    return f"{algorithm.title}: {line}{_calculated(total)}."


def _calculated(total: _Sum) -> str:
    """Warns of rates that prove nothing, however plausible they look."""
    if not total.calculated:
        return ""
    return ", calculated from the clock" if total.calculated == total.miners else ", partly calculated from the clock"


def _power_line(power: Mapping[str, float]) -> str:
    return f"{_kilowatts(power['watts'])} ({_origin(power)})."


def _kilowatts(watts: float) -> str:
    kilowatts = watts / 1000
    return f"{kilowatts:,.0f} kW" if kilowatts >= 1000 else f"{kilowatts:.4g} kW"


def _origin(power: Mapping[str, float]) -> str:
    kinds = [kind for kind in ("measured", "estimated", "unknown") if power[kind]]
    if len(kinds) == 1:
        return kinds[0]
    return ", ".join(f"{counted(int(power[kind]), 'miner')} {kind}" for kind in kinds)


def _tiles(counts: Mapping[str, int], parts: _Parts, power: Mapping[str, float]) -> Iterator[dict[str, str]]:
    """The figures at the top of the page, each with its unit and reference value."""
    for algorithm, total in parts.algorithms.items():
        yield _tile(algorithm.title, rates.in_unit(total.hashrate_hs, algorithm.unit), _rate_note(algorithm, total))
        if total.joule_hs:
            joules = algorithm.joules_per(total.joule_watts, total.joule_hs)
            yield _tile("Efficiency", f"{joules:.4g} J/{algorithm.per_title}", algorithm.title)
    if power["watts"]:
        yield _tile("Power", _kilowatts(power["watts"]), _origin(power))
    yield _tile("Miners", str(sum(counts.values())), f"{counts[MINING]} mining")


def _rate_note(algorithm: models.Algorithm, total: _Sum) -> str:
    """The reference value of the rate at the top of the page."""
    if not total.expected_hs:
        return f"no rating{_calculated(total)}"
    rated, expected = (rates.in_unit(rate, algorithm.unit) for rate in (total.rated_hs, total.expected_hs))
    share = f"of {expected} expected ({100 * total.rated_hs / total.expected_hs:.1f} %)"
    if not total.unrated:
        return f"{share}{_calculated(total)}"
    return f"{rated} {share}, {counted(total.unrated, 'miner')} without a rating{_calculated(total)}"


def _tile(name: str, value: str, note: str) -> dict[str, str]:
    return {"name": name, "value": value, "note": note}


def _worst(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    bad = [row for row in tones.worst_first(rows) if tones.tone_of_row(row) in (tones.BAD, tones.WARN)]
    return {
        "worst": [
            {
                "miner": row["miner"],
                "state": row["state"],
                "page": row["link"],
                "what": row["detail"],
            }
            for row in bad[:_SHOWN_WORST]
        ],
        "more_worst": max(0, len(bad) - _SHOWN_WORST),
    }


def _kinds(parts: _Parts) -> list[dict[str, Any]]:
    """Returns the models and firmwares, those with the most miners first."""
    ordered = sorted(parts.kinds.items(), key=lambda item: (-item[1].miners, item[0][:2]))
    return [
        {
            "model": model,
            "firmware": firmware,
            "miners": total.miners,
            "unhealthy": total.unhealthy,
            "hashrate": rates.in_unit(total.hashrate_hs, algorithm.unit if algorithm else "H/s"),
        }
        for (model, firmware, algorithm), total in ordered[:_SHOWN_KINDS]
    ]


def _bars(
    values: Iterable[float | None], width: int, limits: tuple[float | None, float | None]
) -> list[dict[str, Any]]:
    """Returns a histogram: for each bar its lower bound, count, height and tone.

    ``limits`` are the thresholds above and below which a value is bad. Outliers are in the outermost bars.
    """
    known = [math.floor(value / width) for value in values if value is not None]
    if not known:
        return []
    last = max(known)
    first = max(min(known), last - _BARS_MAX + 1)
    counts = Counter(max(number, first) for number in known)
    most = max(counts.values())
    above, below = limits
    return [
        {
            "from": number * width,
            "count": counts[number],
            "height": round(100 * counts[number] / most, 1),
            "tone": "bad"
            if (above is not None and number * width >= above) or (below is not None and (number + 1) * width <= below)
            else "info",
        }
        for number in range(first, last + 1)
    ]


def _racks(miners: Iterable[_Miner]) -> list[dict[str, Any]]:
    """Returns the racks by name, each with its miners by position; miners without a rack are omitted."""
    racks: dict[str, list[_Miner]] = defaultdict(list)
    for miner in miners:
        if miner.seen.rack:
            racks[miner.seen.rack].append(miner)
    return [
        {
            "name": name,
            "summary": ", ".join(f"{count} {state}" for state, count in tally_of(racks[name]).items() if count),
            "miners": [
                {"miner": miner.seen.miner, "position": miner.seen.position, "state": miner.state}
                for miner in sorted(racks[name], key=lambda each: _natural(each.seen.position or each.seen.miner))
            ],
        }
        for name in sorted(racks, key=_natural)
    ]


def tally_of(miners: Iterable[_Miner]) -> dict[str, int]:
    """Returns how many miners are in each state."""
    return tally((miner.state for miner in miners), STATES)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Returns a sort key that puts rack 2 before rack 10."""
    parts: list[tuple[int, int, str]] = []
    number = ""
    for char in f"{text} ":
        if char.isascii() and char.isdigit():
            number += char
            continue
        if number:
            parts.append((0, int(number), ""))
            number = ""
        parts.append((1, 0, char))
    return parts


def _sources(reports: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The results by address for each source of the inventory."""
    for name, report in reports.items():
        counts = {state: report.get(state) or 0 for state in ("polled", "locked", "unresponsive", "silent", "unknown")}
        yield {
            "name": name,
            "counts": [f"{count} {state}" for state, count in counts.items() if count or state in ("polled", "silent")],
            "problems": [str(problem) for problem in report.get("problems") or ()],
        }
