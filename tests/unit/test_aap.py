# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data for AWX: forms, surveys, names, and the execution environment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS, tables_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variables, normalised

from tests import aap
from tests.support.awx import FILES, injected, items

ROOT = Path(__file__).parents[2]
SHAPES = json.loads((ROOT / "tests/data/awx_options.json").read_text(encoding="utf-8"))
# The lists of infra.aap_configuration, and the modules of awx.awx that take their items.
MODULES = {
    "controller_credential_types": "credential_type",
    "controller_credentials": "credential",
    "controller_execution_environments": "execution_environment",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_notifications": "notification_template",
    "controller_projects": "project",
    "controller_schedules": "schedule",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
}
# What the roles for EDA accept, according to their READMEs.
OF_EDA = {
    "eda_projects": {"name", "description", "organization_name", "url"},
    "eda_decision_environments": {"name", "description", "organization_name", "image_url"},
    "eda_rulebook_activations": {
        *("name", "description", "project", "rulebook", "decision_environment", "restart_policy"),
        *("organization", "extra_vars", "enabled"),
    },
}
TYPES = {"str": str, "bool": bool, "int": int, "float": (int, float), "list": list, "dict": dict}
QUESTIONS = {
    *("question_name", "question_description", "variable", "type", "required", "default", "choices", "min", "max")
}
TEMPLATES = items("controller_templates")
WORKFLOWS = items("controller_workflows")


