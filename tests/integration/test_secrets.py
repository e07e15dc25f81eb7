# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret leaks from anything that the collection runs, at maximum verbosity and with any result.

How modules are run is in tests/modules.py, and how playbooks are is in PLAYBOOKS; a playbook or role that is missing
there is a failure. Everything else belongs into the plays of test_no_secret_comes_out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from tests.integration.searching import (
    FALLBACK,
    GUEST,
    IN_FIRMWARE_URL,
    LOGIN,
    NEW,
    POOL,
    ROTATED,
    SECRETS,
    STORED,
    URL_WITH_PASSWORD,
    commands_of,
    leaks,
    secrets_in,
)
from tests.modules import MODULES
from tests.simulator.control import Fleet, Miner
from tests.support.running import NEWER_FIRMWARE, ROOT, Ansible, connection_to, newest_core

SPEED = 50.0
MASK = "********"
URL = "stratum+tcp://pool.example.com:3333"
VARIABLES = {
    "dragonmint_password": LOGIN,
    "dragonmint_fallback_passwords": [FALLBACK, NEW, ROTATED],
    "dragonmint_retries": 0,
    "pool_password": POOL,
    "new_password": NEW,
    "url_with_password": URL_WITH_PASSWORD,
    "firmware_url": f"http://farm:{IN_FIRMWARE_URL}@127.0.0.1:9/{NEWER_FIRMWARE}.swu",
    "good_pool": {"url": URL, "user": "farm.{{ inventory_hostname }}", "password": "{{ pool_password }}"},
}

# Variables for each playbook on the healthy miners.
PLAYBOOKS: dict[str, dict[str, Any]] = {
    "audit": {},
    "metrics": {},
    "overview": {},
    "provision": {},
    "rotate_passwords": {"rotate_serial": "100%", "rotate_max_failure_percent": 100},
    # With a remedy that is tried and does not help.
    "heal": {
        "health_heal": True,
        "health_boards": 4,
        "health_remedy_interval_hours": 0,
        "health_heal_timeout": 2,
        "health_max_parallel_percent": 100,
        "health_fail_on": "never",
    },
    "curtail": {"curtail_mode": "efficient"},
    "site": {},
    "upgrade": {"upgrade_url": "{{ firmware_url }}", "upgrade_wait_timeout": 10},
}
PROVISIONED = {
    "provision_admin_password": "{{ new_password }}",
    "provision_guest_password": GUEST,
    "provision_pools": ["{{ good_pool }}"],
    "rotate_new_password": ROTATED,
}
REPORTS = {
    *("audit", "audit.state", "dragonmint", "health", "health.state", "history"),
    *("overview", "overview.state"),
    *("curtail", "curtail-record", "rotate", "upgrade", "upgrade_without_failed"),
}
ASYNC = {"minerops.dragonmint.dragonmint_pools": {"pools": ["{{ good_pool }}"]}, "async": 60, "poll": 1}
# All miners in one task, with secrets where they belong, and where they don't.
FLEET = [
    {"module": "facts", "timeout": "{{ dragonmint_password }}"},
    {"module": "facts", "options": {"gather_subset": ["{{ dragonmint_password }}"]}},
    {"module": "pools", "options": {"pools": [{"url": URL, "user": "farm.1", "password": "{{ pool_password }}"}]}},
    {"module": "pools", "options": {"pools": [{"url": "{{ url_with_password }}", "user": "farm.1"}]}},
    {"module": "user", "options_by_host": {"well_here_jwt": {"new_password": "{{ new_password }}"}}},
    {"module": "autotune", "options": {"mode": "{{ dragonmint_password }}", "password": "{{ pool_password }}"}},
    {"module": "power", "options": {"state": "mining_restarted", "wait_timeout": 10}},
]
TIMED = {"minerops.dragonmint.dragonmint_user": {"new_password": "{{ new_password }}"}, "timeout": 3}
# The one known exception: while an async task runs, and some seconds more, ansible-core keeps its module with all
# options in a file, on the machine to which it is delegated. SECURITY.md says so.
KNOWN = re.compile(r"remote_tmp/[^/]+/AnsiballZ_dragonmint_pools\.py")

# How tasks end for the miners of this name, with a minimum number that are not bad input.
AT_LEAST = 4
ENDS = {"well": "ok", "refuses": "rejected", "hangs": "timeout", "raises": "bug"}
READS = ("overview", "summary", "pools", "network", "type", "getAutoTune", "getAutoTuneStatus")
WAYS = ("here_jwt", "there_basic")
# How a failure comes back from another machine is the same for each module, so it is tried with these.
FAILING_THERE = ("autotune", "pools", "power", "user")

