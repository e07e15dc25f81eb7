# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands to type while a fleet runs: each returns a sentence with its result."""

from __future__ import annotations

from collections.abc import Mapping

from tests.simulator.control import ControlError, Miner

USAGE = "Type: fault NAME MINER …, heal, or heal MINER …; Ctrl-C ends the fleet."


def obey(line: str, miners: Mapping[str, Miner]) -> str:
    """Executes one line. An invalid line changes nothing."""
    command, *words = line.split() or [""]
    fault, names = (words[0], words[1:]) if command == "fault" and words else ("", words)
    if command not in ("fault", "heal") or (command == "fault" and not names):
        return USAGE
    names = names or list(miners)
    if unknown := [name for name in names if name not in miners]:
        return f"There is no {', '.join(unknown)}; the miners are {next(iter(miners))} to {list(miners)[-1]}."
    try:
        for name in names:
            if fault:
                miners[name].fault(fault)
            else:
                miners[name].heal()
    except ControlError as error:
        return str(error)
    done = f"now with the fault {fault}" if fault else "healed"
    return f"{len(names)} miner{'s' if len(names) > 1 else ''} {done}."
