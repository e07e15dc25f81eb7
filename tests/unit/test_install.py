# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""An installation from the first read to the proof, on simulated miners and with both drivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import power
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    Downgrade,
    FlashFailed,
    InvalidFirmware,
    MinerError,
    NotBack,
    Unreachable,
    UpdaterStuck,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import follower
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.install import (
    Installed,
    Policy,
    firmware_from,
    install,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import Tracker
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps

from tests.simulator import firmware
from tests.simulator.control import Miner
from tests.support.simulators import simulated

from .driving import Drive, connection_to, over_aiohttp, over_requests

pytestmark = pytest.mark.waits

NEWER, OLDER = "t1_20180901_120000", "t1_20180101_120000"
OF_SOC, OF_D9, OF_B29 = "t2t+_hub_20190701_120000", "d9_20190701_120000", "b29_20190701_120000"
WAIT_S = 60.0
OPTIONS = {"src": None, "url": None, "latest": False, "version": None, "checksum": None}
POLICY = {"allow_downgrade": False, "force": False, "recover": False, "to_end": True, "wait_s": WAIT_S}

both_drivers = pytest.mark.parametrize("drive", [over_requests, over_aiohttp])


@pytest.fixture(scope="module")
def unused() -> Iterator[Iterator[Miner]]:
    with simulated(count=20, first="127.36.1.1", speed=20.0) as fleet:
        yield iter(fleet.miners)


@pytest.fixture(scope="module")
def sisters() -> Iterator[dict[str, Iterator[Miner]]]:
    """Miners of the firmware of 2019, by type."""
    types = ("T2T+", "B29")
    fleet = simulated(count=12, first="127.36.2.1", speed=20.0, generation="inno-2019", type_=",".join(types))
    with fleet:
        yield {type_: iter(fleet.miners[number :: len(types)]) for number, type_ in enumerate(types)}


@pytest.fixture
def miner(unused: Iterator[Miner]) -> Miner:
    return next(unused)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("firmware")
    for version in (NEWER, OLDER):
        firmware.build(folder / f"{version}.swu", version)
    firmware.build(folder / f"{OF_SOC}.swu", OF_SOC, ["t2t+.soc"], board="soc", flags="ab")
    firmware.build(folder / "wrong_board.swu", OF_SOC, ["t2t+.soc"])
    for version in (OF_D9, OF_B29):
        firmware.build(folder / f"{version}.swu", version, ["b29.g19", "d9.g19"])
    return folder


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "SILENCE_S", 1.5)
    monkeypatch.setattr(follower, "GONE_S", 0.5)
    monkeypatch.setattr(follower, "_POLL_EVERY_S", 0.1)
    monkeypatch.setattr(follower, "_RECONNECT_S", 0.1)


def installed(
    drive: Drive,
    miner: Miner,
    archive: Path,
    check_mode: bool = False,
    lines_shown: list[str] | None = None,
    warnings: list[str] | None = None,
    **policy: Any,
) -> Installed:
    password = "admin" if miner.generation.startswith("inno") else "dragonadmin"
    session = Session(connection_to(miner.host, password, port=miner.port))
    chosen = firmware_from({**OPTIONS, "src": str(archive)}, None)
    assert chosen is not None
    lines = [] if lines_shown is None else lines_shown

    def notify(text: str, is_detail: bool) -> None:
        lines.append(text)

    tracker = Tracker(session, [], WAIT_S)
    warned = [] if warnings is None else warnings
    steps = install(session, tracker, chosen, Policy(**{**POLICY, **policy}), check_mode, notify, warned.append)
    return drive(steps, None)


