# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source fleet at work: its polls, its reaction to errors, the snapshot, and its end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet import sighting, source
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.inventory import Host
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.scan import LOCKED, POLLED, Counts, Found

from .event_sources import at_work, first_event, until
from .loopback import closed_port

SOURCE = Path(__file__).parents[2] / "build/ansible_collections/minerops/dragonmint/extensions/eda/plugins/event_source"
SCHEMA = json.loads((SOURCE / "schemas/fleet.json").read_text(encoding="utf-8"))
ARGS: dict[str, Any] = {"networks": ["127.0.0.1-9"], "credentials": [{"password": "hunter2"}], "for": 1}


def found(number: int, **facts: Any) -> Found:
    """A miner that mines."""
    boards = [{"id": n, "last_share_seconds": 1} for n in range(3)]
    mining = {"ready": True, "boards": boards, "pools": [{"url": "", "status": "Alive"}]}
    identity = {"type": "T9", "mac": f"a0:b0:45:00:00:{number:02x}", "firmware": "v1"}
    known = {"dragonmint_identity": identity, "dragonmint_mining": mining, **facts}
    return Found(f"127.0.0.{number}", POLLED, 1000.0, known)


class Network:
    """Stands in for the miners: the result of a poll, or its failure."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.miners: Sequence[Found] = [found(1), found(2), found(3)]
        self.untried: dict[str, int] = {}
        self.error: Exception | None = None
        self.asked: list[tuple[list[str], scan.Options]] = []
        self.known_miners: list[Mapping[str, scan.KnownMiner]] = []
        monkeypatch.setattr(scan, "polled", self.polled)

    async def polled(
        self, addresses: Addresses, options: scan.Options, known_miners: Mapping[str, scan.KnownMiner]
    ) -> tuple[list[Found], Counts]:
        self.asked.append((list(addresses), options))
        self.known_miners.append(known_miners)
        if self.error:
            # Linters assume its initial None.
            raise vars(self)["error"]
        return list(self.miners), replace(Counts(len(addresses), 0.0), failures=self.untried)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


class Running:
    """A running source, and its events."""

    def __init__(self, network: Network, args: dict[str, Any]) -> None:
        self._network = network
        self.events: list[dict[str, Any]] = []
        # The schema requires at least a second.
        self.source = source.Source(replace(settings_from({**ARGS, **args}, SCHEMA), interval_s=0.01), self.put)

    async def put(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    @property
    def edges(self) -> list[str]:
        return [event["dragonmint"]["edge"] for event in self.events]

    async def polls(self, count: int = 2) -> None:
        """Waits for this many more polls to be processed."""
        asked = len(self._network.asked) + count
        await until(lambda: len(self._network.asked) > asked)


@asynccontextmanager
async def running(network: Network, **args: Any) -> AsyncIterator[Running]:
    it = Running(network, args)
    async with at_work(it.source):
        yield it


def test_it_reports_what_changes_and_no_more(network: Network) -> None:
    async def scenario() -> None:
        async with running(network) as it:
            await it.polls(5)
            assert it.edges == ["baseline"]
            network.miners = [found(1), found(3)]
            await it.polls(5)
            network.miners = [found(1), found(2), found(3)]
            await it.polls(5)
            assert it.edges == ["baseline", "went_dark", "came_back"]
            assert "meta" not in it.events[0]
            assert it.events[1]["meta"] == {"hosts": "a0-b0-45-00-00-02"}

    asyncio.run(scenario())


def test_playbooks_are_limited_to_a_miner_unless_that_is_not_wanted(network: Network) -> None:
    async def scenario() -> None:
        async with running(network, limit=False, hostname="ipaddress") as it:
            await it.polls()
            network.miners = [found(1), found(2)]
            await it.polls()
            assert [event.keys() for event in it.events] == [{"dragonmint"}, {"dragonmint"}]
            assert it.events[1]["dragonmint"]["miner"] == "127.0.0.3"

    asyncio.run(scenario())


def test_a_restart_repeats_nothing_and_misses_nothing(network: Network, tmp_path: Path) -> None:
    async def scenario() -> None:
        snapshot = str(tmp_path / "folder/state.json")
        async with running(network, snapshot=snapshot) as it:
            await it.polls()
        async with running(network, snapshot=snapshot) as it:
            await it.polls()
            assert it.edges == []
            written = (tmp_path / "folder/state.json").stat().st_mtime_ns
            await it.polls(5)
            assert (tmp_path / "folder/state.json").stat().st_mtime_ns == written
        network.miners = [found(1), found(2)]
        async with running(network, snapshot=snapshot) as it:
            await it.polls()
            assert it.edges == ["went_dark"]

    asyncio.run(scenario())


def test_a_snapshot_that_can_not_be_used_stops_it_at_once(network: Network, tmp_path: Path) -> None:
    (tmp_path / "damaged").write_text("{}")
    with pytest.raises(Invalid, match=r"snapshot '.*damaged' can't be used: it is damaged\. Restore a good copy"):
        Running(network, {"snapshot": str(tmp_path / "damaged")})
    it = Running(network, {"snapshot": "/proc/none/state.json"})
    with pytest.raises(Invalid, match=r"snapshot '/proc/none/state.json' can't be written: "):
        asyncio.run(it.source.run())
    assert network.asked == []


def test_what_goes_wrong_does_not_end_it(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running(network) as it:
            await it.polls()
            network.error = OSError(24, "Too many open files")
            await it.polls(4)
            network.error = None
            await it.polls(4)
            network.miners, network.untried = [], {"Network is unreachable": 9}
            await it.polls(4)
            assert it.edges == ["baseline", "poll_failed", "poll_recovered", "poll_failed"]
            assert "Too many open files" in it.events[1]["dragonmint"]["detail"]
            assert "can't reach the miners: Network is unreachable." in it.events[3]["dragonmint"]["detail"]

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert "Network is unreachable" in caplog.text


def test_a_device_that_cannot_be_evaluated_does_not_affect_others(
    network: Network, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = sighting.find

    def find(results: Any, limits: Any) -> Any:
        if results["seen"]["ansible_facts"]["dragonmint_identity"]["mac"].endswith("02"):
            raise ZeroDivisionError
        return original(results, limits)

    monkeypatch.setattr(sighting, "find", find)

    async def scenario() -> None:
        async with running(network) as it:
            await it.polls()
            network.miners = [found(1), found(2, dragonmint_mining={"ready": False}), found(3)]
            await it.polls()
            network.miners = [found(1), found(2), found(3, dragonmint_mining={"ready": False})]
            await it.polls()
            assert it.edges == ["baseline", "unhealthy"]
            assert it.events[0]["dragonmint"]["count"] == 3

    asyncio.run(scenario())
    assert caplog.text.count("127.0.0.2 can't be evaluated") == 1


def test_a_miner_that_stays_is_familiar_but_for_its_turn_to_prove_itself(network: Network) -> None:
    network.miners = [
        replace(found(number), facts={**found(number).facts, "dragonmint_hardware": {"uptime_seconds": 60}})
        for number in range(1, 13)
    ]
    addresses = {miner.address for miner in network.miners}

    async def scenario() -> None:
        async with running(network) as it:
            await it.polls(11)

    asyncio.run(scenario())
    assert network.known_miners[0] == {}
    left_out = [addresses - known.keys() for known in network.known_miners[1:11]]
    assert [address for each in left_out for address in each if address not in addresses] == []
    assert sorted(address for each in left_out for address in each) == sorted(addresses)


def test_a_fleet_that_refuses_the_login_is_reported(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    network.miners = [Found(f"127.0.0.{number}", LOCKED, 1.0, problem="It refuses admin.") for number in (1, 2)]

    async def scenario() -> None:
        async with running(network) as it:
            await it.polls()
            assert [event["dragonmint"]["severity"] for event in it.events] == ["critical"]

    asyncio.run(scenario())
    assert "2 miners: 2 locked." in caplog.text


def test_hosts_of_an_inventory_are_polled_by_port_and_login(
    network: Network, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    login = settings_from(ARGS, SCHEMA).credentials
    hosts = [
        Host("a", "127.0.0.1", 80, login, {"network": {"mode": "dhcp"}}),
        Host("b", "localhost", 80, login, unknown=("pools",)),
        Host("c", "127.0.0.3", 81, login),
        Host("d", "no-such-host.invalid", 80, login),
    ]
    answers: list[list[Host] | Invalid] = [hosts, Invalid("inventory: it is gone.")]

    async def read(*_unused: Any) -> list[Host]:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Invalid):
            raise answer
        return answer

    monkeypatch.setattr(source, "read", read)

    async def polled(addresses: Addresses, options: scan.Options, _known_miners: Any) -> tuple[list[Found], Counts]:
        network.asked.append((list(addresses), options))
        return [found(3)] if options.port == 81 else [], Counts(1, 0.0)

    monkeypatch.setattr(scan, "polled", polled)
    settings = settings_from({"inventory": {"paths": ["hosts.yml"], "refresh": 1}, "for": 1}, SCHEMA)
    events: list[dict[str, Any]] = []

    async def put(event: dict[str, Any]) -> None:
        events.append(event)

    async def scenario() -> None:
        task = asyncio.create_task(source.Source(replace(settings, interval_s=0.01), put).run())
        await until(lambda: "it is gone. The hosts known so far stay in use." in caplog.text)
        await until(lambda: len(events) > 0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    asked = {options.port: addresses for addresses, options in network.asked}
    assert asked == {80: ["127.0.0.1"], 81: ["127.0.0.3"]}
    assert "network" in network.asked[0][1].subsets
    assert events[0]["dragonmint"]["miners"] == ["c"]
    assert "The drift of pools is not known for 1 host: " in caplog.text


def test_the_source_finds_what_it_needs_by_itself() -> None:
    """It polls an address without a device, in a process without Ansible."""
    event, ended = first_event(SOURCE / "fleet.py", {**ARGS, "port": closed_port()})
    assert json.loads(event)["dragonmint"]["edge"] == "poll_failed"
    assert ended == "cancelled"
