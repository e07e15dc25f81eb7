# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source fleet and the rulebooks in real ansible-rulebook processes, with simulated miners."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet, Miner
from tests.support import running as support
from tests.support.rulebook import LOCAL, TOKEN, Rulebook, free_port, is_open, posted, rulebook_in
from tests.support.running import ROOT

RULEBOOKS = ROOT / "extensions/eda/rulebooks"
PASSWORD = "dragonadmin"
WELL: dict[str, Any] = {}
DEAD: dict[str, Any] = {"alive": False}
# Long enough for a poll of 1,000 miners on a busy machine.
INTERVAL_S = 8.0
# For polls of a large fleet, and for playbooks with a task for each of 100 miners.
DEADLINE_SECONDS = 400.0

# What is done to a miner, what takes that back, and the edges and findings of both.
TROUBLES: dict[str, tuple[Callable[[Miner], Any], Callable[[Miner], Any], str, str]] = {
    "dead board": (
        lambda miner: miner.set(boards=[WELL, DEAD, WELL]),
        lambda miner: miner.set(boards=[WELL] * 3),
        "unhealthy board_dead",
        "healthy board_dead",
    ),
    "dark": (lambda miner: miner.fault("dark"), lambda miner: miner.heal(), "went_dark", "came_back"),
    "locked": (
        lambda miner: miner.set(users={"admin": "nobody knows"}),
        lambda miner: miner.set(users={"admin": PASSWORD}),
        "locked",
        "came_back",
    ),
    "no cgminer": (
        lambda miner: miner.set(ready=False),
        lambda miner: miner.set(ready=True),
        "unhealthy cgminer_down",
        "healthy cgminer_down",
    ),
    "another mode": (
        lambda miner: miner.set(autotune={"mode": "efficient"}),
        lambda miner: miner.set(autotune={"mode": "balanced"}),
        "drifted autotune",
        "in_desired_state autotune",
    ),
}


@pytest.fixture
def rulebook(tmp_path: Path) -> Rulebook:
    return rulebook_in(tmp_path)


def of_fleet(fleet: Fleet, **arguments: Any) -> dict[str, Any]:
    """The arguments of a source for all miners of a simulator."""
    first, last = fleet.miners[0].host, fleet.miners[-1].host
    return {"networks": [f"{first}-{last}"], "port": fleet.port, "credentials": [{"password": PASSWORD}], **arguments}


