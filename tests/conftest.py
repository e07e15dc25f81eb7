# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a plain `build/env/newest/bin/pytest tests/…` find the collection, and enforces the coverage floor."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from pathlib import Path

import pytest

from tests.support.warm import FOLDER_VARIABLE

BUILD = Path(__file__).parents[1] / "build"
COVERAGE_REPORT = BUILD / "coverage.json"

# Before pytest-ansible reads it.
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(BUILD)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--branch-floor", type=float, metavar="PERCENT", help="fail when less of the branches was covered")


def pytest_configure(config: pytest.Config) -> None:
    """The workers of a run share its warmed processes."""
    if FOLDER_VARIABLE not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="warm-")
        config.add_cleanup(folder.cleanup)
        os.environ[FOLDER_VARIABLE] = folder.name


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Coverage is measured by the examples of the unit tests: it doubles the time of generated ones, and other tests run
    # the plugins in other processes, or not at all.
    for item in items:
        is_of_simulator = item.nodeid.startswith("tests/unit/simulator/")
        if is_of_simulator:
            item.add_marker("waits")
        if is_of_simulator or not item.nodeid.startswith("tests/unit/") or item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")
    # At the end, nothing else would use the time.
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_collection_finish() -> None:
    """The tests stay to the end, so it is not worth looking for garbage among them."""
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    covered = covered_branches(session.config)
    if (
        session.exitstatus == pytest.ExitCode.OK
        and covered is not None
        and covered < session.config.option.branch_floor
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if (covered := covered_branches(config)) is not None:
        floor = config.option.branch_floor
        missed = "build/env/newest/bin/coverage report --show-missing --skip-covered"
        verdict = f"FAILED, {floor:.0f} % should be. To see what is not: {missed}" if covered < floor else "ok"
        terminalreporter.write_line(f"{covered:.1f} % of the branches are covered: {verdict}")


def covered_branches(config: pytest.Config) -> float | None:
    """The branch coverage in percent, if there is a floor: pytest-cov's own figure mixes lines and branches."""
    if config.option.branch_floor is None or hasattr(config, "workerinput"):
        return None
    if not COVERAGE_REPORT.exists():
        return 0.0
    totals = json.loads(COVERAGE_REPORT.read_text())["totals"]
    return 100 * totals["covered_branches"] / totals["num_branches"]
