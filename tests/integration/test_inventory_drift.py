# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Desired state in the inventory: which miners have drift, and that playbooks for these skip the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.polling import (
    ENVIRONMENT,
    FACTORY,
    POOL,
    SECRETS,
    URL,
    actions,
    all_refused,
    listed,
    name_of,
    source,
)
from tests.simulator.control import Fleet
from tests.support.running import NEWER_FIRMWARE, Ansible, newest_core

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
GROUPS = ("drift_pools", "drift_autotune", "drift_firmware", "drift_network", "drift_unknown", "in_desired_state")
WANTED = {"pools": [{"url": URL, "user": "farm.{{ inventory_hostname }}", "password": "{{ pool_password }}"}]}
# What the modules need, in an inventory file of the user's.
LOGIN = {
    "all": {
        "vars": {
            "dragonmint_password": FACTORY,
            "dragonmint_fallback_passwords": ["admin"],
            "pool_password": POOL["pass"],
            "provision_verify_mining": False,
        }
    }
}


def drift(found: dict[str, Any]) -> dict[str, set[str]]:
    """The groups that are not empty."""
    return {group: found[group] for group in GROUPS if found.get(group)}


def cached(ansible: Ansible) -> dict[str, Any]:
    return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(ansible.folder / "c")}


def test_only_what_differs_is_touched(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=6, generation="mixed")
    names = [name_of(miner) for miner in fleet.miners]
    for miner, name in zip(fleet.miners, names):
        miner.set(pools=[{**POOL, "user": f"farm.{name}"}], autotune={"mode": "efficient"})
    fleet[1].set(pools=[POOL])
    fleet[2].set(autotune={"mode": "performance"})
    desired = [WANTED, {"when": "dragonmint_identity.type == 'T1'", "autotune": {"mode": "efficient"}}]
    file = source(ansible, fleet, desired=desired, **cached(ansible))
    found = listed(ansible, file)
    assert drift(found) == {
        "drift_pools": {names[1]},
        "drift_autotune": {names[2]},
        "in_desired_state": {names[0], *names[3:]},
    }
    assert [secret for secret in SECRETS if secret in json.dumps(found["hostvars"][names[0]]["provision_pools"])] == []
    fleet.clear()

    def provision(*arguments: str) -> Any:
        login = ["-i", str(file)]
        run = ansible(PLAYBOOKS / "provision.yml", LOGIN, *login, *arguments, environment=ENVIRONMENT)
        return run.succeeded()

    check = provision("-l", "drift_*", "--check")
    assert check.changed == {names[1], names[2]}
    done = provision("-l", "drift_*")
    assert done.changed == {names[1], names[2]}
    assert {result.host for result in done.results} == {names[1], names[2]}
    assert [actions(miner) for miner in (fleet[0], *fleet.miners[3:])] == [[]] * 4
    assert [write["action"] for write in fleet[1].writes()] == ["updatePools"]
    assert {write["action"] for write in fleet[2].writes()} == {"setAutoTune"}
    assert fleet[1].state()["pools"] == [{**POOL, "user": f"farm.{names[1]}"}]

    fleet.clear()
    nothing = provision("-e", "target=drift_*", "--flush-cache").results
    assert {result.task for result in nothing} == {"Refuse what the job cannot use"}
    assert drift(listed(ansible, file)) == {"in_desired_state": set(names)}
    assert [miner for miner in fleet.miners if miner.writes()] == []


@newest_core
def test_firmware_has_channels(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, speed=200.0)
    stable = fleet[0].state()["firmware"]
    names = [name_of(miner) for miner in fleet.miners]
    desired = [
        {"group": "stable", "firmware": {"version": stable}},
        {
            "group": "canary",
            "firmware": {"version": NEWER_FIRMWARE, "src": f"{ansible.folder}/files/{NEWER_FIRMWARE}.swu"},
        },
    ]
    canary = f"ansible_host == '{fleet[1].host}'"
    groups = {"canary": canary, "stable": f"not ({canary})"}
    file = source(ansible, fleet, desired=desired, groups=groups)
    assert drift(listed(ansible, file)) == {"drift_firmware": {names[1]}, "in_desired_state": {names[0], names[2]}}

    def upgrade() -> None:
        extra = {"target": "drift_firmware", "upgrade_settle_seconds": 60}
        run = ansible(PLAYBOOKS / "upgrade.yml", LOGIN, "-i", str(file), extra_vars=extra, environment=ENVIRONMENT)
        run.succeeded()

    upgrade()
    assert [miner.state()["firmware"] for miner in fleet.miners] == [stable, NEWER_FIRMWARE, stable]
    assert drift(listed(ansible, file)) == {"in_desired_state": set(names)}
    # Nothing to do is the good case.
    upgrade()


@newest_core
def test_what_is_not_known_is_no_desired_state(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=5)
    fleet[0].fault("cut_json", action="pools")
    fleet[1].fault("cut_json", action="pools")
    fleet[1].set(autotune={"mode": "performance"})
    fleet[2].set(users={"admin": "Somebody-Else-3"})
    fleet[3].fault("drop", action="pools")
    names = [name_of(miner) for miner in fleet.miners]
    desired = [
        {"pools": [{"url": URL, "user": "farm.1"}], "autotune": {"mode": "balanced"}},
        {"group": "nobody", "pools": None, "network": {"mode": "dhcp"}},
    ]
    groups = {"nobody": "false"}
    found = listed(ansible, source(ansible, fleet, desired=desired, groups=groups, gather_subset=["min"]))
    assert drift(found) == {
        "drift_unknown": {names[0], names[1]},
        "drift_autotune": {names[1]},
        "drift_pools": {names[4]},
    }
    assert found["dragonmint_locked"] == {fleet[2].host}
    assert found["dragonmint_unresponsive"] == {names[3]}
    # A miner without desired state has no drift.
    assert drift(listed(ansible, source(ansible, fleet, desired=desired[1:], groups=groups))) == {}


def test_what_is_desired_may_come_from_other_sources(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """The group of a host, and a variable of that group, from an inventory file that was read before."""
    fleet = start_fleet(count=2)
    names = [name_of(miner) for miner in fleet.miners]
    ansible.write("a.yml", {"hall": {"hosts": {names[0]: None}, "vars": {"hall_pool": URL}}})
    for miner in fleet.miners:
        miner.set(pools=[POOL])
    desired = [
        {"group": "hall", "when": "'hall' in group_names", "pools": [{"url": "{{ hall_pool }}", "user": POOL["user"]}]}
    ]
    file = source(ansible, fleet, desired=desired)
    found = listed(ansible, ansible.folder / "a.yml", "-i", str(file))
    assert drift(found) == {"in_desired_state": {names[0]}}
    assert "provision_pools" not in found["hostvars"][names[1]]


def test_what_can_not_be_desired(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    pool = {"url": URL, "user": "farm.1"}
    wrong = [
        ([{"pools": [{**pool, "url": "{{ nowhere }}"}]}], "'nowhere' is undefined"),
        ([{"pools": [{**pool, "url": "{{ ansible_host }}"}]}], "The url of pool 1 is '127.20.0.1'"),
        ([{"when": "nothing.here", "pools": [pool]}], "desired[0].when can't be evaluated"),
        ([{"when": "ansible_host", "pools": [pool]}], "desired[0].when must be true or false"),
    ]
    texts = all_refused(ansible, start_fleet(count=1), *({"desired": desired} for desired, _message in wrong))
    assert [text for text, (_desired, message) in zip(texts, wrong, strict=True) if message not in text] == []
