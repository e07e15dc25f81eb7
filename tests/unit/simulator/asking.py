# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain HTTP requests to simulated miners, and waiting with a deadline."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.simulator.control import Miner

PASSWORDS = {
    "dm-2018-04": {"admin": "dragonadmin", "guest": "dragonguest"},
    "dm-2018-05": {"admin": "dragonadmin", "guest": "dragonguest"},
    "inno-2018-05": {"admin": "admin", "guest": "guest"},
    "inno-2018-08": {"admin": "admin", "guest": "guest"},
    "inno-2018-09": {"admin": "admin", "guest": "guest"},
    "inno-2019": {"admin": "admin", "guest": "guest"},
}
INVALID = {"success": False, "message": "invalid request"}
EXPIRED = {"success": False, "token": "expired"}
OK = {"success": True}
POOL = {"Pool1": "stratum+tcp://a.example:1", "UserName1": "u", "Password1": "x"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(
    miner: Miner,
    path: str,
    form: Any = None,
    *,
    auth: str | None = "admin",
    method: str = "POST",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    host: str | None = None,
    timeout: float = 5.0,
) -> Answer:
    """One request on a connection of its own. `auth` is a user with its default password or a whole header."""
    target = path if path.startswith("/") else f"/api/{path}"
    sent = dict(headers or {})
    if auth is not None:
        passwords = PASSWORDS[miner.generation]
        sent["Authorization"] = basic(auth, passwords[auth]) if auth in passwords else auth
    if form is not None:
        body = urlencode(form).encode()
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    connection = http.client.HTTPConnection(host or miner.host, miner.port, timeout=timeout)
    try:
        connection.request(method, target, body, sent)
        reply = connection.getresponse()
        return Answer(reply.status, reply.getheaders(), reply.read())
    finally:
        connection.close()


def login(miner: Miner, user: str = "admin", password: str | None = None) -> str:
    """A Bearer header."""
    form = {"username": user, "password": password or PASSWORDS[miner.generation][user]}
    return "Bearer " + str(ask(miner, "auth", form, auth=None).json()["jwt"])


def wait_for(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """The first true value of `condition`; refused and broken connections count as false."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.01)
    raise AssertionError(f"{condition} was not true within {timeout} s")
