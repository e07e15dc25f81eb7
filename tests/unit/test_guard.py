# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of the playbooks: when a job must not start, and when there is nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import guard
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import tables_of

READ = {
    "polled": 3,
    "locked": 0,
    "unresponsive": 0,
    "silent": 9,
    "unknown": 0,
    "filtered": 0,
    "at": 1e9,
    "problems": [],
}
FAILED = {**READ, "polled": 0, "at": None, "problems": ["desired[0]: unknown key 'pool'."]}
GAP = "site.dragonmint.yml: 3 miners refused every login."

# The input, and the resulting problem and warning.
VERDICTS: dict[str, tuple[dict[str, Any], list[str], str, str]] = {
    "well": ({}, [], "", ""),
    "nothing-to-do": ({"hosts": 0}, [], "", ""),
    "nothing-found": ({"hosts": 0, "has_hosts": False}, [], "", ""),
    "static-nothing-to-do": ({"hosts": 0, "has_reports": False}, [], "", ""),
    "locked": (
        {"hosts": 0},
        [GAP],
        f"There is nothing to do, but miners may be missing from the inventory. {GAP}",
        "",
    ),
    "some-locked": ({}, [GAP], "", f"The job does not cover the whole inventory. {GAP}"),
    "typo": (
        {"hosts": 0, "unmatched": ["rack9", "!m1"]},
        [],
        "No group or host of the inventory matches 'rack9', '!m1' in target. Correct target.",
        "",
    ),
    "half-a-typo": (
        {"unmatched": ["rack9"]},
        [],
        "No group or host of the inventory matches 'rack9' in target. Correct target.",
        "",
    ),
    "drift-of-an-unread-source": (
        {"hosts": 0, "unmatched": ["drift_*"], "has_hosts": False},
        [GAP],
        f"No group or host of the inventory matches 'drift_*' in target. {GAP}",
        "",
    ),
    "no-inventory": (
        {"hosts": 0, "has_hosts": False, "has_reports": False},
        [],
        "The inventory has no hosts. Set it with -i, or check the warnings above for why it was not read.",
        "",
    ),
}
REPORTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "read": (READ, []),
    "failed": (FAILED, ["site.dragonmint.yml was not read: desired[0]: unknown key 'pool'."]),
    "locked": ({**READ, "locked": 3}, [GAP]),
    "several": (
        {**READ, "locked": 1, "unresponsive": 2, "problems": ["1 expected miner not found: m1."]},
        ["site.dragonmint.yml: 1 expected miner not found: m1; 1 miner refused every login; 2 miners did not respond."],
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_nothing_to_do_is_a_success_only_where_that_is_known(name: str) -> None:
    given, gaps, problem, warning = VERDICTS[name]
    choice = {"unmatched": [], "hosts": 3, "has_hosts": True, "has_reports": True, **given}
    assert guard.verdict_of(guard.Choice(**choice), gaps) == guard.Verdict(problem, warning)


@pytest.mark.parametrize("name", REPORTS)
def test_a_source_that_was_not_read_or_polled_is_a_gap(name: str) -> None:
    report, gaps = REPORTS[name]
    assert guard.gaps_of({"site.dragonmint.yml": report}, []) == gaps


def test_a_source_without_a_report_is_a_gap() -> None:
    reports = {"a.dragonmint.yml": READ, "b.dragonmint.yml": {**READ, "locked": 1}}
    assert guard.gaps_of(reports, ["/x/c.dragonmint.yml"]) == [
        "/x/c.dragonmint.yml was not read as an inventory; see the warnings above.",
        "b.dragonmint.yml: 1 miner refused every login.",
    ]


def test_a_source_is_unread_that_is_ours_and_has_no_report(tmp_path: Path) -> None:
    ours = "plugin: minerops.dragonmint.dragonmint\nnetworks: ["
    files = {
        "read.dragonmint.yml": ours,
        "unread.dragonmint.yaml": ours,
        "misnamed.yml": ours,
        "quoted.yaml": f"---\n# of ours\n{ours.replace('minerops', chr(34) + 'minerops')}",
        "hosts.yml": "all: {hosts: {m1: }}",
        "other.yml": "plugin: minerops.dragonmint.dragonmint_other",
        "hosts": "m1",
        "group_vars/all.yml": ours,
        ".hidden.dragonmint.yml": ours,
    }
    (tmp_path / "group_vars").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    reports = {"read.dragonmint.yml": {**READ, "path": str(tmp_path / "read.dragonmint.yml")}}
    missing = str(tmp_path / "missing.yml")
    unread = [str(tmp_path / name) for name in ("misnamed.yml", "quoted.yaml", "unread.dragonmint.yaml")]
    assert guard.unread_sources([str(tmp_path), "m1,m2", missing], reports) == [*unread, missing]
    assert guard.unread_sources([str(tmp_path / name) for name in sorted(files)[2:]], reports) == unread
    assert guard.unread_sources(["/nowhere/unread.dragonmint.yml,"], reports) == []


def test_the_default_of_ansible_is_no_source_that_was_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert guard.unread_sources(["/etc/ansible/hosts"], {}) == []


def test_the_variables_of_a_play_are_distinguished_from_those_of_its_host() -> None:
    pools = [{"url": "a"}]
    own = {"rack": 1, "provision_pools": pools, "curtail_mode": "balanced"}
    given = {**own, "provision_pools": [{"url": "a"}], "curtail_mode": "efficient", "hostvars": {}}
    assert guard.of_play(given, own) == {"curtail_mode": "efficient", "hostvars": {}}


class TestWrongVariables:
    def test_all_that_is_wrong_is_named_with_its_hosts(self) -> None:
        hosts = [
            ("m1", {"upgrade_scr": "x", "rack": 1}),
            ("m2", {"upgrade_scr": "x"}),
            ("m3", {"upgrade_wait_timeout": "soon"}),
            ("m4", {"upgrade_wait_timeout": 5, "health_anything": 1}),
        ]
        assert guard.wrong_variables(tables_of("upgrade"), hosts) == (
            "upgrade_scr is not a variable of minerops.dragonmint, for which names that begin with upgrade_ are "
            "reserved. Did you mean 'upgrade_src'? (Set for m1 and 1 more.) "
            "upgrade_wait_timeout is 'soon', expected a whole number of at least 1. (Set for m3.)"
        )

    def test_a_job_is_held_to_the_variables_of_the_jobs_that_it_uses(self) -> None:
        hosts = [("m1", {"provision_polls": []})]
        assert "provision_pools" in guard.wrong_variables(tables_of("site"), hosts)
        assert guard.wrong_variables(tables_of("upgrade"), hosts) == ""

    def test_templates_are_not_evaluated_and_count_as_given(self) -> None:
        hosts = [("m1", {"rotate_new_password": "{{ vaulted }}", "rotate_serial": "{{ sizes }}"})]
        assert guard.wrong_variables(tables_of("rotate_passwords"), hosts) == ""

    def test_what_a_job_needs_may_be_missing_only_where_it_has_no_host(self) -> None:
        tables = tables_of("rotate_passwords")
        assert "rotate_new_password is not set" in guard.wrong_variables(tables, [("m1", {})])
        assert guard.wrong_variables(tables, [("all hosts", {})], may_miss=True) == ""
        said = guard.wrong_variables(tables, [("all hosts", {"rotate_seriall": 1})], may_miss=True)
        assert said.endswith("Did you mean 'rotate_serial'? (Set for all hosts.)")

    def test_ten_thousand_hosts_with_the_same_values_are_looked_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        looks = []
        monkeypatch.setattr(guard, "_problem", lambda _tables, given, _may_lack: looks.append(given) or "wrong.")
        shared = {"upgrade_serial": [1, 2], "upgrade_src": "a.swu"}
        hosts = ((f"m{number}", {**shared, "number": number}) for number in range(10_000))
        assert guard.wrong_variables(tables_of("upgrade"), hosts) == "wrong. (Set for m0 and 9999 more.)"
        assert len(looks) == 1


OF_A_WORKFLOW = {"awx_workflow_job_name": "Upgrade with approval", "awx_job_template_name": "upgrade"}
SLICED = {"tower_workflow_job_name": "upgrade", "tower_job_template_name": "upgrade"}


class TestSlices:
    @pytest.mark.parametrize("given", [{}, OF_A_WORKFLOW, {"awx_job_template_name": "upgrade"}])
    def test_a_whole_job_may_run(self, given: dict[str, Any]) -> None:
        assert guard.refused_slice(tables_of("upgrade"), given) == ""

    @pytest.mark.parametrize("job", ["upgrade", "curtail", "site"])
    def test_a_slice_of_what_counts_the_fleet_is_refused(self, job: str) -> None:
        switch = "curtail_allow_slice" if job == "curtail" else "upgrade_allow_slice"
        said = guard.refused_slice(tables_of(job), {**SLICED, "curtail_allow_slice": "", "upgrade_allow_slice": "no"})
        assert said.startswith("This job is a slice of 'upgrade': its workflow has the same name as its job temp")
        assert said.endswith(f"or set {switch}: true.")
        assert guard.refused_slice(tables_of(job), {**SLICED, switch: "true"}) == ""

    @pytest.mark.parametrize("job", ["provision", "audit", "overview", "heal", "metrics", "rotate_passwords"])
    def test_a_slice_of_what_looks_at_each_miner_may_run(self, job: str) -> None:
        assert guard.refused_slice(tables_of(job), SLICED) == ""


def test_two_logins_are_a_warning() -> None:
    assert guard.two_logins({"DRAGONMINT_PASSWORD": "hunter22"}, asks_password=False) == ""
    assert guard.two_logins({"DRAGONMINT_PASSWORD": ""}, asks_password=True) == ""
    said = guard.two_logins({"DRAGONMINT_PASSWORD": "hunter22"}, asks_password=True)
    assert said.endswith("DRAGONMINT_PASSWORD is used. Remove one of them.")
    assert "hunter22" not in said


@pytest.mark.parametrize(
    ("given", "is_preview"),
    [
        ({}, False),
        ({"ansible_check_mode": True}, True),
        ({"ansible_run_tags": ["all"]}, False),
        ({"ansible_run_tags": ["act"]}, False),
        ({"ansible_run_tags": ["tagged"]}, False),
        ({"ansible_run_tags": ["a tag of the user"]}, False),
        ({"ansible_run_tags": ["untagged"]}, True),
        ({"ansible_run_tags": ["preview"]}, True),
        ({"ansible_run_tags": ["report", "preview"]}, True),
        ({"ansible_run_tags": ["all"], "ansible_skip_tags": ["report"]}, False),
        ({"ansible_run_tags": ["all"], "ansible_skip_tags": ["act"]}, True),
        ({"ansible_run_tags": ["act"], "ansible_skip_tags": ["tagged"]}, True),
    ],
)
def test_nothing_is_written_in_check_mode_and_without_the_tag_act(given: dict[str, Any], is_preview: bool) -> None:
    assert guard.is_preview(given) == is_preview


@pytest.mark.parametrize(
    ("names", "limit", "target", "missing"),
    [
        (["m1"], None, "all", ["m1"]),
        (["m1"], None, "rack1", []),
        (["m1"], "rack1", "all", []),
        (None, None, "all", []),
    ],
)
def test_a_run_on_a_part_of_the_fleet_misses_no_miner(
    names: list[str] | None, limit: str | None, target: str, missing: list[str]
) -> None:
    assert guard.missing(names, limit, target) == missing
