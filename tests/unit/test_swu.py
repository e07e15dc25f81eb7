# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that the miner's updater would install are accepted; everything else is refused with the reason."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidFirmware
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import archive
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.archive import (
    Archive,
    byte_sum,
    read_archive,
)
from hypothesis import given
from hypothesis import strategies as st

from .helpers_swu import (
    CRC,
    IMAGES,
    SIGNATURE,
    TRAILER,
    VERSION,
    cpio,
    described,
    description,
    digest_of,
    entries,
    entry,
    firmware,
    half,
)

GOOD = firmware()
HEADER = GOOD.index(b"uImage\0") - 110
DATA = HEADER + 120
KERNEL = IMAGES["uImage"]
CONTENT_END = GOOD.index(b"TRAILER!!!\0") + 11


def with_kernel(kernel: bytes) -> bytes:
    """The good archive with another entry in place of uImage."""
    return cpio(*entries({"uImage": kernel}))


FOREIGN = {
    "empty": (b"", "it is empty"),
    "a program": (b"\x7fELF\2\1\1" + bytes(200), "it is a program (ELF)"),
    "gzip": (b"\x1f\x8b\x08" + bytes(200), "it is compressed (gzip)"),
    "zip": (b"PK\3\4" + bytes(200), "it is a zip archive"),
    "a web page": (b"\xef\xbb\xbf\r\n <!DOCTYPE html><title>404</title>", "it is a web page, probably an error page"),
    "a short web page": (b"<html>", "it is a web page, probably an error page"),
    "an image": (IMAGES["rootfs.ubi"], "it is a bare UBI image"),
    "text": (b"404 page not found\n", "it does not begin like a cpio archive in the format crc"),
    "zeros": (bytes(4096), "it does not begin like a cpio archive in the format crc"),
    "the end of a file": (GOOD[3000:], "it does not begin like a cpio archive in the format crc"),
    "padded before": (bytes(4) + GOOD, "it does not begin like a cpio archive in the format crc"),
    "newc": (
        GOOD.replace(CRC, b"070701"),
        "it is a cpio archive in the format newc, but miners accept only the format crc",
    ),
    "odc": (b"070707" + b"0" * 200, "it is a cpio archive in the format odc"),
    "old cpio": (b"\xc7\x71" + bytes(200), "it is a cpio archive in an old format"),
}

