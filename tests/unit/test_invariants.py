# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each invariant of the soak test is violated by the record of a bad run, and by no other record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.soak.invariants import (
    Reported,
    broken_by_any_run,
    broken_by_check_mode,
    broken_by_flashing,
    broken_by_untruth,
    flashes,
    most_at_once,
    repeated_writes,
    writes_in,
)

Records = list[dict[str, Any]]

OLD, NEW = "t1_20180515_060842", "t1_20180901_120000"
POOLS, OTHER_POOLS = [{"url": "stratum+tcp://a:1"}], [{"url": "stratum+tcp://b:1"}]
STATE: dict[str, Any] = {
    "pools": POOLS,
    "autotune": {"mode": "efficient", "level": "2", "keys": {}},
    "network": {"mode": "static", "ipaddress": "127.0.0.2", "netmask": "", "gateway": "", "dns": [], "up": True},
    "users": {"admin": "a"},
    "firmware": OLD,
    "flashed": 0,
    "booted_at": -1000.0,
}


def read(action: str = "summary", **values: Any) -> dict[str, Any]:
    return {
        "time": 0.0,
        "path": f"/api/{action}",
        "action": action,
        "form": {},
        "write": False,
        "applied": False,
        "replied": True,
        "outcome": "answered",
        "awaited": 1,
        **values,
    }


def write(action: str = "updatePools", **values: Any) -> dict[str, Any]:
    return read(action, **{"write": True, "applied": True, "form": {"Pool1": "a"}, **values})


def upload(**values: Any) -> dict[str, Any]:
    archive = {"filename": "new.swu", "size": 9}
    return {**write(form={}), "action": None, "path": "/upgrade/upload", **archive, **values}


LOST = {"replied": False, "outcome": "lost_reply"}
REFUSED = {"applied": False}
ONCE: dict[str, Records] = {
    "reads": [read(), read()],
    "one": [read("pools"), write(), read("pools")],
    "lost and looked after": [write(**LOST), read("pools"), read("pools")],
    "others": [write(), write(form={"Pool1": "b"}), write("setAutoTune")],
    "refused for its login": [write(**REFUSED), read("auth"), write()],
    "a detour": [write("setAutoTune", **REFUSED), write("setAutoTune", form={"autotune": "x"}), write("setAutoTune")],
    "a stuck updater": [upload(**REFUSED), write("reboot", form={}), upload(result="installed")],
}
TWICE: dict[str, Records] = {
    "at once": [write(), write()],
    "answered": [write(), read("pools"), write()],
    "ignored": [write(**REFUSED), read("pools"), write()],
    "lost": [write(**LOST), read("pools"), write()],
    "lost, not done": [write(**LOST, **REFUSED), read("pools"), write()],
    "lost, new login": [write(**LOST, **REFUSED), read("auth"), write()],
    "done, new login": [write(), read("auth"), write()],
    "lost, another between": [write(**LOST), write("setAutoTune"), write()],
    "uploads": [upload(**LOST), read("overview"), upload()],
}


@pytest.mark.parametrize("records", ONCE.values(), ids=ONCE)
def test_what_is_sent_once_is_no_repetition(records: Records) -> None:
    assert repeated_writes(records) == []
    assert broken_by_any_run(records) == []


@pytest.mark.parametrize("records", TWICE.values(), ids=TWICE)
def test_a_write_that_is_sent_twice_is_found(records: Records) -> None:
    assert len(repeated_writes(records)) == 1
    (sentence,) = broken_by_any_run(records)
    assert "was sent again" in sentence


def test_what_is_found_can_be_read() -> None:
    (sentence,) = broken_by_any_run([write(time=1.0, **LOST), read("pools", time=2.0), write(time=4.5)])
    assert sentence == (
        "updatePools was sent again 3.5 s later, although its reply was lost, so that it may have been done: "
        "1.00 s updatePools {'Pool1': 'a'} -> lost_reply, no reply, applied; 2.00 s pools -> answered; "
        "4.50 s updatePools {'Pool1': 'a'} -> answered, applied."
    )


def test_writes_in_check_mode_are_found() -> None:
    assert broken_by_check_mode([read(), read("auth")]) == []
    records = [read(), write("reboot", form={}), upload()]
    assert writes_in(records) == records[1:]
    first, second = broken_by_check_mode(records)
    assert first.startswith("reboot was sent in check mode")
    assert second.startswith("/upgrade/upload was sent in check mode")


def test_what_is_asked_at_once_is_counted() -> None:
    assert most_at_once([]) == 0
    records = [read(), read(awaited=2)]
    assert most_at_once(records) == 2
    assert broken_by_any_run(records) == []
    (sentence,) = broken_by_any_run([*records, read(awaited=3)])
    assert "3 requests to answer at once" in sentence


