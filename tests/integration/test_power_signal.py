# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source power_signal in real ansible-rulebook processes."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.support.running import DEADLINE_SECONDS, ENVIRONMENTS, FOREIGN_VARIABLES, ROOT, kill, wait_until

EDA = ENVIRONMENTS / "eda/bin"
TOKEN = "correct-horse-battery"
# Set where it must not be missing, as in CI.
REQUIRED = "REQUIRE_RULEBOOK"
# What a rule runs: it notes that it was run, and for which event.
PLAYBOOK = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.lineinfile": {
                    "path": "{{ journal }}",
                    "line": "{{ edge }} {{ event_id }} {{ kw }}",
                    "create": True,
                    "mode": "0644",
                }
            }
        ],
    }
]


@dataclass(frozen=True)
class Rulebook:
    """A folder to run rulebooks in."""

    folder: Path

    @property
    def journal(self) -> list[str]:
        """What the playbooks were run for."""
        path = self.folder / "journal.txt"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8")

    @property
    def printed(self) -> list[tuple[str, str]]:
        """The source and edge of each event that was printed."""
        events = [ast.literal_eval(line) for line in self.output.splitlines() if line.startswith("{'power_signal'")]
        return [(event["meta"]["source"]["name"], event["power_signal"]["edge"]) for event in events]

    @contextmanager
    def running(self, **sources: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a rulebook with these sources. It is killed in the end, as it is by the signals that stop a service."""
        with (self.folder / "output.txt").open("wb") as output:
            process = subprocess.Popen(
                [EDA / "ansible-rulebook", "-r", self._written(sources), "-i", self.folder / "inventory.yml"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                kill(process)

    def _written(self, sources: dict[str, dict[str, Any]]) -> Path:
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        self._write("inventory.yml", {"all": {"hosts": {"localhost": local}}})
        self._write("playbooks/note.yml", PLAYBOOK)
        signal = "event.power_signal"
        about = {name: f"{{{{ {signal}.{name} }}}}" for name in ("edge", "event_id", "kw")}
        note = {"name": "playbooks/note.yml", "extra_vars": {**about, "journal": str(self.folder / "journal.txt")}}
        rules = [
            ("switch", f'{signal}.edge == "curtail" or {signal}.edge == "restore"', {"run_playbook": note}),
            ("end", f'{signal}.edge == "signal_lost"', {"shutdown": {"kind": "now"}}),
            ("print", f"{signal}.edge is defined", {"print_event": None}),
        ]
        rulebook = {
            "name": "A power signal",
            "hosts": "all",
            "sources": [{"name": name, "minerops.dragonmint.power_signal": args} for name, args in sources.items()],
            "rules": [{"name": name, "condition": condition, "action": action} for name, condition, action in rules],
        }
        return self._write("rulebook.yml", [rulebook])

    def _write(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        own["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / "build")
        own["ANSIBLE_HOME"] = str(self.folder / "home")
        own["PATH"] = f"{EDA}{os.pathsep}{own['PATH']}"
        return own


@pytest.fixture
def rulebook(tmp_path: Path) -> Rulebook:
    missing = [
        name for name, path in (("ansible-rulebook", str(EDA)), ("java", None)) if not shutil.which(name, path=path)
    ]
    if missing:
        why = f"{' and '.join(missing)} not found: `make integration` installs the first, with a Python 3.11 or 3.12"
        assert not os.environ.get(REQUIRED), why
        pytest.skip(why)
    return Rulebook(tmp_path)


def prices(folder: Path, price: float, seconds: float) -> None:
    """Writes a list with the price of so many seconds from now."""
    now = datetime.now(timezone.utc)
    times = (now - timedelta(seconds=5), now + timedelta(seconds=seconds))
    new = folder / "prices.new"
    new.write_text("start,end,price\n" + ",".join(map(datetime.isoformat, times)) + f",{price}\n")
    new.replace(folder / "prices.csv")


def test_a_rulebook_curtails_and_restores(rulebook: Rulebook) -> None:
    folder, port, closed = rulebook.folder, free_port(), free_port()
    levels = {"over": {"price": 120}, "under": {"price": 90}}
    file: dict[str, Any] = {"file": str(folder / "prices.csv"), "interval": 1, **levels}
    market = {
        "prices": file,
        "webhook": {"port": port, "token": TOKEN},
        "kw": 40,
        "snapshot": str(folder / "state.json"),
    }
    elsewhere = {"prices": {"url": f"http://127.0.0.1:{closed}/today", **levels}}

    # Neither list of prices can be read, which ends neither source.
    with rulebook.running(market=market, elsewhere=elsewhere) as process:
        wait_until(lambda: {("market", "invalid"), ("elsewhere", "invalid")} <= set(rulebook.printed))
        prices(folder, 130, 3600)
        wait_until(lambda: len(rulebook.journal) == 1)
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    (curtailed,) = rulebook.journal
    assert curtailed.startswith("curtail price-")
    assert curtailed.endswith("-1 40")
    assert not is_open(port)

    # What was done is not done again, and the same curtailment is ended. A command starts the next one, of its own kW.
    with rulebook.running(market=market) as process:
        wait_until(lambda: is_open(port))
        prices(folder, 80, 3600)
        wait_until(lambda: len(rulebook.journal) == 2)
        posted(port, {"command": "start", "event_id": "dr-7", "kw": 25})
        wait_until(lambda: len(rulebook.journal) == 3)
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert rulebook.journal == [curtailed, curtailed.replace("curtail", "restore"), "curtail dr-7 25.0"]

    # A signal that is lost runs the rule for it, here one that ends the rulebook, and with it the sources.
    prices(folder, 80, 0)
    with rulebook.running(market={**market, "prices": {**file, "stale_seconds": 1}}) as process:
        assert process.wait(DEADLINE_SECONDS) == 0, rulebook.output
    assert len(rulebook.journal) == 3
    assert "Source error" not in rulebook.output
    assert "Traceback" not in rulebook.output
    assert not is_open(port)


def test_wrong_arguments_end_a_rulebook_at_once_and_say_why(rulebook: Rulebook) -> None:
    with rulebook.running(market={"webhook": {"port": 5010, "token": TOKEN}, "minimum_seconds": "1h"}) as process:
        assert process.wait(DEADLINE_SECONDS) == 1
    assert "minimum_seconds: expected a number, found the text '1h'. How many seconds a curtailment" in rulebook.output
    assert TOKEN not in rulebook.output


def posted(port: int, command: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urlopen(Request(f"http://127.0.0.1:{port}/", json.dumps(command).encode(), headers)) as response:
        assert json.load(response) == {"accepted": True}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
