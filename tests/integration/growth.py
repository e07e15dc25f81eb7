# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a module uses for a miner."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.running import ROOT

TIMEOUT_SECONDS = 120


def growth(python: Path, name: str, *options: Mapping[str, Any]) -> dict[str, Any]:
    """Runs grown_by.py in its own process; returns its growth, and the results of all but the first miner."""
    done = subprocess.run(
        [python, Path(__file__).with_name("grown_by.py"), name, *map(json.dumps, options)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "build")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
