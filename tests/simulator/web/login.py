# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifies the user: Basic credentials, tokens and the users file. The rules are those seen on the device."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import random
import re
import string
from dataclasses import dataclass

from ..generations import Generation

TOKEN_LIFETIME = 21600  # seconds


@dataclass(frozen=True)
class Identity:
    """What the Authorization header of a request proves."""

    user: str | None = None
    method: str | None = None
    token_refused: bool = False


class Users:
    """The users file: `ok`, `absent`, `corrupt` (invalid JSON), or `misshapen` (JSON, but not a list of users)."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self.file = "ok"
        self.passwords = dict(generation.passwords)

    def lose(self, file: str) -> None:
        self.file = file
        self.passwords = {}

    def restore(self, passwords: dict[str, str]) -> None:
        """Sets these passwords; other users keep theirs, or get the factory's."""
        self.file = "ok"
        self.passwords = {**self._generation.passwords, **self.passwords, **passwords}

    def create_if_unreadable(self) -> None:
        """The first step of the login page and updatePassword. Valid JSON is not checked any further."""
        if self.file in {"absent", "corrupt"}:
            self.restore({})

    def accepts_basic(self, user: str, password: str) -> bool:
        if self.file in {"corrupt", "misshapen"}:
            return False
        defaults = self._generation.passwords
        stored = self.passwords if self.file == "ok" else defaults
        if self._generation.any_password_while_default and user in stored and stored[user] == defaults[user]:
            return True
        return stored.get(user) == password


class Tokens:
    """The miner's JWTs. The key is made at boot, so a reboot invalidates all of them."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._key = "".join(random.sample(string.ascii_letters + string.digits, 20)).encode()

    def issue(self, user: str, now: float) -> str:
        issued = int(now)
        claims = {"iss": self._issuer, "iat": issued, "exp": issued + TOKEN_LIFETIME, "user": user}
        head = _base64url(b'{"typ":"JWT","alg":"HS256"}')
        signed = f"{head}.{_base64url(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{signed}.{self._signature(signed)}"

    def user(self, token: str, now: float) -> str | None:
        """The user of a valid token; None for any token problem."""
        try:
            head, claims, signature = token.split(".")
            if not hmac.compare_digest(signature, self._signature(f"{head}.{claims}")):
                return None
            if _decoded(head).get("alg") != "HS256":
                return None
            content = _decoded(claims)
        except (ValueError, TypeError):
            return None
        issued, expires = content.get("iat", 0), content.get("exp", now + 1)
        # There is no leeway: if the clock goes back, all tokens are from the future.
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            return None
        return str(content.get("user", "")) if issued <= now < expires else None

    def _signature(self, signed: str) -> str:
        return _base64url(hmac.new(self._key, signed.encode(), hashlib.sha256).digest())


def identify(authorization: str, users: Users, tokens: Tokens, now: float) -> Identity:
    """A Bearer token anywhere in the header wins over Basic credentials."""
    bearer = re.search(r"Bearer\s(\S+)", authorization, re.ASCII)
    if bearer:
        user = tokens.user(bearer.group(1), now)
        return Identity(user, "bearer", token_refused=user is None)
    if authorization[:6].lower() != "basic ":
        return Identity()
    user, password = _basic(authorization[6:])
    known = password != "" and users.accepts_basic(user, password)
    return Identity(user if known else None, "basic")


def strip_user(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "", name)


def _basic(credentials: str) -> tuple[str, str]:
    """User and password; both empty if there is no colon or the base64 is invalid."""
    letters = re.sub(r"[^A-Za-z0-9+/]", "", credentials)
    try:
        decoded = base64.b64decode(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return "", ""
    user, _unused, password = decoded.decode("utf-8", "surrogateescape").partition(":")
    return strip_user(user), password


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, object]:
    content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(content, dict):
        raise TypeError(part)
    return content
