# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One miner: which remedy is next, whether waiting for it is over, and what it came to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import FINAL_CODES
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of

HEALED, STILL_UNHEALTHY, NEW, LOST = "healed", "still unhealthy", "new", "unknown"
LIMIT_REACHED, FAILED = "limit reached", "failed"
OK = "ok"

_FINDINGS = ("findings", "after")
_RECORD_VERSION = 1
_DAY_S = 24 * 60 * 60
# Another remedy may be one that the firmware has.
_NO_FURTHER_REMEDY = FINAL_CODES - {"unsupported"}
_NOT_EXAMINED = Finding(checks.UNEXAMINED, checks.CRITICAL, "it was not examined, since an earlier task failed")
_HEALTHY = Finding("", OK, "")


@dataclass(frozen=True)
class Health:
    """What the role health hands over for a miner, in its variable ``dragonmint_health``.

    ``findings`` are those of the examination, ``after`` those after the last of the remedies ``tried`` in this run,
    None where there was none. ``remedy`` is the next one, a state of dragonmint_power, "" if none is to be sent.
    ``outcome`` and ``reason`` say why not, or what went wrong. ``recent`` are the remedies of the last 24 hours, as the
    state file ``path`` has them. ``is_final`` says that waiting for a remedy is over.
    """

    findings: Sequence[Finding]
    after: Sequence[Finding] | None = None
    remedy: str = ""
    outcome: str = ""
    reason: str = ""
    tried: Sequence[str] = ()
    recent: Sequence[Mapping[str, str]] = ()
    is_final: bool = False
    path: str = ""


@dataclass(frozen=True)
class Examined:
    """A miner of the inventory, its address, and its health; None for one that could not even be examined."""

    miner: str
    address: str
    health: Health | None


def health_from(fact: Mapping[str, Any] | None) -> Health | None:
    """Returns the health that a role has handed over with ``dict_of``."""
    if not fact:
        return None
    lists = {name: None if fact[name] is None else [Finding(**each) for each in fact[name]] for name in _FINDINGS}
    return Health(**{**fact, **lists})


