# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Desired state: what an entry may contain, the resulting variables, and the drift."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import autotune, network, pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AutoTune
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import Pool
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import Network
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import desired

POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}
BACKUP = {**POOL, "url": "stratum+tcp://backup.example.com:3333"}
STATIC = {
    "mode": "static",
    "ipaddress": "10.1.0.25",
    "netmask": "255.255.252.0",
    "gateway": "10.1.0.1",
    "dns": ["8.8.8.8", "8.8.4.4"],
}
# As reported by a miner with exactly these settings.
FACTS = {
    "dragonmint_identity": {"type": "T1", "firmware": "t1_20180515_060842"},
    "dragonmint_pools": pools.shown([Pool(POOL["url"], POOL["user"], "x"), Pool(BACKUP["url"], BACKUP["user"], "x")]),
    "dragonmint_autotune": {**autotune.shown(AutoTune("balanced", "2")), "is_running": True, "is_tuning": False},
    "dragonmint_network": network.shown(Network(**{**STATIC, "dns": tuple(STATIC["dns"])})),
}
DHCP_FACTS = {"dragonmint_network": {**STATIC, "mode": "dhcp"}}
NO_LEVEL = {"dragonmint_autotune": autotune.shown(AutoTune("balanced"))}


@pytest.mark.parametrize(
    ("setting", "options", "verdict"),
    [
        ("pools", [POOL, BACKUP], True),
        ("pools", [{**POOL, "password": "another"}, BACKUP], True),
        ("pools", [{**POOL, "password": None}, BACKUP], True),
        ("pools", [BACKUP, POOL], False),
        ("pools", [POOL], False),
        ("pools", [POOL, BACKUP, POOL], False),
        ("pools", [{**POOL, "user": "farm.2"}, BACKUP], False),
        ("autotune", {"mode": "balanced"}, True),
        ("autotune", {"mode": "balanced", "level": 2}, True),
        ("autotune", {"mode": "balanced", "level": " 2 "}, True),
        ("autotune", {"mode": "balanced", "level": "3"}, False),
        ("autotune", {"mode": "efficient"}, False),
        ("firmware", {"version": "t1_20180515_060842", "src": "new.swu"}, True),
        ("firmware", {"version": "t1_20180901_120000"}, False),
        ("network", STATIC, True),
        ("network", {**STATIC, "ipaddress": "10.1.0.26"}, False),
        ("network", {**STATIC, "dns": ["8.8.8.8"]}, False),
        ("network", {"mode": "dhcp"}, False),
    ],
)
def test_a_setting_is_compared_as_its_module_does(setting: str, options: Any, verdict: bool) -> None:
    assert desired.comparison(setting, options)(FACTS) is verdict
    assert desired.comparison(setting, options)({}) is None


def test_what_counts_of_a_network_and_a_level() -> None:
    assert desired.comparison("network", {"mode": "dhcp"})(DHCP_FACTS) is True
    assert desired.comparison("network", STATIC)(DHCP_FACTS) is False
    assert desired.comparison("autotune", {"mode": "balanced"})(NO_LEVEL) is True
    assert desired.comparison("autotune", {"mode": "balanced", "level": "2"})(NO_LEVEL) is False


@pytest.mark.parametrize(
    ("setting", "options", "message"),
    [
        ("pools", [], "pools is empty"),
        ("pools", [POOL] * 4, "4 entries"),
        ("pools", [{"url": POOL["url"]}], "user"),
        ("pools", [{**POOL, "url": "pool.example.com"}], "url of pool 1"),
        ("pools", [{**POOL, "priority": 1}], "priority"),
        ("autotune", {"mode": "turbo"}, "turbo"),
        ("autotune", {"mode": "balanced", "level": " "}, "level"),
        ("firmware", {"src": "new.swu"}, "version"),
        ("network", {"mode": "static", "ipaddress": "10.1.0.25"}, "netmask"),
        ("network", {**STATIC, "gateway": "10.9.0.1"}, "gateway"),
        ("network", {"mode": "dhcp", "vlan": 5}, "vlan"),
    ],
)
def test_what_a_module_refuses_is_refused_here(setting: str, options: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        desired.comparison(setting, options)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("pools", "must be a dictionary with group, when, pools"),
        ({}, "sets nothing"),
        ({"group": "canary"}, "sets nothing"),
        ({"pool": [POOL]}, r"desired\[1\]: unknown key 'pool'. Did you mean 'pools'?"),
        ({"group": 5, "pools": [POOL]}, "group must be text, not 5"),
        ({"when": True, "pools": [POOL]}, "when must be text, not True"),
        ({"autotune": "balanced"}, "must be a dictionary with at least mode"),
        ({"autotune": {"level": "2"}}, "must be a dictionary with at least mode"),
        ({"firmware": "t1_20180515_060842"}, "must be a dictionary with at least version"),
        ({"firmware": {"version": "t1_20180515_060842", "scr": "new.swu"}}, "firmware: unknown key 'scr'"),
        ({"autotune": {"mode": "balanced", "lvl": "2"}}, "autotune: unknown key 'lvl'. Did you mean 'level'"),
        ({"network": {"mode": "{{ mode }}", "gatway": "10.1.0.1"}}, "network: unknown key 'gatway'"),
        ({"pools": [POOL, {**POOL, "usr": "{{ user }}"}]}, r"pools\[1\]: unknown key 'usr'. Did you mean 'user'"),
    ],
)
def test_what_is_no_entry_is_refused(option: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        desired.entries_from([{"pools": [POOL]}, option])
    assert "desired[1]" in str(caught.value)


def test_a_later_entry_wins_and_can_take_back() -> None:
    entries = desired.entries_from(
        [
            {"pools": [POOL], "autotune": {"mode": "balanced", "level": "2"}, "network": {"mode": "dhcp"}},
            {"group": "canary", "autotune": {"mode": "efficient"}},
            {"group": "all", "when": "true", "network": None},
        ]
    )
    assert [(entry.group, entry.when) for entry in entries] == [(None, None), ("canary", None), (None, "true")]
    assert desired.merged(entries) == {"pools": [POOL], "autotune": {"mode": "efficient"}}
    assert desired.merged([]) == {}


def test_only_what_counts_has_to_be_known() -> None:
    secret = {**POOL, "password": "{{ only_the_playbook_knows }}"}
    assert desired.compared("pools", [secret, "{{ pool }}"]) == [POOL, "{{ pool }}"]
    assert desired.compared("pools", "{{ pools }}") == "{{ pools }}"
    firmware = {"version": "t1_20180515_060842", "src": "{{ only_the_playbook_knows }}"}
    assert desired.compared("firmware", firmware) == {"version": "t1_20180515_060842"}
    assert desired.compared("network", STATIC) == STATIC


def test_settings_become_the_variables_of_the_roles_with_their_templates() -> None:
    settings = {
        "pools": "{{ site_pools }}",
        "autotune": {"mode": "{{ site_mode }}"},
        "firmware": {"version": "t1_20180901_120000", "src": "new.swu"},
        "network": {"mode": "dhcp"},
    }
    assert desired.variables(settings) == {
        "provision_pools": "{{ site_pools }}",
        "provision_autotune_mode": "{{ site_mode }}",
        "provision_autotune_level": None,
        "provision_network": {"mode": "dhcp"},
        "upgrade_version": "t1_20180901_120000",
        "upgrade_src": "new.swu",
    }
    assert desired.variables({}) == {}
