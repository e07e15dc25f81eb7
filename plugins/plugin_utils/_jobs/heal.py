# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job heal: which miners get a remedy, how many at once, and whether the fleet is healthy enough."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, ratings, remedies
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import PROBLEM, OfHosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.remedies import Examined, Health
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import counted, summed_up, tally

# Read from every miner.
SUBSETS = ("identity", "hardware", "mining", "autotune")

_NAMED = 10
_HEALTHY = "healthy"
_STATES = (_HEALTHY, checks.CRITICAL, checks.WARNING, *checks.UNKNOWN, checks.CURTAILED)
_NOT_REMEDIED = {
    remedies.LIMIT_REACHED: "got no remedy because of health_remedy_interval_hours; the report says since when",
    remedies.FAILED: "could not get a remedy; the report says why",
    remedies.NOT_TRIED: "did not get the planned remedy",
}
_NOT_SENT = (remedies.FAILED, remedies.NOT_TRIED)
_UNHEALED = (remedies.STILL_UNHEALTHY, remedies.LOST, remedies.NEW)
_OFF = Health([checks.Finding(checks.CURTAILED, checks.INFO, "it is curtailed and does not answer; it may be off")])
_MISSING = Health([checks.NOT_FOUND])
_FAIL_ON = {"critical": (checks.CRITICAL,), "warning": (checks.CRITICAL, checks.WARNING), "never": ()}


def _check(values: Mapping[str, Any]) -> None:
    """Raises InvalidVariables for values that are invalid only in combination, or have an invalid form."""
    ratings.own_ratings(values.get("dragonmint_ratings"))


VARIABLES = Variables(
    "health_",
    (
        Variable("health_heal", "bool", "Send remedies. With V(false), miners are only examined.", default=False),
        Variable(
            "health_boards",
            "int",
            "How many boards a miner must have. Defaults to the number of its model, or to 3 if that is not known.",
            minimum=0,
        ),
        Variable("health_chips", "bool", "Also check each chip. This takes one more request per miner.", default=False),
        Variable(
            "health_max_board_temperature_c",
            "float",
            "A board above this temperature in °C is too hot. The firmware of a T1 keeps boards at 75 °C.",
            default=85.0,
            minimum=0,
        ),
        Variable(
            "health_max_chip_temperature_c",
            "float",
            "A chip above this temperature in °C is too hot.",
            default=95.0,
            minimum=0,
        ),
        Variable(
            "health_min_hashrate_ratio",
            "float",
            "The fraction of the rated hash rate that a miner must reach. O(dragonmint_ratings) sets ratings.",
            default=0.85,
            minimum=0,
        ),
        Variable(
            "health_max_share_age_seconds",
            "float",
            "A board that is reported as alive, but has not found a share for this many seconds, has the finding "
            "C(no_shares).",
            default=900.0,
            minimum=0,
        ),
        Variable(
            "health_max_reject_ratio",
            "float",
            "The fraction of the work that pools may reject.",
            default=0.05,
            minimum=0,
            maximum=1,
        ),
        Variable(
            "health_max_hardware_error_ratio",
            "float",
            "The fraction of its results that a board may get wrong.",
            default=0.01,
            minimum=0,
            maximum=1,
        ),
        Variable(
            "health_max_fan_percent",
            "float",
            "A fan above this speed in percent is at its limit.",
            default=95.0,
            minimum=0,
        ),
        Variable(
            "health_min_uptime_seconds",
            "float",
            "A miner with a shorter uptime has rebooted recently. Rates are not compared until it has been mining "
            "for this long.",
            default=900.0,
            minimum=0,
        ),
        Variable(
            "health_remedy_interval_hours",
            "float",
            "How long a miner must have been up before it is rebooted, and how long its cgminer must have been "
            "running before it is restarted. A miner then gets at most one remedy in this time; V(12) means two per "
            "day.",
            default=12.0,
            minimum=0,
        ),
        Variable(
            "health_heal_timeout",
            "int",
            "How many seconds to wait for the miner to be healthy after a remedy.",
            default=900,
            minimum=1,
        ),
        Variable(
            "health_search",
            "str",
            "Search this network, such as V(10.1.0.0/22), for a miner that comes back from a reboot at another "
            "address. The miner is recognized by its MAC address.",
        ),
        Variable(
            "health_state_folder",
            "path",
            "The folder on the controller that records the remedies sent, with one file per miner. A relative path "
            "starts at the folder that Ansible was started in.",
            default="dragonmint-state",
        ),
        RATINGS,
        TARGET,
        Variable(
            "health_max_parallel_percent",
            "float",
            "The percentage of miners that get a remedy at the same time, at least one miner.",
            default=5.0,
            minimum=0,
            maximum=100,
            of_playbook=True,
        ),
        Variable(
            "health_max_unhealthy_percent",
            "float",
            "Do not send any remedy if more than this percentage of the miners need one. Such a failure usually has "
            "a common cause that a restart does not fix.",
            default=100.0,
            minimum=0,
            maximum=100,
            of_playbook=True,
        ),
        Variable(
            "health_fail_on",
            "str",
            "Which findings make the playbook fail: V(critical), V(warning) (both) or V(never).",
            default="critical",
            choices=("critical", "warning", "never"),
            of_playbook=True,
        ),
        REPORT_FOLDER,
    ),
    _check,
)


