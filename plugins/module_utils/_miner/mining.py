# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cgminer does at the moment."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import NotReady
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.client import Client, Reader
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import after_change, wait_until
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import SUMMARY, Mining, not_mining


def current_mining(client: Reader, patient: bool = True) -> Mining:
    """Reads what cgminer does; a cgminer that does not answer, after the usual retries, is not ready."""
    try:
        return client.read(SUMMARY, patient)
    except NotReady:
        return not_mining()


def wait_ready(client: Client, timeout_s: float) -> None:
    """Waits until cgminer answers after a change. Raises NotReady if it does not within ``timeout_s`` seconds."""
    with after_change():
        if not wait_until(lambda: client.read(SUMMARY, patient=False).ready, timeout_s):
            raise NotReady(
                f"The setting was changed, but cgminer did not answer within {timeout_s:g} s of its restart. "
                "Wait longer (wait_timeout), look at the miner's logs, or reboot it."
            )
