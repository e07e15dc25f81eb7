# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The light of a miner. Its state can't be read, so it is switched every time, and only the reply confirms it."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    NotBack,
    NotReady,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, send_once
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DRAGONMINT_ISSUER
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.led import LIGHTS, switch_led

STATES = tuple(LIGHTS)


def switch(session: Session, state: str, check_mode: bool) -> Steps[Outcome[str]]:
    """Switches the light; in check mode, returns that it would.

    Raises Unsupported if the firmware has no such command, and NotBack if the reply got lost.
    """
    yield from session.require_rights()
    yield from session.log_in()
    # Innosilicon had its own page before it had the light. Only the command itself shows whether the firmware has it.
    if (yield from session.page_title()) == DRAGONMINT_ISSUER:
        raise Unsupported(
            "This miner's firmware is DragonMint's, which cannot switch the light; only Innosilicon's can."
        )
    if not check_mode:
        yield from _switch(session, state)
    return Outcome(True, state, {"before": {"led": {"state": "unknown"}}, "after": {"led": {"state": state}}})


def _switch(session: Session, state: str) -> Steps[None]:
    try:
        lost = yield from send_once(session.write(switch_led(state)))
    except NotReady as error:
        raise Rejected(
            f"The miner did not switch its light to '{state}': its program dm-monitor, which controls the light, "
            f"does not answer. Reboot the miner (dragonmint_power with state: rebooted).",
            reason=error.reason,
        ) from error
    if lost:
        failure = NotBack(
            f"The miner was sent the command to switch its light to '{state}', its reply was lost ({lost.reason}), "
            f"and the light cannot be read. Look at the miner, or run the task again.",
            reason=lost.reason,
        )
        failure.changed = True
        raise failure from lost
