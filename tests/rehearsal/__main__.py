# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a simulated fleet, and write what Ansible needs for it into build/simulator."""

from __future__ import annotations

import argparse
import shlex
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.demo.folder import inventory_name
from tests.rehearsal.commands import USAGE, obey
from tests.rehearsal.folder import NEW_FIRMWARE, write_folder
from tests.simulator.control import CHECKOUT, ControlError, Fleet, Miner
from tests.support.processes import end_when_told

FOLDER = CHECKOUT / "build/simulator"
GUIDE = """\
{count} simulated miners answer at {first} to {last}, port {port}. In another terminal:

  cd {folder}
  export PATH={tools}:$PATH
  ansible-playbook minerops.dragonmint.provision --check --diff
  ansible-playbook minerops.dragonmint.provision
  ansible-playbook minerops.dragonmint.overview
  ansible-playbook minerops.dragonmint.upgrade -e upgrade_src={firmware}.swu

inventory.yml lists the miners; -i fleet.dragonmint.yml finds them by a scan. group_vars has their desired state.
{usage}"""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulator", description=__doc__, usage='make simulator ARGS="…"')
    parser.add_argument("--count", type=int, default=12, help="number of miners (%(default)s)")
    parser.add_argument("--generation", default="mixed", help="their firmware, in turn (%(default)s)")
    parser.add_argument("--type", default="T1", help="their models, in turn (%(default)s)")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME:COUNT",
        help="give this fault to so many miners, from the last one on; can be repeated",
    )
    parser.add_argument("--speed", type=float, default=10.0, help="simulated seconds per second (%(default)s)")
    parser.add_argument("--first", default="127.24.0.1", help="address of the first miner (%(default)s)")
    parser.add_argument("--port", type=int, default=8095, help="port of all miners; 0 picks a free one (%(default)s)")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="the folder for the files that Ansible needs (%(default)s)"
    )
    return parser.parse_args()


def _fault(text: str) -> tuple[str, int]:
    name, _colon, count = text.partition(":")
    try:
        return name, int(count or 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a fault and a number, such as dark:2") from None


def main() -> None:
    arguments = parse_arguments()
    with Fleet.start(
        count=arguments.count,
        generation=arguments.generation,
        speed=arguments.speed,
        first=arguments.first,
        port=arguments.port,
        type_=arguments.type,
    ) as fleet:
        write_folder(arguments.folder, fleet)
        miners = {inventory_name(number): miner for number, miner in enumerate(fleet.miners, 1)}
        guide = GUIDE.format(
            count=len(miners),
            first=fleet[0].host,
            last=fleet[-1].host,
            port=fleet.port,
            folder=shlex.quote(str(arguments.folder)),
            tools=shlex.quote(str(Path(sys.executable).parent)),
            firmware=NEW_FIRMWARE,
            usage=USAGE,
        )
        give_faults(arguments.fault, miners)
        print(guide, flush=True)
        for line in sys.stdin:
            print(obey(line, miners), flush=True)
        # Without a terminal there is nothing to read, and the fleet keeps running.
        threading.Event().wait()


def give_faults(faults: list[tuple[str, int]], miners: Mapping[str, Miner]) -> None:
    """Puts each fault on this many miners, from the last one on."""
    left = list(miners)
    for name, count in faults:
        if not 0 < count <= len(left):
            raise ControlError(f"there are {len(left)} miners left for the fault {name}, not {count}")
        for miner in left[-count:]:
            miners[miner].fault(name)
        print(f"{name}: {', '.join(left[-count:])}")
        left = left[:-count]


if __name__ == "__main__":
    end_when_told()
    try:
        main()
    except KeyboardInterrupt:
        print("\nThe fleet has ended.")
    except ControlError as error:
        sys.exit(f"{error}")
