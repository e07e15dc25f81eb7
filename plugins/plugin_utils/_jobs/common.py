# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables shared by several jobs."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable

TARGET = Variable(
    "target",
    "str",
    "The hosts or groups to run on, as an Ansible host pattern.",
    default="all",
    of_playbook=True,
)
REPORT_FOLDER = Variable(
    "report_folder",
    "path",
    "The folder on the controller for reports. A relative path starts at the folder that Ansible was started in.",
    default="dragonmint-reports",
    of_playbook=True,
)
RATINGS = Variable(
    "dragonmint_ratings",
    "dict",
    "The hash rate and power of your miners, by model and autotune mode. They take precedence over the table of the "
    "collection.",
)
