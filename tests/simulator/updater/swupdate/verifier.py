# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks an archive for a miner while its bytes arrive, with the updater's own messages.

The order of the checks, and the message of each failure, are those of SWUpdate 2018.03.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from .cpio import TRAILER, Entry, Reader, UnknownFormatError, checksum
from .description import Description, Image, read
from .libconfig import SyntaxProblemError, parse
from .signature import is_good

DESCRIPTION = "sw-description"
SIGNATURE = "sw-description.sig"
# Both are read into memory here; real ones have a few kB.
MAX_DESCRIPTION = 2**20
STREAM_INTERFACE = "ERROR corelib/stream_interface.c"
CPIO_UTILS = "ERROR core/cpio_utils.c"


class RejectedError(Exception):
    """The archive is not suitable; `reason` is for tests, since the updater has already sent its own message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Board:
    """The miner: the two words of /etc/hwrevision, the set to install, and the bytes that fit into /tmp."""

    name: str
    revision: str
    software_set: str
    room: int


@dataclass
class Verifier:
    """`say` gets each message, `parsed` is called once the description was understood and trusted."""

    board: Board
    say: Callable[[str], None]
    parsed: Callable[[Description], None]
    description: Description | None = None
    # Sizes of the images that arrived completely.
    present: dict[str, int] = field(default_factory=dict)
    rejected: str | None = None

    def __post_init__(self) -> None:
        self._reader = Reader(self._begin, self._data, self._end)
        self._texts: dict[str, bytes] = {}
        self._checksum = 0
        self._hash = hashlib.sha256()
        self._room = self.board.room

    def feed(self, data: bytes) -> None:
        """After a rejection, the rest is read and discarded."""
        self._verify(lambda: self._reader.feed(data))

    def finish(self) -> None:
        """No more bytes follow: anything that was not rejected may be installed."""
        self._verify(self._reader.close)

    def images(self) -> list[Image]:
        """In the order of installation: the updater's list has the last one first."""
        return list(reversed(self.description.images)) if self.description else []

    def _verify(self, work: Callable[[], None]) -> None:
        if self.rejected is not None:
            return
        try:
            work()
        except UnknownFormatError:
            self.say(f"{CPIO_UTILS} : get_cpiohdr : 36 : CPIO Format not recognized: magic not found ")
            self.say(f"{CPIO_UTILS} : extract_cpio_header : 490 : CPIO Header corrupted, cannot be parsed")
            if self.description is not None:
                self.say(f"{STREAM_INTERFACE} : extract_files : 169 : CPIO HEADER")
            self.rejected = "not_cpio" if self.description is None else "truncated"
        except RejectedError as error:
            self.rejected = error.reason

    def _begin(self, entry: Entry) -> None:
        self._checksum = 0
        self._hash = hashlib.sha256()
        wanted = self._wanted_first()
        if wanted is None:
            if entry.name != TRAILER:
                required = "required" if self._image(entry.name) else "Not required: skipping"
                self.say(f"[extract_files] : Found file:  filename {entry.name}  size {entry.size} {required}")
            return
        if entry.name != wanted:
            self.say(
                "[extract_file_to_tmp] : description file name not the first of the list: "
                f"{entry.name} instead of {wanted}"
            )
            raise RejectedError("unsigned" if wanted == SIGNATURE else "no_description")
        self.say(f"[extract_file_to_tmp] : Found file:  filename {entry.name}  size {entry.size}")
        self._texts[wanted] = b""
        if entry.size > MAX_DESCRIPTION:
            raise RejectedError("no_room")

    def _data(self, data: bytes) -> None:
        self._checksum = checksum(data, self._checksum)
        if self.description is None:
            self._texts[list(self._texts)[-1]] += data
            return
        self._hash.update(data)
        self._room -= len(data)
        if self._room < 0:
            self.say(f"{CPIO_UTILS} : copy_write : 93 : cannot write 16384 bytes ")
            raise RejectedError("no_room")

    def _end(self, entry: Entry) -> None:
        image = self._image(entry.name)
        if image is not None and image.sha256.lower() != self._hash.hexdigest():
            self.say(
                f"{CPIO_UTILS} : copyfile : 438 : HASH mismatch : {self._hash.hexdigest()} <--> {image.sha256.lower()}"
            )
            raise RejectedError("hash_mismatch")
        if entry.checksum != self._checksum:
            place = "extract_files : 212" if self.description else "extract_file_to_tmp : 108"
            wrong = f"Computed 0x{self._checksum}x, it should be 0x{entry.checksum}x "
            self.say(f"{STREAM_INTERFACE} : {place} : Checksum WRONG ! {wrong}")
            raise RejectedError("checksum_mismatch")
        if image is not None:
            self.present[entry.name] = entry.size
        elif self.description is None and SIGNATURE in self._texts:
            self._verify_description()

    def _wanted_first(self) -> str | None:
        """The entry that has to come now; None once the description is known."""
        if self.description is not None:
            return None
        return SIGNATURE if DESCRIPTION in self._texts else DESCRIPTION

    def _image(self, name: str) -> Image | None:
        images = self.description.images if self.description else ()
        return next((image for image in images if image.filename == name), None)

    def _verify_description(self) -> None:
        text = self._texts[DESCRIPTION]
        description = self._parse(text)
        self.say(f"[swupdate_verify_file] : Verify signed image: Read {len(text)} bytes ")
        if not is_good(text, self._texts[SIGNATURE]):
            self.say(
                "ERROR corelib/verify_signature.c : verify_final : 104 : "
                "EVP_DigestVerifyFinal failed, error 0x0407008a 0 "
            )
            self.say("[swupdate_verify_file] : Error Verifying Data ")
            raise self._incompatible("bad_signature")
        self.say("[swupdate_verify_file] : Verified OK ")
        for image in description.images:
            if len(image.sha256) != 64:
                self.say(f"ERROR core/parser.c : check_missing_hash : 52 : Hash not set for {image.filename} Aborting ")
                raise self._incompatible("no_hash")
        self.description = description
        self.parsed(description)
        board = self.board
        self.say(f"[check_hw_compatibility] : Hardware {board.name} Revision: {board.revision}")
        if board.revision not in description.hardware:
            self.say(f"{STREAM_INTERFACE} : extract_files : 161 : SW not compatible with hardware ")
            raise RejectedError("wrong_hardware")
        self.say("[check_hw_compatibility] : Hardware compatibility verified")

    def _parse(self, text: bytes) -> Description:
        try:
            description = read(parse(text.decode()), self.board.name, self.board.software_set)
        except (SyntaxProblemError, UnicodeDecodeError):
            description = None
        if description is not None:
            self._show(description)
            if description.images or description.variables:
                return description
            self.say("ERROR parser/parser.c : parser : 665 : Found nothing to install ")
        self.say("ERROR parser/parser.c : parse_json : 760 : JSON File corrupted ")
        self.say("ERROR core/parser.c : parse : 98 : no parser available to parse sw-description! ")
        raise self._incompatible("unparsable" if description is None else "wrong_board")

    def _show(self, description: Description) -> None:
        self.say(f"[parse_cfg] : Version {description.version}")
        for revision in description.hardware:
            self.say(f"[parse_hw_compatibility] : Accepted Hw Revision : {revision}")
        for image in description.images:
            self.say(_found(image))

    def _incompatible(self, reason: str) -> RejectedError:
        self.say(f"{STREAM_INTERFACE} : extract_files : 156 : Compatible SW not found ")
        return RejectedError(reason)


def _found(image: Image) -> str:
    named = f" {image.name} {image.version}" if image.name else ""
    if image.is_file:
        return f"[parse_files] : Found File{named}: {image.filename} --> {image.target} (ROOTFS) "
    place = f"in device : {image.target} for handler {image.handler}"
    return f"[parse_images] : Found Image{named}: {image.filename} {place}"
