# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a firmware archive (.swu) like the updater of the miner: SWUpdate 2018.03 with signed images.

An archive is a cpio of format "crc": a description of what goes where, its signature, the images, a trailer. What the
updater would refuse is refused here, before anything is sent. Only the signature can't be checked, since just the
vendor's miners have the key. The file is read once, in small pieces, so a large one takes time but no memory.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Union
from zlib import adler32

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidFirmware
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import libconfig
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import G19, SOC
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import printable

# The controller boards; an archive has a section for each board it supports.
BOARDS = (G19, SOC)
SELECTION = "stable"
# The two halves of the flash; the updater writes the one from which the miner does not run.
MODES = ("main", "alt")
# Firmware since August 2018 may name the halves by letters.
VERSION_VARIABLES = ("version_0", "version_1", "version_a", "version_b")
DESCRIPTION = "sw-description"
SIGNATURE = "sw-description.sig"

# The miner's nginx accepts no longer request; the form around the archive counts as well.
UPLOAD_BYTES_MAX = 100 * 1024 * 1024
FORM_BYTES_RESERVED = 1024
# Real ones have 7 entries and a description of 5 kB.
ENTRIES_MAX = 64
DESCRIPTION_BYTES_MAX = 256 * 1024


@dataclass(frozen=True)
class Archive:
    """A firmware archive that the miner's updater would accept, provided that the vendor signed it.

    ``sha256`` (hexadecimal) is that of the whole file. ``version`` is what a miner reports once it runs this firmware,
    None if the archive does not contain it. ``boards`` are the controller boards that the archive has a section for,
    ``hardware`` the revisions it is made for, such as t1.g19; ``images`` the files that get installed.
    """

    path: str
    size_bytes: int
    sha256: str
    version: str | None
    boards: tuple[str, ...]
    hardware: tuple[str, ...]
    images: tuple[str, ...]


def read_archive(path: str) -> Archive:
    """Reads a firmware archive completely. Raises InvalidFirmware: what is wrong with it, where, and what to do."""
    try:
        with _opened(path) as file:
            return _read(path, file)
    except _InvalidArchive as error:
        raise _invalid(path, error) from None


def check_archive(path: str, folder: str | None) -> Archive:
    """Like read_archive, but only the first of many processes reads the archive; the others reuse its verdict.

    ``folder`` stores the verdicts: the temporary folder of the run; None stores none. A file with another size, inode
    or modification time is another file. If the folder can't be used, each process reads the archive itself.
    """
    if folder is None:
        return read_archive(path)
    try:
        with _opened(path) as file:
            return replace(_shared_verdict(path, file, Path(folder)), path=path)
    except _InvalidArchive as error:
        raise _invalid(path, error) from None


