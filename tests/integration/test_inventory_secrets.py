# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret leaks from the inventory plugin, neither from what it finds nor from what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.integration.polling import name_of, source
from tests.integration.searching import FALLBACK, LOGIN, POOL, STORED, URL_WITH_PASSWORD, commands_of, leaks
from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible

TOLD = f"{LOGIN} {FALLBACK} {URL_WITH_PASSWORD}"
# For the templates in options. Extra variables would be shown as variables of each host, by Ansible.
ENVIRONMENT = {"MINER_LOGIN": FALLBACK, "POOL_PASSWORD": POOL, "POOL_URL": URL_WITH_PASSWORD}
CREDENTIALS = [
    {"name": "of the source", "password": LOGIN},
    {"name": "of the environment", "password": "{{ lookup('ansible.builtin.env', 'MINER_LOGIN') }}"},
]
DESIRED_POOL = {
    "url": "stratum+tcp://a.example.com:1",
    "user": "farm.1",
    "password": "{{ lookup('ansible.builtin.env', 'POOL_PASSWORD') }}",
}
BAD_POOL = {**DESIRED_POOL, "url": "{{ lookup('ansible.builtin.env', 'POOL_URL') }}"}
READS = ("overview", "summary", "pools", "getAutoTune", "getAutoTuneStatus")

# What is done to a miner, besides giving it secrets, and its resulting group.
ENDS: dict[str, tuple[Callable[[Miner], Any], str]] = {
    "takes the first": (lambda miner: miner.set(users={"admin": LOGIN}), "dragonmint"),
    "takes the second": (lambda miner: None, "dragonmint"),
    "tells": (lambda miner: miner.set(firmware=TOLD), "dragonmint"),
    "refuses": (lambda miner: [miner.fault("reject", action=name, message=TOLD) for name in READS], "dragonmint"),
    "breaks off": (lambda miner: miner.fault("cut_json", action="pools"), "dragonmint"),
    "errs": (lambda miner: miner.fault("wrong_types", action="pools"), "dragonmint"),
    "locked": (lambda miner: miner.fault("reject", action="auth", message=TOLD), "dragonmint_locked"),
    "hangs": (lambda miner: miner.fault("silent", action="summary"), "dragonmint_unresponsive"),
    "closes": (lambda miner: miner.fault("drop", action="summary"), "dragonmint_unresponsive"),
    "raises at the login": (lambda miner: None, "dragonmint_unresponsive"),
    "raises afterwards": (lambda miner: None, "dragonmint_unresponsive"),
}
RAISES = {"raises at the login": "auth", "raises afterwards": "overview"}

# As if a library printed everything that it sends.
TALKATIVE_LIBRARY = """
import os
import sys

if os.path.basename(sys.argv[0]) == "ansible-inventory":
    from aiohttp import ClientSession

    request = ClientSession._request

    async def talk(self, method, url, **options):
        if str(url) in os.environ["TALK_ABOUT"].split():
            raise RuntimeError(f"{url} {options}")
        return await request(self, method, url, **options)

    ClientSession._request = talk
"""

# What is wrong with a source, and a word of the message.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "compose": ({"strict": True, "compose": {"x": "dragonmint_pools[0].nothing.at_all"}}, "nothing"),
    "hostname": ({"strict": True, "hostname": "dragonmint_pools[0].url"}, "not a valid host name"),
    "filter": ({"filters": ["dragonmint_identity.nothing.at_all"]}, "filters[0]"),
    "desired": ({"desired": [{"pools": [BAD_POOL]}]}, "The url of pool 1"),
    "desired-no-template": ({"desired": [{"pools": [{"url": URL_WITH_PASSWORD, "user": "u"}]}]}, "The url of pool 1"),
    "desired-no-user": ({"desired": [{"pools": [{"url": URL_WITH_PASSWORD}]}]}, "missing required arguments: user"),
    "credential": ({"credentials": [{"password": LOGIN, "user": FALLBACK}]}, "credentials[0]: unknown key 'user'"),
    "username": (
        {"credentials": [{"username": f"a:{LOGIN}", "password": FALLBACK}]},
        "username is not valid; expected a user name in UTF-8 without a colon",
    ),
    "empty": ({"credentials": [*CREDENTIALS, {"password": ""}]}, "credentials[2].password is empty"),
    "text": ({"credentials": f"{LOGIN} {FALLBACK}"}, "credentials[0] must be a dictionary"),
    "timeout": ({"timeout": 0}, "timeout must be a number of seconds above 0"),
    "credentials-not-in-a-list": ({"credentials": {"password": LOGIN}}, "credentials must be a list"),
    "desired-not-in-a-list": ({"desired": {"pools": [{"password": LOGIN}]}}, "desired must be a list"),
    "boolean": ({"credentials": [{"password": True}, {"password": LOGIN}]}, "was read as true"),
}


