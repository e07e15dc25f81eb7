# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job heal, and its role health: what its variables are."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "health_",
    (
        Variable("health_heal", "bool", "Try the remedies. Without it, nothing is written to a miner.", default=False),
        Variable("health_boards", "int", "How many boards a miner must have.", default=3, minimum=0),
        Variable("health_chips", "bool", "Look at each chip, too, with one more request.", default=False),
        Variable(
            "health_max_board_temperature_c",
            "float",
            "Above how many °C a board is too hot. The firmware of a T1 keeps boards at 75 °C.",
            default=85,
        ),
        Variable("health_max_chip_temperature_c", "float", "Above how many °C a chip is too hot.", default=95),
        Variable(
            "health_min_hashrate_ratio",
            "float",
            "The fraction of the rated hash rate that a miner must reach. O(dragonmint_ratings) sets ratings.",
            default=0.85,
            minimum=0,
        ),
        Variable(
            "health_max_share_age_seconds",
            "float",
            "After how many seconds without a share a board that reports to be alive is not.",
            default=900,
            minimum=0,
        ),
        Variable(
            "health_max_reject_ratio",
            "float",
            "The fraction of the work that pools may reject.",
            default=0.05,
            minimum=0,
            maximum=1,
        ),
        Variable(
            "health_max_hardware_error_ratio",
            "float",
            "The fraction of its results that a board may get wrong.",
            default=0.01,
            minimum=0,
            maximum=1,
        ),
        Variable(
            "health_max_fan_percent",
            "float",
            "Above which speed, in percent, a fan is at its limit.",
            default=95,
            minimum=0,
        ),
        Variable(
            "health_min_uptime_seconds",
            "float",
            "A miner with a shorter uptime has rebooted recently. Rates are not compared before it has been mining for "
            "that long.",
            default=900,
            minimum=0,
        ),
        Variable(
            "health_max_remedies_per_day",
            "int",
            "How many remedies a miner gets in any 24 hours.",
            default=2,
            minimum=0,
        ),
        Variable(
            "health_heal_timeout",
            "int",
            "How many seconds after a remedy the miner must be healthy.",
            default=900,
            minimum=1,
        ),
        Variable(
            "health_search",
            "str",
            "The network in CIDR notation in which to look, by its MAC address, for a miner that comes back from a "
            "reboot at another address, such as V(10.1.0.0/22).",
        ),
        Variable(
            "health_state_folder",
            "path",
            "The folder on the controller that records which remedies were tried, in one file a miner; relative to "
            "where Ansible was started.",
            default="dragonmint-state",
        ),
        RATINGS,
        TARGET,
        Variable(
            "health_max_parallel_percent",
            "float",
            "How many percent of the miners get a remedy at once, at least one miner.",
            default=5,
            minimum=0,
            maximum=100,
            of_playbook=True,
        ),
        Variable(
            "health_max_ill_percent",
            "float",
            "Try no remedy if more than this percentage of the miners need one: they have something in common that no "
            "restart repairs.",
            default=100,
            minimum=0,
            maximum=100,
            of_playbook=True,
        ),
        Variable(
            "health_fail_on",
            "str",
            "Which findings make the playbook fail: V(critical), V(warning) (both) or V(never).",
            default="critical",
            choices=("critical", "warning", "never"),
            of_playbook=True,
        ),
        REPORT_FOLDER,
    ),
)