class _InvalidArchive(Exception):
    """Why an archive can't be installed (what is wrong, and where), and what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason, hint)
        self.reason = reason
        self.hint = hint


def _invalid(path: str, error: _InvalidArchive) -> InvalidFirmware:
    return InvalidFirmware(
        f"The firmware {quoted(path)} can't be installed: {error.reason}. {error.hint}", error.reason
    )


_DOWNLOAD_AGAIN = "Download it again, and compare its size and checksum with the vendor's."
_OTHER_FILE = "Use the vendor's .swu file as it was downloaded."
_NOT_VENDORS = "The vendor's archives are different: use the vendor's original file."


@contextmanager
def _opened(path: str) -> Iterator[io.BufferedReader]:
    try:
        # Otherwise opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except ValueError:
        raise _InvalidArchive("its name has a NUL character", "Correct the name.") from None
    except OSError as error:
        raise _InvalidArchive(
            f"it can't be read ({_words(error)})", "Correct the name, or the permissions of the file."
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _InvalidArchive("it is a folder or a device, not a file", _OTHER_FILE)
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _words(error: OSError) -> str:
    return str(error.strerror).lower()


class _Stream:
    """The bytes of the archive, in order; each is read once."""

    def __init__(self, file: io.BufferedReader, size_bytes: int) -> None:
        self.offset = 0
        self._file = file
        self._size_bytes = size_bytes
        self._sha256 = hashlib.sha256()

    @property
    def left(self) -> int:
        """How many bytes are left to read."""
        return self._size_bytes - self.offset

    def sha256(self) -> str:
        """The digest of all bytes read."""
        return self._sha256.hexdigest()

    def read(self, size: int, what: str) -> bytes:
        """Returns the next bytes. ``what`` describes them in messages."""
        return b"".join(self.pieces(size, what))

    def pieces(self, size: int, what: str) -> Iterator[bytes]:
        """Yields the next bytes in pieces of at most 256 KiB."""
        if size > self.left:
            raise _InvalidArchive(
                f"it is cut off: {what} takes {size} bytes from byte {self.offset} on, but only {self.left} are left",
                _DOWNLOAD_AGAIN,
            )
        end = self.offset + size
        while self.offset < end:
            piece = self._file.read(min(end - self.offset, 256 * 1024))
            if not piece:
                raise _changed()
            self._sha256.update(piece)
            self.offset += len(piece)
            yield piece

    def skip_padding(self, what: str) -> None:
        """Skips to the next multiple of 4, where all parts of a cpio begin. The padding has to be zero."""
        if any(self.read(-self.offset % 4, f"the padding of {what}")):
            raise _InvalidArchive(
                f"the padding of {what}, just before byte {self.offset}, is not zero", _DOWNLOAD_AGAIN
            )


def _changed() -> _InvalidArchive:
    return _InvalidArchive("it was changed while it was read", "Run the task again when the file is complete.")


def _read(path: str, file: io.BufferedReader) -> Archive:
    try:
        return _read_whole(path, file)
    except OSError as error:
        raise _InvalidArchive(
            f"it can't be read to its end ({_words(error)})", "Check the disk that it is on."
        ) from error


def _read_whole(path: str, file: io.BufferedReader) -> Archive:
    identity = _identity(path, file)
    size_bytes = os.fstat(file.fileno()).st_size
    _check_size(size_bytes)
    _check_kind(file.peek(512))
    stream = _Stream(file, size_bytes)
    description = _description(_first_entry(stream, DESCRIPTION, DESCRIPTION_BYTES_MAX))
    _first_entry(stream, SIGNATURE, DESCRIPTION_BYTES_MAX)
    images = _images(stream, description.digests)
    _check_end(stream)
    if _identity(path, file) != identity:
        raise _changed()
    return Archive(
        path,
        size_bytes,
        stream.sha256(),
        description.version,
        description.boards,
        description.hardware,
        images,
    )


def _check_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise _InvalidArchive("it is empty", _DOWNLOAD_AGAIN)
    if size_bytes + FORM_BYTES_RESERVED > UPLOAD_BYTES_MAX:
        raise _InvalidArchive(
            f"it has {size_bytes} bytes, but a miner accepts at most {UPLOAD_BYTES_MAX - FORM_BYTES_RESERVED}",
            _OTHER_FILE,
        )


_CRC_MAGIC = b"070702"
_KINDS = {
    b"070701": "a cpio archive in the format newc, but miners accept only the format crc (cpio -H crc)",
    b"070707": "a cpio archive in the format odc, but miners accept only the format crc (cpio -H crc)",
    b"\xc7\x71": "a cpio archive in an old format, but miners accept only the format crc (cpio -H crc)",
    b"\x71\xc7": "a cpio archive in an old format, but miners accept only the format crc (cpio -H crc)",
    b"\x7fELF": "a program (ELF)",
    b"\x1f\x8b": "compressed (gzip)",
    b"BZh": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"PK": "a zip archive",
    b"UBI#": "a bare UBI image",
    b"\x27\x05\x19\x56": "a bare U-Boot image",
    b"\xd0\x0d\xfe\xed": "a bare device tree",
}
_WEB_PAGES = (b"<!doctype", b"<html", b"<head", b"<?xml")


def _check_kind(head: bytes) -> None:
    for magic, kind in _KINDS.items():
        if head.startswith(magic):
            raise _InvalidArchive(f"it is {kind}", _OTHER_FILE)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGES):
        raise _InvalidArchive("it is a web page, probably an error page that was saved in its place", _DOWNLOAD_AGAIN)
    if not head.startswith(_CRC_MAGIC):
        raise _InvalidArchive("it does not begin like a cpio archive in the format crc", _OTHER_FILE)


# Format crc: the magic, and 13 numbers of 8 hexadecimal digits; the 7th is the size, the last two are the size of the
# name and the sum of all bytes.
_HEADER = re.compile(_CRC_MAGIC + b"[0-9A-Fa-f]{48}([0-9A-Fa-f]{8})[0-9A-Fa-f]{32}([0-9A-Fa-f]{8})([0-9A-Fa-f]{8})")
_HEADER_BYTES = 110
# SWUpdate 2018.03 refuses names of 256 bytes or more, and puts all files into one folder.
_NAME_BYTES_MAX = 255
_NAME = re.compile(r"(?!\.{1,2}\Z)[ -.0-~]+")
_TRAILER = "TRAILER!!!"
# SWUpdate 2018.03 reads no further after the trailer; cpio pads to a multiple of this.
_BLOCK_BYTES = 512


@dataclass(frozen=True)
class _Entry:
    name: str
    size_bytes: int
    checksum: int


def _entry(stream: _Stream) -> _Entry:
    start = stream.offset
    match = _HEADER.fullmatch(stream.read(_HEADER_BYTES, "the header of the next file"))
    if match is None:
        raise _InvalidArchive(f"expected the header of a file at byte {start}", _DOWNLOAD_AGAIN)
    size_bytes, name_bytes, checksum = (int(digits, 16) for digits in match.groups())
    if not 0 < name_bytes <= _NAME_BYTES_MAX:
        raise _InvalidArchive(f"the file at byte {start} has a name of {name_bytes} bytes", _DOWNLOAD_AGAIN)
    name = _name(stream.read(name_bytes, "the name of a file"), start)
    if name != _TRAILER:
        stream.skip_padding(f"the name {name}")
    return _Entry(name, size_bytes, checksum)


def _name(raw: bytes, start: int) -> str:
    name = raw[:-1].decode("latin-1")
    if raw[-1] or not _NAME.fullmatch(name):
        raise _InvalidArchive(f"the file at byte {start} has the invalid name {printable(name)!r}", _NOT_VENDORS)
    return name


def _content(stream: _Stream, entry: _Entry) -> Iterator[bytes]:
    """Yields a file's bytes in pieces, and verifies them against the packed checksum."""
    checksum = 0
    for piece in stream.pieces(entry.size_bytes, entry.name):
        checksum += byte_sum(piece)
        yield piece
    if checksum % 2**32 != entry.checksum:
        reason = f"{entry.name}, which ends at byte {stream.offset}, is damaged: its cpio checksum is wrong"
        raise _InvalidArchive(reason, _DOWNLOAD_AGAIN)
    stream.skip_padding(entry.name)


