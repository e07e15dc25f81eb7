# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads about the machine itself."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ...generations import ALL, since
from ..call import Call
from ..php import build_date
from ..wire import Reply
from .action import Action
from .answers import failure, php, success
from .rates import scale_of

# The parts of an error's detail, by their names in a miner's state.
ERROR_DETAIL = {"description": "description", "msg": "errmsg", "analysis": "analysis"}


async def ping(call: Call) -> Reply:
    return success()


async def miner_type(call: Call) -> Reply:
    return success(type=call.miner.type)


async def overview(call: Call) -> Reply:
    miner = call.miner
    return success(
        type=miner.type,
        hardware=hardware(call),
        network=miner.network.fields(),
        version={
            "hwver": miner.hwver,
            "ethaddr": miner.mac,
            "build_date": build_date(miner.firmware) if miner.firmware else "",
            "platform_v": miner.firmware,
        },
    )


async def network(call: Call) -> Reply:
    return php({**call.miner.network.fields(), "success": True})


async def get_logs(call: Call) -> Reply:
    answer = php(call.miner.journal.text.encode(), content_type="text/plain;charset=UTF-8")
    headers = (
        ("Content-Description", "File Transfer"),
        ("Content-Disposition", 'attachment; filename="miner.log"'),
        ("Expires", "0"),
        ("Cache-Control", "must-revalidate"),
        ("Pragma", "public"),
    )
    return Reply(answer.body, content_type=answer.content_type, chunked=False, late=answer.late + headers)


async def unit(call: Call) -> Reply:
    return success(unit=scale_of(call).unit)


async def get_error_message(call: Call) -> Reply:
    """Without a JSON content type, although it is JSON; an empty error file gives an empty body."""
    error = call.miner.error
    if error == "empty":
        return php(b"", content_type="text/html; charset=UTF-8")
    content = error if isinstance(error, dict) else {"code": "0", "errmsg": ""}
    return php(
        {"success": True, "code": content["code"], "errmsg": content["errmsg"]}, content_type="text/html; charset=UTF-8"
    )


async def get_error_detail(call: Call) -> Reply:
    """The error in the words of the firmware's own catalogue of errors."""
    error = call.miner.error if isinstance(call.miner.error, dict) else {"code": "0"}
    detail = {name: error.get(key, "") for name, key in ERROR_DETAIL.items()}
    return success(code=error["code"], detail=detail)


async def get_dna(call: Call) -> Reply:
    return success(dna=call.miner.dna) if call.miner.dna else failure()


async def get_freq_vol(call: Call) -> Reply:
    if call.miner.freqvol is None:
        return failure("missing configuration")
    return php({"success": True, **call.miner.freqvol}, escape_slashes=False)


def hardware(call: Call) -> dict[str, Any]:
    """Uptime line and memory in KiB."""
    memory = call.miner.memory
    return {
        "status": uptime_line(call),
        "memUsed": memory["total"] - memory["free"],
        "memFree": memory["free"],
        "memTotal": memory["total"],
        "cacheUsed": memory["cached"],
        "cacheFree": memory["available"],
        "cacheTotal": memory["available"] + memory["cached"],
    }


def uptime_line(call: Call) -> str:
    """The line of busybox's uptime, which has minutes and no seconds."""
    minutes = int(call.miner.uptime()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    text = f"{days} day{'s' if days > 1 else ''}, " if days else ""
    text += f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    now = datetime.fromtimestamp(call.miner.wall(), timezone.utc)
    load = ", ".join(f"{value:.2f}" for value in call.miner.load)
    return f"{now:%H:%M:%S} up {text},  load average: {load}"


ACTIONS = {
    "ping": Action(ping, guest=ALL),
    "type": Action(miner_type, guest=ALL),
    "overview": Action(overview, guest=ALL),
    "network": Action(network, guest=ALL),
    "getLogs": Action(get_logs),
    "unit": Action(unit, since("inno-2018-08"), guest=since("inno-2018-08")),
    "getErrorMessage": Action(get_error_message, since("inno-2018-05")),
    "getErrorDetail": Action(get_error_detail, since("inno-2019")),
    "getDNA": Action(get_dna, since("inno-2018-09")),
    "getFreqVol": Action(get_freq_vol, since("inno-2018-08")),
}
