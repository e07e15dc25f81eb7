# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: curtailed
short_description: Why the mode of a miner is kept
description:
  - Finds out whether the current host is curtailed, from C(curtail_record_data), from what an earlier job has handed on
    in C(dragonmint_curtail), from the file C(curtail_record), and from what the inventory plugin says with its option
    C(curtail_record).
  - The roles and playbooks of this collection use it. It may change at any time.
options:
  _terms:
    description: Nothing.
    type: list
    elements: str
    default: []
  hosts:
    description: Return those of these hosts instead that are curtailed, as one dictionary by host.
    type: list
    elements: str
  problem:
    description: Return why the record cannot be used, or empty text, instead of failing.
    type: bool
    default: false
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show why the mode is kept
  ansible.builtin.debug:
    msg: "{{ lookup('minerops.dragonmint.curtailed') }}"
"""

RETURN = r"""
_raw:
  description: A sentence, or empty text for a miner that is not curtailed.
  type: list
  elements: str
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._curtailed import OF_INVENTORY, record_for
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        try:
            record, _place = record_for(given, self._templar.template, given["groups"]["all"])
        except InvalidVariables as error:
            if self.get_option("problem"):
                return [str(error)]
            raise AnsibleLookupError(str(error)) from None
        if self.get_option("problem"):
            return [""]
        hosts = plain(self.get_option("hosts"))
        if hosts is None:
            of_inventory = {given["inventory_hostname"]: plain(self._templar.template(given.get(OF_INVENTORY)))}
        else:
            # The inventory plugin sets it for each host. Computing all variables of thousands of hosts would be slow.
            inventory = given["hostvars"]._inventory.hosts
            of_inventory = {host: plain(inventory[host].vars.get(OF_INVENTORY)) for host in hosts if host in inventory}
        until = curtail.curtailed_until(record, of_inventory, time.time())
        if hosts is None:
            own = until.get(given["inventory_hostname"])
            return ["" if own is None else curtail.why_mode_is_kept(own)]
        return [{host: curtail.why_mode_is_kept(until[host]) for host in hosts if host in until}]
