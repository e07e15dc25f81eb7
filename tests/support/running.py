# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs real ansible-playbook processes and returns the result of each task."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.control import Fleet, Miner
from tests.support import warm
from tests.support.environment import own_environment
from tests.support.processes import kill

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / "build/env"
PLAYBOOKS = ROOT / "playbooks"
# Runs delegated tasks: the oldest Python that the modules promise to support.
MODULE_PYTHON = ENVIRONMENTS / "module/bin/python"
TIMEOUT_SECONDS = 300
DEADLINE_SECONDS = 60.0
# Most conditions are requests to a simulator, which has other work to do.
POLL_SECONDS = 0.03

# The archives below files/: one that is newer than what any simulated miner runs, and an old one.
NEWER_FIRMWARE = "t1_20180901_120000"
OLDER_FIRMWARE = "t1_20180515_060842"

# The slow imports of a playbook, without Ansible's own.
WARM = warm.Kind(
    modules=(
        "aiohttp",
        "concurrent.futures.process",
        "cryptography.hazmat.backends.openssl",
        "cryptography.hazmat.primitives.asymmetric.ed25519",
        "cryptography.hazmat.primitives.ciphers",
        "cryptography.hazmat.primitives.hmac",
        "cryptography.hazmat.primitives.kdf.pbkdf2",
        "cryptography.hazmat.primitives.padding",
        "cryptography.hazmat.primitives.serialization",
        "importlib.metadata",
        "jinja2.ext",
        "jinja2.nativetypes",
        "jinja2.sandbox",
        "multiprocessing.managers",
        "multiprocessing.queues",
        "multiprocessing.synchronize",
        "packaging.specifiers",
        "requests",
        "urllib.request",
        "xml.dom.minidom",
        "xml.etree.ElementTree",
        "yaml",
    ),
    collection=str(ROOT / "build/ansible_collections/minerops/dragonmint/plugins"),
)
SETTINGS = HERE / "ansible.cfg"
# Ansible makes folders there when it is imported.
WARM_HOME = ("ANSIBLE_HOME", str(ROOT / "build/home/.ansible"))
# Some modules of Ansible keep what the settings were when they were imported. So these are for runs with our settings.
WARM_ANSIBLE = warm.Kind(
    modules=(
        *WARM.modules,
        "ansible.cli.playbook",
        "ansible.executor.process.worker",
        "ansible.plugins.action.debug",
        "ansible.plugins.action.normal",
        "ansible.plugins.become.runas",
        "ansible.plugins.become.su",
        "ansible.plugins.become.sudo",
        "ansible.plugins.cache.memory",
        "ansible.plugins.callback.default",
        "ansible.plugins.callback.junit",
        "ansible.plugins.callback.minimal",
        "ansible.plugins.callback.oneline",
        "ansible.plugins.callback.tree",
        "ansible.plugins.connection.local",
        "ansible.plugins.connection.psrp",
        "ansible.plugins.connection.ssh",
        "ansible.plugins.connection.winrm",
        "ansible.plugins.filter.core",
        "ansible.plugins.filter.encryption",
        "ansible.plugins.filter.mathstuff",
        "ansible.plugins.filter.urls",
        "ansible.plugins.filter.urlsplit",
        "ansible.plugins.inventory.auto",
        "ansible.plugins.inventory.host_list",
        "ansible.plugins.inventory.ini",
        "ansible.plugins.inventory.script",
        "ansible.plugins.inventory.toml",
        "ansible.plugins.inventory.yaml",
        "ansible.plugins.shell.cmd",
        "ansible.plugins.shell.powershell",
        "ansible.plugins.shell.sh",
        "ansible.plugins.strategy.linear",
        "ansible.plugins.test.core",
        "ansible.plugins.test.files",
        "ansible.plugins.test.mathstuff",
        "ansible.plugins.test.uri",
        "ansible.plugins.vars.host_group_vars",
    ),
    variables=(("ANSIBLE_CONFIG", str(SETTINGS)), WARM_HOME),
    collection=WARM.collection,
)

