# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a firmware upgrade goes, without any I/O.

An :class:`Upgrade` is fed with what happens, in whatever order it does, and always knows its phase. What is kept here
is only what decides about the next phase or is told to the user; who sends, listens and asks is of no concern.

The updater's statuses and texts come from two of its threads, so their order says nothing. A socket that is lost may
mean that the miner has rebooted, as it does by itself right after a success.
"""

from __future__ import annotations

from enum import Enum

from ansible_collections.minerops.dragonmint.plugins.module_utils import protocol


class Phase(Enum):
    """Where an upgrade is; the value is what a user is told."""

    LISTENING = "listening"
    HANDING_OVER = "handing over the firmware"
    OVERTAKEN = "handing over the firmware, and the updater is at work already"
    DOOMED = "handing over the rest of the firmware, which has failed"
    JOINING = "joining the update that is under way"
    JUDGING = "the miner checks the firmware"
    FLASHING = "the miner writes the firmware"
    UNKNOWN = "nothing is heard, asking the miner"
    RESTARTING = "the miner reboots"
    RESTARTED = "the miner has rebooted"
    FAILED = "failed"
    STUCK = "stuck"


class Event(Enum):
    """What can happen to an upgrade."""

    START = "the updater has begun"
    RUN = "the updater writes"
    SUCCESS = "the updater has succeeded"
    FAILURE = "the updater has failed"
    DONE = "the updater has ended"
    QUIET = "no update is under way"
    HANDED_OVER = "the miner has all of the firmware"
    BUSY = "the updater refuses another one"
    HAND_OVER_LOST = "the connection broke while handing over"
    SOCKET_LOST = "the updater can't be heard any more"
    SILENT = "nothing was heard for too long"
    REBOOTED = "the miner has rebooted"
    NOT_REBOOTED = "the miner still runs and has not rebooted"


ENDS = frozenset({Phase.RESTARTED, Phase.FAILED, Phase.STUCK})
JUDGED = frozenset({Phase.FLASHING, Phase.RESTARTING}) | ENDS

# What is not in the table changes nothing.
TRANSITIONS: dict[Phase, dict[Event, Phase]] = {
    Phase.LISTENING: {
        Event.QUIET: Phase.HANDING_OVER,
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
    },
    Phase.HANDING_OVER: {
        Event.RUN: Phase.OVERTAKEN,
        Event.SUCCESS: Phase.RESTARTING,
        Event.FAILURE: Phase.DOOMED,
        Event.HANDED_OVER: Phase.JUDGING,
        Event.BUSY: Phase.JOINING,
        Event.HAND_OVER_LOST: Phase.UNKNOWN,
    },
    Phase.OVERTAKEN: {
        Event.SUCCESS: Phase.RESTARTING,
        Event.FAILURE: Phase.DOOMED,
        Event.HANDED_OVER: Phase.FLASHING,
        Event.BUSY: Phase.FLASHING,
        Event.HAND_OVER_LOST: Phase.UNKNOWN,
    },
    Phase.DOOMED: {
        Event.START: Phase.HANDING_OVER,
        Event.RUN: Phase.OVERTAKEN,
        Event.HANDED_OVER: Phase.FAILED,
        Event.BUSY: Phase.FAILED,
        Event.HAND_OVER_LOST: Phase.FAILED,
    },
    Phase.JOINING: {
        Event.START: Phase.FLASHING,
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
        Event.DONE: Phase.RESTARTING,
        Event.FAILURE: Phase.FAILED,
        Event.SILENT: Phase.STUCK,
        Event.REBOOTED: Phase.RESTARTED,
    },
    Phase.JUDGING: {
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
        Event.DONE: Phase.RESTARTING,
        Event.FAILURE: Phase.FAILED,
        Event.SOCKET_LOST: Phase.UNKNOWN,
        Event.SILENT: Phase.UNKNOWN,
        Event.REBOOTED: Phase.RESTARTED,
    },
    Phase.FLASHING: {
        Event.SUCCESS: Phase.RESTARTING,
        Event.DONE: Phase.RESTARTING,
        Event.FAILURE: Phase.FAILED,
        Event.SOCKET_LOST: Phase.UNKNOWN,
        Event.SILENT: Phase.UNKNOWN,
        Event.REBOOTED: Phase.RESTARTED,
    },
    Phase.UNKNOWN: {
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
        Event.FAILURE: Phase.FAILED,
        Event.REBOOTED: Phase.RESTARTED,
        Event.NOT_REBOOTED: Phase.FAILED,
    },
    Phase.RESTARTING: {
        Event.REBOOTED: Phase.RESTARTED,
        Event.NOT_REBOOTED: Phase.FAILED,
    },
}

_STATUS_EVENTS = {
    "START": Event.START,
    "RUN": Event.RUN,
    "SUCCESS": Event.SUCCESS,
    "FAILURE": Event.FAILURE,
    "DONE": Event.DONE,
}


class Upgrade:
    """An upgrade of one miner: its phase, how far it is in percent, and what the updater said about a failure.

    ``was_heard`` tells that the updater itself said that it writes, or has written, ``unanswered`` why the miner could
    not say whether it has rebooted when it was asked last.
    """

    def __init__(self) -> None:
        self.phase = Phase.LISTENING
        self.percent = 0.0
        self.was_heard = False
        self.unanswered: str | None = None
        self._verdict: str | None = None
        self._error: str | None = None

    def feed(self, event: Event) -> None:
        """Takes in what happened."""
        self.was_heard = self.was_heard or event in (Event.RUN, Event.SUCCESS)
        self.phase = TRANSITIONS.get(self.phase, {}).get(event, self.phase)

    def hear(self, text: str) -> bool:
        """Takes in a frame of the updater's websocket; False if it tells nothing."""
        frame = protocol.parse_frame(text)
        if frame is None:
            return False
        if frame.percent is not None:
            self.percent = frame.percent
            self.feed(Event.RUN)
        if frame.status in _STATUS_EVENTS:
            self.feed(_STATUS_EVENTS[frame.status])
        if frame.text and frame.is_verdict:
            self._verdict = frame.text
            self.feed(Event.FAILURE)
        elif frame.text and frame.text.startswith("ERROR"):
            self._error = frame.text.split(" : ", 3)[-1]
        return True

    @property
    def reason(self) -> str:
        """Why the updater failed, as far as it has said."""
        texts = [text.rstrip(" .!") for text in (self._verdict, self._error) if text]
        return ": ".join(texts) or "nothing more was heard of it, and it has not rebooted"
