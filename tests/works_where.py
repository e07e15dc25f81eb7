# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What works where: what comes of each module on each firmware and for each user, and which endpoints it calls.

docs/endpoints.md shows this, and integration tests hold it against the simulator. A new module gets its rows in CASES
and its line in USES.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GENERATIONS = ("dm-2018-04", "dm-2018-05", "inno-2018-08", "inno-2018-09")
USERS = ("admin", "guest")

Outcomes = tuple[str, str, str, str]


def everywhere(outcome: str) -> Outcomes:
    return (outcome, outcome, outcome, outcome)


# What may come of a task, besides the error codes of the collection.
OK, CHANGED, PARTLY, NOTHING = "ok", "changed", "partly", "nothing"
ALL_OK, ALL_CHANGED, DENIED = everywhere(OK), everywhere(CHANGED), everywhere("permission")


@dataclass(frozen=True)
class Case:
    """A task on a miner fresh from the factory, and what comes of it on each of GENERATIONS for admin and for guest."""

    what: str
    module: str
    options: dict[str, Any] = field(default_factory=dict)
    admin: Outcomes = ALL_CHANGED
    guest: Outcomes = DENIED

    def outcome(self, generation: str, user: str) -> str:
        return {"admin": self.admin, "guest": self.guest}[user][GENERATIONS.index(generation)]


def facts(what: str, *subsets: str, guest: Outcomes = ALL_OK) -> Case:
    return Case(what, "dragonmint_facts", {"gather_subset": list(subsets)}, admin=ALL_OK, guest=guest)


def autotune(what: str, admin: Outcomes, **options: Any) -> Case:
    return Case(what, "dragonmint_autotune", options, admin=admin)


def firmware(what: str, admin: Outcomes = ALL_CHANGED, **options: Any) -> Case:
    return Case(what, "dragonmint_firmware", options, admin=admin)


def power(what: str, **options: Any) -> Case:
    return Case(what, "dragonmint_power", options)


def pools(what: str, url: str, admin: Outcomes = ALL_CHANGED) -> Case:
    return Case(what, "dragonmint_pools", {"pools": [{"url": url, "user": "farm.1"}]}, admin=admin)


PINNED = {
    "mode": "static",
    "ipaddress": "{{ ansible_host }}",
    "netmask": "255.255.0.0",
    "gateway": "127.20.255.254",
    "dns": ["8.8.8.8", "8.8.4.4"],
}

CASES = (
    facts("the usual facts", "all", guest=(PARTLY, PARTLY, OK, OK)),
    facts("`network`", "network"),
    facts("`generation`", "generation"),
    facts("`debug`", "debug"),
    facts("`latest_firmware`", "latest_firmware", guest=everywhere(NOTHING)),
    Case(
        "`error`",
        "dragonmint_facts",
        {"gather_subset": ["error"]},
        admin=(NOTHING, NOTHING, OK, OK),
        guest=everywhere(NOTHING),
    ),
    Case("the last entries", "dragonmint_logs", {"lines": 5}, admin=ALL_OK),
    pools("`stratum+tcp`", "stratum+tcp://pool.example.com:3333"),
    pools("`stratum+ssl`", "stratum+ssl://pool.example.com:3333", (CHANGED, CHANGED, CHANGED, "rejected")),
    pools("`stratum2+tcp`", "stratum2+tcp://pool.example.com:3333", (CHANGED, CHANGED, CHANGED, "rejected")),
    pools("a pool without a dot in its name", "stratum+tcp://pool:3333", (CHANGED, CHANGED, CHANGED, "rejected")),
    pools("a pool at an IPv6 address", "stratum+tcp://[2001:db8::9]:3333", (CHANGED, CHANGED, CHANGED, "rejected")),
    Case("a static address", "dragonmint_network", PINNED),
    # DragonMint leaves the factory balanced, Innosilicon in the mode factory.
    autotune("`efficient`", ALL_CHANGED, mode="efficient"),
    autotune("`balanced`", (OK, OK, CHANGED, CHANGED), mode="balanced"),
    autotune("`performance`", ALL_CHANGED, mode="performance"),
    autotune("`factory`", ("unsupported", CHANGED, OK, OK), mode="factory"),
    autotune("`off`", (CHANGED, "unsupported", "unsupported", "unsupported"), mode="off"),
    autotune("a level", ("unsupported", "unsupported", CHANGED, CHANGED), mode="efficient", level=3),
    firmware("`src`", src="files/t1_20180901_120000.swu"),
    # The updater of a miner fresh from the factory can't fetch anything.
    firmware("`url`", url="http://127.0.0.1:9/t1_20180901_120000.swu", admin=everywhere("unsupported")),
    firmware("`latest`", latest=True, admin=everywhere("unsupported")),
    power("`mining_restarted`", state="mining_restarted"),
    power("`rebooted`", state="rebooted"),
    power("`factory_reset`", state="factory_reset", confirm="{{ mac }}"),
    power("`poweredoff`", state="poweredoff"),
    Case("admin's password", "dragonmint_user", {"new_password": "Correct-Horse-7"}),
    Case(
        "guest's password",
        "dragonmint_user",
        {"new_password": "Correct-Horse-7", "user": "guest"},
        admin=(CHANGED, CHANGED, "unsupported", "unsupported"),
    ),
)

# The HTTP endpoints that the makers document, and the websocket. An action is called at /api/.
DOCUMENTED = (
    *("auth", "summary", "overview", "pools", "updatePools", "updatePassword", "network", "updateNetwork", "type"),
    *("reboot", "poweroff", "restartCgMiner", "factoryReset", "getAutoTune", "getAutoTuneStatus", "setAutoTune"),
    *("getLatestFirmwareVersion", "getDebugStats"),
    *("/upgrade/upload", "/upgrade/download", "/upgrade/ws", "/stream/logs"),
)
# What each module calls, besides auth: that, to log in, or to learn what an "invalid request" means.
USES: dict[str, set[str]] = {
    "dragonmint_autotune": {"getAutoTune", "getAutoTuneStatus", "pools", "setAutoTune"},
    "dragonmint_facts": {
        *("overview", "network", "pools", "summary", "getAutoTune", "getAutoTuneStatus", "getDebugStats"),
        *("getLatestFirmwareVersion", "getErrorMessage", "getLockState", "getHashRates", "/"),
    },
    "dragonmint_firmware": {
        *("overview", "summary", "type", "getLatestFirmwareVersion"),
        *("/upgrade/upload", "/upgrade/download", "/upgrade/ws"),
    },
    "dragonmint_logs": {"/stream/logs"},
    "dragonmint_network": {"overview", "network", "type", "updateNetwork"},
    "dragonmint_pools": {"pools", "updatePools", "summary"},
    "dragonmint_power": {"overview", "summary", "type", "reboot", "poweroff", "restartCgMiner", "factoryReset"},
    "dragonmint_user": {"updatePassword"},
}
LOGIN = "auth"
WITHOUT_A_MODULE: set[str] = set()
