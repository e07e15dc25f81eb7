# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the variables of the jobs (make docs): the argument specs and READMEs of the roles, and docs/variables.md."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS, Job
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "variables.md"
LINE = 120
BEGIN, END = "<!-- The tables are written by make docs. -->\n", "<!-- End of the tables. -->\n"

HEAD = """\
# Variables of the playbooks

Written by `make docs` from `plugins/plugin_utils/_jobs/`.

Set the variables with `-e`, in the inventory, or in a survey of AWX. Every playbook checks them first, for all hosts in
its target, and sends nothing to any miner if one is wrong.

- Numbers, booleans, lists and dictionaries may be given as text, as surveys do. A list may be words separated by
  commas, JSON or YAML; a dictionary is JSON or YAML.
- Null and empty text mean the default. The exception is a password whose template results in empty text: that is an
  error, since the password got lost.
- Names that begin with the prefix of a playbook, such as `upgrade_`, are reserved. An unknown name with such a prefix
  is refused, and the message shows the nearest known one.

The variables of these playbooks and roles have pages of their own:
"""
CROSS_REFERENCE = re.compile(r"\b[OVCPM]\((?:ignore:)?([^)]*)\)")


def page() -> str:
    """The whole page: where the tables are, and the tables of the playbooks without a role."""
    links = "".join(f"- [{name}](../{readme(job).relative_to(ROOT)})\n" for name, job in with_role().items())
    tables = [f"\n## {name}\n\n{also(job)}{table(job.variables)}" for name, job in JOBS.items() if job.role is None]
    return HEAD + "\n" + links + "".join(tables)


def with_role() -> dict[str, Job]:
    return {name: job for name, job in JOBS.items() if job.role}


def also(job: Job) -> str:
    used = [name for name in job.uses if name != "report"]
    *more, last = used or [""]
    return f"It also takes the variables of {' and '.join(filter(None, [', '.join(more), last]))}.\n\n" if used else ""


def readme(job: Job) -> Path:
    return ROOT / f"roles/{job.role}/README.md"


def readme_text(job: Job) -> str:
    """The README of a job's role, with its tables written again."""
    before, _begin, rest = readme(job).read_text(encoding="utf-8").partition(BEGIN)
    _old, _end, after = rest.partition(END)
    of_role = [variable for variable in job.variables if not variable.of_playbook]
    of_playbook = [variable for variable in job.variables if variable.of_playbook]
    more = f"\nOnly the playbook reads these:\n\n{table(of_playbook)}" if of_playbook else ""
    return f"{before}{BEGIN}\n{table(of_role)}{more}\n{END}{after}"


def table(variables: Iterable[Variable]) -> str:
    rows = ["| variable | type | default | what it does |\n|---|---|---|---|\n"]
    for variable in variables:
        text = "".join([marked_down(variable.text), *keys(variable)])
        rows.append(f"| `{variable.name}` | {kind(variable)} | {default(variable)} | {text} |\n")
    return "".join(rows)


def keys(variable: Variable) -> Iterator[str]:
    if variable.options:
        named = (f"`{option.name}`{' (required)' if option.required else ''}" for option in variable.options)
        yield f" Keys: {', '.join(named)}."


def kind(variable: Variable) -> str:
    if variable.choices:
        return " or ".join(f"`{choice}`" for choice in variable.choices)
    return f"list of {variable.elements}" if variable.elements else variable.type


def default(variable: Variable) -> str:
    if variable.required:
        return "required"
    return "" if variable.default is None else f"`{json.dumps(variable.default).strip(chr(34))}`"


def marked_down(text: str) -> str:
    return CROSS_REFERENCE.sub(lambda found: f"`{found[1].rpartition(':')[2] if '#' in found[1] else found[1]}`", text)


def specs(job: Job) -> Path:
    return ROOT / f"roles/{job.role}/meta/argument_specs.yml"


def specs_text(job: Job) -> str:
    """The argument specs of a job's role, with the options of its first entry point written again.

    The others refer to these by an alias.
    """
    before, anchor, rest = re.split(r"(?m)^(    options:.*\n)", specs(job).read_text(encoding="utf-8"), maxsplit=1)
    after = re.sub(r"\A(      .*\n|\n)*", "", rest)
    options = {variable.name: option(variable) for variable in job.variables if not variable.of_playbook}
    text = yaml.dump(options, Dumper=Indented, sort_keys=False, width=LINE - 6, allow_unicode=True)
    return before + anchor + textwrap.indent(text, "      ") + after


class Indented(yaml.SafeDumper):
    """Indents lists as ansible-lint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def option(variable: Variable) -> dict[str, Any]:
    """An option in Ansible's form. Ansible checks only the types of arguments: a survey passes text for all others."""
    described: dict[str, Any] = {"description": [kept(variable)]}
    described["type"] = variable.type if variable.is_argument else "raw"
    if variable.is_argument and variable.elements:
        described["elements"] = variable.elements
    if variable.required and variable.is_argument:
        described["required"] = True
    if variable.default is not None:
        described["default"] = list(variable.default) if isinstance(variable.default, tuple) else variable.default
    return described


def kept(variable: Variable) -> str:
    """The description, without what the type already says."""
    return variable.text + "".join(keys(variable)).replace("`", "")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    for written in with_role().values():
        readme(written).write_text(readme_text(written), encoding="utf-8")
        specs(written).write_text(specs_text(written), encoding="utf-8")
