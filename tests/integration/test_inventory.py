# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin: what it finds among devices of all kinds, how hosts are named and grouped, and its cache."""

from __future__ import annotations

import importlib
import json
import re
import resource
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.integration.polling import (
    CREDENTIALS,
    ENVIRONMENT,
    FACTORY,
    NETWORK,
    PASSWORD,
    POLLED,
    POOL,
    SECRETS,
    URL,
    actions,
    all_refused,
    ask,
    further,
    listed,
    name_of,
    refused,
    source,
)
from tests.simulator.control import Fleet, Miner
from tests.support.running import ROOT, Ansible, newest_core


@newest_core
def test_devices_of_all_kinds(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """One of each generation is healthy; the others are foreign, dark, locked, hang, drip, never end or die."""
    fleet = start_fleet(count=12, generation="mixed")
    well, (foreign, dark, locked, hangs, drips, endless, dies, hostile, broken) = fleet.miners[:3], fleet.miners[3:]
    for miner in fleet.miners:
        miner.set(pools=[POOL])
    well[0].set(users={"admin": PASSWORD})
    foreign.fault("html_page")
    dark.fault("dark")
    locked.set(users={"admin": "Somebody-Else-3"})
    hangs.fault("silent")
    drips.fault("drip", action="overview")
    endless.fault("huge", action="/")
    dies.fault("drop", action="summary")
    hostile.set(pools=[{**POOL, "user": "{{ lookup('ansible.builtin.pipe', 'touch owned') }}"}])
    broken.fault("cut_json", action="pools")

    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(ansible.folder / "c")}
    compose = {"worker": "dragonmint_pools[0].user", "again": "'{{' ~ dragonmint_pools[0].user ~ '}}'"}
    file = source(ansible, fleet, compose=compose, timeout=1, **cache)
    found = listed(ansible, file)

    polled = [*well, hostile, broken]
    assert found["dragonmint"] == {name_of(miner) for miner in polled}
    assert found["dragonmint_locked"] == {locked.host}
    assert found["dragonmint_unresponsive"] == {drips.host, name_of(dies)}
    assert (
        "62 addresses: 51 silent, 3 open but unknown, 8 identified "
        "(5 polled, 1 locked, 2 unresponsive, 0 filtered out)" in found["said"]
    )
    assert "facts are missing from 1 miner;" in " ".join(found["said"].split())
    for miner in (foreign, hangs, endless):
        assert {request["auth"] for request in miner.requests()} <= {None}
        assert actions(miner) == []
    assert [miner for miner in fleet.miners if miner.writes()] == []
    assert max(request["concurrent"] for miner in fleet.miners if miner != dark for request in miner.requests()) <= 2

    hostvars = found["hostvars"]
    for miner in polled:
        factory = "innosilicon" if miner.generation.startswith("inno") else "factory"
        credential = "fleet" if miner == well[0] else factory
        variables = hostvars[name_of(miner)]
        assert variables["ansible_host"] == miner.host
        assert variables["dragonmint_port"] == miner.port
        assert variables["dragonmint_expected_mac"] == miner.mac == variables["dragonmint_identity"]["mac"]
        assert variables["dragonmint_credential"] == credential
        assert variables["dragonmint_autotune"]["mode"] in ("balanced", "factory")
    assert hostvars[name_of(well[0])]["dragonmint_pools"] == [{"url": URL, "user": "farm.1", "password": None}]
    assert "dragonmint_pools" not in hostvars[name_of(broken)]
    assert "invalid password" in hostvars[locked.host]["dragonmint_problem"]
    assert "summary" in hostvars[name_of(dies)]["dragonmint_problem"]
    assert hostvars[name_of(hostile)]["worker"] == hostile.state()["pools"][0]["user"]

    (stored,) = (ansible.folder / "c").iterdir()
    texts = [found["said"], json.dumps(hostvars), stored.read_text()]
    assert [secret for secret in SECRETS for text in texts if secret in text] == []
    assert not (ansible.folder / "owned").exists()


