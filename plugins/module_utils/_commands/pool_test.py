# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a miner test pools without configuring them."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import NotReady, Rejected, Unsupported
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import mask_url
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.pools import (
    DesiredPool,
    current_pools,
    require_passwords,
    with_passwords,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import (
    CAN_TEST_POOLS,
    Pool,
    testing_pool,
)


def try_pools(session: Session, pools: Sequence[DesiredPool]) -> Steps[tuple[Pool, ...]]:
    """Returns the pools if the miner can use all of them.

    Raises Unsupported if the firmware can't test pools, and Rejected with what the miner reports for each pool that it
    can't use.
    """
    yield from session.require_rights()
    yield from _require_test(session)
    is_kept = any(pool.password is None for pool in pools)
    whole = with_passwords(session, pools, (yield from current_pools(session)) if is_kept else ())
    require_passwords(whole)
    reasons = {}
    for number, pool in enumerate(whole, start=1):
        reason = yield from _problem_of(session, pool)
        if reason is not None:
            reasons[f"pool {number}, {quoted(mask_url(pool.url))} as {quoted(pool.user)}"] = reason
    if reasons:
        said = "; ".join(f"{pool}: {reason}" for pool, reason in reasons.items())
        raise Rejected(
            f"The miner cannot use {said}. Nothing was set. Check the URL, the worker, its password, and that the "
            f"miner's network reaches the pool.",
            reason=said,
        )
    return whole


def _require_test(session: Session) -> Steps[None]:
    try:
        yield from session.read(CAN_TEST_POOLS)
    except (Unsupported, NotReady, Rejected) as error:
        raise Unsupported(
            "This miner's firmware cannot test a pool without setting it; Innosilicon's of 2019 can. Test the pool on "
            "another miner, or set it here (dragonmint_pools) and see whether it is alive (dragonmint_facts)."
        ) from error


def _problem_of(session: Session, pool: Pool) -> Steps[str | None]:
    """The miner's objection to a pool; None if it can use it."""
    try:
        yield from session.write(testing_pool(pool))
    except NotReady:
        return "the miner gave no reason"
    except Rejected as error:
        return quoted(error.reason)
    return None
