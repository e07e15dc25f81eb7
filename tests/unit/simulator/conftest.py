# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for all tests of this directory; each test gets miners that no other test has used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.control import Fleet, Miner

SPEED = 20.0


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    with Fleet.start(count=900, generation="mixed", first="127.30.0.1", speed=SPEED) as running:
        yield running


@pytest.fixture(scope="session")
def unused(fleet: Fleet) -> dict[str, Iterator[Miner]]:
    kinds = {miner.generation for miner in fleet.miners}
    return {kind: iter([miner for miner in fleet.miners if miner.generation == kind]) for kind in kinds}


@pytest.fixture
def own() -> Iterator[Fleet]:
    """A simulator with one miner and slow time, for tests that first look at a pause and then skip it."""
    with Fleet.start(first="127.34.0.1", speed=0.1) as running:
        yield running


@pytest.fixture
def miner(unused: dict[str, Iterator[Miner]]) -> Miner:
    """A fresh DragonMint of May 2018."""
    return next(unused["dm-2018-05"])


@pytest.fixture
def other(unused: dict[str, Iterator[Miner]]) -> Miner:
    """A second one."""
    return next(unused["dm-2018-05"])


@pytest.fixture
def april(unused: dict[str, Iterator[Miner]]) -> Miner:
    return next(unused["dm-2018-04"])


@pytest.fixture
def inno(unused: dict[str, Iterator[Miner]]) -> Miner:
    return next(unused["inno-2018-08"])


@pytest.fixture(params=["dm-2018-04", "dm-2018-05", "inno-2018-08"])
def any_miner(request: pytest.FixtureRequest, unused: dict[str, Iterator[Miner]]) -> Miner:
    """A fresh miner of each generation in turn."""
    return next(unused[request.param])
