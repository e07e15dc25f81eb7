# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed run leaves in its folder: each file is whole or absent, and what is left over is Ansible's own.

Ansible itself can't clean up after a SIGKILL. It leaves, as was seen in these runs:

- `home/tmp/ansible-local-*`: the temporary folder of each run (`DEFAULT_LOCAL_TMP`, removed at exit);
- `tmp*` in the folder of the cache plugin `jsonfile` (`BaseFileCacheModule.set`).

None of these is read by a later run, and none may hold a password. No job starts a module of Ansible's on the
controller, which would leave its files in `remote_tmp`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

REPORTS, STATE, LOGS, CACHE = "dragonmint-reports", "dragonmint-state", "miner-logs", "cache"
HISTORY = f"{REPORTS}/history"
KEPT_FOLDERS = (REPORTS, HISTORY, STATE, LOGS, CACHE)
HOME_TMP, REMOTE_TMP = "home/tmp", "remote_tmp"

# What Ansible leaves behind, and where.
ANSIBLES_OWN = {
    HOME_TMP: r"ansible-local-\w+",
    CACHE: r"tmp\w{8}",
}


def problems(folder: Path, secrets: Sequence[str]) -> list[str]:
    """What is wrong with the files of a run: incomplete, left over, or containing one of these secrets."""
    return [*_half_written(folder), *_left_over(folder), *_with_secrets(folder, secrets)]


def left_by_ansible(folder: Path) -> set[Path]:
    return {path for name in ANSIBLES_OWN for path in (folder / name).glob("*") if _is_ansibles_own(name, path)}


def unfinished(folder: Path) -> set[Path]:
    """The files in which a program prepares the replacement of another file."""
    return {
        path
        for name in KEPT_FOLDERS
        for path in (folder / name).glob("*")
        if _is_ansibles_own(name, path) or path.name.startswith(".dragonmint-")
    }


def _half_written(folder: Path) -> Iterator[str]:
    for name in KEPT_FOLDERS:
        for path in sorted((folder / name).glob("*")):
            if path == folder / HISTORY or _is_ansibles_own(name, path):
                continue
            if problem := _problem(name, path):
                yield f"{name}/{path.name} {problem}"


def _left_over(folder: Path) -> Iterator[str]:
    for name in (HOME_TMP, REMOTE_TMP):
        for path in sorted((folder / name).glob("*")):
            if not _is_ansibles_own(name, path):
                yield f"{name}/{path.name} is left over"


def _with_secrets(folder: Path, secrets: Sequence[str]) -> Iterator[str]:
    for path in _files(folder):
        content = path.read_bytes()
        if any(secret.encode() in content for secret in secrets):
            yield f"{path.relative_to(folder)} holds a password"


def _is_ansibles_own(name: str, path: Path) -> bool:
    return bool(re.fullmatch(ANSIBLES_OWN.get(name, r"(?!)"), path.name))


def _files(folder: Path) -> Iterator[Path]:
    for name in (*KEPT_FOLDERS, HOME_TMP, REMOTE_TMP):
        yield from (path for path in sorted((folder / name).rglob("*")) if path.is_file())


def _problem(name: str, path: Path) -> str:
    # Files of a cache have no endings: ansible.builtin.jsonfile names them by their keys.
    kind = ".json" if name == CACHE else path.suffix
    if kind not in CHECKS:
        return "is left over"
    try:
        CHECKS[kind](path.read_text(encoding="utf-8"))
    except (ValueError, csv.Error) as error:
        return f"is not whole: {error}"
    return ""


def _require_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if not text.endswith("\n"):
        raise ValueError("its last row does not end")
    if len({len(row) for row in rows}) != 1:
        raise ValueError("its rows are not of one length")


def _require_html(text: str) -> None:
    if not text.rstrip().endswith("</html>"):
        raise ValueError("its closing tag is missing")


def _require_lines(text: str) -> None:
    if not text.endswith("\n"):
        raise ValueError("its last line has no end")


def _require_log(text: str) -> None:
    """The simulated journals of these runs end with this line."""
    if not text.endswith(f"{LAST_LINE}\n"):
        raise ValueError("its last line is missing")


LAST_LINE = "Jun 16 22:04:40 dragonMint dm-monitor[298]: the end"
CHECKS: dict[str, Callable[[str], object]] = {
    ".json": json.loads,
    ".txt": _require_lines,
    ".csv": _require_csv,
    ".html": _require_html,
    ".log": _require_log,
}
