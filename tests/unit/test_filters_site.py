# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Miners that would get in each other's way are found from their variables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.minerops.dragonmint.plugins.filter.site_problems import FilterModule

site_problems = FilterModule().filters()["site_problems"]

URL = "stratum+tcp://pool.example.com:3333"


def pool(user: str, url: str = URL) -> dict[str, str]:
    return {"url": url, "user": user}


def with_pools(*pools: Any) -> dict[str, Any]:
    return {"provision_pools": list(pools)}


def static(address: str) -> dict[str, Any]:
    return {"provision_network": {"mode": "static", "ipaddress": address}}


class Undefined(dict[str, Any]):
    """Variables of which one can't be worked out."""

    def get(self, name: str, default: Any = None) -> Any:
        raise AnsibleUndefinedVariable("'rack' is undefined")


BOTH = f"a and b would both have the worker farm.1 at {URL}."


@pytest.mark.parametrize(
    ("one", "other", "problems"),
    [
        (with_pools(pool("farm.1")), with_pools(pool("farm.2")), []),
        (with_pools(pool("farm.1")), with_pools(pool("farm.1", "stratum+tcp://other.example.com:3333")), []),
        (with_pools(pool("farm.1"), pool("farm.1")), with_pools(pool("farm.2")), []),
        (with_pools(pool("farm.1")), with_pools(pool("farm.2"), pool("farm.1")), [BOTH]),
        (with_pools(pool("farm.1")), with_pools(pool("farm.1", f"{URL.upper()}/#xnsub")), [BOTH]),
        (with_pools(pool("farm.1")), with_pools(pool("farm.1", f"{URL}#xnsub")), [BOTH]),
        (static("10.1.0.1"), static("10.1.0.2"), []),
        (static("10.1.0.1"), static("10.1.0.1"), ["a and b would both have the address 10.1.0.1."]),
        ({"provision_network": {"mode": "dhcp"}}, {"provision_network": None}, []),
        ({"provision_pools": None}, {}, []),
    ],
)
def test_two_miners(one: Mapping[str, Any], other: Mapping[str, Any], problems: list[str]) -> None:
    assert site_problems(["a", "b"], {"a": one, "b": other}) == problems


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (with_pools(pool("")), "its worker is ''"),
        (with_pools(pool("farm.")), "its worker is 'farm.'"),
        (with_pools(pool("farm. .1")), "its worker is 'farm. .1'"),
        (with_pools({"url": URL}), "its worker is ''"),
        (with_pools(pool("farm.{{ rack }}")), "a variable in farm.{{ rack }} is undefined"),
        (static("10.1.0.{{ position }}"), "a variable in 10.1.0.{{ position }} is undefined"),
        (with_pools("stratum"), "provision_pools is no list of pools"),
        ({"provision_pools": "stratum"}, "provision_pools is no list of pools"),
        (Undefined(), "'rack' is undefined"),
    ],
)
def test_what_can_not_be_worked_out(variables: Mapping[str, Any], text: str) -> None:
    (problem,) = site_problems(["a"], {"a": variables})
    assert problem.startswith("What a is to have can't be worked out: ")
    assert text in problem


def test_others_count_only_where_a_miner_is_concerned() -> None:
    hostvars = {
        "a": with_pools(pool("farm.1")),
        "b": with_pools(pool("farm.1")),
        "c": with_pools(pool("farm.2")),
        "d": with_pools(pool("farm.2")),
        "e": Undefined(),
    }
    assert site_problems(["a"], hostvars, list(hostvars)) == [BOTH]
