# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job audit: what differs from the desired state, and whether that fails the run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import words
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of

VARIABLES = Variables(
    "audit_",
    (
        Variable(
            "audit_partial",
            "bool",
            "Accept miners that could not be compared with their desired state. By default, they fail the run.",
            default=False,
        ),
        Variable(
            "audit_fail_on_drift",
            "bool",
            "Fail the run if a miner drifts from its desired state. By default, drift is only reported.",
            default=False,
        ),
        TARGET,
        REPORT_FOLDER,
    ),
)

AS_DESIRED, DRIFT, FAILED, UNREACHABLE = "as desired", "drift", "failed", "unreachable"
OUTCOMES = (AS_DESIRED, DRIFT, FAILED, UNREACHABLE)
NOT_COMPARED = (FAILED, UNREACHABLE)
WORST_FIRST = (FAILED, UNREACHABLE, DRIFT)

_NOT_TRIED = {"error": {"msg": "It was not compared, since an earlier task failed."}}


def outcome(miners: Iterable[str], hostvars: Mapping[str, Any], audit: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the comparison came to, from the variables of the hosts and the values of the job's variables.

    The role provision hands over ``dragonmint_comparison`` for each host.

    ``rows``: one row for a miner that is as desired, one for each setting of a miner that drifts, one with the reason
    for a miner that could not be compared. ``shown``: those of interest, the worst first. ``failed``: the miners that
    could not be compared. ``summary``: each number, and why the run fails. ``is_ok``: whether it does not.
    ``stats``: the numbers alone, without any text of a miner.
    """
    by_miner = {miner: list(_rows(miner, hostvars[miner])) for miner in miners}
    counts = words.tally((rows[0]["outcome"] for rows in by_miner.values()), OUTCOMES)
    failed = [miner for miner, rows in by_miner.items() if rows[0]["outcome"] in NOT_COMPARED]
    objections = list(_objections(len(failed), counts[DRIFT], audit))
    summary = " ".join([words.summed_up(counts), *objections])
    rows = never_a_template([row for rows in by_miner.values() for row in rows])
    return {
        "rows": rows,
        "shown": [row for kind in WORST_FIRST for row in rows if row["outcome"] == kind],
        "failed": failed,
        "summary": summary,
        "is_ok": not objections,
        "stats": {
            "miners": len(by_miner),
            **{name.replace(" ", "_"): count for name, count in counts.items()},
            "is_ok": not objections,
            "summary": summary,
        },
    }


def _objections(not_compared: int, drifting: int, audit: Mapping[str, Any]) -> Iterator[str]:
    if not_compared and not audit["partial"]:
        yield (
            f"{words.counted(not_compared, 'miner')} could not be compared with the desired state. "
            "Fix the causes that the report names, or set audit_partial: true to accept that."
        )
    if drifting and audit["fail_on_drift"]:
        yield "audit_fail_on_drift is set, so drift fails the run."


def _rows(miner: str, variables: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    address = address_of(miner, variables)
    comparison = variables.get("dragonmint_comparison") or _NOT_TRIED
    # Newer versions of Ansible return an iterator here.
    results = list(comparison.get("results", {}).values())
    error = comparison["error"] or next((result for result in results if result.get("unreachable")), None)
    if error:
        kind = UNREACHABLE if error.get("unreachable") else FAILED
        yield _row(miner, address, kind, reason=str(error.get("msg", "")))
        return
    drifts = [
        (name, _text(result["diff"]["before"][name]), _text(desired))
        for result in results
        if result.get("changed")
        for name, desired in result["diff"]["after"].items()
    ]
    if not drifts:
        yield _row(miner, address, AS_DESIRED)
    for drift in drifts:
        yield _row(miner, address, DRIFT, *drift)


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
    """Returns a value in few words: ``url user password`` for a pool, one pool after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return " ".join(_text(item) for item in value.values() if item not in (None, "", [], MASK))
    return json.dumps(value)
