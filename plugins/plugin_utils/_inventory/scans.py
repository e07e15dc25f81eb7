# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the scan of an inventory source went, for callers that need to know whether its miners were really polled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan

_STATES = (scan.POLLED, scan.LOCKED, scan.UNRESPONSIVE)
_OTHERS = ("silent", "unknown", "filtered")
_SHOWN = 10


@dataclass(frozen=True)
class Scan:
    """The miners that a scan found, and how many of the other addresses were silent, unknown or filtered out.

    ``failures`` counts the silent addresses that this machine could not try, by reason. ``at`` is when the scan ended,
    in seconds since 1970.
    """

    miners: Sequence[scan.Found]
    silent: int
    unknown: int
    filtered: int
    failures: Mapping[str, int]
    at: float


def warnings(scan: Scan) -> list[str]:
    """Returns what is incomplete for everyday reasons: booting miners do not have all facts."""
    incomplete = sum(bool(miner.missing) for miner in scan.miners)
    return [f"facts are missing from {_miners(incomplete)}; -vv shows why."] if incomplete else []


def problems(scan: Scan, undecided: int = 0, missing: Sequence[str] = ()) -> list[str]:
    """Returns the reasons why a miner that is not in the inventory may exist all the same, one text each.

    ``undecided`` is the number of miners whose drift is unknown, ``missing`` are expected miners that were not found.
    """
    found = [f"{count} addresses could not be tried: {reason}." for reason, count in scan.failures.items()]
    if not scan.miners and not scan.filtered:
        found.append("no miner was found. Check networks and port, and that this machine reaches the miners.")
    if undecided:
        found.append(f"{_miners(undecided)} in drift_unknown, since facts are missing; -vv shows why.")
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (" and more" if len(missing) > _SHOWN else "")
        found.append(f"{_miners(len(missing), 'expected ')} not found: {shown}.")
    return found


def report(scan: Scan, problems: Sequence[str]) -> dict[str, Any]:
    """Returns the report on the scan of a source, for ``merged``."""
    states = [miner.state for miner in scan.miners]
    return {
        **{state: states.count(state) for state in _STATES},
        **{other: getattr(scan, other) for other in _OTHERS},
        "at": scan.at,
        "problems": list(problems),
    }


def failure(problem: str) -> dict[str, Any]:
    """Returns the report on a source that could not be used. It has no time, since nothing was polled."""
    return {**dict.fromkeys((*_STATES, *_OTHERS), 0), "at": None, "problems": [problem]}


def merged(reports: Mapping[str, Any], path: PurePath, report: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the reports of all sources, by file name, or by path if another file has the same name."""
    is_taken = path.name in reports and reports[path.name]["path"] != str(path)
    return {**reports, str(path) if is_taken else path.name: {"path": str(path), **report}}


def _miners(count: int, which: str = "") -> str:
    return f"1 {which}miner" if count == 1 else f"{count} {which}miners"
