# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source fleet and the rulebooks in real ansible-rulebook processes, with simulated miners."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.inventory import read
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.source import Source
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential

from tests.simulator.control import Fleet, Miner
from tests.support import running as support
from tests.support.rulebook import LOCAL, LOCALHOST, TOKEN, Rulebook, free_port, is_open, posted, rulebook_in
from tests.support.running import ROOT

RULEBOOKS = ROOT / "extensions/eda/rulebooks"
PASSWORD = "dragonadmin"
WELL: dict[str, Any] = {}
DEAD: dict[str, Any] = {"alive": False}
# Long enough for a poll of the large fleet on a busy machine.
INTERVAL_S = 4.0
LARGE = 150
# For polls of a large fleet, and for playbooks with a task for each of 100 miners.
DEADLINE_SECONDS = 400.0

# A busy machine must not look like a dark miner. A dark one refuses connections at once.
PATIENT = {"connect_timeout": 30, "timeout": 60, "deadline": 200}

# A trouble, its remedy, and the edges and findings of both.
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
    return {
        "networks": [f"{first}-{last}"],
        "port": fleet.port,
        "credentials": [{"password": PASSWORD}],
        **PATIENT,
        **arguments,
    }


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
    """The requests that each poll sends to a miner exactly once."""
    return [request for request in miner.requests() if request["action"] == "overview"]


def polled(miner: Miner) -> int:
    """How often a miner was polled since it last forgot its requests."""
    return len(overviews(miner))


@pytest.mark.timeout(1200)
def test_a_large_fleet_reports_what_changes_and_nothing_else(
    rulebook: Rulebook, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=LARGE, speed=1.0, first="127.71.0.1")
    arguments = of_fleet(
        fleet,
        interval=INTERVAL_S,
        **{"for": 1},
        desired={"autotune": {"mode": "balanced"}},
        snapshot=str(rulebook.folder / "fleet.json"),
    )
    troubled = dict(zip(fleet.miners[::3], [trouble for trouble in TROUBLES.values() for _count in range(10)]))
    assert len(troubled) == 50
    witness = fleet[1]

    with rulebook.running(printing(arguments)) as process:
        wait_until(lambda: len(rulebook.events) == 1)
        assert rulebook.events[0]["dragonmint"]["detail"] == f"{LARGE} miners: nothing to report."
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

    # A restart repeats nothing, and what was repaired in the meantime is not missed.
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
    assert written(fleet) == set()


def test_a_rulebook_heals_a_miner(rulebook: Rulebook, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, speed=20.0, first="127.72.0.1")
    ill = fleet[1]
    hosts = {name_of(miner): reached(miner) for miner in fleet.miners}
    inventory = {"all": {"hosts": {"localhost": LOCAL}, "children": {"miners": {"hosts": hosts}}}}
    variables = {**watching(fleet, rulebook), "polls": 2}
    with running(rulebook, "heal", inventory, variables) as process:
        wait_until(lambda: holds(rulebook.folder / "heal.json", 'has_baseline": true'))
        # It has been mining for days, so that a restart is allowed.
        ill.set(boards=[WELL, DEAD, WELL], mended_by="restart", mining_s=265000)
        wait_until(lambda: [write["action"] for write in ill.writes()] == ["restartCgMiner"])
        wait_until(lambda: all(board["alive"] for board in ill.state()["boards"]))
        # A limited run has a name of its own.
        wait_until(lambda: any((rulebook.folder / "reports").glob("health.limit-*.json")))
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert written(fleet) == {ill.host}
    assert "Traceback" not in rulebook.output


