# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a job on many hosts at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts, values_of_hosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)

TABLE = Variables(
    "job_",
    (
        Variable("job_count", "int", "", default=3),
        Variable("job_names", "list", ""),
    ),
)
NAMES = ["a", "b"]


def evaluate(variables: Mapping[str, Any], name: str) -> Any:
    if variables[name] == "{{ lost }}":
        raise InvalidVariables(f"{name} cannot be evaluated: lost is undefined")
    return variables[name]


def of(hosts: dict[str, dict[str, Any]]) -> OfHosts:
    kinds, places = values_of_hosts(TABLE, hosts.items(), evaluate)
    return OfHosts(kinds, places, {})


def test_hosts_that_share_their_values_share_one_kind() -> None:
    found = of({f"m{number}": {"job_names": NAMES, "rack": number} for number in range(5)})
    assert found.kinds == [{"count": 3, "names": ["a", "b"]}]
    assert set(found.of.values()) == {0}


def test_values_of_one_host_are_its_own() -> None:
    found = of({"m1": {"job_count": "5"}, "m2": {}, "m3": {"job_names": "a,b"}})
    assert [found.values(host) for host in ("m1", "m2", "m3")] == [
        {"count": 5, "names": None},
        {"count": 3, "names": None},
        {"count": 3, "names": ["a", "b"]},
    ]


def test_a_value_that_is_gone_is_not_taken_for_another() -> None:
    """Each is dropped after it was read, so that the next one may get the same place in memory."""

    def fresh(variables: Mapping[str, Any], name: str) -> Any:
        return list(variables[name])

    hosts = {f"m{number}": {"job_names": [f"name {number}"]} for number in range(200)}
    kinds, places = values_of_hosts(TABLE, hosts.items(), fresh)
    assert all(kinds[places[host]]["names"] == given["job_names"] for host, given in hosts.items())


def test_a_problem_is_reported_for_its_hosts_only() -> None:
    found = of(
        {
            "m1": {"job_count": "{{ lost }}"},
            "m2": {"job_count": "{{ lost }}"},
            "m3": {"job_count": "many"},
            "m4": {"job_count": 1},
            "m5": {"job_cuont": 1, "other_count": 2},
        }
    )
    assert found.values("m1") == {"problem": "job_count cannot be evaluated: lost is undefined"}
    assert found.values("m2") is found.values("m1")
    assert found.values("m3") == {"problem": "job_count is 'many', expected a whole number."}
    assert found.values("m4")["count"] == 1
    assert "Did you mean 'job_count'?" in found.values("m5")["problem"]
    assert list(found.usable) == ["m4"]
    assert found.problems == {host: found.values(host)["problem"] for host in ("m1", "m2", "m3", "m5")}


def test_names_are_not_typos_where_only_some_of_them_are_read() -> None:
    kinds, _places = values_of_hosts(TABLE, [("m1", {"job_other": 1, "job_count": 2})], evaluate, is_all=False)
    assert kinds == [{"count": 2, "names": None}]
