# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on what works where matches the code."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import generations

from tests import works_where
from tests.endpoints import PAGE, all_endpoints, page
from tests.modules import GENERATIONS


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs writes it again"


def test_the_page_knows_each_firmware() -> None:
    assert GENERATIONS == generations.GENERATIONS


def test_each_documented_action_is_described_once() -> None:
    described = [endpoint.action for endpoint in all_endpoints()]
    assert len(described) == len(set(described))
    assert {action for action in works_where.DOCUMENTED if not action.startswith("/")} <= set(described)
