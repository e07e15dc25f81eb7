# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of connection options: what is accepted, and the errors for everything else."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS, checked

GIVEN = {"host": "10.1.0.25", "password": "secret-9"}
DEFAULTS = {
    "port": None,
    "scheme": "http",
    "username": "admin",
    "fallback_passwords": None,
    "auth": "basic",
    "timeout": 10,
    "retries": 3,
    "validate_certs": True,
    "ca_path": None,
    "expected_mac": None,
}


def test_what_is_not_given_has_its_default() -> None:
    assert checked(GIVEN, {}) == {**GIVEN, **DEFAULTS}


@pytest.mark.parametrize("nothing", [None, ""])
def test_empty_text_is_not_given(nothing: Any) -> None:
    others = dict.fromkeys(set(DEFAULTS) - {"expected_mac"}, nothing)
    assert checked({**GIVEN, **others}, {}) == {**GIVEN, **DEFAULTS}


def test_the_spec_has_each_option_with_its_secrets() -> None:
    spec = _options.argument_spec()
    assert list(spec) == list(_options.NAMES)
    assert {name for name, option in spec.items() if option.get("no_log")} == {"password", "fallback_passwords"}
    assert {name for name, option in spec.items() if option.get("required")} == {"host", "password"}


GOOD = [
    ("host", " 10.1.0.25 ", "10.1.0.25"),
    ("port", "8085", 8085),
    ("password", 12345678, "12345678"),
    ("password", True, "True"),
    ("fallback_passwords", "one, two", ["one, two"]),
    ("fallback_passwords", '["one", "two,three"]', ["one", "two,three"]),
    ("fallback_passwords", "[one", ["[one"]),
    ("fallback_passwords", ["one", 2], ["one", "2"]),
    ("timeout", "2.5", 2.5),
    ("retries", "0", 0),
    ("validate_certs", "no", False),
    ("ca_path", "~/ca.pem", "/home/operator/ca.pem"),
    ("expected_mac", "A0-B0-45-00-00-E5", "A0-B0-45-00-00-E5"),
]


@pytest.mark.parametrize(("name", "given", "value"), GOOD)
def test_a_value_gets_its_type(name: str, given: Any, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/operator")
    assert checked({**GIVEN, name: given}, {})[name] == value


BAD = [
    ("host", "", "host is missing. Set one of these: the option host, the variable dragonmint_host, "),
    ("host", {"a": 1}, "host is a dictionary; expected a host name or IP address"),
    ("host", "\udc80", r"host is '\udc80'; expected a host name"),
    ("password", "", "password is missing. Set one of these: the option password, the variable dragonmint_password, "),
    ("password", ["secret-9"], "password is a list; expected a password as text"),
    ("password", "secret-9\udc80", "password is not valid; expected a password as text, in UTF-8"),
    ("fallback_passwords", {"first": "secret-9"}, "fallback_passwords is a dictionary; expected a list of passwords"),
    ("fallback_passwords", '["secret-9", "b', "expected a list of passwords as text, in UTF-8, also in JSON, such as"),
    ("fallback_passwords", "['secret-9']", "expected a list of passwords as text, in UTF-8, also in JSON, such as"),
    ("fallback_passwords", ["secret-9", ["a"]], "fallback_passwords is a list; expected a list of passwords as text"),
    ("fallback_passwords", ["secret-9", "\udc80"], "expected a list of passwords as text, in UTF-8"),
    ("username", "admin:secret-9", "username is not valid; expected a user name in UTF-8 without a colon"),
    ("username", "\udc80", "username is not valid; expected a user name in UTF-8"),
    ("username", ["admin"], "username is a list; expected a user name"),
    ("port", 0, "port is 0; expected a port from 1 to 65535"),
    ("port", "65536", "port is '65536'; expected"),
    ("port", True, "port is true; expected"),
    ("port", "http", "port is 'http'; expected"),
    ("scheme", "ftp", "scheme is 'ftp'; expected http or https"),
    ("auth", ["basic"], "auth is a list; expected basic or jwt"),
    ("timeout", {"a": 1}, "timeout is a dictionary; expected a number of seconds above 0, such as 10."),
    ("timeout", "soon", "timeout is 'soon'; expected"),
    ("timeout", 0, "timeout is 0; expected"),
    ("timeout", "inf", "timeout is 'inf'; expected"),
    ("timeout", float("nan"), "timeout is nan; expected"),
    ("retries", -1, "retries is -1; expected a whole number"),
    ("retries", 1.5, "retries is 1.5; expected a whole number"),
    ("validate_certs", "maybe", "validate_certs is 'maybe'; expected true or false"),
    ("expected_mac", "", "expected_mac is ''; expected a MAC address in quotes"),
    ("expected_mac", 37230, "expected_mac is 37230; expected a MAC address in quotes"),
]


@pytest.mark.parametrize(("name", "given", "text"), BAD, ids=str)
def test_a_bad_value_is_shown_with_what_is_expected(name: str, given: Any, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked({**GIVEN, name: given}, {})
    assert text in str(caught.value)
    assert "secret-9" not in str(caught.value)


def test_the_origin_of_a_value_is_named() -> None:
    for option in OPTIONS:
        with pytest.raises(InvalidInput, match=f"^{option.variables[0]} is "):
            checked({**GIVEN, option.name: {}}, {option.name: option.variables[0]})


def test_each_option_is_documented_with_an_example() -> None:
    for option in OPTIONS:
        assert all(paragraph.endswith(".") for paragraph in option.paragraphs), option.name
        assert option.expected
        assert option.variables[0] == f"dragonmint_{option.name}"
