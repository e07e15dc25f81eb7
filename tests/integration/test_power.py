# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot, restart of mining, power off and factory reset: sent once, and believed only with proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, TaskResult, connection_to, newest_core

# The wait for a miner with this outcome; the others get far more time than they need.
WAIT_S = 4
# A third of it passes before the search.
SEARCHED_S = 9
FOR_EVER_S = 1e8
HOUR_S = 3600
OWN = "Correct-Horse-7"

COMMANDS = {
    "rebooted": "reboot",
    "mining_restarted": "restartCgMiner",
    "poweredoff": "poweroff",
    "factory_reset": "factoryReset",
}
# Quick to come back: half a second of real time.
QUICK = {"boot_s": 10.0, "cgminer_start_s": 2.0}
# A miner's uptime runs at simulated speed, and must not run away from the clock while the miner is searched for.
SLOW, AT_ONCE = 2.0, {"power_delay_s": 0.5, "boot_s": 1.0, "cgminer_start_s": 1.0}


@dataclass(frozen=True)
class Case:
    """A miner, the requested state, and the result: an error_code, changed or ok.

    ``check`` is the result in check mode, ``writes`` how many commands were sent, ``now`` where the task reports the
    miner afterwards, if its address has changed.
    """

    wanted: dict[str, Any]
    fault: dict[str, Any] | None = None
    set: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    outcome: str = "changed"
    check: str = "changed"
    writes: int = 1
    now: str = ""


def refused(wanted: dict[str, Any], code: str, **more: Any) -> Case:
    """Nothing is sent, nor in check mode."""
    return Case(wanted, outcome=code, check=code, writes=0, **more)


def reboot(**more: Any) -> dict[str, Any]:
    return {"state": "rebooted", **more}


def restart(**more: Any) -> dict[str, Any]:
    return {"state": "mining_restarted", **more}


def poweroff(**more: Any) -> dict[str, Any]:
    return {"state": "poweredoff", **more}


def reset(**more: Any) -> dict[str, Any]:
    return {"state": "factory_reset", "confirm": "{{ mac | upper | replace(':', '-') }}", **more}


def lost(action: str) -> dict[str, Any]:
    return {"name": "lost_reply", "action": action}


def searched(miner: int) -> str:
    """A network for one miner that contains its lease."""
    return f"127.20.{miner}.0/29"


def lease(miner: int) -> dict[str, Any]:
    return {"dhcp_lease": f"127.20.{miner}.5"}


IGNORED = {"name": "ignored_write"}