def test_no_secret_comes_out_of_the_inventory(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Neither polled nor from the cache, whatever happens to the miners, and however it is shown."""
    fleet = start_fleet(count=len(ENDS))
    miners = dict(zip(ENDS, fleet.miners))
    for name, (bring_about, _group) in ENDS.items():
        prepare(miners[name])
        bring_about(miners[name])
    raising = " ".join(f"http://{miners[name].host}:{fleet.port}/api/{action}" for name, action in RAISES.items())
    options = {
        "credentials": CREDENTIALS,
        "timeout": 1,
        "deadline": 5,
        "compose": {"user": "dragonmint_pools[0].user"},
        "desired": [{"pools": [DESIRED_POOL]}],
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(ansible.folder / "cache"),
    }
    cached = source(ansible, fleet, **options)
    with commands_of(ansible) as commands:
        done = [
            look(ansible, [cached], "--list", "--output", "cold.json", TALK_ABOUT=raising),
            look(ansible, [cached], "--list"),
            look(ansible, [cached], "--graph", "--vars"),
            look(ansible, [cached], "--host", name_of(miners["tells"])),
        ]
        by_jwt = source(ansible, fleet, **{**options, "cache": False, "auth": "jwt"})
        done.append(look(ansible, [by_jwt], "--list", TALK_ABOUT=raising))

    assert [one.stderr for one in done if one.returncode] == []
    found = json.loads((ansible.folder / "cold.json").read_text(encoding="utf-8"))
    for name, (_bring_about, group) in ENDS.items():
        assert {miners[name].host, name_of(miners[name])} & set(found[group]["hosts"]), name
    for name in RAISES:
        assert "RuntimeError" in str(found["_meta"]["hostvars"][miners[name].host]["dragonmint_problem"])
    assert "farm.1" in done[2].stdout
    assert len(list((ansible.folder / "cache").iterdir())) == 1
    assert {request["auth"] for request in miners["takes the second"].requests()} == {None, "basic", "bearer"}
    assert any("ansible-inventory" in command for command in commands)
    assert leaks(ansible, "".join(one.stdout + one.stderr for one in done), commands) == {}


def test_no_secret_comes_out_of_a_source_that_is_wrong(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    prepare(fleet[0])
    sources = [
        source(ansible, fleet, **{"credentials": CREDENTIALS, "networks": [fleet[0].host], **options}).rename(
            ansible.folder / f"{name}.dragonmint.yml"
        )
        for name, (options, _word) in WRONG.items()
    ]
    with commands_of(ansible) as commands:
        # With the variables of groups: the errors are among them.
        done = look(ansible, sources, "--list", "--export")
    output = done.stdout + done.stderr
    assert [name for name, (_options, word) in WRONG.items() if word not in " ".join(output.split())] == []
    found = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert "dragonmint" not in found
    assert found["all"]["vars"]["dragonmint_inventory"].keys() == {source.name for source in sources}
    assert leaks(ansible, output, commands) == {}


def prepare(miner: Miner) -> None:
    """Gives it secrets of its own."""
    pool = {"url": URL_WITH_PASSWORD, "user": "farm.1", "pass": STORED}
    miner.set(users={"admin": FALLBACK}, pools=[pool] * 2)


def look(ansible: Ansible, sources: list[Path], *arguments: str, **environment: str) -> CompletedProcess[str]:
    """Runs ansible-inventory with maximum verbosity."""
    for name in ("library", "temporary"):
        (ansible.folder / name).mkdir(exist_ok=True)
    (ansible.folder / "library/sitecustomize.py").write_text(TALKATIVE_LIBRARY)
    return ansible.tool(
        "ansible-inventory",
        *(text for path in sources for text in ("-i", path)),
        *("-vvvvv", *arguments),
        environment={
            **ENVIRONMENT,
            "ANSIBLE_LOG_PATH": str(ansible.folder / "log"),
            "PYTHONPATH": str(ansible.folder / "library"),
            "TALK_ABOUT": "",
            "TMPDIR": str(ansible.folder / "temporary"),
            **environment,
        },
    )
