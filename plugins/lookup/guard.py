# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: guard
short_description: Why a job must not begin
description:
  - Checks the variables of a playbook of this collection for all hosts in its target, that the target exists, and,
    where there is nothing to do, that every source of the inventory was read and its miners were polled.
  - Refuses to run some jobs as a slice of an AWX job, and with a record of curtailed miners that cannot be used.
  - Warns where two logins are given.
  - Where there is something to do, an inventory that was not read as a whole is a warning.
  - The playbooks of this collection use it. It may change at any time.
options:
  _terms:
    description: The name of the job, such as V(upgrade). Only needed without the other options.
    type: str
  hosts:
    description:
      - Return the hosts of the play that the guard itself runs in, V(all) or V(localhost), and fail where V(--limit)
        leaves none.
    type: bool
    default: false
  missing:
    description:
      - Return the expected miners that the inventory did not find. With V(--limit) or another target than V(all), none
        is returned, since it may belong to another part of the fleet.
    type: bool
    default: false
  preview:
    description: Return whether the run writes nothing to any miner, as in check mode or without the tag C(act).
    type: bool
    default: false
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Require variables that the upgrade can use
  ansible.builtin.fail:
    msg: "{{ problem }}"
  vars:
    problem: "{{ lookup('minerops.dragonmint.guard', 'upgrade') }}"
  when: problem != ''
"""

RETURN = r"""
_raw:
  description:
    - What is wrong, or empty text; with O(hosts=true) the pattern of a play's hosts, with O(missing=true) the names of
      the miners, with O(preview=true) a boolean.
  type: list
  elements: raw
"""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ansible import context
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.inventory.manager import split_host_pattern
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._curtailed import record_for
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail, guard
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.provision import ENDS_CURTAILMENT
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import tables_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variables,
    normalised,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    @without_collector()
    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        if self.get_option("hosts"):
            return [self._hosts(given)]
        if self.get_option("preview"):
            return [guard.is_preview(given)]
        target = plain(self._templar.template(given.get(TARGET.name))) or TARGET.default
        if self.get_option("missing"):
            names = plain(self._templar.template(given.get("dragonmint_missing")))
            return [guard.missing(names, given.get("ansible_limit"), target)]
        # Only this object knows the limit, and has the hosts' variables before templating.
        inventory = given["hostvars"]._inventory
        hosts = inventory.get_hosts(target, ignore_restrictions=True)
        of_play = guard.of_play(given, given["hostvars"].raw_get(given["inventory_hostname"]))
        raw: list[tuple[str, Mapping[str, Any]]] = [
            (host.name, {**given["hostvars"].raw_get(host.name), **of_play}) for host in hosts
        ]
        # If the target has no host, the variables of the host that this runs on are checked instead.
        tables = tables_of(terms[0])
        problem = guard.wrong_variables(tables, raw or [("all hosts", dict(given))], may_miss=not raw)
        problem = problem or guard.refused_slice(tables, {**given, **self._switches(tables, given)})
        problem = problem or (self._record_problem(tables, given) if raw else "")
        if problem:
            return [problem]
        reports = plain(given.get("dragonmint_inventory")) or {}
        sources = plain(given.get("ansible_inventory_sources")) or []
        unmatched = [part for part in split_host_pattern(target) if not _matches(inventory, part.lstrip("!&"))]
        choice = guard.Choice(unmatched, len(hosts), bool(inventory.hosts), bool(reports))
        verdict = guard.verdict_of(choice, guard.gaps_of(reports, guard.unread_sources(sources, reports)))
        asks_password = context.CLIARGS.get("ask_pass") or context.CLIARGS.get("connection_password_file")
        for warning in (verdict.warning, guard.two_logins(os.environ, bool(asks_password))):
            if warning:
                Display().warning(warning)
        return [verdict.problem]

    def _record_problem(self, tables: Sequence[Variables], given: Mapping[str, Any]) -> str:
        """Returns why the record of curtailed miners can't be used by a job that only reads it; empty if it can."""
        if not any(curtail.RECORD_OF_OTHERS[0] in table.entries for table in tables):
            return ""
        try:
            if ENDS_CURTAILMENT in tables[0].entries and self._ends_curtailment(given):
                return ""
            record_for(given, self._templar.template, given["groups"]["all"])
        except InvalidVariables as error:
            return str(error)
        return ""

    def _ends_curtailment(self, given: Mapping[str, Any]) -> bool:
        name = ENDS_CURTAILMENT.name
        value = plain(self._templar.template(given.get(name)))
        return bool(normalised(Variables("", (ENDS_CURTAILMENT,)), {name: value})[name])

    def _switches(self, tables: Sequence[Variables], given: Mapping[str, Any]) -> dict[str, Any]:
        names = [entry.name for table in guard.slice_switches(tables) for entry in table]
        return {name: plain(self._templar.template(given.get(name))) for name in names}

    def _hosts(self, given: Mapping[str, Any]) -> str:
        """Returns a pattern that matches despite any limit: core calls a run that skipped all hosts a success."""
        if given["groups"]["all"]:
            return "all"
        limit = given.get("ansible_limit")
        if limit:
            raise AnsibleLookupError(guard.empty_limit(plain(limit)))
        return "localhost"


def _matches(inventory: Any, pattern: str) -> bool:
    """Whether a pattern names a group, even an empty one, or matches a host."""
    if any(fnmatchcase(group, pattern) for group in inventory.groups):
        return True
    try:
        return bool(inventory.get_hosts(pattern, ignore_limits=True, ignore_restrictions=True))
    except AnsibleError:
        return False