def byte_sum(data: bytes) -> int:
    """Returns the sum of all bytes, like ``sum(data)``, but several times as fast.

    The lower half of an Adler-32 that starts at 0 is the sum modulo 65521, which 256 bytes can't reach.
    """
    return sum([adler32(data[start : start + 256], 0) & 0xFFFF for start in range(0, len(data), 256)])


def _first_entry(stream: _Stream, name: str, bytes_max: int) -> bytes:
    start = stream.offset
    entry = _entry(stream)
    if entry.name != name:
        raise _InvalidArchive(f"expected {name} at byte {start}, found {entry.name}", _NOT_VENDORS)
    if not 0 < entry.size_bytes <= bytes_max:
        raise _InvalidArchive(f"{name} has {entry.size_bytes} bytes; expected 1 to {bytes_max}", _NOT_VENDORS)
    return b"".join(_content(stream, entry))


def _images(stream: _Stream, digests: Mapping[str, str]) -> tuple[str, ...]:
    """Reads all files up to the trailer, and returns the names of those to be installed."""
    found: list[str] = []
    while (entry := _entry(stream)).name != _TRAILER:
        if entry.name in (DESCRIPTION, SIGNATURE, *found):
            raise _InvalidArchive(f"it has {entry.name} twice", _NOT_VENDORS)
        if len(found) == ENTRIES_MAX:
            raise _InvalidArchive(f"it has more than {ENTRIES_MAX} files", _NOT_VENDORS)
        found.append(entry.name)
        _check_content(stream, entry, digests.get(entry.name))
    missing = [name for name in digests if name not in found]
    if missing:
        raise _InvalidArchive(f"it lacks {', '.join(missing)}, which its {DESCRIPTION} names", _DOWNLOAD_AGAIN)
    return tuple(name for name in found if name in digests)


