# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which groups a source can create, as far as known without hosts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import constructed_groups


def test_groups_that_are_named() -> None:
    keyed = [{"key": "a", "parent_group": "halls"}, {"key": "b", "parent_group": "{{ c }}"}, {"key": "d"}, "no entry"]
    named = constructed_groups.named({"weak": "x < 1", "canary": "true"}, keyed, lambda text: "{" in text)
    assert named == ["weak", "canary", "halls"]
    assert constructed_groups.named({}, [], bool) == []


@pytest.mark.parametrize(
    ("keyed", "leading", "beginning"),
    [
        ({"prefix": "login"}, True, "login_"),
        ({"prefix": "login", "separator": "-"}, False, "login-"),
        ({"prefix": "login", "separator": ""}, True, "login"),
        ({}, True, "_"),
        ({"separator": ""}, True, ""),
        ({}, False, ""),
        ({"separator": "-"}, False, ""),
    ],
)
def test_what_keyed_groups_begin_with(keyed: dict[str, Any], leading: bool, beginning: str) -> None:
    assert constructed_groups.beginnings([{"key": "a", **keyed}], leading) == (beginning,)
