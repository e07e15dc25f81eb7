# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one ansible-core of those that were made for the tests, and simulated miners for it to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.running import ENVIRONMENTS, Ansible, core_name
from tests.simulator.control import Fleet

# Simulated seconds a second: restarts and tuning are what most tests wait for.
SPEED = 20.0


@pytest.fixture(params=["oldest", "newest"], ids=core_name)
def ansible(request: pytest.FixtureRequest, tmp_path: Path) -> Ansible:
    """Runs playbooks, with the oldest and then with the newest ansible-core."""
    return Ansible(ENVIRONMENTS / request.param / "bin", tmp_path)


@pytest.fixture
def start_fleet() -> Iterator[Callable[..., Fleet]]:
    """Starts simulators with the options of Fleet.start, and ends them after the test."""
    with ExitStack() as stack:

        def start(**options: object) -> Fleet:
            return stack.enter_context(Fleet.start(**{"speed": SPEED, **options}))

        yield start
