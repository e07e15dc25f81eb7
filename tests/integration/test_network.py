# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a miner: changed once, found again at its new address, and never confused with another device."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, TaskResult, connection_to, newest_core

DEADLINE_S = 30.0
# The wait for a miner with this outcome; the others get far more time than they need.
WAIT_S = 4
TIMEOUT_S = 2

NETMASK, GATEWAY, DNS = "255.255.0.0", "127.20.255.254", ["8.8.8.8", "8.8.4.4"]
SEARCHED = "127.20.101.0/28"
# A printer and somebody else's miner are in the searched network.
PRINTER, NEIGHBOUR = "127.20.101.1", "127.20.101.2"

STATIC = {"mode": "static", "ipaddress": "{{ new_address }}", "netmask": NETMASK, "gateway": GATEWAY, "dns": DNS}
PINNED = {**STATIC, "ipaddress": "{{ ansible_host }}"}
DHCP = {"mode": "dhcp"}
# The state of a miner that matches PINNED.
IS_PINNED = {"mode": "static", "netmask": NETMASK, "gateway": GATEWAY, "dns": DNS}

OLD, NEW, UNKNOWN = "ansible_host", "new_address", None


@dataclass(frozen=True)
class Case:
    """A miner, the requested change, and the result: an error_code, changed or ok.

    ``now`` is where the task reports the miner: at a variable of the host, or unknown. ``check`` is the result in check
    mode, the same if empty; ``writes`` is how often the change was sent.
    """

    wanted: dict[str, Any]
    now: str | None = OLD
    network: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, float] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    fault: dict[str, Any] | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    outcome: str = "changed"
    check: str = ""
    writes: int = 1


def moved(**more: Any) -> Case:
    return Case(STATIC, NEW, **more)


def unchanged(wanted: dict[str, Any], outcome: str = "ok", **more: Any) -> Case:
    """Nothing is sent, nor in check mode."""
    return Case(wanted, outcome=outcome, writes=0, **more)


CASES = {
    # The move itself loses the reply.
    "moved": moved(),
    "moved-with-jwt": moved(variables={"dragonmint_auth": "jwt"}),
    "moved-with-second-password": moved(
        variables={"dragonmint_password": "wrong", "dragonmint_fallback_passwords": ["dragonadmin", "admin"]}
    ),
    "moved-and-stalled": moved(timing={"stall_s": 100.0}),
    "moved-slowly": moved(timing={"network_restart_s": 100.0}),
    "moved-from-static": moved(network=IS_PINNED),
    "moved-to-one-name-server": Case({**STATIC, "dns": ["8.8.8.8"]}, NEW),
    # The address stays, so the reply arrives.
    "pinned": Case(PINNED),
    "pinned-reply-lost": Case(PINNED, fault={"name": "lost_reply", "action": "updateNetwork"}),
    "pinned-with-other-name-server": Case(PINNED, network={**IS_PINNED, "dns": ["8.8.4.4", "8.8.8.8"]}),
    "pinned-already": unchanged(PINNED, network=IS_PINNED),
    "pinned-to-one-name-server-already": unchanged(
        {**PINNED, "dns": ["8.8.8.8"]}, network={**IS_PINNED, "dns": ["8.8.8.8", "8.8.8.8"]}
    ),
    # DHCP says where the miner goes.
    "dhcp-already": unchanged(DHCP),
    "dhcp-same-address": Case(DHCP, network=IS_PINNED),
    "dhcp-elsewhere": Case(DHCP, UNKNOWN, network={**IS_PINNED, "dhcp_lease": "127.20.102.1"}),
    "dhcp-found": Case({**DHCP, "search": SEARCHED}, "lease", network={**IS_PINNED, "dhcp_lease": "127.20.101.7"}),
    "dhcp-not-found": Case(
        {**DHCP, "search": SEARCHED, "wait_timeout": WAIT_S},
        UNKNOWN,
        network={**IS_PINNED, "dhcp_lease": "127.20.102.2"},
    ),
    # Another device has the address.
    "taken": unchanged({**STATIC, "ipaddress": NEIGHBOUR}, "wrong_device"),
    "taken-by-a-printer": unchanged({**STATIC, "ipaddress": PRINTER}, "wrong_device"),
    # What the miner reports is not what it does.
    "ignored": Case(STATIC, fault={"name": "ignored_write"}, outcome="not_applied", check="changed"),
    "refused": Case(
        STATIC,
        fault={"name": "reject", "action": "updateNetwork", "message": "invalid gateway "},
        outcome="rejected",
        check="changed",
    ),
    "gone": Case(
        {**STATIC, "wait_timeout": WAIT_S},
        fault={"name": "dark", "action": "updateNetwork"},
        outcome="not_back",
        check="changed",
    ),
    "guest": unchanged(
        STATIC,
        "permission",
        variables={"dragonmint_username": "guest", "dragonmint_password": "{{ guest_password }}"},
    ),
    # An Innosilicon with the factory password would accept any.
    "wrong-password": unchanged(STATIC, "authentication", users={"admin": "Battery-Staple-8"}),
    "dark": unchanged(STATIC, "unreachable", fault={"name": "dark"}),
    "printer": unchanged(STATIC, "bad_reply", fault={"name": "html_page"}),
    # Invalid input.
    "half-static": unchanged({"mode": "static", "ipaddress": "{{ new_address }}"}, "invalid_input"),
    "dhcp-with-address": unchanged({**DHCP, "ipaddress": "{{ new_address }}"}, "invalid_input"),
    "out-of-the-subnet": unchanged({**STATIC, "gateway": "127.21.0.1"}, "invalid_input"),
    "mask-with-gaps": unchanged({**STATIC, "netmask": "255.0.255.0"}, "invalid_input"),
    "huge-search": unchanged({**DHCP, "search": "127.0.0.0/8"}, "invalid_input"),
    "no-mode": unchanged({"mode": "off"}, "invalid_input"),
}
WRITING: dict[str, dict[str, Any]] = {
    "dragonmint_autotune": {"mode": "efficient"},
    "dragonmint_network": STATIC,
    "dragonmint_pools": {"pools": [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}]},
    "dragonmint_power": {"state": "rebooted"},
    "dragonmint_user": {"new_password": "Correct-Horse-7"},
}


