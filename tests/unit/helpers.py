# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the unit tests share: recorded replies, and stand-ins for network and time."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    DM_2018_04,
    DM_2018_05,
    INNO_2018_05,
    INNO_2018_08,
    INNO_2018_09,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts

ROOT = Path(__file__).parents[2]
# The others are known only from their sources or web pages.
RECORDED_GENERATIONS = (DM_2018_04, DM_2018_05, INNO_2018_08)
UNRECORDED_GENERATIONS = (INNO_2018_05, INNO_2018_09, INNO_2019)
RECORDED_AT = "Sat, 16 Jun 2018 22:04:25 GMT"


@lru_cache
def recordings(generation: str) -> list[dict[str, Any]]:
    return json.loads((ROOT / "tests/data/recordings" / f"{generation}.json").read_text(encoding="utf-8"))


def sister(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The recorded reply of a sister model, and the correct values for it."""
    path = ROOT / "tests/data/recordings/sisters" / f"{name}.json"
    recording = json.loads(path.read_text(encoding="utf-8"))
    return recording["reply"], recording["right"]


# States to set up for ordinary answers, where that is needed.
USUAL_STATES = {
    ("/api/getLatestFirmwareVersion", "admin"): "vendor: getLatestFirmwareVersion newer",
    ("/api/getLatestFirmwareVersion", "guest"): "vendor: guest getLatestFirmwareVersion",
}


def recorded(generation: str, path: str, auth: str | None = "admin", **others: Any) -> Reply:
    """The recorded reply of this generation's real program to this request."""
    wanted = {"path": path, "auth": auth, "state": USUAL_STATES.get((path, auth)), **others}
    for entry in recordings(generation):
        if all(entry[key] == value for key, value in wanted.items()):
            return Reply(entry["status"], entry["body"].encode(), date=RECORDED_AT)
    raise LookupError(f"{generation} has no recording of {wanted}")


def said(status: int = 200, **answer: Any) -> Reply:
    """A reply of the miner with these keys."""
    return Reply(status, json.dumps(answer).encode(), date=RECORDED_AT)


def jwt_of(user: str, number: int = 1, issuer: str = "DragonMint") -> str:
    """A token for a user; the number distinguishes logins."""
    claims = json.dumps({"iss": issuer, "iat": number, "user": user}).encode()
    return f"eyJ0eXAiOiJKV1QifQ.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


def logged_in(user: str = "admin", number: int = 1, issuer: str = "DragonMint") -> Reply:
    return said(success=True, jwt=jwt_of(user, number, issuer))


SUCCESS = said(success=True)
NO_REASON = said(success=False)
INVALID_REQUEST = said(success=False, message="invalid request")
EXPIRED = said(success=False, token="expired")
WRONG_PASSWORD = said(success=False, message="invalid password")
NO_USER = said(success=False, message="user not found")
INNOMINER_PAGE = Reply(200, b"<!DOCTYPE html><html><head><title>InnoMiner</title></head></html>")
PHP_IS_GONE = Reply(502, b"<html><head><title>Error</title></head></html>")


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@dataclass(frozen=True)
class Asked:
    """A request that was sent."""

    action: str
    form: dict[str, str]
    authorization: str | None
    slow_s: float = 0.0


@dataclass
class Script:
    """Stands in for Transport: gives answers in order, or raises them, and records the requests."""

    answers: list[Reply | Exception]
    asked: list[Asked] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    @property
    def actions(self) -> list[str]:
        return [asked.action for asked in self.asked]

    @property
    def passwords(self) -> list[str]:
        """The passwords that were tried at /api/auth."""
        return [asked.form["password"] for asked in self.asked if asked.action == "auth"]

    def post(self, path: str, form: dict[str, str], authorization: str | None, slow_s: float = 0.0) -> Reply:
        self.asked.append(Asked(path.replace("/api/", "", 1), dict(form), authorization, slow_s))
        assert self.answers, f"one request more than expected: {self.actions}"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get(self, path: str) -> Reply:
        return self.post(path, {}, None)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Clock:
    """Stands in for the time module without waiting."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Miner:
    """Stands in for Transport with a miner's state: pools, autotune mode, and the requests sent to it.

    ``ignores`` names the actions that it confirms without executing them.
    """

    def __init__(self, generation: str, mode: str = "balanced", level: str = "2", fresh: bool = True) -> None:
        self.generation = generation
        self.type = "T1"
        self.mode = mode
        self.level = level
        self.fresh = fresh
        self.pools: list[dict[str, str]] = []
        self.ignores: set[str] = set()
        self.fails: dict[str, list[Exception | Reply]] = {}
        self.actions: list[str] = []
        self.pauses: list[float] = []

    @property
    def writes(self) -> list[str]:
        return [action for action in self.actions if action in ("updatePools", "setAutoTune")]

    def post(self, path: str, form: dict[str, str], authorization: str | None, slow_s: float = 0.0) -> Reply:
        action = path.replace("/api/", "", 1)
        self.actions.append(action)
        if self.fails.get(action):
            failure = self.fails[action].pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return getattr(self, f"_{action}", lambda form: INVALID_REQUEST)(form)

    def get(self, path: str) -> Reply:
        self.actions.append(path)
        if self.generation == INNO_2018_05:
            return INNOMINER_PAGE
        return recorded(self._recorded, path, None, method="GET")

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def _has_levels(self) -> bool:
        return self.generation in (INNO_2018_08, INNO_2018_09, INNO_2019)

    @property
    def _recorded(self) -> str:
        if self._has_levels:
            return INNO_2018_08
        return DM_2018_05 if self.generation == INNO_2018_05 else self.generation

    def _getErrorMessage(self, form: dict[str, str]) -> Reply:  # noqa: N802
        has_error = self.generation in (INNO_2018_05, INNO_2018_08, INNO_2018_09)
        return said(success=True, code="0", errmsg="") if has_error else INVALID_REQUEST

    def _getErrorDetail(self, form: dict[str, str]) -> Reply:  # noqa: N802
        if self.generation != INNO_2019:
            return INVALID_REQUEST
        return said(success=True, code="0", detail={"description": "", "msg": "", "analysis": ""})

    def _auth(self, form: dict[str, str]) -> Reply:
        return logged_in(form["username"])

    def _type(self, form: dict[str, str]) -> Reply:
        return said(success=True, type=self.type)

    def _overview(self, form: dict[str, str]) -> Reply:
        return recorded(self._recorded, "/api/overview")

    def _network(self, form: dict[str, str]) -> Reply:
        return recorded(self._recorded, "/api/network")

    def _getDebugStats(self, form: dict[str, str]) -> Reply:  # noqa: N802 - the device's name
        return recorded(DM_2018_05, "/api/getDebugStats")

    def _getLatestFirmwareVersion(self, form: dict[str, str]) -> Reply:  # noqa: N802
        return recorded(self._recorded, "/api/getLatestFirmwareVersion")

    def _getAll(self, form: dict[str, str]) -> Reply:  # noqa: N802
        has_it = self.generation in (INNO_2018_09, INNO_2019)
        return said(success=True, all={"chain": [], "total_hash": []}) if has_it else INVALID_REQUEST

    def _getLockState(self, form: dict[str, str]) -> Reply:  # noqa: N802
        has_lock = self.generation in (INNO_2018_09, INNO_2019)
        return Reply(200, b'{"success":true,"status":"0"}') if has_lock else INVALID_REQUEST

    def _summary(self, form: dict[str, str]) -> Reply:
        return recorded(INNO_2018_08 if self._has_levels else DM_2018_05, "/api/summary")

    def _pools(self, form: dict[str, str]) -> Reply:
        return said(success=True, pools=self.pools)

    def _updatePools(self, form: dict[str, str]) -> Reply:  # noqa: N802
        if "updatePools" not in self.ignores:
            rows = [[form.get(f"{name}{number}") for name in ("Pool", "UserName", "Password")] for number in (1, 2, 3)]
            self.pools = [dict(zip(("url", "user", "pass"), row)) for row in rows if all(row)]
        return SUCCESS

    def _getAutoTune(self, form: dict[str, str]) -> Reply:  # noqa: N802
        mode: Any = {"mode": self.mode, "level": self.level} if self._has_levels else self.mode
        return said(success=True, autoTuneMode=mode)

    def _getAutoTuneStatus(self, form: dict[str, str]) -> Reply:  # noqa: N802
        if self.generation == DM_2018_04:
            return INVALID_REQUEST
        level = {"level": self.level} if self._has_levels else {}
        return said(success=True, isRunning=True, isTuning=False, mode=self.mode, **level)

    def _setAutoTune(self, form: dict[str, str]) -> Reply:  # noqa: N802
        own = "off" if self.generation == DM_2018_04 else "factory"
        known = form["autotune"] in {"efficient", "balanced", "performance", own}
        is_lost_on_fresh = self.fresh and form["autotune"] == "balanced"
        if known and not is_lost_on_fresh and "setAutoTune" not in self.ignores:
            self.mode, self.level, self.fresh = form["autotune"], form.get("level", "2").strip(), False
        return SUCCESS


def of_hosts(values: dict[str, dict[str, Any]]) -> OfHosts:
    """The values of a job on these hosts, as the lookup job_of_hosts finds them."""
    return OfHosts(list(values.values()), {host: index for index, host in enumerate(values)}, {})