@both_drivers
def test_a_firmware_is_installed_and_then_there(drive: Drive, miner: Miner, archives: Path) -> None:
    lines_shown: list[str] = []
    first = installed(drive, miner, archives / f"{NEWER}.swu", lines_shown=lines_shown)
    assert (first.changed, first.value, first.rebooted) == (True, NEWER, True)
    assert miner.state()["firmware"] == NEWER
    assert lines_shown[0] == "sending the firmware"
    assert lines_shown[-1] == f"runs {NEWER}"
    again = installed(drive, miner, archives / f"{NEWER}.swu")
    assert (again.changed, again.rebooted) == (False, False)
    assert miner.state()["flashed"] == 1


def after_the_first_read(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Makes this happen after the miner's firmware was read, and before anything is sent."""
    prove = power.reboot_proof

    def proof(session: Session, tracker: Tracker) -> Steps[power.Proof]:
        proof = yield from prove(session, tracker)
        happens()
        return proof

    monkeypatch.setattr(power, "reboot_proof", proof)


@both_drivers
def test_an_update_that_ends_in_the_meantime_is_not_installed_again(
    drive: Drive, miner: Miner, archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of an earlier task that was killed, or of another controller."""
    after_the_first_read(monkeypatch, lambda: miner.set(firmware=NEWER))
    outcome = installed(drive, miner, archives / f"{NEWER}.swu")
    assert (outcome.changed, outcome.value) == (True, NEWER)
    assert miner.writes() == []


@pytest.mark.parametrize(
    ("state", "error", "text"),
    [
        ({"firmware": OLDER}, FlashFailed, f"should run {NEWER}, but runs {OLDER}"),
        ({"firmware": ""}, BadReply, "Nothing was sent"),
        ({"mac": "a0:b0:45:99:99:99"}, WrongDevice, "Nothing was sent"),
        ({"power": "off"}, Unreachable, None),
    ],
    ids=["another update", "no firmware", "another miner", "gone"],
)
def test_what_else_happens_in_the_meantime_is_named_and_nothing_is_sent(
    state: dict[str, str],
    error: type[MinerError],
    text: str | None,
    miner: Miner,
    archives: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    after_the_first_read(monkeypatch, partial(miner.set, **state))
    with pytest.raises(error, match=text):
        installed(over_requests, miner, archives / f"{NEWER}.swu", wait_s=1.0)
    assert miner.writes() == []


def test_a_miner_that_reboots_in_the_meantime_is_waited_for(
    miner: Miner, archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_the_first_read(monkeypatch, lambda: (miner.set(power="off"), miner.set(power="on")))
    assert installed(over_requests, miner, archives / f"{NEWER}.swu").value == NEWER
    assert miner.state()["flashed"] == 1


@both_drivers
def test_check_mode_says_so_and_sends_nothing(drive: Drive, miner: Miner, archives: Path) -> None:
    assert installed(drive, miner, archives / f"{NEWER}.swu", check_mode=True).changed
    assert miner.writes() == []


@both_drivers
def test_without_wait_a_checked_archive_is_enough(drive: Drive, miner: Miner, archives: Path) -> None:
    outcome = installed(drive, miner, archives / f"{NEWER}.swu", to_end=False)
    assert (outcome.changed, outcome.value) == (True, NEWER)


def test_what_is_not_fit_is_refused_before_it_is_sent(miner: Miner, archives: Path) -> None:
    with pytest.raises(Downgrade):
        installed(over_requests, miner, archives / f"{OLDER}.swu")
    miner.set(hwver="99")
    with pytest.raises(InvalidFirmware, match="Use the firmware for its model"):
        installed(over_requests, miner, archives / f"{NEWER}.swu")
    miner.set(hwver="")
    with pytest.raises(BadReply, match="does not report its type and hardware"):
        installed(over_requests, miner, archives / f"{NEWER}.swu")
    assert miner.writes() == []


@both_drivers
def test_a_stuck_updater_is_named_and_recovered_on_demand(drive: Drive, miner: Miner, archives: Path) -> None:
    miner.set(updater="wedged", busy_reply="500")
    with pytest.raises(UpdaterStuck, match="recover=true"):
        installed(drive, miner, archives / f"{NEWER}.swu")
    assert installed(drive, miner, archives / f"{NEWER}.swu", recover=True).value == NEWER


@pytest.mark.parametrize("state", ["wedged", "dead"])
@pytest.mark.parametrize(("freed_by", "booted"), [("restart", 1), ("reboot", 2)])
def test_a_stuck_updater_is_restarted_first_where_the_firmware_can(
    state: str, freed_by: str, booted: int, sisters: dict[str, Iterator[Miner]], archives: Path
) -> None:
    """A miner boots once for the new firmware, and before that only if nothing else has helped."""
    miner = next(sisters["T2T+"])
    miner.set(updater=state, busy_reply="500", updater_freed_by=freed_by)
    lines_shown: list[str] = []
    assert (
        installed(over_requests, miner, archives / f"{OF_SOC}.swu", lines_shown=lines_shown, recover=True).value
        == OF_SOC
    )
    assert sum("restarting it" in line for line in lines_shown) == 1
    assert sum("rebooting the miner" in line for line in lines_shown) == booted - 1
    writes = [write["action"] for write in miner.writes() if write["action"]]
    assert writes == ["restartSwupdate", *["reboot"] * (booted - 1)]


def test_an_updater_that_is_not_stuck_is_not_restarted(sisters: dict[str, Iterator[Miner]], archives: Path) -> None:
    miner = next(sisters["T2T+"])
    installed(over_requests, miner, archives / f"{OF_SOC}.swu", recover=True)
    assert [write["path"] for write in miner.writes()] == ["/upgrade/upload"]


def test_an_archive_is_for_one_board(miner: Miner, sisters: dict[str, Iterator[Miner]], archives: Path) -> None:
    with pytest.raises(InvalidFirmware, match=r"The miner is a t1\.g19, but the archive is for t2t\+\.soc\."):
        installed(over_requests, miner, archives / f"{OF_SOC}.swu")
    sister = next(sisters["T2T+"])
    with pytest.raises(InvalidFirmware, match=r"The miner has the board soc, but the archive is for g19\."):
        installed(over_requests, sister, archives / "wrong_board.swu")
    assert miner.writes() == sister.writes() == []


@both_drivers
def test_firmware_that_makes_another_model_of_a_miner_is_installed_with_a_warning(
    drive: Drive, sisters: dict[str, Iterator[Miner]], archives: Path
) -> None:
    warnings: list[str] = []
    miner = next(sisters["B29"])
    archive = archives / f"{OF_D9}.swu"
    assert installed(drive, miner, archive, check_mode=True, warnings=warnings).changed
    assert installed(drive, miner, archive, warnings=warnings).value == OF_D9
    (warning,) = set(warnings)
    assert f"its version is {OF_D9}. With it, this B29 becomes a D9" in warning


def test_firmware_for_two_models_is_no_reason_to_warn_one_that_stays_what_it_is(
    sisters: dict[str, Iterator[Miner]], archives: Path
) -> None:
    warnings: list[str] = []
    installed(over_requests, next(sisters["B29"]), archives / f"{OF_B29}.swu", True, warnings=warnings)
    assert warnings == []


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        ("flash_fails", FlashFailed, "did not install"),
        ("boots_old", FlashFailed, "fell back to the old one"),
    ],
)
def test_a_failure_says_why(fault: str, error: type[MinerError], text: str, miner: Miner, archives: Path) -> None:
    miner.fault(fault)
    with pytest.raises(error, match=text):
        installed(over_requests, miner, archives / f"{NEWER}.swu")


def test_one_that_does_not_come_back_in_time_is_not_back(miner: Miner, archives: Path) -> None:
    miner.set(timing={"boot_s": 1_000_000})
    with pytest.raises(NotBack, match="has not come back from its reboot") as caught:
        installed(over_requests, miner, archives / f"{NEWER}.swu", wait_s=10.0)
    assert caught.value.changed
