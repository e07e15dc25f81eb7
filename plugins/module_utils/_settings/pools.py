# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configured pools of cgminer: the exact list, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    NotReady,
    Rejected,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import require_host
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Setting
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK, mask_url, secrets_in
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import configuration
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._visible import require_visible
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.mining import ERROR_DETAIL
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import (
    POOLS,
    POOLS_MAX,
    Pool,
    update_pools,
)

Pools = tuple[Pool, ...]

_URL = re.compile(
    r"(?:stratum\+tcp|stratum\+tls|stratum\+ssl|stratum2\+tcp)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?):(?P<port>[0-9]{1,5})"
    r"(?:/?#xnsub|/[A-Za-z0-9]*)?"
)
_TLS = "stratum+tls://"
# The subset that Innosilicon's firmware also accepts, from September 2018 on.
_LATER_INNO_URL = re.compile(
    r"stratum\+(?:tcp|tls)://(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?:[a-z0-9_-]+\.)+[a-z](?:[a-z0-9_-]*[a-z])?):.*",
    re.IGNORECASE,
)
_LOCKED = (
    "It said 'lock': the pools of this miner are locked, so it ignores all changes to them. Find out who has locked "
    "them; the collection cannot unlock a miner."
)
_HOST = re.compile(r"://[^/#]*")
_BARE_XNSUB = re.compile(r"(?<!/)#xnsub$")


class _LeftOut(str):
    """A password that the user left out, as opposed to the same text given by the user."""


@dataclass(frozen=True)
class DesiredPool:
    """A desired pool. A ``password`` of None means the one that the miner has for this url and user."""

    url: str
    user: str
    password: str | None = field(repr=False)


def left_out_password() -> str:
    """The fallback of the option password. A default would make Ansible refuse null; this makes it look left out."""
    return _LeftOut("x")


def options() -> dict[str, dict[str, Any]]:
    """Returns the specs of the module options that describe pools."""
    pool = {
        "url": {"type": "str", "required": True},
        "user": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True, "fallback": (left_out_password,)},
    }
    return {
        "pools": {"type": "list", "elements": "dict", "required": True, "options": pool},
        "keep_passwords": {"type": "bool", "default": False, "no_log": False},
    }


def pools_from(options: Sequence[Mapping[str, Any]], keep_passwords: bool = False) -> tuple[DesiredPool, ...]:
    """Returns the pools that module options describe, each with url, user and password.

    A password of None keeps the miner's; with ``keep_passwords``, so does one that was left out. Raises InvalidInput
    for values that the firmware would silently drop, store incorrectly, or pass to a cgminer that can't use them.
    """
    if not options:
        raise InvalidInput(
            "pools is empty; a miner needs at least one pool. To keep its current pools, leave out this task."
        )
    if len(options) > POOLS_MAX:
        raise InvalidInput(
            f"pools has {len(options)} entries; a miner uses at most {POOLS_MAX} and ignores the others. Remove some."
        )
    return tuple(_pool(number, option, keep_passwords) for number, option in enumerate(options, start=1))


def current_pools(session: Session) -> Steps[Pools]:
    """Reads the configured pools."""
    return (yield from session.read(POOLS))


def shown(pools: Iterable[Pool | DesiredPool]) -> list[dict[str, str | None]]:
    """Returns pools as shown in results and facts: passwords are null, so that writing the pools back keeps them."""
    return [{"url": mask_url(pool.url), "user": pool.user, "password": None} for pool in pools]


def is_desired(fact: Sequence[Mapping[str, Any]], pools: Iterable[DesiredPool]) -> bool:
    """Whether pools, as shown in facts, are the desired ones. Passwords are not in facts and are ignored."""
    return [(pool["url"], pool["user"]) for pool in fact] == [(mask_url(pool.url), pool.user) for pool in pools]


def with_passwords(session: Session, pools: Iterable[DesiredPool], current: Pools) -> Pools:
    """Returns pools with their passwords. Raises InvalidInput if a password should be kept but there is none."""
    whole = tuple(_with_password(number, pool, current) for number, pool in enumerate(pools, start=1))
    # A kept password was not in any option, and a miner may repeat what it is sent.
    session.tokens.update(*(secrets_in({"password": pool.password}) for pool in whole))
    return whole


def require_passwords(pools: Pools) -> None:
    """Raises InvalidInput for a password that should be kept but can't be sent back to the miner."""
    for number, pool in enumerate(pools, start=1):
        if not pool.password:
            raise InvalidInput(
                f"The password of pool {number} cannot be kept: it is empty or not text, and the miner would drop "
                f"the pool. Give the password of pool {number}, or x if the pool ignores it."
            )