CASES = {
    "reboot": Case(reboot()),
    "reboot-reply-lost": Case(reboot(), lost("reboot")),
    "reboot-reply-late": Case(reboot(), set={"timing": {"power_delay_s": 40.0}}, variables={"dragonmint_timeout": 1}),
    "reboot-after-a-while": Case(reboot(), set={"timing": {"shutdown_s": 30.0}}),
    "reboot-with-jwt": Case(reboot(), variables={"dragonmint_auth": "jwt"}),
    "reboot-without-waiting": Case(reboot(wait=False), set={"timing": {"boot_s": FOR_EVER_S}}),
    "reboot-ignored": Case(reboot(wait_timeout=WAIT_S), IGNORED, outcome="not_applied"),
    "reboot-dropped": Case(reboot(wait_timeout=WAIT_S), {"name": "drop", "action": "reboot"}, outcome="not_applied"),
    "reboot-refused": Case(reboot(), {"name": "reject", "action": "reboot"}, outcome="rejected"),
    "reboot-for-ever": Case(reboot(wait_timeout=WAIT_S), set={"timing": {"boot_s": FOR_EVER_S}}, outcome="not_back"),
    "reboot-unreadable": Case(
        reboot(wait_timeout=WAIT_S), {"name": "fatal_error", "action": "overview"}, outcome="not_back"
    ),
    "reboot-to-another-address": Case(
        reboot(search=searched(201), wait_timeout=SEARCHED_S), set={"network": lease(201)}, now="127.20.201.5"
    ),
    "reboot-to-nowhere": Case(
        reboot(search=searched(202), wait_timeout=WAIT_S), set={"network": lease(203)}, outcome="not_back"
    ),
    "moved-before": Case(
        reboot(search=searched(204), wait_timeout=SEARCHED_S),
        set={"host": "127.20.204.5"},
        variables={"dragonmint_host": "127.20.250.9", "dragonmint_expected_mac": "{{ mac }}"},
        now="127.20.204.5",
    ),
    "reboot-without-mac": refused(reboot(search=searched(205)), "bad_reply", set={"mac": ""}),
    "reboot-in-a-huge-network": refused(reboot(search="127.0.0.0/8"), "invalid_input"),
    "restart-elsewhere": refused(restart(search=searched(206)), "invalid_input"),
    "old": Case(reboot(min_uptime=HOUR_S), set={"uptime_s": HOUR_S + 60}),
    "young": Case(reboot(min_uptime=HOUR_S), set={"uptime_s": HOUR_S - 600}, outcome="ok", check="ok", writes=0),
    "restart": Case(restart()),
    "restart-reply-lost": Case(restart(), lost("restartCgMiner")),
    "restart-of-what-is-down": Case(restart(), set={"ready": False}),
    "restart-of-what-hangs": Case(restart(wait=False), set={"cgminer": "silent"}, variables={"dragonmint_timeout": 1}),
    "restart-without-boards": Case(restart(wait_timeout=WAIT_S), set={"boards": []}),
    "restart-ignored": Case(restart(wait_timeout=WAIT_S), IGNORED, outcome="not_applied"),
    "restart-for-ever": Case(
        restart(wait_timeout=WAIT_S), set={"timing": {"cgminer_start_s": FOR_EVER_S}}, outcome="not_ready"
    ),
    "off": Case(poweroff()),
    "off-reply-lost": Case(poweroff(), lost("poweroff")),
    "off-after-a-while": Case(poweroff(), set={"timing": {"shutdown_s": 30.0}}),
    "off-already": Case(poweroff(), set={"power": "off"}, outcome="ok", check="ok", writes=0),
    "off-ignored": Case(poweroff(wait_timeout=WAIT_S), IGNORED, outcome="not_applied"),
    "reset": Case(reset(), set={"users": {"admin": OWN}}, variables={"dragonmint_password": OWN}),
    "reset-reply-lost": Case(reset(), lost("factoryReset")),
    "reset-ignored": Case(reset(wait_timeout=WAIT_S), IGNORED, outcome="not_applied"),
    "reset-to-another-address": Case(
        reset(wait_timeout=WAIT_S),
        set={"network": {"mode": "static", "dhcp_lease": "127.20.250.1"}},
        outcome="not_back",
    ),
    "reset-to-another-address-found": Case(
        reset(search=searched(207), wait_timeout=SEARCHED_S),
        set={"network": {"mode": "static", **lease(207)}, "users": {"admin": OWN}},
        variables={"dragonmint_password": OWN},
        now="127.20.207.5",
    ),
    "reset-of-another": refused(reset(confirm="a0:b0:45:ff:ff:ff"), "wrong_device"),
    "reset-of-none": refused(reset(confirm=""), "wrong_device"),
    "reset-unconfirmed": refused({"state": "factory_reset"}, "invalid_input"),
    "reboot-confirmed": refused(reboot(confirm="{{ mac }}"), "invalid_input"),
    "young-reset": refused(reset(min_uptime=60), "invalid_input"),
    "no-such-state": refused({"state": "on"}, "invalid_input"),
    "wrong-password": refused(reboot(), "authentication", variables={"dragonmint_password": "wrong"}),
    "dark": refused(reboot(), "unreachable", fault={"name": "dark"}),
    "guest": refused(
        reboot(),
        "permission",
        variables={"dragonmint_username": "guest", "dragonmint_password": "{{ guest_password }}"},
    ),
}


