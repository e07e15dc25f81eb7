# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive of full size, and more miners than forks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.integration.growth import growth
from tests.simulator import firmware
from tests.simulator.control import Fleet
from tests.support.running import ENVIRONMENTS, NEWER_FIRMWARE

MIB = 2**20


def test_a_worker_does_not_grow_with_the_archive(start_fleet: Callable[..., Fleet], tmp_path: Path) -> None:
    miner = start_fleet(count=1, generation="dm-2018-05", speed=30.0)[0]
    miner.set(memory={"available": 200 * 1024})
    archive = firmware.build(
        tmp_path / f"{NEWER_FIRMWARE}.swu", NEWER_FIRMWARE, images={"uImage": 4 * MIB, "rootfs.ubi": 95 * MIB}
    )
    connection = {"host": miner.host, "port": miner.port, "password": "dragonadmin"}
    measured = growth(ENVIRONMENTS / "newest/bin/python", "firmware", connection, {**connection, "src": str(archive)})
    assert measured["results"][0]["changed"], measured
    assert miner.state()["flashed"] == 1
    assert measured["grown_bytes"] < 10 * MIB, measured
