# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flashing miners, and what can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import firmware
from tests.simulator.control import Fleet, Miner
from tests.support.running import (
    NEWER_FIRMWARE,
    OLDER_FIRMWARE,
    Ansible,
    TaskResult,
    connection_to,
    inventory_of,
    newest_core,
    wait_until,
)

SPEED = 30.0
# A miner's uptime runs at simulated speed, and must not run away from the clock while the miner is searched for.
SLOW, QUICK = 2.0, {"flash_s": 4, "boot_s": 2, "cgminer_start_s": 2}
# A third of it passes before the search.
SEARCHED_S = 12
NEWER = {"src": f"files/{NEWER_FIRMWARE}.swu"}
OLDER = {"src": f"files/{OLDER_FIRMWARE}.swu"}


@dataclass(frozen=True)
class Case:
    """A miner, the requested change, and the result: an error_code, changed or ok, and how often it flashed.

    ``says`` must be in the message of a failure, ``now`` is where the task reports the miner if it has moved.
    """

    wanted: dict[str, Any] = field(default_factory=lambda: NEWER)
    fault: dict[str, Any] | None = None
    state: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    outcome: str = "changed"
    check: str = ""
    flashed: int = 1
    says: str = ""
    now: str = ""


def stuck(said: str, seconds: float, **state: str) -> Case:
    """An updater that accepts nothing until the miner is rebooted, and how long the task waits for it."""
    return Case(
        {**NEWER, "wait_timeout": seconds},
        state=state,
        outcome="updater_stuck",
        check="changed",
        flashed=0,
        says=f"did not accept {NEWER_FIRMWARE} ({said})",
    )


def freed(**state: str) -> Case:
    """The same, rebooted by the task."""
    return Case({**NEWER, "wait_timeout": 10, "recover": True}, state=state)


def refused(wanted: dict[str, Any], outcome: str, **more: Any) -> Case:
    """Nothing is sent, and check mode says the same."""
    return Case(wanted, outcome=outcome, flashed=0, **more)


