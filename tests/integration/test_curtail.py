# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Miners draw less power for a while, and return to exactly their previous state.

The decisions are tested in tests/unit/test_curtail_course.py.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.control import Fleet
from tests.support.running import (
    Ansible,
    PlaybookRun,
    connection_to,
    hosts_with_writes,
    inventory_of,
    newest_core,
    wait_until,
)

CURTAIL, PROVISION = (Path(__file__).parents[2] / f"playbooks/{name}.yml" for name in ("curtail", "provision"))
SPEED = 50.0
ODD_NAMES = ["a0:b0:45:00:00:e5", "rack1,2", "!m", "m*", "m 1", "mïner"]
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
    return ansible(CURTAIL, inventory_of(fleet), *arguments, extra_vars=variables)


def job(**variables: Any) -> dict[str, Any]:
    """The playbook, as one of several in a run."""
    return {"import_playbook": "minerops.dragonmint.curtail", "vars": variables}


def modes(fleet: Fleet) -> list[tuple[str, str]]:
    states = [miner.state()["autotune"] for miner in fleet.miners]
    return [(state["mode"], state["level"]) for state in states]


def rows_of(ansible: Ansible, report: str, miner: str) -> list[dict[str, Any]]:
    rows = json.loads((ansible.folder / f"dragonmint-reports/{report}.json").read_text(encoding="utf-8"))
    return [row for row in rows if row["miner"] == miner]


def outcomes(ansible: Ansible) -> dict[str, tuple[str, str]]:
    rows = json.loads((ansible.folder / "dragonmint-reports/curtail.json").read_text("utf-8"))
    return {row["miner"]: (row["outcome"], row["cause"]) for row in rows}


def record(ansible: Ansible) -> dict[str, Any]:
    path = ansible.folder / "dragonmint-reports/curtail-record.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def recorded(ansible: Ansible) -> set[str]:
    return {name for entry in record(ansible)["curtailed"] for name in entry["miners"]}


def in_new_folder(ansible: Ansible, name: str) -> Ansible:
    folder = ansible.folder / name
    folder.mkdir()
    return replace(ansible, folder=folder)


