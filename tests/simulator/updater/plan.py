# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effects of faults on one update."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Plan:
    """Without any of these, an update succeeds if the archive is good."""

    # Accepted, then nothing: no frame, no installation.
    silent: bool = False
    # The installation fails after this percentage of all bytes.
    fails_at: float | None = None
    verdict: str = "Installation failed !"
    boots_old: bool = False
    never_back: bool = False
    # The speed of the upload, in bytes per simulated second.
    bytes_per_s: float | None = None
