# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds firmware archives that simulated miners accept, and broken ones: python -m tests.simulator.firmware --help."""

from __future__ import annotations

import argparse
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .updater.swupdate.cpio import CRC_MAGIC, NEWC_MAGIC, TRAILER, checksum, header, padding
from .updater.swupdate.signature import sign
from .updater.swupdate.verifier import DESCRIPTION, SIGNATURE

# The images of a real archive, small enough to be created instantly.
IMAGES = MappingProxyType(
    {"BOOT.bin": 60000, "devicetree.dtb": 12345, "system.bit": 80000, "uImage": 150000, "rootfs.ubi": 300000}
)
# The partitions of the two software sets, image by image.
MAIN_DEVICES = (0, 2, 4, 6, 8)
ALT_DEVICES = (0, 3, 5, 7, 9)
VERSION = "t1_20180901_120000"
MAGICS = {"crc": CRC_MAGIC, "newc": NEWC_MAGIC}
# Content repeats after this many bytes, so that large images cost little.
BLOCK = 2**20


@dataclass(frozen=True)
class Content:
    """The bytes of an image: a block repeated up to a size."""

    block: bytes
    size: int

    def pieces(self) -> Iterator[bytes]:
        whole, rest = divmod(self.size, len(self.block) or 1)
        for _unused in range(whole):
            yield self.block
        if rest:
            yield self.block[:rest]

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def checksum(self) -> int:
        whole, rest = divmod(self.size, len(self.block) or 1)
        return (checksum(self.block) * whole + checksum(self.block[:rest])) & 0xFFFFFFFF


def build(
    path: str | Path,
    version: str = VERSION,
    hardware: Sequence[str] = ("t1.g19",),
    images: Mapping[str, int] = IMAGES,
    *,
    board: str = "g19",
    flags: str = "01",
    handler: str = "flash",
    format: str = "crc",  # noqa: A002 - as cpio calls it
    signature: str | Callable[[bytes], bytes] | None = "good",
    description: str | None = None,
    image_bytes: Mapping[str, bytes] | None = None,
    wrong_hash: str | None = None,
    wrong_checksum: str | None = None,
    missing_image: str | None = None,
    reorder: Sequence[str] | None = None,
    truncate: int | None = None,
    pad: int = 0,
) -> Path:
    """Writes an archive; the same arguments give the same bytes.

    `images` are sizes by name, `image_bytes` sets the content of some. `flags` are the boot loader's names for the two
    slots, `01` or `ab`. `handler` is `flash` or `rawfile`, `description` replaces the text of sw-description.
    `signature` is `good`, `bad`, None for none, or a function that signs in another way. `wrong_hash`, `wrong_checksum`
    and `missing_image` name an entry, `reorder` lists all entries in their new order. The archive is cut after
    `truncate` bytes, and `pad` zeros follow a complete one.
    """
    contents = {name: content(name, size) for name, size in images.items()}
    contents.update((name, Content(data, len(data))) for name, data in (image_bytes or {}).items())
    hashes = {name: image.sha256() for name, image in contents.items()}
    if wrong_hash is not None:
        hashes[wrong_hash] = hashlib.sha256(hashes[wrong_hash].encode()).hexdigest()
    text = (description or describe(version, hardware, hashes, board, handler, flags)).encode()
    entries = {DESCRIPTION: Content(text, len(text))}
    if signature is not None:
        signed = signature(text) if callable(signature) else sign(text if signature == "good" else text + b" ")
        entries[SIGNATURE] = Content(signed, len(signed))
    entries.update((name, image) for name, image in contents.items() if name != missing_image)
    path = Path(path)
    with path.open("wb") as file:
        for number, name in enumerate(reorder or entries, 1):
            packed = entries[name]
            check = packed.checksum() + (name == wrong_checksum) if format == "crc" else 0
            file.write(header(MAGICS[format], name, packed.size, check, number))
            file.writelines(packed.pieces())
            file.write(bytes(padding(packed.size)))
        file.write(header(MAGICS[format], TRAILER, 0, 0, 0))
        # cpio pads its last block.
        file.write(bytes(-file.tell() % 512 + pad))
        if truncate is not None:
            file.truncate(truncate)
    return path