# For what other programs run, with settings of their own.
WARM_COMMANDS = warm.Kind(WARM_ANSIBLE.modules, variables=(WARM_HOME,))


def core_name(environment: str) -> str:
    return (ENVIRONMENTS / environment).resolve().name


# Only one if there is only one, as in `make core`.
CORES = ["oldest", "newest"] if core_name("oldest") != core_name("newest") else ["newest"]

# For tests that do not depend on the version of Ansible.
newest_core = pytest.mark.parametrize("ansible", ["newest"], ids=core_name, indirect=True)


@dataclass(frozen=True)
class TaskResult:
    """The result of one task on one host."""

    host: str
    task: str
    action: str
    status: str
    result: dict[str, Any]

    @property
    def warnings(self) -> list[str]:
        return list(self.result.get("warnings", []))

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))


@dataclass(frozen=True)
class PlaybookRun:
    """The results of one ansible-playbook process."""

    returncode: int
    output: str
    results: list[TaskResult]

    def of(self, host: str | None = None, task: str | None = None) -> list[TaskResult]:
        """The results of this host, of the task of this name."""
        return [r for r in self.results if host in (None, r.host) and task in (None, r.task)]

    def one(self, host: str | None = None, task: str | None = None) -> TaskResult:
        (found,) = self.of(host, task)
        return found

    @property
    def changed(self) -> set[str]:
        """The hosts on which something changed."""
        return {r.host for r in self.results if r.changed}

    def succeeded(self) -> PlaybookRun:
        """Returns itself after checking that no host failed."""
        assert self.returncode == 0, self.output
        return self


