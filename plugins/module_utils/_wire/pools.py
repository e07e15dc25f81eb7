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
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import FOR_ADMIN, FOR_GUEST
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import clean, is_utf8

POOLS_MAX = 3
# What it says where pools are asked for, and cgminer.conf is missing, or no JSON, or has no pools in it.
CONFIGURATION_LOST = "missing configuration"


@dataclass(frozen=True)
class Pool:
    """A pool as cgminer is configured with it. ``password`` is empty where it is nothing that could be set again."""

    url: str
    user: str
    password: str = field(repr=False)


def update_pools(pools: Iterable[Pool]) -> Request[None]:
    """Replaces all pools, and restarts cgminer. Empty values would drop the pool, invalid UTF-8 the configuration."""
    form = {}
    for number, pool in enumerate(pools, start=1):
        form[f"Pool{number}"] = pool.url
        form[f"UserName{number}"] = pool.user
        form[f"Password{number}"] = pool.password
    return Request(UPDATE_POOLS, form)


def _read_pools(answer: Mapping[str, Any], reply: Reply) -> tuple[Pool, ...]:
    pools = answer.get("pools")
    if not isinstance(pools, list) or not all(isinstance(pool, dict) for pool in pools):
        raise BadReply("The miner's pools are no list. Try again; if it stays so, reset it to factory settings.")
    return tuple(Pool(_stored(pool, "url"), _stored(pool, "user"), _secret(pool.get("pass"))) for pool in pools)


def _stored(pool: Mapping[str, Any], key: str) -> str:
    value = pool.get(key, "")
    return clean(value) if isinstance(value, str) else json.dumps(value)


def _secret(value: Any) -> str:
    """A password as it is, since it is never shown, and may be sent back."""
    return value if isinstance(value, str) and is_utf8(value) else ""


POOLS = Endpoint("pools", FOR_GUEST, _read_pools)
UPDATE_POOLS = Endpoint("updatePools", FOR_ADMIN, nothing, writes=True)
