# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends every recorded request again; the simulator must answer like the real programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Miner
from tests.support.simulators import simulated

from .asking import ask, login

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"
GENERATIONS = ("dm-2018-04", "dm-2018-05", "inno-2018-08")
# The clock almost stands still, so that the recorded minute does not end.
SPEED = 0.001
RECORDED_TIME = datetime(2018, 6, 16, 22, 4, 26, tzinfo=timezone.utc).timestamp()
MEMORY = {"total": "memTotal", "free": "memFree", "available": "cacheFree", "cached": "cacheUsed"}


def load(generation: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((RECORDINGS / f"{generation}.json").read_text(encoding="utf-8"))
    return records


def recorded(label: str) -> Any:
    """The content of an answer in the most complete recording."""
    return next(json.loads(record["body"]) for record in load("dm-2018-05") if record["label"] == label)


def cgminer() -> dict[str, Any]:
    """What cgminer answered on the bench, recovered from pages that pass it on."""
    api = recorded("cgi-bin api.py")
    stats = recorded("admin stats")
    for device in api["DEVS"]:
        del device["DUTY"]
    del stats["success"]
    return {
        "devs": {"STATUS": api["STATUS"], "DEVS": api["DEVS"], "id": 1},
        "pools": {"STATUS": api["STATUS"], "POOLS": api["POOLS"], "id": 1},
        "stats": stats,
    }


def bench() -> dict[str, Any]:
    """The state in which everything was recorded."""
    logs = next(record["body"] for record in load("dm-2018-05") if record["label"] == "admin getLogs")
    return {
        "mac": "a0:b0:45:00:00:e5",
        "firmware": "t1_20180515_060842",
        "uptime_s": (3 * 24 * 60 + 62) * 60,
        "network": {
            "ipaddress": "10.1.0.25",
            "netmask": "255.255.252.0",
            "gateway": "10.1.0.1",
            "dns": ["10.1.0.1", ""],
        },
        "pools": recorded("admin pools")["pools"],
        "hashes": recorded("admin getDebugStats")["hashes"],
        "journal": logs,
        "monitor": False,
        "users": {},
        "cgminer": cgminer(),
    }


def state_of(record: dict[str, Any]) -> dict[str, Any]:
    """What was set up for one request."""
    content = json.loads(record["body"]) if record["body"].startswith("{") else {}
    hardware = content.get("hardware", content)
    state = {"memory": {key: hardware[name] for key, name in MEMORY.items() if name in hardware}}
    what = record["state"]
    if what == "users file absent":
        return {**state, "users": "absent"}
    if what == "cgminer answers nothing":
        return {**state, "cgminer": "empty"}
    if what == "cgminer answers no JSON":
        return {**state, "cgminer": "garbage"}
    if what is not None:
        assert what.startswith("vendor: ")
        return {**state, "vendor": {key: content[key] for key in ("version", "url", "info") if key in content}}
    return state


def comparable(body: str) -> Any:
    """Without what has to differ: the bench's version of nginx, and a token's times and signature."""
    if '"jwt":' not in body:
        return body.replace("nginx/1.22.1", "nginx/1.12.2")
    head, claims, signature = json.loads(body)["jwt"].split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    lifetime = decoded.pop("exp") - decoded.pop("iat")
    return head, decoded, lifetime, len(signature), body.partition(head)[0]


@pytest.fixture(scope="module")
def benches() -> Iterator[dict[str, Miner]]:
    with simulated(count=3, generation="mixed", first="127.31.0.1", speed=SPEED) as fleet:
        miners = {miner.generation: miner for miner in fleet.miners}
        for miner in fleet.miners:
            miner.set(clock_offset_s=RECORDED_TIME + 0.5 - miner.state()["clock"])
        yield miners


@pytest.mark.parametrize(
    ("generation", "record"),
    [
        pytest.param(generation, record, id=f"{generation}: {record['label']}")
        for generation in GENERATIONS
        for record in load(generation)
    ],
)
def test_answers_as_recorded(benches: dict[str, Miner], generation: str, record: dict[str, Any]) -> None:
    miner = benches[generation]
    miner.set(**{**bench(), **state_of(record)})
    answer = ask(miner, record["path"], record["form"], auth=record["auth"], method=record["method"])
    assert answer.status == record["status"]
    assert answer.header("Content-Type") == record["content_type"]
    assert comparable(answer.body.decode()) == comparable(record["body"])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_key_order_of_tokens(benches: dict[str, Miner], generation: str) -> None:
    """The claims are compared as text too, since the order is the firmware's."""
    token = next(json.loads(record["body"])["jwt"] for record in load(generation) if "good admin" in record["label"])
    miner = benches[generation]
    form = next(record["form"] for record in load(generation) if "good admin" in record["label"])
    own = ask(miner, "auth", form, auth=None).json()["jwt"]
    assert [_keys(own), own.split(".")[0]] == [_keys(token), token.split(".")[0]]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_two_logins_in_one_second_give_one_token(benches: dict[str, Miner], generation: str) -> None:
    assert login(benches[generation]) == login(benches[generation])


def _keys(token: str) -> list[str]:
    claims = token.split(".")[1]
    return list(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))))
