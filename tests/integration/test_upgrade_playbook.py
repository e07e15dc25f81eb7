# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet is upgraded in batches, and a failing rollout stops."""

from __future__ import annotations

import hashlib
import json
import time
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
    connection_to,
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
    (report,) = (ansible.folder / "dragonmint-reports").glob("upgrade*.json")
    rows = json.loads(report.read_text(encoding="utf-8"))
    return {row["miner"]: row["outcome"] for row in rows}


@newest_core
def test_a_fleet_is_upgraded_and_then_skipped(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation=GENERATION, speed=SPEED)
    fleet[1].fault("dark")
    before = versions(fleet)
    check = upgrade(ansible, fleet, "--check")
    assert check.returncode != 0
    assert "3 miners: 1 unreachable, 2 to be upgraded. miner2" in check.output
    refused = upgrade(ansible, fleet, upgrade_require_all=True)
    assert refused.returncode != 0
    assert "upgrade_require_all" in refused.output
    assert versions(fleet) == before
    done = upgrade(ansible, fleet, upgrade_serial=[10], upgrade_parallel=1)
    assert done.returncode != 0
    assert len(done.of(task="Stop when too many have failed")) == 2
    assert "3 miners: 1 unreachable, 2 upgraded. miner2" in done.output
    assert versions(fleet) == [NEWER_FIRMWARE, before[1], NEWER_FIRMWARE]
    assert recorded(ansible) == {"miner1": "upgraded", "miner2": "unreachable", "miner3": "upgraded"}
    again = upgrade(ansible, fleet, upgrade_partial=True).succeeded()
    assert "3 miners: 1 unreachable, 2 up to date." in again.output
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1, 0, 1]


@newest_core
def test_firmware_is_what_it_should_be(ansible: Ansible, start_fleet: Callable[..., Fleet], shop: str) -> None:
    """By its checksum and version where it is here, and as the vendor's newest where miners fetch it."""
    fleet = start_fleet(generation=GENERATION, speed=SPEED)
    source = ansible.folder / VARIABLES["upgrade_src"]
    checksum = f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    wrong = {"upgrade_checksum": f"sha256:{'0' * 64}"}, {"upgrade_version": OLDER_FIRMWARE}
    for variables in wrong:
        done = upgrade(ansible, fleet, "--check", **variables)
        assert done.returncode != 0
        assert next(iter(variables)) in done.output
    check = upgrade(ansible, fleet, "--check", upgrade_checksum=checksum, upgrade_version=NEWER_FIRMWARE).succeeded()
    assert "1 miner: 1 to be upgraded." in check.output
    assert fleet[0].state()["uploads"] == 0

    url = f"{shop}/{NEWER_FIRMWARE}.swu"
    fleet[0].set(has_download=True, vendor={"version": NEWER_FIRMWARE, "versionDate": "", "url": url, "info": ""})
    latest = {**VARIABLES, "upgrade_latest": True, "upgrade_serial": [1]}
    del latest["upgrade_src"]
    done = ansible(PLAY, inventory_of(fleet), extra_vars=latest).succeeded()
    assert "1 miner: 1 upgraded." in done.output
    assert versions(fleet) == [NEWER_FIRMWARE]


@newest_core
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
        "miner3": "It is unreachable, so nothing was sent",
        "miner4": "It is not eligible, so nothing was sent",
    }
    assert versions(fleet) == [NEWER_FIRMWARE, *before[1:]]
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1, 1, 0, 0]


def reasons(ansible: Ansible) -> str:
    rows = json.loads((ansible.folder / "dragonmint-reports/upgrade.json").read_text(encoding="utf-8"))
    return " ".join(row["reason"] for row in rows)


