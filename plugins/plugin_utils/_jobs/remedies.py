# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One miner: its next remedy, whether waiting for it is over, and the outcome."""

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
LIMIT_REACHED, FAILED, NOT_TRIED = "limit reached", "failed", "not tried"
OK = "ok"

_FINDINGS = ("findings", "after")
_RECORD_VERSION = 1
# A cgminer that started this much later than the miner has been restarted since. A slow boot takes minutes.
_AFTER_BOOT_S = 900.0
# After "unsupported", the firmware may have another remedy.
_NO_FURTHER_REMEDY = FINAL_CODES - {"unsupported"}
# The error of a read while cgminer hangs.
_HANGS = "timeout"
# Errors of a remedy that did not take place.
_NOT_HAPPENED = ("unsupported", "not_applied")
_NOT_EXAMINED = Finding(checks.UNEXAMINED, checks.CRITICAL, "it was not examined, since an earlier task failed")
_HEALTHY = Finding("", OK, "")


@dataclass(frozen=True)
class Health:
    """What the role health passes on for a miner, in its variable ``dragonmint_health``.

    ``findings`` are those of the examination, ``after`` those after the last of the remedies ``tried`` in this run,
    None if there was none. ``remedy`` is the next one, a state of dragonmint_power, "" if none should be sent.
    ``outcome`` and ``reason`` say why not, or what went wrong. ``recent`` are the remedies of the last interval,
    according to the state file ``path``. ``is_final`` means that waiting for a remedy is over.
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
class Running:
    """The uptime of a miner, and for how many seconds its cgminer has been running; None if not reported.

    A restart of either shows here, regardless of who requested it.
    """

    uptime_s: float | None = None
    mining_s: float | None = None
    is_mining: bool = False


@dataclass(frozen=True)
class Examined:
    """A miner of the inventory, its address, and its health; None if it could not be examined."""

    miner: str
    address: str
    health: Health | None


def health_from(fact: Mapping[str, Any] | None) -> Health | None:
    """Returns the health that a role has passed on with ``dict_of``."""
    if not fact:
        return None
    lists = {name: None if fact[name] is None else [Finding(**each) for each in fact[name]] for name in _FINDINGS}
    return Health(**{**fact, **lists})


def passed_on(miners: Iterable[str], hostvars: Mapping[str, Any]) -> list[Examined]:
    """Returns what the role health has passed on for these hosts, and their current addresses."""
    return [
        Examined(
            miner, address_of(miner, hostvars[miner]), health_from(plain(hostvars[miner].get("dragonmint_health")))
        )
        for miner in miners
    ]


def unexamined(reason: str) -> Health:
    """Returns the health of a miner that could not be examined."""
    return Health([Finding(checks.UNEXAMINED, checks.CRITICAL, reason)])


def is_lost(health: Health | None) -> bool:
    """Whether a miner can no longer be examined after a remedy."""
    return bool(health and health.tried and any(finding.code in checks.UNKNOWN for finding in health.after or ()))


def state_file(miner: str) -> str:
    """Returns the name of a miner's state file; the miner's own name may not be a valid file name.

    The digest distinguishes names that are equal without their special characters.
    """
    digest = hashlib.sha256(miner.encode()).hexdigest()[:16]
    return f"{re.sub('[^A-Za-z0-9-]', '_', miner)[:64]}-{digest}.json"


def dict_of(health: Health) -> dict[str, Any]:
    """Returns the health as data for a variable."""
    return asdict(health)


def health_of(results: Mapping[str, Any], values: Mapping[str, Any], miner: str, now: float) -> Health:
    """Returns the health of a miner from the results of its tasks so far.

    ``results`` has the input of ``checks.find``, and: ``record``, the text of the miner's state file, and its ``path``;
    ``problem``, why no remedy can be sent; ``reread``, the result of the read right before a remedy; ``tried``, the
    remedies sent in this run; ``sent``, ``again`` and ``identity_again``, the results of the last one and of the reads
    after it. ``values`` are those of the job's variables. ``now`` is in seconds since 1970.
    """
    limits = checks.limits_from(values)
    findings = checks.find(results, limits)
    tried, sent, again = results.get("tried") or (), results.get("sent") or {}, results.get("again") or {}
    problem, recent = str(results.get("problem") or ""), []
    interval_s = 3600 * values["remedy_interval_hours"]
    try:
        recent = remedies_in(results.get("record"), miner, now, interval_s)
    except ValueError as error:
        problem = (
            f"The state file {results.get('path')} is damaged ({error}), so the latest remedies are not known and none "
            "is sent. Delete the file to start afresh."
        )
    health = Health(findings, tried=tried, recent=recent, path=str(results.get("path") or ""))
    if tried:
        # After a remedy, rates count from the start, so that a miner is healed only once it hashes.
        reads = {**results, "seen": again, "identity": results.get("identity_again")}
        later = checks.find(reads, replace(limits, min_uptime_seconds=0.0))
        health = replace(
            health,
            after=later if again else None,
            is_final=_is_final(findings, later, sent, again),
            reason=str(sent.get("msg") or ""),
        )
    reread = results.get("reread") or {}
    latest = again if tried else results.get("seen") or {}
    still_hangs = latest.get("error_code") == reread.get("error_code") == _HANGS
    if reread and not reread.get("ansible_facts") and not still_hangs:
        problem = problem or f"It could not be read right before the remedy: {reread.get('msg')}"
    return _with_remedy(health, problem, sent, _running(results), interval_s)


def remedies_in(text: str | None, miner: str, now: float, interval_s: float) -> list[dict[str, str]]:
    """Returns the remedies of the last interval according to the text of a state file; empty without a file.

    Raises ValueError for a text that can't be read completely, since then it is unknown what was sent.
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
    return [{"remedy": remedy, "at": at} for remedy, at, seconds in sent if seconds > now - interval_s]


