# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers the facts of a miner that is well, then runs a task, and prints its result and by how many bytes it grew.

The module's name is the first argument; its options, and those of the first task, come as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import task


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(module: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Run a module as an action does, with its own defaults."""
    defaults = {name: option.get("default") for name, option in module.argument_spec().items()}
    return task.execute(module.run, task.Context({**defaults, **options}, check_mode=False))


name, well, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
facts, module = (
    import_module(f"ansible_collections.minerops.dragonmint.plugins.modules.dragonmint_{module}")
    for module in ("facts", name)
)
run(facts, well)
before = peak_bytes()
result = run(module, options)
grown = {"grown_bytes": peak_bytes() - before}
json.dump({**grown, **{key: result.get(key) for key in ("changed", "error_code", "msg")}}, sys.stdout)
