# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that span the files of the collection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.minerops.dragonmint"

# Bottom up: a file imports from lower layers only, and within its own if the layer is a folder.
LAYERS = [
    "module_utils._text",
    "module_utils._errors",
    "module_utils._visible",
    "module_utils._redaction",
    "module_utils._hosts",
    "module_utils._addresses",
    "module_utils._options",
    "module_utils._wire",
    "module_utils._miner",
    "module_utils._connection",
    "module_utils._files",
    "module_utils._settings",
    "module_utils._commands",
    "module_utils._facts",
    "module_utils._firmware",
    "module_utils._fleet",
    "module_utils._task",
    "doc_fragments",
    "modules",
    "plugin_utils",
    "action",
    "inventory",
    "lookup",
    "filter",
]
# The same for the event sources, whose folders may also use module_utils and what they share.
EVENT_SOURCES = ROOT / "extensions/eda/plugins"
EVENT_SOURCE_LAYERS = {
    "_shared": ["reading", "schema", "files", "snapshot"],
    "_power_signal": [
        "week",
        "decision",
        "prices",
        "commands",
        "snapshot",
        "arguments",
        "feed",
        "webhook",
        "source",
    ],
    "_fleet": ["decision", "desired", "sighting", "snapshot", "inventory", "arguments", "source"],
}
# What else a folder may use: the rules of health, which import nothing of Ansible.
EVENT_SOURCE_USES = {"_fleet": ("plugins.plugin_utils._jobs.checks.",)}
# How the device speaks, and what is done with it as steps: I/O is left to a driver.
WITHOUT_INPUT_OUTPUT = [
    "_text.py",
    "_errors.py",
    "_visible.py",
    "_redaction.py",
    "_hosts.py",
    "_wire/*.py",
    "_miner/steps.py",
    "_miner/session.py",
    "_miner/converge.py",
    "_miner/mining.py",
    "_miner/search.py",
    "_settings/*.py",
    "_commands/*.py",
    "_facts/*.py",
    "_firmware/libconfig.py",
    "_firmware/upgrade.py",
    "_firmware/install.py",
]
INPUT_OUTPUT = {
    *("aiohttp", "http", "requests", "urllib3"),
    *("ansible", "asyncio", "concurrent", "io", "os", "socket", "ssl", "subprocess", "threading"),
}

SOURCES = sorted(path.relative_to(PLUGINS) for path in PLUGINS.rglob("*.py") if path.name != "__init__.py")
ROLES = sorted(path.name for path in ROOT.glob("roles/*"))
PLAYBOOKS = sorted(path.stem for path in ROOT.glob("playbooks/[!_]*.yml"))


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_point_down(source: Path) -> None:
    rank = layer_of(".".join(source.with_suffix("").parts))
    assert rank is not None, f"{source} has no place in LAYERS"
    for name in imports(PLUGINS / source):
        assert not name.startswith("."), f"{source} imports relatively"
        if name.startswith(f"{PACKAGE}.plugins."):
            used = layer_of(name.removeprefix(f"{PACKAGE}.plugins."))
            assert used is not None, f"{name} has no place in LAYERS"
            assert used < rank or (used == rank and source.parent.name.startswith(("_", "plugin_utils"))), (
                f"{source} imports {name}"
            )


def test_imports_go_round_in_no_circle() -> None:
    files = {".".join((PACKAGE, "plugins", *source.with_suffix("").parts)): source for source in SOURCES}
    graph = {}
    for module, source in files.items():
        used = [name if name in files else name.rpartition(".")[0] for name in imports(PLUGINS / source)]
        graph[module] = files.keys() & set(used)
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(
    "source",
    [f"{room}/{path.stem}" for room in EVENT_SOURCE_LAYERS for path in (EVENT_SOURCES / room).glob("*.py")],
)
def test_imports_of_an_event_source_point_down(source: str) -> None:
    room, _slash, name = source.partition("/")
    package = f"{PACKAGE}.extensions.eda.plugins"
    layers = EVENT_SOURCE_LAYERS[room]
    below = [f"{package}.{room}.{layer}." for layer in layers[: layers.index(name)]]
    if room != "_shared":
        below.append(f"{package}._shared.")
    below += [f"{PACKAGE}.{used}" for used in EVENT_SOURCE_USES.get(room, ())]
    for imported in imports(EVENT_SOURCES / f"{source}.py"):
        if imported.startswith(f"{PACKAGE}."):
            assert imported.startswith((f"{PACKAGE}.plugins.module_utils.", *below)), f"{source} imports {imported}"


@pytest.mark.parametrize(
    "source",
    [
        "_shared/reading",
        *(f"_power_signal/{name}" for name in ("week", "decision", "prices", "commands", "snapshot")),
        *(f"_fleet/{name}" for name in ("decision", "desired", "sighting", "snapshot")),
    ],
)
def test_what_decides_on_events_does_no_input_or_output(source: str) -> None:
    assert top_level_imports(EVENT_SOURCES / f"{source}.py") & INPUT_OUTPUT == set()


@pytest.mark.parametrize("pattern", WITHOUT_INPUT_OUTPUT)
def test_what_describes_the_device_does_no_input_or_output(pattern: str) -> None:
    assert imported_by(pattern) & INPUT_OUTPUT == set()


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_plugins_do_not_know_the_simulator(source: Path) -> None:
    assert "simulat" not in (PLUGINS / source).read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("folder", ["playbooks", "roles"])
def test_nothing_sets_the_defaults_of_the_users_action_group(folder: str) -> None:
    """They would replace the user's: a block's defaults of a group are not merged into those of the play."""
    group = "group/minerops.dragonmint.dragonmint"
    files = [path for path in ROOT.glob(f"{folder}/**/*.yml") if group in path.read_text(encoding="utf-8")]
    assert files == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_playbook(role: str) -> None:
    assert (ROOT / "tests/integration/playbooks" / f"{role}.yml").is_file()


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_begins_with_its_guard(playbook: str) -> None:
    assert load(f"playbooks/{playbook}.yml")[0] == {
        "name": "Check variables, target and inventory",
        "ansible.builtin.import_playbook": "_guard.yml",
        "vars": {"_guard_job": playbook},
    }
    assert playbook in JOBS


def test_an_execution_environment_gets_what_users_need() -> None:
    named = load("meta/execution-environment.yml")["dependencies"]["python"]
    lines = (ROOT / named).read_text(encoding="utf-8").splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert requirements
    assert [line for line in requirements if ">=" not in line] == []


def test_each_promise_of_security_names_a_test_that_there_is() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    promises = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert promises
    for promise in promises:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", promise)
        assert tests, promise
        for path, name in tests:
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_the_changelog_knows_this_version() -> None:
    released = load("changelogs/changelog.yaml")["releases"]
    assert load("galaxy.yml")["version"] in released or list(ROOT.glob("changelogs/fragments/*.yml"))


def imported_by(pattern: str) -> set[str]:
    """The packages imported by the files of module_utils with this pattern."""
    sources = list((PLUGINS / "module_utils").glob(pattern))
    assert sources
    return {name for source in sources for name in top_level_imports(source)}


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def layer_of(name: str) -> int | None:
    """The position of a file or folder of plugins/ (with dots) in LAYERS."""
    for rank, layer in enumerate(LAYERS):
        if f"{name}.".startswith(f"{layer}."):
            return rank
    return None


def top_level_imports(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def imports(path: Path) -> Iterator[str]:
    """The full names that a file imports, wherever in the file: a.b.c for `from a.b import c`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names)
