# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalid input is refused with a message that names it, before anything is sent to the miner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulator.control import Fleet
from tests.support.running import Ansible, TaskResult, connection_to, hosts_with_writes, inventory_of, newest_core

LINE_BREAK = "a\nb"
# YAML can't carry it, the environment can.
NO_UTF8 = "{{ lookup('ansible.builtin.env', 'NO_UTF8') }}"
ENVIRONMENT = {"NO_UTF8": "a\udcff"}
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}


def pool(**values: Any) -> dict[str, Any]:
    return {"pools": [{**POOL, **values}]}


# Options of a module, and what the message names.
CONNECTION: list[tuple[dict[str, Any], str]] = [
    ({"password": None}, "password"),
    ({"password": ""}, "password is empty"),
    ({"password": NO_UTF8}, "UTF-8"),
    ({"fallback_passwords": [NO_UTF8]}, "UTF-8"),
    ({"fallback_passwords": {"first": "a"}}, "fallback_passwords"),
    ({"username": "ad:min"}, "colon"),
    ({"username": NO_UTF8}, "UTF-8"),
    ({"host": "127.20.0.012"}, "Use 127.20.0.12."),
    ({"host": "127.1"}, "host is '127.1'"),
    ({"host": "127.20.0.1:8085"}, "dragonmint_port: 8085"),
    ({"host": "miner 1"}, "host"),
    ({"host": "http://127.20.0.1"}, "host"),
    ({"host": "127.20.0.1/api/reboot?"}, "host"),
    ({"host": "admin@127.20.0.1"}, "host"),
    ({"host": LINE_BREAK}, "host"),
    ({"host": NO_UTF8}, "host"),
    ({"port": "http"}, "port"),
    ({"port": 0}, "port"),
    ({"port": -1}, "port"),
    ({"port": 65536}, "port"),
    ({"scheme": "ftp"}, "scheme"),
    ({"auth": "digest"}, "auth"),
    ({"timeout": "soon"}, "timeout"),
    ({"timeout": 0}, "timeout"),
    ({"timeout": -1}, "timeout"),
    ({"timeout": "nan"}, "timeout"),
    ({"timeout": "inf"}, "timeout"),
    ({"retries": "many"}, "retries"),
    ({"retries": -1}, "retries"),
    ({"expected_mac": ""}, "expected_mac is ''"),
    ({"scheme": "https", "ca_path": "/nowhere/ca.pem"}, "ca_path is '/nowhere/ca.pem'"),
    ({"validate_certs": "maybe"}, "validate_certs"),
    ({"colour": "blue"}, "Unsupported parameters for (minerops.dragonmint.dragonmint_facts) module: colour. Supported"),
]
POOLS: list[tuple[dict[str, Any], str]] = [
    ({}, "missing required arguments: pools"),
    ({"pools": None}, "missing required arguments: pools"),
    ({"pools": []}, "at least one pool"),
    ({"pools": [POOL] * 4}, "4 entries"),
    ({"pools": ""}, "pools"),
    ({"pools": "stratum+tcp://pool.example.com:3333"}, "pools"),
    ({"pools": ["stratum+tcp://pool.example.com:3333"]}, "pools"),
    ({"pools": [{"user": "farm.1"}]}, "url"),
    ({"pools": [{"url": POOL["url"]}]}, "user"),
    (pool(priority=1), "module: pools.priority. Supported parameters include: password, url, user."),
    (pool(url=""), "url of pool 1"),
    (pool(url=["a"]), "url"),
    (pool(url="pool.example.com:3333"), "url of pool 1"),
    (pool(url="http://pool.example.com:3333"), "url of pool 1"),
    (pool(url="stratum+tcp://pool.example.com"), "port"),
    (pool(url="stratum+tcp://:3333"), "url of pool 1"),
    (pool(url="stratum+tcp://pool.example.com:0"), "port"),
    (pool(url="stratum+tcp://pool.example.com:65536"), "port"),
    (pool(url="stratum+tcp://pool.example.com:http"), "url of pool 1"),
    (pool(url="stratum+tcp://farm:secret@pool.example.com:3333"), "no user or password"),
    (pool(url=" stratum+tcp://pool.example.com:3333"), "url of pool 1"),
    (pool(url="stratum+tcp://pool.example.com:3333\n"), "url of pool 1"),
    (pool(url="stratum+tcp://pool.example.com:3333\u00a0"), r"3333\xa0', ends with white space: U+00A0 NO-BREAK SPACE"),
    (pool(user="farm.1 "), "'farm.1 ', ends with white space: U+0020 SPACE at position 7"),
    (pool(user="farm\u200b.1"), r"'farm\u200b.1', has an invisible character: U+200B ZERO WIDTH SPACE"),
    (pool(password="x\u200b"), "password of pool 1 has an invisible character: U+200B"),
    (pool(url=NO_UTF8), "url of pool 1"),
    (pool(user=""), "user of pool 1"),
    (pool(user=LINE_BREAK), "user of pool 1"),
    (pool(user="a\x7f"), "user of pool 1"),
    (pool(user=NO_UTF8), "user of pool 1"),
    (pool(password=""), "password of pool 1"),
    (pool(password=LINE_BREAK), "password of pool 1"),
    (pool(password=NO_UTF8), "password of pool 1"),
    ({"pools": [POOL, POOL, {**POOL, "user": ""}]}, "user of pool 3"),
    ({**pool(), "wait_ready": "maybe"}, "wait_ready"),
    ({**pool(), "wait_timeout": "soon"}, "wait_timeout"),
    ({**pool(), "wait_timeout": -1}, "wait_timeout"),
    ({**pool(), "wait_timeout": "nan"}, "wait_timeout"),
]
AUTOTUNE: list[tuple[dict[str, Any], str]] = [
    ({}, "mode"),
    ({"mode": ""}, "mode"),
    ({"mode": "turbo"}, "mode"),
    ({"mode": "Efficient"}, "mode"),
    ({"mode": ["efficient"]}, "mode"),
    ({"mode": "efficient", "level": ""}, "level"),
    ({"mode": "efficient", "level": " "}, "level"),
    ({"mode": "efficient", "level": LINE_BREAK}, "level"),
    ({"mode": "efficient", "level": NO_UTF8}, "level"),
    ({"mode": "efficient", "level": 1}, "The mode efficient has no level '1'. Use one of 2, 3, 4; "),
    ({"mode": "balanced", "level": "abc"}, "The mode balanced has no level 'abc'."),
    ({"mode": "efficient", "wait": "maybe"}, "wait"),
    ({"mode": "efficient", "wait": True, "wait_timeout": "soon"}, "wait_timeout"),
    ({"mode": "efficient", "wait": True, "wait_timeout": -1}, "wait_timeout"),
]
LED: list[tuple[dict[str, Any], str]] = [({}, "state"), ({"state": "twinkle"}, "state")]
POOL_TEST: list[tuple[dict[str, Any], str]] = [
    ({}, "pools"),
    ({"pools": [{"url": POOL["url"]}]}, "user"),
    ({"pools": [{**POOL, "user": ""}]}, "The user of pool 1 is empty"),
]
FACTS: list[tuple[dict[str, Any], str]] = [
    ({"gather_subset": ["pool"]}, "gather_subset"),
    ({"gather_subset": [""]}, "gather_subset"),
    ({"gather_subset": ["!!pools"]}, "gather_subset"),
    ({"gather_subset": {"pools": True}}, "gather_subset"),
]
FIRMWARE: list[tuple[dict[str, Any], str]] = [
    ({"src": "http://shop.example.com/t1_20180901_120000.swu"}, "Use url to have the miner download it"),
    (
        {"src": "missing.swu"},
        "src 'missing.swu' was not found on the controller. Looked in these folders: {here}/files, {here}.",
    ),
    (
        {"src": "new/missing.swu"},
        "'new/missing.swu' was not found on the controller. Looked in these folders: {here}/files, {here}.",
    ),
    ({"src": "/nowhere/missing.swu"}, "src '/nowhere/missing.swu' does not exist on the controller"),
    ({"src": "missing.swu", "search": "10.1.0.0/33"}, "src"),
    ({"url": "http://shop.example.com/t1_20180901_120000.swu", "search": "10.1.0.0/33"}, "search '10.1.0.0/33' is not"),
]
CASES = [
    *(("dragonmint_firmware", *case) for case in FIRMWARE),
    *(("dragonmint_facts", *case) for case in FACTS + CONNECTION),
    *(("dragonmint_pools", *case) for case in POOLS),
    *(("dragonmint_autotune", *case) for case in AUTOTUNE),
    *(("dragonmint_led", *case) for case in LED),
    *(("dragonmint_pool_test", *case) for case in POOL_TEST),
]
# What only the miner can refuse: its firmware lacks the mode, or has no levels.
UNSUPPORTED: list[tuple[str, dict[str, Any], str]] = [
    ("dm_2018_04", {"mode": "factory"}, "mode factory"),
    ("dm_2018_04", {"mode": "efficient", "level": 3}, "level"),
    ("dm_2018_05", {"mode": "off"}, "mode off"),
    ("dm_2018_05", {"mode": False}, "mode off"),
    ("dm_2018_05", {"mode": "efficient", "level": 3}, "level"),
    ("inno_2018_08", {"mode": "off"}, "mode off"),
    ("inno_2018_09", {"mode": "off"}, "mode off"),
]