@newest_core
def test_each_miner_is_sent_one_command_and_has_to_prove_it(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = prepared_miners(start_fleet)
    done = run(ansible, miners)
    assert {r.host: (outcome(r), len(miners[r.host].writes())) for r in done.results} == {
        name: (case.outcome, case.writes) for name, case in CASES.items()
    }
    assert {name: [write["action"] for write in miner.writes()] for name, miner in miners.items()} == {
        name: [COMMANDS.get(case.wanted["state"])] * case.writes for name, case in CASES.items()
    }
    # Sent, but whether it was done is unknown, or it was done and something else is missing.
    assert {r.host for r in done.results if r.changed and r.status != "ok"} == {
        name for name, case in CASES.items() if case.outcome in ("not_back", "not_ready")
    }
    state_told = {r.host: r.result["power"]["state"] for r in done.results if r.status == "ok"}
    assert state_told == {name: "running" if name == "young" else CASES[name].wanted["state"] for name in state_told}
    assert {r.host for r in done.results if r.warnings} == {"off-already"}
    addresses = {r.host: r.result["ipaddress"] for r in done.results if r.status == "ok"}
    assert addresses == {name: CASES[name].now or miners[name].host for name in addresses}
    unreadable = done.one("reboot-unreadable").result["msg"]
    assert "but the result is unknown after 4 s: HTTP 500. Check the uptime" in unreadable


@newest_core
def test_check_mode_reports_the_same_and_sends_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = prepared_miners(start_fleet)
    done = run(ansible, miners, "--check", "--diff")
    assert {r.host: outcome(r) for r in done.results} == {name: case.check for name, case in CASES.items()}
    assert {name: miner.writes() for name, miner in miners.items() if miner.writes()} == {}
    diffs = {r.host: r.result["diff"] for r in done.results if outcome(r) == "changed"}
    assert diffs == {
        name: {"before": {"power": {"state": "running"}}, "after": {"power": {"state": CASES[name].wanted["state"]}}}
        for name in diffs
    }


@newest_core
def test_the_reported_state_is_the_real_one(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """According to the miners themselves, the moment the task ends."""
    names = ["reboot", "restart", "off", "reset"]
    miners = dict(zip(names, start_fleet(count=len(names), generation="mixed").miners))
    before = {name: miner.state() for name, miner in miners.items()}
    for miner in miners.values():
        miner.set(timing=QUICK, users={"admin": OWN}, pools=[])
    done = run(ansible, miners, variables={"dragonmint_password": OWN}).succeeded()
    after = {name: miner.state() for name, miner in miners.items()}
    for name in ("reboot", "reset"):
        assert after[name]["uptime_s"] < before[name]["uptime_s"]
    assert after["restart"]["ready"]
    assert after["restart"]["uptime_s"] > before["restart"]["uptime_s"]
    assert after["off"]["power"] == "off"
    assert after["reset"]["pools"] == before["reset"]["pools"]
    assert all(r.result["elapsed_seconds"] > 0 for r in done.results)


@newest_core
def test_after_a_reset_the_play_goes_on_with_the_login_of_the_factory(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    for miner in fleet.miners:
        miner.set(timing=QUICK, users={"admin": OWN})
    tasks = [
        task(state="factory_reset", confirm="{{ mac }}", password=OWN),
        {"minerops.dragonmint.dragonmint_facts": {}},
    ]
    hosts = {f"miner{number}": host_variables(miner) for number, miner in enumerate(fleet.miners)}
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    ansible(plays, {"all": {"hosts": hosts}}).succeeded()


def prepared_miners(start_fleet: Callable[..., Fleet]) -> dict[str, Miner]:
    """Miners by the name of their case."""
    searched = [name for name, case in CASES.items() if "search" in case.wanted]
    miners = dict(
        zip([name for name in CASES if name not in searched], start_fleet(count=len(CASES), generation="mixed").miners)
    )
    slow = start_fleet(count=len(searched), generation="mixed", speed=SLOW, first="127.20.9.1")
    miners.update(zip(searched, slow.miners))
    for name, case in CASES.items():
        timing = AT_ONCE if name in searched else QUICK
        miners[name].set(**{**case.set, "timing": {**timing, **case.set.get("timing", {})}})
        if case.fault:
            miners[name].fault(**case.fault)
    return miners


def run(
    ansible: Ansible, miners: dict[str, Miner], *arguments: str, variables: dict[str, Any] | None = None
) -> PlaybookRun:
    hosts = {
        name: {**host_variables(miner), **CASES[name].wanted, **CASES[name].variables, **(variables or {})}
        for name, miner in miners.items()
    }
    plays = [{"hosts": "all", "gather_facts": False, "tasks": [task()]}]
    return ansible(plays, {"all": {"hosts": hosts}}, *arguments)


def task(**options: Any) -> dict[str, Any]:
    """A task whose other options are variables of the host."""
    optional = ("min_uptime", "confirm", "wait", "wait_timeout", "search")
    of_host = {"state": "{{ state }}", **{name: f"{{{{ {name} | default(omit) }}}}" for name in optional}}
    return {"minerops.dragonmint.dragonmint_power": {**of_host, **options}}


def host_variables(miner: Miner) -> dict[str, Any]:
    is_inno = miner.generation.startswith("inno")
    return {**connection_to(miner), "mac": miner.mac, "guest_password": "guest" if is_inno else "dragonguest"}


def outcome(result: TaskResult) -> str:
    """The error_code of a task that failed with a message for its user, else changed or ok."""
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    assert result.result["msg"]
    return str(result.result["error_code"])
