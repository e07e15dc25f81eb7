# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a miner: who may read it, that each task ends, and the resulting file."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet
from tests.support import warm
from tests.support.running import Ansible, PlaybookRun, connection_to, hosts_with_writes, newest_core

LINES = [
    "Jun 16 20:44:33 dragonMint cgminer[312]: Started cgminer 4.10.0",
    "Jun 16 20:44:41 dragonMint cgminer[312]: 3 chains detected",
    "Jun 16 20:45:02 dragonMint dm-monitor[298]: fan duty 59",
]
WHOLE = "".join(f"{line}\n" for line in LINES)
GUEST = {"dragonmint_username": "guest", "dragonmint_password": "dragonguest"}
# A run may hold what a task keeps, but not everything that a miner sends.
MEMORY_BYTES = 400 * 1024 * 1024
SOON_S = 60.0


def logs(**options: Any) -> dict[str, Any]:
    return {"minerops.dragonmint.dragonmint_logs": options}


def play(*tasks: dict[str, Any]) -> list[dict[str, Any]]:
    goes_on = {"ignore_errors": True, "ignore_unreachable": True}
    return [{"hosts": "miners", "gather_facts": False, "tasks": list(tasks), **goes_on}]


def inventory(hosts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"miners": {"hosts": hosts}}


def ends(done: PlaybookRun, host: str) -> list[str]:
    return [r.result.get("ended_by", r.result.get("error_code")) for r in done.of(host)]


@newest_core
def test_who_may_read_it(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=3, generation="mixed")
    hosts: dict[str, dict[str, Any]] = {}
    expected = {}
    for miner in fleet.miners:
        for name, variables, end in (
            ("basic", {}, "miner"),
            ("jwt", {"dragonmint_auth": "jwt"}, "miner"),
            ("second", {"dragonmint_password": "no", "dragonmint_fallback_passwords": ["dragonadmin"]}, "miner"),
            ("guest", GUEST, "permission"),
            ("jwt_guest", {**GUEST, "dragonmint_auth": "jwt"}, "permission"),
            ("wrong", {"dragonmint_password": "wrong"}, "authentication"),
        ):
            # Until its own is changed, an Innosilicon accepts any password, and its guest has another one.
            if miner.generation.startswith("inno") and name not in ("basic", "jwt"):
                continue
            hosts[f"{miner.generation}_{name}"] = {**connection_to(miner), **variables}
            expected[f"{miner.generation}_{name}"] = [end]
    done = ansible(play(logs(lines=3)), inventory(hosts))
    assert {host: ends(done, host) for host in hosts} == expected
    assert all(r.result["lines"] == LINES for r in done.results if r.status == "ok")
    assert hosts_with_writes(fleet) == set()


FAULTS: dict[str, tuple[str | None, list[str]]] = {
    # How tasks end that read existing entries, follow, or follow without keeping anything.
    "whole": (None, ["pause", "time", "time"]),
    "endless": ("endless", ["max_bytes", "max_bytes", "time"]),
    "unbroken": ("unbroken", ["max_bytes", "max_bytes", "time"]),
    "trickle": ("trickle", ["time", "time", "time"]),
    "binary": ("binary", ["miner", "miner", "miner"]),
    "drip": ("drip", ["timeout", "timeout", "timeout"]),
    "silent": ("silent", ["timeout", "timeout", "timeout"]),
    "cut": ("truncated", ["cut", "cut", "cut"]),
    "stalled": ("stalled", ["pause", "time", "time"]),
    "dark": ("dark", ["unreachable", "unreachable", "unreachable"]),
    "page": ("html_page", ["unsupported", "unsupported", "unsupported"]),
}


