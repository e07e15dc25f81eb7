# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of the playbooks: an error that leaves nothing to do is not a success, and wrong variables send nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.polling import CREDENTIALS, ENVIRONMENT, PASSWORD, source
from tests.simulator.control import Fleet
from tests.support.running import ROOT, Ansible, PlaybookRun, inventory_of, newest_core

PLAYBOOKS = sorted((Path(__file__).parents[2] / "playbooks").glob("[!_]*.yml"))
PROVISION = next(path for path in PLAYBOOKS if path.stem == "provision")
GUARD = "Refuse what the job cannot use"
DESIRED = [{"autotune": {"mode": "efficient"}}]
DRIFTED = ("-e", "target=drift_*")
# A host of another source, so that a limit leaves something.
STATIC = {"all": {"hosts": {"spare1": {"ansible_host": "127.0.0.1"}}, "children": {"spares": {"hosts": {}}}}}
# What each playbook needs to begin at all.
NEEDED = {"rotate_passwords": {"rotate_new_password": "Correct-Horse-7"}}


@dataclass(frozen=True)
class Mistake:
    """What an operator got wrong, and what the sentence says; it is a success where it says nothing."""

    says: str = ""
    arguments: tuple[str, ...] = DRIFTED
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: ENVIRONMENT)
    text: str = ""


FLEET_ONLY = {"credentials": CREDENTIALS[:1]}
MISTAKES = {
    "none": Mistake(),
    "none-and-a-limit": Mistake(arguments=(*DRIFTED, "--limit", "spare1")),
    "an-empty-group": Mistake(arguments=("-e", "target=spares")),
    "password-unset": Mistake("fleet.dragonmint.yml was not read: ", options=FLEET_ONLY, environment={}),
    "password-wrong": Mistake(
        "fleet.dragonmint.yml: 2 miners refused every login.",
        options=FLEET_ONLY,
        environment={"MINER_PASSWORD": "Wrong-Horse-8"},
    ),
    "password-wrong-and-a-limit": Mistake(
        "fleet.dragonmint.yml: 2 miners refused every login.",
        (*DRIFTED, "--limit", "spare1"),
        FLEET_ONLY,
        {"MINER_PASSWORD": "Wrong-Horse-8"},
    ),
    "desired-misspelt": Mistake("Did you mean 'desired'?", options={"desird": DESIRED}),
    "desired-of-no-group": Mistake("'hall9'", options={"desired": [{"group": "hall9", **DESIRED[0]}]}),
    "file-broken": Mistake(
        "fleet.dragonmint.yml was not read", text="plugin: minerops.dragonmint.dragonmint\nports: ["
    ),
    "file-missing": Mistake(
        "missing.dragonmint.yml was not read as an inventory", (*DRIFTED, "-i", "missing.dragonmint.yml")
    ),
    "target-misspelt": Mistake("matches 'drfit_*' in target. Correct target.", ("-e", "target=drfit_*")),
    "target-misspelt-and-a-limit": Mistake(
        "matches 'nosuch' in target. Correct target.", ("-e", "target=nosuch", "--limit", "spare1")
    ),
    "target-of-nothing-misspelt": Mistake("matches '!rack9' in target.", ("-e", "target=spare1:!rack9")),
}


def guarded(done: PlaybookRun) -> str:
    """The sentence of the guard, in one line."""
    (result,) = done.of(task=GUARD)
    return str(result.result["msg"]) if result.status == "failed" else ""


@pytest.mark.parametrize("name", MISTAKES)
@newest_core
def test_nothing_to_do_is_a_success_only_where_the_inventory_is_known(
    ansible: Ansible, start_fleet: Callable[..., Fleet], name: str
) -> None:
    mistake = MISTAKES[name]
    file = a_source(ansible, start_fleet, mistake.options)
    if mistake.text:
        file.write_text(mistake.text)
    done = ansible(PROVISION, STATIC, "-i", str(file), *mistake.arguments, environment=mistake.environment)
    assert mistake.says in guarded(done), guarded(done)
    assert bool(done.returncode) == bool(mistake.says), done.output
    assert [result.task for result in done.results if result.task != GUARD] == []


