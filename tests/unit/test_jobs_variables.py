# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of jobs: input from users and surveys becomes typed values, or is refused in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail import PLACE_VARIABLES
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS, tables_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
    needs_evaluation,
    normalised,
)

ROOT = Path(__file__).parents[2]
TABLE = Variables(
    "job_",
    (
        Variable("job_name", "str", "A name."),
        Variable("job_mode", "str", "A mode.", choices=("efficient", "off")),
        Variable("job_secret", "str", "A secret.", secret=True),
        Variable("job_count", "int", "How many.", default=3, minimum=1, maximum=9),
        Variable("job_share", "float", "A share.", default=0.5, minimum=0),
        Variable("job_really", "bool", "Whether.", default=False),
        Variable("job_sizes", "list", "Sizes.", default=(1, "25%")),
        Variable("job_names", "list", "Names.", elements="str"),
        Variable("job_ratings", "dict", "Ratings."),
        Variable("job_src", "path", "A file."),
        Variable(
            "job_pools",
            "list",
            "Pools.",
            elements="dict",
            options=(
                Variable("url", "str", "The URL.", required=True),
                Variable("password", "str", "The password.", secret=True),
            ),
        ),
        Variable("job_rows", "list", "Rows.", is_argument=True),
        Variable("target", "str", "The hosts.", default="all"),
    ),
)
DEFAULTS = {
    "name": None,
    "mode": None,
    "secret": None,
    "count": 3,
    "share": 0.5,
    "really": False,
    "sizes": [1, "25%"],
    "names": None,
    "ratings": None,
    "src": None,
    "pools": None,
    "target": "all",
}
POOL = {"url": "stratum+tcp://pool.example.com:3333"}

TYPED: list[tuple[str, Any, Any]] = [
    ("job_name", 5, "5"),
    ("job_name", "rack 1", "rack 1"),
    ("job_mode", "off", "off"),
    ("job_mode", False, "off"),
    ("job_secret", 12345678, "12345678"),
    ("job_count", "5", 5),
    ("job_count", " 5 ", 5),
    ("job_count", 5.0, 5),
    ("job_share", "0.9", 0.9),
    ("job_share", 1, 1.0),
    ("job_really", "yes", True),
    ("job_really", "true", True),
    ("job_really", "False", False),
    ("job_really", 1, True),
    ("job_sizes", "1, 10,25%", [1, 10, "25%"]),
    ("job_sizes", '[1, "10%"]', [1, "10%"]),
    ("job_sizes", "- 1\n- 10%", [1, "10%"]),
    ("job_sizes", 20, [20]),
    ("job_sizes", (1, 2), [1, 2]),
    ("job_names", "rack*,!m1", ["rack*", "!m1"]),
    ("job_names", [1], ["1"]),
    ("job_ratings", '{"T1": {"watts": 1}}', {"T1": {"watts": 1}}),
    ("job_ratings", "T1:\n  watts: 1", {"T1": {"watts": 1}}),
    ("job_src", "~/t1.swu", str(Path.home() / "t1.swu")),
    ("job_src", "http://example.com/t1.swu", "http://example.com/t1.swu"),
    ("job_pools", [{**POOL, "password": None}], [{**POOL, "password": None}]),
    ("job_pools", f'[{{"url": "{POOL["url"]}"}}]', [POOL]),
    ("target", "rack1:&drift", "rack1:&drift"),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("job_name", True, "job_name is true, expected text."),
    ("job_name", ["a"], "job_name is a list, expected text."),
    ("job_mode", "turbo", "job_mode is 'turbo', expected one of efficient, off."),
    ("job_mode", True, "job_mode is true, expected one of efficient, off."),
    ("job_count", "soon", "job_count is 'soon', expected a whole number of at least 1 and at most 9."),
    ("job_count", 2.5, "job_count is 2.5, expected a whole number of at least 1 and at most 9."),
    ("job_count", True, "job_count is true, expected a whole number of at least 1 and at most 9."),
    ("job_count", 10, "job_count is 10, expected a whole number of at least 1 and at most 9."),
    ("job_share", "nan", "job_share is 'nan', expected a number of at least 0."),
    ("job_share", -0.1, "job_share is -0.1, expected a number of at least 0."),
    ("job_really", "maybe", "job_really is 'maybe', expected true or false."),
    ("job_really", 2, "job_really is 2, expected true or false."),
    ("job_sizes", "[1, ", "job_sizes is '[1, ', expected a list, also as JSON or YAML."),
    ("job_sizes", {"a": 1}, "job_sizes is a dictionary, expected a list, also as JSON or YAML."),
    ("job_names", [["a"]], "job_names[0] is a list, expected text."),
    ("job_ratings", "[1]", "job_ratings is '[1]', expected a dictionary, also as JSON or YAML."),
    ("job_pools", POOL["url"], f"job_pools is '{POOL['url']}', expected a list, also as JSON or YAML."),
    ("job_pools", [{}], "job_pools[0] has no url, which is required."),
    ("job_pools", [{**POOL, "pasword": "x"}], "job_pools[0] has the unknown key 'pasword'. Did you mean 'password'?"),
    ("job_pools", [{**POOL, "user": "x"}], "job_pools[0] has the unknown key 'user'. Use url, password."),
]


@pytest.mark.parametrize(("name", "given", "value"), TYPED)
def test_a_value_gets_its_type(name: str, given: Any, value: Any) -> None:
    typed = normalised(TABLE, {name: given})[TABLE.key(name)]
    assert (type(typed), typed) == (type(value), value)


