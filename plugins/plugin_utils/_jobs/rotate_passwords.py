# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job rotate_passwords: what its variables are."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "rotate_",
    (
        Variable("rotate_new_password", "str", "The new password of C(admin).", secret=True, required=True),
        Variable(
            "rotate_serial",
            "list",
            "The sizes of the batches, as numbers or percentages; the last one repeats.",
            default=(1, 10, "25%"),
        ),
        Variable(
            "rotate_max_failure_percent",
            "float",
            "How many percent of the miners of a batch may fail before the rotation stops.",
            default=0,
            minimum=0,
            maximum=100,
        ),
        TARGET,
    ),
)
