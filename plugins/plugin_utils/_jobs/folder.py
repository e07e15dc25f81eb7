# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder for the reports of a job."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile

from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted


def folder_problem(folder: str) -> str:
    """Returns why no report can be written to a folder, which need not exist yet, or ``""``.

    Leaves nothing behind.
    """
    path = Path(folder).absolute()
    existing = next(place for place in (path, *path.parents) if os.path.lexists(place))
    try:
        with TemporaryFile(dir=existing):
            return ""
    except OSError as error:
        cause = f"{quoted(str(existing))}: {error.strerror}"
        return f"Reports cannot be written to {quoted(folder)} ({cause})."
