# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that contain all of a text or nothing of it."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils import _files
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import require_file, save


def seen(text: str) -> dict[str, object]:
    data = text.encode()
    return {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a/b/miner.log"
    outcome = save(str(path), "ö\n", check_mode=False)
    assert outcome.changed
    assert outcome.diff == {"before": {"dest": None}, "after": {"dest": seen("ö\n")}}
    assert path.read_text(encoding="utf-8") == "ö\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["miner.log"]


def test_check_mode_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a/miner.log"
    foreseen = save(str(path), "new\n", check_mode=True)
    assert not path.parent.exists()
    assert foreseen == save(str(path), "new\n", check_mode=False)


def test_a_file_that_has_the_text_already_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "miner.log"
    save(str(path), "same\n", check_mode=False)
    before = path.stat()
    outcome = save(str(path), "same\n", check_mode=False)
    assert not outcome.changed
    assert outcome.diff["before"] == outcome.diff["after"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("old", ["x" * 3_000_000, "old\n"])
def test_a_file_is_replaced_and_keeps_its_mode(old: str, tmp_path: Path) -> None:
    path = tmp_path / "miner.log"
    path.write_text(old)
    path.chmod(0o640)
    outcome = save(str(path), "new\n", check_mode=False)
    assert outcome.diff == {"before": {"dest": seen(old)}, "after": {"dest": seen("new\n")}}
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new\n", 0o640)


def test_who_reads_meanwhile_has_the_whole_old_file(tmp_path: Path) -> None:
    path = tmp_path / "miner.log"
    path.write_text("old\n")
    with path.open() as reader:
        save(str(path), "new\n", check_mode=False)
        assert reader.read() == "old\n"


def test_a_link_stays_one(tmp_path: Path) -> None:
    path, link = tmp_path / "miner.log", tmp_path / "latest"
    link.symlink_to(path)
    save(str(link), "new\n", check_mode=False)
    assert link.is_symlink()
    assert path.read_text() == "new\n"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "miner.log"
    path.write_text("old\n")

    def is_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)
    with pytest.raises(InvalidInput, match=r"miner\.log' can't be written: No space left on device"):
        save(str(path), "new\n", check_mode=False)
    assert path.read_text() == "old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["miner.log"]


@pytest.mark.parametrize("old", [None, "old\n"])
def test_a_process_that_is_killed_while_it_writes_leaves_nothing(old: str | None, tmp_path: Path) -> None:
    path = tmp_path / "miner.log"
    if old:
        path.write_text(old)
    pid = os.fork()
    if pid == 0:
        os.fsync = lambda _descriptor: os.kill(os.getpid(), signal.SIGKILL)
        save(str(path), "new\n", check_mode=False)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == ({path.name: old} if old else {})


@pytest.mark.parametrize("lacks", ["O_TMPFILE", "support", "proc"])
def test_where_no_file_can_be_without_a_name_it_is_replaced_all_the_same(
    lacks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lacks == "O_TMPFILE":
        monkeypatch.delattr(os, "O_TMPFILE")
    elif lacks == "support":
        # Then the folder is opened for writing, which also fails.
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    else:
        monkeypatch.setattr(_files, "_PATH_OF", str(tmp_path / "nowhere/{}"))
    path = tmp_path / "miner.log"
    path.write_text("old\n")
    save(str(path), "new\n", check_mode=False)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"miner.log": "new\n"}


def test_what_is_no_file_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, text in ((tmp_path, "is not a file name"), (tmp_path / "file/miner.log", "not a folder")):
        with pytest.raises(InvalidInput, match=text):
            require_file(str(path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="is not a file name"):
        require_file(str(tmp_path / "pipe"))
    require_file(str(tmp_path / "file"))
    require_file(str(tmp_path / "a/b/miner.log"))
