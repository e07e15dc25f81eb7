# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret comes out of a task, however much it is made to say, and no text of a device is taken for a template."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from tests.integration.running import Ansible, PlaybookRun, connection_to
from tests.simulator.control import Fleet, Miner

# Escaped in JSON and in URLs, each is known by its first word.
LOGIN = 'Login-1-ö "+/&'
FALLBACK = 'Fallback-2-ö "+/&'
POOL = 'Pool-3-ö "+/&'
STORED = 'Stored-4-ö "+/&'
IN_URL = "In-Url-5"
NEW = 'New-6-ö "+/&'
SECRETS = (LOGIN, FALLBACK, POOL, STORED, IN_URL, NEW)
MASK = "********"
# How each JWT begins.
JWT = "eyJ0eXAi"

URL = "stratum+tcp://pool.example.com:3333"
URL_WITH_PASSWORD = f"stratum+tcp://farm:{IN_URL}@pool.example.com:3333"
VARIABLES = {
    "dragonmint_password": LOGIN,
    "dragonmint_fallback_passwords": [FALLBACK, NEW],
    "pool_password": POOL,
    "new_password": NEW,
    "url_with_password": URL_WITH_PASSWORD,
    "good_pool": {"url": URL, "user": "farm.1", "password": "{{ pool_password }}"},
}


def setting(**options: Any) -> dict[str, Any]:
    return {"minerops.dragonmint.dragonmint_pools": {"pools": ["{{ good_pool }}"], **options}}


# What to do, and how it ends.
TASKS: list[tuple[dict[str, Any], str]] = [
    ({"minerops.dragonmint.dragonmint_facts": {}}, "ok"),
    ({**setting(), "check_mode": True}, "ok"),
    (setting(), "rejected"),
    (setting(), "not_applied"),
    (setting(), "ok"),
    (setting(pools=["{{ good_pool }}"] * 4), "invalid_input"),
    (setting(pools=[{"url": "{{ url_with_password }}", "user": "farm.1"}]), "invalid_input"),
    (setting(pools=["{{ pool_password }}"]), "invalid_input"),
    (setting(pools="{{ pool_password }}"), "invalid_input"),
    (setting(timeout="{{ dragonmint_password }}"), "invalid_input"),
    (setting(username="{{ pool_password }}:"), "invalid_input"),
    ({**setting(), "vars": {"dragonmint_fallback_passwords": []}}, "authentication"),
    ({"minerops.dragonmint.dragonmint_autotune": {"mode": "efficient"}}, "ok"),
    ({"minerops.dragonmint.dragonmint_autotune": {"mode": "{{ dragonmint_password }}"}}, "invalid_input"),
    ({"minerops.dragonmint.dragonmint_user": {"new_password": "{{ new_password }}"}}, "ok"),
    ({**setting(pools=[{"url": "{{ url_with_password }}"}]), "async": 60, "poll": 1}, "invalid_input"),
    ({**setting(), "async": 60, "poll": 0, "register": "job"}, "ok"),
    (
        {
            "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
            "register": "ended",
            "until": "ended is finished",
            "retries": 30,
            "delay": 1,
        },
        "ok",
    ),
]
# As if a library told everything that it was to send.
TALKATIVE_LIBRARY = """
from contextlib import suppress

with suppress(ImportError):
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def talk(self, request, *args, **kwargs):
        if "Authorization" in request.headers:
            raise RuntimeError(f"{request.url} {request.headers} {request.body}")
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = talk
"""