def describe(
    version: str, hardware: Sequence[str], hashes: Mapping[str, str], board: str, handler: str, flags: str = "01"
) -> str:
    """A sw-description with a set for each of the two slots."""
    revisions = ", ".join(f'"{revision}"' for revision in hardware)
    main = _set(flags[0], version, hashes, MAIN_DEVICES, handler)
    alt = _set(flags[1], version, hashes, ALT_DEVICES, handler)
    return (
        f'software =\n{{\n\tversion = "0.1.0";\n\thardware-compatibility: [ {revisions} ];\n\t{board}: {{\n'
        f"\t\tstable: {{\n\t\t\tmain: {{\n{main}\t\t\t}};\n\t\t\talt: {{\n{alt}\t\t\t}};\n\t\t}};\n\t}};\n}}\n"
    )


def _set(flag: str, version: str, hashes: Mapping[str, str], devices: Sequence[int], handler: str) -> str:
    items = []
    for number, (name, sha256) in enumerate(hashes.items()):
        if handler == "rawfile":
            fields = [("filename", name), ("path", f"/tmp/out-{name}"), ("sha256", sha256)]
        else:
            device = devices[number] if number < len(devices) else 10 + number
            fields = [("filename", name), ("type", "flash"), ("device", f"mtd{device}"), ("sha256", sha256)]
            fields += [("name", "bootloader"), ("version", "2017.01")] if number == 0 else []
        items.append("{ " + " ".join(f'{key} = "{value}";' for key, value in fields) + " }")
    kind = "files" if handler == "rawfile" else "images"
    variables = ", ".join(
        f'{{ name = "{name}"; value = "{value}"; }}'
        for name, value in (("image_flag", flag), (f"version_{flag}", version))
    )
    lines = ",\n\t\t\t\t\t".join(items)
    return f"\t\t\t\t{kind}: (\n\t\t\t\t\t{lines}\n\t\t\t\t);\n\t\t\t\tuboot: ( {variables} );\n"


def content(name: str, size: int) -> Content:
    """The content of an image of this name and size."""
    return Content(random.Random(name).randbytes(min(size, BLOCK)), size)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator.firmware", description="Build a firmware archive.")
    parser.add_argument("path", type=Path, metavar="OUT.swu")
    parser.add_argument("--version", default=VERSION, help="what the miner runs afterwards (%(default)s)")
    parser.add_argument("--hardware", action="append", help="a revision that it is for; may be repeated (t1.g19)")
    parser.add_argument("--board", default="g19", help="the board that it is for (%(default)s)")
    parser.add_argument("--flags", choices=["01", "ab"], default="01", help="what its two slots are called")
    parser.add_argument("--size", type=int, metavar="BYTES", help="of the root file system")
    parser.add_argument("--format", choices=list(MAGICS), default="crc", help="of the archive (%(default)s)")
    parser.add_argument("--signature", choices=["good", "bad", "none"], default="good")
    for name in ("wrong-hash", "wrong-checksum", "missing-image"):
        parser.add_argument(f"--{name}", choices=list(IMAGES), metavar="IMAGE", help=f"one of {', '.join(IMAGES)}")
    parser.add_argument("--truncate", type=int, metavar="BYTES", help="end after so many bytes")
    parser.add_argument("--pad", type=int, default=0, metavar="BYTES", help="add so many zeros")
    return parser.parse_args()


def main(arguments: argparse.Namespace) -> None:
    build(
        arguments.path,
        arguments.version,
        arguments.hardware or ("t1.g19",),
        {**IMAGES, "rootfs.ubi": IMAGES["rootfs.ubi"] if arguments.size is None else arguments.size},
        board=arguments.board,
        flags=arguments.flags,
        format=arguments.format,
        signature=None if arguments.signature == "none" else arguments.signature,
        wrong_hash=arguments.wrong_hash,
        wrong_checksum=arguments.wrong_checksum,
        missing_image=arguments.missing_image,
        truncate=arguments.truncate,
        pad=arguments.pad,
    )


if __name__ == "__main__":
    main(parse_arguments())
