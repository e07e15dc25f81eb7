# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of tasks on miners with problems: many miners in one run, each with a different one.

Most faults are in test_fault_matrix, for all modules; here are the others, and all of them in check mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, TaskResult, connection_to, newest_core

# For miners that do not respond; the others have the usual timeout.
SHORT = {"dragonmint_timeout": 3}
DESIRED = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1", "pass": "secret"}
FACTS = "dragonmint_facts"
EVERY_FACT = {
    f"dragonmint_{name}" for name in ("identity", "network", "hardware", "pools", "mining", "autotune", "gathered_at")
}
# The modules that change a miner, with the requested change.
WRITING: dict[str, dict[str, Any]] = {
    "dragonmint_pools": {
        "pools": [{"url": DESIRED["url"], "user": DESIRED["user"], "password": DESIRED["pass"]}],
        "wait_timeout": 10,
    },
    "dragonmint_autotune": {"mode": "efficient"},
}


@dataclass(frozen=True)
class Trouble:
    """A problem of a miner or its host variables, and the result.

    ``reading`` is the error_code of a task that reads, or ok. ``outcome`` is that of a task that changes the miner, or
    changed, or ok; ``check`` the same in check mode, which is changed if only writing fails.
    """

    fault: dict[str, Any] | None = None
    state: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    reading: str = "ok"
    outcome: str = "changed"
    check: str = "changed"
    writes: int = 1

    @property
    def strikes_writes(self) -> bool:
        return self.fault is not None and self.fault.get("action") == "writes" and self.writes > 0


def while_reading(code: str, fault: str | None = None, **more: Any) -> Trouble:
    """Nothing works, so nothing is written."""
    return Trouble({"name": fault} if fault else None, **more, reading=code, outcome=code, check=code, writes=0)


def while_writing(outcome: str, fault: str, **parameters: Any) -> Trouble:
    variables = SHORT if fault in {"silent", "slow"} else {}
    return Trouble({"name": fault, "action": "writes", **parameters}, variables=variables, outcome=outcome)


