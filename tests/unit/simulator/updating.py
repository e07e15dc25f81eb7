# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads in plain HTTP, and a listener on the updater's websocket."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tests.simulator.control import Miner

from .asking import Answer, ask, wait_for

BOUNDARY = "d1b2c3"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
OLD, NEW = "t1_20180515_060842", "t1_20180901_120000"
FOR_EVER = 1e9
NOT_INSTALLING = "Image invalid or corrupted. Not installing ..."
# Everything takes little time, so that a test sees an entire update.
QUICK = {"flash_s": 0.5, "boot_s": 1, "cgminer_start_s": 1}


def part(data: bytes, filename: str | None = "new.swu", field: str = "upfile") -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{named}\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + data


def form(*parts: bytes) -> bytes:
    return b"\r\n".join(parts) + f"\r\n--{BOUNDARY}--\r\n".encode()


def upload(miner: Miner, archive: Path | bytes, filename: str = "new.swu", auth: str | None = "admin") -> Answer:
    data = archive if isinstance(archive, bytes) else archive.read_bytes()
    return ask(miner, "/upgrade/upload", body=form(part(data, filename)), headers=MULTIPART, auth=auth, timeout=10)


def result(miner: Miner) -> str:
    """The result of the latest upload or download."""

    def latest() -> str | None:
        return [write for write in miner.writes() if write["path"].startswith("/upgrade/")][-1].get("result")

    return str(wait_for(latest))


def is_back(miner: Miner) -> bool:
    state = miner.state()
    return bool(state["uptime_s"] < 3600 and state["listening"])


class Ear:
    """Receives the frames of one websocket from the handshake on."""

    def __init__(self, miner: Miner) -> None:
        self.texts: list[str] = []
        self.ended = False
        self._socket = socket.create_connection((miner.host, miner.port), timeout=10)
        self._socket.sendall(
            f"GET /upgrade/ws HTTP/1.1\r\nHost: {miner.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        self._stream = self._socket.makefile("rb")
        self.head = b"".join(iter(self._stream.readline, b"\r\n")).decode()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def __enter__(self) -> Ear:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._stream.close()
        self._socket.close()

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while len(start := self._stream.read(2)) == 2:
                size = start[1]
                if size == 126:
                    size = int.from_bytes(self._stream.read(2), "big")
                self.texts.append(self._stream.read(size).decode())
        self.ended = True

    def frames(self) -> list[dict[str, str]]:
        """The frames that are valid JSON."""
        return list(_decoded(self.texts))

    def wait_for_text(self, text: str) -> None:
        wait_for(lambda: any(text in one for one in self.texts))

    def wait_for_rest(self) -> None:
        """Waits until the updater is ready for the next archive."""
        self.wait_for_text("Main loop Daemon")

    def wait_for_end(self) -> None:
        wait_for(lambda: self.ended)

    def statuses(self) -> list[str]:
        return [frame["status"] for frame in self.frames() if frame["type"] == "status"]

    def messages(self, level: str | None = None) -> list[str]:
        return [
            frame["text"] for frame in self.frames() if frame["type"] == "message" and level in {None, frame["level"]}
        ]

    def steps(self) -> list[tuple[str, int]]:
        return [(frame["name"], int(frame["percent"])) for frame in self.frames() if frame["type"] == "step"]


def _decoded(texts: list[str]) -> Iterator[dict[str, str]]:
    for text in texts:
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(text)
