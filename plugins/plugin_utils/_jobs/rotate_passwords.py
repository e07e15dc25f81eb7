# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job rotate_passwords: its variables, and when it stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import summed_up, tally
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of

VARIABLES = Variables(
    "rotate_",
    (
        Variable("rotate_new_password", "str", "The new password of C(admin).", secret=True, required=True),
        Variable(
            "rotate_serial",
            "list",
            "The batch sizes, as numbers or percentages. The last one is repeated.",
            default=(1, 10, "25%"),
        ),
        Variable(
            "rotate_max_failure_percent",
            "float",
            "Stop the rotation when more than this percentage of a batch refuses the new password. Unreachable "
            "miners keep the old password, and stop the rotation only if all miners of a batch are unreachable.",
            default=0,
            minimum=0,
            maximum=100,
        ),
        TARGET,
        REPORT_FOLDER,
    ),
)

RESULT = "__rotate_result"
_SHOWN = 10
_OUTCOMES = ("new password", "as desired", "failed", "unreachable", "not tried")
_NEW, _HAS_IT, _FAILED, _UNREACHABLE, _NOT_TRIED = _OUTCOMES


def outcome(
    hosts: Sequence[str], hostvars: Mapping[str, Any], variables: Mapping[str, Any], batch: Sequence[str] | None = None
) -> dict[str, Any]:
    """Returns the results of the miners: ``rows``, ``failed`` (names), ``summary`` and ``is_ok``.

    Also ``stats``, the numbers for other jobs, without any text from a miner. With a ``batch``, ``is_ok`` is whether
    the next one may start; without, whether all miners have the new password.
    """
    rows = [_row(host, hostvars[host]) for host in hosts]
    failed = [row["miner"] for row in rows if row["outcome"] in (_FAILED, _UNREACHABLE, _NOT_TRIED)]
    counts = tally((row["outcome"] for row in rows), _OUTCOMES)
    reasons = [f"{row['miner']}: {row['reason']}" for row in rows if row["reason"]]
    is_ok = not failed
    if batch is not None:
        ends = [row["outcome"] for row in rows if row["miner"] in batch]
        is_ok = ends.count(_FAILED) * 100 <= variables["max_failure_percent"] * len(ends) and ends.count(
            _UNREACHABLE
        ) < len(ends)
    numbers = summed_up(counts)
    sentences = [numbers, *reasons[:_SHOWN]]
    if len(reasons) > _SHOWN:
        sentences.append(f"And {len(reasons) - _SHOWN} more.")
    if failed:
        sentences.append("Fix these miners and run the same command again: miners with the new password are skipped.")
    return {
        "rows": rows,
        "failed": failed,
        "summary": " ".join(sentences),
        "is_ok": is_ok,
        "stats": {
            "miners": len(rows),
            **{name.replace(" ", "_"): count for name, count in counts.items()},
            "is_ok": not failed,
            "summary": numbers,
        },
    }


def _row(miner: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    result = variables.get(RESULT)
    row = {"miner": miner, "address": address_of(miner, variables), "outcome": _NOT_TRIED, "reason": ""}
    if result is None:
        return row
    if result.get("unreachable"):
        return {**row, "outcome": _UNREACHABLE, "reason": str(result.get("msg"))}
    if result.get("failed"):
        return {**row, "outcome": _FAILED, "reason": str(result.get("msg"))}
    return {**row, "outcome": _NEW if result.get("changed") else _HAS_IT}
