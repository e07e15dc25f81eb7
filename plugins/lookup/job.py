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
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    normalised,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources, why_empty
from jinja2.exceptions import UndefinedError


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            values = self._values(terms[0], variables or {})
        except InvalidVariables as error:
            if self.get_option("problem"):
                return [str(error)]
            raise AnsibleLookupError(str(error)) from None
        return [""] if self.get_option("problem") else [values]

    def _values(self, job: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        table = JOBS[job].variables
        given: dict[str, Any] = {name: None for name in variables if table.is_foreign(name)}
        for entry in table:
            if entry.name in variables and not entry.is_argument:
                given[entry.name] = self._evaluated(entry, variables)
        return normalised(table, given)

    def _evaluated(self, entry: Variable, variables: Mapping[str, Any]) -> Any:
        raw = variables[entry.name]
        try:
            value = plain(self._templar.template(raw))
        except (AnsibleError, UndefinedError) as error:
            raise InvalidVariables(f"{entry.name} cannot be evaluated: {error}") from None
        if entry.secret and value == "" and raw != "":
            # Not what a survey leaves empty: a password that is lost must not mean that none is wanted.
            raise InvalidVariables(why_empty(entry.name, raw, self._sources(variables)))
        return value

    def _sources(self, variables: Mapping[str, Any]) -> Sources:
        return Sources(
            variable=lambda name: plain(self._templar.template(variables.get(name))),
            raw=variables.get,
            environment=os.environ,
        )
