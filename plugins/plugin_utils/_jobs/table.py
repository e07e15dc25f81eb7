# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All jobs with their variables."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import (
    audit,
    curtail,
    heal,
    metrics,
    overview,
    provision,
    report,
    rotate_passwords,
    site,
    upgrade,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variables


@dataclass(frozen=True)
class Job:
    """A playbook or a role. ``uses`` names the jobs whose variables it also reads."""

    variables: Variables
    role: str | None = None
    uses: tuple[str, ...] = ()


JOBS = {
    "audit": Job(audit.VARIABLES, uses=("provision", "report")),
    "curtail": Job(curtail.VARIABLES, role="curtail", uses=("report",)),
    "heal": Job(heal.VARIABLES, role="health", uses=("provision", "report")),
    "overview": Job(overview.VARIABLES, uses=("heal", "report")),
    "metrics": Job(metrics.VARIABLES, uses=("provision", "heal")),
    "provision": Job(provision.VARIABLES, role="provision"),
    "report": Job(report.VARIABLES, role="report"),
    "rotate_passwords": Job(rotate_passwords.VARIABLES, uses=("report",)),
    "site": Job(site.VARIABLES, uses=("provision", "upgrade", "heal", "report")),
    "upgrade": Job(upgrade.VARIABLES, role="upgrade", uses=("report",)),
}


def tables_of(job: str) -> list[Variables]:
    """Returns the variables of a job, and those of the jobs that it uses."""
    return [JOBS[name].variables for name in (job, *JOBS[job].uses)]