@newest_core
def test_each_miner_is_sent_one_change_and_found_at_its_address(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners, printer, neighbour = prepared_miners(start_fleet)
    hosts = host_variables(miners)
    done = run(ansible, hosts)
    assert {r.host: (outcome(r), len(miners[r.host].writes())) for r in done.results} == {
        name: (case.outcome, case.writes) for name, case in CASES.items()
    }
    succeeded = {r.host: r.result for r in done.results if r.status == "ok"}
    expected = {name: CASES[name].now and hosts[name][CASES[name].now] for name in succeeded}
    assert {name: result["ipaddress"] for name, result in succeeded.items()} == expected
    known = {name: address for name, address in expected.items() if address}
    assert {name: miners[name].state()["network"]["ipaddress"] for name in known} == known
    assert {name: miners[name].state()["network"]["mode"] for name in succeeded} == {
        name: CASES[name].wanted["mode"] for name in succeeded
    }
    assert {name: result["network"]["mode"] for name, result in succeeded.items()} == {
        name: CASES[name].wanted["mode"] for name in succeeded
    }
    assert {r.host for r in done.results if r.warnings} == {name for name, address in expected.items() if not address}
    assert {r.host for r in done.results if r.changed and r.status != "ok"} == {"gone"}
    assert miners["pinned"].writes()[0]["outcome"] == "answered"
    # A device that is not a miner got no login.
    assert [request["auth"] for request in printer.requests() if request["auth"]] == []
    assert printer.writes() == neighbour.writes() == []


@newest_core
def test_check_mode_reports_the_same_and_writes_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners, *_others = prepared_miners(start_fleet)
    hosts = host_variables(miners)
    done = run(ansible, hosts, "--check", "--diff")
    assert {r.host: outcome(r) for r in done.results} == {
        name: case.check or case.outcome for name, case in CASES.items()
    }
    assert {name: miner.writes() for name, miner in miners.items() if miner.writes()} == {}
    assert done.one("moved").result["ipaddress"] == hosts["moved"]["new_address"]
    assert done.one("dhcp-elsewhere").result["ipaddress"] is None
    diff = done.one("moved").result["diff"]
    assert diff["before"]["network settings"]["mode"] == "dhcp"
    assert diff["after"]["network settings"] == {
        "mode": "static",
        "ipaddress": hosts["moved"]["new_address"],
        "netmask": NETMASK,
        "gateway": GATEWAY,
        "dns": DNS,
    }


@newest_core
def test_another_device_at_the_new_address_is_not_taken_for_the_miner(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """The address is free when the miner is moved there, and a printer or another miner takes it a moment later."""
    one, other, printer, stranger = start_fleet(count=4).miners
    printer.fault("html_page")
    hosts = {}
    for name, miner in (("one", one), ("other", other)):
        miner.set(timing={"network_restart_s": 60.0})
        hosts[name] = {**connection_to(miner), "new_address": f"127.20.103.{len(hosts) + 1}", **STATIC}
    with ThreadPoolExecutor() as pool:
        waiting = [
            pool.submit(squat, late, hosts[name]["new_address"], miner)
            for name, miner, late in (("one", one, printer), ("other", other, stranger))
        ]
        done = run(ansible, hosts)
        for squatter in waiting:
            squatter.result()
    for name, miner, late in (("one", one, printer), ("other", other, stranger)):
        result = done.one(name)
        assert (outcome(result), result.changed) == ("wrong_device", True)
        assert "another device answers there" in result.result["msg"]
        assert len(miner.writes()) == 1
        assert late.writes() == []
    assert [request["auth"] for request in printer.requests() if request["auth"]] == []


@newest_core
def test_no_module_writes_to_another_miner_than_the_expected_one(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    hosts = {
        f"miner{number}": {
            **connection_to(miner),
            "new_address": f"127.20.104.{number}",
            "dragonmint_expected_mac": "a0:b0:45:ff:ff:ff",
        }
        for number, miner in enumerate(fleet.miners, 1)
    }
    tasks = [{f"minerops.dragonmint.{module}": options, "ignore_errors": True} for module, options in WRITING.items()]
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    for arguments in (["--check"], []):
        done = ansible(plays, {"all": {"hosts": hosts}}, *arguments)
        assert [outcome(r) for r in done.results] == ["wrong_device"] * len(WRITING) * len(hosts)
        assert {(r.changed, "nothing was changed" in r.result["msg"]) for r in done.results} == {(False, True)}
    assert [miner.writes() for miner in fleet.miners] == [[], [], []]


@newest_core
def test_each_module_knows_the_expected_miner_however_its_mac_is_written(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    (miner,) = start_fleet().miners
    mac = miner.mac.upper().replace(":", "-")
    hosts = {"miner": {**connection_to(miner), "new_address": "127.20.104.9", "dragonmint_expected_mac": mac}}
    tasks = [{f"minerops.dragonmint.{module}": options} for module, options in WRITING.items()]
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    done = ansible(plays, {"all": {"hosts": hosts}}, "--check").succeeded()
    assert [r.changed for r in done.results] == [True] * len(WRITING)


@newest_core
def test_the_play_goes_on_at_the_new_address(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    hosts = {
        f"miner{number}": {**connection_to(miner), "new_address": f"127.20.105.{number}"}
        for number, miner in enumerate(fleet.miners, 1)
    }
    tasks = [
        {"minerops.dragonmint.dragonmint_network": STATIC, "name": "Move", "register": "network"},
        {"ansible.builtin.set_fact": {"dragonmint_host": "{{ network.ipaddress }}"}},
        {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["network"]}, "name": "Look"},
        {"minerops.dragonmint.dragonmint_network": STATIC, "name": "Move again"},
    ]
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    done = ansible(plays, {"all": {"hosts": hosts}}).succeeded()
    for name, host in hosts.items():
        facts = done.one(name, "Look").result["ansible_facts"]["dragonmint_network"]
        assert facts == done.one(name, "Move").result["network"]
        assert facts["ipaddress"] == host["new_address"]
        assert not done.one(name, "Move again").changed
    assert [len(miner.writes()) for miner in fleet.miners] == [1, 1, 1]


def prepared_miners(start_fleet: Callable[..., Fleet]) -> tuple[dict[str, Miner], Miner, Miner]:
    """Miners by the name of their case, the printer, and the neighbour."""
    fleet = start_fleet(count=len(CASES) + 2, generation="mixed")
    *others, printer, neighbour = fleet.miners
    miners = dict(zip(CASES, others))
    for name, case in CASES.items():
        miners[name].set(network=case.network, timing=case.timing, users=case.users)
        if case.fault:
            miners[name].fault(**case.fault)
    printer.set(host=PRINTER)
    printer.fault("html_page")
    neighbour.set(host=NEIGHBOUR, users={"admin": "Battery-Staple-8"})
    return miners, printer, neighbour


def host_variables(miners: dict[str, Miner]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            **connection_to(miner),
            "dragonmint_timeout": TIMEOUT_S,
            "new_address": f"127.20.100.{number}",
            "lease": CASES[name].network.get("dhcp_lease"),
            "guest_password": "guest" if miner.generation.startswith("inno") else "dragonguest",
            **CASES[name].wanted,
            **CASES[name].variables,
        }
        for number, (name, miner) in enumerate(miners.items(), 1)
    }


def run(ansible: Ansible, hosts: dict[str, Any], *arguments: str) -> PlaybookRun:
    names = ("mode", "ipaddress", "netmask", "gateway", "dns", "search", "wait_timeout")
    task = {"minerops.dragonmint.dragonmint_network": {name: f"{{{{ {name} | default(omit) }}}}" for name in names}}
    plays = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    return ansible(plays, {"all": {"hosts": hosts}}, *arguments)


def squat(stranger: Miner, address: str, miner: Miner) -> None:
    """Makes a stranger take an address as soon as the miner was told to go there."""
    deadline = time.monotonic() + DEADLINE_S
    while not miner.writes():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stranger.set(host=address)


def outcome(result: TaskResult) -> str:
    """The error_code of a task that failed with a message for its user, else changed or ok."""
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    assert result.result["msg"]
    return str(result.result["error_code"])
