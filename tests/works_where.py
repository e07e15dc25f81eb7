# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What works where: the result of each module on each firmware and for each user, and the endpoints it calls.

docs/endpoints.md shows this, and integration tests verify it against the simulator.
"""

from __future__ import annotations

from tests.modules import MODULES

USERS = ("admin", "guest")
# With the full module names.
CASES = tuple((f"dragonmint_{name}", case) for name, module in MODULES.items() for case in module.cases)
USES = {f"dragonmint_{name}": module.calls for name, module in sorted(MODULES.items())}

# The HTTP endpoints that the makers document, and the websocket. Actions are called at /api/.
DOCUMENTED = (
    *("auth", "summary", "overview", "pools", "updatePools", "updatePassword", "network", "updateNetwork", "type"),
    *("reboot", "poweroff", "restartCgMiner", "factoryReset", "getAutoTune", "getAutoTuneStatus", "setAutoTune"),
    *("getLatestFirmwareVersion", "getDebugStats"),
    *("/upgrade/upload", "/upgrade/download", "/upgrade/ws", "/stream/logs"),
)
LOGIN = "auth"
WITHOUT_A_MODULE: set[str] = set()
