# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new rack from factory state to mining, with the playbook site and one file of variables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet
from tests.support.running import NEWER_FIRMWARE, Ansible, PlaybookRun, connection_to, newest_core

ROOT = Path(__file__).parents[2]
SITE = ROOT / "playbooks/site.yml"
EXAMPLE = ROOT / "docs/site.example.yml"
SPEED = 50.0
BOTH_MAKERS = "dm-2018-05,inno-2018-09"
NEW = "Correct-Horse-7"
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "{{ site_worker }}"}


def rack(fleet: Fleet) -> dict[str, Any]:
    """An inventory with each miner's place in the rack."""
    places = ({"rack": 1, "position": number} for number in range(1, 100))
    return {
        "miners": {
            "hosts": {
                f"r1-{place['position']}": {**connection_to(miner), **place}
                for place, miner in zip(places, fleet.miners)
            }
        }
    }


def site(ansible: Ansible, inventory: dict[str, Any], *arguments: str, **variables: Any) -> PlaybookRun:
    """Runs the example, with these variables instead of its own."""
    return ansible(
        SITE,
        inventory,
        *("-e", f"@{EXAMPLE}", *arguments),
        extra_vars={"upgrade_settle_seconds": 60, **variables},
        environment={"FLEET_PASSWORD": NEW, "PWD": str(ansible.folder)},
    )


def changed(done: PlaybookRun) -> set[str]:
    """The hosts changed by one of our modules."""
    return {r.host for r in done.results if r.changed and "dragonmint" in r.action}


def writes(fleet: Fleet) -> list[list[str]]:
    return [[write["action"] or write["path"] for write in miner.writes()] for miner in fleet.miners]


@newest_core
def test_a_new_rack_mines_and_a_second_run_changes_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=2, generation=BOTH_MAKERS, speed=SPEED)
    inventory = rack(fleet)

    check = site(ansible, inventory, "--check", "--diff").succeeded()
    assert changed(check) == set(inventory["miners"]["hosts"])
    assert writes(fleet) == [[]] * 2

    done = site(ansible, inventory, "--diff", "-vvvv").succeeded()
    assert [text for text in (NEW, "dragonadmin") if text in check.output + done.output] == []
    for number, miner in enumerate(fleet.miners, 1):
        state = miner.state()
        assert state["users"]["admin"] == NEW
        assert state["firmware"] == NEWER_FIRMWARE
        assert [pool["user"] for pool in state["pools"]] == [f"farm.1x{number}"] * 2
        assert state["autotune"]["mode"] == "efficient"
    assert writes(fleet) == [["updatePassword", "/upgrade/upload", "updatePools", "setAutoTune"]] * 2

    fleet.clear()
    assert changed(site(ansible, inventory, "--diff").succeeded()) == set()
    assert writes(fleet) == [[]] * 2


