# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of sites with faults of all kinds, for the browser and for the screenshots of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import changes, checks, heal, overview
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import normalised
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.page import Page, render

AT = 1785312300.0
HEALTH = ("miner", "address", "severity", "code", "part", "value", "limit", "detail", "remedy", "tried", "outcome")
LONG_NAME = "hall-7-container-12-rack-104-shelf-3-position-17-of-the-northern-site"
BIDI = "\u202efdp.exe\u2066"
_RACK = 48


def health_rows(count: int) -> list[dict[str, Any]]:
    """Rows as heal writes them: one in ten has a finding."""
    return [_health_row(number) for number in range(count)]


def health(count: int) -> str:
    """The page of heal."""
    rows = _compared(health_rows(count), ("miner", "code", "part"))
    return render(_page("Health", f"{count} miners."), *changes.for_page(rows, (*HEALTH, "reason")))


def site(count: int) -> str:
    """The page of overview."""
    outcome = site_outcome(count)
    page = _page("Overview", outcome["summary"], outcome["figures"])
    return render(page, *changes.for_page(_compared(outcome["rows"], ("miner", "state")), overview.COLUMNS))


def _compared(rows: list[dict[str, Any]], identity: tuple[str, ...]) -> Sequence[Mapping[str, Any]]:
    """The rows some time after a report with only the first half of them."""
    before = changes.compare(rows[: len(rows) // 2], identity, None, AT - 3600, is_limited=False)
    return changes.compare(rows, identity, before.known, AT, is_limited=False).rows


def site_outcome(count: int) -> dict[str, Any]:
    """The outcome of overview for a site with miners in all states."""
    values = {**normalised(heal.VARIABLES, {}), "dragonmint_ratings": None}
    report = {"polled": count, "silent": 190, "unknown": 4, "problems": ["1 expected miner not found: rack7-03."]}
    return overview.outcome(
        [_seen(number) for number in range(count)],
        checks.limits_from(values),
        {"fleet.dragonmint.yml": report},
        ["rack7-03"],
    )


def _page(title: str, summary: str, figures: dict[str, Any] | None = None) -> Page:
    return Page(
        title,
        AT,
        site="Hall 1",
        version="0.1.0",
        summary=summary,
        resolved=[{"miner": "rack1-40", "what": "board_dead board 1"}],
        since=AT - 3600,
        overview=figures,
    )


def name(number: int) -> str:
    return f"rack{number // _RACK + 1}-{number % _RACK + 1:02}"


def address(number: int) -> str:
    return f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"


def _health_row(number: int) -> dict[str, Any]:
    row: dict[str, Any] = {**dict.fromkeys((*HEALTH, "reason"), ""), "miner": name(number), "address": address(number)}
    if number == 45:
        # The most that a miner and its owner may come up with.
        return {**row, "miner": LONG_NAME, "severity": "critical", "code": "board_hot", "detail": f"<b>{BIDI}</b>"}
    if number % 10 != 5:
        return {**row, "severity": "ok"}
    if number % 20 == 5:
        detail = "board 1 is Dead"
        return {**row, "severity": "critical", "code": "board_dead", "part": "board 1", "detail": detail, "value": 0.5}
    return {
        **row,
        "severity": "warning",
        "code": "hashrate_low",
        "value": 9.8,
        "limit": 10.6,
        "detail": "9.8 TH/s, less than 10.6 (rated 12.5 in the mode efficient)",
        "remedy": "mining_restarted",
        "outcome": "limit reached",
        "reason": "2 of at most 2 remedies were sent in the last 24 hours",
    }


def _seen(number: int) -> overview.Seen:
    return overview.Seen(
        name(number),
        address(number),
        _result(number),
        f"http://{address(number)}/",
        f"rack{number // _RACK + 1}",
        str(number % _RACK + 1),
        ["pools"] if number % 41 == 8 else [],
        number % 13 == 3,
    )


def _result(number: int) -> dict[str, Any]:
    if number % 37 == 11:
        return {"unreachable": True, "msg": f"No miner answers at {address(number)}, port 80. Check power and network."}
    if number % 53 == 12:
        return {"error_code": "authentication", "msg": "It refuses the login admin. Set dragonmint_password."}
    boards = [
        {
            "id": board,
            "status": "Dead" if number % 23 == 5 and board == 1 else "Alive",
            "temperature_c": 91.0 if number % 29 == 7 and board == 0 else 62.0 + (number * 7 + board * 3) % 17,
            "hashrate_ths": 3.1 if number % 31 == 4 else 4.0 + (number * 11 + board) % 7 / 20,
            "last_share_seconds": 5,
        }
        for board in range(2 if number % 43 == 3 else 3)
    ]
    total = sum(board["hashrate_ths"] for board in boards if board["status"] == "Alive")
    pool = "pool.example.com:3333" if number % 9 else "backup.example.com:3333"
    return {
        "ansible_facts": {
            "dragonmint_identity": {
                "type": "T1",
                "firmware": "t1_20180901_120000" if number % 4 else "t1_20180515_060842",
            },
            "dragonmint_hardware": {"uptime_seconds": 90000},
            "dragonmint_autotune": {"mode": "efficient", "is_tuning": number % 19 == 1},
            "dragonmint_mining": {
                "ready": True,
                "hashrate_ths": dict.fromkeys(("5s", "1m", "15m", "average"), total),
                "boards": boards,
                "elapsed_seconds": 80000,
                "fan_percent": 60,
                "reject_ratio": 0.01,
                "pools": [{"url": f"stratum+tcp://{pool}", "status": "Alive", "active": True}],
            },
        }
    }
