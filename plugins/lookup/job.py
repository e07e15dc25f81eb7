# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: job
short_description: The variables of a job as typed values
description:
  - Reads the variables of a playbook or role of this collection for the current host, and converts them to their types,
    whatever a survey or an inventory made of them.
  - Fails for values that the job cannot use, and for variables that it does not know.
  - The roles of this collection use it. It may change at any time.
options:
  _terms:
    description: The name of the job, such as V(upgrade).
    type: str
    required: true
  problem:
    description: Return what is wrong with the variables, or empty text, instead of their values.
    type: bool
    default: false
  only:
    description:
      - Return the value of this variable alone, such as V(rotate_serial).
      - In a keyword of a play, where no host's variables are seen, the value is that of the first host in C(target).
    type: str
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show where the firmware comes from
  ansible.builtin.debug:
    msg: "{{ lookup('minerops.dragonmint.job', 'upgrade').src }}"
"""

RETURN = r"""
_raw:
  description: The values, by the name of the variable without the prefix of the job.
  type: list
  elements: dict
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
    normalised,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources, why_empty
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import is_template, why_not_evaluated
from jinja2.exceptions import UndefinedError


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        table = JOBS[terms[0]].variables
        try:
            if self.get_option("only"):
                return [self._value(table, self.get_option("only"), variables or {})]
            values = self._values(table, variables or {})
        except InvalidVariables as error:
            if self.get_option("problem"):
                return [str(error)]
            raise AnsibleLookupError(str(error)) from None
        return [""] if self.get_option("problem") else [values]

    def _value(self, table: Variables, name: str, variables: Mapping[str, Any]) -> Any:
        if "inventory_hostname" not in variables:
            variables = {**self._first_of_target(variables), **variables}
            self._templar = self._templar.copy_with_new_env(available_variables=variables)
        (entry,) = (entry for entry in table if entry.name == name)
        given = {name: self._evaluated(entry, variables)} if name in variables else {}
        return normalised(Variables(table.prefix, (entry,)), given)[table.key(name)]

    def _first_of_target(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the variables of a host; empty if there is none yet, as with --syntax-check."""
        hostvars = variables.get("hostvars")
        if hostvars is None:
            return {}
        target = plain(self._templar.template(variables.get(TARGET.name))) or TARGET.default
        for host in hostvars._inventory.get_hosts(target, ignore_restrictions=True):
            found: Mapping[str, Any] = hostvars.raw_get(host.name)
            return found
        return {}

    def _values(self, table: Variables, variables: Mapping[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {name: None for name in variables if table.is_foreign(name)}
        for entry in table:
            if entry.name in variables and not entry.is_argument:
                given[entry.name] = self._evaluated(entry, variables)
        return normalised(table, given)

    def _evaluated(self, entry: Variable, variables: Mapping[str, Any]) -> Any:
        raw = variables[entry.name]
        try:
            value = plain(self._templar.template(raw) if is_template(raw) else raw)
        except (AnsibleError, UndefinedError) as error:
            raise InvalidVariables(why_not_evaluated(entry.name, error)) from None
        if entry.secret and value == "" and raw != "":
            # Not the same as a field left empty in a survey: a lost password must not mean that none is desired.
            raise InvalidVariables(why_empty(entry.name, raw, self._sources(variables)))
        return value

    def _sources(self, variables: Mapping[str, Any]) -> Sources:
        return Sources(
            variable=lambda name: plain(self._templar.template(variables.get(name))),
            raw=variables.get,
            environment=os.environ,
        )
