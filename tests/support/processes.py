# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends processes and all their descendants. Only the standard library, so that `make bench` can use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def end_when_told() -> None:
    """Makes this process unwind when it is terminated, so that processes that it started end with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process and all its descendants. Its workers have their own sessions and would otherwise go on."""
    for pid in stopped(process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def stopped(process: subprocess.Popen[bytes]) -> list[int]:
    """Stops a process and all its descendants. A stopped process starts no more of them, so none is missed."""
    process.send_signal(signal.SIGSTOP)
    family = [process.pid]
    while found := [pid for pid in children_of(process.pid) if pid not in family]:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        family += found
    return family


def children_of(pid: int) -> list[int]:
    """The descendants of a process."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return [found for child in children for found in (*children_of(int(child)), int(child))]
