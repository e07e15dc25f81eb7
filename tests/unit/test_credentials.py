# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logins of an inventory source: from its option, or from the environment."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.credentials import credentials_from

LOOKUP = "{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}"


def test_logins_of_the_option() -> None:
    options = [{"name": "fleet", "password": "one"}, {"username": "guest", "password": 12345678}]
    assert credentials_from(options, options, {"DRAGONMINT_PASSWORD": "other"}) == [
        Credential("admin", "one", "fleet"),
        Credential("guest", "12345678", "2"),
    ]


@pytest.mark.parametrize(
    ("environment", "logins"),
    [
        ({"DRAGONMINT_PASSWORD": "one"}, ["one"]),
        ({"DRAGONMINT_PASSWORD": "one", "DRAGONMINT_FALLBACK_PASSWORDS": ""}, ["one"]),
        ({"DRAGONMINT_PASSWORD": "one", "DRAGONMINT_FALLBACK_PASSWORDS": "two, three"}, ["one", "two, three"]),
        ({"DRAGONMINT_PASSWORD": "one", "DRAGONMINT_FALLBACK_PASSWORDS": '["two'}, ["one", '["two']),
        ({"DRAGONMINT_PASSWORD": "one", "DRAGONMINT_FALLBACK_PASSWORDS": '["", "two"]'}, ["one", "two"]),
        ({"DRAGONMINT_PASSWORD": "one", "DRAGONMINT_FALLBACK_PASSWORDS": '["two", "three"]'}, ["one", "two", "three"]),
    ],
)
def test_logins_of_the_environment(environment: dict[str, str], logins: list[str]) -> None:
    assert [credential.password for credential in credentials_from([], [], environment)] == logins
    named = credentials_from([], [], {**environment, "DRAGONMINT_USERNAME": "guest"})
    assert {credential.username for credential in named} == {"guest"}
    assert [credential.name for credential in named] == [str(number) for number in range(1, len(logins) + 1)]


@pytest.mark.parametrize(
    ("template", "remedy"),
    [
        (LOOKUP, "the environment variable MINER_PASSWORD is unset or empty. Set it with: read -rs MINER_PASSWORD &&"),
        ('{{lookup("env","MINER_PASSWORD")|trim}}', "environment variable MINER_PASSWORD is unset"),
        ("{{ query('env', 'MINER_PASSWORD')[0] }}", "environment variable MINER_PASSWORD is unset"),
        ("{{ fleet_password }}", "Set it, or the variable that it comes from."),
        ("", "Set it, or the variable that it comes from."),
    ],
)
def test_an_empty_password_says_what_to_set(template: str, remedy: str) -> None:
    options = [{"password": "one"}, {"password": ""}]
    with pytest.raises(InvalidInput) as caught:
        credentials_from(options, [options[0], {"password": template}], {})
    assert str(caught.value).startswith("credentials[1].password is empty")
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        ([], {}, "no login is set. Set credentials .* DRAGONMINT_PASSWORD"),
        ([], {"DRAGONMINT_FALLBACK_PASSWORDS": "s3cret"}, "no login is set"),
        (["s3cret"], {}, r"credentials\[0\] must be a dictionary"),
        ([{"password": "s3cret", "user": "admin"}], {}, r"credentials\[0\]: unknown key 'user'.*'username'"),
        ([{"username": "admin"}], {}, r"credentials\[0\].password is empty"),
        ([{"password": True}], {}, r"credentials\[0\].password was read as true. Put the password in quotes."),
    ],
)
def test_what_is_not_a_login_is_refused(options: Any, environment: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        credentials_from(options, options, environment)
    assert "s3cret" not in str(caught.value)
