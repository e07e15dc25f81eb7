# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a miner: compares its facts with limits, and says which remedy may help.

Nothing here talks to a miner. A check is a function that yields findings; a list at the end has all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import model_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import (
    expected_of,
    in_words,
    rate_of_miner,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.ratings import own_ratings

CRITICAL, WARNING, INFO = "critical", "warning", "info"
SEVERITIES = (CRITICAL, WARNING, INFO)
# States of the module dragonmint_power, the mildest first.
RESTART, REBOOT = "mining_restarted", "rebooted"
REMEDIES = (RESTART, REBOOT)
UNREACHABLE, LOCKED, UNEXAMINED, CURTAILED = "unreachable", "locked", "unexamined", "curtailed"
MISSING = "missing"
# With these findings, nothing else is known of the miner.
UNKNOWN = (UNREACHABLE, LOCKED, UNEXAMINED, MISSING)
CGMINER_DOWN = "cgminer_down"
# The number on most models.
_USUAL_BOARDS = 3
# An overheated board would only heat up again after a restart.
_HOT = ("board_hot", "chip_hot")


@dataclass(frozen=True)
class Limits:
    """The limits of a miner, named like the variables of the role health without ``health_``."""

    max_board_temperature_c: float
    max_chip_temperature_c: float
    min_hashrate_ratio: float
    max_share_age_seconds: float
    max_reject_ratio: float
    max_hardware_error_ratio: float
    max_fan_percent: float
    min_uptime_seconds: float
    # None: as many as the model has.
    boards: int | None = None
    ratings: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Finding:
    """A problem of a miner. ``remedy`` is the mildest one that may help, "" if none does."""

    code: str
    severity: str
    detail: str
    part: str = ""
    value: Any = None
    limit: Any = None
    remedy: str = ""


NOT_FOUND = Finding(MISSING, CRITICAL, "the inventory expects it and did not find it")
NOT_FOUND_SENTENCE = f"{NOT_FOUND.detail.capitalize()}."


@dataclass(frozen=True)
class Seen:
    """What was read from a miner: its facts, and the comparison of its pools with the desired ones."""

    facts: Mapping[str, Any]
    compared: Mapping[str, Any]
    limits: Limits

    def fact(self, name: str) -> Mapping[str, Any]:
        return self.facts.get(f"dragonmint_{name}") or {}

    @property
    def boards(self) -> Sequence[Mapping[str, Any]]:
        return self.fact("mining").get("boards") or ()

    @property
    def boards_expected(self) -> int:
        if self.limits.boards is not None:
            return self.limits.boards
        model = model_of(self.fact("identity").get("type"))
        return model.boards.value if model and model.boards else _USUAL_BOARDS

    @property
    def boards_alive(self) -> list[Mapping[str, Any]]:
        return [board for board in self.boards if board.get("status") in ("Alive", None)]

    @property
    def pools(self) -> Sequence[Mapping[str, Any]]:
        return self.fact("mining").get("pools") or ()

    @property
    def pools_alive(self) -> list[Mapping[str, Any]]:
        return [pool for pool in self.pools if pool.get("status") == "Alive"]

    @property
    def is_settled(self) -> bool:
        """Whether it has been mining long enough, with a pool and no tuning, for its rates to be meaningful."""
        elapsed = self.fact("mining").get("elapsed_seconds")
        is_young = elapsed is not None and elapsed < self.limits.min_uptime_seconds
        return bool(self.pools_alive) and not is_young and not self.fact("autotune").get("is_tuning")

    @property
    def is_booting(self) -> bool:
        uptime = self.fact("hardware").get("uptime_seconds")
        return uptime is not None and uptime < self.limits.min_uptime_seconds


def limits_from(values: Mapping[str, Any]) -> Limits:
    """Returns the limits among the values of the job's variables."""
    names = [field.name for field in fields(Limits) if field.name != "ratings"]
    return Limits(**{name: values[name] for name in names}, ratings=values.get("dragonmint_ratings"))


def find(results: Mapping[str, Mapping[str, Any] | None], limits: Limits) -> list[Finding]:
    """Returns the findings of a miner, the worst first.

    ``results`` are those of the tasks that read it: ``seen`` of dragonmint_facts; ``identity`` likewise, if the first
    one timed out; ``error``, if the firmware has one; ``pools`` of dragonmint_pools in check mode, if pools are
    desired. Raises InvalidVariables for invalid ratings.
    """
    reading = results.get("seen") or {}
    pools = results.get("pools") or {}
    if reading.get("error_code") == "timeout" and _facts(results.get("identity")):
        return [Finding(CGMINER_DOWN, CRITICAL, "cgminer hangs and does not answer", remedy=RESTART)]
    failure = _failure(reading) or (_failure(pools) if pools.get("unreachable") else None)
    if failure:
        return [failure]
    facts = {**_facts(reading), **_facts(results.get("error"))}
    if "dragonmint_mining" not in facts:
        return [Finding(UNEXAMINED, CRITICAL, "its mining state could not be read")]
    seen = Seen(facts, pools, limits)
    findings = [finding for check in _CHECKS for finding in check(seen)]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def next_remedy(findings: Iterable[Finding]) -> str:
    """Returns the mildest remedy that may help with any of the findings; "" if none does, or the miner is too hot."""
    findings = list(findings)
    if any(finding.code in _HOT for finding in findings):
        return ""
    return next((remedy for remedy in REMEDIES if any(finding.remedy == remedy for finding in findings)), "")


def _facts(result: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (result or {}).get("ansible_facts") or {}


def _failure(result: Mapping[str, Any]) -> Finding | None:
    message = str(result.get("msg", "")) or "it could not be read"
    if result.get("unreachable") or result.get("error_code") in ("unreachable", "timeout"):
        return Finding(UNREACHABLE, CRITICAL, message)
    if result.get("error_code") in ("authentication", "permission"):
        return Finding(LOCKED, CRITICAL, message)
    # Ansible also marks a successful read as failed if `until` waited in vain for another value.
    if result.get("error_code") or (result.get("failed") and "ansible_facts" not in result):
        return Finding(UNEXAMINED, CRITICAL, message)
    return None


def _cgminer_down(seen: Seen) -> Iterator[Finding]:
    if not seen.fact("mining").get("ready"):
        remedy = "" if seen.is_booting else RESTART
        yield Finding(CGMINER_DOWN, CRITICAL, "cgminer does not answer", remedy=remedy)


def _missing_boards(seen: Seen) -> Iterator[Finding]:
    """Yields a finding per board if the IDs reveal the missing ones (they number the slots from 0); otherwise one."""
    count, expected = len(seen.boards), seen.boards_expected
    if not seen.fact("mining").get("ready") or count >= expected:
        return
    present = [board.get("id") for board in seen.boards]
    missing = [number for number in range(expected) if number not in present]
    if not present or len(missing) != expected - count:
        there = f"{count} of {expected} boards: {_named(present)}" if present else f"none of {expected} boards"
        yield Finding("board_missing", CRITICAL, f"it reports {there}", "boards", count, expected, REBOOT)
        return
    for number in missing:
        detail = f"board {number} is missing; it reports {_named(present)}"
        yield Finding("board_missing", CRITICAL, detail, f"board {number}", count, expected, REBOOT)


def _dead_boards(seen: Seen) -> Iterator[Finding]:
    for board in seen.boards:
        if board not in seen.boards_alive:
            part, status = _board(board), board.get("status")
            yield Finding("board_dead", CRITICAL, f"{part} is {status}", part, status, "Alive", RESTART)


def _hot_boards(seen: Seen) -> Iterator[Finding]:
    limit = seen.limits.max_board_temperature_c
    for board in seen.boards:
        yield from _hot("board_hot", _board(board), board.get("temperature_c"), limit)


def _hot_chips(seen: Seen) -> Iterator[Finding]:
    limit = seen.limits.max_chip_temperature_c
    for board in seen.fact("debug").get("boards") or ():
        for chip in board.get("chips") or ():
            part = f"{_board(board)} chip {chip.get('id')}"
            yield from _hot("chip_hot", part, chip.get("temperature_c"), limit)


def _hot(code: str, part: str, temperature_c: float | None, limit: float) -> Iterator[Finding]:
    if temperature_c is not None and temperature_c > limit:
        detail = f"{part} is at {temperature_c:g} °C, above {limit:g} °C"
        yield Finding(code, CRITICAL, detail, part, temperature_c, limit)


def _low_hashrate(seen: Seen) -> Iterator[Finding]:
    """Compares only boards that are alive: the others have findings of their own.

    A rate calculated from the clock proves nothing; in that case, shares do.
    """
    if not seen.boards_alive or not seen.is_settled or seen.fact("mining").get("is_rate_counted") is False:
        return
    model, mode = seen.fact("identity").get("type"), seen.fact("autotune").get("mode")
    expected = expected_of(model, mode, own_ratings(seen.limits.ratings))
    if expected is None or expected.hashrate_hs is None:
        yield Finding(
            "unrated",
            INFO,
            f"no rating of the {model or '?'} in the mode {mode or '?'} is known; set dragonmint_ratings",
        )
        return
    rate = rate_of_miner(seen.boards_alive, seen.fact("mining"))
    if rate is None:
        # The unit of its rate is unknown, which does not mean a rate of zero.
        return
    part = min(1.0, len(seen.boards_alive) / seen.boards_expected) if seen.boards_expected else 1.0
    rated = expected.hashrate_hs * part
    limit, value = round(rated * seen.limits.min_hashrate_ratio, 2), round(rate, 2)
    if value < limit:
        words = [in_words(each, seen.fact("mining").get("algorithm")) for each in (value, limit, rated)]
        in_mode = f" in the mode {mode}" if expected.mode else ""
        detail = f"{words[0]}, less than {words[1]} (rated {words[2]}{in_mode})"
        yield Finding("hashrate_low", WARNING, detail, "", value, limit, RESTART)


def _no_shares(seen: Seen) -> Iterator[Finding]:
    limit = seen.limits.max_share_age_seconds
    for board in seen.boards_alive if seen.is_settled else ():
        part, age = _board(board), board.get("last_share_seconds")
        if age is None and board.get("accepted") != 0:
            # Some models don't report the time, and some replies don't contain shares.
            continue
        if age is None:
            yield Finding("no_shares", CRITICAL, f"{part} has found no share yet", part, None, limit, RESTART)
        elif age > limit:
            detail = f"{part} found its last share {age:g} s ago, more than {limit:g}"
            yield Finding("no_shares", CRITICAL, detail, part, age, limit, RESTART)


def _rejects(seen: Seen) -> Iterator[Finding]:
    value, limit = seen.fact("mining").get("reject_ratio"), seen.limits.max_reject_ratio
    if value is not None and value > limit:
        yield Finding("rejects", WARNING, f"pools reject {value:.1%}, more than {limit:.1%}", "", value, limit)


def _dead_pools(seen: Seen) -> Iterator[Finding]:
    if not seen.fact("mining").get("ready"):
        return
    pools = seen.pools
    if not seen.pools_alive:
        detail = f"none of its {len(pools)} pools is alive" if pools else "no pool is configured"
        yield Finding("pool_dead", CRITICAL, detail, "pools", 0, 1)
        return
    used = next((pool for pool in pools if pool.get("active")), pools[0])
    if used is not pools[0]:
        detail = f"it mines at {used.get('url')}; its first pool {pools[0].get('url')} is {pools[0].get('status')}"
        yield Finding("pool_backup", WARNING, detail, "pool 0", used.get("url"), pools[0].get("url"))
    for number, pool in enumerate(pools):
        # pool_backup already reports that the first one is dead.
        if pool not in seen.pools_alive and (number > 0 or used is pool):
            detail = f"pool {number} {pool.get('url')} is {pool.get('status')}"
            yield Finding("pool_dead", WARNING, detail, f"pool {number}", pool.get("status"), "Alive")


def _foreign_pools(seen: Seen) -> Iterator[Finding]:
    failure = _failure(seen.compared)
    if failure:
        yield Finding("pools_unread", WARNING, failure.detail)
        return
    diff = seen.compared.get("diff") or {}
    before, after = ((diff.get(side) or {}).get("pools") for side in ("before", "after"))
    if before != after:
        current, desired = _listed(before), _listed(after)
        detail = f"its pools are {current or 'none'}, not the desired {desired}; run provision"
        yield Finding("pools_foreign", CRITICAL, detail, "pools", current, desired)


def _fan(seen: Seen) -> Iterator[Finding]:
    value, limit = seen.fact("mining").get("fan_percent"), seen.limits.max_fan_percent
    if value is not None and value > limit:
        yield Finding("fan_at_limit", WARNING, f"the fan runs at {value:g} %, more than {limit:g}", "fan", value, limit)


def _hardware_errors(seen: Seen) -> Iterator[Finding]:
    limit = seen.limits.max_hardware_error_ratio
    for board in seen.boards_alive:
        part, value = _board(board), board.get("hardware_error_ratio")
        if value is not None and value > limit:
            detail = f"{value:.2%} of the results of {part} are wrong, more than {limit:.2%}"
            yield Finding("hardware_errors", WARNING, detail, part, value, limit, RESTART)


def _rebooted(seen: Seen) -> Iterator[Finding]:
    if seen.is_booting:
        value, limit = seen.fact("hardware")["uptime_seconds"], seen.limits.min_uptime_seconds
        yield Finding("rebooted", INFO, f"it has been up for {value:g} s only", "", value, limit)


def _own_error(seen: Seen) -> Iterator[Finding]:
    code, message = seen.fact("error").get("code"), seen.fact("error").get("message")
    if code not in (None, "0"):
        yield Finding("device_error", CRITICAL, f"it reports error {code}: {message or 'no text'}", "", code, "0")


def _board(board: Mapping[str, Any]) -> str:
    return f"board {board.get('id')}"


def _named(ids: Sequence[Any]) -> str:
    """Returns boards by their IDs: board 2, boards 0 and 2."""
    *others, last = [str(number) for number in ids]
    return f"boards {', '.join(others)} and {last}" if others else f"board {last}"


def _listed(pools: Iterable[Mapping[str, Any]] | None) -> str:
    return ", ".join(f"{pool.get('url')} {pool.get('user')}" for pool in pools or ())


_CHECKS = (
    _cgminer_down,
    _missing_boards,
    _dead_boards,
    _hot_boards,
    _hot_chips,
    _low_hashrate,
    _no_shares,
    _rejects,
    _dead_pools,
    _foreign_pools,
    _fan,
    _hardware_errors,
    _rebooted,
    _own_error,
)
