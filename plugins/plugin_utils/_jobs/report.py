# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role report: what its variables are."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

VARIABLES = Variables(
    "report_",
    (
        Variable(
            "report_name",
            "str",
            "The name of the files, to which C(.json), C(.csv) and C(.html) are added.",
            required=True,
            is_argument=True,
        ),
        Variable("report_title", "str", "The title of the page.", required=True, is_argument=True),
        Variable(
            "report_rows",
            "list",
            "The rows. The JSON file has all of them in full.",
            required=True,
            elements="dict",
            is_argument=True,
        ),
        Variable(
            "report_columns",
            "list",
            "The keys that CSV and HTML show, in this order.",
            required=True,
            elements="str",
            is_argument=True,
        ),
        Variable(
            "report_job",
            "str",
            "A name. With it, O(report_stats) are published as the custom statistics C(dragonmint_NAME), which AWX "
            "shows and hands on to the next job.",
            is_argument=True,
        ),
        Variable(
            "report_stats",
            "dict",
            "A few values that sum up the job. Leave out any text that a miner sent, since a later job may evaluate it "
            "as a template.",
            is_argument=True,
        ),
        replace(REPORT_FOLDER, of_playbook=False),
    ),
)