@newest_core
def test_a_batch_that_is_larger_than_the_forks_is_handed_over_and_then_collected(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """All flash at once. A value set by -e name=value is text, and works as well."""
    fleet = start_fleet(count=6, generation=GENERATION, speed=10.0)
    fleet[2].fault("boots_old")
    fleet[4].fault("never_back")
    fleet[5].fault("flash_fails")
    texts = ["-e", "upgrade_wait_timeout=20", "-e", "upgrade_settle_seconds=30", "-e", "upgrade_max_failure_percent=50"]
    done = upgrade(ansible, fleet, "-f", "2", *texts, upgrade_serial=[10], upgrade_wait_timeout="20")
    assert done.returncode != 0
    outcomes = recorded(ansible)
    assert outcomes.pop("miner3") == "failed"
    assert outcomes.pop("miner5") == "dark"
    assert outcomes.pop("miner6") == "failed"
    assert set(outcomes.values()) == {"upgraded"}
    assert "the new image does not boot on it, and it fell back" in reasons(ansible)
    assert "It has not come back after the upgrade" in reasons(ansible)
    uploads = [request["time"] for miner in fleet.miners for request in miner.requests() if request["write"]]
    assert len(uploads) == 6
    assert max(uploads) - min(uploads) < fleet[0].state()["timing"]["flash_s"]


@newest_core
@pytest.mark.parametrize("forks", [1, 10], ids=["collected", "followed"])
def test_a_miner_that_comes_back_elsewhere_is_found(
    ansible: Ansible, start_fleet: Callable[..., Fleet], forks: int
) -> None:
    """In the meantime its old address is taken by a miner with the new firmware, which is not mistaken for it."""
    # A miner's uptime runs at simulated speed, and must not run away from the clock while the miner is searched for.
    fleet = start_fleet(count=3, generation=GENERATION, speed=2.0)
    for miner in fleet.miners:
        miner.set(timing={"flash_s": 4, "boot_s": 4, "cgminer_start_s": 2, "hashing_s": 2})
    moving, squatter = fleet[1], fleet[2]
    squatter.set(version_0=NEWER_FIRMWARE, version_1=NEWER_FIRMWARE)
    left, lease = moving.host, "127.20.220.5"
    moving.set(network={"dhcp_lease": lease})
    inventory = inventory_of(fleet)
    del inventory["miners"]["children"]["dm_2018_05"]["hosts"]["miner3"]
    variables = {**VARIABLES, "upgrade_serial": [10], "upgrade_search": "127.20.220.0/29"}
    with ThreadPoolExecutor() as pool:
        squatted = pool.submit(take_over, squatter, moving, left)
        done = ansible(PLAY, inventory, "-f", str(forks), extra_vars={**variables, "upgrade_wait_timeout": 40})
        squatted.result()
    done.succeeded()
    rows = json.loads((ansible.folder / "dragonmint-reports/upgrade.json").read_text(encoding="utf-8"))
    assert [(row["miner"], row["outcome"]) for row in rows] == [("miner1", "upgraded"), ("miner2", "upgraded")]
    assert [row["address"] for row in rows] == [fleet[0].host, lease]
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1, 1, 0]
    assert squatter.writes() == []


def take_over(squatter: Miner, moving: Miner, address: str) -> None:
    """Another miner gets the address of one that is booting."""
    wait_until(lambda: moving.state()["booting"])
    squatter.set(host=address)