def test_what_was_flashed_is_counted() -> None:
    records = [upload(result="no_room"), upload(filename="a", result="installed"), write(result=None)]
    assert flashes(records) == records[1:2]
    assert broken_by_any_run(records) == []
    (sentence,) = broken_by_any_run([*records, upload(filename="b", result="installed")])
    assert "flashed 2 times" in sentence


@pytest.mark.parametrize(
    ("firmware", "count", "is_fine"),
    [(OLD, 0, True), (OLD, 1, True), (OLD, 2, False), (NEW, 0, True), (NEW, 1, False)],
)
def test_a_miner_is_flashed_once_and_only_where_it_must(firmware: str, count: int, is_fine: bool) -> None:
    before, after = {**STATE, "firmware": firmware}, {**STATE, "firmware": NEW, "flashed": count}
    assert (broken_by_flashing(before, after, NEW) == []) == is_fine


CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "pools": ("dragonmint_pools", {"pools": OTHER_POOLS}, write()),
    "mode": ("dragonmint_autotune", {"autotune": {"mode": "balanced", "level": "2"}}, write("setAutoTune")),
    "level": ("dragonmint_autotune", {"autotune": {"mode": "efficient", "level": "3"}}, write("setAutoTune")),
    "network": ("dragonmint_network", {"network": {**STATE["network"], "mode": "dhcp"}}, write("updateNetwork")),
    "user": ("dragonmint_user", {"users": {"admin": "b"}}, write("updatePassword")),
    "firmware": ("dragonmint_firmware", {"flashed": 1}, upload()),
}


@pytest.mark.parametrize(("module", "change", "sent"), CHANGES.values(), ids=CHANGES)
def test_changed_is_held_against_the_state(module: str, change: dict[str, Any], sent: dict[str, Any]) -> None:
    after, records = {**STATE, **change}, [sent]
    assert broken_by_untruth([Reported(module, True)], STATE, after, records) == []
    assert broken_by_untruth([Reported(module, False)], STATE, STATE, records) == []
    assert broken_by_untruth([Reported(module, False), Reported(module, True)], STATE, after, records) == []
    assert len(broken_by_untruth([Reported(module, False)], STATE, after, records)) == 1
    assert len(broken_by_untruth([Reported(module, True)], STATE, STATE, records)) == 1
    assert len(broken_by_untruth([Reported(module, False, "not_applied")], STATE, after, records)) == 1
    assert len(broken_by_untruth([Reported(module, True)], STATE, after, [read()])) == 1
    assert len(broken_by_untruth([Reported(module, True)], STATE, after, [write("setMonitor")])) == 1
    assert broken_by_untruth([Reported("dragonmint_facts", True)], STATE, STATE, []) == []
    assert len(broken_by_untruth([], STATE, after, records)) == 1


def test_what_nobody_can_know_counts_as_changed() -> None:
    not_back = Reported("dragonmint_pools", True, "not_back")
    assert broken_by_untruth([not_back], STATE, STATE, [write()]) == []
    assert broken_by_untruth([not_back], STATE, {**STATE, "pools": OTHER_POOLS}, [write()]) == []
    assert len(broken_by_untruth([not_back], STATE, STATE, [read()])) == 1
    assert len(broken_by_untruth([Reported("dragonmint_pools", False, "not_back")], STATE, STATE, [write()])) == 1
    assert len(broken_by_untruth([Reported("dragonmint_pools", True, "timeout")], STATE, STATE, [write()])) == 1


def test_a_reboot_that_hides_the_result_of_an_upload_counts_as_changed() -> None:
    rebooted, reported = {**STATE, "booted_at": 9.0}, [Reported("dragonmint_firmware", True, "flash_failed")]
    assert broken_by_untruth(reported, STATE, rebooted, [upload(**LOST)]) == []
    assert len(broken_by_untruth(reported, STATE, STATE, [upload(**LOST)])) == 1
    assert len(broken_by_untruth(reported, STATE, rebooted, [upload()])) == 1
    silent = [Reported("dragonmint_firmware", False, "flash_failed")]
    assert len(broken_by_untruth(silent, STATE, rebooted, [upload(**LOST)])) == 1


def test_check_mode_needs_no_write_to_say_changed() -> None:
    desired = {**STATE, "pools": OTHER_POOLS}
    assert broken_by_untruth([Reported("dragonmint_pools", True)], STATE, desired, None) == []
    assert len(broken_by_untruth([Reported("dragonmint_pools", False)], STATE, desired, None)) == 1
    assert len(broken_by_untruth([Reported("dragonmint_pools", True)], STATE, STATE, None)) == 1


def test_restarts_are_no_change() -> None:
    state = {**STATE, "uptime_s": 9.0, "ready": False, "autotune": {**STATE["autotune"], "keys": {"T1auto": True}}}
    assert broken_by_untruth([Reported(name, False) for name in ("dragonmint_autotune", "x")], STATE, state, []) == []