def test_no_secret_comes_out_of_a_task(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = with_secrets(start_fleet, "jwt_here", "basic_there")
    for miner in miners.values():
        miner.fault("reject", action="updatePools", times=1, message=f"not with {POOL}")
        miner.fault("ignored_write", action="updatePools", times=1)
    done = say_everything(ansible, miners, [task for task, _unused in TASKS])
    ends = {name: [r.result.get("error_code", r.status) for r in done.of(name)] for name in miners}
    assert ends == {name: [end for _unused, end in TASKS] for name in miners}
    assert secrets_in(ansible, done) == []


def test_no_secret_comes_out_of_an_exception(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = with_secrets(start_fleet, "basic_here", "basic_there", "jwt_here", "jwt_there")
    library = ansible.folder / "library"
    library.mkdir()
    (library / "sitecustomize.py").write_text(TALKATIVE_LIBRARY)
    done = say_everything(ansible, miners, [setting()], PYTHONPATH=str(library))
    assert {r.host for r in done.results if "RuntimeError" in r.result["msg"]} == set(miners)
    assert secrets_in(ansible, done) == []


def test_a_short_password_censors_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    pools = [
        {"url": "stratum+tcp://example.xyz:3333", "user": "max.worker"},
        {"url": "stratum+tcp://example.xyz:3334", "user": "admin", "password": "adm"},
    ]
    without_passwords = [{"url": pool["url"], "user": pool["user"]} for pool in pools]
    hosts = here_and_there(*start_fleet(count=2).miners)
    done = ansible([play(setting(pools=pools))], inventory(hosts), "--diff").succeeded()
    for values in (r.result for r in done.results):
        assert values["pools"] == without_passwords
        assert [{**pool, "password": ...} for pool in values["diff"]["after"]["pools"]] == [
            {**pool, "password": ...} for pool in without_passwords
        ]
        assert values["invocation"]["module_args"]["username"] == "admin"
    assert done.output.count("stratum+tcp://example.xyz:3333") == len(hosts)


def test_the_diff_says_where_only_a_password_differs(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    kept, changed = ({"url": f"stratum+tcp://{name}.example.com:3333", "user": "farm.1"} for name in ("a", "b"))
    miners = start_fleet(count=2).miners
    for miner in miners:
        miner.set(pools=[{**pool, "pass": "x"} for pool in (kept, changed)])
    task = setting(pools=[kept, {**changed, "password": "y"}])
    for arguments in (("--check", "--diff"), ("--diff",)):
        done = ansible([play(task)], inventory(here_and_there(*miners)), *arguments).succeeded()
        for result in done.results:
            assert result.changed
            assert result.result["diff"] == {
                "before": {"pools": [{**kept, "password": MASK}, {**changed, "password": MASK}]},
                "after": {"pools": [{**kept, "password": MASK}, {**changed, "password": "(changed)"}]},
            }


def test_text_of_a_device_stays_text(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """In facts, results, messages, the variables of other hosts, and as an option of another task."""
    executed = ansible.folder / "executed"
    text = f"{{{{ lookup('ansible.builtin.pipe', 'touch {executed}') }}}}"
    miners = start_fleet(count=2).miners
    for miner in miners:
        miner.set(pools=[{"url": text, "user": text, "pass": "x"}], hwver=text, network={"ipaddress": text})
        miner.fault("reject", action="updatePools", message=text)
    tasks = [
        {"minerops.dragonmint.dragonmint_facts": {}, "name": "Gather", "register": "gathered"},
        {**setting(), "register": "planned", "check_mode": True, "diff": True},
        {**setting(), "register": "refused", "ignore_errors": True},
        {"ansible.builtin.set_fact": {"copied": "{{ ansible_facts.dragonmint_pools[0].user }}"}},
        {"ansible.builtin.debug": {"var": "copied"}},
        {"ansible.builtin.debug": {"msg": "{{ [ansible_facts, gathered, planned, refused, copied] }}"}},
        {
            "ansible.builtin.assert": {
                "that": [
                    "hostvars[item].copied == ansible_facts.dragonmint_identity.hwver",
                    "hostvars[item].gathered.ansible_facts.dragonmint_pools == ansible_facts.dragonmint_pools",
                    "ansible_facts.dragonmint_pools[0].user in refused.msg",
                ],
                "success_msg": "{{ hostvars[item].copied }} {{ refused.msg }}",
            },
            "loop": "{{ ansible_play_hosts }}",
        },
        {"ansible.builtin.set_fact": {"dragonmint_host": "{{ ansible_facts.dragonmint_network.ipaddress }}"}},
        {"minerops.dragonmint.dragonmint_facts": {}, "ignore_errors": True, "ignore_unreachable": True},
    ]
    variables = {"good_pool": {"url": URL, "user": "farm.1"}}
    done = ansible([play(*tasks, vars=variables)], inventory(here_and_there(*miners)), "-vvv", "--diff").succeeded()
    assert not executed.exists()
    for result in done.of(task="Gather"):
        assert result.result["ansible_facts"]["dragonmint_pools"] == [{"url": text, "user": text}]
        assert result.result["ansible_facts"]["dragonmint_identity"]["hwver"] == text


def with_secrets(start_fleet: Callable[..., Fleet], *ways: str) -> dict[str, Miner]:
    """Miners by the way to them: how one logs in, and from where."""
    miners = dict(zip(ways, start_fleet(count=len(ways)).miners))
    for miner in miners.values():
        pools = [{"url": URL_WITH_PASSWORD, "user": "farm.1", "pass": STORED}] * 2
        miner.set(users={"admin": FALLBACK}, pools=pools)
    return miners


def say_everything(
    ansible: Ansible, miners: dict[str, Miner], tasks: list[dict[str, Any]], **environment: str
) -> PlaybookRun:
    """Have everything printed, logged and cached."""
    hosts = {
        name: {**way(miner, name.split("_")[1]), **VARIABLES, "dragonmint_auth": name.split("_")[0]}
        for name, miner in miners.items()
    }
    environment = {
        "ANSIBLE_LOG_PATH": str(ansible.folder / "log"),
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(ansible.folder / "cache"),
        **environment,
    }
    plays = [play(*tasks, ignore_errors=True)]
    return ansible(plays, inventory(hosts), "-vvvvv", "--diff", environment=environment)


def play(*tasks: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    """A play whose tasks run here, or on another machine for the miners that say so."""
    machine = {"delegate_to": "{{ machine }}"}
    own = [{**task, **({} if "ansible.builtin.assert" in task else machine)} for task in tasks]
    return {"hosts": "miners", "gather_facts": False, "tasks": own, **keywords}


def here_and_there(here: Miner, there: Miner) -> dict[str, dict[str, Any]]:
    return {"here": way(here, "here"), "there": way(there, "there")}


def way(miner: Miner, where: str) -> dict[str, Any]:
    return {**connection_to(miner), "machine": "localhost" if where == "here" else "bastion"}


def inventory(hosts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    bastion = {"ansible_connection": "local"}
    return {"miners": {"hosts": hosts}, "ungrouped": {"hosts": {"bastion": bastion}}}


def secrets_in(ansible: Ansible, done: PlaybookRun) -> list[str]:
    """Where a secret was found, with a part of the line."""
    words = [JWT, *(secret.split("-ö", maxsplit=1)[0] for secret in SECRETS)]
    encoded = [base64.b64encode(text.encode()).decode().rstrip("=") for s in SECRETS for text in (s, f"admin:{s}")]
    return [
        f"{where}: {line[max(0, line.index(word) - 60) :][:120]}"
        for where, text in said(ansible, done)
        for line in text.splitlines()
        for word in words + encoded
        if word in line
    ]


def said(ansible: Ansible, done: PlaybookRun) -> Iterator[tuple[str, str]]:
    yield "output", done.output
    # Ansible puts the arguments of a module into AnsiballZ_*.py, and removes it some seconds after an async task.
    for path in ansible.folder.rglob("*"):
        if path.is_file() and path.name not in {"playbook.yml", "inventory.yml"} and "AnsiballZ" not in path.name:
            yield str(path.relative_to(ansible.folder)), path.read_text(encoding="utf-8", errors="replace")