def reads_of(fleet: OfHosts) -> dict[str, dict[str, Any]]:
    """Returns the options of dragonmint_facts for miners from which more is read than from all others."""
    more = {"gather_subset": [*SUBSETS, "debug"]}
    return {host: more for host in fleet.of if fleet.values(host).get("chips")}


def followed_up(seen: Mapping[str, Mapping[str, Any]], provision: OfHosts) -> dict[str, Any]:
    """Returns the miners that need further reads: ``identity``, ``error`` and ``pools``, with the options of each.

    ``problems`` has why the pools of a miner can't be compared.
    """
    answered = {host: result["ansible_facts"] for host, result in seen.items() if "ansible_facts" in result}
    desired = {host: provision.values(host) for host in answered}
    return {
        "identity": [host for host, result in seen.items() if result.get("error_code") == "timeout"],
        "error": [host for host, facts in answered.items() if _has_levels(facts)],
        "pools": {
            host: {name: values[name] for name in ("pools", "keep_passwords")}
            for host, values in desired.items()
            if values.get("pools") is not None
        },
        "problems": {host: problem for host, problem in provision.problems.items() if host in answered},
    }


def examined(
    fleet: OfHosts,
    results: Mapping[str, Mapping[str, Any]],
    record_of: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    now: float,
    curtailed: Collection[str] = (),
    missing: Collection[str] = (),
) -> list[Examined]:
    """Returns the health of all miners from the results of the fleet's tasks, each by the name of the miner.

    ``record_of`` returns the parts of a miner's state file that ``remedies.health_of`` takes. For a ``curtailed``
    miner, a low hash rate, or no response because it is powered off, is not a fault. ``missing`` are expected miners
    that the inventory did not find; those that another source lists are not missing.
    """

    def health(host: str) -> Health | None:
        values = fleet.values(host)
        if host not in curtailed or PROBLEM in values:
            return _health(host, values, results, record_of, now)
        return _without_unreachable(_health(host, {**values, "min_hashrate_ratio": 0.0}, results, record_of, now))

    found = [Examined(host, fleet.addresses[host], health(host)) for host in fleet.of]
    lost = [name for name in missing if name not in fleet.of]
    return [*found, *(Examined(name, "", _OFF if name in curtailed else _MISSING) for name in lost)]


def _without_unreachable(health: Health | None) -> Health | None:
    if health is None or all(finding.code != checks.UNREACHABLE for finding in health.findings):
        return health
    return replace(health, findings=_OFF.findings)


def _health(
    host: str,
    values: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Any]],
    record_of: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    now: float,
) -> Health | None:
    if PROBLEM in values:
        return remedies.unexamined(values[PROBLEM])
    if host not in results["seen"]:
        return None
    own = {name: by_host.get(host) for name, by_host in results.items()}
    return remedies.health_of({**own, **record_of(host, values)}, values, host, now)


