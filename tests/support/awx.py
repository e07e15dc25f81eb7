# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small reading of what an AWX makes of extensions/aap/: of a credential, a survey's answers and a job template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path(__file__).parents[2] / "extensions/aap"


class Loader(yaml.SafeLoader):
    """Reads the files as Ansible does; what is unsafe is text that stays as it is."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def _read() -> dict[str, list[dict[str, Any]]]:
    lists: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        lists.update(yaml.load(path.read_text(encoding="utf-8"), Loader=Loader))
    return lists


FILES = _read()


def items(kind: str) -> list[dict[str, Any]]:
    """The items of a list of infra.aap_configuration."""
    return FILES[kind]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = (item for item in items(kind) if item["name"] == name)
    return found


@dataclass(frozen=True)
class Injection:
    """What a credential adds to a job."""

    environment: dict[str, str]
    variables: dict[str, str]


def injected(inputs: Mapping[str, str], folder: Path) -> Injection:
    """What the credential type makes of these inputs, with its files in a folder of the job.

    An input that is left out is empty text, and each file is written whatever becomes of it.
    """
    (kind,) = items("controller_credential_types")
    jinja = ImmutableSandboxedEnvironment()
    given: dict[str, Any] = {field["id"]: inputs.get(field["id"], "") for field in kind["inputs"]["fields"]}
    files = SimpleNamespace()
    for name, template in kind["injectors"].get("file", {}).items():
        path = folder / name.removeprefix("template.")
        path.write_text(jinja.from_string(template).render(given), encoding="utf-8")
        setattr(files, name.removeprefix("template."), str(path))
    given["tower"] = SimpleNamespace(filename=files)

    def rendered(part: str) -> dict[str, str]:
        templates = kind["injectors"].get(part, {})
        return {name: jinja.from_string(template).render(given) for name, template in templates.items()}

    return Injection(rendered("env"), rendered("extra_vars"))


def answered(template: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The extra variables of a job: the answers, and what the survey offers for the others, where it is not refused.

    All are text here, as they come from a launch through the API with text.
    """
    variables: dict[str, Any] = {}
    for question in template["survey_spec"]["spec"]:
        answer = answers.get(question["variable"], question["default"])
        if answer != "" or question["type"] in ("text", "textarea"):
            variables[question["variable"]] = str(answer)
    return {**answers, **variables}
