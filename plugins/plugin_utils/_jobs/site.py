# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job site: whether every miner of a rack gets its own worker and address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import words
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variables
from jinja2.exceptions import UndefinedError

# Inventories have many variables of their own that begin with site_, so there is no prefix.
VARIABLES = Variables("", (TARGET, REPORT_FOLDER))


def plan(miners: Iterable[str], hostvars: Mapping[str, Any], others: Iterable[str] = ()) -> dict[str, Any]:
    """Returns the problems in the desired state of a run's miners, before any of them is contacted.

    A worker, which is a user at a pool, may be used by one miner only, and so may a static address; those of
    ``others``, which are not set up now, are included as far as known. ``rows``: each problem with its miner. ``due``:
    the miners without one. ``summary``: each number. ``problem``: what to fix, or ``""``.
    """
    chosen = dict.fromkeys(miners)
    rows: list[dict[str, str]] = []
    owners: dict[str, str] = {}
    for miner in dict.fromkeys([*chosen, *others]):
        try:
            claims = dict.fromkeys(_claims(hostvars[miner]))
        except (AnsibleError, UndefinedError, ValueError) as error:
            if miner in chosen:
                rows.append(
                    {"miner": miner, "problem": f"Invalid desired state for {miner}: {str(error).rstrip('.')}."}
                )
            continue
        for claim in claims:
            owner = owners.setdefault(claim, miner)
            if owner != miner and owner in chosen:
                rows.append({"miner": owner, "problem": f"{owner} and {miner} have the same {claim}."})
    faulty = {row["miner"] for row in rows}
    due = [miner for miner in chosen if miner not in faulty]
    problem = ""
    if rows:
        problem = (
            f"{words.counted(len(rows), 'problem')} in the desired state, so nothing was sent to any miner. "
            f"{words.first([row['problem'] for row in rows])}"
        )
    counts = {"ready": len(due), "with a problem in the desired state": len(faulty)}
    return {"rows": rows, "due": due, "summary": words.summed_up(counts), "problem": problem}


def _claims(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yields what a miner has exclusively. Raises one of Ansible's errors or ValueError if that can't be determined."""
    pools = variables.get("provision_pools") or []
    if not isinstance(pools, list) or not all(isinstance(pool, Mapping) for pool in pools):
        raise ValueError("provision_pools is not a list of pools")
    for pool in pools:
        user = _evaluated(pool.get("user", ""))
        if not all(part.strip() for part in user.split(".")):
            raise ValueError(f"its worker {quoted(user)} has an empty part: set the variables in its name")
        url = _evaluated(pool.get("url")).lower().removesuffix("#xnsub").removesuffix("/")
        yield f"worker {quoted(user)} at {quoted(url)}"
    network = variables.get("provision_network")
    if isinstance(network, Mapping) and network.get("mode") == "static":
        yield f"address {quoted(_evaluated(network.get('ipaddress')))}"


def _evaluated(value: Any) -> str:
    """Returns a value as text. An older ansible-core returns a template that it can't evaluate unchanged."""
    text = str(value)
    if "{{" in text:
        raise ValueError(f"a variable in {quoted(text)} is undefined")
    return text