@dataclass(frozen=True)
class Ansible:
    """One ansible-core, working in a folder of its own."""

    bin: Path
    folder: Path
    timeout_s: float = TIMEOUT_SECONDS

    @property
    def is_newest(self) -> bool:
        return self.bin.parent.name == "newest"

    def __call__(
        self,
        playbook: Path | list[dict[str, Any]],
        inventory: Mapping[str, Any],
        *arguments: str,
        extra_vars: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> PlaybookRun:
        """Runs a playbook, or these plays, and fails on any deprecation warning. The inventory is as in YAML."""
        command = self._command(playbook, inventory, arguments, extra_vars)
        record = self.folder / "record.jsonl"
        record.write_text("")
        variables = {**self.variables(record), **(environment or {})}
        code, said = warm.run(
            self.bin / "python", warmed(environment), command, cwd=self.folder, env=variables, timeout=self.timeout_s
        )
        assert "[DEPRECATION WARNING]" not in said, said
        results = [TaskResult(**json.loads(line)) for line in record.read_text(encoding="utf-8").splitlines()]
        return PlaybookRun(code, said, results)

    def start(
        self,
        playbook: Path | list[dict[str, Any]],
        inventory: Mapping[str, Any],
        *arguments: str,
        extra_vars: Mapping[str, Any] | None = None,
    ) -> warm.Process:
        """Starts a playbook that will be killed; its results until then are in killed.jsonl."""
        return self._started(self._command(playbook, inventory, arguments, extra_vars))

    def start_tool(self, name: str, *arguments: str | Path) -> warm.Process:
        """Starts another program of this ansible-core, to be killed later."""
        return self._started([self.bin / name, *arguments])

    def killed_once(
        self,
        met: Callable[[], bool],
        playbook: Path | list[dict[str, Any]],
        inventory: Mapping[str, Any],
        *arguments: str,
        extra_vars: Mapping[str, Any] | None = None,
    ) -> None:
        """Runs a playbook, and kills it with all its workers once a condition is met."""
        process = self.start(playbook, inventory, *arguments, extra_vars=extra_vars)
        try:
            wait_until(met)
        finally:
            kill(process)

    def _started(self, command: Sequence[str | Path]) -> warm.Process:
        record = self.folder / "killed.jsonl"
        record.write_text("")
        with Path(os.devnull).open("r+b") as nothing:
            streams = [nothing.fileno()] * 3
            return warm.start(
                self.bin / "python", WARM_ANSIBLE, command, cwd=self.folder, env=self.variables(record), streams=streams
            )

    def _command(
        self,
        playbook: Path | list[dict[str, Any]],
        inventory: Mapping[str, Any],
        arguments: Sequence[str],
        extra_vars: Mapping[str, Any] | None,
    ) -> list[str | Path]:
        run: str | Path
        if isinstance(playbook, list):
            run = self.write("playbook.yml", playbook)
        elif playbook.parent == PLAYBOOKS:
            # It imports other playbooks by their file names.
            run = f"minerops.dragonmint.{playbook.stem}"
        else:
            run = Path(shutil.copy(playbook, self.folder))
        command = [self.bin / "ansible-playbook", "-i", self.write("inventory.yml", inventory), *arguments, run]
        if extra_vars:
            command += ["-e", f"@{self.write('extra_vars.yml', extra_vars)}"]
        return command

    def tool(
        self, name: str, *arguments: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs another program of this ansible-core, and fails on any deprecation warning."""
        variables = {**self.variables(self.folder / "record.jsonl"), **(environment or {})}
        command = [self.bin / name, *arguments]
        with tempfile.TemporaryFile() as errors:
            code, stdout = warm.run(
                self.bin / "python",
                warmed(environment),
                command,
                cwd=self.folder,
                env=variables,
                timeout=self.timeout_s,
                errors=errors,
            )
            errors.seek(0)
            stderr = errors.read().decode()
        assert "[DEPRECATION WARNING]" not in stderr, stderr
        return subprocess.CompletedProcess(command, code, stdout, stderr)

    def write(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    def variables(self, record: Path) -> dict[str, str]:
        own = own_environment()
        own["ANSIBLE_CONFIG"] = str(SETTINGS)
        own["ANSIBLE_ASYNC_DIR"] = str(self.folder / "async")
        own["ANSIBLE_HOME"] = str(self.folder / "home")
        own["ANSIBLE_PYTHON_INTERPRETER"] = str(MODULE_PYTHON if MODULE_PYTHON.exists() else self.bin / "python")
        own["ANSIBLE_REMOTE_TMP"] = str(self.folder / "remote_tmp")
        own["DRAGONMINT_RECORD"] = str(record)
        own["PATH"] = f"{self.bin}{os.pathsep}{own['PATH']}"
        return own


def warmed(environment: Mapping[str, str] | None) -> warm.Kind:
    """What to import before a run with these variables."""
    return WARM if any(name.startswith("ANSIBLE_") for name in environment or ()) else WARM_ANSIBLE


def wait_until(met: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    """Waits for a condition, and fails if it is not met in time."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def inventory_of(fleet: Fleet, **variables: Any) -> dict[str, Any]:
    """An inventory of miner1, miner2, … in the group `miners` and in one named for the generation (dm_2018_05)."""
    generations: dict[str, Any] = {}
    for number, miner in enumerate(fleet.miners, 1):
        group = generations.setdefault(miner.generation.replace("-", "_"), {"hosts": {}})
        group["hosts"][f"miner{number}"] = connection_to(miner)
    return {"miners": {"children": generations, "vars": variables}}


def connection_to(miner: Miner) -> dict[str, Any]:
    """The connection variables of a miner in factory state."""
    return {
        "ansible_host": miner.host,
        "dragonmint_port": miner.port,
        "dragonmint_password": "admin" if miner.generation.startswith("inno") else "dragonadmin",
    }


def hosts_with_writes(fleet: Fleet) -> set[str]:
    """The inventory names of the miners with recorded writes."""
    return {f"miner{number}" for number, miner in enumerate(fleet.miners, 1) if miner.writes()}