def plan(miners: Sequence[Examined], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the findings and planned remedies: ``rows``, ``due``, ``summary`` and ``problem``.

    Also ``findings``, the rows without the healthy miners, ``miners``, the input of ``outcome``, and ``batch``, how
    many miners are healed at once. ``due`` are names; it is empty if there is a ``problem``, and without health_heal.
    """
    due = [each.miner for each in miners if each.health and each.health.remedy]
    problem = ""
    if values["heal"] and len(due) * 100 > values["max_unhealthy_percent"] * len(miners):
        problem = (
            f"{len(due)} of {counted(len(miners), 'miner')} need a remedy, more than health_max_unhealthy_percent "
            f"({values['max_unhealthy_percent']:g}) allows, so none was sent. Look for a common cause."
        )
    rows = _rows(miners)
    return {
        "rows": rows,
        "findings": [row for row in rows if row["severity"] != remedies.OK],
        "miners": [asdict(each) for each in miners],
        "due": due if values["heal"] and not problem else [],
        "batch": max(1, int(len(miners) * values["max_parallel_percent"] / 100)),
        "summary": " ".join([_states(miners), *_planned(miners, values, problem)]),
        "problem": problem,
    }


def stop_reason(latest: Iterable[Examined]) -> str:
    """Returns why no further miner gets a remedy, "" for no reason, from the health of those that were due."""
    lost = [each.miner for each in latest if remedies.is_lost(each.health)]
    if not lost:
        return ""
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    return (
        f"STOPPED: after a remedy, {', '.join(lost[:_NAMED])}{more} could not be examined any more, so no further "
        "miner gets one. Find out why before you run this again."
    )


def outcome(
    planned: Mapping[str, Any], latest: Sequence[Examined], values: Mapping[str, Any], is_check: bool = False
) -> dict[str, Any]:
    """Returns the results of a plan: ``rows``, ``failed``, ``summary`` and ``is_ok``.

    ``latest`` are the miners that were due, without health if they were not tried. ``failed`` are the names of the
    miners with findings that health_fail_on counts, or whose remedy could not be sent. Also ``tried``, the rows of
    miners that got a remedy, and ``stats``, the numbers for other jobs. ``is_check`` is for check mode, which sends no
    remedy.
    """
    stop = stop_reason(latest)
    miners = list(_in_the_end(planned, () if is_check else latest, stop))
    problem = planned["problem"] or stop
    rows = _rows(miners)
    counts = _FAIL_ON[values["fail_on"]]
    failed = dict.fromkeys(
        row["miner"]
        for row in rows
        if row["outcome"] in _NOT_SENT or (row["severity"] in counts and row["outcome"] != remedies.HEALED)
    )
    is_only_a_plan = is_check or not values["heal"]
    texts = _planned(miners, values, problem) if is_only_a_plan else _tried(miners, rows)
    is_ok = not failed and not problem
    summary = " ".join(filter(None, [_states(miners), *texts, *_not_remedied(rows), problem]))
    return {
        "rows": rows,
        "failed": list(failed),
        "summary": summary,
        "is_ok": is_ok,
        "tried": [row for row in rows if row["tried"]],
        "stats": {
            "miners": len(miners),
            **tally(map(_state, miners), _STATES),
            "remedies": sum(len(each.health.tried) for each in miners if each.health),
            "is_ok": is_ok,
            "summary": summary,
        },
    }


def _in_the_end(planned: Mapping[str, Any], latest: Iterable[Examined], stop: str) -> Iterator[Examined]:
    """Yields the miners of a plan with their health at the end."""
    were_due = {each.miner: each for each in latest}
    reason = stop or "an earlier task failed"
    for entry in planned["miners"]:
        then = Examined(entry["miner"], entry["address"], remedies.health_from(entry["health"]))
        now = were_due.get(then.miner, then)
        if now.health is None and then.health:
            now = replace(then, health=replace(then.health, remedy="", outcome=remedies.NOT_TRIED, reason=reason))
        yield now


def _has_levels(facts: Mapping[str, Any]) -> bool:
    return (facts.get("dragonmint_autotune") or {}).get("level") is not None


def _rows(miners: Sequence[Examined]) -> list[dict[str, Any]]:
    return [row for each in miners for row in remedies.rows(each)]


def _states(miners: Sequence[Examined]) -> str:
    return summed_up(tally(map(_state, miners), _STATES))


def _state(examined: Examined) -> str:
    """Returns the current state of a miner, one of _STATES."""
    health = examined.health
    if health is None:
        return checks.UNEXAMINED
    findings = health.findings if health.after is None else health.after
    unknown = [finding.code for finding in findings if finding.code in (*checks.UNKNOWN, checks.CURTAILED)]
    if unknown:
        return unknown[0]
    severities = [finding.severity for finding in findings]
    return next((severity for severity in (checks.CRITICAL, checks.WARNING) if severity in severities), _HEALTHY)


def _planned(miners: Sequence[Examined], values: Mapping[str, Any], problem: str) -> list[str]:
    """Returns how many miners would get which remedy next."""
    kinds = [each.health.remedy for each in miners if each.health and each.health.remedy]
    if problem or not kinds:
        return []
    hint = "" if values["heal"] else " with health_heal"
    return [f"{counted(len(kinds), 'miner')} would get a remedy{hint} ({_kinds(kinds)})."]


def _tried(miners: Sequence[Examined], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns how many miners got which remedies, and how many of these are healed."""
    tried = [each for each in miners if each.health and each.health.tried]
    if not tried:
        return ["No miner got a remedy."]
    unhealed = {row["miner"] for row in rows if row["outcome"] in _UNHEALED and row["severity"] != checks.INFO}
    healed = sum(each.miner not in unhealed for each in tried)
    kinds = [kind for each in tried if each.health for kind in each.health.tried]
    return [f"{counted(len(tried), 'miner')} got a remedy ({_kinds(kinds)}), {healed} healed."]


def _not_remedied(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    ends = {end: len({row["miner"] for row in rows if row["outcome"] == end}) for end in _NOT_REMEDIED}
    return [f"{counted(count, 'miner')} {_NOT_REMEDIED[end]}." for end, count in ends.items() if count]


def _kinds(kinds: Sequence[str]) -> str:
    """Returns the number of remedies of each kind: 2 restarts of cgminer, 1 reboot."""
    restarts, reboots = kinds.count(checks.RESTART), kinds.count(checks.REBOOT)
    shown = [f"{counted(restarts, 'restart')} of cgminer"] if restarts else []
    return ", ".join([*shown, counted(reboots, "reboot")] if reboots else shown)
