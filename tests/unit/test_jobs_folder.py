# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder without write permission is recognised without writing to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.folder import folder_problem


@pytest.mark.parametrize("name", ["", "new", "new/below", "with blank/ö"])
def test_a_folder_that_can_be_made_is_no_problem_and_is_not_made(tmp_path: Path, name: str) -> None:
    assert folder_problem(str(tmp_path / name)) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below", "dangling"])
def test_what_is_no_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere/at all")
    problem = folder_problem(str(tmp_path / name))
    assert problem.startswith(f"Reports cannot be written to '{tmp_path / name}' ('{tmp_path / name.split('/')[0]}': ")
    assert problem.endswith(").")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "file"]


def test_a_place_that_takes_no_files_is_named() -> None:
    assert "'/proc': " in folder_problem("/proc/reports")
