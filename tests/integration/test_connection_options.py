# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where connection options come from, and how a task reaches its miner in plays of every kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, connection_to, inventory_of, newest_core

PASSWORD = "Correct-Horse-7"
FACTS = "minerops.dragonmint.dragonmint_facts"
GROUP = "group/minerops.dragonmint.dragonmint"
NOBODY = "127.20.255.254"
CLOSED_PORT = 9

# The value of an option that is not set anywhere.
DEFAULTS = {
    "username": "admin",
    "auth": "basic",
    "timeout": 10.0,
    "retries": 3,
    "validate_certs": True,
    "ca_path": None,
    "expected_mac": None,
    "scheme": "http",
}


def test_the_strongest_source_of_an_option_wins(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet().miners
    miner.set(users={"admin": PASSWORD, "guest": "from-the-environment"})
    # The variables of an option in order of precedence; the correct value, and another one.
    options: dict[str, tuple[list[str], Any, Any]] = {
        "host": (["dragonmint_host", "ansible_host"], miner.host, NOBODY),
        "port": (["dragonmint_port"], miner.port, CLOSED_PORT),
        "password": (["dragonmint_password", "ansible_password", "ansible_ssh_pass"], PASSWORD, "wrong"),
        "username": (["dragonmint_username", "ansible_user"], "admin", "nobody"),
        "auth": (["dragonmint_auth"], "jwt", "basic"),
        "timeout": (["dragonmint_timeout"], 7.0, 8.0),
        "retries": (["dragonmint_retries"], 1, 2),
        "validate_certs": (["dragonmint_validate_certs"], False, True),
        "ca_path": (["dragonmint_ca_path"], "/nowhere/ca.pem", "/nowhere/other.pem"),
        "expected_mac": (["dragonmint_expected_mac"], "a0:b0:45:00:00:01", "a0:b0:45:00:00:02"),
    }
    base = {**connection_to(miner), "dragonmint_username": "admin", "dragonmint_password": PASSWORD}
    hosts: dict[str, dict[str, Any]] = {
        # Only its name says where it is.
        miner.host: {name: value for name, value in base.items() if name != "ansible_host"},
        "environment": {name: value for name, value in base.items() if name in {"ansible_host", "dragonmint_port"}},
    }
    for option, (variables, right, wrong) in options.items():
        sources = [f"task_{option}", f"defaults_{option}", *variables]
        for strength, source in enumerate(sources):
            others = {name: value for name, value in base.items() if name not in variables}
            hosts[source] = {**others, source: right, **dict.fromkeys(sources[strength + 1 :], wrong)}
    defaults = {GROUP: variables_for("defaults", options)}
    plays = [
        *play({FACTS: variables_for("task", options)}, hosts="task_*", module_defaults=defaults),
        *play({FACTS: {}}, hosts="all:!task_*", module_defaults=defaults),
    ]
    environment = {
        "DRAGONMINT_USERNAME": "guest",
        "DRAGONMINT_PASSWORD": "wrong",
        "DRAGONMINT_FALLBACK_PASSWORDS": '["wrong, too", "from-the-environment"]',
    }

    done = ansible(plays, {"all": {"hosts": hosts}}, environment=environment).succeeded()

    used = {r.host: r.result["invocation"]["module_args"] for r in done.results}
    for option, (variables, right, _unused) in options.items():
        for source in [f"task_{option}", f"defaults_{option}", *variables]:
            assert used[source][option] == (right if option != "password" else "********"), source
    assert used[miner.host]["host"] == miner.host
    assert used["environment"]["username"] == "guest"
    assert used.keys() == hosts.keys()


def test_nothing_else_becomes_a_connection_option(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Neither Ansible's connection to ordinary hosts, nor proxies and logins in the environment."""
    (miner,) = start_fleet().miners
    plays = [
        *play({FACTS: {}}),
        *play({FACTS: {}}, remote_user="root", become=True),
        *play({FACTS: {}, "remote_user": "root"}, connection="local"),
    ]
    netrc = ansible.folder / "netrc"
    netrc.write_text(f"machine {miner.host} login nobody password wrong\n")
    environment = {
        **dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), f"http://127.0.0.1:{CLOSED_PORT}"),
        "ANSIBLE_REMOTE_USER": "root",
        "NETRC": str(netrc),
    }
    host = {"miner": connection_to(miner)}
    done = ansible(plays, {"all": {"hosts": host}}, "--user", "root", environment=environment).succeeded()
    for result in done.results:
        used = result.result["invocation"]["module_args"]
        assert {name: used[name] for name in DEFAULTS} == DEFAULTS
    assert {(r["user"], r["auth"]) for r in miner.requests()} == {("admin", "basic")}


