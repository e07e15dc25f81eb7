# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job audit: what its variables are."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "audit_",
    (
        Variable("audit_fail_on_drift", "bool", "Fail if a miner is not in its desired state.", default=False),
        TARGET,
        REPORT_FOLDER,
    ),
)
