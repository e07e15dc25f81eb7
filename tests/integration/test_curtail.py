# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Miners draw less power for a while, and go back to exactly what they were."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet
from tests.support.running import Ansible, PlaybookRun, connection_to, hosts_with_writes, inventory_of, newest_core

CURTAIL = Path(__file__).parents[2] / "playbooks/curtail.yml"
SPEED = 50.0
ODD_NAMES = ["a0:b0:45:00:00:e5", "hall1:rack2", "rack1,2", "!m", "&m", "m*", "m 1", "mïner"]
MODES = [("balanced", "2"), ("performance", "1"), ("efficient", "2"), ("factory", "3")]


def mixed_fleet(start_fleet: Callable[..., Fleet]) -> Fleet:
    """Eight miners of all firmwares; the last one is dark."""
    fleet = start_fleet(count=8, generation="mixed", speed=SPEED)
    for miner, (mode, level) in zip(fleet.miners, MODES * 2, strict=True):
        is_known = mode != "factory" or miner.generation != "dm-2018-04"
        miner.set(autotune={"mode": mode if is_known else "off", "level": level})
    fleet[7].fault("dark")
    return fleet


def curtail(ansible: Ansible, fleet: Fleet, *arguments: str, **variables: Any) -> PlaybookRun:
    everything = {"curtail_pause_seconds": 0, "curtail_serial": 3, **variables}
    return ansible(CURTAIL, inventory_of(fleet), "-f", "8", *arguments, extra_vars=everything)


def modes(fleet: Fleet) -> list[tuple[str, str]]:
    states = [miner.state()["autotune"] for miner in fleet.miners]
    return [(state["mode"], state["level"]) for state in states]


def report(ansible: Ansible) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((ansible.folder / "dragonmint-reports/curtail.json").read_text("utf-8"))
    return rows


def record(ansible: Ansible) -> dict[str, Any]:
    text = (ansible.folder / "dragonmint-reports/curtail-record.json").read_text(encoding="utf-8")
    miners: dict[str, Any] = json.loads(text)["miners"]
    return miners


