# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools and autotune of all miners in a few tasks: the settings of each, which of them mine, and the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from math import ceil
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import patterns, words
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.provision import outcome as outcome_of_look

_ACCESS = ("admin_password", "guest_password", "network")
_PAUSE_S = 5.0
# A pause is a tenth of the elapsed time: most miners start mining soon, and the rest need only few looks.
_SHARE = 0.1


def plan(found: OfHosts, now: float = 0.0, curtailed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Returns the settings of each miner. ``found`` are their variables, and the passwords to try on them.

    ``curtailed`` is by miner, and says why its mode is kept.

    ``access`` is the pattern of those that get a password or an address, one by one. ``pools`` and ``autotune`` have
    the options of each miner that gets these, ``verify`` the variables of each that has to mine, ``logins`` the
    connection options of those that get a password. ``problems`` has, by miner, why it can't be provisioned.
    ``kept_modes`` has, by miner with a desired mode, why it keeps its current one. ``made_at`` is the time.
    """
    problems = _problems(found)
    values = {name: own for name, own in found.usable.items() if name not in problems}
    own_logins = {
        name: {"password": own["admin_password"], "fallback_passwords": own.get("logins", [])}
        for name, own in values.items()
        if own["admin_password"] is not None
    }
    kept_modes = {
        name: reason
        for name, reason in (curtailed or {}).items()
        if name in values and values[name]["autotune_mode"] is not None and not values[name]["ends_curtailment"]
    }
    access = [name for name, own in values.items() if any(own[key] is not None for key in _ACCESS)]
    return {
        "access": patterns.of_hosts(access) if access else "!all",
        "pools": {
            name: {"pools": own["pools"], "keep_passwords": own["keep_passwords"], **own_logins.get(name, {})}
            for name, own in values.items()
            if own["pools"] is not None
        },
        "autotune": {
            name: {**_autotune(own), **own_logins.get(name, {})}
            for name, own in values.items()
            if own["autotune_mode"] is not None and name not in kept_modes
        },
        "kept_modes": kept_modes,
        "verify": {
            name: {"pools": own["pools"], "verify_timeout": own["verify_timeout"]}
            for name, own in values.items()
            if own["verify_mining"]
        },
        "logins": own_logins,
        "miners": list(found.of),
        "problems": problems,
        "made_at": now,
    }


def looks(
    planned: Mapping[str, Any],
    before: Mapping[str, Any],
    now: float,
    failed: Collection[str] = (),
    latest: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Returns the miners that have yet to be seen mining. ``latest`` are the results of the latest look, None at first.

    ``waiting`` are the miners of the next look, ``pause`` is the time to wait before it in whole seconds. ``failed``
    has, by miner that no further look can show mining, what is missing. ``before`` is the previous return value.
    """
    began = before.get("began", now)
    missing = dict(before.get("failed", {}))
    waiting = before["waiting"] if before else [name for name in planned["verify"] if name not in failed]
    if latest is not None:
        outcomes = {name: outcome_of_look(latest.get(name, {}), planned["verify"][name]) for name in waiting}
        ends = {name: began + planned["verify"][name]["verify_timeout"] for name in waiting}
        over = {name for name, seen in outcomes.items() if seen["is_over"] or now >= ends[name]}
        missing |= {name: outcomes[name]["summary"] for name in waiting if name in over and not outcomes[name]["is_ok"]}
        waiting = [name for name in waiting if name not in over]
    # The last look at a miner is right after its time is over.
    until_next_end = min((began + planned["verify"][name]["verify_timeout"] - now for name in waiting), default=0.0)
    pause = min(max(_PAUSE_S, (now - began) * _SHARE), until_next_end)
    return {"waiting": waiting, "pause": max(1, ceil(pause)), "failed": missing, "began": began}


def outcome(
    planned: Mapping[str, Any], results: Iterable[Mapping[str, Any]], missing: Mapping[str, str], now: float
) -> dict[str, Any]:
    """Returns the results of all miners. ``results`` are those of the tasks, ``missing`` has those that do not mine.

    ``failed`` has the message of each miner that failed, and ``pattern`` matches these miners. ``rows`` has the columns
    miner and reason. ``summary`` has each number, and why modes were kept. ``made_at`` is the time.
    """
    failed = dict(planned["problems"])
    for result in results:
        failed |= {name: str(own.get("msg", "")) for name, own in result.get("miners", {}).items() if _is_failure(own)}
    failed |= missing
    counts = {"as desired": len(planned["miners"]) - len(failed), "failed": len(failed)}
    reasons = Counter(reason for name, reason in planned["kept_modes"].items() if name not in failed)
    curtailed = [f"{words.counted(count, 'miner')}: {reason}" for reason, count in reasons.items()]
    return {
        "failed": failed,
        "pattern": patterns.of_hosts(failed) if failed else "!all",
        "rows": [{"miner": name, "reason": reason} for name, reason in failed.items()],
        "summary": " ".join([words.summed_up(counts), *curtailed]),
        "made_at": now,
    }


def _problems(found: OfHosts) -> dict[str, str]:
    one_by_one = (
        "provision_at_once is false for this miner and true for others, but it must be the same for all miners of a "
        "run. Set it for all of them, for example with -e."
    )
    return {**found.problems, **{name: one_by_one for name, own in found.usable.items() if not own["at_once"]}}


def _autotune(values: Mapping[str, Any]) -> dict[str, Any]:
    level = values["autotune_level"]
    return {"mode": values["autotune_mode"], **({} if level is None else {"level": level})}


def _is_failure(result: Mapping[str, Any]) -> bool:
    return bool(result.get("failed") or result.get("unreachable"))
