# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The current state of cgminer."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import NotReady
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import after_change, wait_until
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import SUMMARY, Mining, not_mining


def current_mining(session: Session, retry: bool = True) -> Steps[Mining]:
    """Reads the state of cgminer; if it still does not respond after the usual retries, it is not ready."""
    try:
        return (yield from session.read(SUMMARY, retry))
    except NotReady:
        return not_mining()


def wait_ready(session: Session, timeout_s: float) -> Steps[None]:
    """Waits until cgminer responds after a change. Raises NotReady if it does not within ``timeout_s`` seconds."""

    def is_ready() -> Steps[bool]:
        return (yield from session.read(SUMMARY, retry=False)).ready

    with after_change():
        if not (yield from wait_until(session, is_ready, timeout_s)):
            raise NotReady(
                f"The setting was changed, but cgminer did not answer within {timeout_s:g} s after its restart. "
                f"Raise wait_timeout, check the miner's logs, or reboot it."
            )
