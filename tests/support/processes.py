# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends processes with all that came of them. It needs the standard library only, so that `make bench` can use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def end_when_told() -> None:
    """Have this process unwind when it is terminated, so that what it has started ends with it, however it ends."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that came of it. Its workers have sessions of their own, so that they would go on."""
    for pid in stopped(process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def stopped(process: subprocess.Popen[bytes]) -> list[int]:
    """Stop a process and all that came of it. What is stopped makes no more of them, so none is missed."""
    process.send_signal(signal.SIGSTOP)
    family = [process.pid]
    while found := [pid for pid in children_of(process.pid) if pid not in family]:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        family += found
    return family


def children_of(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return [found for child in children for found in (*children_of(int(child)), int(child))]
