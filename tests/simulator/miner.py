# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""One miner: its parts, and its life cycle of power, boot and network."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .clock import Clock
from .generations import Generation
from .mining.cgminer import Cgminer, Config
from .models import Model
from .network import Network
from .updater import refusal
from .updater.slots import Slots
from .updater.swupdate.frames import Order
from .updater.updater import Updater
from .web import nginx
from .web.journal import Journal
from .web.listener import Listener, Refusal
from .web.login import Tokens, Users

if TYPE_CHECKING:
    from .control.faults import Faults
    from .web.call import Call

PHP_WORKERS = 5
BUILT_BY_THE_FACTORY = "20180301_093000"
KEEPALIVE_TIMEOUT = 120  # real seconds
REQUESTS_KEPT = 20000
# Durations in seconds. The restarts and the pause before a power action were seen on the device; what cgminer and a
# boot need afterwards is plausible, `stall_s` is how long connections to a left address hang.
TIMING = {
    "cgminer_restart_s": 1.0,
    "cgminer_start_s": 6.0,
    "hashing_s": 15.0,
    "tuning_s": 30.0,
    "network_restart_s": 3.0,
    "stall_s": 2.0,
    "power_delay_s": 4.0,
    "shutdown_s": 0.0,
    "boot_s": 30.0,
    "flash_s": 60.0,
    "updater_restart_s": 1.0,
    "pool_test_s": 2.0,
}
# Seconds of work per request: network and overview spawn a dozen processes, seen to take 0.3 to 0.8 s.
DEVICE_LATENCY = {"*": 0.01, "network": 0.6, "overview": 0.6}


@dataclass
class Autotune:
    """profile.conf: the mode that the firmware reports; cgminer itself obeys cgminer.conf."""

    mode: str
    level: str = "2"


