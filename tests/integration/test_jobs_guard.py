# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of the playbooks: an error that leaves nothing to do is not a success; invalid variables send nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.polling import CREDENTIALS, ENVIRONMENT, PASSWORD, source
from tests.simulator.control import Fleet
from tests.support.running import PLAYBOOKS, Ansible, PlaybookRun, inventory_of, newest_core

PROVISION = PLAYBOOKS / "provision.yml"
GUARD = "Refuse what the job cannot use"
DESIRED = [{"autotune": {"mode": "efficient"}}]
DRIFTED = ("-e", "target=drift_*")
# A host of another source, so that a limit leaves something.
STATIC = {"all": {"hosts": {"spare1": {"ansible_host": "127.0.0.1"}}, "children": {"spares": {"hosts": {}}}}}

FLEET_ONLY = {"credentials": CREDENTIALS[:1]}
UNSET = {"credentials": [{"name": "unset", "password": "{{ lookup('ansible.builtin.env', 'NOBODY_SET_THIS') }}"}]}


@dataclass(frozen=True)
class Source:
    """What is wrong with a source, and its sentence."""

    says: str
    options: dict[str, Any] = field(default_factory=dict)
    text: str = ""


# By file name. All are polled with a password that no miner accepts.
SOURCES = {
    "unset.dragonmint.yml": Source("unset.dragonmint.yml was not read: ", UNSET),
    "locked.dragonmint.yml": Source("locked.dragonmint.yml: 2 miners refused every login.", FLEET_ONLY),
    "misspelt.dragonmint.yml": Source("Did you mean 'desired'?", {"desird": DESIRED}),
    "group.dragonmint.yml": Source("'hall9'", {"desired": [{"group": "hall9", **DESIRED[0]}]}),
    "broken.dragonmint.yml": Source(
        "broken.dragonmint.yml was not read", text="plugin: minerops.dragonmint.dragonmint\nports: ["
    ),
    "missing.dragonmint.yml": Source("missing.dragonmint.yml was not read as an inventory"),
}
# Values of `target` that name nothing, with further arguments.
TARGETS = {
    "drfit_*": ((), "matches 'drfit_*' in target. Correct target."),
    "spare1:nosuch:!rack9": (("--limit", "spare1"), "matches 'nosuch', '!rack9' in target. Correct target."),
}


def guarded(done: PlaybookRun) -> str:
    """The sentence of the guard, on one line."""
    (result,) = done.of(task=GUARD)
    return str(result.result["msg"]) if result.status == "failed" else ""


