# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login page."""

from __future__ import annotations

from ..call import Call
from ..login import strip_user
from ..wire import Reply
from .answers import failure, success


async def auth(call: Call) -> Reply:
    miner = call.miner
    miner.users.create_if_unreadable()
    user, password = call.form.get("username"), call.form.get("password")
    if not user or not password:
        return failure("missing username/password fields")
    name = strip_user(str(user)) if miner.generation.strips_user_at_login else str(user)
    if name not in miner.users.passwords:
        return failure("user not found")
    is_factory_guest = miner.generation.knows_factory_guest and (name, password) == ("guest", "guest")
    if miner.users.passwords[name] != password and not is_factory_guest:
        return failure("invalid password")
    return success(jwt=miner.tokens.issue(name, miner.wall()))
