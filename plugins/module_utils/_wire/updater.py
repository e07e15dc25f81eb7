# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The updater: its uploads, downloads and websocket, and the vendor's newest firmware."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    MinerError,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    Endpoint,
    Reply,
    nothing,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FOR_ADMIN,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import number_of, printable, text_of

UPLOAD_PATH = "/upgrade/upload"
DOWNLOAD_PATH = "/upgrade/download"
UPDATER_SOCKET_PATH = "/upgrade/ws"
# The first text of each update on the updater's websocket.
UPDATE_BEGINS = "Software Update started !"
_BOUNDARY = "minerops-dragonmint-firmware-7MA4YWxkTrZu0gWoQ2rX9c"


@dataclass(frozen=True)
class LatestFirmware:
    """The vendor's newest firmware, according to the miner's query. ``info`` is the vendor's description."""

    version: str
    date: str | None
    url: str | None
    info: str | None
    current_version: str | None


@dataclass(frozen=True)
class Frame:
    """A report on the updater's websocket: a status, the progress of a step in percent of the whole, or a text.

    ``cause`` explains an error text to an operator, and quotes it.
    """

    status: str | None = None
    percent: float | None = None
    text: str | None = None
    is_verdict: bool = False
    cause: str | None = None


@dataclass(frozen=True)
class Upload:
    """The multipart body of a firmware upload, around an archive of ``size`` bytes. Its only part is upfile.

    The miner's web server needs the length in advance, and its updater treats a second part as a second image.
    """

    filename: str
    size: int

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={_BOUNDARY}"

    @property
    def head(self) -> bytes:
        name = "".join(char if char.isprintable() and char not in '"\\' else "_" for char in self.filename)
        disposition = f'Content-Disposition: form-data; name="upfile"; filename="{name}"'
        return f"--{_BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()

    @property
    def tail(self) -> bytes:
        return f"\r\n--{_BOUNDARY}--\r\n".encode("ascii")

    @property
    def length(self) -> int:
        return len(self.head) + self.size + len(self.tail)


class UpdaterBusy(MinerError):
    """The updater refuses an upload because one is in progress, or was lost and left it stuck."""


def parse_frame(text: str) -> Frame | None:
    """Reads a frame of the updater's websocket; None for one without information or with invalid JSON.

    All its values are strings. File names in it are not escaped, so some frames are not valid JSON.
    """
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict):
        return None
    if frame.get("type") == "status":
        return Frame(status=text_of(frame.get("status")))
    if frame.get("type") == "step":
        steps, step, percent = (number_of(frame.get(key)) for key in ("number", "step", "percent"))
        if steps and step is not None and percent is not None:
            return Frame(percent=max(0.0, min(100.0, 100 * (step - 1 + percent / 100) / steps)))
    if frame.get("type") == "message":
        said = printable(str(frame.get("text", "")))
        return Frame(text=said, is_verdict=frame.get("level") == "3", cause=_cause(said))
    return None


def _cause(text: str) -> str | None:
    """Returns why an update fails, quoting a text of the updater; None if the text does not report an error."""
    said = _PLACE.sub("", text, count=1)
    meaning = next((meaning for pattern, meaning in _CAUSES if pattern.match(said)), None)
    if meaning is None and not text.startswith("ERROR "):
        return None
    return f"{meaning or 'the updater reported an error'} ('{said.strip()}')"


def accept_upload(status: int, body: bytes) -> None:
    """Reads the reply to an upload or a download order, which confirms only that it arrived.

    Raises UpdaterBusy, PermissionDenied, Unsupported (unknown order), Rejected (too large), or BadReply if the reply is
    not from the updater itself, so that it may or may not have the archive.
    """
    if status == 200:
        return
    if status == 500 and b"Failed to queue command" in body:
        raise UpdaterBusy("The miner's updater is busy.", reason="it is busy")
    if status == 401:
        raise PermissionDenied("The miner lets only the user admin upgrade the firmware. Log in as admin.")
    if status == 404:
        raise Unsupported("This miner's firmware can't download an upgrade itself. Use src instead of url or latest.")
    if status == 413:
        raise Rejected("The miner refuses the archive as too large; it accepts at most 100 MiB.")
    raise BadReply(
        f"The miner answered HTTP {status} for its updater. Check the miner's logs.", reason=f"HTTP {status}"
    )


def _read_latest_firmware(answer: Mapping[str, Any], reply: Reply) -> LatestFirmware:
    version = text_of(answer.get("version"))
    if not version:
        raise BadReply("The miner does not report the vendor's newest version. Use src or url instead of latest.")
    return LatestFirmware(
        version=version,
        date=text_of(answer.get("versionDate")),
        url=text_of(answer.get("url")),
        info=text_of(answer.get("info")),
        current_version=text_of(answer.get("currentVersion")),
    )


# The position in the updater's source code, which precedes many of its texts.
_PLACE = re.compile(r"ERROR \S+ : \S+ : \d+ : |\[\w+\] : ")
# What the updater's errors mean. Some of them are not marked as errors.
_CAUSES = [
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"EVP_\w+ failed", "its signature is not from the vendor's key"),
        (r"SW not compatible with hardware", "it is for other hardware"),
        (r"HASH mismatch|Checksum WRONG", "the archive is damaged or cut off, since a checksum is wrong"),
        (r"description file name not the first of the list: .* instead of \S+\.sig", "the archive is not signed"),
        (r"description file name not the first of the list", "the archive does not begin with a description"),
        (r"CPIO Format not recognized", "the archive is not a cpio archive of format crc, or it is cut off"),
        (r"Found nothing to install", "the archive has nothing for this board"),
        (r"JSON File corrupted", "the archive's description can't be read"),
        (r"Hash not set", "the archive has an image without a checksum"),
        (r"/\S+ not found or wrong", "the archive lacks an image that its description names"),
        (r"cannot write \d+ bytes", "the miner has no room left to unpack the archive"),
        (r"Channel get operation failed", "the miner could not download the archive"),
    )
]
# Its result is not reported: the updater is back when it accepts the next upload.
RESTART_UPDATER = Endpoint("restartSwupdate", {INNO_2019: ADMIN}, nothing, writes=True)
LATEST_FIRMWARE = Endpoint("getLatestFirmwareVersion", FOR_ADMIN, _read_latest_firmware, slow_s=130.0)
