# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report on the controller, within a worker of Ansible: the files, their history, and the webhook.

Everything that a task needs is imported here, at module level: Ansible loads an action once, before it forks its
workers.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.urls import open_url
from ansible_collections.minerops.dragonmint.plugins.module_utils import _files
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_report
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._action import MinerAction
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._csv import csv_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import changes, report
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.changes import Changes, Known
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.folder import folder_problem
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import unpacked
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.page import Page, render
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.texts import collection_version
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain

_WEBHOOK_S = 10
# AWX stores a job's stats in its database, and drops events that are too long.
_STATE_CHARS = 200_000


class ReportAction(MinerAction):
    """The action of the module that writes reports."""

    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._secrets |= {str(args[name]) for name in ("webhook_url",) if args.get(name)}
        self._require_controller()
        params = _validated(args, self._task.action)
        folder = Path(params["folder"]).resolve()
        problem = folder_problem(str(folder))
        result: dict[str, Any] = {"changed": False, "written": False, "folder": str(folder)}
        if problem and params["required"]:
            raise InvalidInput(
                f"{problem} Set report_folder to a folder that the user who runs Ansible may write to, or "
                "report_required: false to go on without the files."
            )
        if params["state"] == "writable":
            if not problem and not self._task.check_mode:
                folder.mkdir(parents=True, exist_ok=True)
            return {**result, "warnings": [f"{problem} The job goes on without them."]} if problem else result
        limit = str(plain(task_vars.get("ansible_limit")) or "")
        return result | self._write(params, folder, limit, is_writable=not problem)

    def _write(self, params: Mapping[str, Any], folder: Path, limit: str, is_writable: bool) -> dict[str, Any]:
        now = time.time()
        stem = report.stem_of(params["name"], limit)
        rows, columns = params["rows"], params["columns"]
        warnings: list[str] = []
        result: dict[str, Any] = {"page": str(folder / f"{stem}.html"), "posted": False}
        changed = self._changes(params, folder, now, bool(limit))
        on_page = rows, columns
        if changed:
            rows = changed.rows
            on_page = changes.for_page(rows, columns)
            columns = [*columns, *changes.COLUMNS]
        summary = " ".join(filter(None, [params["summary"], report.changes_text(changed) if changed else ""]))
        if is_writable:
            shown = Page(
                params["title"],
                now,
                site=params["site"] or "",
                limit=limit,
                version=collection_version(),
                summary=summary,
                resolved=changed.difference.resolved if changed else (),
                since=changed.before if changed else None,
                overview=params["overview"] or None,
            )
            texts = {
                "json": json.dumps(rows, indent=4, ensure_ascii=False) + "\n",
                "csv": csv_of(rows, columns),
                "html": render(shown, *on_page),
            }
            folder.mkdir(parents=True, exist_ok=True)
            _keep(folder, stem, params["keep"])
            for kind in report.KINDS:
                _files.replace(folder / f"{stem}.{kind}", texts[kind].encode("utf-8", "backslashreplace"))
            result["written"] = True
        if changed:
            known = changed.known
            if params["webhook_url"] and changed.unposted and not self._task.check_mode:
                failure = _post(params, now, summary, changed)
                result["posted"] = not failure
                warnings += [failure] if failure else []
            if result["posted"] or not params["webhook_url"]:
                known = changed.when_posted()
            if is_writable:
                text = json.dumps(changes.text_of(known), ensure_ascii=False)
                _files.replace(_state_file(folder, params["name"]), text.encode("utf-8", "backslashreplace"))
            result |= {
                "changes": {
                    "new": len(changed.difference.new),
                    "still": changed.still,
                    "resolved": len(changed.difference.resolved),
                    "miners_new": len(changed.arrived),
                    "miners_gone": len(changed.left),
                },
                "told": report.changes_text(changed),
                "state": _passed_on(known),
            }
        return {**result, "warnings": warnings} if warnings else result

    def _changes(self, params: Mapping[str, Any], folder: Path, now: float, is_limited: bool) -> Changes | None:
        if not params["identity"]:
            return None
        in_file = None
        with suppress(OSError):
            in_file = changes.known_from(_state_file(folder, params["name"]).read_text("utf-8", errors="replace"))
        found: list[Known] = [known for known in (in_file, changes.known_from(params["before"])) if known]
        last = max(found, key=lambda known: known.at, default=None)
        return changes.compare(params["rows"], params["identity"], last, now, is_limited)


