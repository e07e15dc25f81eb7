# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of an upgrade, with events in any order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import (
    ENDS,
    TRANSITIONS,
    Event,
    Phase,
    Upgrade,
)

RECORDINGS = Path(__file__).parents[1] / "data/recordings"
QUIET, SENT, BUSY, LOST = Event.QUIET, Event.SENT, Event.BUSY, Event.SENDING_LOST
START, RUN, SUCCESS, FAILURE, DONE = Event.START, Event.RUN, Event.SUCCESS, Event.FAILURE, Event.DONE
SOCKET_LOST, SILENT, REBOOTED, NOT_REBOOTED = Event.SOCKET_LOST, Event.SILENT, Event.REBOOTED, Event.NOT_REBOOTED
GONE, TIME_IS_UP = Event.GONE, Event.TIME_IS_UP


def after(*events: Event) -> Phase:
    upgrade = Upgrade()
    for event in events:
        upgrade.feed(event)
    return upgrade.phase


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([QUIET, START, SENT, RUN, SUCCESS, DONE, REBOOTED], Phase.RESTARTED),
        ([QUIET, START, RUN, SENT, SUCCESS, REBOOTED], Phase.RESTARTED),
        ([QUIET, START, RUN, SUCCESS, SENT, REBOOTED], Phase.RESTARTED),
        ([QUIET, SENT, RUN, SOCKET_LOST, SUCCESS, REBOOTED], Phase.RESTARTED),
        ([QUIET, SENT, RUN, SOCKET_LOST, REBOOTED], Phase.RESTARTED),
        ([QUIET, SENT, RUN, DONE, REBOOTED], Phase.RESTARTED),
        ([QUIET, SENT, REBOOTED], Phase.RESTARTED),
        ([QUIET, SENT, RUN, SUCCESS, FAILURE], Phase.RESTARTING),
        ([QUIET, SENT, RUN, SUCCESS, NOT_REBOOTED], Phase.FAILED),
        ([QUIET, SENT, START, FAILURE], Phase.FAILED),
        ([QUIET, FAILURE], Phase.SENDING_AFTER_FAILURE),
        ([QUIET, START, FAILURE, SENT], Phase.FAILED),
        ([QUIET, FAILURE, START, SENT], Phase.CHECKING),
        ([QUIET, SENT, SILENT], Phase.UNKNOWN),
        ([QUIET, SENT, RUN, SILENT, NOT_REBOOTED], Phase.FAILED),
        ([QUIET, SENT, RUN, SILENT, RUN], Phase.FLASHING),
        ([QUIET, SENT, TIME_IS_UP, NOT_REBOOTED], Phase.FAILED),
        # An updater that is heard writing is only late.
        ([QUIET, SENT, RUN, TIME_IS_UP], Phase.FLASHING),
        ([QUIET, RUN, BUSY], Phase.FLASHING),
        ([QUIET, RUN, LOST], Phase.UNKNOWN),
        ([QUIET, RUN, LOST, NOT_REBOOTED], Phase.FAILED),
        ([QUIET, FAILURE, BUSY], Phase.FAILED),
        ([QUIET, FAILURE, LOST], Phase.FAILED),
        # The updater behind a web server that could not pass on an upload comes back, or is heard after all.
        ([QUIET, SENT, GONE], Phase.CHECKING),
        ([QUIET, SENT, RUN, GONE], Phase.FLASHING),
        ([RUN], Phase.FLASHING),
        ([RUN, QUIET], Phase.FLASHING),
        ([SUCCESS], Phase.RESTARTING),
        ([START, QUIET], Phase.SENDING),
    ],
)
def test_each_course_ends_where_it_must(events: list[Event], phase: Phase) -> None:
    assert after(*events) is phase


@pytest.mark.parametrize("refusal", [BUSY, LOST], ids=lambda event: event.name)
@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([], Phase.NOT_ACCEPTED),
        ([SILENT], Phase.NOT_ACCEPTED),
        ([SOCKET_LOST], Phase.NOT_ACCEPTED),
        ([NOT_REBOOTED], Phase.STUCK),
        ([SILENT, NOT_REBOOTED], Phase.STUCK),
        ([GONE], Phase.STUCK),
        ([REBOOTED], Phase.RESTARTED),
        ([START], Phase.CHECKING),
        ([START, FAILURE], Phase.FAILED),
        ([START, SILENT, NOT_REBOOTED], Phase.FAILED),
        ([FAILURE], Phase.FAILED),
        ([RUN, SUCCESS], Phase.RESTARTING),
        ([SUCCESS], Phase.RESTARTING),
        ([DONE], Phase.RESTARTING),
    ],
)
def test_an_unconfirmed_upload_counts_as_refused_unless_the_updater_reports(
    refusal: Event, events: list[Event], phase: Phase
) -> None:
    assert after(QUIET, refusal, *events) is phase