@newest_core
def test_addresses_move_and_later_steps_follow(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Also those for all miners at once, each with its own worker."""
    fleet = start_fleet(count=2, generation=BOTH_MAKERS, speed=SPEED)
    inventory = rack(fleet)
    variables = {
        "site_worker": "farm.{{ site_octet }}",
        "upgrade_src": None,
        "provision_at_once": True,
        "provision_network": {
            "mode": "static",
            "ipaddress": "127.20.112.{{ position }}",
            "netmask": "255.255.0.0",
            "gateway": "127.20.255.254",
            "dns": ["8.8.8.8"],
        },
    }
    site(ansible, inventory, **variables).succeeded()
    for number, miner in enumerate(fleet.miners, 1):
        assert miner.state()["host"] == f"127.20.112.{number}"
        assert [pool["user"] for pool in miner.state()["pools"]] == [f"farm.{number}"] * 2
    assert writes(fleet) == [["updatePassword", "updateNetwork", "updatePools", "setAutoTune"]] * 2
    fleet.clear()
    assert changed(site(ansible, inventory, **variables).succeeded()) == set()
    assert writes(fleet) == [[]] * 2


@newest_core
def test_workers_by_mac(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=2, speed=SPEED)
    inventory = rack(fleet)
    for host, miner in zip(inventory["miners"]["hosts"].values(), fleet.miners):
        host["dragonmint_expected_mac"] = miner.mac.upper().replace(":", "-")
    site(ansible, inventory, site_worker="farm.{{ site_mac }}", upgrade_src=None).succeeded()
    assert [miner.state()["pools"][0]["user"] for miner in fleet.miners] == [
        f"farm.{miner.mac.replace(':', '')}" for miner in fleet.miners
    ]


@newest_core
def test_a_miner_that_fails_a_step_gets_no_further_one(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=4, speed=SPEED)
    locked, dark = fleet.miners[:2]
    locked.set(users={"admin": "nobody knows"})
    dark.fault("dark")
    done = site(ansible, rack(fleet), upgrade_src=None)
    assert done.returncode != 0
    assert writes(fleet) == [[], [], *[["updatePassword", "updatePools", "setAutoTune"]] * 2]


@newest_core
@pytest.mark.parametrize("allowed", [0, 1])
def test_an_upgrade_that_fails_ends_the_run_before_the_pools(
    ansible: Ansible, start_fleet: Callable[..., Fleet], allowed: int
) -> None:
    fleet = start_fleet(count=3, speed=SPEED)
    fleet[0].fault("boots_old")
    done = site(ansible, rack(fleet), upgrade_max_failures=allowed, upgrade_wait_timeout=20)
    assert done.returncode != 0
    handed, left_alone = ["updatePassword", "/upgrade/upload"], ["updatePassword"]
    assert writes(fleet) == [handed, *[handed if allowed else left_alone] * 2]


# What is wrong with the desired state of these hosts, and the message. Unit tests have the other mistakes.
MISTAKES: dict[str, tuple[dict[str, dict[str, Any]], dict[str, Any], tuple[str, ...]]] = {
    "collides or is empty": (
        {"r1-3": {"position": ""}, "r1-4": {"position": 2}},
        {
            "site_worker": "farm.{{ position }}",
            "provision_network": {"mode": "static", "ipaddress": "127.20.112.1"},
        },
        (
            "r1-2 and r1-4 have the same worker 'farm.2'",
            "Invalid desired state for r1-3: its worker 'farm.'",
            "r1-1 and r1-2 have the same address '127.20.112.1'",
        ),
    ),
    "undefined, for want of a MAC": (
        {},
        {"site_worker": "farm.{{ site_mac }}"},
        ("4 problems", "Invalid desired state for r1-1", "Invalid desired state for r1-4", "undefined"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_collides_or_is_empty_is_refused_without_a_request(
    ansible: Ansible, start_fleet: Callable[..., Fleet], mistake: str
) -> None:
    places, variables, named = MISTAKES[mistake]
    fleet = start_fleet(count=4, generation="mixed")
    inventory = rack(fleet)
    for host, place in places.items():
        inventory["miners"]["hosts"][host].update(place)
    done = site(ansible, inventory, **variables)
    assert done.returncode != 0
    message = done.results[-1].result["msg"]
    assert "so nothing was sent to any miner" in message
    assert [text for text in named if text not in message] == [], message
    assert [miner.requests() for miner in fleet.miners] == [[]] * 4


@newest_core
def test_a_folder_that_cannot_be_written_is_found_out_first(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=2)
    done = site(ansible, rack(fleet), report_folder="/proc/reports")
    assert done.returncode != 0
    assert "report_folder" in done.results[-1].result["msg"]
    assert [miner.requests() for miner in fleet.miners] == [[]] * 2


@newest_core
def test_a_worker_of_a_miner_that_is_left_out_is_taken_too(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=4)
    inventory = rack(fleet)
    inventory["miners"]["hosts"]["r1-4"]["position"] = 2
    inventory["ungrouped"] = {"hosts": {"bastion": {}}}
    done = site(ansible, inventory, "--limit", "r1-1,r1-2")
    assert "r1-2 and r1-4 have the same worker 'farm.1x2'" in done.results[-1].result["msg"]
    assert [miner.requests() for miner in fleet.miners] == [[]] * 4
