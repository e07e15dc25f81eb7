# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files on the controller that record which remedies were sent, one per miner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import remedies


def record_of(miner: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the ``path`` of a miner's file, its text as ``record`` (None without a file), or why it can't be read.

    Without health_heal no remedy is sent, and the file is not read.
    """
    path = Path(values["state_folder"]).expanduser().absolute() / remedies.state_file(miner)
    found: dict[str, Any] = {"path": str(path), "record": None}
    try:
        if values["heal"] and path.is_file():
            found["record"] = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        found["problem"] = f"The state file {path} can't be read: {error.strerror}."
    return found
