# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of connection options, their order, and the error without one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS, Option
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Given, Sources, fill

HOST = {"inventory_hostname": "rack1-07"}
LOGIN = {**HOST, "dragonmint_password": "secret-9"}
BY_ENV = "{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}"


def given(args: dict[str, Any], variables: dict[str, Any], raw: Any = None, **others: Any) -> Given:
    """The result for arguments and variables, or the problem with them; a variable that is a template is empty."""

    def variable(name: str) -> Any:
        value = variables.get(name)
        return "" if isinstance(value, str) and "{{" in value else value

    found = fill(args, raw, Sources(variable=variable, raw=variables.get, **others))
    if found.problem:
        raise found.problem
    return found


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_the_strongest_source_wins(option: Option) -> None:
    order = [option.name, *option.variables, *option.environment]
    for strength, strongest in enumerate(order):
        weaker = dict.fromkeys(order[strength:], "weaker")
        values = {**weaker, strongest: "strongest"}
        environment = {name: values[name] for name in option.environment if name in values}
        args = {option.name: values[option.name]} if option.name in values else {}
        variables = {**LOGIN, **dict.fromkeys(option.variables), **values}
        if option.name != "password":
            variables["dragonmint_password"] = "secret-9"
        found = given(args, variables, environment=environment)
        assert found.args[option.name] == "strongest"
        assert found.origins.get(option.name, option.name) == strongest


def test_empty_text_is_passed_over_but_in_a_guard() -> None:
    empty = {option.name: "" for option in OPTIONS}
    found = given(empty, {**LOGIN, "dragonmint_host": "", "ansible_host": "10.1.0.25", "dragonmint_timeout": ""})
    assert found.args == {"host": "10.1.0.25", "password": "secret-9", "expected_mac": ""}
    assert found.origins == {"host": "ansible_host", "password": "dragonmint_password"}


def test_options_of_the_module_itself_stay() -> None:
    assert given({"mode": "", "level": None}, LOGIN).args.items() >= {"mode": "", "level": None}.items()


COMMAND_LINE = [
    # The values of -u and -k, other sources, and the resulting login.
    (("root", "secret-8"), {}, ("root", "secret-8")),
    (("root", "secret-8"), {"dragonmint_username": "guest"}, ("guest", "secret-8")),
    (("root", "secret-8"), {"dragonmint_password": "secret-9"}, (None, "secret-9")),
    (("root", None), {"dragonmint_password": "secret-9"}, (None, "secret-9")),
]


@pytest.mark.parametrize(("command_line", "variables", "login"), COMMAND_LINE)
def test_the_command_line_counts_as_a_pair_and_last(
    command_line: tuple[str | None, str | None], variables: dict[str, str], login: tuple[str | None, str]
) -> None:
    found = given({}, {**HOST, **variables}, command_line=lambda: command_line)
    assert (found.args.get("username"), found.args["password"]) == login


