# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a miner: one class for each thing an operator would do something different about.

A message says what was wanted, what the miner said, and what to do next. It never holds a secret.
"""

from __future__ import annotations

import platform
import sys


class MinerError(Exception):
    """The base of all errors of the collection.

    ``code`` is the ``error_code`` of the failed task. ``transient`` says that asking again soon may help, which only
    holds for reads; ``is_final`` that no wait can help. ``changed`` means that the miner was changed before this error
    ended the work, ``sent`` that the request may have reached the miner. ``reason`` is the heart of the message, for
    use inside another one.
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
    """The task asks for something no miner can do; nothing was sent."""

    code = "invalid_input"
    is_final = True


class AuthenticationFailed(MinerError):
    """The miner knows none of the given logins."""

    code = "authentication"
    is_final = True


class PermissionDenied(MinerError):
    """The login is right, but this user may not do that."""

    code = "permission"
    is_final = True


class Unsupported(MinerError):
    """This firmware does not have what the task needs."""

    code = "unsupported"
    is_final = True


class NotReady(MinerError):
    """The miner answers, but its cgminer does not (yet)."""

    code = "not_ready"
    transient = True


class Rejected(MinerError):
    """The miner said no, and why."""

    code = "rejected"


class NotApplied(MinerError):
    """The miner was sent a change and has not made it."""

    code = "not_applied"


class Unreachable(MinerError):
    """Nothing answers HTTP there."""

    code = "unreachable"
    transient = True

    def __init__(self, message: str, reason: str, sent: bool, transient: bool = True) -> None:
        super().__init__(message, reason, transient)
        self.sent = sent


class TimedOut(MinerError):
    """The miner took the request and did not answer in time.

    It is not transient: the request may still hold one of the miner's five workers.
    """

    code = "timeout"


class BadReply(MinerError):
    """What came back is not what a miner says."""

    code = "bad_reply"


class WrongDevice(MinerError):
    """Another device than the expected one answers at this address."""

    code = "wrong_device"
    is_final = True


class Downgrade(MinerError):
    """The wanted firmware is older than the installed one."""

    code = "downgrade"


class FlashFailed(MinerError):
    """The miner did not install the firmware, or does not run it."""

    code = "flash_failed"


class UpdaterStuck(MinerError):
    """The miner's updater lost an upload, and takes no other one until the miner is rebooted."""

    code = "updater_stuck"


class NotBack(MinerError):
    """The miner was sent a change and has not answered since."""

    code = "not_back"


class InvalidFirmware(MinerError):
    """The file is not a firmware that the miner's updater would install; nothing was sent."""

    code = "invalid_firmware"


class MissingLibrary(MinerError):
    """A Python library is not installed where the task runs."""

    code = "missing_library"
    is_final = True

    def __init__(self, library: str, import_error: str) -> None:
        """``import_error`` is the traceback of its import."""
        last_line = import_error.strip().splitlines()[-1]
        super().__init__(
            f"The Python library {library} is required, but {sys.executable} on {platform.node()} cannot import it "
            f"({last_line}). Install it for this Python."
        )
        self.import_error = import_error


class Bug(MinerError):
    """Something that the collection did not expect. It may hold a secret."""

    code = "bug"
    is_final = True

    def __init__(self, error: Exception) -> None:
        super().__init__(f"This is a bug in minerops.dragonmint; please report it: {type(error).__name__}: {error}")


# After these, waiting and trying again is useless.
FINAL_CODES = frozenset(error.code for error in MinerError.__subclasses__() if error.is_final)
