# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The miner's journal: kept in memory, lost on reboot, streamed to clients."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timezone

HOST = "dragonMint"
LINE = re.compile(r"(\w{3} [ \d]\d \d\d:\d\d:\d\d) (\S+) ([^\[\]:]+)(?:\[(\d+)\])?: (.*)", re.DOTALL)
# The miner's entries from before the simulator started.
HISTORY = (
    "-- Logs begin at Sat 2018-06-16 20:44:33 UTC, end at Sat 2018-06-16 22:04:40 UTC. --\n"
    "Jun 16 20:44:33 dragonMint cgminer[312]: Started cgminer 4.10.0\n"
    "Jun 16 20:44:41 dragonMint cgminer[312]: 3 chains detected\n"
    "Jun 16 20:45:02 dragonMint dm-monitor[298]: fan duty 59\n"
)


@dataclass(frozen=True)
class Entry:
    """`text` is the entry as lines; `number` counts from the boot on."""

    number: int
    text: str

    def fields(self, year: int) -> dict[str, str]:
        """As stored by the journal; text that is not a journal line is all message."""
        found = LINE.match(self.text.rstrip("\n"))
        time, host, identifier, pid, message = found.groups() if found else ("", HOST, "", None, self.text.rstrip("\n"))
        # Continuation lines are indented to the message.
        column = found.start(5) if found else 0
        fields = {
            "__CURSOR": f"s=8fd0a0d9b21c4d0e9a3b6f0c2f1e7a55;i={self.number:x}",
            "__REALTIME_TIMESTAMP": str(_microseconds(year, time)),
            "PRIORITY": "6",
            "_HOSTNAME": host,
            "SYSLOG_IDENTIFIER": identifier,
            "MESSAGE": message.replace("\n" + " " * column, "\n"),
        }
        return {**fields, "_PID": pid} if pid else fields


class Journal:
    """`changed` is done once there is a new entry, and is then replaced."""

    def __init__(self) -> None:
        self.changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.text = HISTORY

    @property
    def text(self) -> str:
        """The output of journalctl, including its opening line."""
        return self._opening + "".join(entry.text for entry in self.entries)

    @text.setter
    def text(self, text: str) -> None:
        self._opening = ""
        texts: list[str] = []
        for line in text.splitlines(keepends=True):
            if line.startswith("-- ") and not texts:
                self._opening += line
            elif line.startswith((" ", "\t")) and texts:
                texts[-1] += line
            else:
                texts.append(line)
        self.entries = [Entry(number, entry) for number, entry in enumerate(texts, 1)]
        self._wake()

    def write(self, message: str, wall: float, identifier: str = "cgminer", pid: int = 312) -> None:
        """One more entry, at this Unix time in seconds."""
        now = datetime.fromtimestamp(wall, timezone.utc)
        start = f"{now:%b} {now.day:2} {now:%H:%M:%S} {HOST} {identifier}[{pid}]: "
        text = start + message.replace("\n", "\n" + " " * len(start)) + "\n"
        self.entries.append(Entry(len(self.entries) + 1, text))
        self._wake()

    def restart(self, wall: float) -> None:
        now = datetime.fromtimestamp(wall, timezone.utc)
        self.text = f"-- Logs begin at {now:%a %Y-%m-%d %H:%M:%S} UTC. --\n"

    def _wake(self) -> None:
        changed, self.changed = self.changed, asyncio.get_running_loop().create_future()
        changed.set_result(None)


def _microseconds(year: int, time: str) -> int:
    try:
        moment = datetime.strptime(f"{year} {time}", "%Y %b %d %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return 0
    return int(moment.timestamp()) * 1_000_000
