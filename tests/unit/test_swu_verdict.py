# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive is checked once per run, whatever the verdict, and again if it is another file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidFirmware
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import libconfig
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.archive import (
    Archive,
    check_archive,
    read_archive,
)

from . import forked_checks
from .helpers import ROOT
from .helpers_swu import IMAGES, VERSION, cpio, firmware

GOOD = firmware()
BAD = GOOD[:-4096]


class Run:
    """A run with an archive and a temporary folder, which counts how often the archive is read."""

    def __init__(self, home: Path) -> None:
        self.file = home / "firmware.swu"
        self.folder = home / "run"
        self.readings = 0
        self.folder.mkdir()
        self.file.write_bytes(GOOD)

    def check_archive(self) -> Archive | str:
        """The archive, or why it is refused."""
        try:
            return check_archive(str(self.file), str(self.folder))
        except InvalidFirmware as error:
            return str(error)

    def short_verdict(self) -> str:
        """The version, or the reason."""
        return forked_checks.verdict(str(self.file), str(self.folder))

    def kept(self) -> Path:
        """The one stored verdict."""
        (kept,) = self.folder.glob("*.json")
        return kept


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    run = Run(tmp_path)
    parse = libconfig.parse

    def marked(text: str) -> libconfig.Group:
        run.readings += 1
        return parse(text)

    monkeypatch.setattr(libconfig, "parse", marked)
    return run


@pytest.mark.parametrize("data", [GOOD, BAD], ids=["good", "bad"])
def test_200_workers_check_once(run: Run, data: bytes) -> None:
    run.file.write_bytes(data)
    program = Path(__file__).with_name("forked_checks.py")
    done = subprocess.run(
        [sys.executable, program, run.file, run.folder, "200"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "build")},
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    lines = Counter(done.stdout.decode().splitlines())
    assert lines.pop("reading") == 1
    assert lines == {run.short_verdict(): 200}
    assert run.readings == 0


def test_a_verdict_is_that_of_the_reader(run: Run) -> None:
    first, second = run.check_archive(), run.check_archive()
    assert first == second == read_archive(str(run.file))
    run.file.write_bytes(BAD)
    refusals = [run.check_archive(), run.check_archive()]
    with pytest.raises(InvalidFirmware) as caught:
        read_archive(str(run.file))
    assert refusals == [str(caught.value)] * 2


def test_a_refusal_keeps_its_reason_and_code(run: Run) -> None:
    run.file.write_bytes(cpio())
    for _unused in range(2):
        with pytest.raises(InvalidFirmware) as caught:
            check_archive(str(run.file), str(run.folder))
        assert caught.value.reason == "expected sw-description at byte 0, found TRAILER!!!"
        assert caught.value.code == "invalid_firmware"


def test_another_time_of_modification_is_another_file(run: Run) -> None:
    run.check_archive()
    os.utime(run.file, ns=(0, 1))
    run.check_archive()
    assert run.readings == 2


def test_another_size_is_another_file(run: Run) -> None:
    run.check_archive()
    status = run.file.stat()
    os.truncate(run.file, status.st_size + 512)
    os.utime(run.file, ns=(0, status.st_mtime_ns))
    assert "it continues after the archive's end" in str(run.check_archive())


def test_another_inode_is_another_file(run: Run) -> None:
    first = run.check_archive()
    status = run.file.stat()
    other = run.file.with_suffix(".new")
    other.write_bytes(firmware(hardware='[ "t2.g19" ]'))
    os.utime(other, ns=(0, status.st_mtime_ns))
    other.replace(run.file)
    assert run.file.stat().st_size == status.st_size
    assert run.check_archive() != first
    assert run.readings == 2


def test_a_link_shares_the_verdict_and_keeps_its_name(run: Run) -> None:
    run.check_archive()
    link = run.file.with_name("link.swu")
    link.symlink_to(run.file)
    assert check_archive(str(link), str(run.folder)).path == str(link)
    assert run.readings == 1


@pytest.mark.parametrize("verdict", ["good", "bad"])
def test_half_a_verdict_is_none(run: Run, verdict: str) -> None:
    run.file.write_bytes(GOOD if verdict == "good" else BAD)
    first = run.check_archive()
    whole = run.kept().read_text(encoding="utf-8")
    for length in range(0, len(whole), 40):
        run.kept().write_text(whole[:length], encoding="utf-8")
        assert run.check_archive() == first
        assert run.kept().read_text(encoding="utf-8") == whole


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '"x"', '{"identity": 1}', "\udcff"])
def test_what_is_no_verdict_is_ignored(run: Run, content: str) -> None:
    first = run.check_archive()
    run.kept().write_text(content, encoding="utf-8", errors="surrogateescape")
    assert run.check_archive() == first
    assert run.readings == 2


def test_a_verdict_without_its_content_is_ignored(run: Run) -> None:
    first = run.check_archive()
    whole = run.kept().read_text(encoding="utf-8")
    changes = [(f'"{name}": ', '"other": ') for name in ["archive", "refusal", "images", "version"]]
    for old, new in [*changes, ('"archive": {', '"archive": null, "other": {')]:
        run.kept().write_text(whole.replace(old, new), encoding="utf-8")
        assert run.check_archive() == first
    assert run.readings == 6


def test_a_file_that_is_not_there_is_not_remembered(run: Run) -> None:
    run.file.unlink()
    assert "no such file or directory" in str(run.check_archive())
    assert list(run.folder.iterdir()) == []


@pytest.mark.parametrize("folder", [None, "none"])
def test_without_a_folder_each_worker_checks(run: Run, folder: str | None) -> None:
    for _unused in range(2):
        assert check_archive(str(run.file), folder and str(run.folder / folder)).images == tuple(IMAGES)
    assert run.readings == 2


def test_a_full_disk_does_not_matter(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert check_archive(str(run.file), str(run.folder)).version == VERSION
    assert list(run.folder.glob("*.json")) == []
