# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archives, and the reading of them piece by piece."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.simulator.control import CHECKOUT
from tests.simulator.firmware import IMAGES, build
from tests.simulator.updater.swupdate import libconfig
from tests.simulator.updater.swupdate.cpio import checksum
from tests.simulator.updater.swupdate.description import Description, read
from tests.simulator.updater.swupdate.signature import key, sign
from tests.simulator.updater.swupdate.verifier import Board, Verifier
from tests.simulator.web.multipart import PartBegins, PartData, PartEnds, Parts, boundary_of

ENTRIES = ["sw-description", "sw-description.sig", *IMAGES]


def unpack(data: bytes) -> Iterator[tuple[str, bytes, int]]:
    """An independent reader of the format: names, contents and checksums."""
    at = 0
    while True:
        fields = [int(data[at + start : at + start + 8], 16) for start in range(6, 110, 8)]
        name = data[at + 110 : at + 110 + fields[11] - 1].decode()
        if name == "TRAILER!!!":
            return
        start = at + (110 + fields[11] + 3) // 4 * 4
        yield name, data[start : start + fields[6]], fields[12]
        at = start + (fields[6] + 3) // 4 * 4


def verify(data: bytes, piece: int = 2**16, software_set: str = "alt", room: int = 10**9) -> tuple[Verifier, list[str]]:
    said: list[str] = []
    verified = Verifier(Board("g19", "t1.g19", software_set, room), said.append, lambda description: None)
    for at in range(0, len(data), piece):
        verified.feed(data[at : at + piece])
    verified.finish()
    return verified, said


def test_layout(tmp_path: Path) -> None:
    data = build(tmp_path / "a.swu", version="t1_20190102_030405", hardware=("t1.g19", "t2.g19")).read_bytes()
    assert data[:6] == b"070702"
    assert len(data) % 512 == 0
    entries = list(unpack(data))
    assert [name for name, _unused, _unused in entries] == ENTRIES
    assert all(sum(content) == check for _unused, content, check in entries)
    contents = {name: content for name, content, _unused in entries}
    assert {name: len(contents[name]) for name in IMAGES} == IMAGES
    assert len(contents["sw-description.sig"]) == 256
    key().public_key().verify(contents["sw-description.sig"], contents["sw-description"], PKCS1v15(), SHA256())
    software = libconfig.parse(contents["sw-description"].decode())["software"]
    assert (software["version"], software["hardware-compatibility"]) == ("0.1.0", ["t1.g19", "t2.g19"])
    sets = software["g19"]["stable"]
    assert [[image["device"] for image in sets[name]["images"]] for name in ("main", "alt")] == [
        ["mtd0", "mtd2", "mtd4", "mtd6", "mtd8"],
        ["mtd0", "mtd3", "mtd5", "mtd7", "mtd9"],
    ]
    assert sets["main"]["images"][0] == {
        "filename": "BOOT.bin",
        "type": "flash",
        "device": "mtd0",
        "sha256": hashlib.sha256(contents["BOOT.bin"]).hexdigest(),
        "name": "bootloader",
        "version": "2017.01",
    }
    assert sets["alt"]["uboot"] == [
        {"name": "image_flag", "value": "1"},
        {"name": "version_1", "value": "t1_20190102_030405"},
    ]


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    one, two, other = (build(tmp_path / name, version=name) for name in ("a", "b", "c"))
    assert build(tmp_path / "again", version="a").read_bytes() == one.read_bytes()
    assert two.read_bytes() != one.read_bytes() != other.read_bytes()


def test_large_archives_are_quick(tmp_path: Path) -> None:
    """100 MB in about a third of a second on an idle core."""
    began = time.monotonic()
    path = build(tmp_path / "large.swu", images={"rootfs.ubi": 100_000_000})
    assert time.monotonic() - began < 5
    assert path.stat().st_size > 100_000_000
    path.unlink()


@pytest.mark.parametrize("piece", [1, 7, 111, 512, 2**20])
def test_pieces_of_any_size(tmp_path: Path, piece: int) -> None:
    data = build(tmp_path / "a.swu", images={"a": 1, "b": 0, "c": 5001}, pad=1000).read_bytes()
    verified, said = verify(data, piece)
    assert verified.rejected is None
    assert verified.present == {"a": 1, "b": 0, "c": 5001}
    assert (verified.rejected, said) == (None, verify(data)[1])
    assert [image.filename for image in verified.images()] == ["c", "b", "a"]


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    """Wherever an archive ends before its last entry."""
    data = build(tmp_path / "a.swu", images={"a": 40, "b": 2}).read_bytes()
    end = data.index(b"TRAILER!!!")
    verdicts = {size: verify(data[:size])[0].rejected for size in range(end)}
    assert None not in verdicts.values()
    assert set(verdicts.values()) == {"not_cpio", "checksum_mismatch", "hash_mismatch", "truncated"}
    assert verify(data[: end + 11])[0].rejected is None