def _check_content(stream: _Stream, entry: _Entry, digest: str | None) -> None:
    sha256 = hashlib.sha256()
    for piece in _content(stream, entry):
        sha256.update(piece)
    if digest not in (None, sha256.hexdigest()):
        reason = f"{entry.name} has the SHA-256 {sha256.hexdigest()}, but its {DESCRIPTION} says {digest}"
        raise _InvalidArchive(reason, _DOWNLOAD_AGAIN)


def _check_end(stream: _Stream) -> None:
    start = stream.offset
    if stream.left > _BLOCK_BYTES or any(stream.read(stream.left, "the padding")):
        raise _InvalidArchive(f"it continues after the archive's end at byte {start}", _DOWNLOAD_AGAIN)


# A board, and one of its two halves of the flash.
_Half = tuple[str, str]


@dataclass(frozen=True)
class _Description:
    """The content of sw-description. ``digests`` maps the name of each file to be installed to its SHA-256."""

    version: str | None
    boards: tuple[str, ...]
    hardware: tuple[str, ...]
    digests: Mapping[str, str]


def _description(raw: bytes) -> _Description:
    try:
        settings = libconfig.parse(raw.decode("utf-8", "replace"))
    except libconfig.LibconfigError as error:
        raise _invalid_description(str(error)) from error
    software = settings.get("software")
    if not isinstance(software, dict) or not isinstance(software.get("version"), str):
        raise _invalid_description("the group software or its version is missing")
    boards = _boards(software)
    digests: dict[str, str] = {}
    for half in product(boards, MODES):
        for name, digest in _files(software, half):
            if digests.setdefault(name, digest) != digest:
                raise _invalid_description(f"it has two different checksums for {name}")
    return _Description(_version(software, boards), boards, _hardware(software, boards), digests)


def _invalid_description(reason: str) -> _InvalidArchive:
    return _InvalidArchive(f"in its {DESCRIPTION}: {reason}", _NOT_VENDORS)


def _boards(software: libconfig.Group) -> tuple[str, ...]:
    """Returns the boards that the archive supports, each with both halves of the flash."""
    boards = tuple(board for board in BOARDS if isinstance(software.get(board), dict))
    halves = product(boards, MODES)
    missing = [_named(half) for half in halves if not isinstance(_at(software, _path(half)), dict)]
    if missing or not boards:
        raise _InvalidArchive(
            f"its {DESCRIPTION} has no section {' or '.join(missing or BOARDS)}; its sections are: "
            f"{_section_names(software)}",
            f"It is for another kind of miner: use an archive for the board {' or '.join(BOARDS)}.",
        )
    return boards


def _path(half: _Half) -> list[str]:
    board, mode = half
    return [board, SELECTION, mode]


def _named(half: _Half) -> str:
    return ".".join(_path(half))


def _section_names(software: libconfig.Group) -> str:
    return printable(", ".join(name for name, value in software.items() if isinstance(value, dict))) or "none"


def _files(software: libconfig.Group, half: _Half) -> Iterator[tuple[str, str]]:
    """Yields the name and SHA-256 of each file that is installed or run."""
    items = [item for kind in ("images", "files", "scripts") for item in _groups(software, half, kind)]
    if not items:
        raise _invalid_description(f"{_named(half)} installs nothing")
    for number, item in enumerate(items, 1):
        name, digest = item.get("filename"), item.get("sha256")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _invalid_description(f"file {number} of {_named(half)} has no usable filename")
        if not isinstance(digest, str) or not re.fullmatch("[0-9A-Fa-f]{64}", digest):
            raise _invalid_description(f"{name} of {_named(half)} has no SHA-256")
        yield name, digest.lower()


def _version(software: libconfig.Group, boards: Sequence[str]) -> str | None:
    """Returns the version that the firmware sets in U-Boot's environment, where the miner reads its own version."""
    by_half = {half: _versions(software, half) for half in product(boards, MODES)}
    versions = sorted(set().union(*by_half.values()))
    if not versions:
        return None
    if len(versions) > 1 or not all(by_half.values()):
        said = "; ".join(f"{_named(half)}: {', '.join(sorted(found)) or 'none'}" for half, found in by_half.items())
        raise _invalid_description(f"its version depends on the half of the flash ({said})")
    return versions[0]


