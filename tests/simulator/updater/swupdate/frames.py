# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames of the updater's websocket, byte for byte, and the order in which they are sent.

Values are strings, and file names go into `info` and `step` unescaped, so a quote in one makes invalid JSON. Messages
come from another thread than everything else: order is kept within each of the two kinds, but not between them.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Union

INFO = "6"
ERROR = "3"
# Messages last, messages first, or the seed of a random mix.
Order = Union[str, int]
ORDERS = ("trailing", "leading")


def frame(kind: str, **values: str) -> str:
    lines = [f'\t"{name}": "{value}"' for name, value in {"type": kind, **values}.items()]
    return "{\r\n" + ",\r\n".join(lines) + "\r\n}\r\n"


def status(word: str) -> str:
    return frame("status", status=word)


def message(text: str, level: str = INFO) -> str:
    return frame("message", level=level, text=text.replace("\\", "\\\\").replace('"', '\\"'))


def step(number: int, of: int, name: str, percent: int) -> str:
    return frame("step", number=str(of), step=str(number), name=name, percent=str(percent))


class Outbox:
    """What two threads of the updater want to send and have not sent yet."""

    def __init__(self, order: Order = "trailing") -> None:
        self.order = order
        self._random = random.Random(order) if isinstance(order, int) else None
        self._progress: deque[str] = deque()
        self._messages: deque[str] = deque()

    def progress(self, text: str) -> None:
        self._progress.append(text)

    def message(self, text: str, level: str = INFO) -> None:
        self._messages.append(message(text, level))

    def take(self, final: bool = False) -> list[str]:
        """The frames to send now; a random mix may keep some messages for later, unless this is the `final` call."""
        taken = []
        while self._progress or self._messages:
            if not self._progress and not final and self._holds_back():
                break
            taken.append((self._messages if self._takes_message() else self._progress).popleft())
        return taken

    def _takes_message(self) -> bool:
        if not self._progress or not self._messages:
            return bool(self._messages)
        return self._random.random() < 0.5 if self._random else self.order == "leading"

    def _holds_back(self) -> bool:
        return self._random is not None and self._random.random() < 0.3