def test_what_no_miner_can_do_is_refused_without_a_request(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet().miners
    host = {**connection_to(miner), "dragonmint_password": None}
    tasks = [
        {f"minerops.dragonmint.{module}": {"password": "dragonadmin", **options}} for module, options, *_others in CASES
    ]
    done = ansible([play_of(tasks)], {"all": {"hosts": {"miner": host}}}, environment=ENVIRONMENT)
    assert len(done.results) == len(CASES)
    wrong = [
        (case, r)
        for case, r in zip(CASES, done.results)
        if not refuses(r, "invalid_input", case[-1].replace("{here}", str(ansible.folder)))
    ]
    assert [f"{case}: {answer(result)}" for case, result in wrong] == []
    assert miner.requests() == []


@newest_core
def test_what_the_firmware_lacks_is_refused_without_a_write(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=4, generation="mixed")
    plays = [
        play_of([{"minerops.dragonmint.dragonmint_autotune": options}], hosts=generation)
        for generation, options, _unused in UNSUPPORTED
    ]
    done = ansible(plays, inventory_of(fleet))
    assert len(done.results) == len(UNSUPPORTED)
    wrong = [(case, r) for case, r in zip(UNSUPPORTED, done.results) if not refuses(r, "unsupported", case[-1])]
    assert [f"{case}: {answer(result)}" for case, result in wrong] == []
    assert hosts_with_writes(fleet) == set()


def play_of(tasks: list[dict[str, Any]], hosts: str = "all") -> dict[str, Any]:
    """A play that continues after each failure."""
    return {
        "hosts": hosts,
        "gather_facts": False,
        "ignore_errors": True,
        "ignore_unreachable": True,
        "tasks": tasks,
    }


def refuses(result: TaskResult, code: str, named: str) -> bool:
    return result.status == "failed" and result.result.get("error_code") == code and named in result.result["msg"]


def answer(result: TaskResult) -> str:
    return f"{result.status} {result.result.get('error_code')}: {result.result.get('msg')}"
