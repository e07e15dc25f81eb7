# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints for login and passwords."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
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
    GUEST,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import text_of

# A miner's reply to an unknown login. Other refusals at this endpoint say nothing about the password.
USER_UNKNOWN = "user not found"
LOGIN_REFUSALS = ("invalid password", USER_UNKNOWN)


@dataclass(frozen=True)
class Login:
    """A successful login. ``level`` is the miner's view of the user, admin or guest; ``issuer`` names the firmware.

    Both are None if the JWT does not contain them.
    """

    jwt: str = field(repr=False)
    level: str | None
    issuer: str | None


def auth(username: str, password: str) -> Request[Login]:
    """A login. Send it without an Authorization header: a stale JWT would be refused even here."""
    return Request(AUTH, {"username": username, "password": password})


def update_password(user: str, admin_password: str, new_password: str) -> Request[None]:
    """Sets a user's password. The current password that the miner asks for is always the admin's."""
    form = {"user": user, "currentPassword": admin_password, "newPassword": new_password}
    return Request(UPDATE_PASSWORD, form)


def _read_login(answer: Mapping[str, Any], reply: Reply) -> Login:
    jwt = answer.get("jwt")
    if not isinstance(jwt, str) or not _JWT.fullmatch(jwt):
        raise BadReply("The miner accepted the login, but sent no JWT. Try again, or reboot the miner.")
    claims = _claims(jwt)
    user = claims.get("user")
    return Login(jwt, user if user in (ADMIN, GUEST) else None, text_of(claims.get("iss")))


def _claims(jwt: str) -> Mapping[str, Any]:
    encoded = jwt.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
AUTH = Endpoint("auth", FOR_GUEST, _read_login)
UPDATE_PASSWORD = Endpoint("updatePassword", FOR_ADMIN, nothing, writes=True)
