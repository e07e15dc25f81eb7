# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook metrics, from simulated miners to the results in a real Prometheus."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.real_prometheus import IS_INSTALLED, Prometheus, eventually, promtool, running
from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, connection_to, newest_core

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "playbooks/metrics.yml"
RULES = ROOT / "extensions/prometheus/dragonmint.rules.yml"
DASHBOARD = ROOT / "extensions/prometheus/dashboard.json"
METRICS = "minerops.dragonmint.dragonmint_metrics"
RECORD = "dragonmint-reports/curtail-record.json"

COUNT, A_RACK = 200, 40
POOLS = [{"url": f"stratum+tcp://pool-{number}.vendor.example:3333", "user": f"vendor.{number}"} for number in (1, 2)]
FOREIGN = [{"url": "stratum+tcp://thief.example:1", "user": "thief", "pass": "x"}]
WELL: dict[str, Any] = {}
# Text from a user and from a miner that must not break out of its line in the file or hide in it.
HOSTILE_RACK = 'r"1"\\\n\u202eevil'

# The name of a miner, what is done to it, and its expected alerts; all others have none.
TROUBLES: dict[str, tuple[Callable[[Miner], Any], set[str]]] = {
    "killed": (lambda miner: miner.fault("dark"), {"DragonmintMinerDown"}),
    "removed": (lambda miner: miner.fault("dark"), {"DragonmintMinerDown"}),
    "locked": (lambda miner: miner.set(users={"admin": "nobody knows"}), {"DragonmintMinerLocked"}),
    "hung": (lambda miner: miner.set(cgminer="silent"), {"DragonmintMinerUnhealthy"}),
    "dead board": (lambda miner: miner.set(boards=[WELL, {"alive": False}, WELL]), {"DragonmintMinerUnhealthy"}),
    "hot": (lambda miner: miner.set(boards=[WELL, WELL, {"temperature_c": 91}]), {"DragonmintMinerHot"}),
    "slow": (lambda miner: miner.set(boards=[{"hashrate_mhs": 3.5e6}] * 3), {"DragonmintHashrateLow"}),
    "rejected": (lambda miner: miner.set(boards=[{"reject_ratio": 0.2}] * 3), {"DragonmintMinerDegraded"}),
    "drifted": (lambda miner: miner.set(pools=FOREIGN), {"DragonmintDrift"}),
    "rebooted": (lambda miner: miner.set(uptime_s=30), set()),
    "hostile": (lambda miner: miner.set(firmware='t1"\n\u202e{{ 1 }}'), set()),
    # In the record of a curtailment.
    "curtailed": (lambda miner: miner.set(autotune={"mode": "efficient"}, boards=[WELL, {"temperature_c": 91}]), set()),
    "powered off": (lambda miner: miner.fault("dark"), set()),
}
MISSING = "rack7-3"
CURTAILED = ("curtailed", "powered off")
INVENTORY_REPORT = {
    "path": "/srv/fleet.dragonmint.yml",
    "polled": COUNT,
    "locked": 0,
    "unresponsive": 0,
    "silent": 3,
    "unknown": 1,
    "filtered": 0,
    "at": 1784531465.2,
    "problems": [],
}


