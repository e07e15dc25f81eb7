# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the generated parts of extensions/aap/ (make docs): job templates and workflows with their surveys.

Also the playbooks and rulebooks of the project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import tables_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable

from tests.jobs import CROSS_REFERENCE, Indented

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "extensions/aap"
PROJECT = FOLDER / "project"
RULEBOOKS = ROOT / "extensions/eda/rulebooks"
WRITTEN = "Written by make docs from tests/aap.py."

ORGANIZATION = "Default"
NAME = "DragonMint"
LINE = 120
# The lengths that AWX accepts: its own limit for a line, and enough for the record of a curtailed fleet.
LONGEST_LINE, LONGEST_TEXT = 1024, 1_048_576


@dataclass(frozen=True)
class Template:
    """A job template, named like its playbook.

    ``asks`` are the variables of its survey. An answer applies to all miners and overrides the inventory, even if it is
    empty, so variables that may differ from miner to miner are not asked. ``timeout`` is in seconds; 0 for a job that
    must not be cancelled halfway.
    """

    job: str
    description: str
    asks: tuple[str, ...]
    timeout: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"minerops.dragonmint.{self.job}"

    @property
    def playbook(self) -> str:
        return f"{self.job}.yml"


TEMPLATES = (
    Template(
        "audit",
        "Compare all miners with their desired state. Sends reads only.",
        ("target", "audit_partial", "audit_fail_on_drift"),
        timeout=3600,
    ),
    Template(
        "curtail",
        "Draw less power for a while, or restore the previous state of the miners.",
        (
            "target",
            "curtail_kw",
            "curtail_mode",
            "curtail_off",
            "curtail_restore",
            "curtail_record_data",
            "curtail_until",
            "curtail_rate",
            "curtail_restore_rate",
            "curtail_partial",
            "curtail_deadline_seconds",
        ),
    ),
    Template(
        "heal",
        "Find unhealthy miners, and restart or reboot them where that may help.",
        ("target", "health_heal", "health_max_parallel_percent", "health_max_unhealthy_percent", "health_fail_on"),
    ),
    Template(
        "metrics",
        "Write the metrics of all miners to a file for Prometheus. Sends reads only.",
        ("target", "metrics_file", "metrics_sd_file", "metrics_drift"),
        timeout=900,
        # The file contains all miners of a poll.
        more={"ask_limit_on_launch": False},
    ),
    Template(
        "overview",
        "Show how the site is doing, on one page. Sends reads only.",
        ("target", "overview_from"),
        timeout=1800,
    ),
    Template(
        "provision",
        "Bring all miners to their desired state, and verify that they mine.",
        (
            "target",
            "provision_test_pools",
            "curtail_record_data",
            "provision_ends_curtailment",
            "provision_at_once",
        ),
    ),
    Template(
        "rotate_passwords",
        "Replace the password of admin on all miners, batch by batch.",
        ("target", "rotate_new_password", "rotate_serial", "rotate_max_failure_percent"),
    ),
    Template("site", "Take new miners from the factory to mining.", ("target",)),
    Template(
        "upgrade",
        "Upgrade the firmware in growing batches, each of which must mine again before the next one starts.",
        (
            "target",
            "upgrade_src",
            "upgrade_url",
            "upgrade_latest",
            "upgrade_version",
            "upgrade_checksum",
            "upgrade_allow_downgrade",
            "upgrade_recover",
            "upgrade_serial",
            "upgrade_parallel",
            "upgrade_max_failures",
            "upgrade_max_failure_percent",
            "upgrade_require_all",
            "upgrade_partial",
        ),
    ),
)
BY_JOB = {template.job: template for template in TEMPLATES}


def job_template(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "description": template.description,
        "organization": ORGANIZATION,
        "job_type": "run",
        "project": NAME,
        "playbook": template.playbook,
        "inventory": NAME,
        "execution_environment": NAME,
        "credentials": [NAME],
        "timeout": template.timeout,
        "diff_mode": True,
        "allow_simultaneous": False,
        "job_slice_count": 1,
        "ask_job_type_on_launch": True,
        "ask_limit_on_launch": True,
        "ask_tags_on_launch": True,
        "ask_skip_tags_on_launch": True,
        "ask_variables_on_launch": True,
        **template.more,
        "survey_enabled": True,
        "survey_spec": survey(template),
        "notification_templates_error": [f"{NAME} failures"],
    }


def survey(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "description": "An answer holds for all miners, and overrides what the inventory says.",
        "spec": [question(variable) for variable in asked(template)],
    }


def asked(template: Template) -> list[Variable]:
    known = {variable.name: variable for table in tables_of(template.job) for variable in table}
    return [known[name] for name in template.asks]


def question(variable: Variable) -> dict[str, Any]:
    """A question in AWX's form. Its answer is text, or a number for the types integer and float."""
    text = CROSS_REFERENCE.sub(lambda found: found[1], variable.text)
    first, *rest = re.split(r"(?<=[.])\s+(?=[A-Z])", text, maxsplit=1)
    return {
        "question_name": first.rstrip("."),
        "question_description": " ".join([*rest, f"Variable: {variable.name}."]),
        "variable": variable.name,
        "required": variable.required,
        **kind(variable),
        "default": default(variable),
    }


