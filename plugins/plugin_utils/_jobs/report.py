# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role report: its variables, the names of its files, and the body of its webhook."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.changes import Changes, Difference
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.words import counted

KINDS = ("json", "csv", "html")
HISTORY = "history"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST_LIMIT = 40
_POSTED = 100

VARIABLES = Variables(
    "report_",
    (
        Variable(
            "report_name",
            "str",
            "The name of the files without the extensions C(.json), C(.csv) and C(.html). With C(--limit), "
            "C(.limit-) and the limit are added to the name, which keeps the report of the fleet.",
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
            "The keys of the rows to show on the page and in the spreadsheet, in this order. The page omits columns "
            "that are empty in all rows.",
            required=True,
            elements="str",
            is_argument=True,
        ),
        Variable(
            "report_summary",
            "str",
            "One or more sentences to show at the top of the page. Defaults to C(summary) in O(report_stats).",
            is_argument=True,
        ),
        Variable(
            "report_identity",
            "list",
            "The columns that together identify the problem of a row: first the miner, then the kind of problem, "
            "then any others. The report then shows which problems are new and which are resolved since the last "
            "report. The playbooks audit, heal and overview set this themselves.",
            elements="str",
            is_argument=True,
        ),
        Variable(
            "report_job",
            "str",
            "Publish O(report_stats) as custom statistics under the name C(dragonmint_) plus this value. AWX shows "
            "them and passes them on to the next job.",
            is_argument=True,
        ),
        Variable(
            "report_stats",
            "dict",
            "A few values that summarize the job. Do not include text from miners, since a later job may evaluate it "
            "as a template.",
            is_argument=True,
        ),
        replace(REPORT_FOLDER, of_playbook=False),
        Variable(
            "report_required",
            "bool",
            "Fail before anything else is done if the folder cannot be written to. With V(false), the job only "
            "warns, and continues with the custom statistics alone.",
            default=True,
        ),
        Variable(
            "report_keep",
            "int",
            "How many older reports of each name to keep in the folder C(history) in O(report_folder).",
            default=10,
            minimum=0,
        ),
        Variable("report_site", "str", "The name of the site, for the page and the webhook."),
        Variable(
            "report_webhook_url",
            "str",
            "A URL to post the summary to, as JSON, when a problem is new or resolved. Nothing is posted in check "
            "mode. If the post fails, the job warns, and the next report repeats it.",
            secret=True,
        ),
    ),
)


def stem_of(name: str, limit: str) -> str:
    """Returns the name of a report's files without their endings. A limited report has a name of its own.

    Raises InvalidInput for a name that is not a valid file name.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"The name of the report is {quoted(name)}; expected a file name of letters, digits and _ . -, without "
            f"its extension."
        )
    if not limit:
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", limit)
    if plain != limit or len(plain) > _LONGEST_LIMIT:
        plain = f"{plain[:_LONGEST_LIMIT].strip('_')}-{hashlib.sha256(limit.encode()).hexdigest()[:8]}"
    return f"{name}.limit-{plain}"


def older_name(stem: str, written_at: float, kind: str) -> str:
    """Returns the name of a report in the history, which contains the time at which it was written."""
    at = datetime.fromtimestamp(written_at, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return f"{stem}.{at}.{kind}"


def too_old(names: Iterable[str], stem: str, keep: int) -> list[str]:
    """Returns the names in the history, among these, of the reports that are older than the newest ``keep``."""
    pattern = re.compile(rf"{re.escape(stem)}\.(\d{{8}}T\d{{6}}Z)\.(?:{'|'.join(KINDS)})")
    times = {name: found[1] for name in names if (found := pattern.fullmatch(name))}
    kept = sorted(set(times.values()))[-keep:] if keep else []
    return sorted(name for name, time in times.items() if time not in kept)


def changes_text(changes: Changes) -> str:
    """Returns the changes since the last report in one sentence; "" if there are none, and for the first report."""
    if changes.before is None:
        return ""
    parts = [f"{len(changes.difference.new)} new"] if changes.difference.new else []
    parts += [f"{len(changes.difference.resolved)} resolved"] if changes.difference.resolved else []
    texts = [f"Since the last report: {' and '.join(parts)}."] if parts else []
    for miners, text in ((changes.arrived, "new in the report"), (changes.left, "no longer in the report")):
        texts += [f"{counted(len(miners), 'miner')} {text}."] if miners else []
    return " ".join(texts)


def message(
    name: str, title: str, site: str, at: float, summary: str, still: int, difference: Difference
) -> dict[str, Any]:
    """Returns the body of a webhook. It has the number of problems, and only the first ones if there are too many."""
    return {
        "report": name,
        "title": title,
        "site": site,
        "at": datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds"),
        "summary": summary,
        "counts": {"new": len(difference.new), "still": still, "resolved": len(difference.resolved)},
        "new": list(difference.new[:_POSTED]),
        "resolved": list(difference.resolved[:_POSTED]),
    }