@pytest.mark.timeout(1200)
def test_a_rulebook_provisions_a_miner_that_drifted_and_another_one_notifies(
    rulebook: Rulebook, start_fleet: Callable[..., Fleet], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fleet = start_fleet(count=2, speed=20.0, first="127.75.0.1")
    pools = [{"url": "stratum+tcp://pool.example.com:3333", "user": f"farm.{number}"} for number in (1, 2)]
    for miner, pool in zip(fleet.miners, pools):
        miner.set(pools=[{**pool, "pass": "x"}])
    hosts = {name_of(miner): {**reached(miner), "provision_pools": [pool]} for miner, pool in zip(fleet.miners, pools)}
    variables = {
        **watching(fleet, rulebook),
        "desired": {"pools": [{"url": pools[0]["url"], "user": "farm.{octet}"}]},
        "curtail_record": str(rulebook.folder / "record.json"),
    }
    other = rulebook_in(tmp_path_factory.mktemp("notify"))
    with (
        listening() as posts,
        running(rulebook, "drift", {"miners": {"hosts": hosts}}, variables) as process,
        running(other, "notify", LOCALHOST, watching(fleet, other), NOTIFY_URL=posts.url) as notifying,
    ):
        for folder, name in ((rulebook.folder, "drift"), (other.folder, "notify")):
            wait_until(lambda path=folder / f"{name}.json": holds(path, 'has_baseline": true'))
        fleet[1].set(pools=[{"url": "stratum+tcp://thief.example:1", "user": "thief", "pass": "x"}])
        wait_until(lambda: [pool["url"] for pool in fleet[1].state()["pools"]] == [pools[1]["url"]])
        fleet[0].fault("dark")
        text = f"{name_of(fleet[0])}: went_dark: It no longer answers."
        wait_until(lambda: text in [body["text"] for body in posts.bodies])
        for each in (process, notifying):
            each.terminate()
            each.wait(DEADLINE_SECONDS)
    assert {host for host in written(fleet) if host != fleet[1].host} == set()
    (event,) = (body["event"] for body in posts.bodies if body["text"] == text)
    assert (event["address"], event["severity"]) == (fleet[0].host, "critical")


# Events, and the rules that they run: those of one miner that can be remedied, and those that a person must know about.
CONDITIONS = [
    ({"edge": "unhealthy", "finding": "board_dead", "severity": "critical"}, {"Heal one miner", "Post"}),
    ({"edge": "unhealthy", "finding": "board_hot", "severity": "critical"}, {"Post"}),
    ({"edge": "unhealthy", "finding": "hashrate_low", "severity": "warning"}, {"Heal one miner"}),
    ({"edge": "unhealthy", "finding": "board_dead", "severity": "critical", "count": 40}, {"Post"}),
    ({"edge": "healthy", "finding": "board_dead"}, {"Post"}),
    ({"edge": "found"}, {"Set up one miner"}),
    ({"edge": "found", "count": 30}, set()),
    ({"edge": "drifted", "finding": "pools", "severity": "warning"}, {"Provision one miner"}),
    ({"edge": "drifted", "finding": "firmware", "severity": "warning"}, set()),
    ({"edge": "drifted", "finding": "autotune", "severity": "warning", "count": 500}, set()),
    ({"edge": "poll_failed", "severity": "critical", "count": 1, "miner": None}, {"Post"}),
    ({"edge": "rebooted"}, set()),
    # The same miner again: heal is throttled.
    ({"edge": "unhealthy", "finding": "no_shares", "severity": "critical", "miner": "m0"}, {"Post"}),
]


def test_each_rule_is_run_by_its_events_only(rulebook: Rulebook) -> None:
    """The conditions and throttles of all rulebooks in the real engine, with actions that only report that they run."""
    defaults = {"severity": "info", "finding": None, "count": 1}
    events = [
        {"dragonmint": {"miner": f"m{number}", **defaults, **event, "number": number}}
        for number, (event, _rules) in enumerate(CONDITIONS)
    ]
    rulesets = []
    for path in (RULEBOOKS / f"{name}.yml" for name in ("heal", "notify", "new_miner", "drift")):
        (ruleset,) = yaml.safe_load(path.read_text(encoding="utf-8"))
        for rule in ruleset["rules"]:
            rule["action"] = {"debug": {"msg": f"RAN {{{{ event.dragonmint.number }}}} {rule['name']}."}}
        source = {"eda.builtin.generic": {"payload": events, "shutdown_after": 5}}
        rulesets.append({**ruleset, "sources": [source]})
    with rulebook.running(rulesets) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    ran: dict[int, set[str]] = {number: set() for number in range(len(events))}
    for number, rule_name in re.findall(r"RAN (\d+) (.*)\.", rulebook.output):
        ran[int(number)].add("Post" if rule_name.startswith("Post") else rule_name)
    assert ran == {number: expected for number, (_event, expected) in enumerate(CONDITIONS)}


def test_a_signal_curtails_a_fleet_and_restores_it(rulebook: Rulebook, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=100, speed=20.0, first="127.73.0.1")
    for miner in fleet.miners:
        miner.set(autotune={"mode": "performance"})
    port = free_port()
    hosts = {f"miner{number}": reached(miner) for number, miner in enumerate(fleet.miners)}
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
        wait_until(lambda: are_in(fleet, "efficient"))
        posted(port, {"command": "end", "event_id": "dr-1"})
        wait_until(lambda: are_in(fleet, "performance"))
        process.terminate()
        process.wait(DEADLINE_SECONDS)
    assert "Traceback" not in rulebook.output


def test_what_can_not_be_polled_is_an_event_or_an_error(rulebook: Rulebook, start_fleet: Callable[..., Fleet]) -> None:
    """A network without devices, and a fleet that refuses the login; then invalid arguments."""
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


def test_a_poll_ends_at_once_when_it_is_cancelled(start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=20, speed=1.0, first="127.76.0.1")
    for miner in fleet.miners:
        miner.fault("silent", action="overview")
    schema = json.loads((RULEBOOKS.parent / "plugins/event_source/schemas/fleet.json").read_text(encoding="utf-8"))

    async def put(event: dict[str, Any]) -> None:
        raise AssertionError(event)

    async def scenario() -> float:
        task = asyncio.create_task(Source(settings_from(of_fleet(fleet), schema), put).run())
        await asyncio.to_thread(wait_until, lambda: all(map(polled, fleet.miners)))
        began = time.monotonic()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return time.monotonic() - began

    assert asyncio.run(scenario()) < 5


def test_an_inventory_is_read_with_its_groups_and_variables(tmp_path: Path) -> None:
    pools = [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.{{ inventory_hostname }}"}]
    hosts = {"m1": {"ansible_host": "192.0.2.1"}, "m2": {"dragonmint_host": "192.0.2.2", "provision_pools": pools}}
    miners = {"hosts": hosts, "vars": {"dragonmint_password": "{{ vaulted }}", "provision_autotune_mode": "balanced"}}
    content = {"all": {"hosts": {"bastion": None}, "children": {"miners": miners}}}
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    login = (Credential("admin", "secret"),)
    m1, m2 = asyncio.run(read([path], "miners", 80, login))
    assert (m1.name, m1.address, m1.settings) == ("m1", "192.0.2.1", {"autotune": {"mode": "balanced"}})
    assert (m2.address, m2.settings["pools"]) == ("192.0.2.2", [{**pools[0], "user": "farm.m2"}])
    with pytest.raises(Invalid, match="Host 'm1': dragonmint_password has a template"):
        asyncio.run(read([path], "miners", 80, ()))
    path.write_text("all: [", encoding="utf-8")
    with pytest.raises(Invalid, match=r"inventory: ansible-inventory failed: .*hosts\.yml"):
        asyncio.run(read([path], "all", 80, login))


def wait_until(met: Callable[[], bool]) -> None:
    support.wait_until(met, DEADLINE_SECONDS)


def running(
    rulebook: Rulebook, name: str, inventory: dict[str, Any], variables: dict[str, Any], **environment: str
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Runs a rulebook of the collection."""
    secrets = {"MINER_PASSWORD": PASSWORD, "WEBHOOK_TOKEN": TOKEN, **environment}
    return rulebook.running(
        RULEBOOKS / f"{name}.yml",
        "--env-vars",
        ",".join(secrets),
        inventory=inventory,
        variables=variables,
        environment=secrets,
    )


def watching(fleet: Fleet, rulebook: Rulebook) -> dict[str, Any]:
    """The variables of a rulebook that polls all miners of a simulator."""
    return {
        "networks": [f"{fleet.miners[0].host}-{fleet.miners[-1].host}"],
        "port": fleet.port,
        "interval": 1,
        "polls": 1,
        "state_folder": str(rulebook.folder),
        "report_folder": str(rulebook.folder / "reports"),
    }


def reached(miner: Miner) -> dict[str, Any]:
    """The variables with which a playbook reaches a miner."""
    return {"ansible_host": miner.host, "dragonmint_port": miner.port, "dragonmint_password": PASSWORD}


def holds(path: Path, text: str) -> bool:
    return path.exists() and text in path.read_text(encoding="utf-8")


class Posts(BaseHTTPRequestHandler):
    """A webhook that records what is posted to it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))  # type: ignore[attr-defined]  # a list of its own is all it needs
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_unused: object) -> None:
        pass


class Webhook(ThreadingHTTPServer):
    """A web server on a free port. ``bodies`` is what was posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Posts)
        self.bodies: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def listening() -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def written(fleet: Fleet) -> set[str]:
    """The miners with recorded writes."""
    return {host for host, writes in fleet.writes().items() if writes}


def are_in(fleet: Fleet, mode: str) -> bool:
    """Whether all miners are in a mode. Those that a playbook reaches last are checked first."""
    return all(miner.state()["autotune"]["mode"] == mode for miner in reversed(fleet.miners))
