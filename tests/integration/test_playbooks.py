# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook of playbooks/ in check mode, for real, and again: many in one run, each with miners of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.modules import MODULES, OF_THE_CONTROLLER, tried_on
from tests.simulator.control import Fleet, Miner
from tests.simulator.generations import MIXED
from tests.support.running import Ansible, connection_to

PLAYBOOKS = sorted(path.stem for path in Path(__file__).parent.glob("playbooks/*.yml"))
OF_MODULES = [name for name in PLAYBOOKS if name.startswith("dragonmint_")]
BLIND = [f"dragonmint_{name}" for name, module in MODULES.items() if module.blind]
ON_NO_MINER = [f"dragonmint_{name}" for name in OF_THE_CONTROLLER]
OF_ROLES = [name for name in PLAYBOOKS if name not in OF_MODULES]


@pytest.mark.parametrize("playbooks", [OF_MODULES, OF_ROLES], ids=["modules", "roles"])
def test_check_then_real_then_again(ansible: Ansible, start_fleet: Callable[..., Fleet], playbooks: list[str]) -> None:
    # What a firmware does depends neither on the version of Ansible nor on the role: one of each maker is enough there.
    usual = MIXED[-1:] if not ansible.is_newest else MIXED if playbooks is OF_MODULES else MIXED[1:3]
    pairs = [
        (playbook, generation)
        for playbook in playbooks
        for generation in (usual[:1] if playbook in ON_NO_MINER else tried_on(playbook, usual))
    ]
    names = [f"{playbook}-{generation}" for playbook, generation in pairs]
    fleet = start_fleet(count=len(names), generation=",".join(generation for _playbook, generation in pairs))
    miners = dict(zip(names, fleet.miners, strict=True))
    plays = [play for playbook in playbooks for play in plays_of(playbook)]
    inventory = inventory_of(miners)

    check = ansible(plays, inventory, "--check", "--diff").succeeded()
    assert {result.host for result in check.results} >= set(names)
    assert written(miners) == set()

    real = ansible(plays, inventory, "--diff").succeeded()
    assert written(miners) == real.changed
    assert check.changed == real.changed

    fleet.clear()
    again = ansible(plays, inventory, "--diff").succeeded()
    blind = {name for name in real.changed if name.partition("-")[0] in BLIND}
    assert again.changed == written(miners) == blind


def plays_of(playbook: str) -> list[dict[str, Any]]:
    """The plays of a playbook, each for its own miners instead of all."""
    path = Path(__file__).parent / "playbooks" / f"{playbook}.yml"
    plays: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {play["hosts"] for play in plays} == {"miners"}, f"{path.name}: each play is for hosts: miners"
    return [{**play, "hosts": f"of_{playbook}"} for play in plays]


def inventory_of(miners: dict[str, Miner]) -> dict[str, Any]:
    """The miners in a group for their playbook, and in one for their generation (dm_2018_05)."""
    groups: dict[str, Any] = {}
    for name, miner in miners.items():
        for group in (f"of_{name.partition('-')[0]}", miner.generation.replace("-", "_")):
            groups.setdefault(group, {"hosts": {}})["hosts"][name] = connection_to(miner)
    return {"all": {"children": groups}}


def written(miners: dict[str, Miner]) -> set[str]:
    """The names of the miners with recorded writes."""
    return {name for name, miner in miners.items() if miner.writes()}