TROUBLES = {
    "none": Trouble(),
    "nothing-to-do": Trouble(
        {"name": "dark", "action": "writes"},
        state={"pools": [DESIRED], "autotune": {"mode": "efficient"}},
        outcome="ok",
        check="ok",
        writes=0,
    ),
    # The login.
    "wrong-password": while_reading("authentication", variables={"dragonmint_password": "wrong"}),
    "right-password-second": Trouble(
        variables={"dragonmint_password": "wrong", "dragonmint_fallback_passwords": ["bad", "dragonadmin"]}
    ),
    "users-lost-factory-password": Trouble(state={"users": "absent"}),
    "users-damaged-factory-password": Trouble(state={"users": "corrupt"}),
    "users-damaged-own-password": while_reading(
        "authentication", state={"users": "corrupt"}, variables={"dragonmint_password": "Correct-Horse-7"}
    ),
    # No device, or no response.
    "dark": while_reading("unreachable", "dark"),
    "closed-port": while_reading("unreachable", variables={"dragonmint_port": 9}),
    "hangs-up": while_reading("unreachable", "drop_before"),
    "hangs-up-once": Trouble({"name": "drop_before", "times": 1}),
    "hangs-up-without-an-answer": while_reading("unreachable", "drop"),
    "no-web-server": while_reading("bad_reply", "not_http"),
    "silent": while_reading("timeout", "silent", variables=SHORT),
    "drips": while_reading("timeout", "drip", variables=SHORT),
    "stalls": while_reading("timeout", "stalled", variables=SHORT),
    # Replies that no miner sends.
    "bad-gateway": while_reading("bad_reply", "html_error"),
    "bad-gateway-once": Trouble({"name": "html_error", "times": 1}),
    "fatal-error": while_reading("bad_reply", "fatal_error"),
    "cut-off": while_reading("bad_reply", "truncated"),
    "cut-off-once": Trouble({"name": "truncated", "times": 1}),
    "half-the-JSON": while_reading("bad_reply", "cut_json"),
    "wrong-types": while_reading("bad_reply", "wrong_types"),
    "invalid-UTF-8": while_reading("bad_reply", "invalid_utf8"),
    "empty": while_reading("bad_reply", "empty"),
    "null": while_reading("bad_reply", "canned"),
    "endless": while_reading("bad_reply", "huge", variables={"dragonmint_timeout": 60}),
    "redirect": while_reading("bad_reply", "redirect"),
    "printer": while_reading("bad_reply", "html_page"),
    # The change is made, but the miner can't report it.
    "reply-lost": while_writing("changed", "lost_reply"),
    "reply-reset": while_writing("changed", "lost_reply", reset=True),
    "reply-late": while_writing("changed", "slow", delay_s=200.0),
    "reply-cut-off": while_writing("changed", "truncated"),
    "reply-half": while_writing("changed", "cut_json"),
    "change-late": while_writing("not_applied", "late_write", delay_s=10000.0),
    # The change is not made, whatever the miner reports.
    "write-ignored": while_writing("not_applied", "ignored_write"),
    "write-dropped": while_writing("not_applied", "drop"),
    "write-silent": while_writing("not_applied", "silent"),
    "write-to-a-dead-program": while_writing("not_applied", "html_error"),
    "write-refused": while_writing("rejected", "reject"),
    "dark-at-the-write": while_writing("not_back", "dark"),
}
GUEST = {"dragonmint_username": "guest", "dragonmint_password": "dragonguest"}
BY_MODULE = {
    FACTS: {
        **TROUBLES,
        "guest": Trouble(variables=GUEST),
        "configuration-lost": Trouble(state={"pools_config": "missing"}),
        "not-ready": Trouble({"name": "not_ready", "action": "pools"}),
        "starts": Trouble(state={"ready": False}),
    },
    "dragonmint_pools": {
        **TROUBLES,
        "guest": while_reading("permission", variables=GUEST),
        "configuration-lost": while_reading("rejected", state={"pools_config": "missing"}),
        "configuration-empty": while_reading("rejected", state={"pools_config": "empty"}),
        "not-ready": while_reading("not_ready", "not_ready"),
        "not-ready-afterwards": Trouble(state={"timing": {"cgminer_start_s": 100000}}, outcome="not_ready"),
    },
    "dragonmint_autotune": {
        **TROUBLES,
        "guest": while_reading("permission", variables=GUEST),
        "configuration-lost": while_reading("rejected", state={"pools_config": "missing"}),
        "not-ready": while_reading("not_ready", "not_ready"),
    },
}
# Also in the fault matrix.
IN_MATRIX = {
    *("none", "users-damaged-factory-password", "users-damaged-own-password", "dark", "hangs-up"),
    *("hangs-up-without-an-answer", "no-web-server", "silent", "drips", "bad-gateway", "bad-gateway-once"),
    *("fatal-error", "cut-off", "cut-off-once", "wrong-types", "invalid-UTF-8", "empty", "endless", "redirect"),
    *("reply-lost", "reply-reset", "reply-cut-off", "write-ignored", "write-dropped", "write-to-a-dead-program"),
    "dark-at-the-write",
}
Troubles = dict[str, dict[str, Trouble]]
PLAYED: Troubles = {
    module: {name: trouble for name, trouble in troubles.items() if name not in IN_MATRIX or name == "none"}
    for module, troubles in BY_MODULE.items()
}
# Without a write, none of these problems occurs, so one of them stands for all.
CHECKED: Troubles = {
    module: {
        name: trouble for name, trouble in troubles.items() if not trouble.strikes_writes or name == "write-ignored"
    }
    for module, troubles in BY_MODULE.items()
}
# The facts that a miner does not provide, each of which a warning names.
LEFT_OUT = {
    "none": set(),
    "guest": {"dragonmint_autotune"},
    "configuration-lost": {"dragonmint_pools"},
    "not-ready": {"dragonmint_pools"},
}


