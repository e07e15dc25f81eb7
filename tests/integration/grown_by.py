# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles a good miner, then others, and prints the results of these and the growth in bytes.

The first argument names a module, or is `poll`; then come the options for each miner, as JSON. In any case the facts of
the first miner are gathered; for `poll` it is polled.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential

KEPT = ("changed", "error_code", "msg", "state", "missing")


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Runs a module like its action, with its own defaults."""
    module = import_module(f"ansible_collections.minerops.dragonmint.plugins.modules.dragonmint_{name}")
    defaults = {name: option.get("default") for name, option in module.argument_spec().items()}
    return _task.execute_unchecked(module.run, {**defaults, **options}, check_mode=False)


def poll(options: dict[str, Any]) -> dict[str, Any]:
    """Polls one miner like the inventory plugin."""
    how = scan.Options(
        port=options["port"],
        credentials=(Credential("admin", options["password"]),),
        auth="basic",
        subsets=("identity", "pools"),
        concurrency=1,
        connect_timeout_s=5.0,
        timeout_s=options["timeout"],
        deadline_s=60.0,
    )
    miners, _counts = scan.poll(addresses_from([options["host"]], False, False), how, lambda *_seen: True, print)
    return {"state": miners[0].state, "missing": sorted(miners[0].missing)} if miners else {"state": "unknown"}


name, well, *others = sys.argv[1], *map(json.loads, sys.argv[2:])
if name == "poll":
    poll(well)
else:
    run("facts", well)
before = peak_bytes()
results = [poll(options) if name == "poll" else run(name, options) for options in others]
grown = {"grown_bytes": peak_bytes() - before}
json.dump({**grown, "results": [{key: result.get(key) for key in KEPT} for result in results]}, sys.stdout)
