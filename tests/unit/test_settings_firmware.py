# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firmware is requested, and what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidFirmware,
    InvalidInput,
    MinerError,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.install import firmware_from, newest
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import Tracker
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import (
    UpdaterBusy,
    Upload,
    accept_upload,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import is_older

from .driving import Connect, asking
from .helpers import Script, recorded, said
from .helpers_swu import firmware

VERSION = "t1_20180901_120000"
OTHER = "t1_20180515_060842"
FOUR_PARTS = "t3_hub_20190528_162515"
OVERVIEW = recorded(DM_2018_05, "/api/overview")
NOTHING = {"src": None, "url": None, "latest": False, "version": None, "checksum": None}


@pytest.fixture
def archive(tmp_path: Path) -> str:
    path = tmp_path / f"{OTHER}.swu"
    path.write_bytes(firmware())
    return str(path)


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ({"url": f"http://shop.example/{VERSION}.swu?x=1"}, VERSION),
        ({"url": "http://shop.example/new", "version": VERSION}, VERSION),
        ({"url": f"http://shop.example/{FOUR_PARTS}.swu"}, FOUR_PARTS),
    ],
)
def test_the_version_of_an_address(options: dict[str, Any], version: str) -> None:
    chosen = firmware_from({**NOTHING, **options}, None)
    assert (chosen.version, chosen.order.url, chosen.archive) == (version, options["url"], None)


def test_an_archive_knows_its_version_better_than_its_name(archive: str) -> None:
    chosen = firmware_from({**NOTHING, "src": archive}, None)
    assert chosen.archive is not None
    assert chosen.version == chosen.archive.version != OTHER
    assert (chosen.order.path, chosen.order.size) == (chosen.archive.path, Path(archive).stat().st_size)


def test_the_right_checksum_is_taken_in_either_case(archive: str) -> None:
    digest = firmware_from({**NOTHING, "src": archive}, None).archive.sha256
    options = {**NOTHING, "src": archive, "checksum": f"sha256:{digest.upper()}"}
    assert firmware_from(options, None).archive.sha256 == digest


def test_the_newest_firmware_is_the_vendors(connect: Connect) -> None:
    assert firmware_from({**NOTHING, "latest": True}, None) is None
    client = connect(Script([OVERVIEW, said(success=True, version=VERSION, url="http://vendor.example/x.swu")]))
    chosen = asking(newest, client, Tracker(client.session, [], 60.0), None)
    assert (chosen.version, chosen.order.url) == (VERSION, "http://vendor.example/x.swu")


def test_a_vendor_without_an_address_is_of_no_use(connect: Connect) -> None:
    client = connect(Script([OVERVIEW, said(success=True, version=VERSION)]))
    with pytest.raises(BadReply, match="does not give a URL"):
        asking(newest, client, Tracker(client.session, [], 60.0), None)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, InvalidInput),
        ({"url": "http://a.example/b.swu", "latest": True}, InvalidInput),
        ({"url": "http://a.example/b.swu"}, InvalidInput),
        ({"url": f"http://a.example/{VERSION}.swu", "checksum": "sha256:" + "0" * 64}, InvalidInput),
        ({"src": "ARCHIVE", "checksum": "md5:0"}, InvalidInput),
        ({"src": "ARCHIVE", "checksum": "sha256:" + "0" * 64}, InvalidFirmware),
        ({"src": "ARCHIVE", "version": "t1_19990101_000000"}, InvalidFirmware),
        ({"src": "/nowhere.swu"}, InvalidFirmware),
    ],
)
def test_what_names_no_firmware_is_refused(
    options: dict[str, Any], error: type[MinerError], archive: str, connect: Connect
) -> None:
    given = {name: archive if value == "ARCHIVE" else value for name, value in options.items()}
    with pytest.raises(error):
        firmware_from({**NOTHING, **given}, None)


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        (OTHER, VERSION, True),
        (VERSION, OTHER, False),
        (VERSION, VERSION, False),
        ("t1_20180901_115959", VERSION, True),
        ("t3_hub_20190528_162514", FOUR_PARTS, True),
        (FOUR_PARTS, "t3_20190528_162514", False),
        ("t3_20190528_162514", FOUR_PARTS, True),
        ("beta", VERSION, False),
        (OTHER, None, False),
        (OTHER, "beta", False),
    ],
)
def test_firmware_is_as_old_as_its_name_says(version: str, than: str | None, older: bool) -> None:
    assert is_older(version, than) is older


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"Failed to queue command", UpdaterBusy),
        (500, b"", BadReply),
        (401, b"<html>", PermissionDenied),
        (404, b"Not Found", Unsupported),
        (413, b"<html>", Rejected),
        (504, b"<html>", BadReply),
    ],
)
def test_what_the_updater_says_to_an_upload(status: int, body: bytes, error: type[MinerError]) -> None:
    accept_upload(200, b"Ok, new.swu - 5 bytes.\r\n")
    with pytest.raises(error):
        accept_upload(status, body)


def test_an_upload_has_one_part_and_its_length() -> None:
    upload = Upload('a"b\r\n.swu', 5)
    body = upload.head + b"12345" + upload.tail
    assert len(body) == upload.length
    boundary = upload.content_type.partition("boundary=")[2].encode()
    assert body.split(b"--" + boundary)[2] == b"--\r\n"
    assert b'name="upfile"; filename="a_b__.swu"\r\n' in upload.head
