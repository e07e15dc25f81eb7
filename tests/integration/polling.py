# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of the inventory plugin for simulated fleets, and the output of ansible-inventory for them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible

NETWORK = "127.20.0.0/26"
PASSWORD = "Fleet-Password-1"
FACTORY = "dragonadmin"
POOL_PASSWORD = "Pool-Password-2"
SECRETS = (PASSWORD, POOL_PASSWORD)
URL = "stratum+tcp://pool.example.com:3333"
POOL = {"url": URL, "user": "farm.1", "pass": POOL_PASSWORD}
ENVIRONMENT = {"MINER_PASSWORD": PASSWORD}
CREDENTIALS = [
    {"name": "fleet", "password": "{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}"},
    {"name": "factory", "password": FACTORY},
    {"name": "innosilicon", "password": "admin"},
]
POLLED = {"overview", "pools", "summary", "getAutoTuneStatus"}


def source(ansible: Ansible, fleet: Fleet, file_name: str = "fleet.dragonmint.yml", **options: Any) -> Path:
    """A source file for a simulated fleet."""
    everything = {
        "plugin": "minerops.dragonmint.dragonmint",
        "networks": [NETWORK],
        "port": fleet.port,
        "credentials": CREDENTIALS,
        "timeout": 3,
        "deadline": 6,
        **options,
    }
    return ansible.write(file_name, everything)


def ask(ansible: Ansible, file: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return ansible.tool("ansible-inventory", "-i", file, *arguments, environment={**ENVIRONMENT, **environment})


def listed(ansible: Ansible, file: Path, *arguments: str | Path, **environment: str) -> dict[str, Any]:
    """The groups of an inventory, and its host variables, without Ansible's marks, as `hostvars`."""
    return as_listed(ask(ansible, file, "--list", *arguments, **environment))


def as_listed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The inventory that a process has listed."""
    assert done.returncode == 0, done.stderr
    assert "Failed to parse" not in done.stderr, done.stderr
    inventory = json.loads(done.stdout, object_hook=lambda value: value.get("__ansible_unsafe", value))
    groups = {name: set(group.get("hosts", [])) for name, group in inventory.items() if name != "_meta"}
    return {**groups, "hostvars": inventory["_meta"]["hostvars"], "said": done.stderr}


def refused(ansible: Ansible, file: Path, *arguments: str | Path, **environment: str) -> str:
    """Ansible's message about an invalid source, on one line."""
    done = ask(ansible, file, "--list", *arguments, **{"ANSIBLE_INVENTORY_UNPARSED_FAILED": "true", **environment})
    assert done.returncode != 0, done.stdout
    return " ".join(done.stderr.split())


def all_refused(ansible: Ansible, fleet: Fleet, *sources: dict[str, Any]) -> list[str]:
    """Ansible's messages about sources with these options, all invalid, in one run."""
    files = [source(ansible, fleet, f"number{number}.dragonmint.yml", **each) for number, each in enumerate(sources)]
    # Each attempt at a source ends with these words.
    *causes, _rest = refused(ansible, files[0], *further(*files[1:])).split(" as an inventory source")
    assert len(causes) == len(sources)
    return causes


def further(*files: Path) -> list[str | Path]:
    """The arguments for more sources than one."""
    return [argument for file in files for argument in ("-i", file)]


def name_of(miner: Miner) -> str:
    return miner.mac.replace(":", "-")


def actions(miner: Miner) -> list[str]:
    return [request["action"] for request in miner.requests() if request["action"]]
