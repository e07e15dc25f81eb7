# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of cgminer's API: keys, order and proportions are a real T1's, the numbers are live."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ..models import Model
from .cgminer import Board, Cgminer

Answer = dict[str, Any]

# A real T1 board at its nominal rate, per second: accepted shares and their difficulty, and diff-1 work.
SHARES_PER_S = 307 / 4792
DIFFICULTY_PER_S = 4733596 / 4792
WORK_PER_S = 5471148 / 4792
# The averages of cgminer relative to the one over 15 minutes.
AVERAGES = {"MHS 5s": 0.96214, "MHS 1m": 0.97946, "MHS 5m": 0.99822, "MHS 15m": 1.0}


async def ask(cgminer: Cgminer, command: str, wall: float) -> Answer | None:
    """cgminer's JSON for `devs`, `pools` or `stats`; None if there is no usable answer."""
    await cgminer.hear_out_silence()
    if isinstance(cgminer.override, dict):
        recorded: Answer | None = cgminer.override.get(command)
        return recorded
    if cgminer.override is not None or not cgminer.is_ready() or cgminer.started_at is None:
        return None
    elapsed = int(cgminer.clock.now() - cgminer.started_at)
    if command == "devs":
        devices = [_device(cgminer, board, number, elapsed, wall) for number, board in enumerate(cgminer.boards)]
        return {"STATUS": _status(wall, 9, f"{len(devices)} ASC(s)"), "DEVS": devices, "id": 1}
    if command == "pools":
        pools = _pools(cgminer, elapsed)
        return {"STATUS": _status(wall, 7, f"{len(pools)} Pool(s)"), "POOLS": pools, "id": 1}
    return {"STATUS": _status(wall, 70, "CGMiner stats"), "STATS": _stats(cgminer, elapsed), "id": 1}


def live_rate(cgminer: Cgminer, board: Board) -> float:
    """The current rate of a board in MH/s: 0 before hashing began or without a live pool."""
    hashing = cgminer.clock.now() >= cgminer.hashing_at and any(
        pool_status(cgminer, pool["url"]) == "Alive" for pool in cgminer.pools
    )
    return board.hashrate_mhs if hashing and board.alive else 0.0


def pool_status(cgminer: Cgminer, url: Any) -> str:
    status = cgminer.pool_status
    return status if isinstance(status, str) else status.get(str(url), "Alive")


def _status(wall: float, code: int, message: str) -> list[Answer]:
    return [{"STATUS": "S", "When": int(wall), "Code": code, "Msg": message, "Description": "cgminer 4.10.0"}]


def _device(cgminer: Cgminer, board: Board, number: int, elapsed: int, wall: float) -> Answer:
    rate = live_rate(cgminer, board)
    hashed = max(0.0, cgminer.clock.now() - cgminer.hashing_at) if rate else 0.0
    model = cgminer.model
    share = hashed * rate / model.board_rate
    accepted = int(share * SHARES_PER_S * (1 - board.reject_ratio))
    work = int(share * WORK_PER_S)
    rejected_difficulty = int(share * DIFFICULTY_PER_S * board.reject_ratio)
    errors = int(hashed * board.hardware_errors_per_s)
    average = rate * hashed / elapsed if elapsed else 0.0
    shares_age = board.last_share_s if board.last_share_s is not None else hashed % (1 / SHARES_PER_S)
    device = {
        "ASC": number,
        "Name": model.driver,
        "ID": number if board.slot is None else board.slot,
        "Enabled": "Y",
        "Status": "Alive" if board.alive else "Dead",
        "Temperature": board.temperature_c,
        "MHS av": round(average, 2),
        **{name: round(rate * AVERAGES[name], 2) for name in model.windows},
        "Accepted": accepted,
        "Rejected": int(share * SHARES_PER_S * board.reject_ratio),
        "Hardware Errors": errors,
        "Utility": round(accepted / elapsed * 60, 2) if elapsed else 0,
        "Last Share Pool": 0,
        "Last Share Time": int(wall - shares_age) if accepted else 0,
        "Total MH": int(average * elapsed),
        "Diff1 Work": work,
        "Difficulty Accepted": int(share * DIFFICULTY_PER_S) - rejected_difficulty,
        "Difficulty Rejected": rejected_difficulty,
        "Last Share Difficulty": 16982 if accepted else 0,
        "Last Valid Work": int(wall) if work else 0,
        "Device Hardware%": round(100 * errors / (errors + work), 4) if work else 0,
        "Device Rejected%": round(100 * rejected_difficulty / work, 4) if work else 0,
        "Device Elapsed": elapsed,
    }
    return {name: value for name, value in device.items() if name not in model.missing}


def _pools(cgminer: Cgminer, elapsed: int) -> list[Answer]:
    answer: list[Answer] = []
    active_found = False
    accepted = sum(int(elapsed * SHARES_PER_S) for board in cgminer.boards if live_rate(cgminer, board))
    for number, pool in enumerate(cgminer.pools):
        status = pool_status(cgminer, pool["url"])
        active = status == "Alive" and not active_found
        active_found = active_found or active
        answer.append(
            {
                "POOL": number,
                "URL": pool["url"],
                "Status": status,
                "Priority": number,
                "Quota": 1,
                "Long Poll": "N",
                "Getworks": int(elapsed / 27) if status == "Alive" else 0,
                "Accepted": accepted if active else 0,
                "User": pool["user"],
                "Stratum Active": active,
                "Stratum URL": _host(pool["url"]) if active else "",
                "Current Block Version": 536870912,
            }
        )
    return answer


def _host(url: Any) -> str:
    try:
        return urlsplit(str(url)).hostname or ""
    except ValueError:
        return ""


def _stats(cgminer: Cgminer, elapsed: int) -> list[Answer]:
    tuned = not cgminer.is_tuning()
    counters = {"Elapsed": elapsed, "Calls": 0, "Wait": 0, "Max": 0, "Min": 99999999}
    model = cgminer.model
    boards = [
        {
            "STATS": number,
            "ID": f"{model.driver}{number}",
            **counters,
            "Chain ID": number,
            **({"Fan duty": cgminer.fan_duty} if model.has_fan else {}),
            "Num chips": model.chips if board.alive else 0,
            "Num cores": model.cores if board.alive else 0,
            **({"VidOptimal": tuned, "pllOptimal": tuned} if model.tunes else {}),
            "VID": 140,
            **(_chip("00", model) | _chip("01", model) if board.alive else {}),
        }
        for number, board in enumerate(cgminer.boards)
    ]
    count = len(boards)
    return boards + [
        {"STATS": count + number, "ID": f"POOL{number}", "Elapsed": elapsed} for number in range(len(cgminer.pools))
    ]


def _chip(number: str, model: Model) -> Answer:
    """A chip without a sensor is at 0 °C."""
    temperature = 70 if model.has_chip_sensors else 0
    return {f"{number} Int Enabled Cores": 32, f"{number} Temp": temperature, f"{number} VVolt": 410}
