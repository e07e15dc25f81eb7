# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet is upgraded in batches, and a rollout that goes wrong stops."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.simulator import firmware
from tests.simulator.control import Fleet, Miner
from tests.support.running import (
    NEWER_FIRMWARE,
    OLDER_FIRMWARE,
    Ansible,
    PlaybookRun,
    inventory_of,
    newest_core,
    wait_until,
)

GENERATION = "dm-2018-05"
SPEED = 30.0
PLAY = [{"ansible.builtin.import_playbook": "minerops.dragonmint.upgrade"}]
VARIABLES = {
    "upgrade_src": f"files/{NEWER_FIRMWARE}.swu",
    "upgrade_serial": [1, 2, 10],
    "upgrade_wait_timeout": 15,
    "upgrade_settle_seconds": 30,
}


def upgrade(ansible: Ansible, fleet: Fleet, *arguments: str, **extra_vars: Any) -> PlaybookRun:
    return ansible(PLAY, inventory_of(fleet), "-f", "10", *arguments, extra_vars={**VARIABLES, **extra_vars})


def versions(fleet: Fleet) -> list[str]:
    return [miner.state()["firmware"] for miner in fleet.miners]


def recorded(ansible: Ansible) -> dict[str, str]:
    rows = json.loads((ansible.folder / "dragonmint-reports/upgrade.json").read_text(encoding="utf-8"))
    return {row["miner"]: row["outcome"] for row in rows}


def test_a_fleet_is_upgraded_and_left_alone_again(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=5, generation=GENERATION, speed=SPEED)
    fleet[1].fault("dark")
    before = versions(fleet)
    upgrade(ansible, fleet, "--check").succeeded()
    assert versions(fleet) == before
    done = upgrade(ansible, fleet).succeeded()
    assert "4 miners were upgraded. Left alone as unreachable or unfit: miner2." in done.output
    assert versions(fleet) == [NEWER_FIRMWARE, before[1], *[NEWER_FIRMWARE] * 3]
    assert set(recorded(ansible)) == {"miner1", "miner3", "miner4", "miner5"}
    upgrade(ansible, fleet).succeeded()
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1, 0, 1, 1, 1]


def test_the_role_fails_for_a_miner_that_is_not_upgraded(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=4, generation=GENERATION, speed=SPEED)
    fleet[1].fault("boots_old")
    fleet[2].fault("dark")
    fleet[3].set(ready=False)
    before = versions(fleet)
    role = [{"hosts": "all", "gather_facts": False, "roles": ["minerops.dragonmint.upgrade"]}]
    done = ansible(role, inventory_of(fleet), "-f", "10", extra_vars=VARIABLES)
    failures = {r.host: r.result["msg"] for r in done.results if r.status == "failed"}
    assert {host: msg.partition(".")[0] for host, msg in failures.items() if "It is" in msg} == {
        "miner2": "It is failed",
        "miner3": "It is unreachable, nothing was sent",
        "miner4": "It is unfit, nothing was sent",
    }
    assert versions(fleet) == [NEWER_FIRMWARE, *before[1:]]
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1, 1, 0, 0]


@newest_core
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("boots_old", "failed"), ("flash_fails", "failed"), ("never_back", "dark")],
)
def test_a_canary_that_fails_stops_the_rollout(
    ansible: Ansible, start_fleet: Callable[..., Fleet], fault: str, outcome: str
) -> None:
    fleet = start_fleet(count=3, generation=GENERATION, speed=SPEED)
    fleet[0].fault(fault)
    done = upgrade(ansible, fleet)
    assert done.returncode != 0
    assert "STOPPED: 1 of 1 miners failed" in done.output
    assert "2 miners were not touched" in done.output
    assert recorded(ansible) == {"miner1": outcome, "miner2": "pending", "miner3": "pending"}
    assert [miner.state()["flashed"] for miner in fleet.miners[1:]] == [0, 0]


@newest_core
def test_all_must_be_fit_if_that_is_required(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=2, generation=GENERATION, speed=SPEED)
    fleet[1].set(hwver="a8+")
    done = upgrade(ansible, fleet, upgrade_require_all=True)
    assert done.returncode != 0
    assert "1 of 2 miners are unreachable or unfit" in done.output
    assert [miner.state()["flashed"] for miner in fleet.miners] == [0, 0]


def reasons(ansible: Ansible) -> str:
    rows = json.loads((ansible.folder / "dragonmint-reports/upgrade.json").read_text(encoding="utf-8"))
    return " ".join(row["reason"] for row in rows)