def _validated(args: Mapping[str, Any], action: str) -> dict[str, Any]:
    """Returns the options as validated by Ansible. Raises InvalidInput."""
    rows = _unpacked(args["packed"]) if args.get("packed") else args.get("rows", [])
    # Validated without the rows, since Ansible would copy each of them.
    validation = ArgumentSpecValidator(dragonmint_report.argument_spec()).validate({**args, "rows": []})
    if validation.error_messages:
        raise InvalidInput(f"{action}: {'; '.join(validation.error_messages).rstrip('.')}. Nothing was written.")
    params = dict(validation.validated_parameters)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(f"rows is {quoted(rows)}; expected a list of dictionaries. Nothing was written.")
    missing = [name for name in ("name", "title") if params["state"] == "written" and not params[name]]
    if missing:
        raise InvalidInput(f"{' and '.join(missing)} must be set to write a report. Nothing was written.")
    if params["keep"] < 0:
        raise InvalidInput(f"keep is {params['keep']}; expected 0 or more. Nothing was written.")
    if len(params["identity"]) == 1:
        raise InvalidInput(
            "identity has only one column; expected the miner, the kind of problem and any others. Nothing was written."
        )
    missing_columns = [column for column in params["identity"][:1] if any(column not in row for row in rows)]
    if missing_columns:
        raise InvalidInput(
            f"rows has no column {quoted(missing_columns[0])}, which identity names. Nothing was written."
        )
    if params["webhook_url"] and urlsplit(params["webhook_url"]).scheme not in ("http", "https"):
        raise InvalidInput("The webhook's URL must begin with http:// or https://. Correct report_webhook_url.")
    return {**params, "rows": rows}


def _unpacked(text: Any) -> Any:
    try:
        return unpacked(text)
    except ValueError:
        raise InvalidInput(
            f"packed is {quoted(text)}; expected what a filter of this collection returned. Use rows for a list. "
            "Nothing was written."
        ) from None


def _state_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.state.json"


def _keep(folder: Path, stem: str, keep: int) -> None:
    """Moves the last report into the history, and deletes the oldest ones there."""
    history = folder / report.HISTORY
    last = {kind: folder / f"{stem}.{kind}" for kind in report.KINDS}
    if keep and last["json"].is_file():
        history.mkdir(exist_ok=True)
        written_at = last["json"].stat().st_mtime
        for kind, path in last.items():
            # Hard-linked, so that the last report stays in place until the new one replaces it.
            with suppress(FileNotFoundError, FileExistsError):
                os.link(path, history / report.older_name(stem, written_at, kind))
    if history.is_dir():
        for name in report.too_old([path.name for path in history.iterdir()], stem, keep):
            (history / name).unlink(missing_ok=True)


def _post(params: Mapping[str, Any], now: float, summary: str, changed: Changes) -> str:
    """Posts to the webhook; returns why that failed, or ""."""
    body = report.message(
        params["name"], params["title"], params["site"] or "", now, summary, changed.still, changed.unposted
    )
    try:
        open_url(
            params["webhook_url"],
            method="POST",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            timeout=_WEBHOOK_S,
            http_agent="minerops.dragonmint",
        ).close()
    except HTTPError as error:
        cause = f"it responded with status {error.code}"
    except Exception as error:  # noqa: BLE001 - whatever the webhook does, the report counts
        # Other messages may contain the URL, which often is a secret.
        reason = getattr(error, "reason", None)
        cause = str(reason) if isinstance(reason, OSError) else type(error).__name__
    else:
        return ""
    return f"The changes were not posted to the webhook: {cause}. The next report repeats them."


def _passed_on(known: Known) -> dict[str, Any]:
    data = changes.text_of(known, with_miners=False)
    return data if len(json.dumps(data)) <= _STATE_CHARS else {}
