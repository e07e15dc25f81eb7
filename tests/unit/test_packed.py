# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts that Ansible passes from task to task."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import (
    miners_of,
    packed,
    unpacked,
    with_packed_rows,
)
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=10,
)


@given(JSON)
def test_what_is_packed_comes_out_as_it_was(value: Any) -> None:
    assert unpacked(packed(value)) == value


@given(st.dictionaries(st.text(), st.text()))
def test_no_template_engine_sees_anything_in_it(value: dict[str, str]) -> None:
    text = packed({"{{ 1 + 1 }}": "{% if true %}", **value})
    assert text.isascii()
    assert not set(text) & set("{}[]%#\"' \n,")


@pytest.mark.parametrize("text", ["", "miner1", "{}", "bWluZXIx", packed("miner1")[:-8], packed("miner1") + "=", None])
def test_any_other_text_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpacked(text)


@pytest.mark.parametrize(
    ("task", "miners"),
    [
        ({"packed": packed({"m1": {"changed": True}}), "miners": {}}, {"m1": {"changed": True}}),
        ({"miners": {"m1": {"changed": False}}}, {"m1": {"changed": False}}),
        ({"skipped": True}, {}),
        ({"failed": True, "msg": "no"}, {}),
    ],
)
def test_the_results_of_miners_are_found_in_either_form(task: dict[str, Any], miners: dict[str, Any]) -> None:
    assert miners_of(task) == miners


def test_an_outcome_has_its_rows_packed_and_the_rest_as_it_is() -> None:
    rows = [{"miner": "m1"}, {"miner": "m2"}]
    outcome = with_packed_rows({"rows": rows, "summary": "2 miners.", "is_ok": True})
    assert unpacked(outcome.pop("packed")) == rows
    assert outcome == {"summary": "2 miners.", "is_ok": True}


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_collector_is_afterwards_what_it_was(is_enabled: bool) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        with suppress(KeyError), without_collector():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() == is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
