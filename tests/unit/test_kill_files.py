# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kill soak finds in the folder of a killed run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.kill_files import LAST_LINE, left_by_ansible, problems

SECRET = "Secret-1"
WHOLE = {
    "dragonmint-reports/health.json": '[{"miner": "a"}]\n',
    "dragonmint-reports/health.csv": 'miner,detail\r\na,"two\nlines"\r\n',
    "dragonmint-reports/health.html": "<!DOCTYPE html>\n<html>…</html>\n",
    "dragonmint-reports/upgrade_without_failed.txt": "all\n!a\n",
    "dragonmint-state/a-0123.json": '{"version": 1}',
    "miner-logs/a.log": f"first\n{LAST_LINE}\n",
    "cache/minerops.dragonmint.dragonmint_1_s_2": '{"miners": []}',
}
ANSIBLES = (
    "home/tmp/ansible-local-123abc_d/firmware-0.lock",
    "cache/tmpabcd1_34",
)


def made(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def test_whole_files_and_those_of_ansible_are_no_problem(tmp_path: Path) -> None:
    made(tmp_path, {**WHOLE, **dict.fromkeys(ANSIBLES, "")})
    assert problems(tmp_path, [SECRET]) == []
    assert len(left_by_ansible(tmp_path)) == len(ANSIBLES)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_of_which_the_end_is_missing_is_one(tmp_path: Path, name: str) -> None:
    made(tmp_path, {**WHOLE, name: WHOLE[name].rstrip()[:-1]})
    (problem,) = problems(tmp_path, [])
    assert problem.startswith(f"{name} is not whole")


@pytest.mark.parametrize("name", WHOLE)
def test_an_empty_file_is_one(tmp_path: Path, name: str) -> None:
    made(tmp_path, {**WHOLE, name: ""})
    assert len(problems(tmp_path, [])) == 1


@pytest.mark.parametrize(
    "name",
    [
        "miner-logs/.dragonmint-0123456789abcdef",
        "dragonmint-reports/health.json.part",
        "dragonmint-state/.ansible_other",
        "home/tmp/firmware.swu",
        "remote_tmp/ansible-tmp-1.5-12-34",
    ],
)
def test_what_is_left_over_is_one(tmp_path: Path, name: str) -> None:
    assert problems(made(tmp_path, {name: ""}), []) == [f"{name} is left over"]


@pytest.mark.parametrize("name", [*WHOLE, *ANSIBLES])
def test_a_password_is_one_wherever_it_is(tmp_path: Path, name: str) -> None:
    made(tmp_path, {name: WHOLE.get(name, "") + SECRET})
    assert problems(tmp_path, [SECRET])[-1] == f"{name} holds a password"
