# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the scan of an inventory source went, for whoever has to know whether its miners were really looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import fleet

_STATES = (fleet.POLLED, fleet.LOCKED, fleet.UNRESPONSIVE)
_OTHERS = ("silent", "unknown", "filtered")
_SHOWN = 10


@dataclass(frozen=True)
class Scan:
    """The miners that a scan found, and how many of the other addresses were silent, unknown or filtered out.

    ``failures`` counts the silent addresses that this machine could not try, by reason. ``at`` is when the scan ended,
    in seconds since 1970.
    """

    miners: Sequence[fleet.Found]
    silent: int
    unknown: int
    filtered: int
    failures: Mapping[str, int]
    at: float


def problems(scan: Scan) -> list[str]:
    """Returns the reasons why a scan may have missed miners or facts, one sentence or more each."""
    found = [f"{count} addresses could not be tried: {reason}." for reason, count in scan.failures.items()]
    if not scan.miners and not scan.filtered:
        found.append("no miner was found. Check networks and port, and that this machine reaches the miners.")
    incomplete = sum(bool(miner.missing) for miner in scan.miners)
    if incomplete:
        found.append(f"facts are missing from {_miners(incomplete)}; -vv shows why.")
    return found


def missing_problems(missing: Sequence[str]) -> list[str]:
    """Returns what to say of expected miners that were not found, if there are any."""
    shown = ", ".join(missing[:_SHOWN]) + (" and more" if len(missing) > _SHOWN else "")
    return [f"{_miners(len(missing), 'expected ')} not found: {shown}."] if missing else []


def report(scan: Scan, problems: Sequence[str]) -> dict[str, Any]:
    """Returns how the scan of a source went, for ``merged``."""
    states = [miner.state for miner in scan.miners]
    return {
        **{state: states.count(state) for state in _STATES},
        **{other: getattr(scan, other) for other in _OTHERS},
        "at": scan.at,
        "problems": list(problems),
    }


def failure(problem: str) -> dict[str, Any]:
    """Returns the same for a source that could not be used. It has no time, since nothing was looked at."""
    return {**dict.fromkeys((*_STATES, *_OTHERS), 0), "at": None, "problems": [problem]}


def merged(reports: Mapping[str, Any], path: PurePath, report: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the reports of all sources, by the file's name, or by its path where another file has the same name."""
    is_taken = path.name in reports and reports[path.name]["path"] != str(path)
    return {**reports, str(path) if is_taken else path.name: {"path": str(path), **report}}


def _miners(count: int, which: str = "") -> str:
    return f"1 {which}miner" if count == 1 else f"{count} {which}miners"
