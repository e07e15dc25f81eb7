# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends processes and all their descendants. Only the standard library, so that `make bench` can use it."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Running(Protocol):
    """A started process: subprocess.Popen or warm.Process."""

    pid: int

    def send_signal(self, sig: int, /) -> None:
        """Sends a signal, unless the process has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end, and returns its exit code."""


def end_when_told() -> None:
    """Makes this process unwind when it is terminated, so that processes that it started end with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def kill(process: Running) -> None:
    """Kills a process and all its descendants. Its workers have their own sessions and would otherwise go on."""
    for pid in stopped(process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def kill_started_with(variable: str, value: str) -> None:
    """Kills the processes that have this environment variable, wherever they belong now."""
    wanted = f"{variable}={value}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), signal.SIGKILL)


def stopped(process: Running) -> list[int]:
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
