# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following an upgrade: what was heard of a refused upload, and how soon a hopeless one is recognised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import Unreachable
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import follower
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import Phase, Upgrade

from tests.simulator import firmware
from tests.simulator.control import Fleet, Miner
from tests.support.simulators import simulated

from .driving import followed, stepped
from .helpers import basic

pytestmark = pytest.mark.waits

VERSION = "t1_20180901_120000"
SILENCE_S, GONE_S = 1.5, 0.5
# Far longer than any of these needs, so that an earlier end proves that it was not awaited.
WAIT_S = 60.0
FOR_EVER = 1e9

Follow = Callable[..., Upgrade]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with simulated(count=20, first="127.36.0.1", speed=20.0) as running:
        yield running


@pytest.fixture(scope="module")
def unused(fleet: Fleet) -> Iterator[Miner]:
    return iter(fleet.miners)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return firmware.build(tmp_path_factory.mktemp("firmware") / f"{VERSION}.swu", VERSION)


@pytest.fixture
def miner(unused: Iterator[Miner]) -> Miner:
    """A slow miner, so that only the follower's own limits end it."""
    miner = next(unused)
    miner.set(timing={"flash_s": 10, "boot_s": 10})
    return miner


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch, archive: Path) -> Follow:
    """Sends the archive to a miner and follows it, with short limits."""
    monkeypatch.setattr(follower, "SILENCE_S", SILENCE_S)
    monkeypatch.setattr(follower, "GONE_S", GONE_S)
    monkeypatch.setattr(follower, "_POLL_EVERY_S", 0.1)
    monkeypatch.setattr(follower, "_RECONNECT_S", 0.1)

    def follow(miner: Miner, wait_s: float = WAIT_S) -> Upgrade:
        began_at = miner.state()["uptime_s"]

        def has_rebooted() -> bool:
            state = miner.state()
            if not state["listening"]:
                raise Unreachable("Nobody answers.", "nobody answers", sent=False)
            return bool(state["uptime_s"] < began_at)

        upgrade = Upgrade()
        whom = follower.Miner(
            f"http://{miner.host}:{miner.port}",
            basic("admin", "dragonadmin"),
            None,
            stepped(lambda: True),
            stepped(has_rebooted),
        )
        order = follower.Order(str(archive), archive.stat().st_size)
        followed(whom, order, upgrade, wait_s, True, lambda: None)
        return upgrade

    return follow


@pytest.mark.parametrize(("reply", "refusal"), [("500", "it is busy"), ("502", "HTTP 502"), ("reset", "broke")])
def test_an_updater_that_is_silent_for_too_long_is_stuck(
    follow: Follow, miner: Miner, reply: str, refusal: str
) -> None:
    miner.set(updater="wedged", busy_reply=reply)
    began = time.monotonic()
    upgrade = follow(miner)
    took_s = time.monotonic() - began
    assert upgrade.phase is Phase.STUCK
    assert upgrade.refusal is not None
    assert refusal in upgrade.refusal
    assert SILENCE_S < took_s < WAIT_S / 2


def test_a_dead_updater_is_known_at_once(follow: Follow, miner: Miner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "SILENCE_S", FOR_EVER)
    miner.set(updater="dead")
    began = time.monotonic()
    assert follow(miner).phase is Phase.STUCK
    assert time.monotonic() - began < WAIT_S / 2


def test_an_updater_that_is_still_starting_is_waited_for(
    follow: Follow, miner: Miner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The miner has just booted, and its web server is already up. An upload now would get lost."""
    monkeypatch.setattr(follower, "GONE_S", WAIT_S)
    miner.set(updater="dead")
    with ThreadPoolExecutor() as pool:
        following = pool.submit(follow, miner)
        while sum(request["path"] == "/upgrade/ws" for request in miner.requests()) < 2:
            assert not following.done()
        miner.set(updater="idle")
        assert following.result().phase is Phase.RESTARTED
    assert miner.state()["uploads"] == 1
    assert len(miner.writes()) == 1


def test_a_websocket_that_nginx_refuses_is_no_sign_of_a_dead_updater(follow: Follow, miner: Miner) -> None:
    miner.fault("no_websocket")
    assert follow(miner).phase is Phase.RESTARTED


@pytest.mark.parametrize("reply", ["500", "502", "reset"])
def test_an_update_in_progress_is_joined_however_the_refusal_arrives(
    follow: Follow, miner: Miner, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    """It is silent while its archive arrives."""
    monkeypatch.setattr(follower, "SILENCE_S", WAIT_S / 2)
    miner.set(busy_reply=reply)
    miner.fault("slow_upload", times=1, bytes_per_s=40_000)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(follow, miner)
        while miner.state()["updater"] != "busy":
            assert not first.done()
        assert follow(miner).phase is Phase.RESTARTED
        assert first.result().phase is Phase.RESTARTED
    assert (miner.state()["uploads"], miner.state()["flashed"]) == (2, 1)


@pytest.mark.parametrize("fault", [{"name": "lost_reply"}, {"name": "lost_reply", "reset": True}], ids=str)
def test_an_archive_that_arrived_is_followed_although_its_confirmation_is_lost(
    follow: Follow, miner: Miner, fault: dict[str, Any]
) -> None:
    miner.fault(action="/upgrade/upload", times=1, **fault)
    assert follow(miner).phase is Phase.RESTARTED


def test_a_miner_that_is_gone_is_not_called_stuck(follow: Follow, miner: Miner) -> None:
    miner.fault("dark", action="/upgrade/upload")
    assert follow(miner, wait_s=1.0).phase is Phase.NOT_ACCEPTED
