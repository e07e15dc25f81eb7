# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of the simulator's files: imports point down, without cycles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter

import pytest

from tests.simulator.control import CHECKOUT

PACKAGE = "tests.simulator"
# Bottom up: a file imports from lower rooms only, and from its own.
ROOMS = [
    "fields",
    "clock",
    "generations",
    "models",
    "network",
    "mining",
    "updater",
    "firmware",
    "web",
    "miner",
    "control",
    "__main__",
]
FILES = {
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((CHECKOUT / "tests/simulator").rglob("*.py"))
}
# The package itself contains only a docstring.
INSIDE = sorted(FILES.keys() - {PACKAGE})


@pytest.mark.parametrize("name", INSIDE)
def test_imports_point_down(name: str) -> None:
    for used in sorted(own(imported(name))):
        assert ROOMS.index(room_of(used)) <= ROOMS.index(room_of(name)), f"{name} imports {used}"


def test_no_import_comes_back_to_where_it_began() -> None:
    TopologicalSorter({name: own(imported(name)) - {name} for name in INSIDE}).prepare()


@pytest.mark.parametrize("name", INSIDE)
def test_nothing_of_the_collection_is_imported(name: str) -> None:
    tops = {used.partition(".")[0] for used in imported(name, with_types=True)}
    assert tops & {"ansible", "ansible_collections"} == set()
    assert not [used for used in imported(name, with_types=True) if used.startswith("tests.") and used not in FILES]


def room_of(name: str) -> str:
    return name.removeprefix(f"{PACKAGE}.").partition(".")[0]


def own(names: set[str]) -> set[str]:
    return {name for name in names if name in FILES}


def imported(name: str, with_types: bool = False) -> set[str]:
    """The modules that a file imports, wherever in the file; those for types alone on request."""
    path = FILES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return set(_names(ast.parse(path.read_text(encoding="utf-8")), package, with_types))


def _names(tree: ast.AST, package: str, with_types: bool) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join([*parents[: len(parents) - node.level + 1], *([node.module] if node.module else [])])
            source = base if node.level else str(node.module)
            for alias in node.names:
                member = f"{source}.{alias.name}"
                yield member if member in FILES else source
        elif with_types or not _is_for_types(node):
            yield from _names(node, package, with_types)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