@newest_core
def test_nothing_to_do_is_a_success_where_the_inventory_is_known(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    """Because no miner has drifted, or because a group is empty."""
    file = source(ansible, a_fleet(start_fleet), desired=DESIRED)
    name = f"minerops.dragonmint.{PROVISION.stem}"
    jobs = [{"import_playbook": name, "vars": {"target": target}} for target in ("drift_*", "spares")]
    for limit in ((), ("--limit", "spare1")):
        done = ansible(jobs, STATIC, "-i", str(file), *limit, environment=ENVIRONMENT).succeeded()
        assert [(result.task, result.status) for result in done.results] == [(GUARD, "skipped")] * len(jobs)


@pytest.mark.parametrize("limit", [(), ("--limit", "spare1")], ids=["all", "limited"])
@newest_core
def test_nothing_to_do_is_an_error_where_a_source_was_not_read(
    ansible: Ansible, start_fleet: Callable[..., Fleet], limit: tuple[str, ...]
) -> None:
    fleet = a_fleet(start_fleet)
    for name, wrong in SOURCES.items():
        desired = {} if "desird" in wrong.options else {"desired": DESIRED}
        file = source(ansible, fleet, name, **{**desired, **wrong.options})
        if wrong.text:
            file.write_text(wrong.text)
    (ansible.folder / "missing.dragonmint.yml").unlink()
    files = [argument for name in SOURCES for argument in ("-i", name)]
    done = ansible(PROVISION, STATIC, *files, *DRIFTED, *limit, environment={"MINER_PASSWORD": "Wrong-Horse-8"})
    said = guarded(done)
    assert [name for name, wrong in SOURCES.items() if wrong.says not in said] == [], said
    assert done.returncode != 0
    assert {result.task for result in done.results} == {GUARD}


@pytest.mark.parametrize("target", TARGETS)
@newest_core
def test_a_target_that_names_nothing_is_an_error(ansible: Ansible, target: str) -> None:
    arguments, says = TARGETS[target]
    done = ansible(PROVISION, STATIC, "-e", f"target={target}", *arguments)
    assert done.returncode != 0
    assert says in guarded(done)
    assert {result.task for result in done.results} == {GUARD}


def test_a_limit_does_not_hide_that_nothing_was_read(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Without any host, core skips even a play on localhost where there is a limit, and calls that a success.

    Every playbook begins with the same guard: that is in tests/unit/test_collection.py.
    """
    file = source(ansible, a_fleet(start_fleet), desired=DESIRED, **FLEET_ONLY)
    done = ansible.tool("ansible-playbook", PROVISION, "-i", file, "--limit", "spare1")
    assert done.returncode != 0, done.stdout
    assert "The inventory has no hosts, so --limit 'spare1' leaves none." in done.stderr.replace("\n", " ")


def test_one_of_two_sources_that_is_locked_is_enough(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = a_fleet(start_fleet)
    read = source(ansible, fleet, networks=[f"{fleet[1].host}/32"], desired=DESIRED)
    read = read.rename(read.with_name("read.dragonmint.yml"))
    locked = source(ansible, fleet, networks=[f"{fleet[0].host}/32"], desired=DESIRED, **FLEET_ONLY)
    fleet[0].set(users={"admin": "Somebody-Else-3"})
    both = ("-i", str(read), "-i", str(locked))

    def provision(*arguments: str) -> PlaybookRun:
        return ansible(PROVISION, STATIC, *both, *arguments, environment=ENVIRONMENT)

    done = provision(*DRIFTED, "--limit", "spare1")
    assert done.returncode != 0
    assert "fleet.dragonmint.yml: 1 miner refused every login." in guarded(done)
    # If there is something to do, it is done, with a warning.
    login = ("-e", f"dragonmint_password={PASSWORD}")
    done = provision("-e", "target=dragonmint", "-e", "provision_verify_mining=no", *login).succeeded()
    assert "The job does not cover the whole inventory." in " ".join(done.output.split())


@newest_core
def test_the_longest_playbook_refuses_a_target_that_does_not_exist_and_an_empty_inventory(ansible: Ansible) -> None:
    """One that imports others, each with its own guard."""
    done = ansible(PLAYBOOKS / "site.yml", STATIC, extra_vars={"target": "nosuch"})
    assert done.returncode != 0
    assert guarded(done) == "No group or host of the inventory matches 'nosuch' in target. Correct target."
    done = ansible(PLAYBOOKS / "site.yml", {"all": {"hosts": {}}})
    assert done.returncode != 0
    assert guarded(done).startswith("The inventory has no hosts.")


def test_wrong_variables_are_refused_before_a_request(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Whether they are given by -e, or for one miner in the inventory."""
    wrong: dict[str, tuple[str, Any, str]] = {
        "miner1": (
            "provision_network",
            {"mode": "auto"},
            "provision_network.mode is 'auto', expected one of dhcp, ",
        ),
        "miner2": ("provision_polls", "x", "Did you mean 'provision_pools'?"),
        "miner3": ("provision_notes", "mine", "provision_notes is not a variable of minerops.dragonmint"),
        "miner4": ("provision_pools", "stratum+tcp://a.example.com:3333", "expected a list, also as JSON or YAML."),
    }
    fleet = start_fleet(count=len(wrong))
    inventory = inventory_of(fleet)
    done = ansible(PROVISION, inventory, "-e", "provision_verify_timeout=soon")
    assert done.returncode != 0
    sentence = "provision_verify_timeout is 'soon', expected a number of at least 0. (Set for miner1 and 3 more.)"
    assert guarded(done) == sentence

    for host, (variable, value, _sentence) in wrong.items():
        inventory["miners"]["children"]["dm_2018_05"]["hosts"][host][variable] = value
    done = ansible(PROVISION, inventory)
    assert done.returncode != 0
    *parts, rest = guarded(done).split(" (Set for ")
    assert rest == "miner4.)"
    for part, (_variable, _value, sentence) in zip(parts, wrong.values(), strict=True):
        assert sentence in part
    assert [miner.requests() for miner in fleet.miners] == [[]] * len(wrong)


def test_what_a_survey_gives_is_as_good_as_what_yaml_gives(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=1)
    survey = {
        "provision_pools": '[{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}]',
        "provision_autotune_mode": "efficient",
        "provision_autotune_level": "",
        "provision_network": "",
        "provision_admin_password": "",
        "provision_verify_mining": "no",
        "provision_verify_timeout": "1",
        "target": "",
    }
    ansible(PROVISION, inventory_of(fleet), extra_vars=survey).succeeded()
    state = fleet[0].state()
    assert state["pools"] == [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1", "pass": "x"}]
    assert state["autotune"]["mode"] == "efficient"
    assert state["users"]["admin"] == "dragonadmin"


def test_a_password_that_is_lost_is_named(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Unlike a field left empty, a template that is empty must not mean that no password is desired."""
    fleet = start_fleet(count=1)
    lost = "{{ lookup('ansible.builtin.env', 'FLEET_PASSWORD') }}"
    done = ansible(PROVISION, inventory_of(fleet, provision_admin_password=lost))
    assert done.returncode != 0
    assert done.results[-1].result["msg"] == (
        "provision_admin_password is empty because the environment variable FLEET_PASSWORD is not set (set it: "
        "read -rs FLEET_PASSWORD && export FLEET_PASSWORD)."
    )
    assert fleet[0].requests() == []


def test_all_playbooks_can_be_checked_and_listed(ansible: Ansible) -> None:
    inventory = ansible.write("static.yml", STATIC)
    playbooks = sorted(PLAYBOOKS.glob("[!_]*.yml"))
    names = [f"minerops.dragonmint.{path.stem}" for path in playbooks]
    for options in (["--syntax-check"], ["--list-hosts", "--list-tasks"]):
        done = ansible.tool("ansible-playbook", "-i", inventory, *options, *names)
        assert done.returncode == 0, done.stderr
        assert re.findall(r"^playbook: .*/(\w+\.yml)$", done.stdout, re.MULTILINE) == [path.name for path in playbooks]


def a_fleet(start_fleet: Callable[..., Fleet]) -> Fleet:
    """Two miners in their desired state."""
    fleet = start_fleet(count=2)
    for miner in fleet.miners:
        miner.set(users={"admin": PASSWORD}, autotune={"mode": "efficient"})
    return fleet
