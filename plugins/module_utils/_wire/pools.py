# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of the pools that cgminer is configured with."""

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
# Its reply to a read of the pools if cgminer.conf is missing, is not JSON, or has no pools in it.
CONFIGURATION_LOST = "missing configuration"


@dataclass(frozen=True)
class Pool:
    """A pool as cgminer is configured with it. ``password`` is empty where it is nothing that could be set again."""

    url: str
    user: str
    password: str = field(repr=False)


def update_pools(pools: Iterable[Pool]) -> Request[bool]:
    """Replaces all pools, and restarts cgminer. Empty values would drop the pool, invalid UTF-8 the configuration.

    Returns whether the miner says that its pools are locked.
    """
    form = {}
    for number, pool in enumerate(pools, start=1):
        form[f"Pool{number}"] = pool.url
        form[f"UserName{number}"] = pool.user
        form[f"Password{number}"] = pool.password
    return Request(UPDATE_POOLS, form)


def testing_pool(pool: Pool) -> Request[None]:
    """Lets the miner try a pool that it does not get. Raises Rejected with the reason where it can't use the pool."""
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
    """A password as it is, since it is never shown, and may be sent back."""
    return value if isinstance(value, str) and is_utf8(value) else ""


POOLS = Endpoint("pools", FOR_GUEST, _read_pools)
UPDATE_POOLS = Endpoint("updatePools", FOR_ADMIN, _read_lock, writes=True)
# Whether a miner can test pools. Who may ask is not known; the admin may.
CAN_TEST_POOLS = Endpoint("checkPoolTest", {INNO_2019: ADMIN}, nothing)
# How long it takes is not known; a pool that does not answer may hold it up for long.
TEST_POOL = Endpoint("TestingPool", {INNO_2019: ADMIN}, nothing, slow_s=60.0)
