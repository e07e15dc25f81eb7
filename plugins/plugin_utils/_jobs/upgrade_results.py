# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the role upgrade, as Ansible stores them for each host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade import Miner
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_course import Course, address_in
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_looks import STEPS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import is_template

_REGISTERED = "__upgrade_"
# Steps that run as one task for all miners, and steps that run as a task on each miner.
_OF_ALL, _OF_EACH = ("checked", "seen"), ("sent", "rolled_back")


def miners_of(
    names: Iterable[str], hostvars: Mapping[str, Any], looks: Mapping[str, Any] | None = None
) -> Iterator[Miner]:
    """Yields each miner with the results that the tasks of the role have registered for it.

    ``looks`` are the results of a batch so far, which its hosts do not have yet.
    """
    for name in names:
        variables = variables_of(name, hostvars)
        variables_by_host = variables.get(f"{_REGISTERED}wanted") or {}
        seen = (variables.get(f"{_REGISTERED}looks") or {}) if looks is None else looks
        results = {
            **{step: result_of(variables.get(_REGISTERED + step), name) for step in _OF_ALL},
            **{step: variables.get(_REGISTERED + step) for step in _OF_EACH},
            **{step: seen.get(step, {}).get(name) for step in STEPS},
        }
        if problem := variables_by_host.get("problems", {}).get(name):
            results["checked"] = {"error_code": "invalid_input", "msg": problem}
        course = Course.of(results)
        address = address_in(course) or configured_address(name, hostvars)
        yield Miner(name, address, course, variables_by_host.get("by_host", {}).get(name))


def result_of(fleet: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    """Returns the result of one miner from a task for many; if the task failed as a whole, its common result."""
    if not fleet or fleet.get("skipped"):
        return {}
    result: Mapping[str, Any] = fleet["miners"].get(name, {}) if "miners" in fleet else fleet
    return result


def configured_address(name: str, hostvars: Mapping[str, Any]) -> str:
    """Returns a miner's configured address. Evaluated only if it is a template, since that is slow for many miners."""
    raw = address_of(name, variables_of(name, hostvars))
    return address_of(name, hostvars[name]) if is_template(raw) else raw


def variables_of(name: str, hostvars: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the variables of a host, before templating.

    The role's own variables contain no templates, and searching those of thousands of miners for some takes minutes.
    """
    raw: Mapping[str, Any] = getattr(hostvars, "raw_get", hostvars.__getitem__)(name)
    return raw
