# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds firmware archives: good ones, and ones with a single error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

VERSION = "t1_20180701_120000"
IMAGES = MappingProxyType(
    {
        "BOOT.bin": b"boot" * 33,
        "devicetree.dtb": b"\xd0\x0d\xfe\xed",
        "system.bit": bytes(range(256)) * 3,
        "uImage": b"kernel.",
        "rootfs.ubi": b"UBI#" + bytes(range(255, 0, -1)) * 80,
    }
)
SIGNATURE = b"\x5a" * 256
CRC = b"070702"


def entry(name: str, data: bytes = b"", magic: bytes = CRC, **fields: int) -> bytes:
    """One file of a cpio archive. ``fields`` are wrong numbers for its header."""
    encoded = name.encode() + b"\0"
    header = {
        **dict.fromkeys(["ino", "mode", "uid", "gid", "nlink", "mtime"], 0),
        "filesize": len(data),
        **dict.fromkeys(["dev_major", "dev_minor", "rdev_major", "rdev_minor"], 0),
        "namesize": len(encoded),
        "checksum": sum(data) % 2**32,
        **fields,
    }
    numbers = b"".join(b"%08X" % value for value in header.values())
    return aligned(magic + numbers + encoded) + aligned(data)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def aligned(data: bytes, to: int = 4) -> bytes:
    return data + b"\0" * (-len(data) % to)


TRAILER = entry("TRAILER!!!")


def cpio(*entries: bytes) -> bytes:
    """The files with the trailer and padding."""
    return aligned(b"".join(entries) + TRAILER, 512)


def half(files: Mapping[str, bytes], flag: int, version: str | None, /, **groups: str) -> str:
    """One half of the flash in the description. ``groups`` replaces some of its lists."""
    listed = ",".join(
        f'{{ filename = "{name}"; device = "mtd{number}"; type = "flash"; sha256 = "{digest_of(data)}"; }}'
        for number, (name, data) in enumerate(files.items())
    )
    variables = f'{{ name = "image_flag"; value = "{flag}"; }}'
    if version is not None:
        variables += f', {{ name = "version_{flag}"; value = "{version}"; }}'
    lists = {"images": f"( {listed} )", "uboot": f"( {variables} )", **groups}
    return " ".join(f"{name}: {content};" for name, content in lists.items())


def description(
    main: str | None = None,
    alt: str | None = None,
    hardware: str | None = '[ "t1.g19" ]',
    board: str = "g19",
    more: str = "",
) -> str:
    """A description of IMAGES, with some of its parts replaced. ``more`` is added next to the board."""
    main = half(IMAGES, 0, VERSION) if main is None else main
    alt = half(IMAGES, 1, VERSION) if alt is None else alt
    compatibility = "" if hardware is None else f"hardware-compatibility: {hardware};"
    return f"""software = {{
        version = "0.1.0";
        {compatibility}
        {more}
        {board}: {{ stable: {{ main: {{ {main} }}; alt: {{ {alt} }}; }}; }};
    }}
    """


def described(text: str, images: Mapping[str, bytes] = IMAGES) -> bytes:
    """An archive with this description."""
    files = [("sw-description", text.encode()), ("sw-description.sig", SIGNATURE), *images.items()]
    return cpio(*[entry(name, data) for name, data in files])


def firmware(files: Mapping[str, bytes] = IMAGES, /, **parts: Any) -> bytes:
    """A good archive, or one whose description is made of other parts."""
    return described(description(**parts), files)


def entries(replaced: Mapping[str, bytes | None] | None = None, order: Sequence[str] | None = None) -> list[bytes]:
    """The files of a good archive, with some replaced or left out, or in another order."""
    files = {"sw-description": description().encode(), "sw-description.sig": SIGNATURE, **IMAGES}
    made: dict[str, bytes | None] = {name: entry(name, data) for name, data in files.items()}
    made |= replaced or {}
    return [found for name in order or made if (found := made[name]) is not None]
