# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job curtail: what its variables are."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "curtail_",
    (
        Variable("curtail_kw", "float", "Save that many kW.", minimum=0),
        Variable(
            "curtail_mode",
            "str",
            "Switch each miner that consumes more to this autotune mode.",
            choices=("efficient", "balanced", "factory", "performance", "off"),
        ),
        Variable(
            "curtail_off",
            "bool",
            "Power off all miners; with O(curtail_kw), only as many as it takes.",
            default=False,
        ),
        Variable("curtail_restore", "bool", "Restore what the miners were before.", default=False),
        Variable(
            "curtail_partial",
            "bool",
            "Save what can be saved if that is less than O(curtail_kw). Otherwise nothing is sent.",
            default=False,
        ),
        Variable("curtail_serial", "list", "How many miners change at once.", default=(20,)),
        Variable(
            "curtail_pause_seconds",
            "int",
            "How many seconds to wait between two batches, for the grid and the breakers.",
            default=5,
            minimum=0,
        ),
        Variable(
            "curtail_record",
            "path",
            "The file on the controller that records what the miners were before. The report must not overwrite it.",
            default="dragonmint-reports/curtail-record.json",
        ),
        RATINGS,
        TARGET,
        REPORT_FOLDER,
    ),
)