def kind(variable: Variable) -> dict[str, Any]:
    """The type of an answer, and its limits: those of a number, or the length of a text."""
    if variable.secret:
        return {"type": "password", "min": 0, "max": LONGEST_LINE}
    if variable.choices or variable.type == "bool":
        return {"type": "multiplechoice", "choices": list(variable.choices or ("true", "false"))}
    if variable.type in ("int", "float"):
        limits = {"min": variable.minimum, "max": variable.maximum}
        return {
            "type": "integer" if variable.type == "int" else "float",
            **{name: limit for name, limit in limits.items() if limit is not None},
        }
    if variable.type == "dict" or variable.elements == "dict":
        return {"type": "textarea", "min": 0, "max": LONGEST_TEXT}
    return {"type": "text", "min": 0, "max": LONGEST_LINE}


def default(variable: Variable) -> str | int | float:
    """The default of a question. AWX takes text, and numbers for numeric answers; empty text means no default."""
    value = variable.default
    if value is None or variable.secret:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else value


def node(identifier: str, job: str, *, then: str = "", **more: Any) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "unified_job_template": BY_JOB[job].name,
        **more,
        **({"success_nodes": [then]} if then else {}),
    }


def approval(identifier: str, description: str, hours: int, then: str) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "approval_node": {"name": identifier, "description": description, "timeout": hours * 3600},
        "success_nodes": [then],
    }


def workflow(name: str, description: str, nodes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "organization": ORGANIZATION,
        "allow_simultaneous": False,
        "ask_limit_on_launch": True,
        "ask_variables_on_launch": False,
        **more,
        "notification_templates_error": [f"{NAME} failures"],
        "notification_templates_approvals": [f"{NAME} failures"],
        "simplified_workflow_nodes": nodes,
    }


def workflows() -> Iterator[dict[str, Any]]:
    yield workflow(
        "DragonMint upgrade with approval",
        "Preview a firmware upgrade, wait until somebody approves it, and upgrade.",
        [
            node("Preview", "upgrade", job_type="check", then="Approve the upgrade"),
            approval(
                "Approve the upgrade", "The job before this one shows which miners will be upgraded.", 24, "Upgrade"
            ),
            node("Upgrade", "upgrade"),
        ],
        survey_enabled=True,
        survey_spec=survey(BY_JOB["upgrade"]),
    )
    # How much to save is asked for the first node only, since the variables of a workflow apply to all its nodes.
    yield workflow(
        "DragonMint curtail and restore",
        "Switch the miners to the mode efficient, wait for an approval to end this, and restore their previous state.",
        [
            node("Curtail", "curtail", extra_data={"curtail_mode": "efficient"}, then="Restore the miners"),
            approval("Restore the miners", "Approve when the power is available again.", 23, "Restore"),
            node("Restore", "curtail", extra_data={"curtail_restore": "true"}),
        ],
    )
    yield workflow(
        "DragonMint new rack",
        "Preview what new miners get, wait until somebody approves it, set them up, and audit them.",
        [
            node("Preview", "site", job_type="check", then="Approve the setup"),
            approval("Approve the setup", "The job before this one shows what the miners will get.", 72, "Set up"),
            node("Set up", "site", then="Compare"),
            node("Compare", "audit", extra_data={"audit_fail_on_drift": "true"}),
        ],
    )


def written(name: str, items: list[dict[str, Any]]) -> str:
    return f"---\n# {WRITTEN}\n" + dumped({name: items})


def dumped(data: Any) -> str:
    return yaml.dump(data, Dumper=Indented, sort_keys=False, width=LINE, allow_unicode=True)


def playbook(template: Template) -> str:
    imported = [{"name": template.description.split(".")[0], "ansible.builtin.import_playbook": template.name}]
    return "---\n" + dumped(imported)


def rulebook(path: Path) -> str:
    """A rulebook of the collection with job templates instead of playbooks, which an EDA controller does not run."""
    text = re.sub(r"\A---\n#.*\n", f"---\n# {WRITTEN}\n", path.read_text(encoding="utf-8"))
    return re.sub(r"(?m)^( +)run_playbook:\n(?:\1 .*\n)+", with_template, text)


def with_template(action: re.Match[str]) -> str:
    lines = action[0].splitlines()
    inner = f"{action[1]}  "
    begin = lines.index(f"{inner}extra_vars:")
    head = [f"{action[1]}run_job_template:", *lines[1:begin], f"{inner}organization: {ORGANIZATION}"]
    return "\n".join([*head, f"{inner}job_args:", *(f"  {line}" for line in lines[begin:])]) + "\n"


def files() -> dict[Path, str]:
    """All generated files, by path."""
    return {
        FOLDER / "controller_templates.yml": written("controller_templates", [*map(job_template, TEMPLATES)]),
        FOLDER / "controller_workflows.yml": written("controller_workflows", [*workflows()]),
        **{PROJECT / template.playbook: playbook(template) for template in TEMPLATES},
        **{PROJECT / "rulebooks" / path.name: rulebook(path) for path in sorted(RULEBOOKS.glob("*.yml"))},
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