@newest_core
def test_a_run_that_was_killed_in_a_batch_is_run_again(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Some had their upload cut off, and the others reboot by themselves."""
    fleet = start_fleet(count=4, generation=GENERATION, speed=10.0)
    # Larger than the buffers between two sockets.
    firmware.build(
        ansible.folder / "files/large.swu", NEWER_FIRMWARE, images={**firmware.IMAGES, "rootfs.ubi": 20 * 2**20}
    )
    for miner in fleet.miners[2:]:
        miner.fault("slow_upload", times=1, bytes_per_s=2e5)
    fleet[0].set(timing={"flash_s": 5})
    variables = {**VARIABLES, "upgrade_src": "files/large.swu", "upgrade_serial": [10]}
    ansible.killed_once(
        lambda: (
            fleet[0].state()["flashed"] == 1
            and [miner.state()["updater"] for miner in fleet.miners[2:]] == ["busy"] * 2
        ),
        PLAY,
        inventory_of(fleet),
        *("-f", "10"),
        extra_vars=variables,
    )
    wait_until(lambda: [miner.state()["updater"] for miner in fleet.miners[2:]] == ["wedged"] * 2)
    # One that begins its reboot after the pre-flight checks counts as failed.
    wait_until(lambda: all(is_upgraded(miner.state()) for miner in fleet.miners[:2]))
    again = {**variables, "upgrade_recover": True, "upgrade_wait_timeout": 20, "upgrade_partial": True}
    upgrade(ansible, fleet, **again).succeeded()
    assert versions(fleet) == [NEWER_FIRMWARE] * 4
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1] * 4


def is_upgraded(state: dict[str, Any]) -> bool:
    return bool(state["ready"]) and state["flashed"] == 1


# Each of them has another meaning in Ansible's host patterns.
PATTERNS = ["a0:b0:45:00:00:e5", "hall1:rack2", "!left", "&both", "rack,3", "miner*", " blank ", "höhle"]


@newest_core
def test_miners_whose_names_read_as_patterns_are_upgraded_in_batches(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """Also in the record, and in the limit that excludes the failed one."""
    fleet = start_fleet(count=len(PATTERNS), generation=GENERATION, speed=SPEED)
    fleet[1].fault("boots_old", times=1)
    hosts = {name: connection_to(miner) for name, miner in zip(PATTERNS, fleet.miners)}
    inventory = {"miners": {"hosts": hosts}}
    variables = {**VARIABLES, "target": "miners", "upgrade_serial": [1, 3, 4], "upgrade_max_failures": 1}
    done = ansible(PLAY, inventory, "-f", "10", extra_vars=variables)
    assert done.returncode != 0
    gates = [result.result["msg"] for result in done.of(task="Stop when too many have failed")]
    assert gates == [f"{begun} of 8 miners done, {failed} failed." for begun, failed in ((1, 0), (4, 1), (8, 1))]
    assert recorded(ansible) == {**dict.fromkeys(PATTERNS, "upgraded"), "hall1:rack2": "failed"}
    limit = "@dragonmint-reports/upgrade_without_failed.txt"
    assert f"--limit {limit}, and run the same command again" in done.output
    again = ansible(PLAY, inventory, "-f", "10", "--limit", limit, extra_vars=variables).succeeded()
    assert "7 miners: 7 up to date." in again.output
    assert fleet[1].state()["flashed"] == 1


@newest_core
def test_reasons_name_the_variables_of_the_role(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """If they can be known in advance, no miner is contacted."""
    fleet = start_fleet(count=2, generation=GENERATION, speed=SPEED)
    for src, sentence, asked in (
        ("http://192.0.2.1/new.swu", "upgrade_src 'http://192.0.2.1/new.swu' is a web address", False),
        ("", "No firmware is given, so nothing was sent. Set upgrade_src", False),
        ("files/none.swu", "upgrade_src 'files/none.swu' was not found on the controller.", True),
    ):
        done = upgrade(ansible, fleet, upgrade_src=src)
        assert done.returncode != 0
        assert sentence in done.output
        assert any(miner.requests() for miner in fleet.miners) is asked
    assert [miner.writes() for miner in fleet.miners] == [[], []]


@newest_core
def test_a_canary_of_each_kind_goes_first_and_one_that_fails_stops_the_rollout(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """Other failures of a miner are in the test of a whole batch, and in test_firmware.py."""
    fleet = start_fleet(count=4, generation=GENERATION, speed=SPEED)
    fleet[3].set(version_0="t1_20180601_000000", version_1="t1_20180601_000000")
    fleet[3].fault("never_back")
    done = upgrade(ansible, fleet)
    assert done.returncode != 0
    assert "STOPPED: 1 of 2 miners failed" in done.output
    assert "Not started: 2 miners." in done.output
    assert recorded(ansible) == {"miner1": "upgraded", "miner4": "dark", "miner2": "pending", "miner3": "pending"}
    assert [miner.state()["flashed"] for miner in fleet.miners[1:3]] == [0, 0]


@newest_core
def test_a_hopeless_wait_ends(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """A miner that comes back with other passwords ends the run long before its time is over."""
    fleet = start_fleet(count=2, generation=GENERATION, speed=10.0)

    def lock() -> None:
        wait_until(lambda: fleet[1].state()["booting"])
        fleet[1].set(users={"admin": "nobody knows"})

    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        locked = pool.submit(lock)
        done = upgrade(ansible, fleet, "-f", "1", upgrade_serial=[2], upgrade_wait_timeout=250)
        locked.result()
    assert done.returncode != 0
    assert time.monotonic() - began < 120
    assert recorded(ansible) == {"miner1": "upgraded", "miner2": "failed"}
    assert "refuses the login" in reasons(ansible)


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