def test_a_limit_does_not_hide_that_nothing_was_read(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Without any host, core skips even a play on localhost where there is a limit, and calls that a success."""
    file = a_source(ansible, start_fleet, FLEET_ONLY)
    for playbook in sorted((ROOT / "playbooks").glob("[!_]*.yml")):
        done = ansible.tool("ansible-playbook", playbook, "-i", file, "--limit", "spare1")
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

    for limit in ((), ("--limit", "spare1")):
        done = provision(*DRIFTED, *limit)
        assert done.returncode != 0
        assert "fleet.dragonmint.yml: 1 miner refused every login." in guarded(done)
    # Where there is something to do, it is done, with a warning.
    login = ("-e", f"dragonmint_password={PASSWORD}")
    done = provision("-e", "target=dragonmint", "-e", "provision_verify_mining=no", *login).succeeded()
    assert "The job does not cover the whole inventory." in " ".join(done.output.split())


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
@newest_core
def test_every_playbook_refuses_a_target_that_does_not_exist_and_an_empty_inventory(
    ansible: Ansible, playbook: Path
) -> None:
    extra = NEEDED.get(playbook.stem, {})
    done = ansible(playbook, STATIC, extra_vars={**extra, "target": "nosuch"})
    assert done.returncode != 0
    assert guarded(done) == "No group or host of the inventory matches 'nosuch' in target. Correct target."
    done = ansible(playbook, {"all": {"hosts": {}}}, extra_vars=extra)
    assert done.returncode != 0
    assert guarded(done).startswith("The inventory has no hosts.")


def test_wrong_variables_are_refused_before_a_request(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Whether they are given by -e, or for one miner in the inventory."""
    fleet = start_fleet(count=3)
    inventory = inventory_of(fleet, provision_pools=[{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}])
    for arguments, sentence in {
        ("provision_verify_timeout=soon",): "provision_verify_timeout is 'soon', expected a number of at least 0.",
        ("provision_polls=x",): "Did you mean 'provision_pools'?",
        ("provision_notes=mine",): "provision_notes is not a variable of minerops.dragonmint",
        ("provision_pools=stratum+tcp://pool.example.com:3333",): "expected a list, also as JSON or YAML.",
    }.items():
        done = ansible(PROVISION, inventory, "-e", *arguments)
        assert done.returncode != 0
        assert sentence in guarded(done)
        assert "(Set for miner1 and 2 more.)" in guarded(done)
    hosts = inventory["miners"]["children"]["dm_2018_05"]["hosts"]
    hosts["miner2"]["provision_network"] = {"mode": "auto"}
    done = ansible(PROVISION, inventory)
    assert done.returncode != 0
    assert guarded(done) == "provision_network.mode is 'auto', expected one of dhcp, static. (Set for miner2.)"
    assert [miner.requests() for miner in fleet.miners] == [[], [], []]


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
    """Other than what is left empty, a template that comes to nothing must not mean that no password is wanted."""
    fleet = start_fleet(count=1)
    lost = "{{ lookup('ansible.builtin.env', 'FLEET_PASSWORD') }}"
    done = ansible(PROVISION, inventory_of(fleet, provision_admin_password=lost))
    assert done.returncode != 0
    assert done.results[-1].result["msg"] == (
        "provision_admin_password is empty because the environment variable FLEET_PASSWORD is not set (set it: "
        "read -rs FLEET_PASSWORD && export FLEET_PASSWORD)."
    )
    assert fleet[0].requests() == []


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_can_be_checked_and_listed(ansible: Ansible, playbook: Path) -> None:
    inventory = ansible.write("static.yml", STATIC)
    for option in ("--syntax-check", "--list-hosts", "--list-tasks"):
        done = ansible.tool("ansible-playbook", "-i", inventory, option, f"minerops.dragonmint.{playbook.stem}")
        assert done.returncode == 0, done.stderr


def a_fleet(start_fleet: Callable[..., Fleet]) -> Fleet:
    """Two miners in their desired state."""
    fleet = start_fleet(count=2)
    for miner in fleet.miners:
        miner.set(users={"admin": PASSWORD}, autotune={"mode": "efficient"})
    return fleet


def a_source(ansible: Ansible, start_fleet: Callable[..., Fleet], options: dict[str, Any]) -> Path:
    desired = {} if "desird" in options else {"desired": DESIRED}
    return source(ansible, a_fleet(start_fleet), **{**desired, **options})
