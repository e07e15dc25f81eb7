# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source power_signal in real ansible-rulebook processes."""

from __future__ import annotations

import subprocess
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.support.rulebook import TOKEN, Rulebook, free_port, is_open, posted, rulebook_in
from tests.support.running import DEADLINE_SECONDS, wait_until

# The playbook of a rule: it records its run and the event.
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


class PowerSignal:
    """A rulebook for power signals, in a folder."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self.folder = rulebook.folder

    @property
    def journal(self) -> list[str]:
        """The events for which playbooks were run."""
        path = self.folder / "journal.txt"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def output(self) -> str:
        return self._rulebook.output

    @property
    def printed(self) -> list[tuple[str, str]]:
        """The source and edge of each printed event."""
        return [(event["meta"]["source"]["name"], event["power_signal"]["edge"]) for event in self._rulebook.events]

    def running(self, **sources: dict[str, Any]) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Runs a rulebook with these sources."""
        self._rulebook.write("playbooks/note.yml", PLAYBOOK)
        signal = "event.power_signal"
        about = {name: f"{{{{ {signal}.{name} }}}}" for name in ("edge", "event_id", "kw")}
        note = {"name": "playbooks/note.yml", "extra_vars": {**about, "journal": str(self.folder / "journal.txt")}}
        rules = [
            ("switch", f'{signal}.edge == "curtail" or {signal}.edge == "restore"', {"run_playbook": note}),
            ("end", f'{signal}.edge == "signal_lost"', {"shutdown": {"kind": "now"}}),
            ("print", f"{signal}.edge is defined", {"print_event": None}),
        ]
        ruleset = {
            "name": "A power signal",
            "hosts": "all",
            "sources": [{"name": name, "minerops.dragonmint.power_signal": args} for name, args in sources.items()],
            "rules": [{"name": name, "condition": condition, "action": action} for name, condition, action in rules],
        }
        return self._rulebook.running([ruleset])


@pytest.fixture
def rulebook(tmp_path: Path) -> PowerSignal:
    return PowerSignal(rulebook_in(tmp_path))


def prices(folder: Path, price: float, seconds: float) -> None:
    """Writes a list with the price of ``seconds`` from now."""
    now = datetime.now(timezone.utc)
    times = (now - timedelta(seconds=5), now + timedelta(seconds=seconds))
    new = folder / "prices.new"
    new.write_text("start,end,price\n" + ",".join(map(datetime.isoformat, times)) + f",{price}\n")
    new.replace(folder / "prices.csv")


def test_a_rulebook_curtails_and_restores(rulebook: PowerSignal) -> None:
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

    # Neither list of prices can be read, which does not end the sources.
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

    # Nothing is done twice, and the same curtailment is ended. A command starts the next one, with its own kW.
    with rulebook.running(market=market) as process:
        wait_until(lambda: is_open(port))
        prices(folder, 80, 3600)
        wait_until(lambda: len(rulebook.journal) == 2)
        posted(port, {"command": "start", "event_id": "dr-7", "kw": 25})
        wait_until(lambda: len(rulebook.journal) == 3)
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert rulebook.journal == [curtailed, curtailed.replace("curtail", "restore"), "curtail dr-7 25.0"]

    # A lost signal runs its rule, here one that ends the rulebook, and with it the sources.
    prices(folder, 80, 0)
    with rulebook.running(market={**market, "prices": {**file, "stale_seconds": 1}}) as process:
        assert process.wait(DEADLINE_SECONDS) == 0, rulebook.output
    assert len(rulebook.journal) == 3
    assert "Source error" not in rulebook.output
    assert "Traceback" not in rulebook.output
    assert not is_open(port)


def test_wrong_arguments_end_a_rulebook_at_once_and_say_why(rulebook: PowerSignal) -> None:
    with rulebook.running(market={"webhook": {"port": 5010, "token": TOKEN}, "minimum_seconds": "1h"}) as process:
        assert process.wait(DEADLINE_SECONDS) == 1
    assert "minimum_seconds: expected a number, found the text '1h'. How many seconds a curtailment" in rulebook.output
    assert TOKEN not in rulebook.output
