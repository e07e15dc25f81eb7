# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which generation of the firmware a miner has.

It is told by how the miner behaves. Its version is no help: the makers use the same form of version, and nothing in it
says what the firmware can do.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    NotReady,
    PermissionDenied,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AUTOTUNE_STATUS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    DM_2018_04,
    DM_2018_05,
    DRAGONMINT_ISSUER,
    INNO_2018_08,
    INNO_2018_09,
    INNOSILICON_ISSUER,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import HASH_RATES
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import LOCK_STATE

UNKNOWN = "unknown"

# Of each maker: what its later firmware has and the earlier one lacks, then the earlier and the later one.
_STEPS: dict[str | None, tuple[Endpoint[Any], str, str]] = {
    DRAGONMINT_ISSUER: (AUTOTUNE_STATUS, DM_2018_04, DM_2018_05),
    INNOSILICON_ISSUER: (LOCK_STATE, INNO_2018_08, INNO_2018_09),
}


def current_generation(session: Session) -> Steps[str]:
    """Returns one of GENERATIONS, or unknown where the miner, or what this user may ask, does not tell."""
    maker = yield from session.page_title()
    if maker not in _STEPS:
        maker = (yield from session.log_in()).issuer
    if maker not in _STEPS:
        return UNKNOWN
    endpoint, earlier, later = _STEPS[maker]
    try:
        yield from session.read(endpoint)
    except Unsupported:
        return earlier
    except PermissionDenied:
        return (yield from _seen_by_guest(session)) if maker == DRAGONMINT_ISSUER else UNKNOWN
    except (NotReady, Rejected):
        # Only what it has can fail.
        return later
    return later


def _seen_by_guest(session: Session) -> Steps[str]:
    """Tells the DragonMint firmwares apart by what both let a guest read: how they write the times of samples."""
    try:
        has_text_times = yield from session.read(HASH_RATES)
    except (NotReady, Rejected):
        has_text_times = None
    return {True: DM_2018_04, False: DM_2018_05, None: UNKNOWN}[has_text_times]