@newest_core
def test_each_task_ends_in_time_and_in_bounds(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    # One second means one second: nothing here may wait for the 60 of the miner's web server.
    hosts = {}
    for (name, (fault, _unused)), miner in zip(FAULTS.items(), start_fleet(count=len(FAULTS), speed=1).miners):
        hosts[name] = {**connection_to(miner), "dragonmint_timeout": 4, "dragonmint_retries": 0}
        if fault:
            miner.fault(fault, None if fault == "dark" else "/stream/logs")
    began = time.monotonic()
    before = largest_bytes()
    # This much arrives in time even on a busy machine.
    few = {"max_bytes": 2**20}
    tasks = [logs(**few), logs(**few, duration=5), logs(**few, duration=3, match="no such thing")]
    # The memory of another process's children is not visible.
    with warm.cold():
        done = ansible(play(*tasks), inventory(hosts))
    assert time.monotonic() - began < SOON_S
    assert largest_bytes() <= max(before, MEMORY_BYTES)
    assert [ends(done, name) for name in FAULTS] == [expected for _unused, expected in FAULTS.values()]
    assert all("\x1b" not in line for r in done.of("binary") for line in r.result["lines"])
    assert [r.result["count"] for r in done.of("whole")] == [3, 3, 0]
    assert [r.result["truncated"] for r in done.of("endless")] == [True, True, False]


@newest_core
def test_the_web_servers_cut_is_an_end(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet(speed=200).miners
    done = ansible(play(logs(duration=SOON_S)), inventory({"miner": connection_to(miner)}))
    assert ends(done, "miner") == ["cut"]
    assert done.one("miner").result["lines"] == LINES
    assert done.one("miner").result["truncated"] is False


@newest_core
def test_new_entries_are_followed(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet(speed=1).miners
    # It restarts cgminer in the background, which is then logged.
    restart = {"minerops.dragonmint.dragonmint_power": {"state": "mining_restarted", "wait": False}}
    follow = logs(lines=1, duration=8, match="Started")
    done = ansible(play(restart, follow), inventory({"miner": connection_to(miner)}))
    assert [line.endswith(": Started cgminer 4.10.0") for line in done.of("miner")[-1].result["lines"]] == [True]


@newest_core
def test_the_file(ansible: Ansible, start_fleet: Callable[..., Fleet], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGS", "logs")
    (miner,) = start_fleet().miners
    hosts = inventory({"miner": connection_to(miner)})
    task = logs(lines=0, dest="${LOGS}/{{ inventory_hostname }}.log")
    file = ansible.folder / "logs/miner.log"

    check = ansible(play(task), hosts, "--check", "--diff").succeeded().one()
    assert check.changed
    assert not file.parent.exists()

    real = ansible(play(task), hosts, "--diff").succeeded().one()
    assert real.changed
    assert real.result["diff"] == check.result["diff"]
    assert (real.result["dest"], real.result["count"], "lines" in real.result) == (str(file), 3, False)
    assert file.read_text() == WHOLE

    again = ansible(play(task), hosts, "--diff").succeeded().one()
    assert not again.changed

    miner.set(log="four")
    would, did = ansible(play({**task, "check_mode": True}, task), hosts).succeeded().results
    assert would.changed
    assert did.changed
    assert file.read_text().startswith(WHOLE)
    assert file.read_text().endswith(": four\n")
    assert [entry.name for entry in file.parent.iterdir()] == ["miner.log"]
    assert miner.writes() == []


@newest_core
@pytest.mark.parametrize("old", ["old\n", None])
def test_a_run_that_is_killed_leaves_no_part(
    ansible: Ansible, start_fleet: Callable[..., Fleet], old: str | None
) -> None:
    (miner,) = start_fleet(speed=1).miners
    miner.fault("trickle")
    file = ansible.folder / "miner.log"
    if old:
        file.write_text(old)
    ansible.killed_once(
        lambda: any(request["path"] == "/stream/logs" for request in miner.requests()),
        play(logs(dest="miner.log", duration=600)),
        inventory({"miner": connection_to(miner)}),
    )
    assert (file.read_text() if file.exists() else None) == old
    assert names(ansible.folder, ".dragonmint-*") == []


@newest_core
def test_what_no_file_can_be_is_refused_without_a_request(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet().miners
    (ansible.folder / "file").touch()
    hosts = inventory({"miner": connection_to(miner)})
    bad = [
        (logs(dest="files"), "is not a file name"),
        (logs(dest=""), "is not a file name"),
        (logs(dest="file/miner.log"), "is not a folder"),
        (logs(lines=-1), "lines"),
        (logs(duration=-1), "duration"),
        (logs(duration="inf"), "duration"),
        (logs(match="("), "match"),
        (logs(max_bytes=0), "max_bytes"),
        (logs(lines="many"), "lines"),
    ]
    done = ansible(play(*(task for task, _unused in bad)), hosts)
    wrong = [
        r.result
        for (_unused, text), r in zip(bad, done.results)
        if r.result["error_code"] != "invalid_input" or text not in r.result["msg"]
    ]
    assert (len(done.results), wrong) == (len(bad), [])
    assert miner.requests() == []


def test_text_of_the_log_is_no_template(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    (miner,) = start_fleet().miners
    executed = ansible.folder / "executed"
    text = f"{{{{ lookup('ansible.builtin.pipe', 'touch {executed}') }}}}"
    miner.set(log=text)
    show = {"ansible.builtin.debug": {"msg": "{{ log.lines }} {{ log.lines[0] }}"}}
    done = ansible(
        play({**logs(lines=1), "register": "log"}, show), inventory({"miner": connection_to(miner)})
    ).succeeded()
    assert done.results[0].result["lines"][0].endswith(text)
    assert text in done.results[1].result["msg"]
    assert not executed.exists()


def largest_bytes() -> int:
    """The memory of the largest process so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def names(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]
