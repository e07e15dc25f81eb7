# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job audit: which settings differ from the desired state, and whether that fails the run."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import Unsupported
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import mac_address
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, words
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail import RECORD_OF_OTHERS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import PROBLEM, OfHosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "audit_",
    (
        Variable(
            "audit_partial",
            "bool",
            "Succeed even if some miners could not be compared with their desired state. By default, they fail the "
            "run.",
            default=False,
        ),
        Variable(
            "audit_fail_on_drift",
            "bool",
            "Fail the run if a miner has drift. By default, drift is only reported.",
            default=False,
        ),
        *RECORD_OF_OTHERS,
        TARGET,
        REPORT_FOLDER,
    ),
)

AS_DESIRED, DRIFT, FAILED, UNREACHABLE = "as desired", "drift", "failed", "unreachable"
OUTCOMES = (AS_DESIRED, DRIFT, FAILED, UNREACHABLE)
NOT_COMPARED = (FAILED, UNREACHABLE)
WORST_FIRST = (FAILED, UNREACHABLE, DRIFT)

_NOT_TRIED = {"msg": "It was not compared, since an earlier task failed."}
_IDENTITY = {"gather_subset": ["identity"]}

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Step:
    """A setting to compare: the module that does so in check mode, and its options by host."""

    setting: str
    module: str
    options: Mapping[str, Mapping[str, Any]]


def first_look(fleet: OfHosts) -> dict[str, dict[str, Any]]:
    """Returns the options of dragonmint_facts for reading each miner at its address in the inventory."""
    return {host: {**_login(fleet.values(host)), **_IDENTITY} for host in fleet.of}


def second_look(fleet: OfHosts, seen: Results) -> dict[str, dict[str, Any]]:
    """Returns the options for reading unreachable miners at their static address, if the inventory has another one."""
    return {
        host: {**_login(fleet.values(host)), **_IDENTITY, "host": address}
        for host, address in _static_addresses(fleet).items()
        if seen.get(host, {}).get("unreachable")
    }


def located(fleet: OfHosts, seen: Results, moved: Results) -> tuple[dict[str, str], dict[str, Mapping[str, Any]]]:
    """Returns the address of each miner, and the result of reading it there.

    ``moved`` are the results of the second look. Another miner may be at a static address.
    """
    addresses, found = dict(fleet.addresses), dict(seen)
    static = _static_addresses(fleet)
    for host, result in moved.items():
        mac = ((result.get("ansible_facts") or {}).get("dragonmint_identity") or {}).get("mac")
        expected = fleet.expected_macs.get(host)
        if not result.get("unreachable") and (not expected or mac is None or mac_address(expected) == mac):
            addresses[host], found[host] = static[host], result
    return addresses, found


def steps(fleet: OfHosts, seen: Results, moved: Results, curtailed: Mapping[str, str]) -> list[Step]:
    """Returns what to compare on the miners that were read, in the order in which the role provision sets it.

    Where the role would keep the autotune mode, it is not compared; ``curtailed`` gives the reason by miner.
    """
    addresses, found = located(fleet, seen, moved)
    hosts = [host for host, result in found.items() if "ansible_facts" in result and PROBLEM not in fleet.values(host)]

    def at(host: str) -> dict[str, Any]:
        is_moved = addresses[host] != fleet.addresses[host]
        return {**_login(fleet.values(host)), **({"host": addresses[host]} if is_moved else {})}

    found_steps = []
    for setting, (module, options_of) in _SETTINGS.items():
        options = {host: options_of(fleet.values(host)) for host in hosts}
        if setting == AUTOTUNE:
            options.update(dict.fromkeys(_not_compared_modes(fleet, curtailed)))
        by_host = {host: {**at(host), **own} for host, own in options.items() if own is not None}
        if by_host:
            found_steps.append(Step(setting, module, by_host))
    return found_steps


def _not_compared_modes(fleet: OfHosts, curtailed: Mapping[str, str]) -> dict[str, str]:
    """Returns why the desired mode is not compared, for the miners that have one."""
    return {
        host: reason
        for host, reason in curtailed.items()
        if host in fleet.of and fleet.values(host).get("autotune_mode") and not fleet.values(host)["ends_curtailment"]
    }


