# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before a job starts: invalid variables, an unknown target, an inventory that was not read.

Nothing to do is a success only if that is certain: every source of the inventory was read, and its miners were polled.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variables,
    needs_evaluation,
    normalised,
)

# AWX and the platform built from it use the same names; newer ones may set only the second ones.
_PREFIXES = ("awx", "tower")
_ALLOW_SLICE = "allow_slice"
# Tags with which tasks that write to miners run, and tags with which only other tasks run.
_ACTING, _NOT_ACTING = ("all", "tagged", "act"), ("always", "preview", "report", "untagged")
_PLUGIN = re.compile(r"^plugin:\s*['\"]?minerops\.dragonmint\.dragonmint\b", re.MULTILINE)
# What Ansible takes without -i and without an inventory in ansible.cfg.
_DEFAULT_SOURCE = "/etc/ansible/hosts"
_SUFFIXES = (".dragonmint.yml", ".dragonmint.yaml")
_NOT_POLLED = {"locked": "refused every login", "unresponsive": "did not respond"}


@dataclass(frozen=True)
class Choice:
    """The hosts of a job: the parts of its target that match nothing, and how many hosts are left.

    ``has_hosts`` is false for an inventory without any host, ``has_reports`` for one without a source of this
    collection.
    """

    unmatched: Sequence[str]
    hosts: int
    has_hosts: bool
    has_reports: bool


@dataclass(frozen=True)
class Verdict:
    """Text for the user: why the job must not start, and what to warn of."""

    problem: str = ""
    warning: str = ""


def verdict_of(choice: Choice, gaps: Sequence[str]) -> Verdict:
    """Returns what is wrong with the hosts of a job. ``gaps`` are those of the inventory."""
    why = " ".join(gaps)
    if choice.unmatched:
        names = ", ".join(map(quoted, choice.unmatched))
        return Verdict(f"No group or host of the inventory matches {names} in target. {why or 'Correct target.'}")
    if choice.hosts:
        return Verdict(warning=f"The job does not cover the whole inventory. {why}" if gaps else "")
    if gaps:
        return Verdict(f"There is nothing to do, but miners may be missing from the inventory. {why}")
    if not choice.has_hosts and not choice.has_reports:
        return Verdict(
            "The inventory has no hosts. Set it with -i, or check the warnings above for why it was not read."
        )
    return Verdict()


def empty_limit(limit: str) -> str:
    """Returns the problem if the inventory has no hosts, so that a limit leaves none, not even localhost."""
    return (
        f"The inventory has no hosts, so --limit {quoted(limit)} leaves none. Set it with -i, or check the warnings "
        f"above for why it was not read."
    )


def gaps_of(reports: Mapping[str, Mapping[str, Any]], unread: Iterable[str]) -> list[str]:
    """Returns what is unknown about the inventory, a sentence per source.

    ``reports`` is the variable dragonmint_inventory, ``unread`` are sources that are missing in it.
    """
    gaps = [f"{path} was not read as an inventory; see the warnings above." for path in unread]
    for name, report in reports.items():
        problems = [str(problem).rstrip(".") for problem in report["problems"]]
        problems += [f"{_miners(report[state])} {text}" for state, text in _NOT_POLLED.items() if report[state]]
        if problems:
            said = "; ".join(problems)
            gaps.append(f"{name}{'' if report['at'] else ' was not read'}: {said}{'' if said.endswith('?') else '.'}")
    return gaps


