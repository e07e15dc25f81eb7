# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""No reply exhausts the memory of the controller: for a module, the inventory plugin, or an upgrade."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.fault_matrix import BOMBS
from tests.integration.growth import growth
from tests.simulator.control import Fleet, Miner
from tests.support.running import NEWER_FIRMWARE, Ansible, newest_core

# The maximum extra memory for hostile replies, compared with a run with good ones.
GROWN_BYTES_MAX = 64 * 2**20
POOLS = [{"url": "stratum+tcp://a.example.com:3333", "user": "farm.1"}]


@newest_core
def test_no_reply_takes_the_memory(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    well, *fallen = start_fleet(count=1 + len(BOMBS)).miners
    for miner, bomb in zip(fallen, BOMBS):
        miner.fault(bomb)
    results = grown(ansible, "facts", well, fallen)
    assert [result["error_code"] for result in results] == ["bad_reply"] * len(BOMBS)


@newest_core
def test_no_reply_to_a_write_takes_the_memory(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Nor is it relevant: the miner's state afterwards is."""
    well, fallen = start_fleet(count=2).miners
    fallen.fault("huge", action="writes")
    (result,) = grown(ansible, "pools", well, [fallen], pools=[{**POOLS[0], "password": "x"}])
    assert result["error_code"] == "not_applied"


@newest_core
@pytest.mark.parametrize("asked", ["/", "overview"])
def test_no_reply_takes_the_memory_of_the_inventory(
    ansible: Ansible, start_fleet: Callable[..., Fleet], asked: str
) -> None:
    """Neither from an arbitrary device, nor from a miner that has accepted the login."""
    well, *fallen = start_fleet(count=1 + len(BOMBS)).miners
    for miner, bomb in zip(fallen, BOMBS):
        miner.fault(bomb, action=asked)
    results = grown(ansible, "poll", well, fallen)
    if asked == "/":
        assert [result["state"] for result in results] == ["unknown"] * len(BOMBS)
    else:
        assert [bool(result["missing"]) or result["state"] == "unresponsive" for result in results] == [True] * len(
            BOMBS
        )


@newest_core
@pytest.mark.parametrize(
    ("upload", "websocket", "code"),
    [("huge", "flood", "flash_failed"), ("endless_head", "endless_head", "updater_stuck")],
)
def test_no_reply_takes_the_memory_during_an_upgrade(
    ansible: Ansible, start_fleet: Callable[..., Fleet], upload: str, websocket: str, code: str
) -> None:
    well, fallen = start_fleet(count=2).miners
    fallen.fault(upload, action="/upgrade/upload")
    fallen.fault(websocket, action="/upgrade/ws")
    archive = str(ansible.folder / f"files/{NEWER_FIRMWARE}.swu")
    (result,) = grown(ansible, "firmware", well, [fallen], src=archive, wait_timeout=5)
    assert result["error_code"] == code


def grown(ansible: Ansible, name: str, well: Miner, fallen: list[Miner], **options: Any) -> list[dict[str, Any]]:
    """The results on the hostile miners, after checking the memory used."""
    connections = [
        {"host": miner.host, "port": miner.port, "password": "dragonadmin", "timeout": 30.0, "retries": 0}
        for miner in (well, *fallen)
    ]
    others = [{**connection, **options} for connection in connections[1:]]
    measured = growth(ansible.bin / "python", name, connections[0], *others)
    assert measured["grown_bytes"] < GROWN_BYTES_MAX, measured
    results: list[dict[str, Any]] = measured["results"]
    return results