def _versions(software: libconfig.Group, half: _Half) -> set[str]:
    kind = "uboot" if _find(software, half, "uboot") is not None else "bootenv"
    values = [item.get("value") for item in _groups(software, half, kind) if item.get("name") in VERSION_VARIABLES]
    return {_word(value, "a version") for value in values}


def _hardware(software: libconfig.Group, boards: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for board in boards:
        revisions = _find(software, (board, MODES[0]), "hardware-compatibility")
        if not isinstance(revisions, (list, tuple)) or not revisions:
            raise _invalid_description("hardware-compatibility does not list any hardware")
        found.update(dict.fromkeys(_word(revision, "a hardware revision") for revision in revisions))
    return tuple(found)


def _word(value: libconfig.Value | None, what: str) -> str:
    if isinstance(value, str) and re.fullmatch("[!-~]{1,64}", value):
        return value
    raise _invalid_description(f"{printable(str(value))!r} is not {what}")


def _groups(software: libconfig.Group, half: _Half, kind: str) -> Iterator[libconfig.Group]:
    items = _find(software, half, kind)
    if not isinstance(items, (list, tuple, type(None))):
        raise _invalid_description(f"{kind} of {_named(half)} is not a list")
    for item in items or ():
        if not isinstance(item, dict):
            raise _invalid_description(f"{kind} of {_named(half)} has an entry that is not a group")
        yield item


def _find(software: libconfig.Group, half: _Half, name: str) -> libconfig.Value | None:
    """Looks up a setting like SWUpdate 2018.03: the most specific section that has it, otherwise the general one."""
    board, mode = half
    for section in ([board, SELECTION, mode], [SELECTION, mode], [board], []):
        value = _at(software, [*section, name])
        if value is not None:
            return value
    return None


def _at(value: libconfig.Value | None, names: list[str]) -> libconfig.Value | None:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


_Identity = list[Union[str, int]]


def _identity(path: str, file: io.BufferedReader) -> _Identity:
    """What distinguishes a file from other files, and from itself after a change."""
    status = os.fstat(file.fileno())
    return [os.path.realpath(path), status.st_size, status.st_mtime_ns, status.st_ino]


def _shared_verdict(path: str, file: io.BufferedReader, folder: Path) -> Archive:
    identity = _identity(path, file)
    name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    kept = folder / f"firmware-{name}.json"
    verdict = _load_verdict(kept, identity)
    with suppress(OSError), _locked(folder / f"firmware-{name}.lock"):
        verdict = verdict or _load_verdict(kept, identity) or _save_verdict(kept, identity, _verdict(path, file))
    verdict = verdict or _verdict(path, file)
    if isinstance(verdict, _InvalidArchive):
        raise verdict
    return verdict


def _verdict(path: str, file: io.BufferedReader) -> Archive | _InvalidArchive:
    try:
        return _read(path, file)
    except _InvalidArchive as error:
        return error


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Admits one process at a time; the lock is released if its holder dies."""
    with file.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _save_verdict(kept: Path, identity: _Identity, verdict: Archive | _InvalidArchive) -> Archive | _InvalidArchive:
    """Writes the verdict under another name first, so that nobody reads half of it."""
    refusal = [verdict.reason, verdict.hint] if isinstance(verdict, _InvalidArchive) else None
    archive = None if isinstance(verdict, _InvalidArchive) else asdict(verdict)
    with suppress(OSError), tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as half:
        json.dump({"identity": identity, "archive": archive, "refusal": refusal}, half)
        half.close()
        Path(half.name).replace(kept)
    return verdict


def _load_verdict(kept: Path, identity: _Identity) -> Archive | _InvalidArchive | None:
    try:
        content = json.loads(kept.read_text(encoding="utf-8"))
        if content["identity"] != identity:
            return None
        return _InvalidArchive(*content["refusal"]) if content["refusal"] else _archive(content["archive"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _archive(content: dict[str, Any]) -> Archive:
    lists = {name: tuple(content[name]) for name in ("boards", "hardware", "images")}
    return Archive(**{**content, **lists})
