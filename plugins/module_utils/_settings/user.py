# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of a miner's two users.

A password can't be read, only tried: at /api/auth, since Basic accepts anything on an Innosilicon with its factory
password.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput, Unsupported
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Setting
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils._visible import require_visible
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FACTORY_PASSWORDS,
    GUEST,
    INNOSILICON_ISSUER,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.users import update_password

USERS = (ADMIN, GUEST)
ALWAYS = "always"
ON_DEFAULT = "on_default"


def require_usable(password: str) -> None:
    """Raises InvalidInput for a password that a miner would refuse, or that nobody could type."""
    if not password:
        raise InvalidInput("new_password is empty, which the miner would refuse. Set the variable that it comes from.")
    require_visible("new_password", password)


class PasswordSetting(Setting[bool]):
    """The desired password of one user. The value is whether the miner accepts it.

    With ``only_factory``, any password other than the factory password is kept.
    """

    def __init__(self, session: Session, user: str, new_password: str, only_factory: bool) -> None:
        super().__init__(session)
        require_usable(new_password)
        self.name = f"password of {user}"
        self._user = user
        self._new_password = new_password
        self._only_factory = only_factory
        self._has_factory_password = False

    def read(self) -> Steps[bool]:
        is_new = yield from self.session.accepts(self._user, self._new_password)
        if not is_new and self._only_factory and not self._has_factory_password:
            self._has_factory_password = yield from self.session.accepts(self._user, *FACTORY_PASSWORDS[self._user])
        return is_new

    def desired(self, current: bool) -> bool:
        return current or not self._only_factory or self._has_factory_password

    def prepare(self, current: bool) -> Steps[None]:
        yield from self.session.require_rights()
        login = yield from self.session.log_in()
        if self._user == GUEST and login.issuer == INNOSILICON_ISSUER:
            raise Unsupported("Innosilicon's firmware can change the password of admin only. Set user to admin.")

    def write(self, current: bool) -> Steps[None]:
        admin_password = self.session.credential.password
        yield from self.session.write(update_password(self._user, admin_password, self._new_password))

    def diff(self, before: bool, after: bool) -> tuple[Any, Any]:
        return MASK, "(changed)" if after != before else MASK

    def describe(self, value: bool) -> str:
        return "the new one" if value else "the old one"