BROKEN = {
    "only the magic": (
        CRC,
        "it is cut off: the header of the next file takes 110 bytes from byte 0 on, but only 6 are",
    ),
    "no trailer": (b"".join(entries()), "it is cut off: the header of the next file takes 110 bytes"),
    "cut in an image": (GOOD[: DATA + 3], f"it is cut off: uImage takes 7 bytes from byte {DATA} on, but only 3 are"),
    "padded between": (
        with_kernel(bytes(4) + entry("uImage", KERNEL)),
        f"expected the header of a file at byte {HEADER}",
    ),
    "padded with text": (
        GOOD.replace(KERNEL + b"\0", KERNEL + b"x"),
        f"the padding of uImage, just before byte {DATA + 8}, is not zero",
    ),
    "padded with more than a block": (GOOD + bytes(512), f"it continues after the archive's end at byte {CONTENT_END}"),
    "text at the end": (GOOD[:-1] + b"x", f"it continues after the archive's end at byte {CONTENT_END}"),
    "two archives": (GOOD + GOOD, f"it continues after the archive's end at byte {CONTENT_END}"),
    "newc inside": (with_kernel(entry("uImage", KERNEL, b"070701")), f"expected the header of a file at byte {HEADER}"),
    "no number": (GOOD.replace(b"%08X" % 7, b"0000000g"), f"expected the header of a file at byte {HEADER}"),
    "a negative number": (GOOD.replace(b"%08X" % 7, b"-0000007"), f"expected the header of a file at byte {HEADER}"),
    "an absurd size": (
        with_kernel(entry("uImage", KERNEL, filesize=2**32 - 1)),
        f"it is cut off: uImage takes 4294967295 bytes from byte {DATA} on, but only ",
    ),
    "too small a size": (
        with_kernel(entry("uImage", KERNEL, filesize=3)),
        f"uImage, which ends at byte {DATA + 3}, is damaged: its cpio checksum is wrong",
    ),
    "an absurd name": (
        with_kernel(entry("uImage", KERNEL, namesize=2**32 - 1)),
        f"the file at byte {HEADER} has a name of 4294967295 bytes",
    ),
    "no name": (with_kernel(entry("uImage", namesize=0)), f"the file at byte {HEADER} has a name of 0 bytes"),
    "too long a name": (with_kernel(entry("x" * 255)), f"the file at byte {HEADER} has a name of 256 bytes"),
    "a name without an end": (
        with_kernel(entry("uImage", namesize=6)),
        f"the file at byte {HEADER} has the invalid name 'uImag'",
    ),
    "a damaged description": (GOOD.replace(b"0.1.0", b"0.2.0"), "sw-description, which ends at byte "),
    "a damaged signature": (GOOD.replace(SIGNATURE, b"x" + SIGNATURE[1:]), "sw-description.sig, which ends at byte "),
    "a damaged image": (
        GOOD.replace(KERNEL, b"kernel,"),
        f"uImage, which ends at byte {DATA + 7}, is damaged: its cpio checksum is wrong",
    ),
    "a damaged image of the same sum": (GOOD.replace(KERNEL, b"kerenl."), "uImage has the SHA-256 "),
    "another firmware's image": (
        with_kernel(entry("uImage", b"x")),
        f"uImage has the SHA-256 {digest_of(b'x')}, but its sw-description says {digest_of(KERNEL)}",
    ),
}

REORDERED = {
    "only a trailer": (cpio(), "expected sw-description at byte 0, found TRAILER!!!"),
    "no signature": (cpio(*entries({"sw-description.sig": None})), ", found BOOT.bin"),
    "the signature is last": (
        cpio(*entries(order=["sw-description", *IMAGES, "sw-description.sig"])),
        ", found BOOT.bin",
    ),
    "the images are first": (
        cpio(*entries(order=[*IMAGES, "sw-description", "sw-description.sig"])),
        "expected sw-description at byte 0, found BOOT.bin",
    ),
    "an empty signature": (
        cpio(*entries({"sw-description.sig": entry("sw-description.sig")})),
        "sw-description.sig has 0 bytes",
    ),
    "an empty description": (described(""), "sw-description has 0 bytes; expected 1 to 262144"),
    "an endless description": (described("#" * 300_000), "sw-description has 300000 bytes"),
    "no image": (cpio(*entries({"uImage": None})), "it lacks uImage, which its sw-description names"),
    "no images": (cpio(*entries(dict.fromkeys(IMAGES))), "it lacks BOOT.bin, devicetree.dtb, system.bit, uImage, roo"),
    "an image twice": (cpio(*entries(), entry("uImage", KERNEL)), "it has uImage twice"),
    "a description twice": (cpio(*entries(), entry("sw-description", b"x")), "it has sw-description twice"),
    "many files": (cpio(*entries(), *[entry(f"file{number}") for number in range(60)]), "it has more than 64 files"),
    **{
        f"the name {name!r}": (cpio(*entries(), entry(name)), f"has the invalid name {name!r}")
        for name in ["../passwd", "/etc/passwd", "./uImage", "images/", ".", "..", ""]
    },
    "a name to confuse": (cpio(*entries(), entry("\x1b[2J")), "has the invalid name '?[2J'"),
    "a name with a tail": (cpio(*entries(), entry("uImage\0x")), "has the invalid name 'uImage?x'"),
}

