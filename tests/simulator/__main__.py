# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a simulated fleet: `python -m tests.simulator --count 100`."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from .clock import MAX_SPEED, Clock
from .control import inventory
from .control.fleet import Fleet
from .control.port import ControlPort, describe
from .generations import GENERATIONS, MIXED, generations_of
from .models import MODELS, models_of


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--count", type=_count, default=100, help="number of miners (%(default)s)")
    parser.add_argument(
        "--generation",
        type=_names_of(generations_of),
        default="dm-2018-05",
        help=f"{', '.join(GENERATIONS)}: one, or several with commas, in turn; mixed ({', '.join(MIXED)}); or all",
    )
    parser.add_argument(
        "--type",
        type=_names_of(models_of),
        default="T1",
        help=f"of the miners: one, or several with commas, in turn (%(default)s); {', '.join(MODELS)}",
    )
    parser.add_argument(
        "--first", type=ipaddress.IPv4Address, default="127.20.0.1", help="address of the first miner (%(default)s)"
    )
    parser.add_argument("--port", type=int, default=0, help="port of all miners; 0 picks a free one")
    parser.add_argument("--control-port", type=int, default=0, help="control port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--speed", type=_speed, default=1.0, help="simulated seconds a second (%(default)s)")
    parser.add_argument("--inventory", type=Path, help="write an Ansible inventory to this file")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes")
    return parser.parse_args()


def _names_of(kinds: Callable[[str], object]) -> Callable[[str], str]:
    """Validates a list of names; the value stays text."""

    def check(text: str) -> str:
        try:
            kinds(text)
        except KeyError as error:
            raise argparse.ArgumentTypeError(f"{error} is unknown") from None
        return text

    return check


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count


def _speed(text: str) -> float:
    if not 0 < (speed := float(text)) <= MAX_SPEED:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most {MAX_SPEED}")
    return speed


async def main(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if arguments.exit_with_stdin:
        # A thread, since an event loop can't watch every kind of standard input.
        threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(stop.set)), daemon=True).start()
    fleet = Fleet(Clock(arguments.speed), arguments.generation, str(arguments.first), arguments.count, arguments.type)
    try:
        port = await fleet.open(arguments.port)
    except OSError as error:
        sys.exit(f"cannot listen on port {arguments.port} of all addresses from {arguments.first} on: {error}")
    runner, control_port = await ControlPort(fleet).open(arguments.control_port)
    if arguments.inventory:
        inventory.write(arguments.inventory, fleet.miners)
    ready = {
        "port": port,
        "control": f"http://127.0.0.1:{control_port}",
        "miners": [describe(miner) for miner in fleet.miners],
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await stop.wait()
    fleet.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(parse_arguments()))