def printing(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """A rulebook that prints all events of a fleet."""
    rule = {"name": "print", "condition": "event.dragonmint is defined", "action": {"print_event": None}}
    return [{"name": "Print", "hosts": "all", "sources": [{"minerops.dragonmint.fleet": arguments}], "rules": [rule]}]


def edges(rulebook: Rulebook) -> list[tuple[str, str]]:
    """The miner and the edge, with the finding, of each event that was printed."""
    found = [event["dragonmint"] for event in rulebook.events]
    return [(event["mac"], f"{event['edge']} {event['finding'] or ''}".strip()) for event in found]


def name_of(miner: Miner) -> str:
    return miner.mac.replace(":", "-")


def overviews(miner: Miner) -> list[dict[str, Any]]:
    """The requests of a miner that each poll sends once."""
    return [request for request in miner.requests() if request["action"] == "overview"]


def polled(miner: Miner) -> int:
    """How often a miner was polled since it last forgot."""
    return len(overviews(miner))


def test_a_large_fleet_reports_what_changes_and_nothing_else(
    rulebook: Rulebook, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=1000, speed=1.0, first="127.71.0.1")
    arguments = of_fleet(
        fleet,
        interval=INTERVAL_S,
        **{"for": 1},
        desired={"autotune": {"mode": "balanced"}},
        snapshot=str(rulebook.folder / "fleet.json"),
    )
    troubled = dict(zip(fleet.miners[::20], [trouble for trouble in TROUBLES.values() for _count in range(10)]))
    assert len(troubled) == 50
    witness = fleet[1]

    with rulebook.running(printing(arguments)) as process:
        wait_until(lambda: len(rulebook.events) == 1)
        assert rulebook.events[0]["dragonmint"]["detail"] == "1000 miners: nothing to report."
        witness.clear()
        began = time.monotonic()
        for miner, (bring_about, *_others) in troubled.items():
            bring_about(miner)
        wait_until(lambda: len(rulebook.events) == 51)
        latency_s = time.monotonic() - began
        wait_until(lambda: polled(witness) >= 3)
        # On a busy machine, a poll takes longer than its interval.
        first, second, third = (request["time"] for request in overviews(witness)[:3])
        poll_s = max(INTERVAL_S, second - first, third - second)
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert Counter(edges(rulebook)[1:]) == Counter(
        (miner.mac, edge) for miner, (_on, _off, edge, _end) in troubled.items()
    )
    assert latency_s <= 2 * poll_s + 1
    assert {event["meta"]["hosts"] for event in rulebook.events[1:]} == {name_of(miner) for miner in troubled}

    # A restart repeats nothing, and what was mended meanwhile is not missed.
    witness.clear()
    with rulebook.running(printing(arguments)) as process:
        wait_until(lambda: polled(witness) >= 2)
        assert rulebook.events == []
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    for miner, (_on, mend, *_edges) in troubled.items():
        mend(miner)
    with rulebook.running(printing(arguments)) as process:
        wait_until(lambda: len(rulebook.events) >= 50)
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert Counter(edges(rulebook)) == Counter((miner.mac, end) for miner, (_on, _off, _edge, end) in troubled.items())
    assert "Traceback" not in rulebook.output
    assert fleet.writes() == {}


def test_a_rulebook_heals_a_miner(rulebook: Rulebook, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, speed=20.0, first="127.72.0.1")
    ill = fleet[1]
    hosts = {
        name_of(miner): {"ansible_host": miner.host, "dragonmint_port": miner.port, "dragonmint_password": PASSWORD}
        for miner in fleet.miners
    }
    inventory = {"all": {"hosts": {"localhost": LOCAL}, "children": {"miners": {"hosts": hosts}}}}
    variables = {
        "networks": [f"{fleet[0].host}-{fleet[2].host}"],
        "port": fleet.port,
        "interval": 1,
        "polls": 2,
        "state_folder": str(rulebook.folder),
        "report_folder": str(rulebook.folder / "reports"),
    }
    with running(rulebook, "heal", inventory, variables) as process:
        wait_until(lambda: (rulebook.folder / "heal.json").exists() and polled(ill) >= 2)
        ill.set(boards=[WELL, DEAD, WELL], mended_by="restart")
        wait_until(lambda: [write["action"] for write in ill.writes()] == ["restartCgMiner"])
        wait_until(lambda: all(board["alive"] for board in ill.state()["boards"]))
        wait_until(lambda: (rulebook.folder / "reports/health.json").exists())
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert list(fleet.writes()) == [ill.host]
    assert "Traceback" not in rulebook.output


def test_a_signal_curtails_a_fleet_and_restores_it(rulebook: Rulebook, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=100, speed=20.0, first="127.73.0.1")
    for miner in fleet.miners:
        miner.set(autotune={"mode": "performance"})
    port = free_port()
    hosts = {
        f"miner{number}": {"ansible_host": miner.host, "dragonmint_port": miner.port, "dragonmint_password": PASSWORD}
        for number, miner in enumerate(fleet.miners)
    }
    variables = {
        "prices": {"file": str(rulebook.folder / "prices.csv"), "over": {"price": 120}, "under": {"price": 90}},
        "webhook_port": port,
        "mode": "efficient",
        "minimum_seconds": 0,
        "gap_seconds": 0,
        "curtail_record": str(rulebook.folder / "record.json"),
        "state_folder": str(rulebook.folder),
        "report_folder": str(rulebook.folder / "reports"),
    }
    with running(rulebook, "curtail", {"miners": {"hosts": hosts}}, variables) as process:
        wait_until(lambda: is_open(port))
        posted(port, {"command": "start", "event_id": "dr-1"})
        wait_until(lambda: modes(fleet) == {"efficient"})
        posted(port, {"command": "end", "event_id": "dr-1"})
        wait_until(lambda: modes(fleet) == {"performance"})
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert "Traceback" not in rulebook.output


def test_what_can_not_be_polled_is_an_event_or_an_error(rulebook: Rulebook, start_fleet: Callable[..., Fleet]) -> None:
    """A network where nobody is, and a fleet that refuses the login; then arguments that are wrong."""
    fleet = start_fleet(count=2, speed=1.0, first="127.74.0.1")
    quick = {"interval": 1, "for": 1, "connect_timeout": 0.5}
    sources = [
        {"name": "nobody", "minerops.dragonmint.fleet": of_fleet(fleet, networks=["127.74.9.1-9"], **quick)},
        {"name": "wrong", "minerops.dragonmint.fleet": of_fleet(fleet, credentials=[{"password": "hunter2"}], **quick)},
    ]
    (ruleset,) = printing({})
    with rulebook.running([{**ruleset, "sources": sources}]) as process:
        wait_until(lambda: len(rulebook.events) >= 2)
        fleet[0].clear()
        wait_until(lambda: len(fleet[0].requests()) > 0)
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    found = {event["meta"]["source"]["name"]: event["dragonmint"] for event in rulebook.events}
    assert len(rulebook.events) == 2
    assert (found["nobody"]["edge"], found["nobody"]["severity"]) == ("poll_failed", "critical")
    assert (found["wrong"]["edge"], found["wrong"]["detail"]) == ("baseline", "2 miners: 2 locked.")
    assert found["wrong"]["severity"] == "critical"

    with rulebook.running(printing(of_fleet(fleet, credentials=[{"password": "hunter2", "user": "x"}]))) as process:
        assert process.wait(DEADLINE_SECONDS) == 1
    assert "credentials[0]: unknown argument 'user'. Did you mean 'username'?" in rulebook.output
    assert "hunter2" not in rulebook.output
    assert "Traceback" not in rulebook.output


def wait_until(met: Callable[[], bool]) -> None:
    support.wait_until(met, DEADLINE_SECONDS)


def running(
    rulebook: Rulebook, name: str, inventory: dict[str, Any], variables: dict[str, Any]
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Runs a rulebook of the collection."""
    secrets = {"MINER_PASSWORD": PASSWORD, "WEBHOOK_TOKEN": TOKEN}
    return rulebook.running(
        RULEBOOKS / f"{name}.yml",
        "--env-vars",
        ",".join(secrets),
        inventory=inventory,
        variables=variables,
        environment=secrets,
    )


def modes(fleet: Fleet) -> set[str]:
    return {miner.state()["autotune"]["mode"] for miner in fleet.miners}
