# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules, and what the tests need to know about each: a new module is one entry in MODULES.

Its playbook is tests/integration/playbooks/dragonmint_NAME.yml. tests/unit/test_modules.py says what a module lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.running import NEWER_FIRMWARE

GENERATIONS = ("dm-2018-04", "dm-2018-05", "inno-2018-05", "inno-2018-08", "inno-2018-09", "inno-2019")

Outcomes = tuple[str, str, str, str, str, str]


def everywhere(outcome: str) -> Outcomes:
    return (outcome, outcome, outcome, outcome, outcome, outcome)


# The possible results of a task, besides the error codes of the collection.
OK, CHANGED, PARTLY, NOTHING = "ok", "changed", "partly", "nothing"
ALL_OK, ALL_CHANGED, DENIED = everywhere(OK), everywhere(CHANGED), everywhere("permission")
# How long to wait for a miner that never carries out a command; enough for one that does.
WAIT_S = 10


@dataclass(frozen=True)
class Case:
    """A task on a miner in factory state, and its result on each of GENERATIONS for admin and for guest.

    docs/endpoints.md shows it, and test_generations runs it.
    """

    what: str
    options: dict[str, Any] = field(default_factory=dict)
    admin: Outcomes = ALL_CHANGED
    guest: Outcomes = DENIED

    def outcome(self, generation: str, user: str) -> str:
        return {"admin": self.admin, "guest": self.guest}[user][GENERATIONS.index(generation)]


@dataclass(frozen=True)
class Faulty:
    """How a module is called on miners with faults; docs/faults.md shows the results.

    ``rival`` is what another controller sets in the meantime, ``half`` the part of a half-applied write that takes
    effect; None if not applicable: a command or a password has no halves.
    """

    options: dict[str, Any] = field(default_factory=dict)
    rival: dict[str, Any] | None = None
    half: dict[str, Any] | None = None
    generation: str = "dm-2018-05"


@dataclass(frozen=True)
class Setting:
    """The setting of a module: its place in a miner's state, and the actions and pages that write it.

    The soak test checks `changed` against it.
    """

    of: Callable[[Mapping[str, Any]], Any]
    writes: frozenset[str]


@dataclass(frozen=True)
class Module:
    """``calls`` are its endpoints, besides auth for the login and for resolving an "invalid request".

    test_secrets runs it with each of the options ``secrets``, with variables that contain secrets; some contain one
    where none belongs. ``setting`` is None if nothing readable persists. A ``blind`` module can't read what it changes,
    so it changes it every time, and has only the reply to go by.
    """

    name: str
    calls: frozenset[str]
    cases: tuple[Case, ...]
    faulty: Faulty
    secrets: tuple[dict[str, Any], ...]
    setting: Setting | None
    only_reads: bool = False
    blind: bool = False


A_POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}


def pool(what: str, url: str, admin: Outcomes = ALL_CHANGED) -> Case:
    return Case(what, {"pools": [{"url": url, "user": "farm.1"}]}, admin)


PINNED = {
    "mode": "static",
    "ipaddress": "{{ ansible_host }}",
    "netmask": "255.255.0.0",
    "gateway": "127.20.255.254",
    "dns": ["8.8.8.8", "8.8.4.4"],
}
NOT_BY_LATER_INNO = (CHANGED, CHANGED, CHANGED, CHANGED, "rejected", "rejected")
BY_2019 = (*["unsupported"] * 5, CHANGED)
LIGHT = ("unsupported", "unsupported", CHANGED, CHANGED, CHANGED, "unsupported")
NO_LEVELS = ("unsupported", "unsupported", "unsupported")

