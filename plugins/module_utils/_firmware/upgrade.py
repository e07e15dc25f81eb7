# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of a firmware upgrade, without any I/O.

An :class:`Upgrade` is fed with events, in whatever order they occur, and always knows its phase. It stores only what
determines the next phase or is shown to the user; who sends, listens and reads does not matter.

The updater's statuses and texts come from two of its threads, so their order means nothing. A lost socket may mean that
the miner has rebooted, which it does by itself right after a success.

The miner's web server often loses the updater's refusal of an upload, and replies with 502 or drops the connection
instead. So any end of the transfer other than a confirmation counts as a refusal: if an update is heard from then on,
it is followed; if not, the updater is stuck.
"""

from __future__ import annotations

from enum import Enum

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import UPDATE_BEGINS, parse_frame


class Phase(Enum):
    """The phase of an upgrade; the value is what a user sees."""

    LISTENING = "listening"
    SENDING = "sending the firmware"
    SENDING_WHILE_WRITING = "sending the firmware, although the updater is writing already"
    SENDING_AFTER_FAILURE = "sending the rest of the firmware after a failure"
    NOT_ACCEPTED = "the updater did not accept the firmware, listening for an update in progress"
    CHECKING = "the miner is checking the firmware"
    FLASHING = "the miner is writing the firmware"
    UNKNOWN = "no messages from the updater, polling the miner"
    RESTARTING = "the miner is rebooting"
    RESTARTED = "the miner has rebooted"
    FAILED = "failed"
    STUCK = "stuck"


class Event(Enum):
    """What can happen to an upgrade."""

    START = "the updater has started"
    RUN = "the updater is writing"
    SUCCESS = "the updater has succeeded"
    FAILURE = "the updater has failed"
    DONE = "the updater has ended"
    QUIET = "no update is under way"
    SENT = "the miner has all of the firmware"
    BUSY = "the updater refuses another upload"
    SENDING_LOST = "the upload ended without an answer from the updater"
    GONE = "the updater is not running: 502 to the upload, and to the websocket since"
    SOCKET_LOST = "the connection to the updater was lost"
    SILENT = "nothing was heard for too long"
    TIME_IS_UP = "the time to wait is over"
    REBOOTED = "the miner has rebooted"
    NOT_REBOOTED = "nothing was heard for too long, and the miner has not rebooted"


ENDS = frozenset({Phase.RESTARTED, Phase.FAILED, Phase.STUCK})
_CHECKED = frozenset({Phase.FLASHING, Phase.RESTARTING}) | ENDS
# Only the miner itself reveals its state, whether or not the updater can be heard.
_HIDDEN = frozenset({Phase.NOT_ACCEPTED, Phase.UNKNOWN, Phase.RESTARTING})

# Events that are not in the table change nothing.
TRANSITIONS: dict[Phase, dict[Event, Phase]] = {
    Phase.LISTENING: {
        Event.QUIET: Phase.SENDING,
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
    },
    Phase.SENDING: {
        Event.RUN: Phase.SENDING_WHILE_WRITING,
        Event.SUCCESS: Phase.RESTARTING,
        Event.FAILURE: Phase.SENDING_AFTER_FAILURE,
        Event.SENT: Phase.CHECKING,
        Event.BUSY: Phase.NOT_ACCEPTED,
        Event.SENDING_LOST: Phase.NOT_ACCEPTED,
        # With another update's firmware, before anything is sent.
        Event.REBOOTED: Phase.RESTARTED,
    },
    Phase.SENDING_WHILE_WRITING: {
        Event.SUCCESS: Phase.RESTARTING,
        Event.FAILURE: Phase.SENDING_AFTER_FAILURE,
        Event.SENT: Phase.FLASHING,
        Event.BUSY: Phase.FLASHING,
        Event.SENDING_LOST: Phase.UNKNOWN,
    },
    Phase.SENDING_AFTER_FAILURE: {
        Event.START: Phase.SENDING,
        Event.RUN: Phase.SENDING_WHILE_WRITING,
        Event.SENT: Phase.FAILED,
        Event.BUSY: Phase.FAILED,
        Event.SENDING_LOST: Phase.FAILED,
    },
    Phase.NOT_ACCEPTED: {
        Event.START: Phase.CHECKING,
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
        Event.DONE: Phase.RESTARTING,
        Event.FAILURE: Phase.FAILED,
        Event.GONE: Phase.STUCK,
        Event.REBOOTED: Phase.RESTARTED,
        Event.NOT_REBOOTED: Phase.STUCK,
    },
    Phase.CHECKING: {
        Event.RUN: Phase.FLASHING,
        Event.SUCCESS: Phase.RESTARTING,
        Event.DONE: Phase.RESTARTING,
        Event.FAILURE: Phase.FAILED,
        Event.SOCKET_LOST: Phase.UNKNOWN,
        Event.SILENT: Phase.UNKNOWN,
        Event.TIME_IS_UP: Phase.UNKNOWN,
        Event.REBOOTED: Phase.RESTARTED,
    },
    # An updater that is still heard writing when the time is up is merely late.
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
    """An upgrade of one miner: its phase, its progress in percent, and the updater's reason for a failure.

    ``has_reported`` means that the updater itself reported that it writes, or has written. ``refusal`` is how the
    transfer ended if it was not confirmed, ``unanswered`` why the miner's last answer left open whether it has
    rebooted.
    """

    def __init__(self) -> None:
        self.phase = Phase.LISTENING
        self.percent = 0.0
        self.has_reported = False
        self.refusal: str | None = None
        self.unanswered: str | None = None
        self._verdict: str | None = None
        self._cause: str | None = None

    def feed(self, event: Event) -> None:
        """Processes an event."""
        self.has_reported = self.has_reported or event in (Event.RUN, Event.SUCCESS)
        self.phase = TRANSITIONS.get(self.phase, {}).get(event, self.phase)

    def feed_frame(self, text: str) -> bool:
        """Processes a frame of the updater's websocket; False if it carries no information."""
        frame = parse_frame(text)
        if frame is None:
            return False
        if frame.percent is not None:
            self.percent = frame.percent
            self.feed(Event.RUN)
        if frame.status in _STATUS_EVENTS:
            self.feed(_STATUS_EVENTS[frame.status])
        if frame.text == UPDATE_BEGINS:
            # The status START may come after the error that ends the update, but a text never does.
            self._verdict = self._cause = None
        if frame.text and frame.is_verdict:
            self._verdict = frame.text
            self.feed(Event.FAILURE)
        # The first error is the cause, the later ones are its consequences.
        self._cause = self._cause or frame.cause
        return True

    def is_over(self, to_end: bool, is_connected: bool) -> bool:
        """Whether it has ended; if not ``to_end``, whether the archive was checked, or the result can't be heard."""
        if to_end:
            return self.phase in ENDS
        return self.phase in _CHECKED or (self.phase is Phase.CHECKING and not is_connected)

    @property
    def is_under_way(self) -> bool:
        """Whether anything has happened."""
        return self.phase is not Phase.LISTENING

    @property
    def wants_firmware(self) -> bool:
        """Whether the firmware should be transferred now."""
        return self.phase is Phase.SENDING

    @property
    def is_hidden(self) -> bool:
        """Whether only the miner itself reveals its state, even if the updater can be heard."""
        return self.phase in _HIDDEN

    @property
    def has_failed(self) -> bool:
        """Whether the updater has failed."""
        return self.phase is Phase.FAILED

    @property
    def reason(self) -> str:
        """The updater's reason for the failure, as far as it gave one."""
        if self._cause or not self._verdict:
            return self._cause or "the updater reported nothing more, and the miner has not rebooted"
        return f"the updater reported '{self._verdict}'"