@pytest.mark.parametrize(("name", "given", "sentence"), REFUSED)
def test_what_is_not_of_its_type_is_refused_in_one_sentence(name: str, given: Any, sentence: str) -> None:
    with pytest.raises(InvalidVariables) as refusal:
        normalised(TABLE, {name: given})
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("empty", [None, ""])
def test_what_is_left_empty_is_the_default(empty: Any) -> None:
    assert normalised(TABLE, {variable.name: empty for variable in TABLE}) == DEFAULTS == normalised(TABLE, {})


@pytest.mark.parametrize("given", [True, 1e9, ["a"], {"a": 1}])
def test_a_secret_that_is_not_text_is_refused_and_not_shown(given: Any) -> None:
    with pytest.raises(InvalidVariables, match=r"^job_secret is not valid, expected text in quotes, since YAML "):
        normalised(TABLE, {"job_secret": given})
    with pytest.raises(InvalidVariables, match=r"^job_pools\[0\]\.password is not valid"):
        normalised(TABLE, {"job_pools": [{**POOL, "password": given}]})


def test_a_required_variable_that_is_missing_is_named() -> None:
    table = Variables("job_", (Variable("job_name", "str", "The new name.", required=True),))
    with pytest.raises(InvalidVariables, match=r"^job_name is not set, and this job needs it\.$"):
        normalised(table, {})


def test_an_unknown_variable_with_the_prefix_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(InvalidVariables) as refusal:
        normalised(TABLE, {"job_cuont": 1})
    assert str(refusal.value) == (
        "job_cuont is not a variable of minerops.dragonmint, for which names that begin with job_ are reserved. "
        "Did you mean 'job_count'?"
    )
    with pytest.raises(InvalidVariables, match=r"^job_notes is not a variable"):
        normalised(TABLE, {"job_notes": "my own"})


def test_other_names_are_the_users() -> None:
    assert normalised(TABLE, {"rack": 1, "_job_x": 1, "__job_x": 1, "job": 1}) == DEFAULTS
    assert normalised(Variables("", TABLE.entries), {"anything": 1})["job_name"] is None


def test_an_argument_is_left_to_ansible() -> None:
    assert normalised(TABLE, {"job_rows": "nonsense"}) == DEFAULTS


def test_what_is_not_evaluated_yet_is_left_out() -> None:
    typed = normalised(TABLE, {"job_count": "{{ count }}"}, ["job_count"])
    assert typed == {key: value for key, value in DEFAULTS.items() if key != "count"}


def test_a_default_is_nobody_elses_list() -> None:
    normalised(TABLE, {})["sizes"].append(1)
    assert normalised(TABLE, {})["sizes"] == [1, "25%"]


@pytest.mark.parametrize(
    "value", ["{{ x }}", "{% if x %}", [{"a": "{{ x }}"}], {"a": ["{# x #}"]}, object(), [object()]]
)
def test_a_template_has_to_be_evaluated(value: Any) -> None:
    assert needs_evaluation(value)


@pytest.mark.parametrize("value", ["x", 1, 1.5, True, None, [1, {"a": "b"}]])
def test_a_plain_value_is_known(value: Any) -> None:
    assert not needs_evaluation(value)


@pytest.mark.parametrize("job", JOBS)
def test_the_defaults_of_a_job_are_what_it_takes(job: str) -> None:
    # Some jobs need a choice for which there is no default.
    table = replace(JOBS[job].variables, check=None)
    given = {entry.name: "needed" for entry in table if entry.required}
    values = normalised(table, given)
    again = {entry.name: values[table.key(entry.name)] for entry in table if not entry.is_argument}
    assert normalised(table, again) == values


def test_values_that_do_not_go_together_are_refused_once_all_are_known() -> None:
    def check(values: Mapping[str, Any]) -> None:
        if values["a"] == values["b"]:
            raise InvalidVariables("a and b must differ.")

    table = Variables("x_", (Variable("x_a", "int", "A."), Variable("x_b", "int", "B.")), check)
    assert normalised(table, {"x_a": 1, "x_b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(InvalidVariables, match=r"^a and b must differ\.$"):
        normalised(table, {"x_a": "1", "x_b": 1})
    assert normalised(table, {"x_a": 1, "x_b": "{{ x }}"}, ["x_b"]) == {"a": 1}


@pytest.mark.parametrize("job", JOBS)
def test_a_name_has_the_prefix_or_is_shared(job: str) -> None:
    shared = {"target", "report_folder", "dragonmint_ratings", "curtail_record", "curtail_record_data"}
    table = JOBS[job].variables
    assert [entry.name for entry in table if not entry.name.startswith(table.prefix) and entry.name not in shared] == []


@pytest.mark.parametrize("job", JOBS)
def test_who_looks_whether_a_miner_is_curtailed_takes_the_variables_of_the_record(job: str) -> None:
    """Otherwise an unusable record is not an invalid variable, and is found only after miners were written to."""
    folders = [ROOT / f"roles/{JOBS[job].role or job}", ROOT / "playbooks"]
    files = [*folders[0].rglob("*.yml"), folders[1] / f"{job}.yml"]
    looks = any("minerops.dragonmint.curtailed" in path.read_text(encoding="utf-8") for path in files if path.exists())
    taken = {entry.name for table in tables_of(job) for entry in table}
    assert not looks or taken >= {entry.name for entry in PLACE_VARIABLES}


def test_every_variable_is_used_by_an_integration_test() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration").rglob("*.py")]
    used = {name for text in texts for name in re.findall(r"\w+", text)}
    assert {entry.name for job in JOBS.values() for entry in job.variables} - used == set()
