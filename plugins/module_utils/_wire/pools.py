# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of the configured pools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import BadReply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    Endpoint,
    Reply,
    Request,
    nothing,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FOR_ADMIN,
    FOR_GUEST,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import clean, is_utf8

POOLS_MAX = 3
# The miner's reply to a read of the pools if cgminer.conf is missing, is not JSON, or contains no pools.
CONFIGURATION_LOST = "missing configuration"


@dataclass(frozen=True)
class Pool:
    """A pool of cgminer's configuration. ``password`` is empty if the reported one could not be set again."""

    url: str
    user: str
    password: str = field(repr=False)


def update_pools(pools: Iterable[Pool]) -> Request[bool]:
    """Replaces all pools and restarts cgminer. Empty values would drop the pool, invalid UTF-8 the configuration.

    Returns whether the miner reports that its pools are locked.
    """
    form = {}
    for number, pool in enumerate(pools, start=1):
        form[f"Pool{number}"] = pool.url
        form[f"UserName{number}"] = pool.user
        form[f"Password{number}"] = pool.password
    return Request(UPDATE_POOLS, form)


def testing_pool(pool: Pool) -> Request[None]:
    """Has the miner test a pool without configuring it. Raises Rejected with the reason if it can't use the pool."""
    return Request(TEST_POOL, {"Pool": pool.url, "UserName": pool.user, "Password": pool.password})


def _read_pools(answer: Mapping[str, Any], reply: Reply) -> tuple[Pool, ...]:
    pools = answer.get("pools")
    if not isinstance(pools, list) or not all(isinstance(pool, dict) for pool in pools):
        raise BadReply("The miner's pools are not a list. Try again; if this persists, reset it to factory settings.")
    return tuple(Pool(_stored(pool, "url"), _stored(pool, "user"), _secret(pool.get("pass"))) for pool in pools)


def _read_lock(answer: Mapping[str, Any], reply: Reply) -> bool:
    return answer.get("message") == "lock"


def _stored(pool: Mapping[str, Any], key: str) -> str:
    value = pool.get(key, "")
    return clean(value) if isinstance(value, str) else json.dumps(value)


def _secret(value: Any) -> str:
    """A password, not cleaned up: it is never shown, and may be sent back."""
    return value if isinstance(value, str) and is_utf8(value) else ""


POOLS = Endpoint("pools", FOR_GUEST, _read_pools)
UPDATE_POOLS = Endpoint("updatePools", FOR_ADMIN, _read_lock, writes=True)
# Whether a miner can test pools. Which users may ask is unknown; the admin may.
CAN_TEST_POOLS = Endpoint("checkPoolTest", {INNO_2019: ADMIN}, nothing)
# How long a test takes is unknown; a pool that does not respond may delay it for long.
TEST_POOL = Endpoint("TestingPool", {INNO_2019: ADMIN}, nothing, slow_s=60.0)