def _login(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the login of the role provision: the desired password, then any other known one."""
    if values.get("admin_password") is None:
        return {}
    return {"password": values["admin_password"], "fallback_passwords": values["logins"]}


def _static_addresses(fleet: OfHosts) -> dict[str, str]:
    found = {host: (fleet.values(host).get("network") or {}).get("ipaddress") for host in fleet.of}
    return {host: address for host, address in found.items() if address and address != fleet.addresses[host]}


def _password(user: str) -> Callable[[Mapping[str, Any]], dict[str, Any] | None]:
    def options(values: Mapping[str, Any]) -> dict[str, Any] | None:
        password = values[f"{user}_password"]
        return None if password is None else {"user": user, "new_password": password}

    return options


def _network(values: Mapping[str, Any]) -> dict[str, Any] | None:
    network = values["network"]
    return None if network is None else {name: value for name, value in network.items() if value}


def _pools(values: Mapping[str, Any]) -> dict[str, Any] | None:
    if values["pools"] is None:
        return None
    return {"pools": values["pools"], "keep_passwords": values["keep_passwords"]}


def _autotune(values: Mapping[str, Any]) -> dict[str, Any] | None:
    wanted = {"mode": values["autotune_mode"], "level": values["autotune_level"]}
    return None if wanted["mode"] is None else {name: value for name, value in wanted.items() if value is not None}


AUTOTUNE = "autotune"
_GUEST_PASSWORD = "guest_password"  # noqa: S105 - the name of a setting
_SETTINGS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]]] = {
    "admin_password": ("user", _password("admin")),
    _GUEST_PASSWORD: ("user", _password("guest")),
    "network": ("network", _network),
    "pools": ("pools", _pools),
    AUTOTUNE: ("autotune", _autotune),
}


def outcome(
    fleet: OfHosts,
    seen: Results,
    moved: Results,
    compared: Mapping[str, Results],
    audit: Mapping[str, Any],
    curtailed: Mapping[str, str],
    missing: Collection[str] = (),
) -> dict[str, Any]:
    """Returns the outcome of the comparison. ``compared`` are the results of the steps, by the name of the setting.

    ``curtailed`` is what ``steps`` was given. ``missing`` are expected miners that the inventory did not find; those
    that another source lists are not missing.

    ``rows``: one row for a miner in its desired state, one for each setting of a miner with drift, one with the reason
    for a miner that could not be compared. ``shown``: those of interest, the worst first. ``failed``: the miners that
    could not be compared. ``summary``: each number, and why the run fails. ``is_ok``: whether it succeeds. ``stats``:
    only the numbers, without any text from a miner.
    """
    addresses, found = located(fleet, seen, moved)
    reasons = _not_compared_modes(fleet, curtailed)
    by_miner = {}
    for miner in fleet.of:
        problem = {"msg": fleet.values(miner)[PROBLEM]} if PROBLEM in fleet.values(miner) else {}
        results = {setting: by_host[miner] for setting, by_host in compared.items() if miner in by_host}
        first = found.get(miner, _NOT_TRIED)
        error = first if "ansible_facts" not in first and (first.get("unreachable") or not problem) else problem
        by_miner[miner] = list(_rows(miner, addresses[miner], error, results, reasons.get(miner, "")))
    lost = [name for name in missing if name not in fleet.of]
    by_miner.update({name: [_row(name, "", UNREACHABLE, reason=checks.NOT_FOUND_SENTENCE)] for name in lost})
    counts = words.tally((rows[0]["outcome"] for rows in by_miner.values()), OUTCOMES)
    failed = [miner for miner, rows in by_miner.items() if rows[0]["outcome"] in NOT_COMPARED]
    failures = list(_failures(len(failed), counts[DRIFT], audit))
    summary = " ".join([words.summed_up(counts), *failures])
    rows = [row for rows in by_miner.values() for row in rows]
    return {
        "rows": rows,
        "shown": [row for kind in WORST_FIRST for row in rows if row["outcome"] == kind],
        "failed": failed,
        "summary": summary,
        "is_ok": not failures,
        "stats": {
            "miners": len(by_miner),
            **{name.replace(" ", "_"): count for name, count in counts.items()},
            "is_ok": not failures,
            "summary": summary,
        },
    }


def _failures(not_compared: int, drifting: int, audit: Mapping[str, Any]) -> Iterator[str]:
    if not_compared and not audit["partial"]:
        yield (
            f"{words.counted(not_compared, 'miner')} could not be compared with the desired state. "
            "Fix the causes that the report names, or set audit_partial: true to accept that."
        )
    if drifting and audit["fail_on_drift"]:
        yield "audit_fail_on_drift is set, so drift fails the run."


def _rows(
    miner: str, address: str, error: Mapping[str, Any], results: Results, kept_mode: str
) -> Iterator[dict[str, str]]:
    failure = error or next((each for name, each in results.items() if _is_failure(name, each)), {})
    if failure:
        kind = UNREACHABLE if failure.get("unreachable") else FAILED
        yield _row(miner, address, kind, reason=str(failure.get("msg", "")))
        return
    drifts = [
        (name, _text(result["diff"]["before"][name]), _text(desired))
        for result in results.values()
        if result.get("changed")
        for name, desired in result["diff"]["after"].items()
    ]
    if not drifts:
        yield _row(miner, address, AS_DESIRED, reason=kept_mode)
    for drift in drifts:
        yield _row(miner, address, DRIFT, *drift, reason=kept_mode)


def _is_failure(setting: str, result: Mapping[str, Any]) -> bool:
    if setting == _GUEST_PASSWORD and result.get("error_code") == Unsupported.code:
        return False
    return bool(result.get("failed") or result.get("unreachable"))


def _row(
    miner: str, address: str, kind: str, setting: str = "", current: str = "", desired: str = "", reason: str = ""
) -> dict[str, str]:
    return {
        "miner": miner,
        "address": address,
        "outcome": kind,
        "setting": setting,
        "current": current,
        "desired": desired,
        "reason": reason,
        "summary": f"{setting}: {current} -> {desired}" if setting else reason,
    }


def _text(value: Any) -> str:
    """Returns a value in brief: ``url user password`` for each pool."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return " ".join(_text(item) for item in value.values() if item not in (None, "", [], MASK))
    return json.dumps(value)