@newest_core
def test_a_group_is_curtailed_and_restored(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Repeating it changes nothing, and miners outside a run stay in the record."""
    fleet = mixed_fleet(start_fleet)
    before = modes(fleet)
    check = curtail(ansible, fleet, "--check", curtail_kw=1).succeeded()
    assert hosts_with_writes(fleet) == set()
    assert not (ansible.folder / "dragonmint-reports/curtail-record.json").exists()
    promised = re.search(r"([2-4]) of 8 miners to be changed, (1[.]\d+) kW saved of 1 kW requested[.]", check.output)
    assert promised, check.output

    twice = [job(curtail_kw="1", curtail_rate="10 kW"), job(curtail_kw=1)]
    done = ansible(twice, inventory_of(fleet)).succeeded()
    chosen = sorted(recorded(ansible))
    assert len(chosen) == int(promised[1])
    assert hosts_with_writes(fleet) == set(chosen)
    assert {len(miner.writes()) for miner in fleet.miners if miner.writes()} == {1}
    assert [now for now, _level in modes(fleet)].count("efficient") == 2 + len(chosen)
    said = f"{promised[1]} of {promised[1]} miners confirmed, {promised[2]} kW less than before."
    assert said in " ".join(done.output.split())

    restores = [job(curtail_restore=True, target=chosen[0]), job(curtail_restore=True)]
    part = ansible(restores, inventory_of(fleet)).succeeded()
    said = f"Still in the record, since they are not part of this run: {', '.join(chosen[1:])}."
    assert said in " ".join(part.output.split())
    assert modes(fleet) == before
    assert recorded(ansible) == set()


@newest_core
def test_every_miner_gets_an_outcome(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=9 + len(ODD_NAMES), speed=SPEED)
    names = [*(f"miner{number}" for number in range(1, 10)), *ODD_NAMES]
    restarting, hanging, locked, gone, ignoring, unlucky, _efficient, cooling, fine = fleet.miners[:9]
    # It is back after 5 s.
    restarting.set(timing={"boot_s": 5 * SPEED}, power="off")
    restarting.set(power="on")
    hanging.set(cgminer="silent")
    locked.set(users={"admin": "nobody knows"})
    gone.fault("dark")
    ignoring.fault("ignored_write", action="setAutoTune")
    unlucky.fault("ignored_write", action="setAutoTune", times=1)
    fleet[6].set(autotune={"mode": "efficient"})
    hosts = dict(zip(names, map(connection_to, fleet.miners), strict=True))
    hosts["miner10"] = hosts["miner9"]
    inventory = {
        "miners": {"hosts": hosts, "vars": {"dragonmint_timeout": 2, "dragonmint_retries": 1}},
        "cooling": {"hosts": {"miner8": None}},
    }
    variables = {"curtail_mode": "efficient", "curtail_never": "cooling", "curtail_unreachable_seconds": 20}

    done = ansible(CURTAIL, inventory, extra_vars=variables)
    assert done.returncode != 0
    assert outcomes(ansible) == {
        "miner1": ("confirmed", ""),
        "miner2": ("confirmed", ""),
        "miner3": ("refused", "login refused"),
        "miner4": ("unreachable", "unreachable"),
        "miner5": ("refused", "not applied"),
        "miner6": ("confirmed", ""),
        "miner7": ("unchanged", ""),
        "miner8": ("skipped", "never curtailed"),
        "miner9": ("confirmed", ""),
        "miner10": ("confirmed", ""),
        **dict.fromkeys(ODD_NAMES, ("confirmed", "")),
    }
    assert [write["action"] for write in fine.writes()] == ["setAutoTune"], "who has two names is commanded once"
    assert len(unlucky.writes()) == len(ignoring.writes()) == 2
    assert cooling.writes() == []
    assert "set curtail_partial to do without them" in " ".join(done.output.split())
    assert len(done.output.splitlines()) < 120
    assert recorded(ansible) == {"miner1", "miner2", "miner5", "miner6", "miner9", *ODD_NAMES}


@newest_core
def test_an_event_has_its_times(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """When it ends at the latest, how long a run may take, how soon a miner may switch back and how fast all may."""
    fleet = start_fleet(count=5, speed=SPEED)
    fleet[4].fault("silent")
    inventory = inventory_of(fleet, dragonmint_timeout=1, dragonmint_retries=0)
    began = time.monotonic()
    ends = {"curtail_until": "2099-07-01T18:00:00Z", "curtail_deadline_seconds": 4, "curtail_partial": True}
    ansible(CURTAIL, inventory, extra_vars={"curtail_mode": "efficient", **ends})
    assert time.monotonic() - began < 60
    assert record(ansible)["until"] == "2099-07-01T18:00:00Z"
    assert recorded(ansible) == {"miner1", "miner2", "miner3", "miner4"}
    fleet.clear()

    slice_of_awx = {"awx_job_template_name": "x", "awx_workflow_job_name": "x", "curtail_allow_slice": True}
    early = ansible(CURTAIL, inventory, extra_vars={"curtail_restore": True, "curtail_minimum_minutes": 60})
    assert early.returncode != 0
    assert "(curtail_minimum_minutes)" in early.output
    assert hosts_with_writes(fleet) == set()
    ansible(
        CURTAIL, inventory, extra_vars={"curtail_restore": True, "curtail_restore_rate": "2 miners", **slice_of_awx}
    ).succeeded()
    times = sorted(write["time"] for miner in fleet.miners for write in miner.writes())
    assert len(times) == 4
    assert times[-1] - times[0] > 1
    assert recorded(ansible) == set()


@newest_core
def test_what_is_powered_off_is_named_and_restored_once_it_was_switched_on(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=2, speed=SPEED)
    fleet[1].set(autotune={"mode": "efficient"})
    off_and_back = [job(curtail_kw=2, curtail_off=True), job(curtail_restore=True)]
    waiting = ansible(off_and_back, inventory_of(fleet)).succeeded()
    assert [miner.state()["power"] for miner in fleet.miners] == ["off", "off"]
    assert "To be switched on by hand: miner1, miner2." in " ".join(waiting.output.split())
    for miner in fleet.miners:
        miner.set(power="on")
    fleet[0].set(autotune={"mode": "performance"})
    curtail(ansible, fleet, curtail_restore=True).succeeded()
    assert [mode for mode, _level in modes(fleet)] == ["balanced", "efficient"]
    assert recorded(ansible) == set()


@newest_core
def test_a_run_that_was_killed_is_restored(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=6, speed=SPEED)
    before = modes(fleet)
    slow = {"curtail_mode": "efficient", "curtail_rate": "1 miner"}
    ansible.killed_once(lambda: "efficient" in dict(modes(fleet)), CURTAIL, inventory_of(fleet), extra_vars=slow)
    assert recorded(ansible) == {f"miner{number}" for number in range(1, 7)}
    assert "balanced" in dict(modes(fleet))
    curtail(ansible, fleet, curtail_restore=True).succeeded()
    assert modes(fleet) == before


def test_a_run_that_is_cancelled_leaves_its_record_and_sum(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Newer versions of Ansible pass SIGTERM on to their workers. Older ones leave them behind."""
    fleet = start_fleet(count=6, speed=SPEED)
    slow = {"curtail_mode": "efficient", "curtail_rate": "0.5 miners"}
    process = ansible.start(CURTAIL, inventory_of(fleet), extra_vars=slow)
    try:
        wait_until(lambda: "efficient" in dict(modes(fleet)))
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        cancelled = ansible.folder / "dragonmint-reports/curtail-cancelled.txt"
        wait_until(cancelled.exists)
    finally:
        process.kill()
    assert "of 6 miners confirmed, " in cancelled.read_text(encoding="utf-8")
    assert recorded(ansible) == {f"miner{number}" for number in range(1, 7)}
    assert "not tried" in {outcome for outcome, _cause in outcomes(ansible).values()}
    assert "balanced" in dict(modes(fleet))


@newest_core
def test_each_job_may_start_in_an_empty_folder(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, speed=SPEED)
    fleet[1].set(autotune={"mode": "performance"})
    before = modes(fleet)
    desired = {"provision_autotune_mode": "{{ 'performance' if inventory_hostname == 'miner2' else 'balanced' }}"}
    inventory = inventory_of(fleet, **desired)
    jobs = [in_new_folder(ansible, name) for name in ("first", "again", "handed")]

    jobs[0](CURTAIL, inventory_of(fleet), extra_vars={"curtail_kw": 0.4}).succeeded()
    assert recorded(jobs[0]) == {"miner2"}
    # Without a record, a miner below its desired mode counts as already curtailed.
    again = jobs[1](CURTAIL, inventory, extra_vars={"curtail_kw": 0.6}).succeeded()
    assert [mode for mode, _level in modes(fleet)] == ["efficient", "efficient", "balanced"]
    assert recorded(jobs[1]) == {"miner1", "miner2"}

    # As AWX passes the custom statistics of one job to the next.
    (stats,) = [each.result["ansible_stats"]["data"] for each in again.results if "ansible_stats" in each.result]
    assert stats["dragonmint_curtail"]["saved_kw"] == 0.68
    jobs[2](CURTAIL, inventory_of(fleet), extra_vars={"curtail_restore": True, **stats}).succeeded()
    assert modes(fleet) == before
    assert recorded(jobs[2]) == set()


@newest_core
def test_a_miner_lost_from_the_record_gets_its_desired_mode(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=4, speed=SPEED)
    fleet[3].set(autotune={"mode": "efficient"})
    before = modes(fleet)
    curtail(ansible, fleet, "--limit", "!miner4", curtail_mode="efficient").succeeded()
    kept = record(ansible)
    for entry in kept["curtailed"]:
        entry["miners"].remove("miner2")
    (ansible.folder / "dragonmint-reports/curtail-record.json").write_text(json.dumps(kept), encoding="utf-8")
    curtail(ansible, fleet, "--limit", "!miner4", curtail_restore=True, provision_autotune_mode="balanced").succeeded()
    assert modes(fleet) == before


@newest_core
def test_a_miner_that_moved_is_found_by_its_mac(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, speed=SPEED, first="127.62.0.1")
    inventory = inventory_of(fleet)
    for number, miner in enumerate(fleet.miners, 1):
        inventory["miners"]["children"]["dm_2018_05"]["hosts"][f"miner{number}"]["dragonmint_expected_mac"] = miner.mac
    fleet[0].set(host="127.62.0.9")
    fleet[2].set(power="off")
    variables = {"curtail_mode": "efficient", "curtail_search": "127.62.0.0/28", "curtail_unreachable_seconds": 2}
    ansible(CURTAIL, inventory, extra_vars=variables)
    assert outcomes(ansible) == {
        "miner1": ("confirmed", ""),
        "miner2": ("confirmed", ""),
        "miner3": ("unreachable", "unreachable"),
    }
    assert fleet[0].state()["autotune"]["mode"] == "efficient"


@newest_core
def test_while_an_event_is_open_nobody_else_sets_the_mode(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=2, speed=SPEED, first="127.63.0.1")
    fleet[1].set(autotune={"mode": "performance"})
    curtail(ansible, fleet, "--limit", "miner1", curtail_mode="efficient").succeeded()
    desired = {"provision_autotune_mode": "performance", "provision_verify_mining": False}
    jobs = [
        *({"import_playbook": f"minerops.dragonmint.{job}"} for job in ("provision", "audit", "heal", "overview")),
        {
            "import_playbook": "minerops.dragonmint.metrics",
            "vars": {"metrics_labels": ["hall"], "metrics_drift": False},
        },
        {"import_playbook": "minerops.dragonmint.provision", "vars": {"provision_at_once": True}},
    ]
    done = ansible(jobs, inventory_of(fleet, hall="h1"), extra_vars=desired).succeeded()
    assert [mode for mode, _level in modes(fleet)] == ["efficient", "performance"]
    left_alone = "since the miner is curtailed until"
    (said,) = [each for each in done.of("miner1") if each.task.endswith("Keep the mode of a curtailed miner")]
    assert left_alone in said.result["msg"]
    messages = [str(each.result.get("msg")) for each in done.of() if each.task.endswith("Show the outcome")]
    at_once = "2 miners: 2 as desired. 1 miner: The autotune mode is kept, "
    assert any(message.startswith(at_once) for message in messages), messages
    (drift,) = rows_of(ansible, "audit", "miner1")
    assert (drift["outcome"], left_alone in drift["reason"]) == ("as desired", True)
    assert [row["state"] for row in rows_of(ansible, "overview", "miner1")] == ["curtailed"]
    metrics = (ansible.folder / "dragonmint-reports/dragonmint.prom").read_text(encoding="utf-8")
    assert re.search(r'^dragonmint_curtailed{hall="h1",miner="miner1".*} 1.0$', metrics, re.MULTILINE)
    assert "dragonmint_drifted{" not in metrics
    assert re.search(r'^dragonmint_curtailed{hall="h1",miner="miner2".*} 0.0$', metrics, re.MULTILINE)

    source = ansible.folder / "fleet.dragonmint.yml"
    options = {
        "plugin": "minerops.dragonmint.dragonmint",
        "networks": ["127.63.0.1-2"],
        "port": fleet.port,
        "credentials": [{"password": "dragonadmin"}],
        "hostname": "'miner' ~ ansible_host.split('.')[3]",
        "desired": [{"autotune": {"mode": "performance"}}],
        "curtail_record": "dragonmint-reports/curtail-record.json",
    }
    source.write_text(yaml.safe_dump(options), encoding="utf-8")
    listed = ansible.tool("ansible-inventory", "-i", source, "--list")
    assert "1 miner curtailed until" in listed.stderr, listed.stderr
    inventory = json.loads(listed.stdout, object_hook=lambda value: value.get("__ansible_unsafe", value))
    assert inventory["in_desired_state"]["hosts"] == ["miner2"]
    assert "drift_autotune" not in inventory or not inventory["drift_autotune"].get("hosts")
    variables = inventory["_meta"]["hostvars"]["miner1"]
    assert variables["dragonmint_curtailed"] == record(ansible)["until"]

    ansible(PROVISION, inventory_of(fleet), extra_vars={**desired, "provision_ends_curtailment": True}).succeeded()
    assert [mode for mode, _level in modes(fleet)] == ["performance", "performance"]


@newest_core
@pytest.mark.parametrize(
    ("variables", "text", "said"),
    [
        ({"curtail_kw": 1, "curtail_mode": "efficient"}, None, "Set exactly one of curtail_kw"),
        ({"curtail_mode": "efficient"}, "", "curtail-record.json (curtail_record) is damaged"),
    ],
    ids=["two-goals", "empty-record-of-an-open-event"],
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
