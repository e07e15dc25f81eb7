# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a task writes atomically: at any moment, a file holds either the old text or the new one."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any, BinaryIO

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted

_BLOCK_BYTES = 1024 * 1024
# Linux's name for a file that a process has open. Python follows this link when the descriptor is given as its origin.
_PATH_OF = "/proc/self/fd/{}"


def require_file(path: str) -> None:
    """Raises InvalidInput for a path that can't be written to, as far as this can be known without writing."""
    target = Path(path)
    if target.exists() and not target.is_file():
        raise InvalidInput(
            f"dest {quoted(path)} is not a file name. Set dest to the path of a file, including its folder."
        )
    folder = next(parent for parent in target.parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InvalidInput(
            f"dest {quoted(path)} can't be written: {quoted(str(folder))} is not a folder that you may "
            "write to. Correct dest."
        )


def save(path: str, text: str, check_mode: bool) -> Outcome[str]:
    """Writes a text to a file, creating missing folders; in check mode, reports whether that would change it.

    An existing file keeps its mode. Raises InvalidInput if it can't be written.
    """
    target = Path(path).resolve()
    data = text.encode("utf-8")
    after = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    try:
        before = _seen(target) if target.exists() else None
        if before != after and not check_mode:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(target, data)
    except OSError as error:
        raise InvalidInput(
            f"dest {quoted(path)} can't be written: {error.strerror}. Fix this, or set dest to another file."
        ) from error
    return Outcome(before != after, path, {"before": {"dest": before}, "after": {"dest": after}})


def _seen(target: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with target.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return {"size_bytes": target.stat().st_size, "sha256": digest.hexdigest()}


def replace(target: Path, data: bytes) -> None:
    """Replaces the content of a file in an existing folder. Raises OSError if it can't be written."""
    temporary = target.with_name(f".dragonmint-{secrets.token_hex(8)}")
    try:
        with _opened(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if not temporary.exists():
                os.link(_PATH_OF.format(file.fileno()), temporary, src_dir_fd=file.fileno(), follow_symlinks=True)
        if target.exists():
            temporary.chmod(target.stat().st_mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _opened(temporary: Path) -> BinaryIO:
    """Opens a file that has no name yet, so that a killed process leaves no partial file behind.

    On systems without unnamed files, it has a name from the start.
    """
    try:
        descriptor = os.open(temporary.parent, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except (AttributeError, OSError):
        return temporary.open("xb")
    if Path(_PATH_OF.format(descriptor)).exists():
        return os.fdopen(descriptor, "wb")
    os.close(descriptor)
    return temporary.open("xb")
