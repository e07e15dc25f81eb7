# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Prometheus and node_exporter themselves, as Debian packages them, on the files of a poll."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

PROGRAMS = ("prometheus", "promtool", "prometheus-node-exporter")
DEADLINE_SECONDS, POLL_EVERY_SECONDS = 180.0, 0.5
IS_INSTALLED = all(map(shutil.which, PROGRAMS))
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Labels = dict[str, str]


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that scrapes a node_exporter with a textfile collector. Queries are as of ``at``, or else now."""

    url: str
    at: str = ""

    def query(self, expression: str) -> list[tuple[Labels, float]]:
        """Returns the value of an expression. Fails if Prometheus refuses it."""
        answer = self._get("query", query=expression, **({"time": self.at} if self.at else {}))
        return [(each["metric"], float(each["value"][1])) for each in answer["result"]]

    def once(self, expression: str) -> Prometheus:
        """Returns itself as of a moment when an expression had a result, regardless of later or late scrapes."""
        found: list[str] = []

        def is_found() -> bool:
            found.extend(str(each["value"][0]) for each in self._get("query", query=expression)["result"])
            return bool(found)

        eventually(is_found)
        return replace(self, at=found[0])

    def alerts(self) -> list[Labels]:
        """The labels of all firing alerts."""
        return [alert["labels"] for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"]

    def targets(self, job: str) -> list[Mapping[str, Any]]:
        """The targets of a job."""
        return [target for target in self._get("targets")["activeTargets"] if target["labels"]["job"] == job]

    def is_ready(self) -> bool:
        with suppress(OSError):
            return bool(self.query("up"))
        return False

    def _get(self, path: str, **parameters: str) -> Any:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with _OPENER.open(url, timeout=30) as answer:
            return json.load(answer)["data"]


@contextmanager
def running(folder: Path, textfiles: Path, targets: Path, rules: Path) -> Iterator[Prometheus]:
    """Starts both, and ends them afterwards. ``rules`` fire at once, without waiting for their ``for``."""
    exporter, port = free_port(), free_port()
    groups = yaml.safe_load(rules.read_text(encoding="utf-8"))
    for rule in groups["groups"][0]["rules"]:
        rule.pop("for", None)
    (folder / "rules.yml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    config = {
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": "node",
                # For a busy machine.
                "scrape_interval": "6s",
                "scrape_timeout": "6s",
                "static_configs": [{"targets": [f"127.0.0.1:{exporter}"]}],
            },
            # Miners have no metrics of their own: this proves that the targets are found.
            {"job_name": "miners", "scrape_interval": "1d", "file_sd_configs": [{"files": [str(targets)]}]},
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with ExitStack() as stack:
        start(
            stack,
            folder,
            "prometheus-node-exporter",
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={textfiles}",
            f"--web.listen-address=127.0.0.1:{exporter}",
        )
        start(
            stack,
            folder,
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        eventually(prometheus.is_ready)
        yield prometheus


def eventually(met: Callable[[], bool]) -> None:
    """Waits for a condition, leaving Prometheus time to scrape in the meantime."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not met():
        assert time.monotonic() < deadline
        time.sleep(POLL_EVERY_SECONDS)


def start(stack: ExitStack, folder: Path, *command: str) -> None:
    log = stack.enter_context((folder / f"{command[0]}.log").open("w"))
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    stack.callback(process.wait)
    stack.callback(process.terminate)


def promtool(*arguments: str | Path, given: Path | None = None) -> str:
    """Runs promtool, with a file as its standard input, and fails if it does. Returns its output."""
    text = given.read_text(encoding="utf-8") if given else ""
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
