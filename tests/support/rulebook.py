# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs real ansible-rulebook processes and returns the events that they printed."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.support import warm
from tests.support.environment import own_environment
from tests.support.processes import kill, kill_started_with
from tests.support.running import ENVIRONMENTS, ROOT, WARM_HOME

# The token of a power signal's webhook.
TOKEN = "correct-horse-battery"
EDA = ENVIRONMENTS / "eda/bin"
# Set where a missing ansible-rulebook is an error, as in CI.
REQUIRED = "REQUIRE_RULEBOOK"
GALAXY = warm.Kind(modules=("ansible.cli.galaxy",), variables=(WARM_HOME,))
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
LOCALHOST = {"all": {"hosts": {"localhost": LOCAL}}}


@dataclass(frozen=True)
class Rulebook:
    """A folder to run rulebooks in."""

    folder: Path

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that were printed by the action print_event."""
        return [ast.literal_eval(line) for line in self.output.splitlines() if line.startswith("{'")]

    @contextmanager
    def running(
        self,
        rulebook: Path | list[dict[str, Any]],
        *arguments: str,
        inventory: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a rulebook. It is killed at the end, with the playbooks that it has started."""
        path = self.write("rulebook.yml", rulebook) if isinstance(rulebook, list) else rulebook
        hosts = self.write("inventory.yml", inventory or LOCALHOST)
        command = [EDA / "ansible-rulebook", "-r", path, "-i", hosts, *arguments]
        if variables is not None:
            command += ["--vars", self.write("vars.yml", variables)]
        # A rulebook that is terminated leaves files and the processes of its playbooks. Not in the folder of the test,
        # whose path is too long for a socket.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            with (self.folder / "output.txt").open("wb") as output:
                process = subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env={**self._environment(), "TMPDIR": temporary, **(environment or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            try:
                yield process
            finally:
                if process.poll() is None:
                    kill(process)
                kill_started_with("TMPDIR", temporary)

    def write(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    def _environment(self) -> dict[str, str]:
        own = own_environment()
        own["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / "build")
        own["ANSIBLE_HOME"] = str(self.folder / "home")
        own["PATH"] = f"{EDA}{os.pathsep}{own['PATH']}"
        # Otherwise the output waits in a buffer.
        own["PYTHONUNBUFFERED"] = "1"
        # Its Java compiles for a long life otherwise.
        own["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        # It asks ansible-galaxy for each collection.
        return warm.with_commands(self.folder / "warm", EDA, ["ansible-galaxy"], GALAXY, own)


def rulebook_in(folder: Path) -> Rulebook:
    """Returns a rulebook in a folder; skips the test if ansible-rulebook is missing and not required."""
    missing = [
        name for name, path in (("ansible-rulebook", str(EDA)), ("java", None)) if not shutil.which(name, path=path)
    ]
    if missing:
        why = f"{' and '.join(missing)} not found: `make integration` installs the first, with a Python 3.11 or 3.12"
        assert not os.environ.get(REQUIRED), why
        pytest.skip(why)
    return Rulebook(folder)


def posted(port: int, command: dict[str, Any]) -> None:
    """Sends a command to the webhook of a power signal."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urlopen(Request(f"http://127.0.0.1:{port}/", json.dumps(command).encode(), headers)) as response:
        assert json.load(response) == {"accepted": True}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
