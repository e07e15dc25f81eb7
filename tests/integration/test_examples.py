# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each example of the documentation runs, with the addresses and variables of simulated miners."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from tests.modules import tried_on
from tests.simulator.control import Fleet
from tests.simulator.generations import MIXED
from tests.support.running import Ansible, connection_to, newest_core

# Examples use documentation addresses; the simulated miners are in another network.
NETWORK, SIMULATED = "192.0.2.", "127.20.0."
# A user's vault.
VAULT = {
    "vault_fleet_password": "Correct-Horse-7",
    "vault_guest_password": "Battery-Staple-8",
    "vault_pool_password": "Paper-Clip-9",
}
ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))
Example = list[dict[str, Any]]
READMES = [ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md"))]


@newest_core
def test_examples_of_the_modules(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    package = "ansible_collections.minerops.dragonmint.plugins.modules"
    run(ansible, start_fleet, {name: here(import_module(f"{package}.{name}").EXAMPLES) for name in MODULES})


@newest_core
def test_examples_of_the_readmes(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    examples: dict[str, Example] = {}
    for readme in READMES:
        blocks = re.findall(r"^```yaml\n(.*?)^```", readme.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        plays = [block for block in map(here, blocks) if isinstance(block, list)]
        assert plays
        examples |= {f"{readme.parent.name}_{number}": play for number, play in enumerate(plays)}
    run(ansible, start_fleet, examples)


def here(text: str) -> Any:
    return yaml.safe_load(text.replace(NETWORK, SIMULATED))


def run(ansible: Ansible, start_fleet: Callable[..., Fleet], examples: dict[str, Example]) -> None:
    """Runs plays or tasks, each example on miners of its own, one per generation on which it is tested."""
    pairs = [(name, generation) for name in examples for generation in tried_on(name, MIXED)]
    generations = ",".join(generation for _name, generation in pairs)
    fleet = start_fleet(count=len(pairs), generation=generations, first=f"{SIMULATED}1")
    groups: dict[str, Any] = {f"of_{name}": {"hosts": {}} for name in examples}
    for number, ((name, _generation), miner) in enumerate(zip(pairs, fleet.miners, strict=True)):
        groups[f"of_{name}"]["hosts"][f"miner{number}"] = {
            **connection_to(miner),
            "static_address": miner.host,
            "dragonmint_expected_mac": miner.mac,
        }
    plays = [play for name, example in examples.items() for play in plays_for(f"of_{name}", example)]
    done = ansible(plays, {"miners": {"children": groups, "vars": VAULT}}).succeeded()
    hosts_run = {result.host for result in done.results}
    assert [name for name, group in groups.items() if not hosts_run.intersection(group["hosts"])] == []


def plays_for(group: str, example: Example) -> Example:
    """The plays of an example, for the miners of a group alone."""
    if "hosts" not in example[0]:
        return [{"hosts": group, "gather_facts": False, "tasks": example}]
    assert {play["hosts"] for play in example} <= {"miners", "all", "localhost"}
    return [{**play, "hosts": play["hosts"] if play["hosts"] == "localhost" else group} for play in example]
