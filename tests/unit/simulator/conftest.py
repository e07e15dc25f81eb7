# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for all tests of this directory; each test gets miners that no other test has used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet, Miner
from tests.simulator.firmware import build
from tests.support.simulators import simulated

from .asking import PASSWORDS
from .updating import NEW, QUICK

SPEED = 20.0


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    with simulated(count=2400, generation="all", first="127.30.0.1", speed=SPEED) as running:
        yield running


@pytest.fixture(scope="session")
def unused(fleet: Fleet) -> dict[str, Iterator[Miner]]:
    kinds = {miner.generation for miner in fleet.miners}
    return {kind: iter([miner for miner in fleet.miners if miner.generation == kind]) for kind in kinds}


@pytest.fixture
def own() -> Iterator[Fleet]:
    """A simulator with one miner and slow time, for tests that first look at a pause and then skip it."""
    with simulated(first="127.34.0.1", speed=0.1) as running:
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


@pytest.fixture
def later_inno(unused: dict[str, Iterator[Miner]]) -> Miner:
    return next(unused["inno-2018-09"])


@pytest.fixture
def first_inno(unused: dict[str, Iterator[Miner]]) -> Miner:
    return next(unused["inno-2018-05"])


@pytest.fixture
def inno_2019(unused: dict[str, Iterator[Miner]]) -> Miner:
    return next(unused["inno-2019"])


@pytest.fixture(params=[*PASSWORDS])
def any_miner(request: pytest.FixtureRequest, unused: dict[str, Iterator[Miner]]) -> Miner:
    """A fresh miner of each generation in turn."""
    return next(unused[request.param])


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds each kind of archive once."""
    folder = tmp_path_factory.mktemp("firmware")
    built: dict[str, Path] = {}

    def get(**options: Any) -> Path:
        key = repr(sorted(options.items()))
        if key not in built:
            built[key] = build(folder / f"{len(built)}.swu", **options)
        return built[key]

    return get


@pytest.fixture
def good(archive: Callable[..., Path]) -> Path:
    return archive(version=NEW)


@pytest.fixture
def ready(miner: Miner) -> Miner:
    """A quick miner that sends all its messages before its reboot."""
    miner.set(timing=QUICK, last_frame="DONE")
    return miner
