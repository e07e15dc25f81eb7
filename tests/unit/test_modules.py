# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module lacks, all of it in one message: start here for a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import runtime
from tests.modules import MODULES, OF_ROLES, OF_THE_CONTROLLER, RUN_BY_IT, RUNS_OTHERS, WITH_MANY

ROOT = Path(__file__).parents[2]
THERE_ARE = sorted(path.stem.removeprefix("dragonmint_") for path in ROOT.glob("plugins/modules/dragonmint_*.py"))


def test_each_module_has_all_that_a_module_has() -> None:
    names = sorted({*THERE_ARE, *MODULES} - {RUNS_OTHERS, *OF_THE_CONTROLLER, *WITH_MANY})
    lacking = {name: [*files_lacking(name), *entries_lacking(name)] for name in names}
    assert "\n".join(f"dragonmint_{name} lacks {'; '.join(what)}" for name, what in lacking.items() if what) == ""


def test_what_runs_others_has_what_is_its_own_and_they_are_in_the_tables() -> None:
    assert list(files_lacking(RUNS_OTHERS)) == []
    assert f"dragonmint_{RUNS_OTHERS}" in action_group()
    assert set(RUN_BY_IT) <= set(MODULES)


@pytest.mark.parametrize("name", OF_THE_CONTROLLER)
def test_what_contacts_no_miner_has_what_is_its_own_and_takes_no_login(name: str) -> None:
    assert list(files_lacking(name)) == []
    assert f"dragonmint_{name}" not in action_group()


@pytest.mark.parametrize("name", WITH_MANY)
def test_what_works_with_many_has_what_is_its_own(name: str) -> None:
    run_elsewhere = [f"tests/integration/playbooks/dragonmint_{name}.yml"] if name in OF_ROLES else []
    assert list(files_lacking(name)) == run_elsewhere
    assert f"dragonmint_{name}" in action_group()


def test_the_action_group_is_up_to_date() -> None:
    text = runtime.FILE.read_text(encoding="utf-8")
    assert runtime.written(text) == text
    assert runtime.written(text.replace("    - dragonmint_pools\n", "    - dragonmint_gone\n", 1)) == text
    assert {name.removeprefix("dragonmint_") for name in action_group()} <= set(THERE_ARE)


def test_a_module_that_is_not_there_lacks_everything() -> None:
    assert [*files_lacking("none"), *entries_lacking("none")] == [
        "plugins/modules/dragonmint_none.py",
        "plugins/action/dragonmint_none.py",
        "tests/integration/playbooks/dragonmint_none.yml",
        "EXAMPLES in its file",
        "its name in the action group of meta/runtime.yml (make docs)",
        "its entry in tests/modules.py",
        "its rows in docs/endpoints.md (make docs)",
        "its column in docs/faults.md (make docs)",
    ]


def files_lacking(name: str) -> Iterator[str]:
    """The files that a module should have but lacks."""
    for path in (
        f"plugins/modules/dragonmint_{name}.py",
        f"plugins/action/dragonmint_{name}.py",
        f"tests/integration/playbooks/dragonmint_{name}.yml",
    ):
        if not (ROOT / path).is_file():
            yield path


def entries_lacking(name: str) -> Iterator[str]:
    """The entries that a module should have in shared files but lacks."""
    if '\nEXAMPLES = r"""\n' not in read(f"plugins/modules/dragonmint_{name}.py"):
        yield "EXAMPLES in its file"
    if f"dragonmint_{name}" not in action_group():
        yield "its name in the action group of meta/runtime.yml (make docs)"
    if name not in MODULES:
        yield "its entry in tests/modules.py"
    else:
        module = MODULES[name]
        parts = {"calls": module.calls, "cases": module.cases, "secrets": module.secrets}
        yield from (f"{part} in its entry of tests/modules.py" for part, found in parts.items() if not found)
    if f"| `dragonmint_{name}` |" not in read("docs/endpoints.md"):
        yield "its rows in docs/endpoints.md (make docs)"
    if f" {name} |" not in read("docs/faults.md"):
        yield "its column in docs/faults.md (make docs)"


def action_group() -> list[str]:
    groups: dict[str, list[str]] = yaml.safe_load(read("meta/runtime.yml"))["action_groups"]
    return groups["dragonmint"]


def read(path: str) -> str:
    """The text of a file, empty if it does not exist."""
    return (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else ""
