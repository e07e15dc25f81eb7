# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of an upgrade, in whatever order things happen."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils.upgrade import (
    ENDS,
    JUDGED,
    TRANSITIONS,
    Event,
    Phase,
    Upgrade,
)

RECORDINGS = Path(__file__).parents[1] / "data/recordings"
QUIET, HANDED_OVER, BUSY, LOST = Event.QUIET, Event.HANDED_OVER, Event.BUSY, Event.HAND_OVER_LOST
START, RUN, SUCCESS, FAILURE, DONE = Event.START, Event.RUN, Event.SUCCESS, Event.FAILURE, Event.DONE
SOCKET_LOST, SILENT, REBOOTED, NOT_REBOOTED = Event.SOCKET_LOST, Event.SILENT, Event.REBOOTED, Event.NOT_REBOOTED


def after(*events: Event) -> Phase:
    upgrade = Upgrade()
    for event in events:
        upgrade.feed(event)
    return upgrade.phase


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([QUIET, START, HANDED_OVER, RUN, SUCCESS, DONE, REBOOTED], Phase.RESTARTED),
        ([QUIET, START, RUN, HANDED_OVER, SUCCESS, REBOOTED], Phase.RESTARTED),
        ([QUIET, START, RUN, SUCCESS, HANDED_OVER, REBOOTED], Phase.RESTARTED),
        ([QUIET, HANDED_OVER, RUN, SOCKET_LOST, SUCCESS, REBOOTED], Phase.RESTARTED),
        ([QUIET, HANDED_OVER, RUN, SOCKET_LOST, REBOOTED], Phase.RESTARTED),
        ([QUIET, HANDED_OVER, RUN, DONE, REBOOTED], Phase.RESTARTED),
        ([QUIET, HANDED_OVER, REBOOTED], Phase.RESTARTED),
        ([QUIET, HANDED_OVER, RUN, SUCCESS, FAILURE], Phase.RESTARTING),
        ([QUIET, HANDED_OVER, RUN, SUCCESS, NOT_REBOOTED], Phase.FAILED),
        ([QUIET, HANDED_OVER, START, FAILURE], Phase.FAILED),
        ([QUIET, FAILURE], Phase.DOOMED),
        ([QUIET, START, FAILURE, HANDED_OVER], Phase.FAILED),
        ([QUIET, FAILURE, START, HANDED_OVER], Phase.JUDGING),
        ([QUIET, HANDED_OVER, SILENT], Phase.UNKNOWN),
        ([QUIET, HANDED_OVER, RUN, SILENT, NOT_REBOOTED], Phase.FAILED),
        ([QUIET, HANDED_OVER, RUN, SILENT, RUN], Phase.FLASHING),
        ([QUIET, LOST, NOT_REBOOTED], Phase.FAILED),
        ([QUIET, LOST, REBOOTED], Phase.RESTARTED),
        ([QUIET, BUSY, SILENT], Phase.STUCK),
        ([QUIET, BUSY, RUN, SUCCESS], Phase.RESTARTING),
        ([QUIET, RUN, BUSY], Phase.FLASHING),
        ([RUN], Phase.FLASHING),
        ([RUN, QUIET], Phase.FLASHING),
        ([SUCCESS], Phase.RESTARTING),
        ([START, QUIET], Phase.HANDING_OVER),
    ],
)
def test_each_course_ends_where_it_must(events: list[Event], phase: Phase) -> None:
    assert after(*events) is phase


@pytest.mark.parametrize("order", list(permutations([HANDED_OVER, RUN, SUCCESS])))
def test_the_reply_and_the_frames_may_come_in_any_order(order: tuple[Event, ...]) -> None:
    assert after(QUIET, *order) in (Phase.RESTARTING, Phase.FLASHING)
    assert after(QUIET, *order, SUCCESS, REBOOTED) is Phase.RESTARTED


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("end", sorted(ENDS, key=lambda phase: phase.name))
def test_nothing_follows_an_end(end: Phase, event: Event) -> None:
    upgrade = Upgrade()
    upgrade.phase = end
    upgrade.feed(event)
    assert upgrade.phase is end


def test_each_phase_can_be_reached_and_left() -> None:
    reached = {phase for targets in TRANSITIONS.values() for phase in targets.values()}
    assert reached | {Phase.LISTENING} == set(Phase)
    assert set(TRANSITIONS) == set(Phase) - ENDS
    assert ENDS < JUDGED


def recorded(name: str) -> list[str]:
    lines = (RECORDINGS / f"upgrade-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["frame"] for line in lines]


def listened_to(frames: list[str]) -> Upgrade:
    upgrade = Upgrade()
    upgrade.feed(QUIET)
    upgrade.feed(HANDED_OVER)
    for frame in frames:
        upgrade.hear(frame)
    return upgrade


def test_a_recorded_success_ends_in_the_reboot() -> None:
    upgrade = listened_to(recorded("success"))
    assert (upgrade.phase, upgrade.percent) == (Phase.RESTARTING, 100.0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("truncated", "HASH mismatch"), ("wrong-hardware", "SW not compatible with hardware")],
)
def test_a_recorded_failure_has_its_reason_in_either_order(name: str, reason: str) -> None:
    frames = recorded(name)
    messages = [frame for frame in frames if '"message"' in frame]
    others = [frame for frame in frames if '"message"' not in frame]
    for order in (others + messages, messages + others):
        upgrade = listened_to(order)
        assert upgrade.phase is Phase.FAILED
        assert upgrade.reason.startswith("Image invalid or corrupted. Not installing: ")
        assert reason in upgrade.reason


def test_a_failure_of_which_nothing_was_heard_says_so() -> None:
    assert "nothing more was heard" in Upgrade().reason


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", '{"type": "info", "source": "a"b"}', '{"type": "step"}', '{"type": 1}']
)
def test_a_frame_that_tells_nothing_changes_nothing(frame: str) -> None:
    upgrade = listened_to([])
    assert not upgrade.hear(frame)
    assert (upgrade.phase, upgrade.percent) == (Phase.JUDGING, 0.0)


def test_the_percentage_is_that_of_all_steps() -> None:
    upgrade = listened_to(['{"type": "step", "number": "4", "step": "3", "name": "uImage", "percent": "50"}'])
    assert (upgrade.phase, upgrade.percent) == (Phase.FLASHING, 62.5)


@pytest.mark.parametrize(
    ("events", "was_heard"),
    [
        ([QUIET, LOST, REBOOTED], False),
        ([QUIET, START, HANDED_OVER, REBOOTED], False),
        ([QUIET, HANDED_OVER, RUN, SOCKET_LOST, REBOOTED], True),
        ([SUCCESS, REBOOTED], True),
    ],
)
def test_only_the_updater_itself_tells_that_it_writes(events: list[Event], was_heard: bool) -> None:
    upgrade = Upgrade()
    for event in events:
        upgrade.feed(event)
    assert upgrade.was_heard is was_heard
