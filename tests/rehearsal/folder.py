# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a rehearsal: that of the demo, with an inventory that scans and a firmware archive."""

from __future__ import annotations

from pathlib import Path

from tests.demo import folder as demo
from tests.simulator import firmware
from tests.simulator.control import Fleet

NEW_FIRMWARE = "t1_20180901_120000"
SCAN = """\
---
plugin: minerops.dragonmint.dragonmint
networks: [{first}-{last}]
# A real miner has port 80, the default.
port: {port}
credentials:
  - {{name: factory, password: dragonadmin}}
  - {{name: factory of Innosilicon, password: admin}}
"""
# For both inventories.
LOGIN = """\
---
# The factory's passwords; yours come from a vault.
dragonmint_password: dragonadmin
dragonmint_fallback_passwords: [admin]
"""


def write_folder(folder: Path, fleet: Fleet) -> None:
    demo.write_folder(folder, fleet)
    scan = SCAN.format(first=fleet[0].host, last=fleet[-1].host, port=fleet.port)
    (folder / "fleet.dragonmint.yml").write_text(scan)
    (folder / "group_vars/all.yml").write_text(LOGIN)
    # Miners found by a scan have the same desired state as listed ones.
    (folder / "group_vars/dragonmint.yml").write_text(demo.DESIRED_STATE)
    firmware.build(folder / f"{NEW_FIRMWARE}.swu", NEW_FIRMWARE)