@newest_core
# Two polls and a server, on a busy machine.
@pytest.mark.timeout(600)
@pytest.mark.skipif(not IS_INSTALLED and "REQUIRE_PROMETHEUS" not in os.environ, reason="prometheus is not installed")
def test_what_a_real_prometheus_makes_of_a_fleet(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = named(start_fleet(count=COUNT, speed=1.0))
    for name, (bring_about, _alerts) in TROUBLES.items():
        bring_about(miners[name])
    before = {"model": "T1", "mode": "balanced", "level": None}
    entry = {"before": before, "now": "efficient", "switched": "2026-11-01T08:00:00Z", "miners": CURTAILED}
    record = {
        "version": 2,
        "opened": "2026-11-01T08:00:00Z",
        "until": "2999-01-01T00:00:00Z",
        "curtailed": [entry],
        "restored": {},
    }
    (ansible.folder / "dragonmint-reports").mkdir()
    (ansible.folder / RECORD).write_text(json.dumps(record))
    file, targets = ansible.folder / "textfiles/dragonmint.prom", ansible.folder / "targets.json"
    files = {"metrics_file": str(file), "metrics_sd_file": str(targets)}

    done = ansible(PLAYBOOK, inventory_of(miners), extra_vars=files).succeeded()
    assert done.changed == set()
    assert stats_of(done) == {
        "total": COUNT + 1,
        "up": COUNT - 4,
        "down": 5,
        "curtailed": 2,
        "unhealthy": 6,
        "drifted": 1,
        "is_ok": True,
        "summary": f"{COUNT + 1} miners: {COUNT - 4} up, 5 down. Of these, 2 curtailed, 6 unhealthy, 1 drifted.",
    }
    promtool("check", "metrics", given=file)
    promtool("check", "rules", RULES)
    promtool("test", "rules", RULES.with_name("dragonmint.rules.test.yml"))

    with running(ansible.folder, file.parent, targets, RULES) as prometheus:
        expected = {(alert, name) for name, (_unused, alerts) in TROUBLES.items() for alert in alerts}
        expected.add(("DragonmintMinerDown", MISSING))
        eventually(lambda: fired(prometheus) == expected)
        # A rate needs two of them.
        twice = f"count(dragonmint_up) == {COUNT + 1} and count(count_over_time(dragonmint_up[1h]) > 1)"
        then = prometheus.once(twice)
        require_values(then)
        require_dashboard(then)
        found = prometheus.targets("miners")
        assert len(found) == COUNT
        killed = next(target for target in found if target["labels"]["miner"] == "killed")
        assert killed["discoveredLabels"]["__address__"] == f"{miners['killed'].host}:{miners['killed'].port}"
        assert killed["labels"] == {
            "job": "miners",
            "miner": "killed",
            "rack": "r1",
            "instance": killed["discoveredLabels"]["__address__"],
        }

        # A miner that left the fleet leaves the file, with its alerts; one that is back has none; a dead one keeps its
        # model.
        removed = miners.pop("removed")
        miners["killed"].heal()
        miners["later"].fault("dark")
        ansible(PLAYBOOK, inventory_of(miners), extra_vars=files).succeeded()
        expected -= {("DragonmintMinerDown", "removed"), ("DragonmintMinerDown", "killed")}
        expected.add(("DragonmintMinerDown", "later"))
        eventually(lambda: fired(prometheus) == expected)
        then = prometheus.once('dragonmint_up{miner="later"} == 0')
        assert then.query('{miner="removed", __name__=~"dragonmint_.*"}') == []
        (later,) = then.query('dragonmint_up{miner="later"}')
        assert (later[0]["model"], later[1]) == ("T1", 0)
        assert f'"{removed.host}:' not in targets.read_text(encoding="utf-8")


def test_what_a_task_refuses_and_leaves_alone(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """One process: the old core has the oldest supported prometheus_client."""
    fleet = start_fleet(count=3)
    inventory = {"miners": {"hosts": {f"m{number}": connection_to(miner) for number, miner in enumerate(fleet.miners)}}}
    inventory["miners"]["hosts"]["m2"]["dragonmint_port"] = "eighty"
    inventory["miners"]["vars"] = {"provision_pools": [{"url": "http://pool.example.com", "user": "farm"}]}
    (ansible.folder / "folder").mkdir()
    (ansible.folder / "old.prom").write_text("old\n")
    (ansible.folder / "broken.json").write_text('{"version": 7}')
    refused: dict[str, tuple[dict[str, Any], str]] = {
        "label": ({"labels": ["board"]}, "labels has 'board', which is already a label of these metrics"),
        "name": ({"labels": ["a-b"]}, "labels has 'a-b', which is not a valid label name"),
        "folder": ({"dest": "folder"}, "dest 'folder' is not a file name"),
        "record": ({"curtail_record": "broken.json"}, "/broken.json (curtail_record) has version 7"),
        "hosts": ({"hosts": ["nobody"]}, "hosts names 'nobody', which the inventory does not have"),
    }
    tasks: list[dict[str, Any]] = [
        {"name": name, METRICS: {"dest": "refused.prom", **options}, "ignore_errors": True, "run_once": True}
        for name, (options, _text) in refused.items()
    ]
    tasks += [
        {"name": "elsewhere", METRICS: {"dest": "refused.prom"}, "ignore_errors": True, "delegate_to": "bastion"},
        {"name": "dry run", METRICS: {"dest": "old.prom"}, "check_mode": True, "run_once": True},
        {"name": "some", METRICS: {"dest": "some.prom", "hosts": ["m0", "m2"], "labels": []}, "run_once": True},
    ]
    done = ansible([{"hosts": "miners", "gather_facts": False, "tasks": tasks}], inventory).succeeded()
    for name, (_options, text) in refused.items():
        assert text in done.one(task=name).result["msg"]
    assert "runs on the controller" in done.one(task="elsewhere").result["msg"]
    assert not (ansible.folder / "refused.prom").exists()
    assert (ansible.folder / "old.prom").read_text() == "old\n"
    assert done.one(task="dry run").result["counts"]["up"] == 2
    # What can't be compared is not drift, and a misconfigured miner is not up.
    (warning,) = done.one(task="some").warnings
    assert "m0: the desired pools cannot be compared: The url of pool 1 is 'http://pool.example.com'" in warning
    text = (ansible.folder / "some.prom").read_text(encoding="utf-8")
    assert 'dragonmint_up{miner="m0",model="T1"} 1.0\ndragonmint_up{miner="m2"} 0.0\n' in text
    assert 'dragonmint_finding{finding="unexamined",miner="m2",part="",severity="critical"} 1.0\n' in text
    assert "dragonmint_drifted" not in text
    assert "m1" not in text


@newest_core
def test_a_limit_would_remove_miners(ansible: Ansible) -> None:
    inventory = {"miners": {"hosts": {"m1": {}, "m2": {}}}}
    done = ansible(PLAYBOOK, inventory, "--limit", "m1")
    assert done.returncode != 0
    assert "the file would lose all other miners" in done.one(task="Refuse a limit").result["msg"]


def named(fleet: Fleet) -> dict[str, Miner]:
    """The miners by name: those with troubles first, and one that dies later."""
    names = [*TROUBLES, "later"]
    names += [f"well{number}" for number in range(len(fleet.miners) - len(names))]
    return dict(zip(names, fleet.miners))


def inventory_of(miners: dict[str, Miner]) -> dict[str, Any]:
    hosts = {
        name: {**connection_to(miner), "rack": f"r{number // A_RACK + 1}"}
        for number, (name, miner) in enumerate(miners.items())
    }
    hosts["hostile"]["rack"] = HOSTILE_RACK
    # The wait for it is in vain.
    hosts["hung"] |= {"dragonmint_timeout": 2, "dragonmint_retries": 0}
    variables = {
        "provision_pools": POOLS,
        "provision_autotune_mode": "balanced",
        "dragonmint_missing": [MISSING],
        "dragonmint_inventory": {"fleet.dragonmint.yml": INVENTORY_REPORT},
    }
    return {"miners": {"hosts": hosts}, "all": {"vars": variables}}


def stats_of(done: PlaybookRun) -> dict[str, Any]:
    stats: dict[str, Any] = done.one(task="Publish the custom statistics").result["ansible_stats"]["data"]
    return stats["dragonmint_metrics"]


def fired(prometheus: Prometheus) -> set[tuple[str, str | None]]:
    return {(alert["alertname"], alert.get("miner")) for alert in prometheus.alerts()}


def require_values(prometheus: Prometheus) -> None:
    """Checks the values of single miners: without a response there is no value, rather than 0."""

    def value(expression: str) -> float | None:
        found = prometheus.query(expression)
        return found[0][1] if found else None

    assert value('dragonmint_up{miner="killed"}') == 0
    for name in ("hashrate_hashes_per_second", "power_watts", "uptime_seconds", "board_temperature_celsius"):
        assert value(f'dragonmint_{name}{{miner="killed"}}') is None
        assert value(f'dragonmint_{name}{{miner="well0"}}') > 0
    assert value('dragonmint_up{miner="hung"}') == 1
    assert value('dragonmint_hashrate_hashes_per_second{miner="hung"}') is None
    assert value('dragonmint_uptime_seconds{miner="hung"}') > 0
    assert value('dragonmint_expected_hashrate_hashes_per_second{miner="curtailed"}') == 12.5e12
    assert value('dragonmint_expected_hashrate_hashes_per_second{miner="well0"}') == 14.5e12
    assert value('dragonmint_power_watts{miner="well0", source="estimated"}') == 1300
    assert value('dragonmint_drifted{miner="curtailed", setting="autotune"}') is None
    assert value('dragonmint_drifted{miner="well0", setting="autotune"}') == 0
    assert value('dragonmint_finding{miner="rebooted", finding="rebooted", severity="info"}') == 1
    assert value('dragonmint_finding{miner="powered off"}') is None
    assert value(f'dragonmint_finding{{miner="{MISSING}", finding="missing"}}') == 1
    (info,) = prometheus.query('dragonmint_firmware_info{miner="hostile"}')
    assert (info[0]["rack"], info[0]["firmware"]) == ('r"1"\\<U+000A><U+202E>evil', 't1" <U+202E>{{ 1 }}')


def require_dashboard(prometheus: Prometheus) -> None:
    """Checks that each expression returns something, and the values of some."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    found = {
        panel["title"]: [prometheus.query(expression(target["expr"])) for target in panel["targets"]]
        for panel in panels
    }
    assert [title for title, results in found.items() if not all(results)] == []

    def numbers(title: str) -> list[float]:
        return [number for results in found[title] for _labels, number in results]

    assert numbers("Miners up") == [COUNT - 4]
    assert numbers("Miners down") == [4]
    assert numbers("Miners curtailed") == [2]
    assert numbers("Miners unhealthy") == [6]
    assert numbers("Booted in the last hour") == [1]
    assert 0.9 < numbers("Hash rate of expected")[0] < 1.1
    assert 80 < numbers("Energy per TH of SHA-256")[0] < 100
    assert numbers("Last poll")[0] < 900
    assert {labels["miner"] for labels, _one in found["Miners that do not answer"][0]} == {
        *("killed", "removed", "locked", MISSING)
    }
    assert {labels["miner"]: labels["finding"] for labels, _one in found["Findings"][0]} == {
        "killed": "unreachable",
        "removed": "unreachable",
        "locked": "locked",
        "hung": "cgminer_down",
        "dead board": "board_dead",
        "hot": "board_hot",
        "slow": "hashrate_low",
        "rejected": "rejects",
        MISSING: "missing",
    }
    assert found["Hottest boards"][0][0][1] == 91
    assert {labels["setting"]: number for labels, number in found["Drift by setting"][0]} == {"pools": 1, "autotune": 0}
    assert {labels["state"]: number for labels, number in found["Addresses of the inventory"][0]} == {
        state: INVENTORY_REPORT[state]
        for state in ("polled", "locked", "unresponsive", "silent", "unknown", "filtered")
    }


def expression(text: str) -> str:
    """An expression of the dashboard as Grafana would send it with all racks and models selected."""
    return re.sub(r"\$(rack|model)\b", ".*", text)
