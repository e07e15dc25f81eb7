# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each block of the documentation is run or has a reason not to be; blocks of data use existing names."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.plugins.inventory.dragonmint import DOCUMENTATION
from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS

from tests.blocks import ALL, REASONS, ROOT, Block, blocks_in, commands, is_play, parsed, reason, shown

SCHEMAS = {path.stem: json.loads(path.read_text("utf-8")) for path in ROOT.glob("extensions/eda/**/schemas/*.json")}
KNOWN = {
    *(variable.name for job in JOBS.values() for variable in job.variables),
    *(name for option in OPTIONS for name in option.variables),
    *yaml.safe_load(DOCUMENTATION)["options"],
    # Options that the plugin shares with other plugins of Ansible.
    *("cache", "cache_connection", "cache_plugin", "cache_timeout", "groups", "keyed_groups"),
    *(name for schema in SCHEMAS.values() for name in schema["properties"]),
}


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.place)
def test_a_block_is_run_or_has_a_reason(block: Block) -> None:
    assert reason(block) in {None, *REASONS}


@pytest.mark.parametrize(
    "block", [b for b in ALL if b.language in ("yaml", "json") and not reason(b)], ids=lambda b: b.place
)
def test_the_data_of_a_block_names_what_exists(block: Block) -> None:
    assert unknown(block) == []


def unknown(block: Block) -> list[str]:
    """Names that don't exist. A file that is named is used by the commands of the page; a play is run."""
    data = parsed(block)
    if is_rulebook(data):
        return [
            name
            for ruleset in data
            for source in ruleset["sources"]
            for source_name, arguments in source.items()
            for name in arguments
            if name not in SCHEMAS[source_name.rpartition(".")[2]]["properties"]
        ]
    if block.language == "json" or block.file or is_play(block):
        return []
    return [name for name in data if name not in KNOWN]


def is_rulebook(data: Any) -> bool:
    return isinstance(data, list) and "sources" in data[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Run it:\n\n    ansible-playbook x.yml   # why\n", (["ansible-playbook x.yml"], [], None)),
        ("Run it:\n\n    ansible-playbook \\\n      x.yml\n", (["ansible-playbook x.yml"], [], None)),
        ("    $ ansible all -m ping\n    pong\n", (["ansible all -m ping"], [], None)),
        ("    ansible-playbook x.yml\n    3 miners: 3 up.\n", (["ansible-playbook x.yml"], ["3 miners: 3 up."], None)),
        ("It prints:\n\n    3 miners: 3 up.\n", ([], ["3 miners: 3 up."], None)),
        ("It prints:\n\n    done\n", ([], ["done"], "output")),
        ("    pip install x\n", (["pip install x"], [], "internet")),
        ("<!-- not run: service -->\n\n    awx import\n", ([], [], "service")),
        ("<!-- not run: service -->\n```text\nx\n```\n", ([], [], "service")),
        ("    pip install x\n    ansible-doc y\n", (["pip install x", "ansible-doc y"], [], None)),
    ],
)
def test_blocks_are_read(text: str, expected: tuple[list[str], list[str], str | None]) -> None:
    (block,) = blocks_in(text)
    given = commands(block) if block.language == "shell" else []
    assert (given, shown(block), reason(block)) == expected


def test_a_word_that_is_not_known_is_an_error() -> None:
    (block,) = blocks_in("    ansible-playbook x.yml\n    frobnicate\n")
    with pytest.raises(ValueError, match="frobnicate"):
        reason(block)


def test_the_file_of_a_block_is_in_the_text_before_it() -> None:
    (block,) = blocks_in("Use `a.txt`.\n\n`group_vars/all.yml` has it:\n\n```yaml\na: 1\n```\n")
    assert block.file == "group_vars/all.yml"
