# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small model of how AWX uses extensions/aap/, with jobs that ansible-runner runs as AWX would."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.support import warm
from tests.support.environment import own_environment
from tests.support.processes import kill, kill_started_with
from tests.support.running import ROOT, TIMEOUT_SECONDS, WARM

FOLDER = ROOT / "extensions/aap"


class Loader(yaml.SafeLoader):
    """Reads the files like Ansible; unsafe text stays unchanged."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def _read() -> dict[str, list[dict[str, Any]]]:
    lists: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        lists.update(yaml.load(path.read_text(encoding="utf-8"), Loader=Loader))
    return lists


FILES = _read()


def items(kind: str) -> list[dict[str, Any]]:
    """The items of a list of infra.aap_configuration."""
    return FILES[kind]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = (item for item in items(kind) if item["name"] == name)
    return found


@dataclass(frozen=True)
class Injection:
    """What a credential adds to a job."""

    environment: dict[str, str]
    variables: dict[str, str]


def injected(inputs: Mapping[str, str], folder: Path) -> Injection:
    """What the credential type injects for these inputs, with its files in a folder of the job.

    A missing input is empty text, and each file is written regardless of its content.
    """
    (kind,) = items("controller_credential_types")
    jinja = ImmutableSandboxedEnvironment()
    given: dict[str, Any] = {field["id"]: inputs.get(field["id"], "") for field in kind["inputs"]["fields"]}
    files = SimpleNamespace()
    for name, template in kind["injectors"].get("file", {}).items():
        path = folder / name.removeprefix("template.")
        path.write_text(jinja.from_string(template).render(given), encoding="utf-8")
        setattr(files, name.removeprefix("template."), str(path))
    given["tower"] = SimpleNamespace(filename=files)

    def rendered(part: str) -> dict[str, str]:
        templates = kind["injectors"].get(part, {})
        return {name: jinja.from_string(template).render(given) for name, template in templates.items()}

    return Injection(rendered("env"), rendered("extra_vars"))


def answered(template: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The extra variables of a job: the answers, and the survey's defaults for the rest.

    All values are text here, as if launched through the API with text.
    """
    variables: dict[str, Any] = {}
    for question in template["survey_spec"]["spec"]:
        answer = answers.get(question["variable"], question["default"])
        if answer != "" or question["type"] in ("text", "textarea"):
            variables[question["variable"]] = str(answer)
    return {**answers, **variables}


@dataclass(frozen=True)
class Login:
    """How a job logs in: with the inputs of our credential, or like AWX's machine credential, with -u and -k."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    machine: tuple[str, str] | None = None


@dataclass(frozen=True)
class Job:
    """A job to run, in a private data folder like AWX's.

    ``is_asked`` says that ansible-playbook asks for a password, for which it needs to have the terminal to itself.
    """

    bin: Path
    folder: Path
    playbook: str
    ident: str = "1"
    is_asked: bool = False

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts" / self.ident

    def environment(self) -> dict[str, str]:
        own = own_environment()
        own["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / "build")
        own["ANSIBLE_HOME"] = str(self.folder / "home")
        own["PATH"] = f"{self.bin}{os.pathsep}{own['PATH']}"
        return own

    def warmed(self) -> dict[str, str]:
        """The environment of a job that nobody cancels: that would miss the warmed ansible-playbook."""
        own = self.environment()
        if self.is_asked:
            return own
        return warm.with_commands(self.folder / "warm", self.bin, ["ansible-playbook"], WARM, own)

    def command(self, verb: str = "run") -> list[str | Path]:
        return [self.bin / "ansible-runner", verb, self.folder, "-p", self.playbook, "--ident", self.ident]

    def run(self) -> Outcome:
        return self.outcome(self._done(self.command()))

    def start(self) -> subprocess.Popen[bytes]:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(self.command(), env=self.environment(), **quiet)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Ends what is left of a job: if it is cancelled in a pause, the worker that waits there never learns of it."""
        kill(process)
        kill_started_with("ANSIBLE_HOME", str(self.folder / "home"))

    def transmit(self) -> bytes:
        """The job as a stream, which is all that a worker needs."""
        done = subprocess.run(self.command("transmit"), env=self.environment(), capture_output=True, check=True)
        return done.stdout

    def work(self, stream: bytes, folder: Path) -> subprocess.Popen[bytes]:
        """Starts the work elsewhere, in an empty folder."""
        folder.mkdir()
        command = [self.bin / "ansible-runner", "worker", "--private-data-dir", folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, env=self.warmed(), **pipes)
        assert process.stdin
        process.stdin.write(stream)
        process.stdin.close()
        return process

    def process(self, worker: subprocess.Popen[bytes]) -> Outcome:
        """Processes the output of a worker."""
        assert worker.stdout
        with worker, (self.folder / "stream").open("wb") as file:
            file.write(worker.stdout.read())
        with (self.folder / "stream").open("rb") as stream:
            command = [self.bin / "ansible-runner", "process", self.folder, "--ident", self.ident]
            return self.outcome(
                subprocess.run(
                    command,
                    env=self.environment(),
                    stdin=stream,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
            )

    def outcome(self, done: subprocess.CompletedProcess[bytes]) -> Outcome:
        events = [json.loads(path.read_bytes()) for path in (self.artifacts / "job_events").glob("*.json")]
        return Outcome(
            done.returncode,
            (self.artifacts / "status").read_text(encoding="utf-8"),
            (self.artifacts / "stdout").read_text(encoding="utf-8"),
            sorted(events, key=lambda event: int(event["counter"])),
        )

    def _done(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            env=self.warmed(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )


@dataclass(frozen=True)
class Outcome:
    """The results of a job."""

    returncode: int
    status: str
    output: str
    events: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """The output on one line, without colours."""
        return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", self.output).split())

    @property
    def statistics(self) -> dict[str, Any]:
        """What the job passes to the next node of a workflow."""
        (last,) = (event for event in self.events if event["event"] == "playbook_on_stats")
        handed: dict[str, Any] = last["event_data"].get("artifact_data", {})
        return handed

    def succeeded(self) -> Outcome:
        assert (self.returncode, self.status) == (0, "successful"), self.output
        return self


def launched(
    bin_: Path,
    folder: Path,
    name: str,
    inventory: Mapping[str, Any],
    login: Login,
    answers: Mapping[str, Any] | None = None,
    is_check: bool = False,
) -> Job:
    """A job of the job template of this name, in a new and empty private data folder."""
    template = named("controller_templates", name)
    (folder / "env").mkdir(parents=True)
    (folder / "inventory").mkdir()
    shutil.copytree(FOLDER / "project", folder / "project")
    (folder / "inventory/hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    injection = injected(login.inputs, folder) if login.inputs else Injection({}, {})
    command_line = ["--check"] if is_check else []
    command_line += ["--diff"] if template["diff_mode"] else []
    passwords = {}
    if login.machine:
        username, password = login.machine
        command_line += ["-u", username, "--ask-pass"]
        passwords = {r"SSH password:\s*?$": password}
    parts = {
        "envvars": injection.environment,
        "extravars": {**injection.variables, **answered(template, answers or {})},
        "passwords": passwords,
        "settings": {"job_timeout": template["timeout"]} if template["timeout"] else {},
    }
    for part, content in parts.items():
        (folder / "env" / part).write_text(json.dumps(content), encoding="utf-8")
    (folder / "env/cmdline").write_text(shlex.join(command_line), encoding="utf-8")
    return Job(bin_, folder, template["playbook"], is_asked=login.machine is not None)
