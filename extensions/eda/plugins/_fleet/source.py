# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls a fleet repeatedly, and emits the resulting events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.arguments import InventoryFiles, Settings
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.decision import (
    BASELINE,
    CRITICAL,
    POLL_FAILED,
    Event,
    Failure,
    Observation,
    Poll,
    Sighting,
    State,
    decide,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.desired import (
    PLACEHOLDERS,
    SETTINGS,
    Desired,
    for_miner,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.inventory import Host, read
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.sighting import Interpreter, subsets_for
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.snapshot import dumped, loaded
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.files import bytes_of
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import (
    Invalid,
    counted,
    plain,
    quoted,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses, addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import Bug, InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._files import save
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import batch, scan
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential

SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024
# Miners to process between two turns of the event loop.
_AT_ONCE = 100
# After this many polls, a miner that stays at its address has to prove its page and login again.
_PROVEN_EVERY = 10
_MESSAGE_MAX = 400

Put = Callable[[dict[str, Any]], Awaitable[None]]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Group:
    """Miners that are polled together: on the same port, with the same logins. ``names`` are by address."""

    addresses: Addresses
    port: int
    credentials: tuple[Credential, ...]
    names: Mapping[str, str] | None = None


class Source:
    """One fleet. ``put`` takes the events, and may block the source."""

    def __init__(self, settings: Settings, put: Put) -> None:
        if sockets.AIOHTTP_IMPORT_ERROR:
            raise Invalid("The Python library aiohttp is missing. Install it where ansible-rulebook runs.")
        self._settings = settings
        self._put = put
        self._state = _resumed(settings.snapshot)
        self._on_disk: State | None = None
        self._hosts: dict[str, Host] = {}
        self._read_at = 0.0
        self._logged: set[str] = set()
        # By port and address.
        self._known_miners: dict[int, dict[str, scan.KnownMiner]] = {}
        self._polls = 0

    async def run(self) -> None:
        """Runs until cancelled. Raises Invalid if it can't start for reasons other than the miners."""
        settings = self._settings
        if settings.snapshot is None:
            _logger.warning("fleet: snapshot is not set: what changes while the source is down is not reported.")
        elif reason := await self._save(settings.snapshot):
            raise Invalid(reason)
        if settings.inventory:
            await self._read(settings.inventory)
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self.observe(await self._poll())
            await asyncio.sleep(began + settings.interval_s - loop.time())

    async def observe(self, observation: Observation) -> None:
        """Decides on a poll, emits the events and then saves the state.

        If the source is killed in between, it repeats an event rather than lose it.
        """
        state, events = decide(self._settings.rules, self._state, observation, time.time())
        for event in events:
            if event.severity == CRITICAL and event.edge in (BASELINE, POLL_FAILED):
                _logger.warning("fleet: %s", event.detail)
            await self._put(_message(event, self._settings.limits_playbooks))
        self._state = state
        snapshot = self._settings.snapshot
        if snapshot and state != self._on_disk and (problem := await self._save(snapshot)):
            self._warn(problem)

    async def _save(self, snapshot: Path) -> str | None:
        """Returns why the state could not be saved, or None."""
        state = self._state
        try:
            await asyncio.to_thread(lambda: save(str(snapshot), dumped(state), check_mode=False))
        except InvalidInput as error:
            reason = getattr(error.__cause__, "strerror", None) or str(error)
            return f"snapshot {quoted(snapshot)} can't be written: {reason}. Correct the path or its folder."
        self._on_disk = state
        return None

    async def _poll(self) -> Observation:
        sightings: list[Sighting] = []
        untried: dict[str, int] = {}
        known, self._known_miners = self._known_miners_now(), {}
        try:
            for group in await self._groups():
                known_miners = known.get(group.port, {})
                found, counts = await scan.polled(group.addresses, self._options(group), known_miners)
                self._known_miners.setdefault(group.port, {}).update(
                    (miner.address, known_by) for miner in found if (known_by := scan.known_miner(miner))
                )
                sightings += await self._seen(group, found)
                untried.update(counts.failures)
        except (InvalidInput, OSError) as error:
            return Failure(plain(f"The miners can't be polled: {error}", _MESSAGE_MAX))
        if untried and not sightings:
            return Failure(plain(f"This machine can't reach the miners: {', '.join(untried)}.", _MESSAGE_MAX))
        return Poll(sightings)

    def _known_miners_now(self) -> dict[int, dict[str, scan.KnownMiner]]:
        """Returns the miners of the last poll, except those whose turn it is to prove their page and login again."""
        self._polls += 1
        turn = self._polls % _PROVEN_EVERY
        return {
            port: {
                address: miner
                for number, (address, miner) in enumerate(miners.items())
                if number % _PROVEN_EVERY != turn
            }
            for port, miners in self._known_miners.items()
        }

    async def _seen(self, group: Group, found: Sequence[scan.Found]) -> list[Sighting]:
        interpreter = Interpreter(self._settings.limits, partial(self._name, group), self._desired)
        sightings = []
        for number, miner in enumerate(found):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                sighting = interpreter.sighting(miner)
            except Exception as error:  # noqa: BLE001 - what one device brings up must not lose all others
                self._warn(f"{miner.address} can't be evaluated: {plain(Bug(error), _MESSAGE_MAX)}")
                sighting = Sighting(self._name(group, miner.address, None), miner.address)
            if sighting is not None:
                sightings.append(sighting)
        return sightings

    def _name(self, group: Group, address: str, mac: str | None) -> str:
        if group.names is not None:
            return group.names[address]
        return mac.replace(":", "-") if mac and self._settings.named_by_mac else address

    def _desired(self, miner: str, address: str, mac: str | None) -> Desired | None:
        host = self._hosts.get(miner)
        settings = {**(host.settings if host else {}), **self._settings.desired}
        if not settings:
            return None
        names = {"miner": miner, "mac": (mac or "").replace(":", ""), "octet": address.rpartition(".")[2]}
        return Desired(for_miner(settings, names))

    def _options(self, group: Group) -> scan.Options:
        settings = self._settings
        desired = settings.desired.keys() | {name for host in self._hosts.values() for name in host.settings}
        return scan.Options(
            port=group.port,
            credentials=group.credentials,
            auth=settings.auth,
            subsets=subsets_for(desired),
            concurrency=settings.concurrency,
            connect_timeout_s=settings.connect_timeout_s,
            timeout_s=settings.timeout_s,
            deadline_s=settings.deadline_s,
        )

    async def _groups(self) -> list[Group]:
        settings = self._settings
        if settings.networks:
            return [Group(settings.networks, settings.port, settings.credentials)]
        if settings.inventory and time.monotonic() - self._read_at >= settings.inventory.refresh_s:
            try:
                await self._read(settings.inventory)
            except Invalid as error:
                self._warn(f"{error} The hosts known so far stay in use.")
        addresses = await batch.addresses_of(host.address for host in self._hosts.values())
        names: dict[tuple[int, tuple[Credential, ...]], dict[str, str]] = {}
        for host in self._hosts.values():
            # A name that the resolver does not know is still a name.
            if _is_address(addresses[host.address]):
                names.setdefault((host.port, host.credentials), {})[addresses[host.address]] = host.name
        return [
            Group(addresses_from(list(at), allow_public=True, allow_huge=True), port, credentials, at)
            for (port, credentials), at in names.items()
        ]

    async def _read(self, files: InventoryFiles) -> None:
        """Reads the inventory. If it raises Invalid, the hosts read last stay in use."""
        settings = self._settings
        self._read_at = time.monotonic()
        hosts = await read(files.paths, files.group, settings.port, settings.credentials)
        for host in hosts:
            try:
                Desired(for_miner({**host.settings, **settings.desired}, dict.fromkeys(PLACEHOLDERS, "m")))
            except Invalid as error:
                raise Invalid(f"Host {quoted(host.name)}: {error}") from None
        self._hosts = {host.name: host for host in hosts}
        for setting in SETTINGS:
            if count := sum(setting in host.unknown and setting not in settings.desired for host in hosts):
                without = counted(count, "host")
                self._warn(f"The drift of {setting} is not known for {without}: the desired state has a template.")

    def _warn(self, text: str) -> None:
        """Logs each text once."""
        if text not in self._logged:
            self._logged.add(text)
            _logger.warning("fleet: %s", text)


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _message(event: Event, limits_playbooks: bool) -> dict[str, Any]:
    """Returns an event for ansible-rulebook, which limits playbooks to the host in ``meta``.

    An event of many miners has none: their names would be too long for a command line.
    """
    message = {"dragonmint": {**asdict(event), "miners": list(event.miners)}}
    return {**message, "meta": {"hosts": event.miner}} if event.miner and limits_playbooks else message


def _resumed(snapshot: Path | None) -> State:
    try:
        data = bytes_of(snapshot, SNAPSHOT_BYTES_MAX) if snapshot else None
        return State() if data is None else loaded(data.decode(errors="replace"))
    except Invalid as error:
        raise Invalid(
            f"snapshot {quoted(snapshot)} can't be used: {error}. Restore a good copy of it, or move it away to start "
            "with a new baseline."
        ) from None
