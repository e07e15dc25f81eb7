# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Determines which generation of the firmware a miner runs.

It is derived from how the miner behaves. The version does not help: all makers use the same format, and nothing in it
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
    """Returns one of GENERATIONS; "unknown" if neither the miner nor what this user may read reveals it."""
    brand = yield from session.page_title()
    if brand == DRAGONMINT_ISSUER or brand not in BRANDS:
        # Innosilicon's first firmware still serves DragonMint's page, but the issuer of its JWTs is its own.
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
    # A guest may read this on both: the format of the sample times.
    try:
        has_text_times = yield from session.read(HASH_RATES)
    except (NotReady, Rejected):
        has_text_times = None
    return {True: DM_2018_04, False: DM_2018_05, None: UNKNOWN}[has_text_times]


def _of_innosilicon(session: Session, brand: str | None) -> Steps[str]:
    """Tries the newest firmware's action first, since that firmware's page title is not known for certain."""
    if (yield from _has(session, ERROR_DETAIL)):
        return INNO_2019
    if brand != INNOSILICON_ISSUER:
        return INNO_2018_05 if brand in BRANDS else UNKNOWN
    if (yield from _has(session, LOCK_STATE)):
        return INNO_2018_09
    configured = yield from session.read(AUTOTUNE)
    return INNO_2018_05 if configured.level is None else INNO_2018_08


def _has(session: Session, endpoint: Endpoint[Any]) -> Steps[bool]:
    """Whether the firmware has this action: only an existing one can fail. Raises PermissionDenied."""
    try:
        yield from session.read(endpoint)
    except Unsupported:
        return False
    except (NotReady, Rejected):
        return True
    return True
