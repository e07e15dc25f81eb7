# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of the miner to its vendor."""

from __future__ import annotations

from ..call import Call
from ..php import build_date
from ..wire import Reply
from .action import Action
from .answers import failure, success


async def get_latest_firmware_version(call: Call) -> Reply:
    """The miner queries the vendor without a timeout, so a silent vendor blocks a worker."""
    miner = call.miner
    while miner.vendor == "silent":
        await miner.clock.sleep(1.0)
    answer = miner.vendor
    if not isinstance(answer, dict) or "version" not in answer:
        return failure("can't fetch firmware versions")
    version = str(answer["version"])
    return success(
        version=version,
        versionDate=answer.get("versionDate") or build_date(version),
        url=answer.get("url"),
        info=answer.get("info"),
        currentVersion=miner.firmware,
        currentVersionDate=build_date(miner.firmware),
        isUpdated=miner.generation.always_up_to_date or miner.firmware >= version,
    )


ACTIONS = {"getLatestFirmwareVersion": Action(get_latest_firmware_version)}