WHERE = (
    "Set one of these: the option password, the variable dragonmint_password, ansible_password or ansible_ssh_pass, "
    "the environment variable DRAGONMINT_PASSWORD, or both -u and -k."
)
HOW = "is not set (set it: read -rs MINER_PASSWORD && export MINER_PASSWORD)"
MISSING: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, ""),
    ({"dragonmint_password": ""}, {}, "dragonmint_password is empty."),
    (
        {"dragonmint_password": BY_ENV},
        {},
        f"dragonmint_password is empty because the environment variable MINER_PASSWORD {HOW}.",
    ),
    (
        {"dragonmint_password": "{{ site_password }}", "site_password": BY_ENV},
        {},
        f"dragonmint_password is empty because the environment variable MINER_PASSWORD {HOW}.",
    ),
    (
        {"ansible_password": "{{ a if b else c }}", "a": "", "b": True, "c": "secret-9"},
        {},
        "ansible_password is empty because a is empty.",
    ),
    (
        {"ansible_password": "{{ a }}", "a": "{{ b }}", "b": "{{ a }}"},
        {},
        "ansible_password is empty because b is empty.",
    ),
    ({"dragonmint_password": "{{ lookup('file', path) }}"}, {}, "dragonmint_password is empty."),
    ({"dragonmint_password": "{{ no template"}, {}, "dragonmint_password is empty."),
    (
        {"provision_admin_password": ""},
        {"args": {"password": ""}, "raw": "{{ provision_admin_password }}"},
        "The option password is empty because provision_admin_password is empty.",
    ),
    ({}, {"command_line": lambda: ("root", None)}, "-u was given without -k, but is only used together with it."),
    ({}, {"command_line": lambda: (None, "secret-9")}, "-k was given without -u, but is only used together with it."),
    (
        {},
        {"task_environment": frozenset({"DRAGONMINT_PASSWORD", "PATH"})},
        (
            "The keyword environment sets DRAGONMINT_PASSWORD, which has no effect here: the module runs in Ansible's "
            "own process. Export it before Ansible starts, or set the option by its variable."
        ),
    ),
]


@pytest.mark.parametrize(("variables", "others", "seen"), MISSING)
def test_a_missing_password_is_traced_to_what_is_empty(
    variables: dict[str, Any], others: dict[str, Any], seen: str
) -> None:
    others = {"args": {}, **others}
    with pytest.raises(InvalidInput) as caught:
        given(others.pop("args"), {**HOST, **variables}, **others)
    assert str(caught.value) == f"No password for the miner is set. {seen}{' ' if seen else ''}{WHERE}"
    assert "secret-9" not in str(caught.value)


def test_a_variable_that_can_not_be_evaluated_explains_nothing() -> None:
    def variable(name: str) -> str:
        if name == "other":
            raise InvalidInput("other cannot be evaluated.")
        return ""

    found = fill({}, None, Sources(variable, raw=lambda name: "{{ other }}"))
    assert "dragonmint_password is empty." in str(found.problem)


@pytest.mark.parametrize("port", [22, "22", 80, 443, None, ""])
def test_a_port_of_ssh_means_nothing(port: Any) -> None:
    assert "port" not in given({}, {**LOGIN, "ansible_port": port}).args


@pytest.mark.parametrize("port", [8085, "8085", 2222])
def test_a_port_that_may_be_the_miners_is_not_passed_over(port: Any) -> None:
    variables = {**LOGIN, "ansible_port": port}
    with pytest.raises(InvalidInput, match=f"Set dragonmint_port: {port} if that .* set dragonmint_port: 80"):
        given({}, variables)
    assert given({}, {**variables, "dragonmint_port": 80}).args["port"] == 80
    assert given({"port": 80}, variables).args["port"] == 80


def test_a_secret_that_yaml_did_not_read_as_text_is_warned_of() -> None:
    args = {
        "new_password": False,
        "pools": [{"url": "a", "password": "x"}, {"url": True, "password": 1.1}],
        "fallback_passwords": ["a", date(2020, 2, 2)],
        "mode": False,
    }
    warnings = given(args, {**HOST, "dragonmint_password": True}).warnings
    places = ["new_password", "pools[1].password", "fallback_passwords[1]", "dragonmint_password"]
    assert [warning.partition(" is not in quotes")[0] for warning in warnings] == places
    assert given({"new_password": 12345678}, LOGIN).warnings == []


def test_an_environment_that_is_not_seen_is_warned_of() -> None:
    warnings = given({}, LOGIN, task_environment=frozenset({"DRAGONMINT_USERNAME", "REQUESTS_CA_BUNDLE"})).warnings
    assert [warning.partition(",")[0] for warning in warnings] == ["The keyword environment sets DRAGONMINT_USERNAME"]


def test_nothing_shows_a_secret() -> None:
    assert "secret" not in repr(given({}, LOGIN))
