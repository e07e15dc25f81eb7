# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.filter.to_html import to_html


def test_a_page_escapes_what_a_miner_sends() -> None:
    page = to_html([{"a": "<script>", "b": None}], ["a", "b"], "T & U")
    assert "<bdi>&lt;script&gt;</bdi>" in page
    assert "<title>T &amp; U</title>" in page
    assert page.count("<script>") == 1
