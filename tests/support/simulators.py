# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts simulators from a process that has imported them already, which saves most of the time."""

from __future__ import annotations

import os
from pathlib import Path

from tests.simulator.control import CHECKOUT, Fleet
from tests.support import warm

KIND = warm.Kind(modules=("tests.simulator.control.inventory", "tests.simulator.control.port"), folder=str(CHECKOUT))


def simulated(**options: object) -> Fleet:
    """Starts one with the options of Fleet.start; it ends with the context."""
    return Fleet.start(**{"started": _start, **options})


def _start(command: list[str]) -> warm.Process:
    python, _m, module, *arguments = command
    argv = [module, *arguments]
    return warm.start_piped(Path(python), KIND, argv, cwd=CHECKOUT, env=os.environ, module=module)
