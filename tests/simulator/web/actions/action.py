# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of the firmware's web interface: what it does, and who may call it on which firmware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ...generations import ALL
from ..call import Call
from ..wire import Reply


@dataclass(frozen=True)
class Action:
    """`admin` and `guest` are the generations on which that user may call it.

    A write changes the device if it is served. Who may call what Innosilicon has added since September 2018 is unknown;
    what it added before is for the admin.
    """

    handle: Callable[[Call], Awaitable[Reply]]
    admin: frozenset[str] = ALL
    guest: frozenset[str] = frozenset()
    is_write: bool = False

    def allows(self, user: str | None, generation: str) -> bool:
        if user == "admin":
            return generation in self.admin
        return user == "guest" and generation in self.guest
