# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage of cgminer.conf, which holds the pools, the autotune mode and cgminer's own settings.

A write to a damaged file replaces it, and everything else that was in it is lost. If /config is full, the write itself
damages the file. The miner confirms both. Only reading the pools shows whether the file is intact.
"""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import NotApplied, Rejected
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import CONFIGURATION_LOST, POOLS, Pool


def pools_before_write(session: Session, setting: str) -> Steps[tuple[Pool, ...]]:
    """Reads the pools. Raises Rejected if cgminer.conf is damaged, so that ``setting`` must not be written."""
    try:
        return (yield from session.read(POOLS))
    except Rejected as error:
        if error.reason != CONFIGURATION_LOST:
            raise
        raise Rejected(
            f"The miner's cgminer.conf is missing or damaged ('{error.reason}'). Setting its {setting} would overwrite "
            "what is left of it, and cgminer could no longer start, so nothing was sent. Restart cgminer "
            "(dragonmint_power with state: mining_restarted), which restores an empty file. If that does not help, "
            "reset the miner to factory settings (state: factory_reset).",
            reason=error.reason,
        ) from error


def pools_after_write(session: Session, setting: str) -> Steps[tuple[Pool, ...]]:
    """Reads the pools. Raises NotApplied if cgminer.conf has been damaged since ``setting`` was written."""
    try:
        return (yield from session.read(POOLS))
    except Rejected as error:
        if error.reason != CONFIGURATION_LOST:
            raise
        raise NotApplied(
            f"The miner was sent a change of its {setting}, and its cgminer.conf is damaged since then "
            f"('{error.reason}'). "
            f"Its /config is probably full, so the file was cut off, and cgminer cannot start with it. Reset the "
            f"miner to factory settings (dragonmint_power with state: factory_reset), then provision "
            "it again.",
            reason=error.reason,
        ) from error