def examined(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[Examined]:
    """Returns what the role health has handed over for these hosts."""
    return [
        Examined(
            miner, address_of(miner, hostvars[miner]), health_from(plain(hostvars[miner].get("dragonmint_health")))
        )
        for miner in miners
    ]


def state_file(miner: str) -> str:
    """Returns the name of a miner's state file, since its own name may not be one.

    The digest keeps those apart that look alike without their odd characters.
    """
    digest = hashlib.sha256(miner.encode()).hexdigest()[:16]
    return f"{re.sub('[^A-Za-z0-9-]', '_', miner)[:64]}-{digest}.json"


def dict_of(health: Health) -> dict[str, Any]:
    """Returns the same as data that a variable can hold."""
    return asdict(health)


def health_of(results: Mapping[str, Any], values: Mapping[str, Any], miner: str, now: float) -> Health:
    """Returns the health of a miner from what its tasks came to so far.

    ``results`` has what ``checks.find`` takes, and: ``record``, the text of the miner's state file, and its ``path``;
    ``problem``, why no remedy can be sent; ``tried``, the remedies sent in this run; ``sent`` and ``again``, the
    results of the last one and of the read after it. ``values`` are those of the job's variables. ``now`` is in seconds
    since 1970.
    """
    limits = checks.limits_from(values)
    findings = checks.find(results, limits)
    tried, sent, again = results.get("tried") or (), results.get("sent") or {}, results.get("again") or {}
    problem, recent = str(results.get("problem") or ""), []
    try:
        recent = remedies_in(results.get("record"), miner, now)
    except ValueError as error:
        problem = (
            f"The state file {results.get('path')} is damaged ({error}), so the remedies of the last day are not known "
            "and none is sent. Delete the file to start afresh."
        )
    health = Health(findings, tried=tried, recent=recent, path=str(results.get("path") or ""))
    if tried:
        # Rates count from the start after a remedy, so that a miner is healed only once it hashes.
        later = checks.find({**results, "seen": again, "identity": {}}, replace(limits, min_uptime_seconds=0.0))
        health = replace(
            health,
            after=later if again else None,
            is_final=_is_final(findings, later, sent, again),
            reason=str(sent.get("msg") or ""),
        )
    return _with_remedy(health, problem, sent, values["max_remedies_per_day"])


def remedies_in(text: str | None, miner: str, now: float) -> list[dict[str, str]]:
    """Returns the remedies of the last 24 hours that the text of a state file lists; none if there is no file.

    Raises ValueError for a text that is not understood in full, since nobody knows then what was sent.
    """
    if text is None:
        return []
    try:
        state = json.loads(text)
        if state["version"] != _RECORD_VERSION:
            raise ValueError(f"expected version {_RECORD_VERSION}, found {state['version']!r}")
        if state["miner"] != miner:
            raise ValueError(f"it belongs to {state['miner']!r}")
        sent = [(_known(entry["remedy"]), entry["at"], _seconds(entry["at"])) for entry in state["remedies"]]
    except (TypeError, KeyError, RecursionError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return [{"remedy": remedy, "at": at} for remedy, at, seconds in sent if seconds > now - _DAY_S]


def rows(examined: Examined) -> list[dict[str, Any]]:
    """Returns the rows of a miner in the report: one a finding, the worst first; a single one if it is healthy."""
    return list(_rows(examined))


def _rows(examined: Examined) -> Iterator[dict[str, Any]]:
    health = examined.health
    if health is None:
        yield _row(examined, _NOT_EXAMINED)
        return
    if health.after is not None:
        yield from _compared(examined, health, health.after)
        return
    for finding in health.findings or [_HEALTHY]:
        if finding.remedy and not health.remedy:
            yield _row(examined, replace(finding, remedy=""), health.outcome, health.reason)
        else:
            yield _row(examined, finding)


def _compared(examined: Examined, health: Health, after: Sequence[Finding]) -> Iterator[dict[str, Any]]:
    left = {(finding.code, finding.part): finding for finding in after}
    is_lost = any(finding.code in checks.UNKNOWN for finding in after)
    for finding in health.findings:
        still = left.pop((finding.code, finding.part), None)
        if finding.severity == checks.INFO:
            yield _row(examined, finding)
        elif is_lost:
            yield _row(examined, finding, LOST, health.reason)
        elif still:
            yield _row(examined, still, STILL_UNHEALTHY if still.remedy else "", health.reason)
        else:
            yield _row(examined, finding, HEALED)
    for finding in left.values():
        yield _row(examined, finding, NEW, health.reason)


def _row(examined: Examined, finding: Finding, outcome: str = "", reason: str = "") -> dict[str, Any]:
    return {
        "miner": examined.miner,
        "address": examined.address,
        **asdict(finding),
        "tried": ", ".join(examined.health.tried) if examined.health else "",
        "outcome": outcome,
        "reason": reason,
    }


def _with_remedy(health: Health, problem: str, sent: Mapping[str, Any], max_a_day: int) -> Health:
    """Adds the next remedy: the mildest one first, and after it a reboot, unless something stands against it."""
    is_last = bool(health.tried) and health.tried[-1] == checks.REBOOT
    remedy = "" if is_last else checks.next_remedy(health.findings if health.after is None else health.after)
    if problem:
        return replace(health, outcome=FAILED if remedy else "", reason=problem)
    if not remedy or sent.get("error_code") in _NO_FURTHER_REMEDY:
        return health
    if len(health.recent) >= max_a_day:
        count = len(health.recent)
        reason = f"{count} of at most {max_a_day} remedies were sent in the last 24 hours"
        return health if health.tried else replace(health, outcome=LIMIT_REACHED, reason=reason)
    return replace(health, remedy=checks.REBOOT if health.tried else remedy)


def _is_final(
    before: Sequence[Finding], after: Sequence[Finding], sent: Mapping[str, Any], again: Mapping[str, Any]
) -> bool:
    """Whether the miner is as healthy as a remedy can make it, or waiting for that is useless."""
    if sent.get("failed") or sent.get("unreachable"):
        return True
    # What no remedy mends was there before, and says nothing about the remedy.
    lasting = [finding.code for finding in before if not finding.remedy]
    left = [finding for finding in after if finding.severity != checks.INFO and finding.code not in lasting]
    return not left or again.get("error_code") in FINAL_CODES


def _known(remedy: Any) -> str:
    if remedy not in checks.REMEDIES:
        raise ValueError(f"unknown remedy {remedy!r}")
    return str(remedy)


def _seconds(at: str) -> float:
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(f"the time {at} has no offset")
    return moment.timestamp()