@pytest.mark.parametrize(
    ("options", "rejected"),
    [
        ({}, None),
        ({"description": "software = { version = 1; }"}, "unparsable"),
        ({"description": 'software = { version = "1"; }'}, "unparsable"),
        ({"description": "(" * 100000}, "unparsable"),
        ({"image_bytes": {"uImage": b"kernel"}}, None),
        ({"signature": sign}, None),
        ({"signature": lambda text: b"signed in another way"}, "bad_signature"),
        ({"reorder": [*ENTRIES[:2], *reversed(ENTRIES[2:])]}, None),
    ],
)
def test_verdicts(tmp_path: Path, options: dict[str, Any], rejected: str | None) -> None:
    assert verify(build(tmp_path / "a.swu", **options).read_bytes())[0].rejected == rejected


def test_image_without_a_hash(tmp_path: Path) -> None:
    text = (
        'software = { version = "0.1.0"; hardware-compatibility: ["t1.g19"];'
        'images: ({ filename = "a"; type = "flash"; device = "mtd4"; }); }'
    )
    verified, said = verify(build(tmp_path / "a.swu", images={"a": 5}, description=text).read_bytes())
    assert verified.rejected == "no_hash"
    assert "Hash not set for a Aborting" in said[-2]


def test_entries_that_nobody_needs_are_skipped(tmp_path: Path) -> None:
    text = 'software = { version = "0"; hardware-compatibility: ["t1.g19"]; uboot: ({ name = "x"; value = "1"; }); }'
    verified, said = verify(build(tmp_path / "a.swu", images={"a": 5}, description=text).read_bytes())
    assert verified.rejected is None
    assert said[-1] == "[extract_files] : Found file:  filename a  size 5 Not required: skipping"
    assert verified.description is not None
    assert verified.description.variables == {"x": "1"}


def test_room(tmp_path: Path) -> None:
    data = build(tmp_path / "a.swu").read_bytes()
    assert verify(data, room=sum(IMAGES.values()))[0].rejected is None
    assert verify(data, room=sum(IMAGES.values()) - 1)[0].rejected == "no_room"


def test_checksum() -> None:
    for data in (b"", b"\xff" * 100_000, bytes(range(256)) * 300 + b"x"):
        assert checksum(data, 7) == (7 + sum(data)) & 0xFFFFFFFF


# The language of sw-description.


def test_language() -> None:
    text = """
    # a comment
    a = 1; b : "x" "y\\n\\"z\\""  // another
    c = { d-e = [ 1, 0x1F, -2L ], f = ( { g = true }, "h", ( ) ); };
    /* and
       one more */ i = 1.5e3
    """
    assert libconfig.parse(text) == {
        "a": "1",
        "b": 'xy\n"z"',
        "c": {"d-e": ["1", "0x1F", "-2L"], "f": [{"g": True}, "h", []]},
        "i": "1.5e3",
    }


@pytest.mark.parametrize(
    "text", ["a", "a =", "a = {", "a = ( 1 2 )", "a = b", "= 1", 'a = "x', "a = 1; a = 2", "a = @", "}", "a = [1"]
)
def test_what_is_not_the_language(text: str) -> None:
    with pytest.raises(libconfig.SyntaxProblemError):
        libconfig.parse(text)


def test_nearest_place_wins() -> None:
    def described(text: str) -> Description:
        found = read(libconfig.parse(f'software = {{ version = "1"; {text} }}'), "g19", "main")
        assert found is not None
        return found

    general = 'hardware-compatibility = [ "general" ];'
    assert described(general).hardware == ("general",)
    assert described(general + 'g19 = { hardware-compatibility = [ "board" ]; };').hardware == ("board",)
    nearest = 'g19 = { stable = { main = { hardware-compatibility = [ "set" ]; }; }; };'
    assert described(general + nearest).hardware == ("set",)


# The body of an upload.


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_parts_in_pieces(piece: int) -> None:
    body = (
        b'ignored\r\n--b\r\nContent-Disposition: form-data; name="x"; filename="a;\\"1.swu"\r\n\r\n'
        b"12\r\n--\r\n-3\r\n--b\r\nContent-Disposition: form-data; name=y\r\n\r\n\r\n--b--\r\nignored"
    )
    parts = Parts(b"b")
    begun: list[tuple[str, bytes]] = []
    ended = 0
    for at in range(0, len(body), piece):
        for event in parts.feed(body[at : at + piece]):
            if isinstance(event, PartBegins):
                begun.append((event.filename, b""))
            elif isinstance(event, PartData):
                begun[-1] = (begun[-1][0], begun[-1][1] + event.data)
            ended += isinstance(event, PartEnds)
    assert begun == [('a;"1.swu', b"12\r\n--\r\n-3"), ("", b"")]
    assert (ended, parts.finished) == (2, True)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b"', b"a b"),
        ("multipart/form-data", None),
        ("application/octet-stream; boundary=abc", None),
        ("", None),
    ],
)
def test_boundary(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


# The command.


def test_command(tmp_path: Path) -> None:
    options = ["--version", "t1_20200101_000000", "--size", "100000", "--hardware", "t2.g19", "--wrong-hash", "uImage"]
    command = [sys.executable, "-m", "tests.simulator.firmware", str(tmp_path / "out.swu"), *options]
    subprocess.run(command, cwd=CHECKOUT, check=True, timeout=30)
    expected = build(
        tmp_path / "same.swu",
        "t1_20200101_000000",
        ("t2.g19",),
        {**IMAGES, "rootfs.ubi": 100000},
        wrong_hash="uImage",
    )
    assert (tmp_path / "out.swu").read_bytes() == expected.read_bytes()
