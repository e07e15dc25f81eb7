# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A miner's samples in the file for Prometheus; and everything that names a metric names an existing one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, heal, metrics
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    needs_evaluation,
    normalised,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics import (
    exposition,
    families,
    samples,
    targets,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.expectations import Reader, labels_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.samples import Expectations, Polled

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "extensions/prometheus"
RULES = yaml.safe_load((EXTENSION / "dragonmint.rules.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
PANELS = json.loads((EXTENSION / "dashboard.json").read_text(encoding="utf-8"))["panels"]
PAGE = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
NAME = re.compile(r"\bdragonmint_[a-z_]+\b")

POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}
LIMITS = checks.limits_from({**normalised(heal.VARIABLES, {}), "dragonmint_ratings": None})


def board(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "status": "Alive",
        "temperature_c": 72.0,
        "hashrate_ths": 4.9,
        "last_share_seconds": 3,
        "accepted": 300,
        "rejected": 2,
        "hardware_error_ratio": 0.001,
        **changes,
    }


FACTS: dict[str, Any] = {
    "dragonmint_identity": {"type": "T1", "hwver": "g19", "firmware": "t1_20180515_060842"},
    "dragonmint_hardware": {"uptime_seconds": 86400},
    "dragonmint_autotune": {"mode": "balanced", "level": None, "is_tuning": False},
    "dragonmint_pools": [POOL],
    "dragonmint_mining": {
        "ready": True,
        "hashrate_ths": {"average": 14.7},
        "boards": [board(0), board(1), board(2)],
        "pools": [{"url": POOL["url"], "status": "Alive", "active": True, "accepted": 900, "rejected": None}],
        "fan_percent": 59,
        "reject_ratio": 0.006,
        "elapsed_seconds": 80000,
    },
}

# The facts that don't come from cgminer.
OF_SYSTEM = {name: FACTS[name] for name in ("dragonmint_identity", "dragonmint_hardware")}


def facts(**changes: Any) -> dict[str, Any]:
    """The facts of a healthy miner, with changes to its mining."""
    return {**FACTS, "dragonmint_mining": {**FACTS["dragonmint_mining"], **changes}}


def polled(given: Mapping[str, Any] | None = None, **changes: Any) -> Polled:
    facts = {**(FACTS if given is None else given), "dragonmint_gathered_at": 1000.4}
    result = {"ansible_facts": facts}
    return Polled("m1", 990.0, {"rack": "r1"}, Expectations(LIMITS), result, **changes)


def silent(code: str, **changes: Any) -> Polled:
    result = {"failed": True, "unreachable": code == "unreachable", "error_code": code, "msg": "It is gone."}
    return replace(polled(**changes), result=result)


def shown(miner: Polled) -> dict[str, float]:
    """The samples by their names and further labels: board_temperature_celsius{0}."""
    found = {}
    for sample in samples.samples_of(miner):
        further = [sample.labels[name] for name in sample.family.labels]
        name = sample.family.name.removeprefix("dragonmint_")
        found[f"{name}{{{','.join(further)}}}" if further else name] = float(sample.value)
    return found


WELL = {
    "up": 1,
    "curtailed": 0,
    "poll_timestamp_seconds": 1000,
    "hashrate_hashes_per_second{sha256}": pytest.approx(14.7e12),
    "expected_hashrate_hashes_per_second{sha256}": 14.5e12,
    "power_watts{estimated}": 1300,
    "uptime_seconds": 86400,
    **{f"board_temperature_celsius{{{number}}}": 72 for number in range(3)},
    **{f"board_hashrate_hashes_per_second{{{number}}}": pytest.approx(4.9e12) for number in range(3)},
    "fan_speed_ratio": 0.59,
    "pool_up{0,pool.example.com:3333}": 1,
    "shares_accepted_total": 900,
    "shares_rejected_total": 6,
    "firmware_info{t1_20180515_060842,g19}": 1,
}
UNKNOWN_RATES = ("hashrate_hashes_per_second{sha256}", "power_watts{estimated}")
OF_BOARDS = tuple(name for name in WELL if name.startswith(("board_", "shares_")))


def without(*names: str, **changes: float) -> dict[str, Any]:
    return {**{name: value for name, value in WELL.items() if name not in names}, **changes}


@pytest.mark.parametrize(
    ("miner", "expected"),
    [
        pytest.param(polled(), WELL, id="well"),
        pytest.param(polled(is_curtailed=True), {**WELL, "curtailed": 1}, id="curtailed"),
        pytest.param(
            silent("unreachable"),
            {"up": 0, "curtailed": 0, "poll_timestamp_seconds": 990, "finding{unreachable,,critical}": 1},
            id="no answer is not 0",
        ),
        pytest.param(
            silent("authentication"),
            {"up": 0, "curtailed": 0, "poll_timestamp_seconds": 990, "finding{locked,,critical}": 1},
            id="locked",
        ),
        pytest.param(
            silent("unreachable", is_curtailed=True),
            {"up": 0, "curtailed": 1, "poll_timestamp_seconds": 990},
            id="what is curtailed may be silent",
        ),
        pytest.param(
            silent("timeout", identity={"ansible_facts": OF_SYSTEM, "changed": False}),
            {
                **{name: WELL[name] for name in ("up", "curtailed", "uptime_seconds")},
                "poll_timestamp_seconds": 990,
                "firmware_info{t1_20180515_060842,g19}": 1,
                "finding{cgminer_down,,critical}": 1,
            },
            id="cgminer hangs",
        ),
        pytest.param(
            polled(facts(ready=False, boards=[], pools=[], fan_percent=None, reject_ratio=None)),
            {
                **without(*UNKNOWN_RATES, *OF_BOARDS, "fan_speed_ratio", "pool_up{0,pool.example.com:3333}"),
                "finding{cgminer_down,,critical}": 1,
            },
            id="cgminer does not answer",
        ),
        pytest.param(
            polled(facts(boards=[board(0, temperature_c=91.0), board(1), board(2, hashrate_ths=None)])),
            {
                **without("board_hashrate_hashes_per_second{2}"),
                "board_temperature_celsius{0}": 91,
                "hashrate_hashes_per_second{sha256}": pytest.approx(9.8e12),
                "finding{board_hot,board 0,critical}": 1,
                "finding{hashrate_low,,warning}": 1,
            },
            id="what a board leaves out",
        ),
        pytest.param(
            polled(
                facts(
                    algorithm="scrypt",
                    hashrate_hs={"average": 620e6},
                    power_watts=1510,
                    boards=[board(0, hashrate_ths=None, hashrate_hs=620e6), board(1), board(2)],
                )
            ),
            {
                **without(
                    "hashrate_hashes_per_second{sha256}",
                    "expected_hashrate_hashes_per_second{sha256}",
                    "power_watts{estimated}",
                ),
                "hashrate_hashes_per_second{scrypt}": pytest.approx(9.8e12 + 620e6),
                "expected_hashrate_hashes_per_second{scrypt}": 14.5e12,
                "board_hashrate_hashes_per_second{0}": 620e6,
                "power_watts{measured}": 1510,
                "finding{hashrate_low,,warning}": 1,
            },
            id="base units, and measured power",
        ),
        pytest.param(
            polled(facts(boards=[board(number, hashrate_ths=0.0) for number in range(3)])),
            {
                **without("power_watts{estimated}"),
                "hashrate_hashes_per_second{sha256}": 0,
                **{f"board_hashrate_hashes_per_second{{{number}}}": 0 for number in range(3)},
                "finding{hashrate_low,,warning}": 1,
            },
            id="what does not hash draws no rated power",
        ),
        pytest.param(
            polled({**FACTS, "dragonmint_identity": {**FACTS["dragonmint_identity"], "type": "T2T+"}}),
            {
                **without("expected_hashrate_hashes_per_second{sha256}"),
                # A nominal rating is good enough for power, but not as the expected rate of one of several modes.
                "power_watts{estimated}": 2200,
                "finding{unrated,,info}": 1,
            },
            id="a rating of no mode in particular",
        ),
    ],
)
def test_what_a_miner_has_to_show(miner: Polled, expected: dict[str, float]) -> None:
    assert shown(miner) == expected


@pytest.mark.parametrize(
    ("variables", "is_curtailed", "expected"),
    [
        ({}, False, {}),
        ({"provision_pools": [POOL]}, False, {"pools": False}),
        ({"provision_pools": [{**POOL, "user": "farm.2"}]}, False, {"pools": True}),
        ({"provision_pools": json.dumps([POOL])}, False, {"pools": False}),
        ({"provision_autotune_mode": "efficient"}, False, {"autotune": True}),
        ({"provision_autotune_mode": "efficient", "provision_pools": [POOL]}, True, {"pools": False}),
        ({"upgrade_version": "t1_20180901_120000"}, False, {"firmware": True}),
        # It was not read, so its state is unknown.
        ({"provision_network": {"mode": "dhcp"}}, False, {}),
    ],
)
def test_what_has_drifted(variables: dict[str, Any], is_curtailed: bool, expected: dict[str, bool]) -> None:
    found = Reader(compares=True).expectations_of("m1", Host(variables))
    miner = replace(polled(is_curtailed=is_curtailed), expectations=found)
    assert dict(samples.drifted(miner)) == expected
    assert (
        dict(samples.drifted(replace(miner, expectations=Reader(False).expectations_of("m1", Host(variables))))) == {}
    )


def test_variables_of_a_host_are_its_own() -> None:
    reader = Reader(compares=True)
    shared = {"health_max_board_temperature_c": 60}
    hot = reader.expectations_of("m1", Host(shared))
    assert reader.expectations_of("m2", Host(shared)).limits is hot.limits
    assert "finding{board_hot,board 0,critical}" in shown(replace(polled(), expectations=hot))
    other = reader.expectations_of("m3", Host({"health_max_board_temperature_c": "{{ limit }}", "limit": 90}))
    assert shown(replace(polled(), expectations=other)) == WELL
    rated = {"dragonmint_ratings": {"T1": {"balanced": {"hashrate_ths": 10, "watts": 900}}}}
    mine = shown(replace(polled(), expectations=reader.expectations_of("m4", Host(rated))))
    assert (mine["expected_hashrate_hashes_per_second{sha256}"], mine["power_watts{estimated}"]) == (10e12, 900)
    with pytest.raises(InvalidInput, match="health_boards is 'many'"):
        reader.expectations_of("m5", Host({"health_boards": "many"}))


def test_what_cannot_be_compared_is_reported_once() -> None:
    reader = Reader(compares=True)
    for host in ("m1", "m2"):
        wrong = {
            "provision_pools": [{"url": "http://a.example.com", "user": "x"}],
            "provision_autotune_mode": "efficient",
        }
        assert list(reader.expectations_of(host, Host(wrong)).comparisons) == ["autotune"]
    problems = list(reader.problems.values())
    assert len(problems) == 1
    assert problems[0].startswith(
        "m1: the desired pools cannot be compared: The url of pool 1 is 'http://a.example.com'"
    )


def test_labels() -> None:
    given = Host({"rack": 7, "site": "a\u202eb\n", "hall": None})
    assert labels_of(["rack", "site", "hall", "none"], given) == {
        "rack": "7",
        "site": "a<U+202E>b<U+000A>",
        "hall": "",
        "none": "",
    }
    named = replace(polled(), miner="m\u200b1", labels={"rack": "", "site": "north"}, model="not asked")
    assert samples.labels_of(named) == {"miner": "m<U+200B>1", "model": "T1", "site": "north"}
    assert samples.labels_of(silent("unreachable", model="T1"))["model"] == "T1"
    sales = {**FACTS, "dragonmint_identity": {"type": "A9", "model": "A9 ZMaster"}}
    assert samples.labels_of(polled(sales))["model"] == "A9 ZMaster"
    assert samples.visible("x" * 1000) == "x" * 200 + "…"
    assert samples.visible("\ud800") == "<U+D800>"


@pytest.mark.parametrize("name", ["", "a-b", "1a", "__name__", "rack 7", "ä"])
def test_names_that_prometheus_would_not_take(name: str) -> None:
    with pytest.raises(InvalidVariables, match=r"^metrics_labels has .*, which is not a valid label name"):
        metrics.require_labels("metrics_labels", ["rack", name])


@pytest.mark.parametrize("name", ["miner", "model", "board", "finding", "instance", "job"])
def test_labels_that_are_taken(name: str) -> None:
    with pytest.raises(
        InvalidVariables, match=rf"^metrics_labels has '{name}', which is already a label of these metrics"
    ):
        normalised(metrics.VARIABLES, {"metrics_labels": [name]})


def test_a_file_is_what_prometheus_reads_and_has_the_models_for_the_next_poll(tmp_path: Path) -> None:
    hostile = replace(polled(), miner='a "b" \\ {c}', labels={"rack": "1\n2"})
    path = tmp_path / "dragonmint.prom"
    path.write_text(
        exposition.text_of(
            [
                *samples.samples_of(hostile),
                *samples.samples_of(silent("unreachable", model="A9")),
                *samples.missing("gone", 990.0),
                *samples.addresses({"a.yml": {"at": 5.0, "polled": 3}, "failed.yml": {"at": None, "polled": 0}}),
            ]
        ),
        encoding="utf-8",
    )
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:5] == [
        "# HELP dragonmint_up Whether the miner answered and accepted the login (1) or not (0).",
        "# TYPE dragonmint_up gauge",
        'dragonmint_up{miner="a \\"b\\" \\\\ {c}",model="T1",rack="1\\n2"} 1.0',
        'dragonmint_up{miner="m1",model="A9",rack="r1"} 0.0',
        'dragonmint_up{miner="gone"} 0.0',
    ]
    assert "# TYPE dragonmint_shares_accepted_total counter" in lines
    assert 'dragonmint_inventory_addresses{source="a.yml",state="polled"} 3.0' in lines
    assert not [line for line in lines if "failed.yml" in line or "dragonmint_drifted" in line]
    assert exposition.models_in(str(path)) == {'a "b" \\ {c}': "T1", "m1": "A9", "gone": ""}


@pytest.mark.parametrize("text", [None, "", "node_up 1\n", "\x00{", "# TYPE dragonmint_up gauge\ndragonmint_up 1\n"])
def test_another_file_has_no_models(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "other.prom"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert exposition.models_in(str(path)) == {}


def test_targets() -> None:
    found = targets.text_of(
        [
            targets.Target("192.0.2.7", 80, "http", {"miner": "m1", "model": "", "rack": "7"}),
            targets.Target("2001:db8::7", 8443, "https", {"miner": "m2"}),
        ]
    )
    assert json.loads(found) == [
        {"targets": ["192.0.2.7:80"], "labels": {"miner": "m1", "rack": "7", "__scheme__": "http"}},
        {"targets": ["[2001:db8::7]:8443"], "labels": {"miner": "m2", "__scheme__": "https"}},
    ]
    assert json.loads(targets.text_of([])) == []


def test_the_sum_of_a_poll() -> None:
    counts = metrics.Counts()
    hot = polled(facts(boards=[board(0, temperature_c=91.0), board(1, temperature_c=92.0), board(2)]))
    drifting = Reader(True).expectations_of(
        "m3", Host({"provision_autotune_mode": "efficient", "upgrade_version": "t1_20180901_120000"})
    )
    for miner in (
        replace(hot, miner="m1"),
        replace(silent("unreachable", is_curtailed=True), miner="m2"),
        replace(polled(), miner="m3", expectations=drifting),
        replace(silent("unreachable"), miner="m4"),
        replace(polled({**FACTS, "dragonmint_hardware": {"uptime_seconds": 5}}), miner="m5"),
    ):
        list(map(counts.counted, samples.samples_of(miner)))
    list(map(counts.counted, samples.missing("m6", 990.0)))
    numbers = {"total": 6, "up": 3, "down": 3, "curtailed": 1, "unhealthy": 1, "drifted": 1}
    assert counts.as_result() == numbers
    summary = "6 miners: 3 up, 3 down. Of these, 1 curtailed, 1 unhealthy, 1 drifted."
    assert metrics.outcome(numbers) == {
        "summary": summary,
        "is_ok": True,
        "stats": {**numbers, "is_ok": True, "summary": summary},
    }


def test_a_poll_that_nobody_answered_has_failed() -> None:
    numbers = {"total": 2, "up": 0, "down": 2, "curtailed": 0, "unhealthy": 0, "drifted": 0}
    outcome = metrics.outcome(numbers)
    assert not outcome["is_ok"]
    assert outcome["summary"].startswith("2 miners: 2 down. No miner answered and accepted the login.")
    assert metrics.outcome({**numbers, "total": 0, "down": 0})["is_ok"]


def test_all_that_name_a_metric_name_one_that_there_is() -> None:
    there_are = {family.name for family in families.FAMILIES}
    expressions = [rule["expr"] for rule in RULES]
    expressions += [target["expr"] for panel in PANELS for target in panel["targets"]]
    used = {name for expression in expressions for name in NAME.findall(expression)}
    assert used == there_are
    assert set(re.findall(r"^\| `(dragonmint_\w+)` \|", PAGE, re.MULTILINE)) == there_are


def test_all_that_name_a_label_name_one_that_there_is() -> None:
    rows = re.findall(r"^\| `(dragonmint_\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == {
        family.name: family.labels for family in families.FAMILIES
    }


def test_no_alert_is_on_a_curtailed_miner_and_each_has_a_test() -> None:
    of_miners = [rule for rule in RULES if rule["alert"] not in ("DragonmintPollStale", "DragonmintMetricsAbsent")]
    exclusion = "unless on (instance, miner) (dragonmint_curtailed == 1)"
    assert [rule["alert"] for rule in of_miners if exclusion not in rule["expr"]] == []
    tested = yaml.safe_load((EXTENSION / "dragonmint.rules.test.yml").read_text(encoding="utf-8"))["tests"]
    fired = {each["alertname"] for test in tested for each in test["alert_rule_test"] if each["exp_alerts"]}
    assert fired == {rule["alert"] for rule in RULES}
    page = (EXTENSION / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(Dragonmint\w+)` .* \| (\w+) \|$", page, re.MULTILINE) == [
        (rule["alert"], rule["labels"]["severity"]) for rule in RULES
    ]


def test_panels_show_metrics_of_one_data_source_side_by_side() -> None:
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in PANELS
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


class Host:
    """The variables of a host, whose templates are the names of other variables."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def has(self, name: str) -> bool:
        return name in self._variables

    def raw(self, name: str) -> Any:
        return self._variables.get(name)

    def value(self, name: str) -> Any:
        return self.evaluated(name, self.raw(name))

    def evaluated(self, name: str, raw: Any) -> Any:
        return self._variables[raw.strip("{ }")] if isinstance(raw, str) and needs_evaluation(raw) else raw
