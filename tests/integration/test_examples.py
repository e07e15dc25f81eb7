# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each example of the documentation runs, with the addresses and variables of simulated miners."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.control import Fleet
from tests.support.running import Ansible, connection_to, newest_core

# Examples name addresses of a network that is nobody's; the simulated miners live in another one.
NETWORK, SIMULATED = "192.0.2.", "127.20.0."
# What a user has in a vault.
VAULT = {
    "vault_fleet_password": "Correct-Horse-7",
    "vault_guest_password": "Battery-Staple-8",
    "vault_pool_password": "Paper-Clip-9",
}
ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))
READMES = [ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md"))]


@newest_core
@pytest.mark.parametrize("module", MODULES)
def test_examples_of_a_module(ansible: Ansible, start_fleet: Callable[..., Fleet], module: str) -> None:
    documented = importlib.import_module(f"ansible_collections.minerops.dragonmint.plugins.modules.{module}")
    run(ansible, start_fleet, here(documented.EXAMPLES))


@newest_core
@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_examples_of_a_readme(ansible: Ansible, start_fleet: Callable[..., Fleet], readme: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", readme.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    plays = [block for block in map(here, blocks) if isinstance(block, list)]
    assert plays
    for play in plays:
        run(ansible, start_fleet, play)


def here(text: str) -> Any:
    return yaml.safe_load(text.replace(NETWORK, SIMULATED))


def run(ansible: Ansible, start_fleet: Callable[..., Fleet], example: list[dict[str, Any]]) -> None:
    """Run plays, or tasks on all miners."""
    if "hosts" not in example[0]:
        example = [{"hosts": "all", "gather_facts": False, "tasks": example}]
    fleet = start_fleet(count=4, generation="mixed", first=f"{SIMULATED}1")
    hosts = {
        f"miner{number}": {
            **connection_to(miner),
            "static_address": miner.host,
            "dragonmint_expected_mac": miner.mac,
        }
        for number, miner in enumerate(fleet.miners, 1)
    }
    done = ansible(example, {"miners": {"hosts": hosts, "vars": VAULT}}).succeeded()
    assert done.results
