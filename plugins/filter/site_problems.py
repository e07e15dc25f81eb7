# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: site_problems
short_description: Find miners that would get in each other's way
description:
  - Looks at C(provision_pools) and C(provision_network) of each miner, and asks no miner.
  - A worker, which is a pool with its user, is for one miner only, and so is a static address. A pool could not tell
    two miners with the same worker apart, and two with the same address could not be reached.
positional: hostvars, others
options:
  _input:
    description: The names of the miners that are to be set up.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  others:
    description: Names of more miners, whose workers and addresses are taken as far as they are known.
    type: list
    elements: str
    default: []
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Require a worker and an address of its own for each miner
  ansible.builtin.assert:
    that: ansible_play_hosts_all | minerops.dragonmint.site_problems(hostvars) | length == 0
  run_once: true
"""

RETURN = r"""
_value:
  description: A sentence for each problem, with the miners that have it.
  type: list
  elements: str
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError
from jinja2.exceptions import UndefinedError


def site_problems(miners: Iterable[str], hostvars: Mapping[str, Any], others: Iterable[str] = ()) -> list[str]:
    wanted = dict.fromkeys(miners)
    problems: list[str] = []
    owners: dict[str, str] = {}
    for miner in dict.fromkeys([*wanted, *others]):
        try:
            claims = dict.fromkeys(_claims(hostvars[miner]))
        except (AnsibleError, UndefinedError, ValueError) as error:
            if miner in wanted:
                problems.append(f"What {miner} is to have can't be worked out: {error}.")
            continue
        for claim in claims:
            owner = owners.setdefault(claim, miner)
            if owner != miner and owner in wanted:
                problems.append(f"{owner} and {miner} would both have {claim}.")
    return problems


def _claims(variables: Mapping[str, Any]) -> Iterator[str]:
    """What a miner is to have for itself. Raises one of Ansible's errors or ValueError where that is not known."""
    pools = variables.get("provision_pools") or []
    if not isinstance(pools, list) or not all(isinstance(pool, Mapping) for pool in pools):
        raise ValueError("provision_pools is no list of pools")
    for pool in pools:
        user = _worked_out(pool.get("user", ""))
        if not all(part.strip() for part in user.split(".")):
            raise ValueError(f"its worker is {user!r}, a variable in it is empty")
        yield f"the worker {user} at {_worked_out(pool.get('url')).lower().removesuffix('#xnsub').removesuffix('/')}"
    network = variables.get("provision_network")
    if isinstance(network, Mapping) and network.get("mode") == "static":
        yield f"the address {_worked_out(network.get('ipaddress'))}"


def _worked_out(value: Any) -> str:
    """An older ansible-core shows what it can't work out as the template that it is."""
    text = str(value)
    if "{{" in text:
        raise ValueError(f"a variable in {text} is undefined")
    return text


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"site_problems": site_problems}
