# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin with made-up miners: names, groups, progress, and a large fleet."""

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
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.scan import Counts, Found
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory import scans

OPTIONS = {
    "plugin": "minerops.dragonmint.dragonmint",
    "networks": ["10.1.0.0/24"],
    "credentials": [{"password": "dragonadmin"}],
}
MODE: dict[str, Any] = {"autotune": {"mode": "balanced"}}
Read = Callable[..., tuple[InventoryData, list[str]]]


def miner(number: int, **changes: Any) -> Found:
    identity = {"type": "T1", "hwver": "g19", "mac": f"a0:b0:45:00:{number >> 8:02x}:{number & 255:02x}"}
    facts = {"dragonmint_identity": {**identity, "firmware": "t1_20180515_060842", "build_date": None}}
    address = f"10.1.{number >> 8}.{number & 255}"
    found = {"state": scan.POLLED, "polled_at": 1800000000.5, "facts": facts, "credential": "1"}
    return Found(address, **{**found, **changes})


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Reads a source whose networks have these miners into an inventory. Returns it and the output."""

    def read(
        miners: list[Found], inventory: InventoryData | None = None, file: str = "fleet.dragonmint.yml", **options: Any
    ) -> tuple[InventoryData, list[str]]:
        said: list[str] = []

        def poll(addresses: Any, options: Any, keep: Any, report: Any) -> tuple[list[Found], Counts]:
            counts = Counts(len(addresses), time.monotonic(), silent=7, unknown=2)
            report(counts)
            for found in miners:
                counts.states[found.state] += 1
            return miners, counts

        monkeypatch.setattr(scan, "poll", poll)
        source = tmp_path / file
        source.parent.mkdir(exist_ok=True)
        source.write_text(yaml.safe_dump({**OPTIONS, **options}))
        plugin = inventory_loader.get(OPTIONS["plugin"])
        monkeypatch.setattr(plugin.display, "warning", said.append)
        monkeypatch.setattr(plugin.display, "display", lambda text, **_unused: said.append(text))
        inventory = inventory or InventoryData()
        assert plugin.verify_file(str(source))
        plugin.parse(inventory, DataLoader(), str(source))
        if "cache" in options:
            plugin.update_cache_if_changed()
        return inventory, said

    return read


def test_a_host_has_the_variables_that_its_tasks_need(read: Read) -> None:
    inventory, said = read([miner(5)])
    variables = inventory.hosts["a0-b0-45-00-00-05"].vars
    assert variables["ansible_host"] == "10.1.0.5"
    assert variables["dragonmint_expected_mac"] == "a0:b0:45:00:00:05"
    assert variables["dragonmint_credential"] == "1"
    assert variables["dragonmint_polled_at"] == 1800000000.5
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
    with pytest.raises(AnsibleParserError, match=r"gives two hosts the name 10\.1\.0\.6"):
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
    assert "not a valid host name" in said[-1]


def test_a_locked_miner_is_no_reason_for_a_warning_about_names(read: Read) -> None:
    locked = miner(5, state=scan.LOCKED, facts={}, credential=None, problem="The miner refuses {{ it }}.")
    inventory, said = read([locked], strict=True)
    assert [host.name for host in inventory.groups["dragonmint_locked"].hosts] == ["10.1.0.5"]
    assert inventory.hosts["10.1.0.5"].vars["dragonmint_problem"] == "The miner refuses {{ it }}."
    assert len(said) == 1


def test_progress_is_shown_on_a_terminal_only(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "0 % done, 0 addresses" in read([miner(5)])[1][0]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert "% done" not in read([miner(5)])[1][0]


def test_why_facts_are_missing_is_summed_up(read: Read) -> None:
    some = [miner(5, missing={"pools": "no list"}), miner(6, missing={"pools": "no list", "mining": "gone"}), miner(7)]
    assert "facts are missing from 2 miners" in read(some)[1][-1]


def test_without_the_library_it_is_named(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "AIOHTTP_IMPORT_ERROR", "Traceback:\nModuleNotFoundError: No module named 'aiohttp'")
    with pytest.raises(AnsibleParserError, match=r"library aiohttp is required.*ModuleNotFoundError"):
        read([])


def test_text_is_marked_wherever_it_may_be_a_template() -> None:
    value = {"a": ["{{ x }}", 1, None, {"b": ("{% x %}", "plain")}], "c": True}
    assert never_a_template(value) == {"a": ["{{ x }}", 1, None, {"b": ["{% x %}", "plain"]}], "c": True}


def reports(inventory: InventoryData) -> dict[str, Any]:
    return dict(inventory.groups["all"].vars["dragonmint_inventory"])


def test_how_a_source_was_read_is_a_variable(read: Read) -> None:
    before = time.time()
    some = [miner(5, missing={"pools": "no list"}), miner(6, state=scan.LOCKED, facts={}, problem="no")]
    inventory, said = read(some)
    (name, report), *_none = reports(inventory).items()
    assert name == "fleet.dragonmint.yml"
    assert report["path"].endswith("/fleet.dragonmint.yml")
    numbers = {"polled": 1, "locked": 1, "unresponsive": 0, "silent": 7, "unknown": 2, "filtered": 0}
    assert {key: report[key] for key in numbers} == numbers
    assert before <= report["at"] <= time.time()
    assert report["problems"] == []
    assert "facts are missing from 1 miner" in said[-1]
    assert "dragonmint_missing" not in inventory.groups["all"].vars


def test_missing_facts_are_a_problem_where_a_desired_state_needs_them(read: Read) -> None:
    desired = [{"when": "ansible_host != '10.1.0.6'", **MODE}]
    some = [miner(number, missing={"autotune": "no answer"}) for number in (5, 6)]
    inventory, said = read(some, desired=desired)
    assert reports(inventory)["fleet.dragonmint.yml"]["problems"] == [
        "1 miner in drift_unknown, since facts are missing; -vv shows why."
    ]
    assert said[-1] == "fleet.dragonmint.yml: 1 miner in drift_unknown, since facts are missing; -vv shows why."
    # Those of another source are not checked here.
    read([], inventory, "b.dragonmint.yml", desired=desired)
    assert "drift_unknown" not in str(reports(inventory)["b.dragonmint.yml"]["problems"])


def test_several_sources_are_reported_side_by_side(read: Read) -> None:
    inventory, _said = read([miner(5)], expected=["rack1", "rack2"])
    read([miner(6)], inventory, "hall/fleet.dragonmint.yml", expected=["rack2", "rack3"])
    read([], inventory, "b.dragonmint.yaml")
    assert [report["polled"] for report in reports(inventory).values()] == [1, 1, 0]
    assert [name.rpartition("/")[2] for name in reports(inventory)] == [
        *["fleet.dragonmint.yml"] * 2,
        "b.dragonmint.yaml",
    ]
    assert inventory.groups["all"].vars["dragonmint_missing"] == ["rack1", "rack2", "rack3"]


def test_a_source_that_fails_is_reported_and_adds_nobody(read: Read) -> None:
    inventory, _said = read([miner(5)])
    with pytest.raises(AnsibleParserError, match=r"^b\.dragonmint\.yml: Invalid desired pools for a0-b0-45-00-00-07"):
        read(
            [miner(5), miner(6), miner(7)],
            inventory,
            "b.dragonmint.yml",
            desired=[{"when": "ansible_host == '10.1.0.7'", "pools": "{{ nowhere }}"}],
        )
    assert set(inventory.hosts) == {"a0-b0-45-00-00-05"}
    assert {host.name for host in inventory.groups["dragonmint"].hosts} == {"a0-b0-45-00-00-05"}
    report = reports(inventory)["b.dragonmint.yml"]
    assert (report["polled"], report["at"]) == (0, None)
    assert "nowhere" in report["problems"][0]
    assert reports(inventory)["fleet.dragonmint.yml"]["polled"] == 1


def test_a_bug_is_reported_too(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = InventoryData()
    monkeypatch.setattr(scans, "problems", lambda *_unused: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read([miner(5)], inventory)
    assert "This is a bug in minerops.dragonmint" in reports(inventory)["fleet.dragonmint.yml"]["problems"][0]


def test_a_problem_is_never_a_template(read: Read) -> None:
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError):
        read([], inventory, desired=[{"autotune": {"mode": "balanced", "{{ 7 * 7 }}": 1}}])
    (problem,) = reports(inventory)["fleet.dragonmint.yml"]["problems"]
    assert "{{ 7 * 7 }}" in problem
    assert type(problem) is type(never_a_template("{{ x }}"))


def test_the_cache_keeps_how_the_scan_went(read: Read, tmp_path: Path) -> None:
    cached = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    cold, shown = read([miner(5, missing={"pools": "no list"})], **cached)
    warm, shown_again = read([], **cached)
    assert reports(warm) == reports(cold)
    assert warm.hosts.keys() == cold.hosts.keys()
    assert shown_again == shown[1:]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"desird": []}, "unknown key 'desird'. Did you mean 'desired'?"),
        ({"cache_conection": "x"}, "unknown key 'cache_conection'. Did you mean 'cache_connection'?"),
        ({"keyed_group": []}, "unknown key 'keyed_group'. Did you mean 'keyed_groups'?"),
        (
            {"keyed_groups": [{"key": "a", "prefx": "b"}]},
            "keyed_groups[0]: unknown key 'prefx'. Did you mean 'prefix'?",
        ),
        ({"credentials": [{"pasword": "a"}]}, "credentials[0]: unknown key 'pasword'. Did you mean 'password'?"),
        ({"desired": [{"pool": []}]}, "desired[0]: unknown key 'pool'. Did you mean 'pools'?"),
        ({"desired": [{"firmware": {"version": "{{ a }}", "scr": 1}}]}, "desired[0].firmware: unknown key 'scr'."),
        ({"expected": 5}, "expected must be a list"),
        ({"expected": "nowhere.txt"}, "nowhere.txt': No such file or directory."),
        ({"credentials": [{"password": "{{ nowhere }}"}]}, "credentials cannot be evaluated: "),
        ({"credentials": {"password": "s3cret"}}, "credentials must be a list of dictionaries"),
        ({"desired": {"pools": [{"password": "s3cret"}]}}, "desired must be a list of dictionaries"),
    ],
)
def test_a_mistake_is_named_before_anything_is_sent(
    read: Read, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError) as caught:
        read([miner(5)], inventory, **options)
    assert str(caught.value).startswith("fleet.dragonmint.yml: ")
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert reports(inventory)["fleet.dragonmint.yml"]["problems"] == [str(caught.value).partition(": ")[2]]
    assert inventory.hosts == {}


CONSTRUCTED: dict[str, Any] = {
    "groups": {"canary": "false", "far-away": "false"},
    "keyed_groups": [{"key": "dragonmint_identity.type", "prefix": "type", "parent_group": "types"}],
}


def test_groups_that_can_be_named_exist_without_members(read: Read) -> None:
    inventory, said = read([], **CONSTRUCTED, desired=[{"group": "type_T2", **MODE}, {"group": "far-away", **MODE}])
    assert set(inventory.groups) >= {"canary", "far_away", "types", "type_T2", "dragonmint", "drift_pools"}
    (warning,) = [text for text in said if "desired" in text]
    assert "desired[0].group: the group 'type_T2' has no miners." in warning
    assert all(
        "desired" not in text for text in read([miner(5)], **CONSTRUCTED, desired=[{"group": "type_T1", **MODE}])[1]
    )


@pytest.mark.parametrize("group", ["canary", "far-away", "far_away", "types", "dragonmint", "all", "hall1"])
def test_the_group_of_a_desired_state_may_be(read: Read, group: str) -> None:
    inventory = InventoryData()
    inventory.add_group("hall1")
    _inventory, said = read([miner(5)], inventory, **CONSTRUCTED, desired=[{"group": group, **MODE}])
    assert not any("desired[" in text for text in said)


@pytest.mark.parametrize(("group", "hint"), [("canry", " Did you mean 'canary'?"), ("typ_T1", ""), ("quux", "")])
def test_the_group_of_a_desired_state_that_can_not_be_is_an_error(read: Read, group: str, hint: str) -> None:
    with pytest.raises(AnsibleParserError) as caught:
        read([miner(5)], **CONSTRUCTED, desired=[MODE, {"group": group, **MODE}])
    assert f"desired[1].group: unknown group '{group}'.{hint} Use a group that" in str(caught.value)


def test_who_is_expected_and_missing_is_a_variable(read: Read, tmp_path: Path) -> None:
    (tmp_path / "miners.txt").write_text(
        "\ufeff# hall 1\nA0-B0-45-00-00-05\n\n10.1.0.6\nrack7  # new\n", encoding="utf-8"
    )
    locked = miner(6, state=scan.LOCKED, facts={}, problem="no")
    for expected in ("miners.txt", str(tmp_path / "miners.txt"), ["a0b045000005", "10.1.0.6", "rack7"]):
        inventory, said = read([miner(5), locked], expected=expected)
        assert inventory.groups["all"].vars["dragonmint_missing"] == ["rack7"]
        assert reports(inventory)["fleet.dragonmint.yml"]["problems"] == ["1 expected miner not found: rack7."]
        assert "1 expected miner not found: rack7." in said[-1]
    inventory, said = read([miner(5)], expected=["a0-b0-45-00-00-05"])
    assert inventory.groups["all"].vars["dragonmint_missing"] == []
    assert len(said) == 1


def test_a_file_of_expected_miners_that_is_empty_is_an_error(read: Read, tmp_path: Path) -> None:
    (tmp_path / "miners.txt").write_text("# to be written\n")
    with pytest.raises(AnsibleParserError, match=r"expected: the file '.*miners\.txt' has no names"):
        read([miner(5)], expected="miners.txt")