def unread_sources(sources: Iterable[str], reports: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns the paths that are missing in the reports: sources of this collection, and those that do not exist.

    ``sources`` are files, folders and lists of hosts, as given to Ansible.
    """
    read = {os.path.realpath(report["path"]) for report in reports.values()}
    return [str(path) for source in sources for path in _files(source) if os.path.realpath(path) not in read]


def _files(source: str) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        return [
            file for file in sorted(path.rglob("*.y*ml")) if not _is_skipped(file.relative_to(path)) and _is_ours(file)
        ]
    if path.exists():
        return [path] if _is_ours(path) else []
    return [] if "," in source or source == _DEFAULT_SOURCE else [path]


def _is_skipped(path: Path) -> bool:
    """Whether Ansible itself ignores a path in an inventory folder."""
    return any(part.startswith(".") or part in ("group_vars", "host_vars") for part in path.parts)


def _is_ours(path: Path) -> bool:
    if path.name.endswith(_SUFFIXES):
        return True
    if path.suffix not in (".yml", ".yaml"):
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as text:
            return _PLUGIN.search(text.read(10_000)) is not None
    except OSError:
        return False


def of_play(given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the variables of the play and of what imports it, which apply to all hosts.

    ``given`` are all variables of a task on a host, ``own`` those that the host has outside any play.
    """
    # Equal values are usually the same object, and comparing vaulted values decrypts them.
    return {
        name: value
        for name, value in given.items()
        if name not in own or (own[name] is not value and own[name] != value)
    }


def wrong_variables(
    tables: Sequence[Variables], hosts: Iterable[tuple[str, Mapping[str, Any]]], may_miss: bool = False
) -> str:
    """Returns what is wrong with the variables of these hosts, before templating; empty if nothing is.

    Templates are not evaluated; the job checks their values. Hosts that share their values are checked once.
    With ``may_miss``, required variables may be missing: there may be no host to set them for.
    """
    names = {entry.name for table in tables for entry in table}
    prefixes = tuple(table.prefix for table in tables if table.prefix)
    problems: dict[tuple[tuple[str, int], ...], tuple[str, dict[str, Any]]] = {}
    hosts_by_problem: dict[str, list[str]] = {}
    for host, variables in hosts:
        given = {name: value for name, value in variables.items() if name in names or name.startswith(prefixes)}
        # Keeping the values prevents new objects from getting the same id.
        key = tuple((name, id(value)) for name, value in given.items())
        if key not in problems:
            problems[key] = (_problem(tables, given, may_miss), given)
        if problems[key][0]:
            hosts_by_problem.setdefault(problems[key][0], []).append(host)
    return " ".join(f"{problem} {_on(miners)}" for problem, miners in hosts_by_problem.items())


def slice_switches(tables: Sequence[Variables]) -> list[Variables]:
    """Returns the variable that allows a job to run as a slice, in its own table; empty for jobs that always may."""
    return [
        Variables(table.prefix, (entry,))
        for table in tables
        for entry in table
        if table.prefix and entry.name == f"{table.prefix}{_ALLOW_SLICE}"
    ]


def refused_slice(tables: Sequence[Variables], given: Mapping[str, Any]) -> str:
    """Returns why a job must not run: it is a slice of an AWX job and that was not allowed. Empty otherwise.

    AWX runs slices as a workflow named like their job template, and gives a playbook no other sign of them.
    """
    names = [[given.get(f"{prefix}_{kind}_name") for kind in ("workflow_job", "job_template")] for prefix in _PREFIXES]
    sliced = next((template for workflow, template in names if workflow and workflow == template), None)
    switches = [table for table in slice_switches(tables) if not normalised(table, _own(table, given))[_ALLOW_SLICE]]
    if sliced is None or not switches:
        return ""
    return (
        f"This job is a slice of {quoted(sliced)}: its workflow has the same name as its job template. Each slice "
        f"would count batches, failures and kilowatts for its own part of the fleet only. Set job_slice_count: 1 "
        f"in the job template. If it is not a slice, rename the workflow, or set {switches[0].entries[0].name}: true."
    )


def _own(table: Variables, given: Mapping[str, Any]) -> dict[str, Any]:
    return {entry.name: given.get(entry.name) for entry in table}


def is_preview(given: Mapping[str, Any]) -> bool:
    """Whether a run writes nothing to any miner: in check mode, and if the tags leave out act.

    A foreign tag does not count: it may belong to a user's play that contains a role of ours.
    """
    run, skip = (given.get(f"ansible_{kind}_tags") or () for kind in ("run", "skip"))
    acts = any(tag in run for tag in _ACTING) or not any(tag in run for tag in _NOT_ACTING)
    return bool(given.get("ansible_check_mode")) or not acts or any(tag in skip for tag in ("tagged", "act"))


def missing(names: Iterable[str] | None, limit: str | None, target: str) -> list[str]:
    """Returns the expected miners that the inventory did not find. A run on a part of the fleet misses none of them.

    ``names`` is the variable dragonmint_missing, ``limit`` is ansible_limit; None where there is none.
    """
    return list(names or ()) if limit is None and target == TARGET.default else []


def two_logins(environment: Mapping[str, str], asks_password: bool) -> str:
    """Returns a warning if both the environment and -k (AWX's machine credential) set a password."""
    if not asks_password or not environment.get("DRAGONMINT_PASSWORD"):
        return ""
    return (
        "Both DRAGONMINT_PASSWORD and -k (the machine credential in AWX) set a password for the miners. "
        "DRAGONMINT_PASSWORD is used. Remove one of them."
    )


def _problem(tables: Sequence[Variables], given: Mapping[str, Any], may_miss: bool) -> str:
    unknown = [name for name, value in given.items() if needs_evaluation(value)]
    try:
        for table in tables:
            missing = [entry.name for entry in table if entry.name not in given] if may_miss else []
            normalised(table, given, [*unknown, *missing])
    except InvalidVariables as error:
        return str(error)
    return ""


def _on(hosts: Sequence[str]) -> str:
    others = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
    return f"(Set for {hosts[0]}{others}.)"


def _miners(count: int) -> str:
    return "1 miner" if count == 1 else f"{count} miners"
