# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the tests' archives with SWUpdate itself: it installs exactly those that our reader accepts.

Debian has a newer SWUpdate than the miners, so there are differences, which are listed here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidFirmware
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.archive import read_archive

from tests.integration.real_swupdate import PROGRAM, SWUpdate
from tests.simulator import firmware

BOARD, HARDWARE = "g19", "t1.g19"
# Set where a missing SWUpdate is an error, as in CI.
REQUIRED = "REQUIRE_SWUPDATE"


@dataclass(frozen=True)
class Case:
    """How an archive is built, which of both accepts it, and the reason for a difference."""

    built: Mapping[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    ours: bool = False
    theirs: bool = False


def taken(**built: Any) -> Case:
    return Case(built, ours=True, theirs=True)


def refused(**built: Any) -> Case:
    return Case(built)


NAMES = list(firmware.IMAGES)
CASES = {
    "good": taken(),
    "for-more-hardware": taken(hardware=["t2.g19", "t1.g19", "b29.g19"]),
    "one-image": taken(images={"rootfs.ubi": 4096}),
    "odd-sizes": taken(images={"a": 1, "bc": 2, "def": 3, "ghij": 511, "klmno": 513}),
    "larger": taken(images={**firmware.IMAGES, "rootfs.ubi": 8 * 2**20}),
    "halves-by-letters": taken(flags="ab"),
    "images-reordered": taken(reorder=["sw-description", "sw-description.sig", *reversed(NAMES)]),
    "for-other-hardware": refused(hardware=["t2.g19"]),
    "for-another-board": refused(board="g9"),
    "for-the-other-board": refused(board="soc"),
    "wrong-hash": refused(wrong_hash="uImage"),
    "wrong-checksum": refused(wrong_checksum="system.bit"),
    "image-missing": refused(missing_image="uImage"),
    "unsigned": refused(signature=None),
    "description-last": refused(reorder=[*NAMES, "sw-description", "sw-description.sig"]),
    "signature-last": refused(reorder=["sw-description", *NAMES, "sw-description.sig"]),
    "no-libconfig": refused(description="software = { version = ;"),
    "nothing-to-install": refused(description='software = { version = "1"; hardware-compatibility: [ "t1.g19" ]; };'),
    **{f"cut-off-at-{size}": refused(truncate=size) for size in [0, 5, 110, 200, 3000, 70000, 300000, 606000]},
    "web-page": Case(content=b"<!doctype html><title>404 Not Found</title>" * 20),
    "gzip": Case(content=b"\x1f\x8b\x08\0" + bytes(600)),
    "program": Case(content=b"\x7fELF" + bytes(600)),
    # Only the miner can check the signer.
    "other-signer": Case({"signature": "bad"}, ours=True),
    # The miner's version supports only the format crc, this one both.
    "newc": Case({"format": "newc"}, theirs=True),
    # The miner's version stops at the first block after the trailer, this one reads to the end.
    "padded": Case({"pad": 8192}, theirs=True),
}


@pytest.fixture(scope="module")
def swupdate(tmp_path_factory: pytest.TempPathFactory) -> SWUpdate:
    if PROGRAM is None:
        missing = "SWUpdate is not installed (Debian's package swupdate), so that only our own reader judges archives"
        assert not os.environ.get(REQUIRED), missing
        pytest.skip(missing)
    return SWUpdate.make(tmp_path_factory.mktemp("swupdate"))


def archive_of(case: Case, swupdate: SWUpdate, folder: Path) -> Path:
    path = folder / "archive.swu"
    if case.content is not None:
        path.write_bytes(case.content)
        return path
    return firmware.build(path, **{"signature": swupdate.sign, **case.built})


@pytest.mark.parametrize("name", list(CASES))
def test_our_reader_and_swupdate_agree(swupdate: SWUpdate, name: str, tmp_path: Path) -> None:
    case = CASES[name]
    archive = archive_of(case, swupdate, tmp_path)
    try:
        found = read_archive(str(archive))
        ours = HARDWARE in found.hardware and BOARD in found.boards
    except InvalidFirmware:
        ours = False
    assert ours == case.ours
    assert swupdate.accepts(archive) == case.theirs


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.ours and case.theirs])
def test_what_our_reader_takes_is_installed(swupdate: SWUpdate, name: str, tmp_path: Path) -> None:
    built = dict(CASES[name].built)
    images = built.get("images", firmware.IMAGES)
    digests = {image: firmware.content(image, size).sha256() for image, size in images.items()}
    described = firmware.describe(firmware.VERSION, built.pop("hardware", [HARDWARE]), digests, BOARD, "rawfile")
    built["description"] = described.replace("/tmp/out-", f"{tmp_path}/")
    archive = archive_of(Case(built), swupdate, tmp_path)
    assert set(read_archive(str(archive)).images) == set(images)
    assert swupdate.installs(archive)
    for image, size in images.items():
        assert (tmp_path / image).read_bytes() == b"".join(firmware.content(image, size).pieces())
