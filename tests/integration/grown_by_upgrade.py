# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades one miner, and prints by how many bytes the process has grown: the options come as JSON, as argument."""

from __future__ import annotations

import json
import resource
import sys

from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_facts, dragonmint_firmware


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(module: object, options: dict[str, object]) -> dict[str, object]:
    """Run a module as an action does, with its own defaults."""
    spec = module.argument_spec()  # type: ignore[attr-defined]
    params = {**{name: option.get("default") for name, option in spec.items()}, **options}
    context = dragonmint_facts.task.Context(params, check_mode=False)
    result: dict[str, object] = dragonmint_facts.task.execute(module.run, context)  # type: ignore[attr-defined]
    return result


connection, firmware = json.loads(sys.argv[1]), json.loads(sys.argv[2])
run(dragonmint_facts, connection)
before = peak_bytes()
result = run(dragonmint_firmware, {**connection, **firmware})
json.dump({"grown_bytes": peak_bytes() - before, "changed": result["changed"], "msg": result.get("msg")}, sys.stdout)
