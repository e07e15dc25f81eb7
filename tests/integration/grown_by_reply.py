# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a miner that is well, then another one, and prints by how many bytes the second made the process grow.

The options of both come as JSON, as arguments.
"""

from __future__ import annotations

import json
import resource
import sys

from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_facts


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read(options: dict[str, object]) -> dict[str, object]:
    """Facts, as an action gathers them."""
    defaults = {name: option.get("default") for name, option in dragonmint_facts.argument_spec().items()}
    context = dragonmint_facts.task.Context({**defaults, **options}, check_mode=False)
    result: dict[str, object] = dragonmint_facts.task.execute(dragonmint_facts.run, context)
    return result


well, fallen = (json.loads(argument) for argument in sys.argv[1:])
read(well)
before = peak_bytes()
result = read(fallen)
json.dump({"grown_bytes": peak_bytes() - before, "error_code": result.get("error_code")}, sys.stdout)