_TABLE = (
    Module(
        "facts",
        calls=frozenset(
            {
                *("overview", "network", "pools", "summary", "getAutoTune", "getAutoTuneStatus", "getDebugStats"),
                *("getLatestFirmwareVersion", "getErrorDetail", "getErrorMessage", "getLockState", "getHashRates", "/"),
                *("type", "getAll"),
            }
        ),
        cases=(
            Case("the usual facts", {"gather_subset": ["all"]}, ALL_OK, (PARTLY, PARTLY, PARTLY, OK, OK, OK)),
            Case("`network`", {"gather_subset": ["network"]}, ALL_OK, ALL_OK),
            Case("`generation`", {"gather_subset": ["generation"]}, ALL_OK, ALL_OK),
            Case("`debug`", {"gather_subset": ["debug"]}, ALL_OK, ALL_OK),
            Case("`latest_firmware`", {"gather_subset": ["latest_firmware"]}, ALL_OK, everywhere(NOTHING)),
            Case("`error`", {"gather_subset": ["error"]}, (NOTHING, NOTHING, OK, OK, OK, OK), everywhere(NOTHING)),
        ),
        faulty=Faulty(),
        secrets=({}, {"host": "{{ dragonmint_password }}"}),
        setting=None,
        only_reads=True,
    ),
    Module(
        "pools",
        calls=frozenset({"getErrorDetail", "pools", "updatePools", "summary"}),
        cases=(
            pool("`stratum+tcp`", "stratum+tcp://pool.example.com:3333"),
            pool("`stratum+tls`", "stratum+tls://pool.example.com:3333", BY_2019),
            pool("`stratum+ssl`", "stratum+ssl://pool.example.com:3333", NOT_BY_LATER_INNO),
            pool("`stratum2+tcp`", "stratum2+tcp://pool.example.com:3333", NOT_BY_LATER_INNO),
            pool("a pool without a dot in its name", "stratum+tcp://pool:3333", NOT_BY_LATER_INNO),
            pool("a pool at an IPv6 address", "stratum+tcp://[2001:db8::9]:3333", NOT_BY_LATER_INNO),
        ),
        faulty=Faulty(
            {
                "pools": [{"url": f"stratum+tcp://{name}.example.com:3333", "user": "farm.1"} for name in ("a", "b")],
                "wait_timeout": WAIT_S,
            },
            rival={"pools": [{"url": "stratum+tcp://rival.example.com:3333", "user": "u", "pass": "x"}]},
            half={"name": "half_write"},
        ),
        secrets=(
            {"pools": ["{{ good_pool }}"]},
            {"pools": [{"url": "{{ url_with_password }}", "user": "farm.1"}]},
            {"pools": "{{ pool_password }}", "timeout": "{{ dragonmint_password }}"},
        ),
        setting=Setting(lambda state: state["pools"], frozenset({"updatePools"})),
    ),
    Module(
        "autotune",
        calls=frozenset({"getAutoTune", "getAutoTuneStatus", "pools", "setAutoTune", "type"}),
        # In factory state, DragonMint and InnoMiner have the mode balanced, later Innosilicon firmware the mode
        # factory.
        cases=(
            Case("`efficient`", {"mode": "efficient"}),
            Case("`balanced`", {"mode": "balanced"}, (OK, OK, OK, CHANGED, CHANGED, CHANGED)),
            Case("`performance`", {"mode": "performance"}),
            Case("`factory`", {"mode": "factory"}, ("unsupported", CHANGED, CHANGED, OK, OK, OK)),
            Case("`off`", {"mode": "off"}, (CHANGED, *["unsupported"] * 5)),
            Case("a level", {"mode": "efficient", "level": 3}, (*NO_LEVELS, CHANGED, CHANGED, CHANGED)),
        ),
        faulty=Faulty(
            {"mode": "efficient", "level": 4},
            rival={"autotune": {"mode": "performance"}},
            half={"name": "half_write"},
            generation="inno-2018-08",
        ),
        secrets=({"mode": "performance"}, {"mode": "{{ dragonmint_password }}"}),
        setting=Setting(
            lambda state: (state["autotune"]["mode"], state["autotune"]["level"]), frozenset({"setAutoTune"})
        ),
    ),
    Module(
        "pool_test",
        calls=frozenset({"checkPoolTest", "TestingPool"}),
        cases=(Case("a pool", {"pools": [A_POOL]}, (*["unsupported"] * 5, OK)),),
        faulty=Faulty({"pools": [A_POOL]}, generation="inno-2019"),
        secrets=({"pools": ["{{ good_pool }}"]}, {"pools": [{"url": "{{ url_with_password }}", "user": "farm.1"}]}),
        setting=None,
        only_reads=True,
    ),
    Module(
        "led",
        calls=frozenset({"/", "SetMonitor"}),
        # Whether the firmware of 2019 still has it is unknown; if not, that shows when the command is sent.
        cases=(Case("`blinking`", {"state": "blinking"}, LIGHT),),
        faulty=Faulty({"state": "blinking"}, generation="inno-2018-08"),
        secrets=({"state": "blinking"}, {"state": "{{ dragonmint_password }}"}),
        setting=None,
        blind=True,
    ),
    Module(
        "network",
        calls=frozenset({"/", "overview", "network", "type", "updateNetwork"}),
        cases=(Case("a static address", PINNED),),
        faulty=Faulty(
            {**PINNED, "wait_timeout": WAIT_S},
            rival={"network": {"mode": "dhcp"}},
            half={"name": "rival", "values": {"network": {"dns": ["9.9.9.9", ""]}}},
        ),
        secrets=({"mode": "static", "ipaddress": "{{ dragonmint_password }}"},),
        setting=Setting(
            lambda state: {name: state["network"][name] for name in ("mode", "ipaddress", "netmask", "gateway", "dns")},
            frozenset({"updateNetwork"}),
        ),
    ),
    Module(
        "logs",
        calls=frozenset({"/stream/logs"}),
        cases=(Case("the last entries", {"lines": 5}, ALL_OK),),
        faulty=Faulty({"lines": 5}),
        secrets=({"lines": 10, "dest": "log of {{ inventory_hostname }}"},),
        setting=None,
        only_reads=True,
    ),
    Module(
        "power",
        calls=frozenset({"overview", "summary", "type", "reboot", "poweroff", "restartCgMiner", "factoryReset"}),
        cases=(
            Case("`mining_restarted`", {"state": "mining_restarted"}),
            Case("`rebooted`", {"state": "rebooted"}),
            Case("`factory_reset`", {"state": "factory_reset", "confirm": "{{ mac }}"}),
            Case("`poweredoff`", {"state": "poweredoff"}),
        ),
        faulty=Faulty({"state": "rebooted", "wait_timeout": WAIT_S}),
        secrets=({"state": "mining_restarted", "wait_timeout": 10},),
        # A miner reboots, and cgminer restarts, without any setting changing.
        setting=None,
    ),
    Module(
        "user",
        calls=frozenset({"updatePassword"}),
        cases=(
            Case("admin's password", {"new_password": "Correct-Horse-7"}),
            Case(
                "guest's password",
                {"new_password": "Correct-Horse-7", "user": "guest"},
                (CHANGED, CHANGED, CHANGED, "unsupported", "unsupported", "unsupported"),
            ),
        ),
        faulty=Faulty({"new_password": "Correct-Horse-7"}, rival={"users": {"admin": "Another-Horse-8"}}),
        secrets=({"new_password": "{{ new_password }}"},),
        setting=Setting(lambda state: state["users"], frozenset({"updatePassword"})),
    ),
    Module(
        "firmware",
        calls=frozenset(
            {
                *("overview", "summary", "type", "getLatestFirmwareVersion"),
                *("/upgrade/upload", "/upgrade/download", "/upgrade/ws"),
            }
        ),
        cases=(
            # The archive is newer than all firmwares except that of 2019.
            Case("`src`", {"src": f"files/{NEWER_FIRMWARE}.swu", "allow_downgrade": True}),
            # The updater of a miner in factory state can't download anything.
            Case(
                "`url`",
                {"url": f"http://127.0.0.1:9/{NEWER_FIRMWARE}.swu", "allow_downgrade": True},
                everywhere("unsupported"),
            ),
            Case("`latest`", {"latest": True, "allow_downgrade": True}, everywhere("unsupported")),
        ),
        faulty=Faulty({"src": f"files/{NEWER_FIRMWARE}.swu", "wait_timeout": WAIT_S}, half={"name": "boots_old"}),
        secrets=({"url": "{{ firmware_url }}", "wait_timeout": 10},),
        # What was written counts: an image that does not boot has changed the miner, although it runs the old one.
        setting=Setting(lambda state: state["flashed"], frozenset({"/upgrade/upload", "/upgrade/download", "reboot"})),
    ),
)
MODULES = {module.name: module for module in _TABLE}


def tried_on(name: str, usual: Sequence[str]) -> list[str]:
    """The firmwares to test on: the usual ones, or those of a module that is for another one."""
    module = MODULES.get(name.removeprefix("dragonmint_"))
    return [*usual, *([module.faulty.generation] if module and not is_for_any(module, usual) else [])]


def is_for_any(module: Module, usual: Sequence[str]) -> bool:
    """Whether a module can do anything on one of these firmwares."""
    return any(case.outcome(generation, "admin") in (OK, CHANGED) for case in module.cases for generation in usual)


# The module that runs other modules on many miners. Results of those modules alone also hold there.
RUNS_OTHERS = "fleet"
# Modules that do something else with many miners, with a result of their own.
WITH_MANY = ("curtail", "metrics")
# Those of them that only a role of ours uses; the role's playbook runs them.
OF_ROLES = ("curtail",)
RUN_BY_IT = ("facts", "pools", "autotune", "network", "power", "user")
# Modules that contact no miner, so that the entries above say nothing about them.
OF_THE_CONTROLLER = ("record", "report")
# Modules that it only runs in check mode.
CHECKED_BY_IT = ("firmware",)