CASES = {
    "upgraded": Case(),
    "upgraded-with-jwt": Case(variables={"dragonmint_auth": "jwt"}),
    "upgraded-with-second-password": Case(
        variables={"dragonmint_password": "wrong", "dragonmint_fallback_passwords": ["dragonadmin"]}
    ),
    "heard-to-the-end": Case(state={"last_frame": "DONE"}),
    "success-not-heard": Case(state={"last_frame": "RUN"}),
    "messages-first": Case(state={"frame_order": "leading"}),
    "mixed": Case(state={"frame_order": 7}),
    "no-websocket": Case(fault={"name": "no_websocket"}),
    "talked-at": Case(fault={"name": "flood", "frame_bytes": 2**16}),
    "there-already": refused(NEWER, "ok", state={"version_0": NEWER_FIRMWARE, "version_1": NEWER_FIRMWARE}),
    "forced": Case({**NEWER, "force": True}, state={"version_0": NEWER_FIRMWARE, "version_1": NEWER_FIRMWARE}),
    "older": refused(OLDER, "downgrade", state={"version_0": NEWER_FIRMWARE, "version_1": NEWER_FIRMWARE}),
    "older-allowed": Case(
        {**OLDER, "allow_downgrade": True}, state={"version_0": NEWER_FIRMWARE, "version_1": NEWER_FIRMWARE}
    ),
    "not-waited-for": Case({**NEWER, "wait": False}),
    "flash-fails": Case(fault={"name": "flash_fails"}, outcome="flash_failed", check="changed", flashed=0),
    "boots-the-old-one": Case(fault={"name": "boots_old"}, outcome="flash_failed", check="changed"),
    "still-writing": Case(
        {**NEWER, "wait_timeout": 5}, state={"timing": {"flash_s": 1e6}}, outcome="not_back", check="changed", flashed=0
    ),
    "no-answers-afterwards": Case(
        {**NEWER, "wait_timeout": 15}, {"name": "empty", "action": "type"}, outcome="not_back", check="changed"
    ),
    "never-back": Case({**NEWER, "wait_timeout": 15}, {"name": "never_back"}, outcome="not_back", check="changed"),
    # DHCP gives it another address while it boots.
    "moved": Case(
        {**NEWER, "search": "127.20.210.0/29", "wait_timeout": SEARCHED_S},
        state={"network": {"dhcp_lease": "127.20.210.5"}},
        now="127.20.210.5",
    ),
    "moved-and-not-mining": Case(
        {**NEWER, "search": "127.20.211.0/29", "wait_timeout": SEARCHED_S},
        state={"network": {"dhcp_lease": "127.20.211.5"}, "pools_config": "corrupt"},
        outcome="not_ready",
        check="changed",
        now="127.20.211.5",
    ),
    "moved-and-not-searched": Case(
        {**NEWER, "wait_timeout": SEARCHED_S},
        state={"network": {"dhcp_lease": "127.20.212.5"}},
        outcome="not_back",
        check="changed",
        says="name that network in search",
    ),
    "without-a-mac": refused({**NEWER, "search": "127.20.213.0/29"}, "bad_reply", state={"mac": ""}),
    "searched-everywhere": refused({**NEWER, "search": "127.0.0.0/8"}, "invalid_input"),
    "silent": Case(
        {**NEWER, "wait_timeout": 5}, {"name": "updater_silent"}, outcome="flash_failed", check="changed", flashed=0
    ),
    "stuck": stuck("it is busy", 3, updater="wedged", busy_reply="500"),
    "stuck-502": stuck("HTTP 502", 3, updater="wedged", busy_reply="502"),
    "stuck-reset": stuck("the connection broke", 3, updater="wedged", busy_reply="reset"),
    # The task does not wait for it.
    "dead": stuck("HTTP 502", 900, updater="dead"),
    "stuck-and-freed": freed(updater="wedged", busy_reply="500"),
    "stuck-502-and-freed": freed(updater="wedged", busy_reply="502"),
    "stuck-reset-and-freed": freed(updater="wedged", busy_reply="reset"),
    "dead-and-freed": freed(updater="dead"),
    "badly-signed": Case(
        {"src": "files/badly_signed.swu"},
        outcome="flash_failed",
        check="changed",
        flashed=0,
        says="its signature is not from the vendor's key",
    ),
    "other-hardware": refused(NEWER, "invalid_firmware", state={"hwver": "a8+"}),
    "no-room": refused(NEWER, "not_ready", state={"memory": {"available": 100}}),
    "damaged": refused({"src": "files/damaged.swu"}, "invalid_firmware"),
    "foreign": refused({"src": "files/page.swu"}, "invalid_firmware"),
    "missing": refused({"src": "files/missing.swu"}, "invalid_input"),
    "wrong-checksum": refused({**NEWER, "checksum": "sha256:" + "0" * 64}, "invalid_firmware"),
    "no-checksum": refused({**NEWER, "checksum": "md5:1"}, "invalid_input"),
    "wrong-version": refused({**NEWER, "version": OLDER_FIRMWARE}, "invalid_firmware"),
    "two-sources": refused({**NEWER, "latest": True}, "invalid_input"),
    "no-source": refused({}, "invalid_input"),
    "nameless-url": refused({"url": "http://127.0.0.1/new.swu"}, "invalid_input"),
    "can-not-fetch": Case(
        {"url": f"http://127.0.0.1:9/{NEWER_FIRMWARE}.swu"}, outcome="unsupported", check="changed", flashed=0
    ),
    "vendor-gone": refused({"latest": True}, "rejected", state={"vendor": None}),
    "guest": refused(
        NEWER, "permission", variables={"dragonmint_username": "guest", "dragonmint_password": "dragonguest"}
    ),
    "wrong-password": refused(NEWER, "authentication", variables={"dragonmint_password": "wrong"}),
    "dark": refused(NEWER, "unreachable", fault={"name": "dark"}),
    "stranger": refused(NEWER, "wrong_device", variables={"dragonmint_expected_mac": "00:00:00:00:00:01"}),
}


@pytest.fixture
def bad_archives(firmware_files: Path) -> None:
    firmware.build(firmware_files / "damaged.swu", NEWER_FIRMWARE, wrong_hash="uImage")
    firmware.build(firmware_files / "badly_signed.swu", NEWER_FIRMWARE, signature="bad")
    (firmware_files / "page.swu").write_text("<html><title>404</title></html>")


