# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which generation of the firmware a miner has.

It is derived from how the miner behaves. Its version does not help: the makers use the same form of version, and
nothing in it says what the firmware can do.
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
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.autotune import AUTOTUNE, AUTOTUNE_STATUS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    BRANDS,
    DM_2018_04,
    DM_2018_05,
    DRAGONMINT_ISSUER,
    INNO_2018_05,
    INNO_2018_08,
    INNO_2018_09,
    INNO_2019,
    INNOSILICON_ISSUER,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import ERROR_DETAIL, HASH_RATES
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import LOCK_STATE

UNKNOWN = "unknown"


def current_generation(session: Session) -> Steps[str]:
    """Returns one of GENERATIONS, or unknown if the miner, or what this user may read, does not show it."""
    brand = yield from session.page_title()
    if brand == DRAGONMINT_ISSUER or brand not in BRANDS:
        # Innosilicon's first firmware still shows DragonMint's page. The issuer of its JWTs is its own.
        brand = (yield from session.log_in()).issuer or brand
    try:
        if brand == DRAGONMINT_ISSUER:
            return (yield from _of_dragonmint(session))
        return (yield from _of_innosilicon(session, brand))
    except PermissionDenied:
        return UNKNOWN


def _of_dragonmint(session: Session) -> Steps[str]:
    try:
        return DM_2018_05 if (yield from _has(session, AUTOTUNE_STATUS)) else DM_2018_04
    except PermissionDenied:
        pass
    # What both let a guest read: how they write the times of samples.
    try:
        has_text_times = yield from session.read(HASH_RATES)
    except (NotReady, Rejected):
        has_text_times = None
    return {True: DM_2018_04, False: DM_2018_05, None: UNKNOWN}[has_text_times]


def _of_innosilicon(session: Session, brand: str | None) -> Steps[str]:
    """Asks for what only the later firmware has first. A brand of firmware as late as that is not known for sure."""
    if (yield from _has(session, ERROR_DETAIL)):
        return INNO_2019
    if brand != INNOSILICON_ISSUER:
        return INNO_2018_05 if brand in BRANDS else UNKNOWN
    if (yield from _has(session, LOCK_STATE)):
        return INNO_2018_09
    configured = yield from session.read(AUTOTUNE)
    return INNO_2018_05 if configured.level is None else INNO_2018_08


def _has(session: Session, endpoint: Endpoint[Any]) -> Steps[bool]:
    """Whether the firmware has this. Only what it has can fail. Raises PermissionDenied."""
    try:
        yield from session.read(endpoint)
    except Unsupported:
        return False
    except (NotReady, Rejected):
        return True
    return True
