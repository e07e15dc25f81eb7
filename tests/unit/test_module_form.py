# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules as separate programs, as on another machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05

from .helpers import ROOT, basic, recorded
from .loopback import Listen, Peer, closed_port, http

PASSWORD = "secret-9"
POOLS = [
    {"url": "stratum+tcp://pool-a.example:3333", "user": "wallet.0", "password": "x"},
    {"url": "stratum+tcp://pool-b.example:3333", "user": "farm.worker1", "password": "pool-secret"},
]
OPTIONS: dict[str, dict[str, Any]] = {
    "dragonmint_facts": {},
    "dragonmint_pools": {"pools": POOLS},
    "dragonmint_autotune": {"mode": "efficient"},
}
# Hides a library from the module that is named after it.
WITHOUT = "import runpy, sys; sys.modules[sys.argv.pop(1)] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"


@dataclass(frozen=True)
class Ran:
    status: int
    result: dict[str, Any]
    output: str


def run(module: str, port: int, *python: str, **options: Any) -> Ran:
    arguments = {"host": "127.0.0.1", "port": port, "password": PASSWORD, "retries": 0, **OPTIONS[module], **options}
    done = subprocess.run(
        [sys.executable, *python, str(ROOT / "plugins/modules" / f"{module}.py")],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(ROOT / "build")},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, json.loads(done.stdout), done.stdout + done.stderr)


def as_recorded(peer: Peer) -> None:
    """Answers as the real program did."""
    while request := peer.read_request():
        path = request.split()[1].decode()
        peer.send(http(recorded(DM_2018_05, path).body))


@pytest.mark.parametrize("module", OPTIONS)
def test_in_check_mode_a_module_reads_and_exits_well(module: str, listen: Listen) -> None:
    server = listen(as_recorded)
    ran = run(module, server.port, _ansible_check_mode=True)
    assert (ran.status, ran.result.get("failed", False)) == (0, False)
    paths = {request.split()[1].decode() for request in server.requests}
    assert paths.isdisjoint({"/api/updatePools", "/api/setAutoTune"})
    assert f"Authorization: {basic('admin', PASSWORD)}".encode() in server.requests[0]


def test_facts_are_gathered(listen: Listen) -> None:
    ran = run("dragonmint_facts", listen(as_recorded).port)
    assert ran.result["changed"] is False
    assert ran.result["ansible_facts"]["dragonmint_identity"]["mac"] == "a0:b0:45:00:00:e5"


def test_a_diff_has_no_secret_and_a_short_one_garbles_nothing(listen: Listen) -> None:
    ran = run("dragonmint_pools", listen(as_recorded).port, _ansible_check_mode=True, _ansible_diff=True)
    assert ran.result["changed"] is True
    assert ran.result["diff"]["after"]["pools"] == [
        {"url": "stratum+tcp://pool-a.example:3333", "user": "wallet.0", "password": MASK},
        {"url": "stratum+tcp://pool-b.example:3333", "user": "farm.worker1", "password": "(changed)"},
    ]
    assert PASSWORD not in ran.output
    assert "pool-secret" not in ran.output


@pytest.mark.parametrize(
    ("password", "keep_passwords"), [({"password": None}, False), ({}, True)], ids=["null", "left out"]
)
def test_a_password_can_be_kept(password: dict[str, None], keep_passwords: bool, listen: Listen) -> None:
    pools = [{"url": pool["url"], "user": pool["user"], **password} for pool in POOLS]
    ran = run("dragonmint_pools", listen(as_recorded).port, pools=pools, keep_passwords=keep_passwords)
    assert (ran.status, ran.result["changed"]) == (0, False)
    assert ran.result["pools"] == [{**pool, "password": None} for pool in POOLS]


@pytest.mark.parametrize("module", OPTIONS)
def test_an_unreachable_miner_is_a_failure(module: str) -> None:
    ran = run(module, closed_port())
    assert (ran.status, ran.result["failed"], ran.result["error_code"]) == (1, True, "unreachable")
    assert "unreachable" not in ran.result
    assert PASSWORD not in ran.output


def test_a_bad_value_is_a_failure_before_anything_is_sent(listen: Listen) -> None:
    server = listen(as_recorded)
    ran = run("dragonmint_pools", server.port, pools=[{"url": "example", "user": "x", "password": "x"}])
    assert (ran.status, ran.result["error_code"], server.accepted) == (1, "invalid_input", 0)
    assert "The url of pool 1 is 'example'. Give it as stratum+tcp://host:port" in ran.result["msg"]


@pytest.mark.parametrize("library", ["requests", "urllib3"])
def test_a_missing_library_is_named(library: str, listen: Listen) -> None:
    server = listen(as_recorded)
    ran = run("dragonmint_facts", server.port, "-c", WITHOUT, library)
    assert (ran.status, ran.result["failed"], server.accepted) == (1, True, 0)
    assert "requests" in ran.result["msg"]
    assert PASSWORD not in ran.output


@pytest.mark.parametrize(("module", "arguments"), [("fleet", {"module": "facts"}), ("report", {"name": "x"})])
def test_what_runs_on_the_controller_says_that_it_is_no_program_of_its_own(
    module: str, arguments: dict[str, Any]
) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / f"plugins/modules/dragonmint_{module}.py")],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(ROOT / "build")},
        capture_output=True,
        text=True,
        check=False,
    )
    result = json.loads(done.stdout)
    assert (done.returncode, result["failed"], result["error_code"]) == (1, True, "invalid_input")
    assert "runs inside Ansible on the controller" in result["msg"]
