# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: the ansible-cores of the test environments, and simulated miners for them."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.simulator import firmware
from tests.simulator.control import Fleet
from tests.support.running import CORES, ENVIRONMENTS, NEWER_FIRMWARE, OLDER_FIRMWARE, Ansible, core_name
from tests.support.simulators import simulated

# Simulated seconds per second: most tests wait for restarts and tuning.
SPEED = 20.0


@pytest.fixture(scope="session")
def firmware_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of archives, named by their versions: one newer than any simulated miner's firmware, and an old one."""
    folder = tmp_path_factory.mktemp("firmware")
    for version in (NEWER_FIRMWARE, OLDER_FIRMWARE):
        firmware.build(folder / f"{version}.swu", version)
    return folder


@pytest.fixture
def shop(firmware_files: Path) -> Iterator[str]:
    """A server from which miners can download the archives."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(firmware_files))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=CORES, ids=core_name)
def ansible(request: pytest.FixtureRequest, tmp_path: Path, firmware_files: Path) -> Ansible:
    """Runs playbooks, with the oldest and then with the newest ansible-core; the archives are below files/."""
    (tmp_path / "files").symlink_to(firmware_files)
    return Ansible(ENVIRONMENTS / request.param / "bin", tmp_path)


@pytest.fixture
def start_fleet() -> Iterator[Callable[..., Fleet]]:
    """Starts simulators with the options of Fleet.start, and ends them after the test."""
    with ExitStack() as stack:

        def start(**options: object) -> Fleet:
            return stack.enter_context(simulated(**{"speed": SPEED, **options}))

        yield start