@pytest.mark.parametrize("order", list(permutations([SENT, RUN, SUCCESS])))
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


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("is_connected", [False, True])
def test_an_end_is_an_end_whatever_is_waited_for(phase: Phase, is_connected: bool) -> None:
    upgrade = Upgrade()
    upgrade.phase = phase
    assert upgrade.is_over(True, is_connected) is (phase in ENDS)
    is_checked = phase in (*ENDS, Phase.FLASHING, Phase.RESTARTING)
    assert upgrade.is_over(False, is_connected) is (is_checked or (phase is Phase.CHECKING and not is_connected))
    assert not (upgrade.is_hidden and phase in ENDS)


def recorded(name: str) -> list[str]:
    lines = (RECORDINGS / f"upgrade-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["frame"] for line in lines]


def listened_to(frames: list[str]) -> Upgrade:
    upgrade = Upgrade()
    upgrade.feed(QUIET)
    upgrade.feed(SENT)
    for frame in frames:
        upgrade.feed_frame(frame)
    return upgrade


def test_a_recorded_success_ends_in_the_reboot() -> None:
    upgrade = listened_to(recorded("success"))
    assert (upgrade.phase, upgrade.percent) == (Phase.RESTARTING, 100.0)


START_FRAMES = [
    '{"type": "status", "status": "START"}',
    '{"type": "source", "source": "WEBSERVER"}',
    '{"type": "info", "source": "new.swu"}',
]
FAILURE_FRAME = '{"type": "status", "status": "FAILURE"}'
NOT_INSTALLING = "Image invalid or corrupted. Not installing ..."
NO_SOFTWARE = "ERROR corelib/stream_interface.c : extract_files : 156 : Compatible SW not found "
NO_PARSER = "ERROR core/parser.c : parse : 98 : no parser available to parse sw-description! "
NO_JSON = "ERROR parser/parser.c : parse_json : 760 : JSON File corrupted "
VERIFYING = "[swupdate_verify_file] : Verify signed image: Read 453 bytes "
NOT_FIRST = "[extract_file_to_tmp] : description file name not the first of the list"


def message(text: str, level: str = "6") -> str:
    return json.dumps({"type": "message", "level": level, "text": text})


@dataclass(frozen=True)
class Failure:
    """How an update fails: whether it gets as far as START, the updater's texts, and the cause to report."""

    texts: tuple[str, ...]
    cause: str
    starts: bool = False
    verdict: str = NOT_INSTALLING

    @property
    def statuses(self) -> list[str]:
        return [*(START_FRAMES if self.starts else []), FAILURE_FRAME]

    @property
    def messages(self) -> list[str]:
        texts = ("Software Update started !", *self.texts)
        return [*map(message, texts), message(self.verdict, "3"), message("Waiting for requests...")]


FAILURES = {
    "wrong-hardware": Failure(
        (
            "[parse_hw_compatibility] : Accepted Hw Revision : t2.g19",
            VERIFYING,
            "[swupdate_verify_file] : Verified OK ",
            "[check_hw_compatibility] : Hardware g19 Revision: t1.g19",
            "ERROR corelib/stream_interface.c : extract_files : 161 : SW not compatible with hardware ",
        ),
        "it is for other hardware ('SW not compatible with hardware')",
        starts=True,
    ),
    "damaged": Failure(
        (
            "[extract_files] : Found file:  filename rootfs.ubi  size 200000 required",
            "ERROR core/cpio_utils.c : copyfile : 438 : HASH mismatch : 37546af3 <--> 9a9cd919",
        ),
        "the archive is damaged or cut off, since a checksum is wrong ('HASH mismatch : 37546af3 <--> 9a9cd919')",
        starts=True,
    ),
    "bad-checksum": Failure(
        ("ERROR corelib/stream_interface.c : extract_files : 212 : Checksum WRONG ! Computed 0x1x ",),
        "the archive is damaged or cut off, since a checksum is wrong ('Checksum WRONG ! Computed 0x1x')",
        starts=True,
    ),
    "bad-signature": Failure(
        (
            VERIFYING,
            "ERROR corelib/verify_signature.c : verify_final : 104 : EVP_DigestVerifyFinal failed, error 0x0407008a 0 ",
            "[swupdate_verify_file] : Error Verifying Data ",
            NO_SOFTWARE,
        ),
        "its signature is not from the vendor's key ('EVP_DigestVerifyFinal failed, error 0x0407008a 0')",
    ),
    "unsigned": Failure(
        (f"{NOT_FIRST}: BOOT.bin instead of sw-description.sig",),
        "the archive is not signed ('description file name not the first of the list: "
        "BOOT.bin instead of sw-description.sig')",
    ),
    "no-description": Failure(
        (f"{NOT_FIRST}: BOOT.bin instead of sw-description",),
        "the archive does not begin with a description ('description file name not the first of the list: "
        "BOOT.bin instead of sw-description')",
    ),
    "no-cpio": Failure(
        (
            "ERROR core/cpio_utils.c : get_cpiohdr : 36 : CPIO Format not recognized: magic not found ",
            "ERROR core/cpio_utils.c : extract_cpio_header : 490 : CPIO Header corrupted, cannot be parsed",
        ),
        "the archive is not a cpio archive of format crc, or it is cut off "
        "('CPIO Format not recognized: magic not found')",
    ),
    "unparsable": Failure(
        (NO_JSON, NO_PARSER, NO_SOFTWARE),
        "the archive's description can't be read ('JSON File corrupted')",
    ),
    "other-board": Failure(
        ("ERROR parser/parser.c : parser : 665 : Found nothing to install ", NO_JSON, NO_PARSER, NO_SOFTWARE),
        "the archive has nothing for this board ('Found nothing to install')",
    ),
    "no-hash": Failure(
        ("ERROR core/parser.c : check_missing_hash : 52 : Hash not set for uImage Aborting ", NO_SOFTWARE),
        "the archive has an image without a checksum ('Hash not set for uImage Aborting')",
    ),
    "no-room": Failure(
        ("ERROR core/cpio_utils.c : copy_write : 93 : cannot write 16384 bytes ",),
        "the miner has no room left to unpack the archive ('cannot write 16384 bytes')",
        starts=True,
    ),
    "image-missing": Failure(
        (
            "[network_initializer] : Valid image found: copying to FLASH",
            "Installation in progress",
            "[install_images] : /tmp/uImage not found or wrong",
        ),
        "the archive lacks an image that its description names ('/tmp/uImage not found or wrong')",
        starts=True,
        verdict="Installation failed !",
    ),
    "not-fetched": Failure(
        (
            "ERROR corelib/channel_curl.c : channel_get_file : 793 : Channel get operation failed (Timeout)",
            "ERROR core/cpio_utils.c : get_cpiohdr : 36 : CPIO Format not recognized: magic not found ",
        ),
        "the miner could not download the archive ('Channel get operation failed (Timeout)')",
    ),
    "flash-worn-out": Failure(
        ("ERROR handlers/flash_handler.c : flash_write_nor : 284 : Failure installing into: mtd3 ",),
        "the updater reported an error ('Failure installing into: mtd3')",
        starts=True,
        verdict="Installation failed !",
    ),
    "without-a-word": Failure((), "the updater reported 'Image invalid or corrupted. Not installing ...'"),
}


def orders(statuses: list[str], messages: list[str]) -> list[list[str]]:
    """Order is kept within each of the two kinds; a failure may come before its cause, and its start after it."""
    return [
        statuses + messages,
        messages + statuses,
        messages[:1] + statuses + messages[1:],
        statuses[:1] + messages + statuses[1:],
    ]


@pytest.mark.parametrize("name", FAILURES)
def test_the_first_error_is_the_cause_in_any_order_of_frames(name: str) -> None:
    failure = FAILURES[name]
    for frames in orders(failure.statuses, failure.messages):
        upgrade = listened_to(frames)
        assert (upgrade.phase, upgrade.reason) == (Phase.FAILED, failure.cause)


@pytest.mark.parametrize("name", ["truncated", "wrong-hardware"])
def test_a_recorded_failure_has_its_cause_in_any_order_of_frames(name: str) -> None:
    cause = FAILURES["damaged" if name == "truncated" else name].cause.partition(" (")[0]
    frames = recorded(name)
    messages = [frame for frame in frames if '"message"' in frame]
    statuses = [frame for frame in frames if '"message"' not in frame]
    for order in orders(statuses, messages):
        upgrade = listened_to(order)
        assert upgrade.phase is Phase.FAILED
        assert upgrade.reason.startswith(cause)


@pytest.mark.parametrize("name", FAILURES)
def test_a_new_update_has_its_own_cause(name: str) -> None:
    earlier, failure = FAILURES["damaged"], FAILURES[name]
    upgrade = Upgrade()
    for frame in earlier.statuses + earlier.messages:
        upgrade.feed_frame(frame)
    upgrade.feed(QUIET)
    upgrade.feed(SENT)
    for frame in failure.statuses + failure.messages:
        upgrade.feed_frame(frame)
    assert (upgrade.phase, upgrade.reason) == (Phase.FAILED, failure.cause)


def test_a_failure_that_was_not_reported_says_so() -> None:
    assert Upgrade().reason == "the updater reported nothing more, and the miner has not rebooted"


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", '{"type": "info", "source": "a"b"}', '{"type": "step"}', '{"type": 1}']
)
def test_a_frame_without_information_changes_nothing(frame: str) -> None:
    upgrade = listened_to([])
    assert not upgrade.feed_frame(frame)
    assert (upgrade.phase, upgrade.percent) == (Phase.CHECKING, 0.0)


def test_the_percentage_is_that_of_all_steps() -> None:
    upgrade = listened_to(['{"type": "step", "number": "4", "step": "3", "name": "uImage", "percent": "50"}'])
    assert (upgrade.phase, upgrade.percent) == (Phase.FLASHING, 62.5)


@pytest.mark.parametrize(
    ("events", "has_reported"),
    [
        ([QUIET, LOST, REBOOTED], False),
        ([QUIET, START, SENT, REBOOTED], False),
        ([QUIET, SENT, RUN, SOCKET_LOST, REBOOTED], True),
        ([SUCCESS, REBOOTED], True),
    ],
)
def test_only_the_updater_itself_reports_that_it_writes(events: list[Event], has_reported: bool) -> None:
    upgrade = Upgrade()
    for event in events:
        upgrade.feed(event)
    assert upgrade.has_reported is has_reported
