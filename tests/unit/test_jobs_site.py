# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the job site: conflicts between miners are found from their variables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import site

URL = "stratum+tcp://pool.example.com:3333"


def pool(user: str, url: str = URL) -> dict[str, str]:
    return {"url": url, "user": user}


def with_pools(*pools: Any) -> dict[str, Any]:
    return {"provision_pools": list(pools)}


def static(address: str) -> dict[str, Any]:
    return {"provision_network": {"mode": "static", "ipaddress": address}}


class Undefined(dict[str, Any]):
    """Variables of which one can't be evaluated."""

    def get(self, name: str, default: Any = None) -> Any:
        raise AnsibleUndefinedVariable("'rack' is undefined")


BOTH = f"a and b have the same worker 'farm.1' at '{URL}'."


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
        (static("10.1.0.1"), static("10.1.0.1"), ["a and b have the same address '10.1.0.1'."]),
        ({"provision_network": {"mode": "dhcp"}}, {"provision_network": None}, []),
        ({"provision_pools": None}, {}, []),
    ],
)
def test_two_miners(one: Mapping[str, Any], other: Mapping[str, Any], problems: list[str]) -> None:
    assert problems_of(["a", "b"], {"a": one, "b": other}) == problems


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (with_pools(pool("")), "its worker ''"),
        (with_pools(pool("farm.")), "its worker 'farm.'"),
        (with_pools(pool("farm. .1")), "its worker 'farm. .1'"),
        (with_pools({"url": URL}), "its worker ''"),
        (with_pools(pool("farm.{{ rack }}")), "a variable in 'farm.{{ rack }}' is undefined"),
        (static("10.1.0.{{ position }}"), "a variable in '10.1.0.{{ position }}' is undefined"),
        (with_pools("stratum"), "provision_pools is not a list of pools"),
        ({"provision_pools": "stratum"}, "provision_pools is not a list of pools"),
        (Undefined(), "'rack' is undefined"),
    ],
)
def test_what_can_not_be_evaluated(variables: Mapping[str, Any], text: str) -> None:
    (problem,) = problems_of(["a"], {"a": variables})
    assert problem.startswith("Invalid desired state for a: ")
    assert text in problem


def test_others_count_only_where_a_miner_is_concerned() -> None:
    hostvars = {
        "a": with_pools(pool("farm.1")),
        "b": with_pools(pool("farm.1")),
        "c": with_pools(pool("farm.2")),
        "d": with_pools(pool("farm.2")),
        "e": Undefined(),
    }
    assert problems_of(["a"], hostvars, list(hostvars)) == [BOTH]


def test_a_plan_names_who_is_ready_and_what_to_fix() -> None:
    hostvars = {"a": with_pools(pool("farm.1")), "b": with_pools(pool("farm.1")), "c": with_pools(pool(""))}
    plan = site.plan(["c", "b", "a"], hostvars)
    assert plan["due"] == ["a"]
    assert [row["miner"] for row in plan["rows"]] == ["c", "b"]
    assert plan["summary"] == "3 miners: 1 ready, 2 with a problem in the desired state."
    assert plan["problem"] == (
        "2 problems in the desired state, so nothing was sent to any miner. "
        "Invalid desired state for c: its worker '' has an empty part: set the variables in its name. "
        f"b and a have the same worker 'farm.1' at '{URL}'."
    )


def test_without_a_problem_all_are_due() -> None:
    plan = site.plan(["a"], {"a": with_pools(pool("farm.1"))})
    assert plan == {"rows": [], "due": ["a"], "summary": "1 miner: 1 ready.", "problem": ""}


def test_only_the_first_problems_are_shown() -> None:
    hostvars = {f"m{number}": with_pools(pool("farm.1")) for number in range(13)}
    assert site.plan(hostvars, hostvars)["problem"].endswith(
        f"m0 and m10 have the same worker 'farm.1' at '{URL}'. And 2 more."
    )


def problems_of(*arguments: Any) -> list[str]:
    return [row["problem"] for row in site.plan(*arguments)["rows"]]
