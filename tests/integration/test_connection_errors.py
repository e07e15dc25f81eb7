# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors for invalid connection options, and for a login from an unexpected source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulator.control import Fleet
from tests.support.running import Ansible, connection_to, newest_core

FACTS = "minerops.dragonmint.dragonmint_facts"
ASK: dict[str, Any] = {FACTS: {"gather_subset": "min"}}
BY_ENV = "{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}"


def play(*tasks: dict[str, Any], hosts: str = "all") -> dict[str, Any]:
    goes_on = {"ignore_errors": True, "ignore_unreachable": True}
    return {"hosts": hosts, "gather_facts": False, "tasks": list(tasks), **goes_on}


def test_the_login_of_the_command_line_is_a_miners_if_it_is_whole(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    (miner,) = start_fleet().miners
    password_file = ansible.folder / "password"
    password_file.write_text("dragonadmin\n")
    address = {"ansible_host": miner.host, "dragonmint_port": miner.port}
    bastion = {"ansible_connection": "local", "ansible_password": "of-the-bastion"}
    inventory = {"all": {"hosts": {"miner": address, "bastion": bastion}}}
    plays = [play(ASK, {**ASK, "delegate_to": "bastion"}, hosts="miner")]
    by_k = ("--connection-password-file", str(password_file))
    both, only_k, configured = (
        ansible(plays, inventory, *arguments, environment=environment)
        for arguments, environment in (
            (("-u", "admin", *by_k), {}),
            (by_k, {}),
            (by_k, {"ANSIBLE_REMOTE_USER": "admin"}),
        )
    )
    assert [r.status for r in both.results] == ["ok", "failed"]
    assert "No password for the miner" in both.results[1].result["msg"]
    for done in (only_k, configured):
        assert [r.result["error_code"] for r in done.results] == ["invalid_input"] * 2
        assert "-k was given without -u" in done.results[0].result["msg"]
    assert [r["user"] for r in miner.requests()] == ["admin"]


def test_a_message_names_the_variable_and_what_it_should_be(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    (miner,) = start_fleet().miners
    known = connection_to(miner)
    address = {name: value for name, value in known.items() if name != "dragonmint_password"}
    known_but_port = {"dragonmint_password": "dragonadmin"}
    # What is wrong, and its message.
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "dictionary": (
            {**known, "dragonmint_timeout": {"a": 1}},
            "dragonmint_timeout is a dictionary; expected a number of seconds above 0, such as 10.",
        ),
        "undefined": ({**known, "dragonmint_retries": "{{ nowhere }}"}, "dragonmint_retries cannot be evaluated: "),
        "octal": ({**known, "ansible_host": "127.20.0.012"}, "ansible_host is '127.20.0.012'"),
        "url": ({**known, "ansible_host": f"http://{miner.host}:8085/"}, f"Use {miner.host} as ansible_host and set "),
        # Ansible splits the name.
        "127.20.255.254:8085": (known_but_port, "Set dragonmint_port: 8085 if that is the miner's port."),
        "port": (
            {**known_but_port, "ansible_host": miner.host, "ansible_port": miner.port},
            f"ansible_port is {miner.port}, but the port of a miner's web server is set by dragonmint_port.",
        ),
        "user": ({**known, "ansible_user": "root"}, "The miner refuses the login of 'root' (from ansible_user)"),
        "empty": (
            {**address, "dragonmint_password": "{{ site_password }}", "site_password": BY_ENV},
            "dragonmint_password is empty because the environment variable MINER_PASSWORD is not set",
        ),
        "guard": ({**known, "dragonmint_expected_mac": ""}, "dragonmint_expected_mac is ''; expected a MAC address"),
    }
    keyword = {
        **ASK,
        "environment": {"DRAGONMINT_PASSWORD": "dragonadmin"},
        "vars": {"dragonmint_password": "", "ansible_password": ""},
    }
    of_a_role = {FACTS: {"password": "{{ provision_admin_password }}"}, "vars": {"provision_admin_password": ""}}
    misspelt = {FACTS: {"pasword": "x", "gather_subset": {"a": 1}}}
    hosts = {name: variables for name, (variables, _text) in cases.items()}
    done = ansible(
        [play(ASK, hosts="all:!alone"), play(keyword, of_a_role, misspelt, hosts="alone")],
        {"all": {"hosts": {**hosts, "alone": address}}},
    )
    for name, (_variables, text) in cases.items():
        assert text in done.one(name.partition(":")[0]).result["msg"]
    messages = [result.result["msg"] for result in done.of("alone")]
    assert "The keyword environment sets DRAGONMINT_PASSWORD, which has no effect here" in messages[0]
    assert "The option password is empty because provision_admin_password is empty." in messages[1]
    assert "argument 'gather_subset' is of type dict and we were unable to convert to list" in messages[2]
    assert (
        f"Unsupported parameters for ({FACTS}) module: pasword. Supported parameters include: auth, ca_path, "
        in messages[2]
    )
    assert "_Ansible" not in done.output
    assert "<class" not in done.output
    codes = {r.result["error_code"] for r in done.results if r.host != "user"}
    assert codes == {"invalid_input"}
    assert {r["action"] for r in miner.requests()} == {"overview", "auth"}


def test_a_task_that_is_delegated_to_its_miner_stays_here(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet().miners
    plays = [
        play(
            {**ASK, "delegate_to": "{{ bastion | default(inventory_hostname) }}"},
            {**ASK, "delegate_to": "{{ ansible_host }}"},
            {**ASK, "delegate_to": "miner", "async": 10, "poll": 1},
        )
    ]
    inventory = {"all": {"hosts": {"miner": connection_to(miner)}}}
    done = ansible(plays, inventory)
    assert [r.status for r in done.results] == ["ok", "ok", "failed"]
    assert "Set delegate_to: localhost" in done.results[2].result["msg"]
    refused = ansible.tool("ansible", "-i", ansible.write("inventory.yml", inventory), "miner", "-m", FACTS, "-B", "10")
    assert "Leave out -B and -P." in refused.stdout
    assert len(miner.requests()) == 2


@newest_core
def test_a_miner_that_takes_any_password_is_warned_of_by_its_name(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    lax, strict = start_fleet(count=1, generation="inno-2018-08").miners + start_fleet().miners
    hosts = {
        "right": connection_to(lax),
        "any": {**connection_to(lax), "dragonmint_password": "anything"},
        "fallback": {
            **connection_to(lax),
            "dragonmint_password": "anything",
            "dragonmint_fallback_passwords": ["admin"],
        },
        "strict": connection_to(strict),
        "yaml": {**connection_to(lax), "dragonmint_password": True, "dragonmint_fallback_passwords": "admin"},
    }
    done = ansible([play({FACTS: {}})], {"all": {"hosts": hosts}}).succeeded()
    (warning,) = done.one("any").warnings
    assert warning.startswith("any: The miner accepts any password because it still has the factory password")
    assert [done.one(name).warnings for name in ("right", "fallback", "strict")] == [[], [], []]
    (quotes,) = done.one("yaml").warnings
    assert quotes.startswith("yaml: dragonmint_password is not in quotes")
    assert "auth" not in {request["action"] for request in strict.requests()}
