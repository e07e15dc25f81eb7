# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pools that cgminer is configured with: the exact list, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import protocol
from ansible_collections.minerops.dragonmint.plugins.module_utils.client import Client, Reader
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import InvalidInput, Rejected
from ansible_collections.minerops.dragonmint.plugins.module_utils.hosts import require_host
from ansible_collections.minerops.dragonmint.plugins.module_utils.protocol import Pool
from ansible_collections.minerops.dragonmint.plugins.module_utils.redaction import MASK, mask_url
from ansible_collections.minerops.dragonmint.plugins.module_utils.state import Setting

Pools = tuple[Pool, ...]

_URL = re.compile(
    r"(?:stratum\+tcp|stratum\+ssl|stratum2\+tcp)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?):(?P<port>[0-9]{1,5})"
    r"(?:/#xnsub|/[A-Za-z0-9]*)?"
)


def pools_from(options: Sequence[Mapping[str, Any]]) -> Pools:
    """Returns the pools that module options describe, each with url, user and password.

    Raises InvalidInput for what the firmware would silently drop, store broken or hand to a cgminer that can't use it.
    """
    if not 1 <= len(options) <= protocol.POOLS_MAX:
        raise InvalidInput(
            f"pools has {len(options)} entries; a miner takes 1 to {protocol.POOLS_MAX}, and would ignore the others."
        )
    return tuple(_pool(number, option) for number, option in enumerate(options, start=1))


def current_pools(client: Reader) -> Pools:
    """Reads the configured pools."""
    return client.read(protocol.POOLS)


def shown(pools: Iterable[Pool]) -> list[dict[str, str]]:
    """Returns pools as results and facts show them: without passwords."""
    return [{"url": mask_url(pool.url), "user": pool.user} for pool in pools]


def is_desired(fact: Sequence[Mapping[str, str]], pools: Pools) -> bool:
    """Whether pools, as facts show them, are the desired ones. Their passwords are not in facts and do not count."""
    return list(fact) == shown(pools)


class PoolsSetting(Setting[Pools]):
    """The desired pools of one miner."""

    name = "pools"

    def __init__(self, client: Client, pools: Pools) -> None:
        self._client = client
        self._pools = pools
        self._was_told = False

    def read(self) -> Pools:
        try:
            return current_pools(self._client)
        except Rejected as error:
            if self._was_told:
                raise
            raise Rejected(
                f"{error} Its cgminer.conf is lost or damaged, and setting pools now would leave a configuration "
                "without cgminer's API, so nothing was sent. Restart cgminer, which replaces an empty one by "
                "the factory's; if that does not help, reset the miner to factory settings."
            ) from error

    def desired(self, current: Pools) -> Pools:
        return self._pools

    def prepare(self, current: Pools) -> None:
        self._client.require_rights()

    def write(self, current: Pools) -> None:
        self._was_told = True
        try:
            self._client.write(protocol.update_pools(self._pools))
        except Rejected as error:
            if error.reason != "url error":
                raise
            raise Rejected(
                f"The miner refused the pools, {self.describe(self._pools)}, with {error.reason}, and kept those that "
                "it has. Its firmware takes a url that begins with stratum+tcp:// only. Use the pool's port for that.",
                reason=error.reason,
            ) from error

    def diff(self, before: Pools, after: Pools) -> tuple[Any, Any]:
        pairs = list(zip_longest(before, after))
        return (
            [_shown_beside(pool, None) for pool, _other in pairs if pool],
            [_shown_beside(pool, other) for other, pool in pairs if pool],
        )

    def describe(self, value: Pools) -> str:
        return " then ".join(f"{mask_url(pool.url)} as {pool.user}" for pool in value) or "no pools"


def _shown_beside(pool: Pool, other: Pool | None) -> dict[str, str]:
    is_new_password = other is not None and other.password != pool.password
    return {"url": mask_url(pool.url), "user": pool.user, "password": "(changed)" if is_new_password else MASK}


def _pool(number: int, option: Mapping[str, Any]) -> Pool:
    pool = Pool(option["url"] or "", option["user"] or "", option["password"] or "")
    for name in ("url", "user", "password"):
        _require_sendable(f"{name} of pool {number}", getattr(pool, name))
    match = _URL.fullmatch(pool.url)
    if not match or not 1 <= int(match["port"]) <= 65535:
        raise InvalidInput(
            f"The url of pool {number} is {mask_url(pool.url)}; it must be stratum+tcp://host:port "
            "(or stratum+ssl, stratum2+tcp), with a port from 1 to 65535, and no user or password in it."
        )
    require_host(match["host"], f"The host in the url of pool {number}")
    return pool


def _require_sendable(what: str, text: str) -> None:
    if not text:
        raise InvalidInput(
            f"The {what} is empty: the miner would drop the pool. A password that the pool ignores is x."
        )
    if any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text):
        raise InvalidInput(f"The {what} has control characters. Remove them.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput(
            f"The {what} is no valid UTF-8, with which the miner would lose its configuration. Correct its encoding."
        ) from None
