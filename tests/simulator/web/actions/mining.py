# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that come from cgminer."""

from __future__ import annotations

from typing import Any

from ...generations import ALL, since
from ...mining.api import Answer, ask, live_rate
from ..call import Call
from ..wire import Reply
from .action import Action
from .answers import failure, php, success
from .rates import scale_of, with_rate

SAMPLE_EVERY = 120  # seconds


async def summary(call: Call) -> Reply:
    devs, pools, stats = await ask_all(call, "devs", "pools", "stats")
    if devs is None or pools is None or stats is None:
        return failure()
    generation = call.miner.generation
    scale = scale_of(call)
    devices = [with_rate(device, generation.average_when_young) for device in devs["DEVS"]]
    answer = {
        "DEVS": [scale.scaled(device) for device in devices] if generation.scales_hashrates else devices,
        "POOLS": pools["POOLS"],
        "HARDWARE": {"Fan duty": fan_duty(stats)},
        "tuning": is_tuning(call, stats),
        "hashrates": [],
    }
    if generation.scales_hashrates:
        answer["TotalHash"] = scale.total(devices)
    return success(**answer)


async def stats(call: Call) -> Reply:
    answer = await ask(call.miner.cgminer, "stats", call.miner.wall())
    return failure() if answer is None else php({**answer, "success": True})


async def get_debug_stats(call: Call) -> Reply:
    answer = await ask(call.miner.cgminer, "stats", call.miner.wall())
    entries = answer["STATS"] if answer else []
    boards = [_board(entry) for entry in entries if not str(entry.get("ID", "")).startswith("POOL")]
    return success(boards=boards, hashes=call.miner.hashes)


async def get_autotune_status(call: Call) -> Reply:
    miner = call.miner
    answer = await ask(miner.cgminer, "stats", miner.wall())
    level = {"level": miner.autotune.level} if miner.generation.has_level else {}
    return success(
        isRunning=answer is not None,
        isTuning=answer is not None and is_tuning(call, answer),
        mode=miner.autotune.mode,
        **level,
    )


async def get_hash_rates(call: Call) -> Reply:
    """dm-monitor's samples of the last hours."""
    miner = call.miner
    cgminer = miner.cgminer
    sampled = 0.0 if cgminer.started_at is None else miner.clock.now() - cgminer.started_at
    count = int(min(sampled, miner.generation.history_hours * 3600) / SAMPLE_EVERY)
    if not miner.monitor or count == 0:
        return failure("No data to show")
    last = int(miner.wall()) // SAMPLE_EVERY * SAMPLE_EVERY
    times: list[Any] = [last - SAMPLE_EVERY * (count - 1 - number) for number in range(count)]
    factor = scale_of(call).factor if miner.generation.scales_hashrates else 1
    rates = [[live_rate(cgminer, board) * factor] * count for board in cgminer.boards]
    return success(stats=rates, times=[str(moment) for moment in times] if miner.generation.text_times else times)


async def get_runtime_pools(call: Call) -> Reply:
    answer = await ask(call.miner.cgminer, "pools", call.miner.wall())
    return failure() if answer is None else success(POOLS=answer["POOLS"])


async def get_all(call: Call) -> Reply:
    """The part that other tools read; there may be more."""
    devs, stats = await ask_all(call, "devs", "stats")
    scale = scale_of(call)
    devices = [] if devs is None else [scale.scaled(with_rate(device, True)) for device in devs["DEVS"]]
    watts = call.miner.cgminer.power_watts
    return success(
        all={
            "mac": call.miner.mac,
            "chain": [
                {
                    "ASC": device["ASC"],
                    "Temp min": device["Temperature"],
                    "Temp max": device["Temperature"],
                    "Hash Rate H": device["Hash Rate H"],
                }
                for device in devices
            ],
            "total_hash": {"Hash Rate H": sum(device["Hash Rate H"] for device in devices)},
            "fansSpeed": 0 if stats is None else fan_duty(stats),
            "running_mode": {"level": call.miner.autotune.level},
            **({} if watts is None else {"power": watts}),
        }
    )


async def ask_all(call: Call, *commands: str) -> list[Answer | None]:
    wall = call.miner.wall()
    return [await ask(call.miner.cgminer, command, wall) for command in commands]


def fan_duty(stats: Answer) -> Any:
    return next((entry["Fan duty"] for entry in stats["STATS"] if entry.get("Fan duty")), 0)


def is_tuning(call: Call, stats: Answer) -> bool:
    if "T1noauto" in call.miner.config.keys:
        return False
    return any(entry.get(key) is False for entry in stats["STATS"][:8] for key in ("VidOptimal", "pllOptimal"))


def _board(entry: Answer) -> Answer:
    """Keys such as `07 Temp` belong to chip 7; PHP makes a list of chips only if their numbers start at 0."""
    board: Answer = {}
    chips: dict[str, Answer] = {}
    for key, value in entry.items():
        if key[:2].isdigit():
            chips.setdefault(str(int(key[:2])), {})[key[3:]] = value
        else:
            board[key] = value
    contiguous = list(chips) == [str(number) for number in range(len(chips))]
    return {"board": board, "chips": list(chips.values()) if contiguous else chips}


ACTIONS = {
    "summary": Action(summary, guest=ALL),
    "stats": Action(stats, guest=ALL),
    "getDebugStats": Action(get_debug_stats, guest=ALL),
    "getAutoTuneStatus": Action(
        get_autotune_status, since("dm-2018-05") | since("inno-2018-05"), guest=since("inno-2018-08")
    ),
    "getHashRates": Action(get_hash_rates, guest=ALL),
    "getRuntimePools": Action(get_runtime_pools, since("inno-2018-09")),
    "getAll": Action(get_all, since("inno-2018-09")),
}