def wrong(item: Mapping[str, Any], options: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """What a module of awx.awx would refuse."""
    for name in item.keys() - options.keys():
        yield f"{place}{name} is unknown"
    for name, option in options.items():
        if name not in item:
            if option.get("required"):
                yield f"{place}{name} is missing"
            continue
        value = item[name]
        is_of_type = isinstance(value, TYPES[option["type"]]) and (
            option["type"] == "bool" or not isinstance(value, bool)
        )
        if not is_of_type or value not in option.get("choices", [value]):
            yield f"{place}{name} is {value!r}"
        elif "options" in option:
            for part in value if option["type"] == "list" else [value]:
                yield from wrong(part, option["options"], f"{place}{name}.")


def shaped() -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Each item by its list and name, with the options of its module."""
    for kind, module in MODULES.items():
        for item in items(kind):
            of_role = {key: value for key, value in item.items() if key != "simplified_workflow_nodes"}
            yield kind, item["name"], of_role, SHAPES["modules"][module]
    for flow in WORKFLOWS:
        for node in flow["simplified_workflow_nodes"]:
            complete = {"workflow_job_template": flow["name"], **node}
            yield (
                "node",
                f"{flow['name']}: {node['identifier']}",
                complete,
                SHAPES["modules"]["workflow_job_template_node"],
            )


@pytest.mark.parametrize(("kind", "name", "item", "options"), [*shaped()], ids=lambda value: str(value)[:40])
def test_awx_takes_each_item(kind: str, name: str, item: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    assert [*wrong(item, options)] == [], (kind, name)


def test_the_check_of_shapes_finds_mistakes() -> None:
    options = SHAPES["modules"]["job_template"]
    item = {"name": "x", "job_type": "scan", "timeout": True, "credentials": "x", "playbok": "x"}
    assert sorted(wrong(item, options)) == [
        "credentials is 'x'",
        "job_type is 'scan'",
        "playbok is unknown",
        "timeout is True",
    ]
    assert [*wrong({}, options)] == ["name is missing"]


def test_all_lists_have_a_shape() -> None:
    assert set(FILES) == set(MODULES) | set(OF_EDA)
    for kind, keys in OF_EDA.items():
        assert [item["name"] for item in items(kind) if not keys >= item.keys()] == []


def test_what_is_named_exists() -> None:
    names = {kind: {item["name"] for item in items(kind)} for kind in FILES}
    of = {
        "credential_type": names["controller_credential_types"],
        "credential": names["controller_credentials"],
        "credentials": names["controller_credentials"],
        "execution_environment": names["controller_execution_environments"],
        "default_environment": names["controller_execution_environments"],
        "inventory": names["controller_inventories"],
        "project": names["controller_projects"],
        "source_project": names["controller_projects"],
        "unified_job_template": names["controller_templates"],
        "notification_templates_error": names["controller_notifications"],
        "notification_templates_approvals": names["controller_notifications"],
        "decision_environment": names["eda_decision_environments"],
    }
    nodes = [node for flow in WORKFLOWS for node in flow["simplified_workflow_nodes"]]
    for item in [item for kind in FILES for item in items(kind)] + nodes:
        for key, known in of.items():
            named = item.get(key, [])
            assert set([named] if isinstance(named, str) else named) <= known, item["name"]


def test_nodes_lead_to_nodes() -> None:
    for flow in WORKFLOWS:
        nodes = {node["identifier"]: node for node in flow["simplified_workflow_nodes"]}
        after = [name for node in nodes.values() for name in node.get("success_nodes", [])]
        # One starts, and each other one follows exactly one.
        assert sorted([*after, next(iter(nodes))]) == sorted(nodes)


def test_each_playbook_has_a_template() -> None:
    jobs = {path.stem for path in (ROOT / "playbooks").glob("[!_]*.yml")}
    assert jobs == {template.job for template in aap.TEMPLATES} == JOBS.keys() - {"report"}
    for template in TEMPLATES:
        assert (aap.PROJECT / template["playbook"]).is_file()
        assert template["job_slice_count"] == 1
        assert "ask_job_slice_count_on_launch" not in template


def test_activations_run_the_rulebooks_of_the_project() -> None:
    rulebooks = {path.name for path in (aap.PROJECT / "rulebooks").glob("*.yml")}
    assert {activation["rulebook"] for activation in items("eda_rulebook_activations")} == rulebooks
    templates = {template["name"] for template in TEMPLATES}
    for path in (aap.PROJECT / "rulebooks").glob("*.yml"):
        (ours,) = yaml.safe_load(path.read_text(encoding="utf-8"))
        (theirs,) = yaml.safe_load((aap.RULEBOOKS / path.name).read_text(encoding="utf-8"))
        for rule, of_collection in zip(ours["rules"], theirs["rules"], strict=True):
            launched = rule["action"].get("run_job_template")
            played = of_collection["action"].get("run_playbook")
            assert (launched is None) == (played is None)
            if launched:
                assert launched.pop("name") in templates
                assert launched.pop("organization") == aap.ORGANIZATION
                assert launched.pop("job_args") == {"extra_vars": played.pop("extra_vars")}
                played.pop("name")
                assert launched == played


@pytest.mark.parametrize("path", aap.files(), ids=lambda path: path.name)
def test_what_is_written_from_tables_says_what_they_say(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == aap.files()[path], "make docs writes it again"


def asked() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for template in TEMPLATES:
        for question in template["survey_spec"]["spec"]:
            yield template["playbook"].removesuffix(".yml"), question


@pytest.mark.parametrize(("job", "question"), [*asked()], ids=lambda value: value if isinstance(value, str) else "")
def test_a_job_takes_the_answers_of_its_survey(job: str, question: Mapping[str, Any]) -> None:
    """As text, which is what they become: empty, the default, each choice, and the limits of a number."""
    assert question.keys() <= QUESTIONS
    ((table, entry),) = {
        entry.name: (table, entry) for table in tables_of(job) for entry in table if entry.name == question["variable"]
    }.values()
    alone = Variables(table.prefix, (entry,))
    is_number = question["type"] in ("integer", "float")
    answers = [question["default"], *question.get("choices", [])]
    answers += [question[limit] for limit in ("min", "max") if is_number and limit in question]
    for answer in answers:
        if answer != "" or not entry.required:
            normalised(alone, {entry.name: str(answer)})
    default = question["default"]
    assert default in ("", *question.get("choices", [default]))
    assert isinstance(default, (int, float) if is_number and default != "" else str)
    if not entry.required:
        offered = normalised(alone, {entry.name: str(default)})
        assert offered == normalised(alone, {entry.name: ""}) == normalised(alone, {})
    assert (question["type"] == "password") == entry.secret
    assert question["required"] == entry.required


def test_nodes_and_schedules_answer_questions() -> None:
    surveys = {
        template["name"]: {question["variable"] for question in template["survey_spec"]["spec"]}
        for template in TEMPLATES
    }
    nodes = [node for flow in WORKFLOWS for node in flow["simplified_workflow_nodes"] if "extra_data" in node]
    answering = [*nodes, *items("controller_schedules")]
    assert answering
    for item in answering:
        job = item["unified_job_template"]
        assert item["extra_data"].keys() <= surveys[job]
        for table in tables_of(job.rpartition(".")[2]):
            own = [entry for entry in table if entry.name in item["extra_data"]]
            normalised(Variables(table.prefix, tuple(own)), {})


class TestCredentials:
    def test_they_become_what_the_modules_read(self, tmp_path: Path) -> None:
        inputs = {"username": "admin", "password": "hunter22", "fallback_passwords": '["dragonadmin"]'}
        injection = injected({**inputs, "ca": "-----BEGIN"}, tmp_path)
        assert injection.variables == {}
        assert Path(injection.environment.pop("REQUESTS_CA_BUNDLE")).read_text(encoding="utf-8") == "-----BEGIN"
        assert injection.environment == {
            "DRAGONMINT_USERNAME": "admin",
            "DRAGONMINT_PASSWORD": "hunter22",
            "DRAGONMINT_FALLBACK_PASSWORDS": '["dragonadmin"]',
        }

    def test_what_is_left_empty_is_empty(self, tmp_path: Path) -> None:
        assert injected({"password": "hunter22"}, tmp_path).environment == {
            "DRAGONMINT_USERNAME": "",
            "DRAGONMINT_PASSWORD": "hunter22",
            "DRAGONMINT_FALLBACK_PASSWORDS": "",
            "REQUESTS_CA_BUNDLE": "",
        }

    def test_the_inputs_of_the_credential_are_those_of_its_type(self) -> None:
        (kind,) = items("controller_credential_types")
        fields = {field["id"]: field for field in kind["inputs"]["fields"]}
        assert {name for name, field in fields.items() if field.get("secret")} == {"password", "fallback_passwords"}
        for credential in items("controller_credentials"):
            assert set(kind["inputs"]["required"]) <= credential["inputs"].keys() <= fields.keys()


def test_the_execution_environment_can_be_built(tmp_path: Path) -> None:
    folder = ROOT / "extensions/ee"
    context = tmp_path / "context"
    command = [Path(sys.executable).with_name("ansible-builder"), "create"]
    subprocess.run([*command, "-f", folder / "execution-environment.yml", "-c", context], check=True, cwd=folder)
    container = (context / "Dockerfile").read_text(encoding="utf-8")
    assert "ansible-core~=2.19.0" in container
    assert "ansible-runner>=2.4" in container
    galaxy = yaml.safe_load((context / "_build/requirements.yml").read_text(encoding="utf-8"))
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    (collection,) = galaxy["collections"]
    assert collection == {"name": "minerops.dragonmint", "version": f">={version},<1.0.0"}
    # ansible-builder installs what this file names.
    described = yaml.safe_load((ROOT / "meta/execution-environment.yml").read_text(encoding="utf-8"))
    assert (ROOT / described["dependencies"]["python"]).is_file()
