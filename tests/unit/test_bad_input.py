# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bad value of an option gets one clear message before anything is sent."""

from __future__ import annotations

import socket
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minerops.dragonmint.plugins.module_utils._task import execute_unchecked
from ansible_collections.minerops.dragonmint.plugins.modules import (
    dragonmint_autotune,
    dragonmint_facts,
    dragonmint_pools,
    dragonmint_user,
)

POOL = {"url": "stratum+tcp://a.example:3333", "user": "farm.1"}
GOOD: dict[ModuleType, dict[str, Any]] = {
    dragonmint_facts: {"gather_subset": ["min"]},
    dragonmint_pools: {"pools": [POOL]},
    dragonmint_autotune: {"mode": "balanced"},
    dragonmint_user: {"new_password": "secret-9"},
}
CONNECTION = {"host": "127.0.0.1", "password": "secret-9", "retries": 0}

OWN_OPTIONS = [
    (dragonmint_facts, "gather_subset", ["everything"]),
    (dragonmint_facts, "gather_subset", [""]),
    (dragonmint_pools, "pools", []),
    (dragonmint_pools, "pools", [POOL] * 4),
    (dragonmint_pools, "pools", [{**POOL, "url": "http://a.example"}]),
    (dragonmint_pools, "pools", [{**POOL, "url": "stratum+tcp://a.example"}]),
    (dragonmint_pools, "pools", [{**POOL, "user": ""}]),
    (dragonmint_pools, "pools", [{**POOL, "user": "a\nb"}]),
    (dragonmint_pools, "pools", [{**POOL, "user": "farm.1 "}]),
    (dragonmint_pools, "pools", [{**POOL, "user": "farm\u200b.1"}]),
    (dragonmint_pools, "pools", [{**POOL, "url": f"{POOL['url']}\u00a0"}]),
    (dragonmint_pools, "pools", [{**POOL, "password": ""}]),
    (dragonmint_pools, "pools", [{**POOL, "password": "x "}]),
    (dragonmint_pools, "pools", [{**POOL, "password": "long enough \udc80"}]),
    (dragonmint_pools, "wait_timeout", -1),
    (dragonmint_pools, "wait_timeout", float("nan")),
    (dragonmint_autotune, "level", ""),
    (dragonmint_autotune, "level", "2\n"),
    (dragonmint_autotune, "level", "2\u200b"),
    (dragonmint_user, "new_password", ""),
    (dragonmint_user, "new_password", "long enough "),
    (dragonmint_user, "new_password", "long\u00a0enough"),
    (dragonmint_autotune, "wait_timeout", -1),
    (dragonmint_autotune, "wait_timeout", float("nan")),
]
CONNECTION_OPTIONS = [
    ("host", ""),
    ("host", "http://10.1.0.25"),
    ("host", "10.1.0.25:8080"),
    ("host", "10.1.0.25/"),
    ("host", "10.1.0.25?x"),
    ("host", "admin@10.1.0.25"),
    ("host", "10.1.0.25#"),
    ("host", "miner 1"),
    ("host", "miner\n1"),
    ("host", "[10.1.0.25]"),
    ("host", "cafe:8080"),
    ("host", ":"),
    ("host", "a..b"),
    ("host", "\udc80"),
    ("port", 0),
    ("port", -1),
    ("port", 70000),
    ("username", "admin:x"),
    ("password", ""),
    ("password", "long enough \udc80"),
    ("fallback_passwords", ["long enough \udc80"]),
    ("timeout", 0),
    ("timeout", -1),
    ("timeout", float("nan")),
    ("timeout", float("inf")),
    ("retries", -1),
]


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts of attempted connections; none is made."""
    hosts: list[str] = []

    def look_up(host: str, *_args: Any, **_kwargs: Any) -> None:
        hosts.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return hosts


def result_of(module: ModuleType, **options: Any) -> dict[str, Any]:
    validation = ArgumentSpecValidator(module.argument_spec()).validate({**CONNECTION, **GOOD[module], **options})
    assert validation.error_messages == []
    return execute_unchecked(module.run, validation.validated_parameters, check_mode=False)


def name_of(value: Any) -> str | None:
    return value.__name__.rpartition(".")[2] if isinstance(value, ModuleType) else None


@pytest.mark.parametrize("module", GOOD, ids=name_of)
def test_good_input_gets_as_far_as_the_network(module: ModuleType, looked_up: list[str]) -> None:
    result = result_of(module)
    assert (result["error_code"], looked_up) == ("unreachable", ["127.0.0.1"])


def assert_refused(result: dict[str, Any], looked_up: list[str], option: str) -> None:
    assert (result.get("error_code"), looked_up) == ("invalid_input", []), result["msg"]
    assert result["failed"] is True
    assert result["changed"] is False
    assert option in result["msg"]


@pytest.mark.parametrize(("module", "option", "value"), OWN_OPTIONS, ids=name_of)
def test_a_bad_value_is_refused(module: ModuleType, option: str, value: Any, looked_up: list[str]) -> None:
    assert_refused(result_of(module, **{option: value}), looked_up, option.rstrip("s"))


@pytest.mark.parametrize(("option", "value"), CONNECTION_OPTIONS)
def test_a_bad_value_of_the_connection_is_refused(option: str, value: Any, looked_up: list[str]) -> None:
    assert_refused(
        result_of(dragonmint_facts, **{option: value}), looked_up, option.removeprefix("fallback_").rstrip("s")
    )
