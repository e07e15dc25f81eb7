# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each example of the documentation runs as it stands."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.running import Ansible, inventory_of, newest_core
from tests.simulator.control import Fleet

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))
READMES = [ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md"))]


@newest_core
@pytest.mark.parametrize("module", MODULES)
def test_examples_of_a_module(ansible: Ansible, start_fleet: Callable[..., Fleet], module: str) -> None:
    documented = importlib.import_module(f"ansible_collections.minerops.dragonmint.plugins.modules.{module}")
    run(ansible, start_fleet, yaml.safe_load(documented.EXAMPLES))


@newest_core
@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_examples_of_a_readme(ansible: Ansible, start_fleet: Callable[..., Fleet], readme: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", readme.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    plays = [block for block in map(yaml.safe_load, blocks) if isinstance(block, list)]
    assert plays
    for play in plays:
        run(ansible, start_fleet, play)


def run(ansible: Ansible, start_fleet: Callable[..., Fleet], example: list[dict[str, Any]]) -> None:
    """Run plays, or tasks on all miners."""
    if "hosts" not in example[0]:
        example = [{"hosts": "all", "gather_facts": False, "tasks": example}]
    done = ansible(example, inventory_of(start_fleet(count=4, generation="mixed"))).succeeded()
    assert done.results
