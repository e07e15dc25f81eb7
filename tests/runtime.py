# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the action group of all modules in meta/runtime.yml (make docs) from the table of modules."""

from __future__ import annotations

import re
from pathlib import Path

from tests.modules import MODULES, RUNS_OTHERS, WITH_MANY

FILE = Path(__file__).parents[1] / "meta" / "runtime.yml"


def written(text: str) -> str:
    """The text of the file with the modules that log in to miners, whatever its group had before."""
    names = sorted({*MODULES, RUNS_OTHERS, *WITH_MANY})
    group = "".join(f"    - dragonmint_{name}\n" for name in names)
    return re.sub(r"(?<=^  dragonmint:\n)(    - .*\n)+", group, text, flags=re.MULTILINE)


if __name__ == "__main__":
    FILE.write_text(written(FILE.read_text(encoding="utf-8")), encoding="utf-8")