class Miner:
    """A simulated miner. `host` is its address; `key`, its first MAC, never changes. `faults` apply to its requests."""

    def __init__(
        self, clock: Clock, generation: Generation, model: Model, host: str, port: int, mac: str, faults: Faults
    ) -> None:
        self.clock = clock
        self.generation = generation
        self.host = host
        self.port = port
        self.key = mac
        self.mac = mac
        self.type = model.type
        self.hwver = model.controller
        # The other slot has the factory image.
        versions = (f"{model.type.lower()}_{built}" for built in (generation.built, BUILT_BY_THE_FACTORY))
        self.slots = Slots("0", dict(zip("01", versions)))
        self.memory = {"total": 250544, "free": 158244, "available": 194592, "cached": 72180}
        self.load = [0.07, 0.06, 0.07]
        self.hashes = {"firmware": "a2b058ce" * 5, "backend": "a50c6245" * 5, "cgminer": "e9fc77b6" * 5}
        self.vendor: dict[str, Any] | str | None = None
        self.error: dict[str, str] | str | None = None
        self.freqvol: dict[str, Any] | None = None
        self.red_light = "off"
        self.locked = False
        self.dna = "40" + mac.replace(":", "")
        self.monitor = True
        self.journal = Journal()
        self.clock_offset = 0.0
        self.timing = dict(TIMING)
        self.latency: dict[str, float] = {}
        self.faults = faults
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.in_progress: list[Call] = []

        self.config = Config()
        self.autotune = Autotune(generation.default_mode)
        self.users = Users(generation)
        self.network = Network(host)
        self.tokens = Tokens(generation.issuer)
        self.cgminer = Cgminer(clock, self.config, model, patience_s=generation.cgminer_timeout_s)
        # The fleet has been mining for a while when the simulator starts.
        self.booted_at = clock.now() - 265320
        self.cgminer.start(0, 0)
        self.cgminer.started_at = self.cgminer.hashing_at = clock.now() - 4792

        self.has_download = False
        self.frame_order: Order = "trailing"
        self.last_frame = "SUCCESS"
        self.busy_reply = refusal.BY_ODDS
        # The same in each run.
        self.chance = random.Random(mac)
        self.uploads = 0
        self.updater_freed_by = "restart"
        self.updater = Updater(self)

        self.power = "on"
        self.booting = False
        self.workers = asyncio.Semaphore(PHP_WORKERS)
        self.running: set[asyncio.Task[Any]] = set()
        self._background: set[asyncio.Task[None]] = set()
        server = web.Server(self._serve, access_log=None, keepalive_timeout=KEEPALIVE_TIMEOUT, tcp_keepalive=False)
        self.listener = Listener(server, self._refusal)

    @property
    def firmware(self) -> str:
        """The version of the running image."""
        return self.slots.running

    @firmware.setter
    def firmware(self, version: str) -> None:
        self.slots.running = version

    def wall(self) -> float:
        """The miner's clock as a Unix time in seconds."""
        return self.clock.wall() + self.clock_offset

    def uptime(self) -> float:
        """Seconds since boot."""
        return self.clock.now() - self.booted_at

    def latency_of(self, action: str) -> float:
        """Seconds of work before a request is answered."""
        return self.latency.get(action, self.latency.get("*", 0.0)) if self.latency else 0.0

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something besides the requests; it ends when the miner goes down."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def restart_cgminer(self, tunes: bool = False) -> None:
        """Takes as long as `systemctl restart cgminer`; after that, cgminer needs some time before it responds."""
        self.cgminer.stop()
        await self.clock.sleep(self.timing["cgminer_restart_s"])
        self.cgminer.mend("restart")
        self._start_cgminer(tunes)

    def _start_cgminer(self, tunes: bool = False) -> None:
        timing = self.timing
        self.journal.write("Started cgminer 4.10.0", self.wall())
        self.cgminer.start(timing["cgminer_start_s"], timing["hashing_s"], timing["tuning_s"] if tunes else 0.0)

    def forget_settings(self) -> None:
        """Deletes everything in /config; the defaults return when the miner boots."""
        self.config.lose("missing")
        self.autotune = Autotune(self.generation.default_mode)
        self.users.lose("absent")
        self.network.mode = "dhcp"

    def reboot(self) -> None:
        self._shut_down(self._restart)

    def power_off(self) -> None:
        self._shut_down(self.cut_power)

    def _shut_down(self, end: Callable[[], None]) -> None:
        """A miner that shuts down keeps responding for `shutdown_s`; by default it is gone at once."""
        delay = self.timing["shutdown_s"]
        if not delay:
            end()
            return

        async def later() -> None:
            await self.clock.sleep(delay)
            end()

        self.keep(later())

    def _restart(self) -> None:
        self._go_down()
        self.booting = True
        self.keep(self._boot())

    def cut_power(self) -> None:
        """Gone at once, without a shutdown."""
        self._go_down()
        self.booting = False
        self.power = "off"

    def power_on(self) -> None:
        """As if somebody pressed the switch."""
        if self.power == "off":
            self.power = "on"
            self.booting = True
            self.keep(self._boot())

    async def _boot(self) -> None:
        await self.clock.sleep(self.timing["boot_s"])
        self.booting = False
        self.journal.restart(self.wall())
        self.booted_at = self.clock.now()
        self.slots.boot()
        self.cgminer.mend("reboot")
        self.tokens = Tokens(self.generation.issuer)
        self.workers = asyncio.Semaphore(PHP_WORKERS)
        self._start_cgminer()
        if self.network.mode == "dhcp":
            lease = self.network.take_lease()
            # A test may make the miner show an address at which it does not listen.
            if lease != self.network.ipaddress:
                self.host = self.network.ipaddress = lease
        await self.settle()

    def _go_down(self) -> None:
        self._cancel_work()
        self.updater = Updater(self)
        self.cgminer.stop()
        self.unplug()

    def _cancel_work(self) -> None:
        for task in [*self.running, *self._background]:
            if task is not asyncio.current_task():
                task.cancel()

    def unplug(self) -> None:
        """No longer reachable: nothing listens, and connections end."""
        self.listener.close()
        self.listener.cut()

    async def move(self, host: str) -> bool:
        """Takes another address, or loses the current one if the network is not up; false if nothing changed.

        Connections to the old address stall, then end.
        """
        if host == self.network.ipaddress and self.network.up:
            return False
        self.listener.close()
        frozen = self.listener.freeze()
        self.host = self.network.ipaddress = host
        await self.settle()
        await self.clock.sleep(self.timing["stall_s"])
        for transport in frozen:
            transport.abort()
        return True

    async def settle(self) -> None:
        """Starts or stops listening, depending on power, network and faults."""
        reachable = self.power == "on" and not self.booting and self.network.up and not self.faults.unplugged()
        if not reachable:
            self.unplug()
        elif not self.listener.is_open:
            try:
                self.port = await self.listener.open(self.host, self.port)
            except OSError:
                # The address is taken or not on this machine: the miner can't be reached then.
                return

    def close(self) -> None:
        self._cancel_work()
        self.unplug()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        return await nginx.serve(self, request)

    def _refusal(self) -> Refusal | None:
        fault = self.faults.at_the_door()
        return Refusal(bool(fault.params.get("reset"))) if fault else None