MAIN, ALT = half(IMAGES, 0, VERSION), half(IMAGES, 1, VERSION)
NO_DIGEST = '( { filename = "uImage"; } )'
MISDESCRIBED = {
    "no libconfig": ('{ "software": {} }', "line 1, column 1: the name of a setting is missing, found '{'"),
    "cut off": (description()[:-10], "is missing, the text ends here"),
    "no text": ("\0\xff", "line 1, column 1: "),
    "no software": ("hardware = 1;", "the group software or its version is missing"),
    "software is no group": ("software = 1;", "the group software or its version is missing"),
    "no version of its own": (
        description().replace("version", "release", 1),
        "the group software or its version is missing",
    ),
    "another board": (
        description(board="g45", more="other: { }; text = 1;"),
        "its sw-description has no section g19 or soc; its sections are: other, g45",
    ),
    "no board": ('software: { version = "1"; }', "has no section g19 or soc; its sections are: none"),
    "one half only": (description().replace("alt:", "other:"), "its sw-description has no section g19.stable.alt;"),
    "no hardware": (description(hardware=None), "hardware-compatibility does not list any hardware"),
    "an empty list of hardware": (description(hardware="[]"), "hardware-compatibility does not list any hardware"),
    "one hardware": (description(hardware='"t1.g19"'), "hardware-compatibility does not list any hardware"),
    "a number as hardware": (description(hardware="[ 1, 2 ]"), "'1' is not a hardware revision"),
    "a sentence as hardware": (description(hardware='[ "any of them" ]'), "'any of them' is not a hardware revision"),
    "nothing to install": (description(alt=half({}, 1, VERSION)), "g19.stable.alt installs nothing"),
    "images are no list": (description(alt=half({}, 1, VERSION, images="1")), "images of g19.stable.alt is not a list"),
    "an image is no group": (
        description(main=half({}, 0, VERSION, images="(1)")),
        "images of g19.stable.main has an entry that is",
    ),
    "no file name": (
        description(main=half({}, 0, VERSION, images="({})")),
        "file 1 of g19.stable.main has no usable filename",
    ),
    "a file name with a folder": (
        description(main=half({"../x": b""}, 0, VERSION)),
        "file 1 of g19.stable.main has no usable filename",
    ),
    "no digest": (description(main=half({}, 0, VERSION, images=NO_DIGEST)), "uImage of g19.stable.main has no SHA-256"),
    "a short digest": (
        description().replace(digest_of(KERNEL), "00"),
        "uImage of g19.stable.main has no SHA-256",
    ),
    "two digests": (
        description(alt=half({**IMAGES, "uImage": b"x"}, 1, VERSION)),
        "it has two different checksums for uImage",
    ),
    "a script that is not there": (
        description(main=half(IMAGES, 0, VERSION, scripts=f'( {{ filename = "x.sh"; sha256 = "{"0" * 64}"; }} )')),
        "it lacks x.sh, which its sw-description names",
    ),
    "two versions": (
        description(alt=half(IMAGES, 1, "t1_20180101_000000")),
        "of the flash (g19.stable.main: t1_20180701_120000; g19.stable.alt: t1_20180101_000000)",
    ),
    "a version in one half": (
        description(alt=half(IMAGES, 1, None)),
        "of the flash (g19.stable.main: t1_20180701_120000; g19.stable.alt: none)",
    ),
    "a version that is a number": (
        description(main=half(IMAGES, 0, None, uboot='( { name = "version_0"; value = 1; } )')),
        "'1' is not a version",
    ),
    "a version to confuse": (description(main=half(IMAGES, 0, r"\x1b[2J")), "'?[2J' is not a version"),
    "an image that is the description": (
        description(main=half({**IMAGES, "sw-description": b"x"}, 0, VERSION)),
        "it lacks sw-description, which its sw-description names",
    ),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the archives of the tests are written."""
    return tmp_path_factory.mktemp("firmware") / f"{VERSION}.swu"


def read(file: Path, data: bytes) -> Archive:
    file.write_bytes(data)
    return read_archive(str(file))


def refusal(file: Path, data: bytes | None = None) -> InvalidFirmware:
    """The refusal of an archive; without data, of the existing file."""
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(InvalidFirmware) as caught:
        read_archive(str(file))
    return caught.value


def test_a_firmware_archive(file: Path) -> None:
    digest = hashlib.sha256(GOOD).hexdigest()
    assert read(file, GOOD) == Archive(str(file), len(GOOD), digest, VERSION, ("g19",), ("t1.g19",), tuple(IMAGES))


@pytest.mark.parametrize(
    ("data", "reason"), [*FOREIGN.values(), *BROKEN.values(), *REORDERED.values()], ids=[*FOREIGN, *BROKEN, *REORDERED]
)
def test_a_bad_archive_is_refused(file: Path, data: bytes, reason: str) -> None:
    error = refusal(file, data)
    assert reason in error.reason
    assert error.code == "invalid_firmware"


@pytest.mark.parametrize(("text", "reason"), MISDESCRIBED.values(), ids=MISDESCRIBED)
def test_a_bad_description_is_refused(file: Path, text: str, reason: str) -> None:
    assert reason in refusal(file, described(text)).reason


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"\x7fELF", "Use the vendor's .swu file as it was downloaded."),
        (GOOD[:-4096], "Download it again, and compare its size and checksum with the vendor's."),
        (
            firmware(board="g45"),
            "It is for another kind of miner: use an archive for the board g19 or soc.",
        ),
        (cpio(), "The vendor's archives are different: use the vendor's original file."),
    ],
)
def test_a_refusal_says_what_to_do(file: Path, data: bytes, hint: str) -> None:
    error = refusal(file, data)
    assert str(error) == f"The firmware '{file}' can't be installed: {error.reason}. {hint}"


MORE = {**IMAGES, "empty": b""}
NO_VERSION = {"main": half(IMAGES, 0, None), "alt": half(IMAGES, 1, None)}


@pytest.mark.parametrize(
    ("data", "version", "images"),
    [
        (GOOD[:CONTENT_END], VERSION, [*IMAGES]),
        (GOOD[:CONTENT_END] + bytes(512), VERSION, [*IMAGES]),
        (cpio(*entries(), entry("notes.txt", b"x")), VERSION, [*IMAGES]),
        (cpio(*entries(order=["sw-description", "sw-description.sig", *sorted(IMAGES)])), VERSION, sorted(IMAGES)),
        (GOOD.replace(b"%08X" % 7, b"%08x" % 7), VERSION, [*IMAGES]),
        (described(description().replace(digest_of(KERNEL), digest_of(KERNEL).upper())), VERSION, [*IMAGES]),
        (firmware(MORE, main=half(MORE, 0, VERSION)), VERSION, [*MORE]),
        (firmware({"x": b"x"}, main=half({"x": b"x"}, 0, "v2"), alt=half({"x": b"x"}, 1, "v2")), "v2", ["x"]),
        (firmware(**NO_VERSION), None, [*IMAGES]),
        (described(description().replace("uboot", "bootenv")), VERSION, [*IMAGES]),
    ],
    ids=[
        "no padding",
        "a block of padding",
        "a file that is not installed",
        "images in another order",
        "lower case digits",
        "an upper case digest",
        "an empty image",
        "other images",
        "no version",
        "bootenv",
    ],
)
def test_what_swupdate_takes_is_taken(file: Path, data: bytes, version: str | None, images: list[str]) -> None:
    archive = read(file, data)
    assert (archive.version, archive.images) == (version, tuple(images))


def test_hardware_is_listed_in_order(file: Path) -> None:
    assert read(file, firmware(hardware='( "t1.g19", "a8+.g19" )')).hardware == ("t1.g19", "a8+.g19")


T2T = "t2t+_20190401_120000"
VARIABLE = '{ name = "version_%s"; value = "%s"; }'
SOC = {"board": "soc", "hardware": '[ "t2t+.soc" ]'}
BY_LETTERS = {
    "main": half(IMAGES, 0, None, uboot=f'( {{ name = "image_flag"; value = "a"; }}, {VARIABLE % ("a", T2T)} )'),
    "alt": half(IMAGES, 1, None, uboot=f'( {{ name = "image_flag"; value = "b"; }}, {VARIABLE % ("b", T2T)} )'),
}


def test_an_archive_for_the_other_board_is_read_as_well(file: Path) -> None:
    archive = read(file, firmware(**SOC))
    assert (archive.version, archive.boards, archive.hardware) == (VERSION, ("soc",), ("t2t+.soc",))


def test_the_halves_may_be_called_by_letters(file: Path) -> None:
    assert read(file, firmware(**SOC, **BY_LETTERS)).version == T2T


def for_both_boards(of_soc: str) -> str:
    """A description of IMAGES for g19, and with another section for soc."""
    return description(hardware=None, more=f"hardware-compatibility: [ {HARDWARE} ]; soc: {of_soc};")


HARDWARE = '"t2t.g19", "t2t.soc"'


def test_an_archive_may_be_for_both_boards(file: Path) -> None:
    archive = read(file, described(for_both_boards(f"{{ stable: {{ main: {{ {MAIN} }}; alt: {{ {ALT} }}; }}; }}")))
    assert (archive.version, archive.boards) == (VERSION, ("g19", "soc"))
    assert archive.hardware == ("t2t.g19", "t2t.soc")


@pytest.mark.parametrize(
    ("of_soc", "reason"),
    [
        (f"{{ stable: {{ main: {{ {MAIN} }}; }}; }}", "has no section soc.stable.alt; its sections are: soc, g19"),
        (
            f"{{ stable: {{ main: {{ {MAIN} }}; alt: {{ {half(IMAGES, 1, T2T)} }}; }}; }}",
            f"soc.stable.main: {VERSION}; soc.stable.alt: {T2T}",
        ),
    ],
)
def test_each_board_of_an_archive_is_checked(file: Path, of_soc: str, reason: str) -> None:
    assert reason in refusal(file, described(for_both_boards(of_soc))).reason


def test_what_the_halves_do_not_set_holds_for_both(file: Path) -> None:
    text = f"""software = {{
        version = "0.1.0"; uboot: ( {{ name = "version_0"; value = "{VERSION}"; }} ); stable: {{ main: {{ {MAIN} }} }};
        g19: {{ hardware-compatibility: [ "b29.g19" ]; stable: {{ main: {{ }}; alt: {{ {ALT} }} }} }};
    }}"""
    archive = read(file, described(text))
    assert (archive.version, archive.hardware, archive.images) == (VERSION, ("b29.g19",), tuple(IMAGES))


def test_the_form_around_the_archive_has_room(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "UPLOAD_BYTES_MAX", len(GOOD) + 1024)
    assert read(file, GOOD).size_bytes == len(GOOD)
    monkeypatch.setattr(archive, "UPLOAD_BYTES_MAX", len(GOOD) + 1023)
    assert refusal(file, GOOD).reason == f"it has {len(GOOD)} bytes, but a miner accepts at most {len(GOOD) - 1}"


def test_what_is_over_100_mib_is_not_even_read(file: Path) -> None:
    file.write_bytes(GOOD)
    os.truncate(file, 2**40)
    assert refusal(file).reason == f"it has {2**40} bytes, but a miner accepts at most 104856576"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    reasons = {name: refusal(tmp_path / name).reason for name in ["", "pipe", "none", "file/x", "\0"]}
    assert reasons == {
        "": "it is a folder or a device, not a file",
        "pipe": "it is a folder or a device, not a file",
        "none": "it can't be read (no such file or directory)",
        "file/x": "it can't be read (not a directory)",
        "\0": "its name has a NUL character",
    }


def test_what_may_not_be_read_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", forbid)
    error = refusal(file)
    assert error.reason == "it can't be read (permission denied)"
    assert str(error).endswith(". Correct the name, or the permissions of the file.")


class Unruly(io.BufferedReader):
    """A file to which something happens as soon as it is read."""

    def __init__(self, descriptor: int, mode: str) -> None:
        assert mode == "rb"
        super().__init__(io.FileIO(descriptor))

    def peek(self, size: int = 0) -> bytes:
        head = super().peek(size)
        self.happen()
        return head

    def happen(self) -> None:
        """What happens."""


class Shrinking(Unruly):
    def happen(self) -> None:
        os.truncate(f"/proc/self/fd/{self.fileno()}", 100)


class Growing(Unruly):
    def happen(self) -> None:
        with open(f"/proc/self/fd/{self.fileno()}", "ab") as file:  # noqa: PTH123
            file.write(b"x")


class Failing(Unruly):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Shrinking, "it was changed while it was read"),
        (Growing, "it was changed while it was read"),
        (Failing, "it can't be read to its end (input/output error)"),
    ],
)
def test_a_file_must_hold_still(file: Path, kind: type[Unruly], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(GOOD)
    monkeypatch.setattr(os, "fdopen", kind)
    assert refusal(file).reason == reason


def test_a_large_archive_needs_little_memory(file: Path) -> None:
    size = 50 * 1024 * 1024
    digest = hashlib.sha256(bytes(size)).hexdigest()
    listed = f'( {{ filename = "rootfs.ubi"; sha256 = "{digest}"; }} )'
    text = description(half({}, 0, VERSION, images=listed), half({}, 1, VERSION, images=listed))
    head = [entry("sw-description", text.encode()), entry("sw-description.sig", SIGNATURE)]
    with file.open("wb") as output:
        output.write(b"".join([*head, entry("rootfs.ubi", filesize=size)]))
        output.seek(size, io.SEEK_CUR)
        output.write(TRAILER)
    tracemalloc.start()
    try:
        assert read_archive(str(file)).images == ("rootfs.ubi",)
        assert tracemalloc.get_traced_memory()[1] < 2 * 1024 * 1024
    finally:
        tracemalloc.stop()


@given(data=st.binary(max_size=2000) | st.integers(0, 70_000).map(lambda size: b"\xff" * size))
def test_a_checksum_is_the_sum_of_all_bytes(data: bytes) -> None:
    assert byte_sum(data) == sum(data)


@given(cut=st.integers(0, CONTENT_END - 1))
def test_no_part_of_an_archive_is_taken_for_the_whole(file: Path, cut: int) -> None:
    refusal(file, GOOD[:cut])


pieces = st.binary(max_size=8) | st.just(GOOD[HEADER : HEADER + 200])
changes = st.tuples(st.integers(0, len(GOOD)), st.integers(0, 200), pieces)


@given(made_of=st.lists(changes, min_size=1, max_size=4))
def test_a_changed_archive_is_read_or_refused(file: Path, made_of: list[tuple[int, int, bytes]]) -> None:
    data = GOOD
    for start, length, replacement in made_of:
        data = data[:start] + replacement + data[start + length :]
    with suppress(InvalidFirmware):
        archive = read(file, data)
        assert (archive.version, archive.images) == (VERSION, tuple(IMAGES))


@given(data=st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: CRC + data))
def test_any_bytes_are_refused(file: Path, data: bytes) -> None:
    refusal(file, data)


@given(text=st.text(max_size=100), at=st.integers(0, len(description())))
def test_a_changed_description_is_read_or_refused(file: Path, text: str, at: int) -> None:
    good = description()
    with suppress(InvalidFirmware):
        assert isinstance(read(file, described(good[:at] + text + good[at + len(text) :])), Archive)
