# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a miner: one class for each case that an operator would handle differently.

A message says what was wanted, what the miner said, and what to do next. It never contains a secret.
"""

from __future__ import annotations

import platform
import sys


class MinerError(Exception):
    """The base of all errors of the collection.

    ``code`` is the ``error_code`` of the failed task. ``transient`` means that a retry soon may succeed (reads only),
    ``is_final`` that no amount of waiting helps. ``changed`` means that the miner was changed before the error
    occurred, ``sent`` that the request may have reached the miner. ``reason`` is the core of the message, for use in
    another message.
    """

    code = "bad_reply"
    transient = False
    is_final = False
    changed = False
    sent = True

    def __init__(self, message: str, reason: str | None = None, transient: bool | None = None) -> None:
        super().__init__(message)
        self.reason = reason or message
        if transient is not None:
            self.transient = transient


class InvalidInput(MinerError):
    """The task asks for something that no miner can do; nothing was sent."""

    code = "invalid_input"
    is_final = True


class AuthenticationFailed(MinerError):
    """The miner accepts none of the given logins."""

    code = "authentication"
    is_final = True


class PermissionDenied(MinerError):
    """The login is valid, but the user lacks the permission."""

    code = "permission"
    is_final = True


class Unsupported(MinerError):
    """This firmware lacks something that the task needs."""

    code = "unsupported"
    is_final = True


class NotReady(MinerError):
    """The miner responds, but its cgminer does not (yet)."""

    code = "not_ready"
    transient = True


class Rejected(MinerError):
    """The miner refused, and gave a reason."""

    code = "rejected"


class NotApplied(MinerError):
    """The change was sent, but the miner did not apply it."""

    code = "not_applied"


class Unreachable(MinerError):
    """Nothing speaks HTTP at this address."""

    code = "unreachable"
    transient = True

    def __init__(self, message: str, reason: str, sent: bool, transient: bool = True) -> None:
        super().__init__(message, reason, transient)
        self.sent = sent


class TimedOut(MinerError):
    """The miner accepted the request but did not reply in time.

    Not transient: the request may still occupy one of the miner's five workers.
    """

    code = "timeout"


class BadReply(MinerError):
    """The response is not what a miner sends."""

    code = "bad_reply"


class WrongDevice(MinerError):
    """Another device than the expected one responds at this address."""

    code = "wrong_device"
    is_final = True


class Downgrade(MinerError):
    """The requested firmware is older than the installed one."""

    code = "downgrade"


class FlashFailed(MinerError):
    """The miner did not install the firmware, or does not run it."""

    code = "flash_failed"


class UpdaterStuck(MinerError):
    """The miner's updater lost an upload and accepts no other until the miner is rebooted."""

    code = "updater_stuck"


class NotBack(MinerError):
    """A change was sent, and the miner has not responded since."""

    code = "not_back"


class InvalidFirmware(MinerError):
    """The miner's updater would not install this file; nothing was sent."""

    code = "invalid_firmware"


class MissingLibrary(MinerError):
    """A Python library is missing on the machine that runs the task."""

    code = "missing_library"
    is_final = True

    def __init__(self, library: str, import_error: str) -> None:
        """``import_error`` is the traceback of the failed import."""
        last_line = import_error.strip().splitlines()[-1]
        super().__init__(
            f"The Python library {library} is required, but {sys.executable} on {platform.node()} cannot import it "
            f"({last_line}). Install it for this Python."
        )
        self.import_error = import_error


class Bug(MinerError):
    """An error that the collection did not expect. Its text may contain a secret."""

    code = "bug"
    is_final = True

    def __init__(self, error: Exception) -> None:
        super().__init__(f"This is a bug in minerops.dragonmint; please report it: {type(error).__name__}: {error}")


# After these errors, waiting and retrying is useless.
FINAL_CODES = frozenset(error.code for error in MinerError.__subclasses__() if error.is_final)