# As if a library printed everything that it sends.
TALKATIVE_LIBRARY = """
import os
import sys

if os.path.basename(sys.argv[0]).startswith(("ansible-playbook", "AnsiballZ_dragonmint_")):
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def talk(self, request, *args, **kwargs):
        if "Authorization" in request.headers and request.url.split("/")[2] in os.environ["TALK_ABOUT"]:
            raise RuntimeError(f"{request.url} {request.headers} {request.body}")
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = talk

if os.path.basename(sys.argv[0]).startswith("ansible-playbook"):
    from aiohttp import ClientSession

    request = ClientSession._request

    async def talk_too(self, method, url, **kwargs):
        if "Authorization" in (kwargs.get("headers") or {}) and f"{url.host}:{url.port}" in os.environ["TALK_ABOUT"]:
            raise RuntimeError(f"{url} {kwargs}")
        return await request(self, method, url, **kwargs)

    ClientSession._request = talk_too
"""


def test_everything_is_run() -> None:
    """Anything new also has to be searched for secrets."""
    assert sorted(PLAYBOOKS) == sorted(path.stem for path in (ROOT / "playbooks").glob("[!_]*.yml"))
    playbooks = "".join((ROOT / f"playbooks/{name}.yml").read_text(encoding="utf-8") for name in PLAYBOOKS)
    assert [
        role.name for role in (ROOT / "roles").iterdir() if f"minerops.dragonmint.{role.name}" not in playbooks
    ] == []


def test_a_secret_is_found_in_each_form() -> None:
    for secret in SECRETS:
        login = f"admin:{secret}"
        plain = (secret, json.dumps(secret), quote(secret, safe=""), quote_plus(secret), repr(secret))
        packed = [base64.b64encode(text.encode()).decode() for text in (secret, login, f'{{"password": "{secret}"}}')]
        assert [text for text in (*plain, *packed) if not secrets_in(f"x{text}x")] == []


