# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that are rendered from data say what the data say."""

from __future__ import annotations

from pathlib import Path

from tests.integration import fault_matrix

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_faults_shows_the_matrix() -> None:
    """`python -m tests.integration.fault_matrix` prints the page."""
    assert (DOCS / "faults.md").read_text(encoding="utf-8") == fault_matrix.page()


def test_each_module_has_its_column() -> None:
    modules = sorted((DOCS.parent / "plugins/modules").glob("dragonmint_*.py"))
    assert sorted(fault_matrix.MODULES) == [path.stem.removeprefix("dragonmint_") for path in modules]