@newest_core
def test_a_batch_that_is_larger_than_the_forks_is_handed_over_and_then_collected(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """All flash at once. What is set by -e name=value is a text, and serves as well."""
    fleet = start_fleet(count=7, generation=GENERATION, speed=10.0)
    fleet[2].fault("boots_old")
    fleet[4].fault("never_back")
    texts = ["-e", "upgrade_wait_timeout=20", "-e", "upgrade_settle_seconds=30", "-e", "upgrade_max_failures=2"]
    done = upgrade(ansible, fleet, "-f", "2", *texts, upgrade_serial=[10], upgrade_wait_timeout="20")
    assert done.returncode != 0
    outcomes = recorded(ansible)
    assert outcomes.pop("miner3") == "failed"
    assert outcomes.pop("miner5") == "dark"
    assert set(outcomes.values()) == {"upgraded"}
    assert "the new image does not boot on it, and it fell back" in reasons(ansible)
    assert "It has not come back after the upgrade" in reasons(ansible)
    uploads = [request["time"] for miner in fleet.miners for request in miner.requests() if request["write"]]
    assert len(uploads) == 7
    assert max(uploads) - min(uploads) < fleet[0].state()["timing"]["flash_s"]


@newest_core
@pytest.mark.parametrize("forks", [1, 10], ids=["collected", "followed"])
def test_a_miner_that_comes_back_at_another_address_is_upgraded_there(
    ansible: Ansible, start_fleet: Callable[..., Fleet], forks: int
) -> None:
    """Its own address is taken meanwhile by one that runs the new firmware, which is not taken for it."""
    # A miner's uptime runs at its own speed, and must not run away from the clock while the miner is searched.
    fleet = start_fleet(count=4, generation=GENERATION, speed=2.0)
    for miner in fleet.miners:
        miner.set(timing={"flash_s": 4, "boot_s": 4, "cgminer_start_s": 2, "hashing_s": 2})
    moving, squatter = fleet[1], fleet[3]
    squatter.set(version_0=NEWER_FIRMWARE, version_1=NEWER_FIRMWARE)
    left, lease = moving.host, "127.20.220.5"
    moving.set(network={"dhcp_lease": lease})
    inventory = inventory_of(fleet)
    del inventory["miners"]["children"]["dm_2018_05"]["hosts"]["miner4"]
    variables = {**VARIABLES, "upgrade_serial": [10], "upgrade_search": "127.20.220.0/29"}
    with ThreadPoolExecutor() as pool:
        squatted = pool.submit(take_over, squatter, moving, left)
        done = ansible(PLAY, inventory, "-f", str(forks), extra_vars={**variables, "upgrade_wait_timeout": 40})
        squatted.result()
    done.succeeded()
    rows = json.loads((ansible.folder / "dragonmint-reports/upgrade.json").read_text(encoding="utf-8"))
    assert [(row["miner"], row["outcome"]) for row in rows] == [(f"miner{n}", "upgraded") for n in (1, 2, 3)]
    assert [row["address"] for row in rows] == [fleet[0].host, lease, fleet[2].host]
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1, 1, 1, 0]
    assert squatter.writes() == []


def take_over(squatter: Miner, moving: Miner, address: str) -> None:
    """Another miner gets the address of one that is booting."""
    wait_until(lambda: moving.state()["booting"])
    squatter.set(host=address)


@newest_core
def test_a_run_that_was_killed_in_a_batch_is_run_again(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Some write, some were cut off in their upload, and one has rebooted already."""
    fleet = start_fleet(count=6, generation=GENERATION, speed=10.0)
    # More than what is on its way between two sockets.
    firmware.build(
        ansible.folder / "files/large.swu", NEWER_FIRMWARE, images={**firmware.IMAGES, "rootfs.ubi": 20 * 2**20}
    )
    for miner in fleet.miners[3:]:
        miner.fault("slow_upload", times=1, bytes_per_s=2e5)
    fleet[0].set(timing={"flash_s": 5})
    variables = {**VARIABLES, "upgrade_src": "files/large.swu", "upgrade_serial": [10]}
    ansible.killed_once(
        lambda: (
            fleet[0].state()["flashed"] == 1
            and [miner.state()["updater"] for miner in fleet.miners[3:]] == ["busy"] * 3
        ),
        PLAY,
        inventory_of(fleet),
        *("-f", "10"),
        extra_vars=variables,
    )
    wait_until(lambda: [miner.state()["updater"] for miner in fleet.miners[3:]] == ["wedged"] * 3)
    wait_until(lambda: fleet[0].state()["ready"])
    again = {**variables, "upgrade_recover": True, "upgrade_wait_timeout": 20}
    upgrade(ansible, fleet, **again).succeeded()
    # One that was just rebooting was left alone, since it could not be asked; it has the firmware all the same.
    wait_until(lambda: versions(fleet) == [NEWER_FIRMWARE] * 6)
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1] * 6


@newest_core
def test_batches_grow_by_default(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=12, generation=GENERATION, speed=SPEED)
    done = ansible(
        PLAY,
        inventory_of(fleet),
        *("-f", "10"),
        extra_vars={key: value for key, value in VARIABLES.items() if key != "upgrade_serial"},
    ).succeeded()
    gates = [result for result in done.results if result.task == "Stop when too many have failed"]
    assert [gate.result["msg"] for gate in gates] == [f"{count} of 12 miners done, 0 failed." for count in (1, 11, 12)]


@newest_core
@pytest.mark.parametrize(
    ("allowed", "untouched"),
    [({}, 1), ({"upgrade_max_failures": 1}, 0), ({"upgrade_max_failure_percent": 50}, 0)],
    ids=["none", "one", "a-half"],
)
def test_failures_that_are_allowed_do_not_stop_the_rollout(
    ansible: Ansible, start_fleet: Callable[..., Fleet], allowed: dict[str, Any], untouched: int
) -> None:
    fleet = start_fleet(count=2, generation=GENERATION, speed=SPEED)
    fleet[0].fault("flash_fails")
    done = upgrade(ansible, fleet, "--limit", "miner*", upgrade_serial=[1], **allowed)
    assert done.returncode != 0
    assert list(recorded(ansible).values()).count("pending") == untouched
    assert sum(miner.state()["flashed"] for miner in fleet.miners) == 1 - untouched


@newest_core
def test_a_miner_that_mines_too_little_goes_back(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=2, generation=GENERATION, speed=SPEED)
    done = upgrade(
        ansible,
        fleet,
        upgrade_min_hashrate_ratio=1.5,
        upgrade_settle_seconds=5,
        upgrade_rollback_src=f"files/{OLDER_FIRMWARE}.swu",
    )
    assert done.returncode != 0
    assert recorded(ansible) == {"miner1": "rolled back", "miner2": "pending"}
    assert "mines too little" in reasons(ansible)
    assert [miner.state()["flashed"] for miner in fleet.miners] == [2, 0]
    assert fleet[0].state()["firmware"] == OLDER_FIRMWARE
