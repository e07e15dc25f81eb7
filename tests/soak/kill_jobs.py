# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs to kill: each on a small fleet with a random desired state, and the required result.

The result is read from the simulator's control port, never through the collection.
"""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from tests.simulator import firmware
from tests.simulator.control import Fleet, Miner
from tests.simulator.generations import GENERATIONS
from tests.soak.kill_files import CACHE, LAST_LINE, LOGS, STATE
from tests.support.running import NEWER_FIRMWARE, Ansible, PlaybookRun, connection_to
from tests.support.warm import Process

# Simulated seconds per second. A rebooted miner has to be seen before it has been up for a minute of these, otherwise
# it is not believed, and the machine may be busy with other work, too.
SPEED = 20.0
NETWORK = "127.77"
ARCHIVE = f"{NEWER_FIRMWARE}.swu"
# Writes take some real milliseconds, so that a run can be killed within one.
LATENCY = {"*": 0.1, "overview": 0.4, "updatePassword": 3, "updatePools": 2, "setAutoTune": 2, "restartCgMiner": 2}


def build_archive(folder: Path) -> None:
    """An archive larger than the buffers between two sockets."""
    firmware.build(folder / ARCHIVE, NEWER_FIRMWARE, images={**firmware.IMAGES, "rootfs.ubi": 12 * 2**20})


def start_fleet(kind: type[Job], rng: random.Random) -> Fleet:
    """The number of miners for this job, of all generations."""
    return Fleet.start(count=rng.randint(*kind.count), generation="mixed", speed=SPEED, first=f"{NETWORK}.0.1")


class Job(ABC):
    """One job, on a fleet prepared for it. ``kills`` of its runs will be killed."""

    name: ClassVar[str]
    # The minimum and maximum number of miners.
    count: ClassVar[tuple[int, int]] = (5, 7)
    # Whether it writes files, during which it can be killed.
    keeps_files: ClassVar[bool] = False
    # Whether a run with nothing to do sends no requests.
    is_cached: ClassVar[bool] = False

    def __init__(self, rng: random.Random, ansible: Ansible, fleet: Fleet, kills: int) -> None:
        self.rng = rng
        self.ansible = ansible
        self.fleet = fleet
        self.kills = kills
        self.secrets: list[str] = []
        for miner in fleet.miners:
            miner.set(latency=LATENCY)
        self.prepare()
        fleet.clear()

    @abstractmethod
    def prepare(self) -> None:
        """Draws a desired state, and brings the miners to the initial state."""

    @abstractmethod
    def start(self, is_first: bool) -> Process:
        """Starts a run that will be killed."""

    @abstractmethod
    def run(self) -> PlaybookRun:
        """Runs it to its end, after a killed run."""

    @abstractmethod
    def differs(self) -> Iterator[str]:
        """The drift from the desired state."""

    def may_fail(self) -> bool:
        """Whether the job itself has to report a failure in this situation."""
        return False

    def done_twice(self) -> Iterator[str]:
        """What took effect more often than allowed. By default, each write may do so once."""
        for name, miner in self.named():
            writes = Counter(
                (write["action"], json.dumps(write["form"], sort_keys=True))
                for write in miner.writes()
                if write["applied"]
            )
            for (action, _form), times in writes.items():
                if times > 1:
                    yield f"the same {action} took effect {times} times on {name}"

    @abstractmethod
    def has_asked_all(self, results: list[dict[str, Any]]) -> bool:
        """Whether a run with these results had no more requests to send to any miner."""

    def named(self) -> Iterator[tuple[str, Miner]]:
        return ((f"miner{number}", miner) for number, miner in enumerate(self.fleet.miners, 1))

    def password(self) -> str:
        """A new password, which must not appear in any file."""
        password = f"Secret-{self.rng.getrandbits(48):012x}"
        self.secrets.append(password)
        return password


class PlaybookJob(Job):
    """A playbook; ``last_task`` is the last one with requests to each miner."""

    playbook: ClassVar[str]
    last_task: ClassVar[str]
    forks = 10

    def prepare(self) -> None:
        self.hosts = {name: connection_to(miner) for name, miner in self.named()}
        self.variables: dict[str, Any] = {}
        # For a run after one that was killed.
        self.again: dict[str, Any] = {}

    def start(self, is_first: bool) -> Process:
        variables = self.variables if is_first else {**self.variables, **self.again}
        return self.ansible.start(self._play(), self._inventory(), "-f", str(self.forks), extra_vars=variables)

    def run(self) -> PlaybookRun:
        variables = {**self.variables, **self.again}
        return self.ansible(self._play(), self._inventory(), "-f", str(self.forks), extra_vars=variables)

    def has_asked_all(self, results: list[dict[str, Any]]) -> bool:
        return {r["host"] for r in results if r["task"].endswith(self.last_task)} >= set(self.hosts)

    def own_passwords(self) -> None:
        """Some miners have a password of their own, the others the factory password."""
        for name, miner in self.named():
            if self.rng.random() < 0.5:
                self.hosts[name]["dragonmint_password"] = password = self.password()
                miner.set(users={"admin": password})

    def _play(self) -> list[dict[str, Any]]:
        return [{"ansible.builtin.import_playbook": f"minerops.dragonmint.{self.playbook}"}]

    def _inventory(self) -> dict[str, Any]:
        return {"miners": {"hosts": self.hosts}}


class Provision(PlaybookJob):
    name = playbook = "provision"
    last_task = "Wait until the miner mines"

    def prepare(self) -> None:
        super().prepare()
        self.own_passwords()
        self.admin, self.guest = self.password(), self.rng.choice((None, self.password()))
        self.moves = self.rng.random() < 0.5
        self.variables = {
            "provision_admin_password": self.admin,
            "provision_guest_password": self.guest,
            "provision_verify_timeout": 120,
            "_provision_verify_pause": 1,
        }
        for number, (name, miner) in enumerate(self.named(), 1):
            self.hosts[name].update(self._wanted(miner, number))
            if self.rng.random() < 0.2:
                miner.set(pools=self._pools(name))

    def differs(self) -> Iterator[str]:
        for name, miner in self.named():
            state, wanted = miner.state(), self.hosts[name]
            users = self._users(miner)
            if {user: state["users"][user] for user in users} != users:
                yield f"{name} has other passwords"
            if state["pools"] != self._pools(name):
                yield f"{name} has the pools {state['pools']}"
            if state["autotune"]["mode"] != wanted["provision_autotune_mode"]:
                yield f"{name} has the mode {state['autotune']['mode']}"
            if self.moves and state["host"] != wanted["provision_network"]["ipaddress"]:
                yield f"{name} is at {state['host']}"
            if not state["ready"]:
                yield f"{name} does not mine"

    def _wanted(self, miner: Miner, number: int) -> dict[str, Any]:
        pools = [
            {"url": f"stratum+tcp://pool{place}.example.com:{self.rng.randint(1, 65535)}", "user": f"farm.{number}"}
            for place in range(self.rng.randint(1, 3))
        ]
        wanted: dict[str, Any] = {
            "provision_pools": pools,
            "provision_autotune_mode": self.rng.choice(GENERATIONS[miner.generation].modes),
        }
        if self.moves:
            wanted["provision_network"] = {
                "mode": "static",
                "ipaddress": f"{NETWORK}.{self.rng.randint(1, 250)}.{number}",
                "netmask": "255.255.0.0",
                "gateway": f"{NETWORK}.255.254",
                "dns": ["8.8.8.8", "8.8.4.4"],
            }
            if self.rng.random() < 0.5:
                wanted["dragonmint_expected_mac"] = miner.mac
        return wanted

    def _users(self, miner: Miner) -> dict[str, str]:
        """The users whose passwords are set: Innosilicon's firmware can't set that of guest."""
        changeable = GENERATIONS[miner.generation].changeable_users
        wanted = {"admin": self.admin, "guest": self.guest}
        return {user: password for user, password in wanted.items() if password is not None and user in changeable}

    def _pools(self, name: str) -> list[dict[str, str]]:
        return [{**pool, "pass": "x"} for pool in self.hosts[name]["provision_pools"]]


class ProvisionAtOnce(Provision):
    name = "provision at once"
    last_task = "Read which miners mine"

    def prepare(self) -> None:
        super().prepare()
        self.variables["provision_at_once"] = True

    def has_asked_all(self, results: list[dict[str, Any]]) -> bool:
        return any(r["task"].endswith(self.last_task) for r in results)


class Rotate(PlaybookJob):
    name = playbook = "rotate_passwords"
    last_task = "Set the new password"

    def prepare(self) -> None:
        super().prepare()
        self.own_passwords()
        self.new = self.password()
        self.variables = {"rotate_new_password": self.new, "rotate_serial": self.rng.choice(([10], [1, 3, 10], [2]))}
        if self.rng.random() < 0.5:
            self.rng.choice(self.fleet.miners).set(users={"admin": self.new})

    def differs(self) -> Iterator[str]:
        for name, miner in self.named():
            if miner.state()["users"]["admin"] != self.new:
                yield f"{name} has another password"


class Upgrade(PlaybookJob):
    name = playbook = "upgrade"
    keeps_files = True
    last_task = "Require a successful rollout"
    count = (4, 5)

    def prepare(self) -> None:
        super().prepare()
        # With more forks than miners, each is followed to its end; otherwise all get the firmware first.
        self.forks = self.rng.choice((2, 10))
        self.variables = {
            "upgrade_src": f"files/{ARCHIVE}",
            "upgrade_serial": self.rng.choice(([10], [10], [1, 10])),
            # How long to listen to a busy updater before it counts as stuck.
            "upgrade_wait_timeout": 15,
            "upgrade_settle_seconds": 120,
        }
        # A miner that is just rebooting is unreachable, but has the firmware all the same.
        self.again = {"upgrade_recover": True, "upgrade_partial": True}
        for miner in self.fleet.miners:
            if self.rng.random() < 0.5:
                miner.fault("slow_upload", times=1, bytes_per_s=self.rng.uniform(6e5, 2e6))
        if self.rng.random() < 0.3:
            self.rng.choice(self.fleet.miners).set(firmware=NEWER_FIRMWARE)

    def has_asked_all(self, results: list[dict[str, Any]]) -> bool:
        return any(r["task"].endswith(self.last_task) for r in results)

    def differs(self) -> Iterator[str]:
        for name, miner in self.named():
            state = miner.state()
            if state["firmware"] != NEWER_FIRMWARE:
                yield f"{name} runs {state['firmware']}"
            if not state["ready"]:
                yield f"{name} does not mine"

    def done_twice(self) -> Iterator[str]:
        for name, miner in self.named():
            flashed, writes = miner.state()["flashed"], miner.writes()
            if flashed > 1:
                yield f"{name} was flashed {flashed} times"
            reboots = sum(write["action"] == "reboot" and write["applied"] for write in writes)
            cut_off = sum(write.get("result") == "abandoned" for write in writes)
            if reboots > cut_off:
                yield f"{name} was rebooted {reboots} times, and {cut_off} of its uploads were cut off"


class Heal(PlaybookJob):
    name = playbook = "heal"
    keeps_files = True
    last_task = "Collect the results"

    def prepare(self) -> None:
        super().prepare()
        # A restart, and a reboot only if cgminer does not run.
        self.limit = 2
        self.variables = {
            "health_heal": True,
            "health_remedy_interval_hours": self.rng.choice((12, 24)),
            "health_max_parallel_percent": self.rng.choice((50, 100, 100)),
            "health_heal_timeout": 8,
            "_health_pause": 1,
        }
        troubles: list[dict[str, Any]] = [
            {"ready": False},
            {"boards": [{}, {"alive": False}, {}], "mended_by": "restart"},
            {"boards": [{}, {"alive": False}, {}], "mended_by": "reboot"},
            {"boards": [{}], "mended_by": "reboot"},
        ]
        for miner in self.rng.sample(self.fleet.miners, self.rng.randint(2, 4)):
            miner.set(mining_s=265000)
            miner.set(**self.rng.choice(troubles))

    def has_asked_all(self, results: list[dict[str, Any]]) -> bool:
        return any(r["task"].endswith(self.last_task) for r in results)

    def differs(self) -> Iterator[str]:
        for name, _miner in self._ill():
            if not self._written_down(name):
                yield f"{name} is ill, and has got no remedy"

    def may_fail(self) -> bool:
        return any(self._ill())

    def done_twice(self) -> Iterator[str]:
        for name, miner in self.named():
            noted = [remedy["remedy"] for remedy in self._written_down(name)]
            sent = [{"restartCgMiner": "mining_restarted", "reboot": "rebooted"}[w["action"]] for w in miner.writes()]
            if Counter(sent) - Counter(noted) or len(noted) > self.limit:
                yield f"{name} got {sent}, {noted} was written down, and {self.limit} are allowed"

    def _ill(self) -> Iterator[tuple[str, Miner]]:
        for name, miner in self.named():
            state = miner.state()
            if not state["ready"] or [board["alive"] for board in state["boards"]] != [True] * 3:
                yield name, miner

    def _written_down(self, name: str) -> list[dict[str, str]]:
        found = list((self.ansible.folder / STATE).glob(f"{name}-*.json"))
        return json.loads(found[0].read_text(encoding="utf-8"))["remedies"] if found else []


class Logs(PlaybookJob):
    name = "logs"
    keeps_files = True
    last_task = "Keep the logs"
    count = (4, 5)

    def prepare(self) -> None:
        super().prepare()
        line = f"Jun 16 20:45:02 dragonMint cgminer[312]: share accepted{', share accepted' * 8}\n"
        for miner in self.fleet.miners:
            miner.set(journal=line * self.rng.randint(1, 5000) + LAST_LINE + "\n")

    def differs(self) -> Iterator[str]:
        for name, miner in self.named():
            path = self.ansible.folder / LOGS / f"{name}.log"
            if not path.exists() or path.read_text(encoding="utf-8") != miner.state()["journal"]:
                yield f"the log of {name} is not that of the miner"

    def _play(self) -> list[dict[str, Any]]:
        options = {"lines": 0, "dest": f"{LOGS}/{{{{ inventory_hostname }}}}.log"}
        task = {"name": self.last_task, "minerops.dragonmint.dragonmint_logs": options}
        return [{"name": "Keep logs", "hosts": "all", "gather_facts": False, "tasks": [task]}]


class Inventory(Job):
    """Polls a fleet, and caches the results."""

    name = "inventory"
    keeps_files = True
    count = (20, 40)
    is_cached = True

    def prepare(self) -> None:
        password = self.password()
        for miner in self.fleet.miners:
            miner.set(users={"admin": password})
        source = {
            "plugin": "minerops.dragonmint.dragonmint",
            "networks": [f"{NETWORK}.0.0/26"],
            "port": self.fleet.port,
            "credentials": [{"password": password}],
            "cache": True,
            "cache_plugin": "ansible.builtin.jsonfile",
            "cache_connection": str(self.ansible.folder / CACHE),
        }
        self._arguments = ("-i", self.ansible.write("fleet.dragonmint.yml", source), "--list")
        self._listed: set[str] = set()

    def start(self, is_first: bool) -> Process:
        return self.ansible.start_tool("ansible-inventory", *self._arguments)

    def run(self) -> PlaybookRun:
        done = self.ansible.tool("ansible-inventory", *self._arguments)
        self._listed = set(json.loads(done.stdout)["dragonmint"]["hosts"]) if done.returncode == 0 else set()
        return PlaybookRun(done.returncode, done.stderr, [])

    def differs(self) -> Iterator[str]:
        missing = {miner.mac.replace(":", "-") for miner in self.fleet.miners} - self._listed
        if missing:
            yield f"{len(missing)} of {len(self.fleet.miners)} miners are not listed"
        if len(list((self.ansible.folder / CACHE).glob("*"))) == 0:
            yield "there is no cache"

    def has_asked_all(self, results: list[dict[str, Any]]) -> bool:
        return any((self.ansible.folder / CACHE).glob("*"))


# Those that write to miners, and those that only write files.
JOBS: tuple[type[Job], ...] = (Provision, ProvisionAtOnce, Upgrade, Rotate, Heal)
FILE_JOBS: tuple[type[Job], ...] = (Inventory, Logs)
# The order of the soak. Rotation is quick, so it comes twice.
TURN: tuple[type[Job], ...] = (Provision, Rotate, Upgrade, ProvisionAtOnce, Rotate, Heal)
