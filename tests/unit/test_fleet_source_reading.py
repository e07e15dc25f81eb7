# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of the event source fleet: its arguments, an inventory, and the results of a poll."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.decision import (
    CRITICAL,
    WARNING,
    Rules,
    Sighting,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.desired import Desired, for_miner
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.inventory import Host, hosts_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.sighting import Interpreter, subsets_for
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.scan import (
    LOCKED,
    POLLED,
    UNRESPONSIVE,
    Found,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal

from .event_sources import described, required, text_of

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "extensions/eda/plugins/event_source/fleet.py"
SCHEMA = json.loads((SOURCE.parent / "schemas/fleet.json").read_text(encoding="utf-8"))
NETWORK: dict[str, Any] = {"networks": ["192.0.2.0/24"], "allow_public": True, "credentials": [{"password": "hunter2"}]}
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}


def test_arguments_have_defaults() -> None:
    settings = settings_from(NETWORK, SCHEMA)
    assert settings.rules == Rules(polls=2, storm_percent=20)
    assert settings.credentials == (Credential("admin", "hunter2", "1"),)
    assert settings.networks is not None
    assert len(settings.networks) == 254
    assert (settings.interval_s, settings.port, settings.named_by_mac) == (60, 80, True)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "Give exactly one of networks, inventory."),
        ({**NETWORK, "inventory": {"paths": ["a"]}}, "Give exactly one of networks, inventory."),
        ({"networks": ["10.0.0.0/24"]}, "credentials is missing. Networks are polled with these logins."),
        ({**NETWORK, "networks": ["10.0.0.1/24"]}, "networks has '10.0.0.1/24', which is an address within a network."),
        ({**NETWORK, "allow_public": False, "networks": ["8.8.8.8"]}, "networks has public addresses, from 8.8.8.8 on"),
        ({**NETWORK, "networks": "10.0.0.1"}, "networks: expected a list, found text."),
        ({**NETWORK, "intervall": 5}, "unknown argument 'intervall'. Did you mean 'interval'?"),
        ({**NETWORK, "interval": 0.5}, "interval: expected at least 1, found '0.5'."),
        ({**NETWORK, "for": 0}, "for: expected at least 1, found '0'."),
        ({**NETWORK, "for": 1.5}, "for: expected a whole number, found '1.5'."),
        ({**NETWORK, "limit": "no"}, "limit: expected true or false, found the text 'no'."),
        ({**NETWORK, "credentials": [{"password": 4711}]}, "credentials[0].password: expected text. The password"),
        ({**NETWORK, "credentials": [{"username": "hunter2:x", "password": "a"}]}, "credentials[0].username: expected"),
        ({**NETWORK, "credentials": [{"pasword": "hunter2"}]}, "credentials[0]: unknown argument 'pasword'."),
        ({**NETWORK, "credentials": ["hunter2"]}, "credentials[0]: expected a mapping, found text."),
        ({**NETWORK, "desired": {"pools": [{"url": "pool", "user": "u"}]}}, "The desired pools is not valid: "),
        ({**NETWORK, "desired": {"autotune": {"mode": "fast"}}}, "desired.autotune.mode: expected one of 'efficient'"),
        ({**NETWORK, "desired": {"autotune": {"mode": "balanced", "level": " "}}}, "The desired autotune is not valid"),
        ({**NETWORK, "health": {"boards": -1}}, "health.boards: expected at least 0, found '-1'."),
        ({**NETWORK, "health": {"ratings": {"T1": {"balanced": {"watts": "much"}}}}}, "health.ratings: "),
    ],
)
def test_wrong_arguments_are_refused_by_name(args: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as caught:
        settings_from(args, SCHEMA)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_the_documentation_describes_the_arguments() -> None:
    assert described(yaml.safe_load(text_of(SOURCE, "DOCUMENTATION"))["options"]) == required(SCHEMA)


def test_limits_of_health_are_those_of_the_role() -> None:
    of_role = {variable.name.removeprefix("health_"): variable.default for variable in heal.VARIABLES}
    limits = {name: about.get("default") for name, about in SCHEMA["properties"]["health"]["properties"].items()}
    del limits["ratings"]
    assert limits == {name: of_role[name] for name in limits}


def test_examples_are_what_the_source_takes() -> None:
    page = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in (text_of(SOURCE, "EXAMPLES"), *blocks):
        example = yaml.safe_load(block)
        arguments = example[0]["sources"][0]["minerops.dragonmint.fleet"] if isinstance(example, list) else example
        settings_from({**NETWORK, **arguments}, SCHEMA)


LISTING: dict[str, Any] = {
    "_meta": {
        "hostvars": {
            "m1": {"ansible_host": "10.0.0.1", "dragonmint_password": "hunter2", "dragonmint_port": "8081"},
            "m2": {"ansible_host": "10.0.0.2", "ansible_password": "b", "ansible_user": "guest"},
        }
    },
    "all": {"children": ["ungrouped", "miners"]},
    "miners": {"children": ["rack1"], "hosts": ["m2"]},
    "rack1": {"hosts": ["m1", "m2"]},
    "ungrouped": {"hosts": ["bastion"]},
}


def listing(**variables: Any) -> dict[str, Any]:
    """An inventory of one miner with these variables."""
    values = {"ansible_host": "10.0.0.1", "dragonmint_password": "hunter2", **variables}
    return {"_meta": {"hostvars": {"m1": values}}, "all": {"hosts": ["m1"]}}


def test_an_inventory_names_hosts_with_their_logins() -> None:
    assert hosts_from(LISTING, "miners", 80, ()) == [
        Host("m2", "10.0.0.2", 80, (Credential("guest", "b", "1"),)),
        Host("m1", "10.0.0.1", 8081, (Credential("admin", "hunter2", "1"),)),
    ]
    own = (Credential("admin", "own", "fleet"),)
    assert {host.credentials for host in hosts_from(LISTING, "miners", 80, own)} == {own}


def test_an_inventory_says_how_its_hosts_have_to_be() -> None:
    named = {"url": POOL["url"], "user": "farm.{{ inventory_hostname }}"}
    (host,) = hosts_from(
        listing(provision_pools=[named], provision_autotune_mode="efficient", upgrade_version="{{ version }}"),
        "all",
        80,
        (),
    )
    assert host.settings == {"pools": [{**named, "user": "farm.m1"}], "autotune": {"mode": "efficient"}}
    assert host.unknown == ("firmware",)


@pytest.mark.parametrize(
    ("inventory", "group", "message"),
    [
        (listing(), "miners", "inventory.group: the inventory has no group 'miners'."),
        ({"all": {}}, "all", "inventory: the group 'all' has no hosts."),
        (LISTING, "all", "Host 'bastion' has no dragonmint_password. Set it, or give credentials."),
        (
            listing(ansible_host="{{ ip }}"),
            "all",
            "Host 'm1': ansible_host has a template, which only a play evaluates.",
        ),
        (listing(dragonmint_password="{{ hunter2 }}"), "all", "Host 'm1': dragonmint_password has a template"),
        (
            listing(dragonmint_password={"__ansible_vault": "hunter2"}),
            "all",
            "Host 'm1': dragonmint_password is vaulted or not text.",
        ),
        (listing(dragonmint_port=0), "all", "Host 'm1': dragonmint_port is '0'; expected a port from 1 to 65535."),
        (listing(dragonmint_scheme="https"), "all", "Host 'm1' has dragonmint_scheme, and the source polls over http"),
        (listing(ansible_host="fe80::1"), "all", "Host 'm1' has the IPv6 address fe80::1, and the source polls IPv4"),
        (listing(ansible_host="127.1"), "all", "Host 'm1': ansible_host"),
    ],
)
def test_an_inventory_that_can_not_be_used_is_refused(inventory: dict[str, Any], group: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        hosts_from(inventory, group, 80, ())
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


IDENTITY = {"type": "T1", "mac": "a0:b0:45:00:00:01", "firmware": "t1_20180515_060842", "hwver": "g19"}
MINING = {
    "ready": True,
    "boards": [{"id": number, "status": "Alive", "hashrate_ths": 5.0, "last_share_seconds": 1} for number in range(3)],
    "pools": [{"url": POOL["url"], "status": "Alive", "active": True}],
}
FACTS: dict[str, Any] = {
    "dragonmint_identity": IDENTITY,
    "dragonmint_hardware": {"uptime_seconds": 3600},
    "dragonmint_pools": [{**POOL, "password": None}],
    "dragonmint_autotune": {"mode": "balanced", "level": None, "is_tuning": False},
    "dragonmint_mining": MINING,
    "dragonmint_network": {
        "mode": "dhcp",
        "ipaddress": "10.0.0.1",
        "netmask": "255.255.255.0",
        "gateway": "10.0.0.254",
        "dns": ["10.0.0.254"],
    },
}
NAMES = {"miner": "m1", "mac": "a0b045000001", "octet": "1"}


def seen(found: Found, desired: Mapping[str, Any] | None = None) -> Sighting | None:
    limits = settings_from(NETWORK, SCHEMA).limits
    interpreter = Interpreter(
        limits,
        lambda address, mac: mac.replace(":", "-") if mac else address,
        lambda _miner, _address, _mac: Desired(for_miner(desired, NAMES)) if desired else None,
    )
    return interpreter.sighting(found)


def polled(**facts: Any) -> Found:
    known = {**FACTS, **{f"dragonmint_{name}": fact for name, fact in facts.items()}}
    return Found("10.0.0.1", POLLED, 1_000_000.0, {name: fact for name, fact in known.items() if fact is not None})


def test_a_healthy_miner_is_seen() -> None:
    assert seen(polled()) == Sighting(
        "a0-b0-45-00-00-01",
        "10.0.0.1",
        "a0:b0:45:00:00:01",
        findings={},
        firmware="t1_20180515_060842",
        booted_at=996_400.0,
    )


@pytest.mark.parametrize(
    ("found", "findings"),
    [
        (polled(mining={"ready": False, "boards": [], "pools": []}), {"cgminer_down": "cgminer does not answer"}),
        (
            polled(mining={**MINING, "boards": [{"id": n, "status": "Dead"} for n in range(3)]}),
            {"board_dead": "board 0 is Dead; board 1 is Dead; board 2 is Dead"},
        ),
        (polled(mining=None), {"unexamined": "its mining state could not be read"}),
        (
            Found("10.0.0.1", UNRESPONSIVE, 1.0, {"dragonmint_identity": IDENTITY}, problem="No answer."),
            {"cgminer_down": "cgminer hangs and does not answer"},
        ),
        # A model without a rating, and a miner that has rebooted: remarks, not faults.
        (polled(identity={**IDENTITY, "type": "T9"}), {}),
        (polled(hardware={"uptime_seconds": 60}), {}),
    ],
)
def test_findings_are_those_of_the_health_rules(found: Found, findings: dict[str, str]) -> None:
    sighting = seen(found)
    assert sighting
    assert sighting.findings is not None
    assert {code: fault.detail for code, fault in sighting.findings.items()} == findings
    assert {fault.severity for fault in sighting.findings.values()} <= {CRITICAL}


@pytest.mark.parametrize(
    ("desired", "subsets"),
    [
        ((), ("identity", "hardware", "autotune", "mining")),
        (("firmware", "autotune"), ("identity", "hardware", "autotune", "mining")),
        (("pools",), ("identity", "hardware", "pools", "autotune", "mining")),
        (("network", "pools"), ("identity", "hardware", "network", "pools", "autotune", "mining")),
    ],
)
def test_nothing_is_read_that_no_rule_needs(desired: tuple[str, ...], subsets: tuple[str, ...]) -> None:
    assert subsets_for(desired) == subsets


def test_who_does_not_answer_is_not_seen() -> None:
    assert seen(Found("10.0.0.1", UNRESPONSIVE, 1.0, problem="No answer.")) is None


def test_a_locked_miner_is_seen_without_a_name() -> None:
    locked = Found("10.0.0.1", LOCKED, 1.0, problem="It refuses {{ 1 }}. Correct dragonmint_password.")
    assert seen(locked) == Sighting("10.0.0.1", "10.0.0.1", is_locked=True, detail="It refuses { {  1 }}.")


@pytest.mark.parametrize(
    ("desired", "fault"),
    [
        ({"pools": [{**POOL, "user": "farm.{octet}"}]}, None),
        (
            {"pools": [{**POOL, "user": "farm.{mac}"}]},
            f"pools: found {POOL['url']} farm.1, desired {POOL['url']} farm.a0b045000001",
        ),
        ({"autotune": {"mode": "balanced"}}, None),
        ({"autotune": {"mode": "efficient"}}, "autotune: found balanced, desired efficient"),
        (
            {"autotune": {"mode": "balanced", "level": "2"}},
            "autotune: found balanced, desired balanced, level 2",
        ),
        ({"firmware": {"version": "t1_20180515_060842"}}, None),
        ({"firmware": {"version": "new"}}, "firmware: found t1_20180515_060842, desired new"),
        ({"network": {"mode": "dhcp"}}, None),
    ],
)
def test_drift_is_by_setting(desired: dict[str, Any], fault: str | None) -> None:
    sighting = seen(polled(), desired)
    assert sighting
    (setting,) = desired
    found = sighting.drift[setting]
    assert (found and found.detail) == fault
    assert found is None or found.severity == WARNING


def test_drift_is_unknown_where_facts_are_missing() -> None:
    sighting = seen(polled(autotune=None), {"autotune": {"mode": "efficient"}})
    assert sighting
    assert sighting.drift == {}


def test_pools_that_nobody_desired_are_a_finding_too() -> None:
    sighting = seen(polled(), {"pools": [{**POOL, "user": "other"}]})
    assert sighting
    assert sighting.findings is not None
    assert sighting.findings["pools_foreign"].severity == CRITICAL
