# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken links of the site are found, and only those."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.links import broken_links

TARGET = '<h1 id="a-heading">A heading</h1>'


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        ("other.html", False),
        ("other.html#a-heading", False),
        ("folder/", False),
        ("folder/../other.html", False),
        ("data%20file.csv", False),
        ("#here", False),
        ("https://example.com/gone.html", False),
        ("mailto:somebody@example.com", False),
        ("gone.html", True),
        ("other.html#no-heading", True),
        ("#nowhere", True),
        ("gone.csv", True),
        ("folder/other.html", True),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str, is_broken: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "data file.csv").write_text("")
    (tmp_path / "other.html").write_text(TARGET)
    (tmp_path / "folder/index.html").write_text(TARGET)
    (tmp_path / "index.html").write_text(f'<p id="here"><a href="{link}">there</a></p>')
    assert broken_links(tmp_path) == ([f"index.html: {link}"] if is_broken else [])