def test_a_group_is_curtailed_and_restored(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = mixed_fleet(start_fleet)
    before = modes(fleet)

    check = curtail(ansible, fleet, "--check", curtail_kw=1).succeeded()
    assert hosts_with_writes(fleet) == set()
    assert not (ansible.folder / "dragonmint-reports/curtail-record.json").exists()
    promised = re.search(r"([2-4]) of 8 miners to be changed, (1[.]\d+) kW saved of 1 kW wanted[.]", check.output)
    assert promised, check.output

    done = curtail(ansible, fleet, curtail_kw="1").succeeded()
    assert hosts_with_writes(fleet) == set(record(ansible))
    assert len(record(ansible)) == int(promised[1])
    assert [now for now, _level in modes(fleet)].count("efficient") == 2 + len(record(ansible))
    assert f"{promised[1]} of {promised[1]} miners changed, {promised[2]} kW less than before." in done.output
    assert "1 miner skipped: 1 unreachable." in done.output

    fleet.clear()
    curtail(ansible, fleet, curtail_kw=1).succeeded()
    assert hosts_with_writes(fleet) == set()

    curtail(ansible, fleet, "--check", curtail_restore=True).succeeded()
    assert hosts_with_writes(fleet) == set()
    chosen = sorted(record(ansible))
    part = curtail(ansible, fleet, "--limit", chosen[0], curtail_restore=True).succeeded()
    assert set(record(ansible)) == set(chosen[1:])
    assert f"Still in the record, since they are not part of this run: {', '.join(chosen[1:])}." in part.output
    curtail(ansible, fleet, "--limit", "miner*", curtail_restore=True).succeeded()
    assert modes(fleet) == before
    assert record(ansible) == {}


@newest_core
def test_what_is_powered_off_is_named_and_restored_once_it_was_switched_on(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=2, speed=SPEED)
    fleet[1].set(autotune={"mode": "efficient"})
    too_much = curtail(ansible, fleet, curtail_kw=2)
    assert too_much.returncode != 0
    assert "No more can be saved without powering miners off (curtail_off)" in too_much.output
    assert hosts_with_writes(fleet) == set()

    done = curtail(ansible, fleet, curtail_kw=2, curtail_off=True).succeeded()
    assert "It can't be switched on again over the network." in done.output
    assert [miner.state()["power"] for miner in fleet.miners] == ["off", "off"]

    waiting = curtail(ansible, fleet, curtail_restore=True).succeeded()
    assert "To be switched on by hand: miner1, miner2." in waiting.output
    for miner in fleet.miners:
        miner.set(power="on")
    fleet[0].set(autotune={"mode": "performance"})
    curtail(ansible, fleet, curtail_restore=True).succeeded()
    assert [mode for mode, _level in modes(fleet)] == ["balanced", "efficient"]
    assert record(ansible) == {}


@newest_core
def test_a_run_that_was_killed_is_restored(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=6, speed=SPEED)
    before = modes(fleet)
    ansible.killed_once(
        lambda: "efficient" in dict(modes(fleet)),
        CURTAIL,
        inventory_of(fleet),
        extra_vars={"curtail_mode": "efficient", "curtail_serial": 1, "curtail_pause_seconds": 30},
    )
    assert set(record(ansible)) == {f"miner{number}" for number in range(1, 7)}
    assert "balanced" in dict(modes(fleet))
    curtail(ansible, fleet, curtail_restore=True).succeeded()
    assert modes(fleet) == before
    assert record(ansible) == {}


@newest_core
def test_a_miner_that_can_not_be_changed_does_not_stop_the_others(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=3, speed=SPEED)
    fleet[0].fault("ignored_write")
    done = curtail(ansible, fleet, curtail_mode="efficient")
    assert done.returncode != 0
    assert "2 of 3 miners changed, 0.5 kW less than before. 1 miner not changed: miner1" in done.output
    assert [mode for mode, _level in modes(fleet)] == ["balanced", "efficient", "efficient"]


@newest_core
def test_a_miner_whose_name_reads_as_a_pattern_is_changed_as_well(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=len(ODD_NAMES), speed=SPEED)
    inventory = {"miners": {"hosts": dict(zip(ODD_NAMES, map(connection_to, fleet.miners), strict=True))}}
    variables = {"curtail_mode": "efficient", "curtail_serial": 2, "curtail_pause_seconds": 0}
    done = ansible(CURTAIL, inventory, extra_vars=variables).succeeded()
    assert f"{len(ODD_NAMES)} of {len(ODD_NAMES)} miners changed" in done.output
    assert {mode for mode, _level in modes(fleet)} == {"efficient"}
    assert set(record(ansible)) == set(ODD_NAMES)


@newest_core
def test_miners_that_can_be_commanded_are_curtailed_and_the_others_are_counted(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=6, speed=SPEED)
    hashing, restarting, hanging, locked, gone, _efficient = fleet.miners
    restarting.set(ready=False)
    hanging.set(cgminer="silent")
    locked.set(users={"admin": "nobody knows"})
    gone.fault("dark")
    fleet[5].set(autotune={"mode": "efficient"})
    before = modes(fleet)
    inventory = inventory_of(fleet, dragonmint_timeout=2, dragonmint_retries=0)

    done = ansible(CURTAIL, inventory, extra_vars={"curtail_mode": "efficient", "curtail_pause_seconds": 0})
    assert done.returncode != 0
    assert hosts_with_writes(fleet) == {"miner1", "miner2", "miner3"}, report(ansible)
    assert "2 miners skipped: 1 unreachable, 1 login refused." in done.output
    assert "set curtail_partial to do without them" in done.output
    assert {row["miner"]: (row["outcome"], row["cause"]) for row in report(ansible)} | {"miner3": ...} == {
        "miner1": ("done", ""),
        "miner2": ("done", ""),
        "miner3": ...,
        "miner4": ("skipped", "login refused"),
        "miner5": ("skipped", "unreachable"),
        "miner6": ("unchanged", ""),
    }
    assert [mode for mode, _level in modes(fleet)][:2] == ["efficient", "efficient"]
    assert hashing.state()["autotune"]["mode"] == "efficient"

    limited = ["--limit", "miner1,miner2,miner4"]
    ansible(CURTAIL, inventory, *limited, extra_vars={"curtail_restore": True, "curtail_partial": True}).succeeded()
    assert modes(fleet)[:2] == before[:2]
    nobody = ansible(CURTAIL, inventory, "--limit", "miner4", extra_vars={"curtail_mode": "efficient"})
    assert nobody.returncode != 0
    assert "0 of 0 miners changed, 0 kW less than before. 1 miner skipped: 1 login refused." in nobody.output


@newest_core
@pytest.mark.parametrize(
    ("variables", "text", "said"),
    [
        ({}, None, "Set exactly one of curtail_kw"),
        ({"curtail_kw": 1, "curtail_mode": "efficient"}, None, "Set exactly one of curtail_kw"),
        ({"curtail_kw": -1}, None, "curtail_kw is '-1', expected a number of kilowatts above 0"),
        ({"curtail_kw": "much"}, None, "curtail_kw is 'much', expected a number"),
        ({"curtail_kW": 1}, None, "Did you mean 'curtail_kw'?"),
        ({"curtail_kw": 1, "dragonmint_ratings": {"T1": 14}}, None, "dragonmint_ratings.T1 must be a dictionary"),
        ({"curtail_restore": True}, None, "so there is nothing to restore"),
        ({"curtail_restore": True}, "{", "curtail-record.json (curtail_record) is damaged"),
        ({"curtail_restore": True}, "", "curtail-record.json (curtail_record) is damaged"),
        ({"curtail_mode": "efficient"}, "", "curtail-record.json (curtail_record) is damaged"),
        (
            {"curtail_mode": "efficient", "curtail_record": "dragonmint-reports/curtail.json"},
            None,
            "The report would overwrite the record",
        ),
    ],
    ids=[
        "no-goal",
        "two-goals",
        "negative",
        "no-number",
        "misspelt",
        "ratings",
        "no-record",
        "damaged-record",
        "empty-record",
        "empty-record-of-an-open-event",
        "report-over-record",
    ],
)
def test_what_makes_no_sense_is_refused(
    ansible: Ansible, start_fleet: Callable[..., Fleet], variables: dict[str, Any], text: str | None, said: str
) -> None:
    fleet = start_fleet(count=1, speed=SPEED)
    if text is not None:
        (ansible.folder / "dragonmint-reports").mkdir()
        (ansible.folder / "dragonmint-reports/curtail-record.json").write_text(text, encoding="utf-8")
    done = curtail(ansible, fleet, **variables)
    assert done.returncode != 0
    assert said in " ".join(done.output.split())
    assert fleet[0].requests() == []
