# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""With provision_at_once, all miners have the same results as one by one, each with its own settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, connection_to, hosts_with_writes, newest_core

PLAYBOOK = Path(__file__).parents[2] / "playbooks/provision.yml"
PASSWORD = "Correct-Horse-7"
AT_ONCE = {"provision_at_once": True}
# Two halls with pools of their own; each miner has its own worker.
HALLS = {
    "hall1": ("stratum+tcp://pool.example.com:3333", "efficient"),
    "hall2": ("stratum+tcp://pool.example.net:3333", "balanced"),
}
WELL, LOCKED, DARK, LOSING, IGNORING, IDLE, NO_PORT = (
    *("well", "locked", "dark", "losing"),
    *("ignoring", "idle", "no_port"),
)
FAILING = (LOCKED, DARK, IGNORING, IDLE, NO_PORT)


def two_halls(fleet: Fleet) -> dict[str, Any]:
    """An inventory of miners with all kinds of problems, half of them in each hall."""
    names = (WELL, LOCKED, DARK, LOSING, IGNORING, IDLE, NO_PORT, "well2", "well3", "well4")
    miners = dict(zip(names, fleet.miners, strict=True))
    miners[LOCKED].set(users={"admin": "Somebody-Else-3"})
    miners[DARK].fault("dark")
    miners[LOSING].fault("lost_reply", action="updatePools")
    miners[IGNORING].fault("ignored_write")
    miners[IDLE].set(boards=[{"alive": False}] * 3)
    hosts = {name: connection_to(miner) for name, miner in miners.items()}
    hosts[NO_PORT]["provision_pools"] = [{"url": "stratum+tcp://pool.example.com", "user": "farm"}]
    hosts["well4"]["provision_pools"] = None
    halls = {
        hall: {
            "hosts": {name: hosts[name] for name in names[number::2]},
            "vars": {"hall_pool": pool, "provision_autotune_mode": mode},
        }
        for number, (hall, (pool, mode)) in enumerate(HALLS.items())
    }
    pools = [{"url": "{{ hall_pool }}", "user": "farm.{{ inventory_hostname }}", "password": "{{ worker_password }}"}]
    variables = {"provision_pools": pools, "worker_password": PASSWORD, "provision_verify_timeout": 4}
    return {"miners": {"children": halls, "vars": variables}}


def ends(done: PlaybookRun) -> dict[str, str]:
    """The message of each miner that failed or was unreachable. A look that was repeated to the end has none."""
    ended = [result for result in done.results if result.status in ("failed", "unreachable")]
    return {result.host: str(result.result["msg"]) for result in ended if "msg" in result.result}


def settings(miners: list[Miner]) -> list[tuple[Any, ...]]:
    states = [(miner.state(), [write["action"] for write in miner.writes()]) for miner in miners]
    return [(state["pools"], state["autotune"]["mode"], writes) for state, writes in states]


def hosts_of(done: PlaybookRun, module: str) -> set[str]:
    """The hosts on which a module ran as a separate task."""
    return {result.host for result in done.results if result.action.endswith(module) and result.status != "skipped"}


@newest_core
def test_all_miners_come_to_the_same_end_as_one_by_one(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    together, alone = (start_fleet(count=10, first=f"127.4{number}.0.1") for number in (6, 7))
    inventory = two_halls(together)
    check = ansible(PLAYBOOK, inventory, "--check", "--diff", extra_vars=AT_ONCE)
    assert hosts_with_writes(together) == set()
    assert set(ends(check)) == {LOCKED, DARK, NO_PORT}
    assert f'"user": "farm.{WELL}"' in check.output
    assert PASSWORD not in check.output

    done = ansible(PLAYBOOK, inventory, extra_vars=AT_ONCE)
    one_by_one = ansible(PLAYBOOK, two_halls(alone))
    assert done.returncode != 0
    assert "10 miners: 5 as desired, 5 failed." in done.output
    found, expected = ends(done), ends(one_by_one)
    assert sorted(expected) == sorted(FAILING)
    for here, there in zip(together.miners, alone.miners, strict=True):
        of_here, of_there = (f"{miner.host}:{miner.port}" for miner in (here, there))
        found = {name: message.replace(of_here, of_there) for name, message in found.items()}
    assert found == expected
    assert settings(together.miners) == settings(alone.miners)
    assert together[0].state()["pools"] == [{"url": HALLS["hall1"][0], "user": f"farm.{WELL}", "pass": PASSWORD}]
    assert together[7].state()["pools"] == [{"url": HALLS["hall2"][0], "user": "farm.well2", "pass": PASSWORD}]

    for miner in together.miners:
        miner.clear()
    again = ansible(PLAYBOOK, inventory, "--limit", "well*", extra_vars=AT_ONCE).succeeded()
    assert "4 miners: 4 as desired." in again.output
    assert again.changed == hosts_with_writes(together) == set()


def test_passwords_and_network_are_set_before(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """By a task on each miner that gets one; then all log in with the new password."""
    fleet = start_fleet(count=4, generation="mixed")
    hosts = {f"a{n}:b,c": connection_to(miner) for n, miner in enumerate(fleet.miners)}
    first, second, *others = hosts
    hosts[first]["provision_admin_password"] = PASSWORD
    lease = fleet[1].host.rpartition(".")[0] + ".200"
    network = {"mode": "static", "ipaddress": lease, "netmask": "255.0.0.0", "gateway": "127.0.0.1", "dns": ["8.8.8.8"]}
    hosts[second]["provision_network"] = network
    for name in others:
        hosts[name]["provision_at_once"] = name == others[0]
    desired = {"provision_autotune_mode": "efficient", **AT_ONCE}
    done = ansible(PLAYBOOK, {"miners": {"hosts": hosts, "vars": desired}})
    assert done.returncode != 0
    assert list(ends(done)) == [others[1]]
    assert ends(done)[others[1]].startswith("provision_at_once is false for this miner and true for others")
    assert fleet[0].state()["users"]["admin"] == PASSWORD
    assert fleet[1].state()["host"] == lease
    modes = [miner.state()["autotune"]["mode"] for miner in fleet.miners[:3]]
    assert modes == ["efficient"] * 3
    assert hosts_of(done, "dragonmint_user") == {first}
    assert hosts_of(done, "dragonmint_network") == {second}
    assert hosts_of(done, "dragonmint_fleet") == {first}