def test_no_secret_comes_out(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Neither in anything printed, returned, logged, cached or written, nor as the argument of a process."""
    # What a refusal or a late reply becomes is ours alone, whatever the core.
    tried = [*ENDS] if ansible.is_newest else ["well", "raises"]
    names = [f"{end}_{way}" for end in tried for way in WAYS]
    fleet = start_fleet(count=len(names) + 2, speed=SPEED, generation="dm-2018-05,inno-2019")
    *tried_on, stopped_here, stopped_there = fleet.miners
    miners = dict(zip(names, tried_on))
    stopped = {"stopped_here": stopped_here, "stopped_there": stopped_there}
    for name, miner in miners.items():
        prepare(miner, name.split("_")[0])
    for miner in stopped.values():
        prepare(miner, "hangs")
    hosts = {
        name: {**reached(miner, *name.split("_")[1:]), **VARIABLES, "dragonmint_timeout": 1 if "hangs" in name else 20}
        for name, miner in miners.items()
    }
    for name, miner in stopped.items():
        hosts[name] = {**reached(miner, name.split("_")[1]), **VARIABLES, "dragonmint_timeout": 8}
    failing_there = [name for name in names if "there" in name and "well" not in name]
    # A playbook has no tasks elsewhere.
    well = [name for name in names if name.startswith("well")][: None if ansible.is_newest else 1]
    target = ":".join(well)
    go_on = {"strategy": "free", "ignore_errors": True, "ignore_unreachable": True}
    others = [name for name in names if name not in failing_there]
    plays = [
        play(*tasks_of(MODULES), hosts=":".join(others), **go_on),
        play(*tasks_of(FAILING_THERE), hosts=":".join(failing_there), **go_on),
        {
            **play(hosts="miners:!stopped_*", ignore_errors=True),
            "tasks": [{"minerops.dragonmint.dragonmint_fleet": {"retries": 0, **task}} for task in FLEET],
        },
        play(ASYNC, hosts="well_there_basic"),
        play(TIMED, hosts="stopped_*", ignore_errors=True),
        *(
            {"ansible.builtin.import_playbook": f"minerops.dragonmint.{name}", "vars": {"target": target, **variables}}
            for name, variables in PLAYBOOKS.items()
        ),
    ]
    with commands_of(ansible) as commands:
        done = ansible(
            plays,
            inventory(hosts, **PROVISIONED),
            "-vvvvv",
            "--diff",
            environment={
                "ANSIBLE_LOG_PATH": str(ansible.folder / "log"),
                "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
                "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(ansible.folder / "cache"),
                "PYTHONPATH": str(library(ansible)),
                "TALK_ABOUT": " ".join(f"{m.host}:{m.port}" for name, m in miners.items() if "raises" in name),
            },
        )

    for name in names:
        ends = [result.result.get("error_code", result.status) for result in done.of(name)]
        assert ends.count(ENDS[name.split("_")[0]]) >= AT_LEAST, (name, ends)
        if name.startswith("raises"):
            assert any("RuntimeError" in result.result["msg"] for result in done.of(name))
    # Those of the playbooks have names.
    together = [result.result for result in done.of(task="minerops.dragonmint.dragonmint_fleet")]
    assert len(together) == len(FLEET)
    # The pools and the restart, since everything else is refused before it is sent.
    assert sum("RuntimeError" in json.dumps(result) for result in together) == 2
    for name in stopped:
        # Ansible itself has ended it.
        assert done.one(name).status == "failed"
        assert "error_code" not in done.one(name).result
    assert [name for name in names if "well" in name and not list((ansible.folder / "cache").glob(f"*{name}"))] == []
    assert {path.stem for path in (ansible.folder / "dragonmint-reports").iterdir()} == REPORTS
    assert len(list((ansible.folder / "dragonmint-state").iterdir())) == len(well)
    record = json.loads((ansible.folder / "dragonmint-reports/curtail-record.json").read_text(encoding="utf-8"))
    assert sum(len(entry["miners"]) for entry in record["curtailed"]) == len(well)
    assert all((ansible.folder / f"log of well_{way}").stat().st_size for way in WAYS)
    assert any("AnsiballZ_dragonmint_facts" in command for command in commands)

    found = leaks(ansible, done.output, commands)
    known = [where for where in found if KNOWN.fullmatch(where)]
    assert {where: texts for where, texts in found.items() if where not in known} == {}
    assert len(known) <= 1


def test_a_short_password_censors_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    pools = [
        {"url": "stratum+tcp://example.xyz:3333", "user": "max.worker"},
        {"url": "stratum+tcp://example.xyz:3334", "user": "admin", "password": "adm"},
    ]
    without_passwords = [{**pool, "password": None} for pool in pools]
    hosts = here_and_there(*start_fleet(count=2).miners)
    done = ansible([play(pools_task(pools))], inventory(hosts), "--diff").succeeded()
    for values in (r.result for r in done.results):
        assert values["pools"] == without_passwords
        assert [{**pool, "password": ...} for pool in values["diff"]["after"]["pools"]] == [
            {**pool, "password": ...} for pool in without_passwords
        ]
        assert values["invocation"]["module_args"]["username"] == "admin"
    assert done.output.count("stratum+tcp://example.xyz:3333") == len(hosts)


@newest_core
def test_the_diff_says_where_only_a_password_differs(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    kept, changed = ({"url": f"stratum+tcp://{name}.example.com:3333", "user": "farm.1"} for name in ("a", "b"))
    miners = start_fleet(count=2).miners
    for miner in miners:
        miner.set(pools=[{**pool, "pass": "x"} for pool in (kept, changed)])
    task = pools_task([kept, {**changed, "password": "y"}])
    check_then_real = play({**task, "check_mode": True}, task)
    done = ansible([check_then_real], inventory(here_and_there(*miners)), "--diff").succeeded()
    assert len(done.results) == 2 * len(miners)
    for result in done.results:
        assert result.changed
        assert result.result["diff"] == {
            "before": {"pools": [{**kept, "password": MASK}, {**changed, "password": MASK}]},
            "after": {"pools": [{**kept, "password": MASK}, {**changed, "password": "(changed)"}]},
        }


def prepare(miner: Miner, end: str) -> None:
    """Gives it secrets of its own, and makes tasks end as in ENDS; its refusals repeat the request."""
    miner.set(users={"admin": FALLBACK}, pools=[{"url": URL_WITH_PASSWORD, "user": "farm.1", "pass": STORED}] * 2)
    miner.set(journal=f"{LOGIN} {FALLBACK}\n{URL_WITH_PASSWORD}\n")
    if end == "refuses":
        miner.fault("reject", action="updatePools", message=f"{LOGIN} {FALLBACK} {POOL}")
        for action in (*READS, "writes"):
            miner.fault("reject", action=action, message=f"{LOGIN} {FALLBACK} {NEW}")
    elif end == "hangs":
        miner.fault("silent")


def tasks_of(modules: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {f"minerops.dragonmint.dragonmint_{name}": options} for name in modules for options in MODULES[name].secrets
    ]


def pools_task(pools: list[dict[str, Any]]) -> dict[str, Any]:
    return {"minerops.dragonmint.dragonmint_pools": {"pools": pools}}


def here_and_there(here: Miner, there: Miner) -> dict[str, dict[str, Any]]:
    return {"here": reached(here, "here"), "there": reached(there, "there")}


def reached(miner: Miner, where: str, auth: str = "basic") -> dict[str, Any]:
    """The variables of a miner whose tasks run here, or on another machine."""
    machine = "localhost" if where == "here" else "bastion"
    return {**connection_to(miner), "machine": machine, "dragonmint_auth": auth}


def inventory(hosts: dict[str, dict[str, Any]], **variables: Any) -> dict[str, Any]:
    bastion = {"ansible_connection": "local"}
    return {"miners": {"hosts": hosts, "vars": variables}, "elsewhere": {"hosts": {"bastion": bastion}}}


def play(*tasks: dict[str, Any], hosts: str = "miners", **keywords: Any) -> dict[str, Any]:
    """A play whose tasks run where the miners say."""
    own = [{**task, "delegate_to": "{{ machine }}"} for task in tasks]
    return {"hosts": hosts, "gather_facts": False, "tasks": own, **keywords}


def library(ansible: Ansible) -> Path:
    """A folder with a file that Python loads at startup."""
    folder = ansible.folder / "library"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TALKATIVE_LIBRARY)
    return folder