def test_a_result_has_its_options_where_those_of_other_modules_have(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    (miner,) = start_fleet().miners
    plays = play({FACTS: {}}, {"ansible.builtin.ping": {}, "delegate_to": "localhost"})
    environment = {"ANSIBLE_INJECT_INVOCATION": "false"}
    done = ansible(plays, {"all": {"hosts": {"miner": connection_to(miner)}}}, environment=environment).succeeded()
    ours, other = done.results
    assert ("invocation" in ours.result) == ("invocation" in other.result)


def test_a_password_comes_from_lookups_vaults_and_variables_of_any_kind(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    (miner,) = start_fleet().miners
    miner.set(users={"admin": PASSWORD})
    vault_password = ansible.folder / "vault_password"
    vault_password.write_text("open sesame")
    vaulted = VaultLib([("default", VaultSecret(b"open sesame"))]).encrypt(PASSWORD).decode()
    indented = "".join(f"  {line}\n" for line in vaulted.splitlines())
    (ansible.folder / "secrets.yml").write_text(f"fleet_password: !vault |\n{indented}")
    (ansible.folder / "password").write_text(PASSWORD)
    lookup = "{{ lookup('ansible.builtin.file', 'password') }}"
    ask: dict[str, Any] = {FACTS: {}}
    plays = [
        *play(ask, vars={"dragonmint_password": lookup}),
        *play({**ask, "vars": {"dragonmint_password": lookup}}),
        *play({FACTS: {"password": lookup}}),
        *play(ask, module_defaults={GROUP: {"password": lookup}}),
        *play(ask, vars_files=["secrets.yml"], vars={"dragonmint_password": "{{ fleet_password }}"}),
        *play(ask, vars_files=["secrets.yml"], vars={"dragonmint_fallback_passwords": ["a", "{{ fleet_password }}"]}),
        *play({FACTS: {"password": "{{ fleet_password }}"}}, vars_files=["secrets.yml"]),
        *play({"ansible.builtin.set_fact": {"dragonmint_password": lookup}}, ask),
    ]
    host = {**connection_to(miner), "dragonmint_password": "wrong"}
    inventory = {"all": {"hosts": {"miner": host}}}
    done = ansible(plays, inventory, "--vault-password-file", str(vault_password)).succeeded()
    assert [r.status for r in done.results] == ["ok"] * (len(plays) + 1)


@newest_core
def test_fallback_passwords_are_tried_in_order_and_only_when_needed(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    refused, accepted = start_fleet(count=2).miners
    hosts = {
        "refused": {**connection_to(refused), "dragonmint_password": "first"},
        "accepted": connection_to(accepted),
    }
    variables = {"dragonmint_fallback_passwords": ["second", "dragonadmin", "never"]}
    ansible(play({FACTS: {}}), {"all": {"hosts": hosts, "vars": variables}}).succeeded()
    assert [r["form"]["password"] for r in logins(refused)] == ["first", "second", "dragonadmin"]
    assert logins(accepted) == []


@newest_core
def test_a_token_is_fetched_once_a_task_and_renewed_when_refused(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    steady, rebooted = start_fleet(count=2).miners
    rebooted.fault("token_expired", action="pools", times=1)
    hosts = {"steady": connection_to(steady), "rebooted": connection_to(rebooted)}
    inventory = {"all": {"hosts": hosts, "vars": {"dragonmint_auth": "jwt"}}}
    ansible(play({FACTS: {}}, {FACTS: {}}), inventory).succeeded()
    assert [len(logins(miner)) for miner in (steady, rebooted)] == [2, 3]
    for miner in (steady, rebooted):
        assert {r["auth"] for r in logins(miner)} == {None}
        assert {r["auth"] for r in miner.requests() if r["action"] != "auth"} == {"bearer"}


def test_each_miner_is_asked_itself_whatever_the_play(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    types = {FACTS: {"gather_subset": "min"}}
    plays = [
        *play(types, strategy="free"),
        *play(types, serial=1),
        *play({**types, "delegate_to": "localhost"}),
        *play({**types, "delegate_to": "localhost", "delegate_facts": True}),
        *play({FACTS: {"gather_subset": "{{ item }}"}, "loop": ["identity", "hardware"]}),
    ]
    done = ansible(plays, inventory_of(fleet)).succeeded()
    assert len(done.results) == len(plays) * len(fleet.miners)
    for miner in fleet.miners:
        assert Counter(r["action"] for r in miner.requests()) == {"overview": len(plays) + 1}


@newest_core
def test_a_task_is_repeated_until_a_miner_is_as_awaited(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet().miners
    miner.fault("not_ready", action="summary", times=2)
    task = {
        FACTS: {"gather_subset": "mining", "retries": 0},
        "register": "seen",
        "until": "seen.ansible_facts.dragonmint_mining.ready",
        "retries": 5,
        "delay": 1,
    }
    done = ansible(play(task), {"all": {"hosts": {"miner": connection_to(miner)}}}).succeeded()
    assert done.one().result["attempts"] == 3
    assert [request["action"] for request in miner.requests()].count("summary") == 3


def variables_for(source: str, options: Iterable[str]) -> dict[str, str]:
    """Options set by the variables named for their source, if there are such variables."""
    return {option: f"{{{{ {source}_{option} | default(omit) }}}}" for option in options}


def play(*tasks: dict[str, Any], **keywords: Any) -> list[dict[str, Any]]:
    return [{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}]


def logins(miner: Miner) -> list[dict[str, Any]]:
    return [request for request in miner.requests() if request["action"] == "auth"]
