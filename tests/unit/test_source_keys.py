# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unknown keys of an inventory source, at each depth that the documentation describes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.source_keys import require_documented

OPTIONS: dict[str, Any] = {
    "plugin": {},
    "networks": {},
    "compose": {"type": "dict"},
    "credentials": {"suboptions": {"name": {}, "username": {}, "password": {}}},
    "desired": {"suboptions": {"group": {}, "pools": {}}},
}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"desird": []}, "unknown key 'desird'. Did you mean 'desired'?"),
        ({"x": 1}, "unknown key 'x'. Use one of: plugin, networks, compose, credentials, desired."),
        ({5: 1}, "unknown key '5'. Use one of: plugin"),
        ({"credentials": [{}, {"pasword": "s"}]}, "credentials[1]: unknown key 'pasword'. Did you mean 'password'?"),
        ({"desired": [{"pool": []}]}, "desired[0]: unknown key 'pool'. Did you mean 'pools'?"),
        ({"credentials": {"password": "s3cret"}}, "credentials must be a list of dictionaries with name, username"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_one(source: dict[Any, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_documented({"plugin": "x", **source}, OPTIONS)
    assert str(caught.value).startswith(message)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        {"compose": {"anything": "1"}},
        {"credentials": None, "networks": "10.1.0.0/24"},
        {"credentials": "{{ logins }}"},
        {"credentials": ["{{ login }}", {"password": "s"}]},
    ],
)
def test_a_known_key_or_a_template_is_accepted(source: dict[str, Any]) -> None:
    require_documented({"plugin": "x", **source}, OPTIONS)