@newest_core
def test_each_miner_has_its_outcome_and_is_sent_one_change(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = troubled(start_fleet, PLAYED)
    before = {name: settings(miner) for name, miner in miners.items()}
    done = run(ansible, miners, PLAYED)
    reads = {host(FACTS, name): (trouble.reading, 0) for name, trouble in PLAYED[FACTS].items()}
    writes = {
        host(module, name): (trouble.outcome, trouble.writes)
        for module in WRITING
        for name, trouble in PLAYED[module].items()
    }
    assert {r.host: (outcome(r), len(miners[r.host].writes())) for r in done.results} == {**reads, **writes}
    assert {r.host: r.changed for r in done.results} == {
        name: settings(miner) != before[name] for name, miner in miners.items()
    }

    for name, left_out in LEFT_OUT.items():
        assert done.one(host(FACTS, name)).result["ansible_facts"].keys() == EVERY_FACT - left_out
        assert len(done.one(host(FACTS, name)).warnings) == len(left_out)
    assert done.one(host(FACTS, "starts")).result["ansible_facts"]["dragonmint_mining"]["ready"] is False


@newest_core
def test_check_mode_reports_the_same_and_writes_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = troubled(start_fleet, CHECKED)
    done = run(ansible, miners, CHECKED, "--check", "--diff")
    reads = {host(FACTS, name): trouble.reading for name, trouble in CHECKED[FACTS].items()}
    writes = {host(module, name): trouble.check for module in WRITING for name, trouble in CHECKED[module].items()}
    assert {r.host: outcome(r) for r in done.results} == {**reads, **writes}
    assert {name: miner.writes() for name, miner in miners.items() if miner.writes()} == {}


@newest_core
def test_facts_that_can_not_be_had_cost_nothing_else(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Facts for which a miner has to wait, and a vendor that is gone or silent."""
    waits, gone, silent = start_fleet(count=3, speed=100.0).miners
    waits.fault("not_ready", action="pools")
    silent.set(vendor="silent")
    subsets = {
        "waits": [["pools"], ["pools", "mining"]],
        "gone": [["min", "latest_firmware"]],
        "silent": [["min", "latest_firmware"]],
    }
    plays = [
        {
            "hosts": name,
            "gather_facts": False,
            "ignore_errors": True,
            "tasks": [{f"minerops.dragonmint.{FACTS}": {"gather_subset": names}} for names in each],
        }
        for name, each in subsets.items()
    ]
    hosts = {name: connection_to(miner) for name, miner in zip(subsets, (waits, gone, silent), strict=True)}
    done = ansible(plays, {"all": {"hosts": hosts}})
    assert [outcome(r) for r in done.of("waits")] == ["not_ready", "ok"]
    assert [list(r.result.get("ansible_facts", {})) for r in done.of("waits")] == [
        [],
        ["dragonmint_mining", "dragonmint_gathered_at"],
    ]
    for name, miner in (("gone", gone), ("silent", silent)):
        assert outcome(done.one(name)) == "ok"
        assert list(done.one(name).result["ansible_facts"]) == ["dragonmint_identity", "dragonmint_gathered_at"]
        assert len(done.one(name).warnings) == 1
        assert [request["action"] for request in miner.requests()] == ["overview", "getLatestFirmwareVersion"]


def host(module: str, trouble: str) -> str:
    """The name of the miner for a module and a problem."""
    return f"{module}.{trouble}"


def troubled(start_fleet: Callable[..., Fleet], by_module: Troubles) -> dict[str, Miner]:
    """A miner for each module and problem."""
    troubles = {host(module, name): trouble for module, each in by_module.items() for name, trouble in each.items()}
    miners = dict(zip(troubles, start_fleet(count=len(troubles)).miners))
    for name, trouble in troubles.items():
        if trouble.state:
            miners[name].set(**trouble.state)
        if trouble.fault:
            miners[name].fault(**trouble.fault)
    return miners


def run(ansible: Ansible, miners: dict[str, Miner], by_module: Troubles, *arguments: str) -> PlaybookRun:
    groups = {
        module: {
            "hosts": {
                host(module, name): {**connection_to(miners[host(module, name)]), **trouble.variables}
                for name, trouble in troubles.items()
            }
        }
        for module, troubles in by_module.items()
    }
    plays = [
        {"hosts": module, "gather_facts": False, "tasks": [{f"minerops.dragonmint.{module}": WRITING.get(module, {})}]}
        for module in BY_MODULE
    ]
    return ansible(plays, {"all": {"children": groups}}, *arguments)


def outcome(result: TaskResult) -> str:
    """The error_code of a task that failed with a message for its user, else changed or ok."""
    if result.status == "ok":
        return "changed" if result.changed else "ok"
    assert result.result["msg"]
    assert result.status == ("unreachable" if result.result["error_code"] == "unreachable" else "failed")
    return str(result.result["error_code"])


def settings(miner: Miner) -> dict[str, Any]:
    return {name: value for name, value in miner.state().items() if name in {"pools", "autotune"}}