class PoolsSetting(Setting[Pools]):
    """The desired pools of one miner."""

    name = "pools"

    def __init__(self, session: Session, pools: Sequence[DesiredPool]) -> None:
        super().__init__(session)
        self._pools = pools
        self._was_sent = False

    def read(self) -> Steps[Pools]:
        if self._was_sent:
            return (yield from configuration.pools_after_write(self.session, self.name))
        return (yield from configuration.pools_before_write(self.session, self.name))

    def desired(self, current: Pools) -> Pools:
        return with_passwords(self.session, self._pools, current)

    def prepare(self, current: Pools) -> Steps[None]:
        yield from self.session.require_rights()
        require_passwords(self.desired(current))
        if any(pool.url.startswith(_TLS) for pool in self._pools):
            yield from self._require_tls()

    def _require_tls(self) -> Steps[None]:
        """The firmware accepts any text as a pool. Only that of 2019 is known to support this scheme."""
        try:
            yield from self.session.read(ERROR_DETAIL)
        except Unsupported:
            raise Unsupported(
                f"This miner's firmware is not known to accept {_TLS}, which only Innosilicon's of 2019 does. Use "
                "stratum+tcp:// for this miner."
            ) from None
        except (NotReady, Rejected):
            # An action can only fail where it exists.
            return

    def write(self, current: Pools) -> Steps[None]:
        desired = self.desired(current)
        self._was_sent = True
        try:
            if (yield from self.session.write(update_pools(desired))):
                self.kept_because = _LOCKED
        except Rejected as error:
            if error.reason != "url error":
                raise
            raise Rejected(_url_error(desired), reason=error.reason) from error

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


def _with_password(number: int, pool: DesiredPool, current: Pools) -> Pool:
    """Returns a pool with its password, or that of the miner's matching pool, preferably at the same position."""
    if pool.password is not None:
        return Pool(pool.url, pool.user, pool.password)
    for other in (*current[number - 1 : number], *current):
        if _account(other) == _account(pool):
            return Pool(pool.url, pool.user, other.password)
    raise InvalidInput(
        f"Pool {number}, {quoted(mask_url(pool.url))} as {quoted(pool.user)}, has no password, and the miner does "
        f"not have this pool with a password to keep. Give the password of pool {number}, or x if the pool ignores it."
    )


def _account(pool: Pool | DesiredPool) -> tuple[str, str]:
    """What a password belongs to: a user at a pool, whichever way its url is written."""
    return _HOST.sub(lambda host: host[0].lower(), _with_slash(pool.url), count=1), pool.user


def _with_slash(url: str) -> str:
    """cgminer takes everything up to a slash as the port, so without the slash it does not find the pool."""
    return _BARE_XNSUB.sub("/#xnsub", url)


def _url_error(pools: Pools) -> str:
    urls = {f"{quoted(mask_url(pool.url))} (pool {number})": pool.url for number, pool in enumerate(pools, start=1)}
    unknown = [named for named, url in urls.items() if not _LATER_INNO_URL.fullmatch(url)]
    return (
        "The miner refused the pools ('url error') and kept its current ones. Its firmware accepts only "
        "stratum+tcp:// (or stratum+tls:// on firmware of 2019), with a host name that has a dot and ends in a "
        "letter, or with an IPv4 address, but not IPv6. "
        f"Change {', '.join(unknown or urls)}."
    )


def _pool(number: int, option: Mapping[str, Any], keep_passwords: bool) -> DesiredPool:
    url, user, password = option["url"] or "", option["user"] or "", option["password"]
    _require_sendable(f"The url of pool {number}", url, mask_url(url))
    _require_sendable(f"The user of pool {number}", user, user)
    match = _URL.fullmatch(url)
    if not match or not 1 <= int(match["port"]) <= 65535:
        raise InvalidInput(
            f"The url of pool {number} is {quoted(mask_url(url))}. Give it as stratum+tcp://host:port (stratum+tls, "
            f"stratum+ssl and stratum2+tcp are accepted as well), with a port from 1 to 65535 and no user or "
            f"password in "
            "it."
        )
    require_host(match["host"], f"The host in the url of pool {number}")
    if password is None or (keep_passwords and isinstance(password, _LeftOut)):
        return DesiredPool(_with_slash(url), user, None)
    _require_sendable(f"The password of pool {number}", password, None)
    return DesiredPool(_with_slash(url), user, password)


def _require_sendable(what: str, text: str, shown: str | None) -> None:
    if not text:
        raise InvalidInput(
            f"{what} is empty, and the miner would drop the pool. Set it; for a password that the pool ignores, use x."
        )
    require_visible(what, text, shown)
