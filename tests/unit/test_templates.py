# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template uses, and that it is evaluated again only where a value that it uses differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import (
    UNSET,
    Evaluations,
    is_template,
    uses_of,
    why_not_evaluated,
)

VALUES: dict[str, Any] = {
    "inventory_hostname": "m1",
    "site": "north",
    "password": "{{ passwords[site] }}",
    "passwords": {"north": "{{ vaulted }}", "south": "x"},
    "vaulted": "secret",
    "groups": {"all": ["{{ inventory_hostname }}"]},
    "loop": "{{ loop }}",
}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Attempting to decrypt but no vault secrets found",
            "secret is vaulted, and no vault password was given. Add --ask-vault-pass or --vault-password-file.",
        ),
        (
            "Decryption failed (no vault secrets were found that could decrypt) on /x/group_vars/all/vault.yml",
            "secret is vaulted with another vault password than the one that was given. Correct the vault password.",
        ),
        ("'lost' is undefined", "secret cannot be evaluated: 'lost' is undefined"),
    ],
)
def test_why_a_value_cannot_be_evaluated_says_what_to_do_about_a_vault(said: str, expected: str) -> None:
    text = f"Error rendering template: {said}" if "vault" in said else said
    assert why_not_evaluated("secret", ValueError(text)) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", False),
        ("", False),
        (None, False),
        (5, False),
        (True, False),
        ("{{ a }}", True),
        ("{% if a %}b{% endif %}", True),
        (["a"], True),
        (object(), True),
    ],
)
def test_what_may_be_a_template_is_known(raw: Any, expected: bool) -> None:
    assert is_template(raw) is expected


@pytest.mark.parametrize(
    ("raw", "names", "is_all"),
    [
        ("plain", set(), True),
        ("{{ site }}", {"site"}, True),
        ("{{ password }}", {"password", "passwords", "site", "vaulted"}, True),
        ({"a": ["{{ site }}"], "{{ vaulted }}": 1}, {"site", "vaulted"}, True),
        ("{{ nowhere | default(site) }}", {"nowhere", "site"}, True),
        ("{{ lookup('env', 'HOME') }}", {"lookup"}, True),
        ("{{ lookup('ansible.builtin.env', site) }}", {"lookup", "site"}, True),
        ("{{ lookup('file', site) }}", {"lookup", "site"}, False),
        ("{{ query(site) }}", {"query", "site"}, False),
        ("{{ hostvars[site].a }}", {"hostvars", "site"}, False),
        ("{{ vars[site] }}", {"vars", "site"}, False),
        ("{% include site %}", {"site"}, False),
        ("{% for site in [1] %}{{ site }}{% endfor %}", set(), True),
        ("{{ groups.all }}", {"groups"}, True),
        ("{{ loop }}", {"loop"}, True),
        ("{{ broken", set(), True),
    ],
)
def test_what_a_value_uses_is_found_at_any_depth(raw: Any, names: set[str], is_all: bool) -> None:
    uses = uses_of(raw, VALUES)
    assert (set(uses.variables), uses.is_all) == (names, is_all)


def test_what_differs_is_named_and_so_is_what_is_there_on_one_host_only() -> None:
    uses = uses_of("{{ password }}{{ extra }}", VALUES)
    assert uses.variables["extra"] is UNSET
    assert uses.differing(dict(VALUES)) is None
    assert uses.differing({**VALUES, "inventory_hostname": "m2"}) is None
    assert uses.differing({**VALUES, "vaulted": "other"}) == "vaulted"
    assert uses.differing({**VALUES, "extra": 1}) == "extra"
    assert uses.differing({name: value for name, value in VALUES.items() if name != "site"}) == "site"


class Counting:
    """Evaluates nothing, and counts the attempts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, raw: Any, values: Mapping[str, Any]) -> str:
        self.count += 1
        return f"{raw} of {values['inventory_hostname']}"


HOSTS = [{**VALUES, "inventory_hostname": f"m{number}"} for number in range(3)]


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ("{{ password }}", 1),
        ("{{ inventory_hostname }}", 3),
        ("{{ lookup('file', 'password') }}", 3),
        ("{{ lookup('env', 'PASSWORD') }}", 1),
        (["{{ password }}"], 1),
    ],
)
def test_a_value_is_evaluated_again_only_where_something_else_decides(raw: Any, count: int) -> None:
    evaluate = Counting()
    evaluations = Evaluations(evaluate)
    results = [evaluations.result(host, "password", raw) for host in HOSTS]
    assert evaluate.count == count
    assert len(set(results)) == count


def test_another_value_of_the_same_name_is_evaluated() -> None:
    evaluations = Evaluations(Counting())
    results = [evaluations.result(VALUES, "password", raw) for raw in ("{{ site }}", "{{ vaulted }}", "{{ site }}")]
    assert results == ["{{ site }} of m1", "{{ vaulted }} of m1", "{{ site }} of m1"]


def test_another_object_is_evaluated_though_it_says_the_same() -> None:
    evaluate = Counting()
    evaluations = Evaluations(evaluate)
    for raw in (["{{ site }}"], ["{{ site }}"]):
        evaluations.result(VALUES, "passwords", raw)
    assert evaluate.count == 2
