# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that a miner tests: which ones are sent to it, and what it reports."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands.pool_test import try_pools
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    PermissionDenied,
    Rejected,
    TimedOut,
    Unsupported,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.pools import DesiredPool, pools_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._task import Context, finished
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import Pool
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_pool_test

from .driving import Connect, asking
from .helpers import INVALID_REQUEST, NO_REASON, SUCCESS, Script, logged_in, said

FIRST = DesiredPool("stratum+tcp://first.example:3333", "farm.1", "x")
SECOND = DesiredPool("stratum+tcp://second.example:3333", "farm.1", "secret-9")
KEPT = DesiredPool(SECOND.url, SECOND.user, None)
ASKED = {"Pool": SECOND.url, "UserName": SECOND.user, "Password": "secret-9"}


def test_each_pool_is_tried_with_its_worker(connect: Connect) -> None:
    wire = Script([SUCCESS, SUCCESS, SUCCESS])
    assert asking(try_pools, connect(wire), [FIRST, SECOND]) == tuple(
        Pool(pool.url, pool.user, str(pool.password)) for pool in (FIRST, SECOND)
    )
    assert wire.actions == ["checkPoolTest", "TestingPool", "TestingPool"]
    assert wire.asked[-1].form == ASKED
    # The miner waits for the pool before it answers.
    assert wire.asked[-1].slow_s == 60.0


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (said(success=False, msg="connect timeout"), "'connect timeout'"),
        (said(success=False, message="auth"), "'auth'"),
        (NO_REASON, "the miner gave no reason"),
    ],
)
def test_a_pool_that_it_cannot_use_is_named_with_what_the_miner_says(
    refusal: Reply, reason: str, connect: Connect
) -> None:
    wire = Script([SUCCESS, refusal, SUCCESS])
    with pytest.raises(Rejected) as caught:
        asking(try_pools, connect(wire), [FIRST, SECOND])
    said_of_it = f"pool 1, 'stratum+tcp://first.example:3333' as 'farm.1': {reason}"
    assert caught.value.reason == said_of_it
    assert str(caught.value).startswith(f"The miner cannot use {said_of_it}. Nothing was set.")
    # The others are tested all the same.
    assert wire.answers == []


def test_all_pools_that_it_cannot_use_are_named(connect: Connect) -> None:
    refusal = said(success=False, msg="no route")
    with pytest.raises(Rejected, match=r"pool 1, .* 'no route'; pool 2, .* 'no route'\. Nothing was set"):
        asking(try_pools, connect(Script([SUCCESS, refusal, refusal])), [FIRST, SECOND])


@pytest.mark.parametrize(
    "answers",
    [
        [INVALID_REQUEST, logged_in(), INVALID_REQUEST],
        [NO_REASON] * 4,
        [said(success=False, message="not supported")],
    ],
)
def test_firmware_that_cannot_test_is_sent_no_pool(answers: list[Any], connect: Connect) -> None:
    wire = Script(answers)
    with pytest.raises(Unsupported, match="cannot test a pool without setting it"):
        asking(try_pools, connect(wire), [SECOND])
    assert set(wire.actions) <= {"checkPoolTest", "auth"}


def test_a_password_that_is_kept_is_the_miners(connect: Connect) -> None:
    stored = said(success=True, pools=[{"url": SECOND.url, "user": SECOND.user, "pass": "secret-9"}])
    wire = Script([SUCCESS, stored, SUCCESS])
    client = connect(wire)
    asking(try_pools, client, [KEPT])
    assert wire.asked[-1].form == ASKED
    assert "secret-9" in client.session.tokens


@pytest.mark.parametrize("stored", [[], [{"url": SECOND.url, "user": SECOND.user, "pass": ""}]])
def test_no_pool_is_tried_where_there_is_no_password_to_keep(stored: list[Any], connect: Connect) -> None:
    wire = Script([SUCCESS, said(success=True, pools=stored)])
    with pytest.raises(InvalidInput, match="password"):
        asking(try_pools, connect(wire), [FIRST, KEPT])
    assert wire.actions == ["checkPoolTest", "pools"]


@pytest.mark.parametrize("user", ["", None])
def test_a_pool_without_a_worker_is_not_tried(user: str | None) -> None:
    with pytest.raises(InvalidInput, match="The user of pool 1 is empty"):
        pools_from([{"url": FIRST.url, "user": user, "password": "x"}])


def test_a_guest_may_not_try_pools(connect: Connect) -> None:
    with pytest.raises(PermissionDenied):
        asking(try_pools, connect(Script([]), username="guest"), [FIRST])


def test_a_miner_that_does_not_answer_has_said_nothing_of_the_pool(connect: Connect) -> None:
    wire = Script([SUCCESS, TimedOut("It took too long.", "late")])
    with pytest.raises(TimedOut):
        asking(try_pools, connect(wire), [FIRST])


def test_a_password_that_the_miner_repeats_is_masked(connect: Connect) -> None:
    pools = [{"url": SECOND.url, "user": SECOND.user, "password": SECOND.password}]
    context = Context({"pools": pools, "keep_passwords": False, "host": "10.1.0.25"}, check_mode=False)
    client = connect(Script([SUCCESS, said(success=False, msg="login of secret-9 failed")]))
    context.session = client.session
    result = client.run(finished(dragonmint_pool_test.run, context))
    assert (result["failed"], result["error_code"], result["changed"]) == (True, "rejected", False)
    assert f"login of {MASK} failed" in result["msg"]
    assert "secret-9" not in str(result)
