# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: job_of_hosts
short_description: The variables of a job on many hosts at once
description:
  - Does what P(minerops.dragonmint.job#lookup) does, for all of these hosts at once, which takes a fraction of the
    time.
  - The playbooks of this collection use it. It may change at any time.
options:
  _terms:
    description: The name of the job, such as V(heal).
    type: str
    required: true
  hosts:
    description: The names of the hosts.
    type: list
    elements: str
    required: true
  only:
    description: Read only these variables, such as V([provision_pools]).
    type: list
    elements: str
  logins:
    description:
      - Add the key C(logins) to the values of each host, the passwords that P(minerops.dragonmint.logins#lookup)
        returns with those of the factory.
    type: bool
    default: false
  packed:
    description:
      - Return one text, which only the filters of this collection read. With thousands of hosts, Ansible takes longer
        to copy their values than to evaluate them.
    type: bool
    default: false
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show how many miners have limits of their own
  ansible.builtin.debug:
    msg: "{{ lookup('minerops.dragonmint.job_of_hosts', 'heal', hosts=ansible_play_hosts_all).kinds | length }}"
  run_once: true
"""

RETURN = r"""
_raw:
  description:
    - The values. C(kinds) has each different set of values once, C(of) has the place therein for each host,
      C(addresses) has the address of each host, and C(expected_macs) the MAC of each host that is known by one.
    - Where the job cannot use the variables of a host, its values have only the key C(problem), a sentence.
  type: list
  elements: dict
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._command_line import login_for_lookup
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import guard
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.logins import (
    FACTORY_PASSWORDS,
    previous_passwords,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import values_of_hosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, Variables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import packed
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources, why_empty
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import (
    Evaluations,
    is_template,
    why_not_evaluated,
)
from jinja2.exceptions import UndefinedError

# What contains all variables of the host that the task runs for, or is for its connection alone.
_OF_ONE_HOST = ("vars", "environment")
# What Ansible itself sets for the task, whatever its host.
_OF_THE_TASK = (
    *("ansible_check_mode", "ansible_search_path"),
    *("ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all"),
)

_MAC = "dragonmint_expected_mac"
_PLACE = ("dragonmint_host", "ansible_host", _MAC)


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    @without_collector()
    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        hostvars = given["hostvars"]
        # Its variables stand for those of the play.
        first = hostvars.raw_get(given["inventory_hostname"])
        of_play = {
            name: value
            for name, value in guard.of_play(given, first).items()
            if name not in _OF_ONE_HOST and (name in _OF_THE_TASK or not name.startswith("ansible_"))
        }
        hosts = [(host, {**hostvars.raw_get(host), **of_play}) for host in plain(self.get_option("hosts"))]
        self._evaluations = Evaluations(self._templated)
        table, only = JOBS[terms[0]].variables, self.get_option("only")
        if only is not None:
            table = Variables(table.prefix, tuple(entry for entry in table if entry.name in only))
        self._secret = {entry.name for entry in table if entry.secret}
        kinds, of = values_of_hosts(table, hosts, self._value, is_all=only is None)
        if self.get_option("logins"):
            typed = login_for_lookup(given)
            kinds, of = _with_logins(kinds, of, {host: self._logins(values, typed) for host, values in hosts})
        places = {host: {name: self._known(values, name) for name in _PLACE} for host, values in hosts}
        found = {
            "kinds": kinds,
            "of": of,
            "addresses": {host: address_of(host, place) for host, place in places.items()},
            "expected_macs": {host: place[_MAC] for host, place in places.items() if place[_MAC]},
        }
        return [packed(found) if self.get_option("packed") else found]

    def _value(self, variables: Mapping[str, Any], name: str) -> Any:
        """Returns the value of a variable on a host. Raises InvalidVariables."""
        raw = variables[name]
        if not is_template(raw):
            return raw
        try:
            value = self._evaluations.result(variables, name, raw)
        except (AnsibleError, UndefinedError) as error:
            raise InvalidVariables(why_not_evaluated(name, error)) from None
        if name in self._secret and value == "" and raw != "":
            # Not the same as a field left empty in a survey: a lost password must not mean that none is desired.
            raise InvalidVariables(why_empty(name, raw, self._sources(variables)))
        return value

    def _templated(self, raw: Any, variables: Mapping[str, Any]) -> Any:
        return plain(self._templar.copy_with_new_env(available_variables=variables).template(raw))

    def _known(self, variables: Mapping[str, Any], name: str) -> Any:
        """Returns a variable of a host; its raw value if it can't be evaluated, None if it is not set."""
        try:
            return self._value(variables, name) if name in variables else None
        except InvalidVariables:
            return variables[name]

    def _logins(self, variables: Mapping[str, Any], typed: tuple[str | None, str | None]) -> tuple[str, ...]:
        """Returns the passwords that a miner may have; only the factory passwords if one of them can't be evaluated."""
        try:
            found = previous_passwords(self._sources(variables, typed))
        except (InvalidVariables, TypeError):
            found = []
        return tuple(dict.fromkeys([*found, *FACTORY_PASSWORDS]))

    def _sources(self, variables: Mapping[str, Any], typed: tuple[str | None, str | None] = (None, None)) -> Sources:
        def value(name: str) -> Any:
            return plain(self._value(variables, name)) if name in variables else None

        return Sources(variable=value, raw=variables.get, environment=os.environ, command_line=lambda: typed)


def _with_logins(
    kinds: Sequence[dict[str, Any]], of: Mapping[str, int], logins: Mapping[str, tuple[str, ...]]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Splits the kinds by the hosts' login passwords, and returns them and each host's place in them."""
    places: dict[tuple[int, tuple[str, ...]], int] = {}
    more: list[dict[str, Any]] = []
    placed = {}
    for host, number in of.items():
        key = number, logins[host]
        if key not in places:
            places[key] = len(more)
            more.append({**kinds[number], "logins": list(logins[host])})
        placed[host] = places[key]
    return more, placed