def prepared_miners(start_fleet: Callable[..., Fleet]) -> dict[str, Miner]:
    """Miners by the name of their case."""
    searched = {name for name, case in CASES.items() if "search" in case.wanted}
    miners = dict(
        zip([name for name in CASES if name not in searched], start_fleet(count=len(CASES), speed=SPEED).miners)
    )
    miners.update(zip(searched, start_fleet(count=len(searched), speed=SLOW, first="127.20.9.1").miners))
    for name, case in CASES.items():
        if name in searched:
            miners[name].set(timing=QUICK)
        if case.state:
            miners[name].set(**case.state)
        if case.fault:
            miners[name].fault(**case.fault)
    return {name: miners[name] for name in CASES}


def inventory_for(miners: dict[str, Miner]) -> dict[str, Any]:
    hosts = {
        name: {**connection_to(miner), "wanted": CASES[name].wanted, **CASES[name].variables}
        for name, miner in miners.items()
    }
    return {"all": {"hosts": hosts}}


def install(ansible: Ansible, inventory: dict[str, Any], *arguments: str) -> dict[str, TaskResult]:
    options = {name for case in CASES.values() for name in case.wanted}
    task = {
        "minerops.dragonmint.dragonmint_firmware": {
            name: f"{{{{ wanted.{name} | default(omit) }}}}" for name in options
        }
    }
    play = {"hosts": "all", "gather_facts": False, "strategy": "free", "tasks": [task]}
    return {result.host: result for result in ansible([play], inventory, "-f", "40", *arguments).results}


def outcome(result: TaskResult) -> str:
    return result.result.get("error_code") or ("changed" if result.changed else "ok")


@newest_core
@pytest.mark.usefixtures("bad_archives")
def test_each_miner_flashes_once_and_proves_it(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = prepared_miners(start_fleet)
    inventory, at = inventory_for(miners), {name: miner.host for name, miner in miners.items()}
    check = install(ansible, inventory, "--check")
    assert {name: outcome(result) for name, result in check.items()} == {
        name: case.check or case.outcome for name, case in CASES.items()
    }
    assert {name: miner.state()["uploads"] for name, miner in miners.items()} == dict.fromkeys(CASES, 0)

    done = install(ansible, inventory)
    assert {name: outcome(result) for name, result in done.items()} == {
        name: case.outcome for name, case in CASES.items()
    }
    assert {
        name: done[name].result["msg"] for name, case in CASES.items() if case.says not in str(done[name].result)
    } == {}
    assert {name: result.result["ipaddress"] for name, result in done.items() if "ipaddress" in result.result} == {
        name: case.now or at[name] for name, case in CASES.items() if case.now or case.outcome in ("changed", "ok")
    }
    flashed = {name: miner.state()["flashed"] for name, miner in miners.items()}
    flashed["not-waited-for"] = 1
    assert flashed == {name: case.flashed for name, case in CASES.items()}


@newest_core
def test_a_miner_that_can_fetches_it_itself(ansible: Ansible, start_fleet: Callable[..., Fleet], shop: str) -> None:
    fleet = start_fleet(count=1, generation="dm-2018-05", speed=30.0)
    fleet[0].set(has_download=True)
    task = {"minerops.dragonmint.dragonmint_firmware": {"url": f"{shop}/{NEWER_FIRMWARE}.swu"}}
    done = ansible([{"hosts": "all", "gather_facts": False, "tasks": [task]}], inventory_of(fleet)).succeeded()
    assert done.one().result["version"] == NEWER_FIRMWARE
    assert fleet[0].state()["firmware"] == NEWER_FIRMWARE


@newest_core
def test_two_controllers_flash_a_miner_once(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """The second one comes during the first one's update, and joins it."""
    fleet = start_fleet(count=1, generation="dm-2018-05", speed=10.0)
    (ansible.folder / "other/files").mkdir(parents=True)
    (ansible.folder / f"other/files/{NEWER_FIRMWARE}.swu").symlink_to(ansible.folder / NEWER["src"])
    other = Ansible(ansible.bin, ansible.folder / "other")
    play = [{"hosts": "all", "gather_facts": False, "tasks": [{"minerops.dragonmint.dragonmint_firmware": NEWER}]}]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ansible, play, inventory_of(fleet))
        wait_until(lambda: fleet[0].state()["updater"] == "busy")
        second = other(play, inventory_of(fleet)).succeeded()
    assert first.result().succeeded().one().changed
    assert second.one().result["version"] == NEWER_FIRMWARE
    assert fleet[0].state()["flashed"] == 1
