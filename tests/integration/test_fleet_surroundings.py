# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task for all miners over https, and under ansible-runner, which AWX uses."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, inventory_of, newest_core
from tests.unit.loopback import Authority, Peer, http, listening

FLEET = "minerops.dragonmint.dragonmint_fleet"
# Under a runner, a task reports its progress every 10 s.
SECONDS, RATE = 12, 2
EVENT_BYTES_MAX = 20_000


def efficient(**options: Any) -> dict[str, Any]:
    return {FLEET: {"module": "autotune", "options": {"mode": "efficient"}, "report": "all", **options}}


def plays(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": "Save power", "hosts": "all", "gather_facts": False, "tasks": [task]}]


@contextmanager
def over_tls(miner: Miner, tls: ssl.SSLContext) -> Iterator[int]:
    """The port on which a miner answers over https."""

    def talk(peer: Peer) -> None:
        while request := peer.read_request():
            with socket.create_connection((miner.host, miner.port)) as there:
                there.sendall(request)
                reply = HTTPResponse(there)
                reply.begin()
                kind = f"Content-Type: {reply.getheader('Content-Type')}"
                peer.send(http(reply.read(), f"{reply.status} {reply.reason}", kind))

    with listening(talk, tls) as server:
        yield server.port


@newest_core
def test_a_certificate_is_checked_for_each_miner(
    ansible: Ansible, start_fleet: Callable[..., Fleet], tmp_path: Path
) -> None:
    fleet = start_fleet(count=4)
    (tmp_path / "other").mkdir()
    authority, other = Authority(tmp_path), Authority(tmp_path / "other")
    servers = {"trusted1": authority, "trusted2": authority, "strange": other, "unchecked": other}
    with ExitStack() as stack:
        ports = [stack.enter_context(over_tls(miner, of.server())) for miner, of in zip(fleet.miners, servers.values())]
        hosts: dict[str, Any] = {
            name: {"ansible_host": "127.0.0.1", "dragonmint_port": port} for name, port in zip(servers, ports)
        }
        hosts["unchecked"]["dragonmint_validate_certs"] = False
        variables = {
            "dragonmint_scheme": "https",
            "dragonmint_ca_path": str(authority.path),
            "dragonmint_password": "dragonadmin",
        }
        done = ansible(plays(efficient()), {"all": {"hosts": hosts, "vars": variables}}).succeeded()
    result = done.one().result
    assert result["failed_hosts"] == ["strange"]
    assert "certificate" in result["miners"]["strange"]["msg"]
    assert [len(miner.writes()) for miner in fleet.miners] == [1, 1, 0, 1]
    assert fleet[2].requests() == []


@newest_core
def test_under_a_runner_it_says_little(ansible: Ansible, start_fleet: Callable[..., Fleet], tmp_path: Path) -> None:
    fleet = start_fleet(count=SECONDS * RATE)
    for folder, name, content in (
        ("project", "play.yml", plays(efficient(rate=RATE))),
        ("inventory", "hosts.json", {"all": {"children": inventory_of(fleet)}}),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(json.dumps(content))
    done = ansible.tool("ansible-runner", "run", tmp_path, "-p", "play.yml", "-i", "job")
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = (
        event
        for event in map(read, (tmp_path / "artifacts/job/job_events").glob("*.json"))
        if event["event"] == "runner_on_ok"
    )
    assert result["event_data"]["res"]["counts"]["changed"] == len(fleet.miners)
    assert len(json.dumps(result)) < EVENT_BYTES_MAX
    progress = [line for line in done.stdout.splitlines() if line.startswith("autotune: ")]
    assert len(progress) == 2, done.stdout
    assert f"{len(fleet.miners)} of {len(fleet.miners)} miners ok" in progress[-1]


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
