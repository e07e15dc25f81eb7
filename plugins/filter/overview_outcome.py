# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: overview_outcome
short_description: Summarize the state of a site
description:
  - Internal, used by the playbook C(minerops.dragonmint.overview). It may change in any release.
positional: hostvars, fleet, overview, health
options:
  _input:
    description: The names of the miners.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's own C(hostvars).
    type: dict
    required: true
  fleet:
    description:
      - The result of M(minerops.dragonmint.dragonmint_fleet) with the facts of all miners. It is not used where the
        facts come from the inventory.
    type: dict
    required: true
  overview:
    description: The values of the job's variables.
    type: dict
    required: true
  health:
    description: The values of the variables of the job heal, which has the limits.
    type: dict
    required: true
  curtailed:
    description: The miners that are curtailed, from P(minerops.dragonmint.curtailed#lookup).
    type: dict
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show what the site does
  ansible.builtin.debug:
    msg: >-
      {{ (ansible_play_hosts | minerops.dragonmint.overview_outcome(hostvars, fleet, values, health, {})).summary }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    packed:
      description: A row for each miner, as one text for M(minerops.dragonmint.dragonmint_report).
      type: str
    shown:
      description: Those of miners that are not as they should be.
      type: list
      elements: dict
    figures:
      description: What the page shows besides.
      type: dict
    summary:
      description: The numbers in a few sentences.
      type: str
    is_ok:
      description: Whether any miner could be read.
      type: bool
    stats:
      description: The numbers for other jobs.
      type: dict
    problem:
      description: Why there is no outcome, or empty text.
      type: str
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._collector import without_collector
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, overview
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._packed import miners_of, with_packed_rows
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.texts import page_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._templates import is_template

_FACTS = ("identity", "hardware", "mining", "autotune")
_DRIFT = "drift_"


@without_collector()
def overview_outcome(
    miners: Sequence[str],
    hostvars: Any,
    fleet: Mapping[str, Any],
    values: Mapping[str, Any],
    health: Mapping[str, Any],
    curtailed: Mapping[str, str],
) -> dict[str, Any]:
    try:
        results = miners_of(fleet)
        variables = {miner: _Variables(miner, hostvars) for miner in miners}
        seen = [_seen(each, results, values, curtailed) for each in variables.values()]
        of_all = next(iter(variables.values())) if variables else None
        reports = (of_all.value("dragonmint_inventory") if of_all else None) or {}
        missing = (of_all.value("dragonmint_missing") if of_all else None) or []
        outcome = overview.outcome(
            seen,
            checks.limits_from({**health, "dragonmint_ratings": values["dragonmint_ratings"]}),
            reports,
            [str(each) for each in missing],
        )
        return with_packed_rows({**outcome, "problem": ""})
    except Exception as error:  # noqa: BLE001 - the task that uses it shows nothing, not even why it failed
        return {"problem": f"The overview could not be made: {type(error).__name__}: {error}"}


class _Variables:
    """The variables of a host. Ansible would evaluate all of them at once, which is slow with thousands of hosts."""

    def __init__(self, miner: str, hostvars: Any) -> None:
        self.miner = miner
        self.raw: Mapping[str, Any] = hostvars.raw_get(miner)
        self._hostvars = hostvars

    def value(self, name: str) -> Any:
        raw = self.raw.get(name)
        return plain(self._hostvars[self.miner].get(name) if is_template(raw) else raw)


def _seen(
    variables: _Variables, results: Mapping[str, Any], values: Mapping[str, Any], curtailed: Collection[str]
) -> overview.Seen:
    miner, value = variables.miner, variables.value
    address = address_of(
        miner, {name: value(name) for name in ("dragonmint_host", "ansible_host") if name in variables.raw}
    )
    groups = variables.raw.get("group_names") or []
    return overview.Seen(
        miner,
        address,
        results.get(miner, {}) if values["from"] == overview.FLEET else _polled(variables, groups),
        page_of(address, str(value("dragonmint_scheme") or "http"), value("dragonmint_port")),
        rack=_text(value(values["rack"])),
        position=_text(value(values["position"])),
        drift=sorted(str(group).removeprefix(_DRIFT) for group in groups if str(group).startswith(_DRIFT)),
        is_curtailed=miner in curtailed,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _polled(variables: _Variables, groups: Sequence[str]) -> dict[str, Any]:
    """Returns what the inventory has polled from a miner, in the form of the facts module's result."""
    facts = {f"dragonmint_{name}": variables.value(f"dragonmint_{name}") for name in _FACTS}
    found = {name: fact for name, fact in facts.items() if fact is not None}
    if found:
        return {"ansible_facts": found}
    problem = str(variables.value("dragonmint_problem") or "")
    if "dragonmint_locked" in groups:
        return {"error_code": "authentication", "msg": problem}
    if "dragonmint_unresponsive" in groups:
        return {"unreachable": True, "msg": problem}
    return {"error_code": "bad_reply", "msg": problem or "The inventory has no facts of this host."}


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"overview_outcome": overview_outcome}
