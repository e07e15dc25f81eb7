# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The troubleshooting page explains each error code, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError

PAGE = (Path(__file__).parents[2] / "docs/troubleshooting.md").read_text(encoding="utf-8")
SECTIONS = re.findall(
    r"^## ([a-z_]+)\n\n\*\*Meaning\.\*\* .+\n(?:.+\n)*\n\*\*What to do\.\*\* .+\n", PAGE, re.MULTILINE
)


def test_each_code_is_explained() -> None:
    assert sorted(SECTIONS) == sorted({error.code for error in MinerError.__subclasses__()})
