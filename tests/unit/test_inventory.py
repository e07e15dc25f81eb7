# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin with made-up miners: names, groups, progress, and a fleet that is large."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible_collections.minerops.dragonmint.plugins.module_utils import fleet
from ansible_collections.minerops.dragonmint.plugins.module_utils.fleet import Counts, Found
from ansible_collections.minerops.dragonmint.plugins.plugin_utils.device_text import never_a_template

OPTIONS = {
    "plugin": "minerops.dragonmint.dragonmint",
    "networks": ["10.1.0.0/24"],
    "credentials": [{"password": "dragonadmin"}],
}
Read = Callable[..., tuple[InventoryData, list[str]]]


def miner(number: int, **changes: Any) -> Found:
    identity = {"type": "T1", "hwver": "g19", "mac": f"a0:b0:45:00:{number >> 8:02x}:{number & 255:02x}"}
    facts = {"dragonmint_identity": {**identity, "firmware": "t1_20180515_060842", "build_date": None}}
    address = f"10.1.{number >> 8}.{number & 255}"
    return Found(address, **{"state": fleet.POLLED, "facts": facts, "credential": "1", **changes})


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Reads a source whose networks have these miners. Returns the inventory, and what was said."""

    def read(miners: list[Found], **options: Any) -> tuple[InventoryData, list[str]]:
        said: list[str] = []

        def poll(addresses: Any, options: Any, keep: Any, report: Any) -> tuple[list[Found], Counts]:
            counts = Counts(len(addresses), time.monotonic())
            report(counts)
            for found in miners:
                counts.states[found.state] += 1
            return miners, counts

        monkeypatch.setattr(fleet, "poll", poll)
        source = tmp_path / "fleet.dragonmint.yml"
        source.write_text(yaml.safe_dump({**OPTIONS, **options}))
        plugin = inventory_loader.get(OPTIONS["plugin"])
        monkeypatch.setattr(plugin.display, "warning", said.append)
        monkeypatch.setattr(plugin.display, "display", lambda text, **_unused: said.append(text))
        inventory = InventoryData()
        assert plugin.verify_file(str(source))
        plugin.parse(inventory, DataLoader(), str(source))
        return inventory, said

    return read


def test_a_host_has_the_variables_that_its_tasks_need(read: Read) -> None:
    inventory, said = read([miner(5)])
    variables = inventory.hosts["a0-b0-45-00-00-05"].vars
    assert variables["ansible_host"] == "10.1.0.5"
    assert variables["dragonmint_expected_mac"] == "a0:b0:45:00:00:05"
    assert variables["dragonmint_credential"] == "1"
    assert "dragonmint_port" not in variables
    assert len(said) == 1


def test_without_a_miner_the_groups_are_there(read: Read) -> None:
    inventory, said = read([], desired=[{"pools": "{{ pools }}"}])
    drift = {"drift_pools", "drift_autotune", "drift_firmware", "drift_network", "drift_unknown", "in_desired_state"}
    assert set(inventory.groups) >= {"dragonmint", "dragonmint_locked", "dragonmint_unresponsive", *drift}
    assert "no miner was found" in said[-1]


def test_two_addresses_with_one_mac_are_two_hosts(read: Read) -> None:
    facts = miner(5).facts
    inventory, said = read([miner(5), miner(6, facts=facts), miner(7, facts=facts)])
    assert set(inventory.hosts) == {"a0-b0-45-00-00-05", "10.1.0.6", "10.1.0.7"}
    assert "taken by 10.1.0.5" in said[-1]
    with pytest.raises(AnsibleParserError, match=r"taken by 10\.1\.0\.5"):
        read([miner(5), miner(6, facts=facts)], strict=True)


def test_an_address_that_another_host_is_named_by_is_an_error(read: Read) -> None:
    with pytest.raises(AnsibleParserError, match=r"names two hosts 10\.1\.0\.6"):
        read([miner(5), miner(6)], hostname="'10.1.0.6'")


@pytest.mark.parametrize("mac", [None, "", "{{ 1 }}", "a0:b0", "a0:b0:45:00:00:e5\n"])
def test_what_is_no_mac_names_nobody(read: Read, mac: str | None) -> None:
    facts = {"dragonmint_identity": {"type": "T1", "mac": mac}}
    inventory, _said = read([miner(5, facts=facts)])
    assert "dragonmint_expected_mac" not in inventory.hosts["10.1.0.5"].vars


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a:b", "a,b", "*", "!a", "&a", "~a", "a[0:9]", "-a", "{{ a }}", "all", "localhost", "a\n"]
)
def test_what_can_not_be_limited_to_names_nobody(read: Read, text: str) -> None:
    facts = {**miner(5).facts, "dragonmint_pools": [{"url": "", "user": text}]}
    inventory, said = read([miner(5, facts=facts)], hostname="dragonmint_pools[0].user")
    assert set(inventory.hosts) == {"10.1.0.5"}
    assert "no name of a host" in said[-1]


def test_a_locked_miner_is_no_reason_for_a_warning_about_names(read: Read) -> None:
    locked = miner(5, state=fleet.LOCKED, facts={}, credential=None, problem="The miner refuses {{ it }}.")
    inventory, said = read([locked], strict=True)
    assert [host.name for host in inventory.groups["dragonmint_locked"].hosts] == ["10.1.0.5"]
    assert inventory.hosts["10.1.0.5"].vars["dragonmint_problem"] == "The miner refuses {{ it }}."
    assert len(said) == 1


def test_progress_is_told_on_a_terminal_only(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "0 % done, 0 addresses" in read([miner(5)])[1][0]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert "% done" not in read([miner(5)])[1][0]


def test_why_facts_are_missing_is_summed_up(read: Read) -> None:
    some = [miner(5, missing={"pools": "no list"}), miner(6, missing={"pools": "no list", "mining": "gone"}), miner(7)]
    assert "facts are missing of 2 miners" in read(some)[1][-1]


def test_without_the_library_it_is_named(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "AIOHTTP_IMPORT_ERROR", "Traceback:\nModuleNotFoundError: No module named 'aiohttp'")
    with pytest.raises(AnsibleParserError, match=r"library aiohttp is required.*ModuleNotFoundError"):
        read([])


def test_text_is_marked_wherever_it_may_be_a_template() -> None:
    value = {"a": ["{{ x }}", 1, None, {"b": ("{% x %}", "plain")}], "c": True}
    assert never_a_template(value) == {"a": ["{{ x }}", 1, None, {"b": ["{% x %}", "plain"]}], "c": True}
