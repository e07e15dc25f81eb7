# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What faults have in store for one update."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Plan:
    """Without any of these an update goes well, if the archive is good."""

    # Accepted, then nothing: no frame, no installation.
    silent: bool = False
    # The installation fails when so many percent of all bytes are written.
    fails_at: float | None = None
    verdict: str = "Installation failed !"
    boots_old: bool = False
    never_back: bool = False
    # How fast the upload is read, in bytes a simulated second.
    bytes_per_s: float | None = None
