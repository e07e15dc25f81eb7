# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job upgrade: what its variables are."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "upgrade_",
    (
        Variable(
            "upgrade_src",
            "path",
            "The archive on the controller. Exactly one of this, O(upgrade_url) and O(upgrade_latest) is required.",
        ),
        Variable("upgrade_url", "str", "The address of an archive that the miners download themselves."),
        Variable("upgrade_latest", "bool", "Let the miners download the vendor's newest firmware.", default=False),
        Variable("upgrade_version", "str", "The version, if neither the archive nor its name has it."),
        Variable("upgrade_checksum", "str", "The SHA-256 of the archive, as V(sha256:) and 64 hexadecimal digits."),
        Variable(
            "upgrade_allow_downgrade",
            "bool",
            "Install a firmware that is older than the one that a miner runs.",
            default=False,
        ),
        Variable(
            "upgrade_recover",
            "bool",
            "Reboot miners whose updater is stuck on an interrupted upload, or has died.",
            default=False,
        ),
        Variable(
            "upgrade_wait_timeout",
            "int",
            "How many seconds a miner has to come back with the new firmware.",
            default=900,
            minimum=1,
        ),
        Variable(
            "upgrade_search",
            "str",
            "The network in CIDR notation in which to look, by its MAC address, for a miner that comes back at another "
            "address, such as V(10.1.0.0/22). Without it, such a miner no longer responds.",
        ),
        Variable(
            "upgrade_min_hashrate_ratio",
            "float",
            "The fraction of its previous hash rate that a miner must regain.",
            default=0.9,
            minimum=0,
        ),
        Variable("upgrade_settle_seconds", "int", "How many seconds a miner has for that.", default=900, minimum=0),
        Variable(
            "upgrade_rollback_src",
            "path",
            "An archive on the controller to go back to with miners that come back and do not regain their hash rate.",
        ),
        TARGET,
        Variable(
            "upgrade_serial",
            "list",
            "The sizes of the batches, as numbers or percentages; the last one repeats. Defaults to 1, 10, 2% and "
            "O(upgrade_parallel).",
            of_playbook=True,
        ),
        Variable(
            "upgrade_parallel",
            "int",
            "How many miners are offline at once at the most.",
            default=200,
            minimum=1,
            of_playbook=True,
        ),
        Variable(
            "upgrade_max_failures",
            "int",
            "How many miners may fail before the rollout stops.",
            default=0,
            minimum=0,
            of_playbook=True,
        ),
        Variable(
            "upgrade_max_failure_percent",
            "float",
            "The same, in percent of all miners to be upgraded.",
            default=0,
            minimum=0,
            maximum=100,
            of_playbook=True,
        ),
        Variable(
            "upgrade_require_all",
            "bool",
            "Upgrade nothing if a miner is unreachable or not eligible.",
            default=False,
            of_playbook=True,
        ),
        REPORT_FOLDER,
    ),
)
