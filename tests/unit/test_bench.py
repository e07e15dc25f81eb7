# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements of `make bench`: all are listed, and they run without the tests' own dependencies."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.bench.__main__ import MEASUREMENTS

ROOT = Path(__file__).parents[2]


def test_all_measurements_are_listed() -> None:
    there_are = {
        path.stem
        for path in (ROOT / "tests/bench").glob("[!_]*.py")
        if re.search(r"^def main\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert there_are <= set(MEASUREMENTS)


def test_they_need_no_library_that_only_tests_have() -> None:
    program = "import sys; sys.modules['pytest'] = None; import tests.bench.__main__"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == ""