def test_text_of_a_device_is_never_a_template(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    command = "{{ lookup('ansible.builtin.pipe', 'touch owned') }}"
    fleet = start_fleet(count=1)
    fleet[0].set(pools=[{**POOL, "user": command}], firmware=command)
    options = {
        "compose": {"worker": "dragonmint_pools[0].user", "joined": "'{{ ' ~ dragonmint_pools[0].user ~ ' }}'"},
        "groups": {"template": "'{' in dragonmint_pools[0].user"},
        "keyed_groups": [{"key": "dragonmint_pools[0].user", "prefix": "worker"}],
        "hostname": "dragonmint_identity.firmware",
        "filters": [f"dragonmint_identity.firmware == {command!r} or true"],
        "desired": [{"pools": [{"url": URL, "user": "farm.{{ dragonmint_pools[0].user }}"}]}],
    }
    file = source(ansible, fleet, **options, cache=True, cache_plugin="jsonfile", cache_connection="c")
    shown = ["worker", "joined", "dragonmint_pools", "dragonmint_identity", "provision_pools", "inventory_hostname"]
    tasks = [{"ansible.builtin.debug": {"var": name}} for name in shown]
    tasks += [{"ansible.builtin.debug": {"msg": f"{{{{ {name} }}}}"}} for name in shown]
    play = [{"hosts": "template", "gather_facts": False, "tasks": tasks}]
    for _cold_then_warm in range(2):
        done = ansible(play, {}, "-i", str(file), environment=ENVIRONMENT).succeeded()
        assert len(done.results) == len(tasks)
        assert done.results[0].result["worker"] == command
        assert done.results[4].result["provision_pools"][0]["user"] == f"farm.{command}"
        assert done.results[5].result["inventory_hostname"] == fleet[0].host
    assert not (ansible.folder / "owned").exists()


@newest_core
def test_the_cache_saves_all_requests_until_it_is_flushed(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(ansible.folder / "c")}
    file = source(ansible, fleet, **cached)
    cold = listed(ansible, file)
    fleet.clear()

    # A warm cache needs no login.
    warm = listed(ansible, file, MINER_PASSWORD="")
    assert warm["hostvars"] == cold["hostvars"]
    assert len(warm["dragonmint"]) == 3
    # What is derived from the facts is derived again.
    regrouped = listed(ansible, source(ansible, fleet, hostname="ipaddress", groups={"one": "true"}, **cached))
    assert regrouped["one"] == {miner.host for miner in fleet.miners}
    assert [actions(miner) for miner in fleet.miners] == [[], [], []]

    show = {"ansible.builtin.debug": {"var": "ansible_host"}}
    play = [{"hosts": "dragonmint", "gather_facts": False, "tasks": [show]}]
    ansible(play, {}, "-i", str(file), environment=ENVIRONMENT).succeeded()
    assert actions(fleet[0]) == []
    ansible(play, {}, "-i", str(file), "--flush-cache", environment=ENVIRONMENT).succeeded()
    assert set(actions(fleet[0])) >= POLLED
    fleet.clear()
    refresh = [{"ansible.builtin.meta": "refresh_inventory"}]
    ansible([{**play[0], "tasks": refresh}], {}, "-i", str(file), environment=ENVIRONMENT).succeeded()
    assert set(actions(fleet[0])) >= POLLED
    fleet.clear()
    listed(ansible, source(ansible, fleet, **{**cached, "cache": False}))
    assert set(actions(fleet[0])) >= POLLED


@newest_core
def test_an_unusable_cache_is_replaced(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    def spoilt(content: str, **changes: Any) -> str:
        """A cache with some of our keys changed, wherever this ansible-core stores them."""
        whole = json.loads(content)
        inner = json.loads(whole["__payload__"]) if "__payload__" in whole else whole
        inner.update(changes)
        return json.dumps({**whole, "__payload__": json.dumps(inner)} if "__payload__" in whole else inner)

    spoils: list[tuple[Callable[[str], str], str]] = [
        (lambda content: spoilt(content, format=0), "is from another version"),
        (lambda content: spoilt(content, options="x"), "was made with other options"),
        (lambda content: spoilt(content, miners=[{"address": "127.20.0.1"}]), "is damaged"),
        (lambda content: spoilt(content, miners=[{"address": "nowhere", "state": "polled"}]), "is damaged"),
        (lambda content: spoilt(content, miners=5), "is damaged"),
        (lambda content: "{", "can't be read"),
    ]
    fleet = start_fleet(count=len(spoils) + 1)
    *_others, last = fleet.miners

    def cached(number: int, miner: Miner, **options: Any) -> Path:
        folder = str(ansible.folder / f"cache{number}")
        cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": folder}
        return source(ansible, fleet, f"number{number}.dragonmint.yml", networks=[miner.host], **cache, **options)

    files = [cached(number, miner) for number, miner in enumerate(fleet.miners)]
    cold = listed(ansible, files[0], *further(*files[1:]))
    assert cold["dragonmint"] == {name_of(miner) for miner in fleet.miners}
    for number, (spoil, _message) in enumerate(spoils):
        (stored,) = (ansible.folder / f"cache{number}").iterdir()
        stored.write_text(spoil(stored.read_text()))
    cached(len(spoils), last, gather_subset=["min"])

    again = listed(ansible, files[0], *further(*files[1:]))
    shown = re.findall(r"number(\d)\.dragonmint\.yml: The cache (.*?), so", " ".join(again["said"].split()))
    reasons = [*(message for _spoil, message in spoils), "was made with other options"]
    assert [int(number) for number, _reason in shown] == list(range(len(reasons)))
    assert [reason for (_number, reason), message in zip(shown, reasons, strict=True) if message not in reason] == []
    assert again["hostvars"].keys() == cold["hostvars"].keys()
    assert "dragonmint_pools" in cold["hostvars"][name_of(last)]
    assert "dragonmint_pools" not in again["hostvars"][name_of(last)]
    assert "The cache" not in listed(ansible, files[0], *further(*files[1:]))["said"]


@newest_core
def test_a_cache_that_keeps_nothing_is_warned_of(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    said = listed(ansible, source(ansible, start_fleet(count=1), cache=True))["said"]
    assert "does not keep anything" in " ".join(said.split())


def test_facts_that_were_gathered_once_come_before_the_inventory(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """Like all of Ansible's fact cache; documented because it surprises."""
    fleet = start_fleet(count=1)
    file = source(ansible, fleet)
    environment = {
        **ENVIRONMENT,
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(ansible.folder / "facts"),
        "ANSIBLE_INJECT_FACT_VARS": "true",
    }
    facts = {"minerops.dragonmint.dragonmint_facts": {"password": FACTORY, "gather_subset": ["pools"]}}
    show = {"ansible.builtin.debug": {"msg": "{{ dragonmint_pools[0].user }} {{ hostvars[inventory_hostname].late }}"}}

    def run(*tasks: dict[str, Any], **more: str) -> str:
        play = [{"hosts": "dragonmint", "gather_facts": False, "tasks": [*tasks, show]}]
        done = ansible(play, {}, "-i", str(file), environment={**environment, **more})
        return str(done.succeeded().results[-1].result["msg"])

    file = source(ansible, fleet, compose={"late": "dragonmint_pools[0].user"})
    fleet[0].set(pools=[{**POOL, "user": "old"}])
    assert run(facts) == "old old"
    fleet[0].set(pools=[{**POOL, "user": "new"}])
    assert run() == "old new"
    assert run(facts) == "new new"


@newest_core
def test_hosts_are_named_as_is_wanted(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=8)
    by_mac, by_address, by_pool, by_end = pairs(fleet)
    for number, miner in enumerate(by_pool):
        miner.set(pools=[{**POOL, "user": f"farm.rack{number}"}])
    files = [
        source(ansible, fleet, f"number{number}.dragonmint.yml", networks=addresses(pair), hostname=hostname)
        for number, (pair, hostname) in enumerate(
            [
                (by_mac, "mac"),
                (by_address, "ipaddress"),
                (by_pool, "dragonmint_pools[0].user.split('.') | last"),
                (by_end, "'m' ~ dragonmint_expected_mac[-2:]"),
            ]
        )
    ]
    macs = {name_of(miner) for miner in by_mac}
    assert listed(ansible, files[0], *further(*files[1:]))["dragonmint"] == {
        *macs,
        *addresses(by_address),
        *("rack0", "rack1", "m07", "m08"),
    }

    by_mac[0].set(host="127.20.0.9")
    # --limit accepts names in the form in which they are given.
    tasks = [{"ansible.builtin.debug": {"msg": "{{ ansible_host }} {{ groups.dragonmint | sort }}"}}]
    play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    file = source(ansible, fleet, networks=[*addresses(by_mac), "127.20.0.9"])
    done = ansible(play, {}, "-i", str(file), "-l", name_of(by_mac[0]), environment=ENVIRONMENT).succeeded()
    assert done.one().result["msg"] == f"127.20.0.9 {sorted(macs)}"


@newest_core
def test_names_that_can_not_be_had(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    problems = {
        "'same'": "the name 'same' is already taken by 127.20.0.1",
        "dragonmint_identity.type ~ ' {}'": "'T1 {}' is not a valid host name",
        "'localhost'": "'localhost' is not a valid host name",
        "nothing_of_that_name": "nothing_of_that_name",
    }
    fleet = start_fleet(count=8)
    options = [
        {"networks": addresses(pair), "hostname": hostname}
        for pair, hostname in zip(pairs(fleet), problems, strict=True)
    ]
    files = [source(ansible, fleet, f"number{number}.dragonmint.yml", **each) for number, each in enumerate(options)]
    found = listed(ansible, files[0], *further(*files[1:]))
    assert found["dragonmint"] == {"same", *addresses(fleet.miners[1:])}
    said = " ".join(found["said"].split())
    for file, (_first, second), problem in zip(files, pairs(fleet), problems.values(), strict=True):
        _before, _words, shown = said.partition(
            f"{file.name}: hostname does not give a usable name for {second.host}: "
        )
        assert problem in shown.partition("The host is named after its address.")[0]
    strict = all_refused(ansible, fleet, *({**each, "strict": True} for each in options))
    assert [text for text, problem in zip(strict, problems.values(), strict=True) if problem not in text] == []


@newest_core
def test_filters_leave_out_before_more_is_asked(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    wanted = fleet[1]
    filters = ["dragonmint_identity.type == 'T1'", f"ansible_host == '{wanted.host}'"]
    found = listed(ansible, source(ansible, fleet, filters=filters))
    assert found["all"] == set()
    assert found["dragonmint"] == {name_of(wanted)}
    assert "3 identified (1 polled, 0 locked, 0 unresponsive, 2 filtered out)" in found["said"]
    assert [set(actions(miner)) & POLLED for miner in fleet.miners] == [{"overview"}, POLLED, {"overview"}]
    wrong = {"nothing.here": "nothing", "dragonmint_identity.type": "must be true or false"}
    texts = all_refused(ansible, fleet, *({"filters": ["true", expression]} for expression in wrong))
    for text, message in zip(texts, wrong.values(), strict=True):
        assert "filters[1]" in text
        assert message in text


@newest_core
def test_hosts_are_grouped_and_variables_composed(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    fleet[2].set(users={"admin": "Somebody-Else-3"})
    options = {
        "compose": {
            "octet": "ansible_host.split('.')[3]",
            "site": "hall",
            "ths": "dragonmint_mining.hashrate_ths.average",
        },
        "groups": {"first": "octet == '1'", "in_hall": "site is defined"},
        "keyed_groups": [
            {"key": "dragonmint_identity.type | lower", "prefix": "type"},
            {"key": "dragonmint_credential"},
        ],
    }
    found = listed(ansible, source(ansible, fleet, **options), "-e", "hall=north")
    assert found["first"] == {name_of(fleet[0])}
    assert "in_hall" not in found
    assert found["type_t1"] == found["_factory"] == {name_of(fleet[0]), name_of(fleet[1])}
    assert float(found["hostvars"][name_of(fleet[0])]["ths"]) > 14
    named = listed(ansible, source(ansible, fleet, use_extra_vars=True, **options), "-e", "hall=north")
    # Including a miner that accepted no login.
    assert named["in_hall"] == {name_of(fleet[0]), name_of(fleet[1]), fleet[2].host}
    text = refused(ansible, source(ansible, fleet, strict=True, **options))
    assert "site" in text
    # A locked miner without facts is not the user's error.
    del options["compose"]["site"], options["groups"]["in_hall"]
    assert listed(ansible, source(ansible, fleet, strict=True, **options))["first"] == {name_of(fleet[0])}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"networks": []}, "has no addresses"),
    ({"networks": ["127.20.0.1", "!127.20.0.0/24"]}, "has no addresses"),
    ({"networks": ["127.20.0.9-127.20.0.1"]}, "runs backwards"),
    ({"networks": ["fe80::1"]}, "IPv4 addresses only"),
    ({"networks": ["miner1.example.com"]}, "Host names are not looked up"),
    ({"networks": ["8.8.8.8"]}, "allow_public"),
    ({"networks": ["10.0.0.0/8"]}, "allow_huge"),
    ({"networks": None}, "networks"),
    ({"gather_subset": ["debug"]}, "which only the module dragonmint_facts gathers"),
    ({"port": 0}, "port is 0; expected a port from 1 to 65535"),
    ({"port": "http"}, "port"),
    ({"credentials": []}, "no login is set. Set credentials"),
    ({"credentials": ["secret"]}, "credentials[0] must be a dictionary"),
    ({"credentials": [{"username": "admin"}]}, "credentials[0].password is empty"),
    (
        {"credentials": [{"password": "a", "user": "admin"}]},
        "credentials[0]: unknown key 'user'. Did you mean 'username'?",
    ),
    ({"credentials": [*CREDENTIALS, {"password": ""}]}, "credentials[3].password is empty"),
    ({"credentials": [{"password": "a", "username": "ad:min"}]}, "credentials[0]: username is not valid; expected"),
    ({"concurrency": 0}, "concurrency must be 1 or more"),
    ({"timeout": 0}, "timeout must be a number of seconds above 0"),
    ({"connect_timeout": "inf"}, "connect_timeout must be a number of seconds above 0"),
    ({"deadline": -1}, "deadline must be a number of seconds above 0"),
    ({"auth": "digest"}, "auth"),
    ({"gather_subset": ["pool"]}, "gather_subset has 'pool'"),
    ({"desired": [{"pool": []}]}, "desired[0]: unknown key 'pool'. Did you mean 'pools'?"),
    ({"desird": []}, "unknown key 'desird'. Did you mean 'desired'?"),
    ({"desired": [{"group": "canry", "pools": None}]}, "desired[0].group: unknown group 'canry'"),
    ({"expected": "nowhere.txt"}, "No such file or directory"),
    ({"desired": [{"pools": [{"url": URL}]}]}, "user"),
    ({"desired": [{"autotune": {"mode": "turbo"}}]}, "turbo"),
    ({"desired": [{"network": {"mode": "static"}}]}, "mode=static also needs"),
]


@newest_core
def test_bad_input_is_refused_before_anything_is_sent(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    texts = all_refused(ansible, fleet, *(options for options, _message in BAD))
    assert {
        json.dumps(options): text
        for (options, message), text in zip(BAD, texts, strict=True)
        if message not in text or "Traceback" in text
    } == {}
    assert fleet[0].requests() == []


@newest_core
def test_the_environment_has_a_login_for_who_gives_none(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    fleet[0].set(users={"admin": PASSWORD, "guest": "Guest-Password-4"})
    file = source(ansible, fleet, credentials=[])
    assert listed(ansible, file, DRAGONMINT_PASSWORD=PASSWORD)["dragonmint"] == {name_of(fleet[0])}
    guest = listed(ansible, file, DRAGONMINT_USERNAME="guest", DRAGONMINT_PASSWORD="Guest-Password-4")
    assert "dragonmint_autotune" not in guest["hostvars"][name_of(fleet[0])]
    several = {"DRAGONMINT_PASSWORD": "Fleet-Password-0", "DRAGONMINT_FALLBACK_PASSWORDS": json.dumps(["x", PASSWORD])}
    assert listed(ansible, file, **several)["dragonmint"] == {name_of(fleet[0])}
    given = source(ansible, fleet, credentials=[{"password": "{{ given }}"}])
    assert listed(ansible, given, "-e", f"given={PASSWORD}")["dragonmint"] == {name_of(fleet[0])}


def test_a_password_may_be_a_vault(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    fleet[0].set(users={"admin": PASSWORD})
    (ansible.folder / "key").write_text("key of the vault")
    done = ansible.tool("ansible-vault", "encrypt_string", PASSWORD, "--vault-password-file", "key")
    file = source(ansible, fleet, credentials=[{"password": "SECRET"}])
    indented = done.stdout.strip().replace("\n", "\n  ")
    file.write_text(file.read_text().replace("SECRET", indented))
    found = listed(ansible, file, "--vault-password-file", str(ansible.folder / "key"))
    assert found["dragonmint"] == {name_of(fleet[0])}


def test_a_playbook_sees_how_each_source_was_read(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Also those that Ansible skips with a warning, and also if no source is left."""
    fleet = start_fleet(count=3)
    fleet[1].set(users={"admin": "Somebody-Else-3"})
    folders = {name: ansible.folder / name for name in ("good", "north", "south")}
    wrong = [{"name": "fleet", "password": "{{ lookup('env', 'HALL_PASSWORD') }}"}]
    strict = {"strict": True, "hostname": "dragonmint_identity.nothing if ansible_host.endswith('3') else ansible_host"}
    for name, options in {"good": {}, "north": {"credentials": wrong}, "south": strict}.items():
        folders[name].mkdir()
        source(ansible, fleet, networks=["127.20.0.1-3"], **options).rename(folders[name] / "fleet.dragonmint.yml")
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [{"ansible.builtin.debug": {"msg": "{{ dragonmint_inventory }}"}}],
        },
        {
            "hosts": "dragonmint:dragonmint_locked",
            "gather_facts": False,
            "tasks": [{"ansible.builtin.debug": {"msg": "{{ inventory_hostname }}"}}],
        },
    ]

    def run(*names: str) -> tuple[dict[str, Any], set[str]]:
        sources = [text for name in names for text in ("-i", str(folders[name] / "fleet.dragonmint.yml"))]
        done = ansible(play, {}, *sources, environment=ENVIRONMENT)
        return done.results[0].result["msg"], {result.host for result in done.succeeded().results[1:]}

    reports, hosts = run("south", "good", "north")
    south, good, north = reports.values()
    assert [report["path"] for report in (south, good, north)] == [
        str(folders[name] / "fleet.dragonmint.yml") for name in ("south", "good", "north")
    ]
    assert (good["polled"], good["locked"], good["silent"], good["problems"]) == (2, 1, 0, [])
    assert good["at"] > 0
    assert (north["polled"], north["at"], south["polled"], south["at"]) == (0, None, 0, None)
    assert "read -rs HALL_PASSWORD && export HALL_PASSWORD" in north["problems"][0]
    assert "hostname does not give a usable name for 127.20.0.3" in south["problems"][0]
    assert hosts == {name_of(fleet[0]), fleet[1].host, name_of(fleet[2])}
    alone, nobody = run("north")
    assert list(alone) == ["fleet.dragonmint.yml"]
    assert nobody == set()


@newest_core
def test_few_files_may_be_open(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=150)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, before[1]))
    try:
        found = listed(ansible, source(ansible, fleet, networks=["127.20.0.0/24"], timeout=20))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(found["dragonmint"]) == 150
    assert re.search(r"Only \d+ addresses are tried at once", found["said"])


@newest_core
def test_nothing_found_is_said(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    found = listed(ansible, source(ansible, start_fleet(count=1), networks=["127.20.5.0/30"]))
    assert "2 addresses: 2 silent" in found["said"]
    assert "no miner was found" in " ".join(found["said"].split())
    assert found["hostvars"] == {}


@newest_core
def test_other_files_are_left_to_other_plugins(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    file = source(ansible, start_fleet(count=1))
    other = file.rename(file.with_name("fleet.yml"))
    assert "Unable to parse" in ask(ansible, other, "--list").stderr


@newest_core
def test_the_graph_has_the_groups(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    done = ask(ansible, source(ansible, fleet), "--graph")
    assert f"|--@dragonmint:\n  |  |--{name_of(fleet[0])}" in done.stdout
    assert "|--@dragonmint_locked:" in done.stdout
    assert "|--@dragonmint_unresponsive:" in done.stdout


def pairs(fleet: Fleet) -> list[tuple[Miner, Miner]]:
    """The first two miners, the next two, and so on."""
    return list(zip(fleet.miners[::2], fleet.miners[1::2], strict=True))


def addresses(miners: Iterable[Miner]) -> list[str]:
    return [miner.host for miner in miners]


def examples() -> list[dict[str, Any]]:
    """The source files of the documentation."""
    plugin = importlib.import_module("ansible_collections.minerops.dragonmint.plugins.inventory.dragonmint")
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/inventory.md")]
    blocks = [block for page in pages for block in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    return [example for example in map(yaml.safe_load, [plugin.EXAMPLES, *blocks]) if "plugin" in example]


@newest_core
def test_the_examples_of_the_documentation_work(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="dm-2018-05")
    for number, example in enumerate(examples()):
        here = {"networks": [NETWORK], "port": fleet.port}
        if "cache" in example:
            here["cache_connection"] = str(ansible.folder / f"cache{number}")
        file = ansible.write("fleet.dragonmint.yml", {**example, **here})
        found = listed(ansible, file, MINER_PASSWORD=FACTORY)
        assert len(found["dragonmint"]) == 3
        if "desired" in example:
            assert found["drift_pools"] == found["dragonmint"]
    assert number == 5
