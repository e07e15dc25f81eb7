# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The miners expected in an inventory, in any notation, and those that are missing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import expected

MAC = "a0:b0:45:00:00:e5"


@pytest.mark.parametrize(
    "text", [MAC, "A0:B0:45:00:00:E5", "a0-b0-45-00-00-e5", " a0b0450000e5 ", "a0 b0 45 00 00 e5", "A0B0.4500.00E5"]
)
def test_a_mac_address_may_be_written_in_any_way(text: str) -> None:
    assert expected.expected_from([text, MAC]) == [MAC]


def test_names_are_kept() -> None:
    assert expected.expected_from(["rack7-1", " rack7-2 ", "10.1.0.5", "a0-b0-45"]) == [
        "rack7-1",
        "rack7-2",
        "10.1.0.5",
        "a0-b0-45",
    ]
    assert expected.missing(["rack7-1", MAC, "10.1.0.5"], {MAC, "10.1.0.6"}) == ["rack7-1", "10.1.0.5"]


def test_a_file_has_one_name_a_line() -> None:
    assert expected.names_in("# hall 1\nrack7-1\n\n  rack7-2  # by the door\r\n#rack7-3") == ["rack7-1", "rack7-2"]
    assert expected.names_in("# nobody\n") == []


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": 1}, "must be a list of host names or MAC addresses"),
        (5, "must be a list of host names or MAC addresses"),
        (["a", 37230], r"expected\[1\] is 37230.*in quotes"),
        ([" "], r"expected\[0\] is ' '"),
        ([None], r"expected\[0\] is None"),
    ],
)
def test_what_is_not_a_list_of_names_is_refused(entries: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        expected.expected_from(entries)
