# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Miners as scrape targets, in the form of Prometheus's file_sd."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """The address of a miner's web interface, and the labels of its metrics."""

    host: str
    port: int
    scheme: str
    labels: Mapping[str, str]


def text_of(targets: Iterable[Target]) -> str:
    """Returns a file for file_sd_configs, with one entry per miner."""
    return json.dumps([_entry(target) for target in targets], indent=1, ensure_ascii=False) + "\n"


def _entry(target: Target) -> dict[str, object]:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return {
        "targets": [f"{host}:{target.port}"],
        "labels": {**{name: value for name, value in target.labels.items() if value}, "__scheme__": target.scheme},
    }