def rows(examined: Examined) -> list[dict[str, Any]]:
    """Returns the rows of a miner in the report: one per finding, the worst first; a single one if it is healthy."""
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
    has_gone = is_lost(health)
    for finding in health.findings:
        still = left.pop((finding.code, finding.part), None)
        if finding.severity == checks.INFO:
            yield _row(examined, finding)
        elif has_gone:
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


def _running(results: Mapping[str, Any]) -> Running:
    """Returns the state from the latest read. While cgminer hangs, that of the identity, with only the uptime."""
    reads = ("again", "identity_again") if results.get("tried") else ("seen", "identity")
    latest = ("reread",) if (results.get("reread") or {}).get("ansible_facts") else reads
    facts: dict[str, Any] = {}
    for name in latest:
        facts.update((results.get(name) or {}).get("ansible_facts") or {})
    hardware, mining = (facts.get(f"dragonmint_{name}") or {} for name in ("hardware", "mining"))
    return Running(hardware.get("uptime_seconds"), mining.get("elapsed_seconds"), bool(mining.get("ready")))


def _with_remedy(health: Health, problem: str, sent: Mapping[str, Any], running: Running, interval_s: float) -> Health:
    """Adds the next remedy if one may help, or why none is sent."""
    findings = health.findings if health.after is None else health.after
    desired = checks.next_remedy(findings)
    if problem:
        return replace(health, outcome=FAILED if desired else "", reason=problem)
    if not desired or sent.get("error_code") in _NO_FURTHER_REMEDY:
        return health
    is_down = any(finding.code == checks.CGMINER_DOWN for finding in findings) and not running.is_mining
    before = [*(entry["remedy"] for entry in health.recent), *health.tried]
    did_nothing = sent.get("error_code") in _NOT_HAPPENED
    remedy, reason = _next(desired, before, is_down or did_nothing, is_down, running, interval_s)
    if remedy or health.tried:
        return replace(health, remedy=remedy)
    return replace(health, outcome=LIMIT_REACHED, reason=reason)


def _next(
    desired: str, before: Sequence[str], may_escalate: bool, is_down: bool, running: Running, interval_s: float
) -> tuple[str, str]:
    """Returns the remedy to send, "" for none, and why none.

    ``before`` are those known to have been sent within the interval. A start of cgminer within it also counts as one,
    except for a cgminer that does not run: that is restarted, and if it does not stay up, rebooted.
    """
    interval = f"{interval_s / 3600:g} h (health_remedy_interval_hours)"
    if checks.REBOOT in before or (before and not may_escalate):
        return "", f"a remedy was sent in the last {interval}"
    if before:
        desired = checks.REBOOT
    if not is_down:
        if running.mining_s is None and desired == checks.RESTART:
            return "", "the miner does not report how long cgminer has been running"
        if running.mining_s is not None and running.mining_s < interval_s:
            return "", f"cgminer was started {_hours(running.mining_s)} ago, in the last {interval}"
        if _was_restarted(running):
            desired = checks.REBOOT
    if desired == checks.REBOOT:
        if running.uptime_s is None:
            return "", "a reboot is next, but the miner does not report its uptime"
        if running.uptime_s < interval_s:
            return "", f"a reboot is next, but it booted {_hours(running.uptime_s)} ago, in the last {interval}"
    return desired, ""


def _was_restarted(running: Running) -> bool:
    """Whether cgminer was restarted since the miner booted, so that another restart would not help."""
    if running.uptime_s is None or running.mining_s is None:
        return False
    return running.uptime_s - running.mining_s > _AFTER_BOOT_S


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


def _is_final(
    before: Sequence[Finding], after: Sequence[Finding], sent: Mapping[str, Any], again: Mapping[str, Any]
) -> bool:
    """Whether the miner is as healthy as a remedy can make it, or waiting for that is useless."""
    if sent.get("failed") or sent.get("unreachable"):
        return True
    # Findings without a remedy existed before, and say nothing about the remedy.
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
