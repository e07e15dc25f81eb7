# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that an operator would have: the miners, and their desired state."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.simulator.control import CHECKOUT, Fleet, Miner

# With this, the collection and Ansible's own files are found without any environment variable.
ANSIBLE_CFG = """\
[defaults]
inventory = inventory.yml
collections_path = ..
home = ../home/.ansible
"""
# What an operator would copy.
FLEET_CFG = CHECKOUT / "docs/ansible.fleet.cfg"

DESIRED_STATE = """\
---
# How every miner must be.
provision_pools:
  - url: stratum+tcp://pool.example.com:3333
    user: fleet.{{ inventory_hostname }}
  - url: stratum+tcp://backup.example.com:3333
    user: fleet.{{ inventory_hostname }}
provision_autotune_mode: efficient
"""

LOGIN = """\
---
# The factory's password; yours come from a vault.
dragonmint_password: {password}
"""

FACTORY_PASSWORDS = {"halong": "dragonadmin", "innosilicon": "admin"}


def write_folder(folder: Path, fleet: Fleet) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    group_vars = folder / "group_vars"
    group_vars.mkdir(parents=True)
    (folder / "ansible.cfg").write_text(FLEET_CFG.read_text("utf-8").replace("[defaults]\n", ANSIBLE_CFG, 1))
    (folder / "inventory.yml").write_text(_inventory(fleet))
    (group_vars / "miners.yml").write_text(DESIRED_STATE)
    for maker, password in FACTORY_PASSWORDS.items():
        (group_vars / f"{maker}.yml").write_text(LOGIN.format(password=password))


def inventory_name(number: int) -> str:
    """The name of the fleet's first, second, … miner."""
    return f"miner{number:02}"


def _inventory(fleet: Fleet) -> str:
    lines = ["---", "miners:", "  hosts:"]
    for number, miner in enumerate(fleet.miners, 1):
        lines += [f"    {inventory_name(number)}:", f"      ansible_host: {miner.host}"]
    lines += [
        "  vars:",
        "    # A real miner has port 80, the default.",
        f"    dragonmint_port: {fleet.port}",
        "  children:",
    ]
    for maker in FACTORY_PASSWORDS:
        names = [inventory_name(number) for number, miner in enumerate(fleet.miners, 1) if _maker(miner) == maker]
        lines += [f"    {maker}:", "      hosts:", *(f"        {name}:" for name in names)]
    return "\n".join(lines) + "\n"


def _maker(miner: Miner) -> str:
    return "innosilicon" if miner.generation.startswith("inno") else "halong"
