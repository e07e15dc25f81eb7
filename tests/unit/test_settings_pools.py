# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools: which ones are refused, when they are written, and what is shown of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils import protocol
from ansible_collections.minerops.dragonmint.plugins.module_utils.client import Client
from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import (
    InvalidInput,
    NotApplied,
    NotBack,
    Rejected,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils.protocol import Pool
from ansible_collections.minerops.dragonmint.plugins.module_utils.redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils.settings.pools import PoolsSetting, pools_from, shown
from ansible_collections.minerops.dragonmint.plugins.module_utils.state import Outcome, converge

from .helpers import RECORDED_GENERATIONS, Clock, Miner, Script, recorded, said

Connect = Callable[..., Client]

FIRST = Pool("stratum+tcp://first.example:3333", "farm.1", "x")
SECOND = Pool("stratum+tcp://second.example:3333", "farm.1", "x")


def option(**others: Any) -> dict[str, Any]:
    return {"url": "stratum+tcp://a.example:3333", "user": "farm.worker1", "password": "x", **others}


def stored(*pools: Pool) -> list[dict[str, str]]:
    return [{"url": pool.url, "user": pool.user, "pass": pool.password} for pool in pools]


@pytest.fixture
def miner() -> Miner:
    miner = Miner(protocol.DM_2018_05)
    miner.pools = stored(SECOND)
    return miner


def bring(client: Client, clock: Clock, *pools: Pool, check_mode: bool = False) -> Outcome[Any]:
    return converge(PoolsSetting(client, pools), check_mode, sleep=clock.sleep)


@pytest.mark.parametrize(
    "url",
    [
        "stratum+tcp://stratum.slushpool.com:3333",
        "stratum+tcp://10.1.0.9:1",
        "stratum+tcp://[fd00::9]:3333",
        "stratum+ssl://a.example:65535",
        "stratum2+tcp://a.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh",
        "stratum+tcp://a.example:3333/#xnsub",
        "stratum+tcp://a.example:3333/",
        "stratum+tcp://pool_1-a.example:3333",
    ],
)
def test_a_stratum_url_with_a_port_is_taken(url: str) -> None:
    assert pools_from([option(url=url)]) == (Pool(url, "farm.worker1", "x"),)


@pytest.mark.parametrize(
    "url",
    [
        "garbage",
        "a.example:3333",
        "http://a.example:3333",
        "STRATUM+TCP://a.example:3333",
        "stratum+udp://a.example:3333",
        "stratum+tcp://a.example",
        "stratum+tcp://a.example:",
        "stratum+tcp://a.example:0",
        "stratum+tcp://a.example:65536",
        "stratum+tcp://a.example:٣",
        "stratum+tcp://a.example:3333 ",
        " stratum+tcp://a.example:3333",
        "stratum+tcp://:3333",
        "stratum+tcp://a b:3333",
        "stratum+tcp://-a.example:3333",
        "stratum+tcp://a.example:3333#xnsub",
        "stratum+tcp://a.example:3333?x=1",
        "stratum+tcp://user@a.example:3333",
        "stratum+tcp://fd00::9:3333",
        "stratum+tcp://{{ pool }}:3333",
    ],
)
def test_what_is_no_stratum_url_with_a_port_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"url of pool 1 is .* must be stratum\+tcp://host:port"):
        pools_from([option(url=url)])


def test_a_password_in_a_refused_url_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as caught:
        pools_from([option(url="stratum+tcp://user:secret-9@a.example:3333")])
    assert "secret-9" not in str(caught.value)
    assert "no user or password in it" in str(caught.value)


@pytest.mark.parametrize("name", ["url", "user", "password"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "is empty"),
        (None, "is empty"),
        ("a\nb", "has control characters"),
        ("a\x00", "has control characters"),
        ("a\x7f", "has control characters"),
        ("a\x85b", "has control characters"),
        ("a\udcff", "is no valid UTF-8"),
    ],
)
def test_what_the_firmware_would_drop_or_choke_on_is_refused(name: str, value: str | None, text: str) -> None:
    with pytest.raises(InvalidInput, match=f"The {name} of pool 2 {text}"):
        pools_from([option(), option(**{name: value})])


@pytest.mark.parametrize("count", [0, 4, 100])
def test_there_are_one_to_three_pools(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"pools has {count} entries"):
        pools_from([option()] * count)


def test_the_order_of_the_pools_is_kept() -> None:
    urls = [f"stratum+tcp://{name}.example:1" for name in "cab"]
    assert [pool.url for pool in pools_from([option(url=url) for url in urls])] == urls


@pytest.mark.parametrize("user", ["ü", " spaces ", "{{ lookup('pipe', 'id') }}", "x" * 4096, "0"])
def test_any_other_user_is_taken_as_it_is(user: str) -> None:
    assert pools_from([option(user=user)])[0].user == user


def test_pools_that_are_there_are_not_sent(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.pools = stored(FIRST, SECOND)
    assert not bring(connect(miner), clock, FIRST, SECOND).changed
    assert miner.actions == ["pools"]


@pytest.mark.parametrize(
    "before",
    [
        [],
        [SECOND, FIRST],
        [FIRST],
        [FIRST, SECOND, SECOND],
        [FIRST, Pool(SECOND.url, "another", "x")],
        [FIRST, Pool(SECOND.url, SECOND.user, "y")],
    ],
    ids=["none", "order", "missing", "more", "user", "password"],
)
def test_the_pools_become_exactly_the_wanted_ones(
    before: list[Pool], miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.pools = stored(*before)
    outcome = bring(connect(miner), clock, FIRST, SECOND)
    assert (outcome.changed, outcome.value) == (True, (FIRST, SECOND))
    assert miner.pools == stored(FIRST, SECOND)
    assert miner.actions == ["pools", "updatePools", "pools"]


def test_check_mode_reads_only(miner: Miner, connect: Connect, clock: Clock) -> None:
    outcome = bring(connect(miner), clock, FIRST, check_mode=True)
    assert (outcome.changed, outcome.value) == (True, (FIRST,))
    assert miner.actions == ["pools"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_another_device_is_refused_before_a_change(
    check_mode: bool, miner: Miner, connect: Connect, clock: Clock
) -> None:
    with pytest.raises(WrongDevice):
        bring(connect(miner, expected_mac="a0:b0:45:00:00:01"), clock, FIRST, check_mode=check_mode)
    assert miner.writes == []


def test_pools_that_were_ignored_are_named(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.ignores = {"updatePools"}
    with pytest.raises(NotApplied, match=r"to stratum\+tcp://first.* still has stratum\+tcp://second.* as farm\.1"):
        bring(connect(miner), clock, FIRST)
    assert miner.writes == ["updatePools"]


def test_a_password_that_was_ignored_is_not_named(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.ignores = {"updatePools"}
    with pytest.raises(NotApplied, match="with other secrets") as caught:
        bring(connect(miner), clock, Pool(SECOND.url, SECOND.user, "secret-9"))
    assert "secret-9" not in str(caught.value)


@pytest.mark.parametrize("lost", [TimedOut("", "late"), Unreachable("", "dropped", sent=True)])
def test_a_lost_reply_is_not_a_second_write(lost: Exception, miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.fails = {"updatePools": [lost]}
    with pytest.raises(NotApplied):
        bring(connect(miner), clock, FIRST)
    assert miner.writes == ["updatePools"]


def test_a_miner_that_goes_dark_after_the_write_is_not_back(miner: Miner, connect: Connect, clock: Clock) -> None:
    client = connect(miner, retries=0)
    gone: list[Any] = [Unreachable("", "refused", sent=False)] * 100
    miner.fails = {"pools": [said(success=True, pools=[]), *gone]}
    with pytest.raises(NotBack) as caught:
        bring(client, clock, FIRST)
    assert caught.value.changed


@pytest.mark.parametrize("generation", protocol.GENERATIONS)
def test_a_lost_configuration_is_not_overwritten(generation: str, connect: Connect, clock: Clock) -> None:
    wire = Script([said(success=False, message="missing configuration")])
    with pytest.raises(Rejected, match=r"missing configuration.*nothing was sent.*factory settings"):
        bring(connect(wire), clock, FIRST)
    assert wire.actions == ["pools"]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("url error", r"ssl://a\.example:1 as farm\.1, with url error.*kept those.*stratum\+tcp:// only"),
        ("no", "updatePools: no"),
    ],
)
def test_a_refusal_of_the_urls_says_which_the_miner_takes(
    message: str, text: str, miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.fails["updatePools"] = [said(success=False, message=message)]
    with pytest.raises(Rejected, match=text) as caught:
        bring(connect(miner), clock, Pool("stratum+ssl://a.example:1", "farm.1", "x"))
    assert not caught.value.changed


def passwords_in_diff(before: list[Pool], after: list[Pool]) -> list[list[str]]:
    setting = PoolsSetting(None, ())  # type: ignore[arg-type]
    return [[pool["password"] for pool in side] for side in setting.diff(tuple(before), tuple(after))]


NEW_PASSWORD = Pool(FIRST.url, FIRST.user, "secret-9")


@pytest.mark.parametrize(
    ("before", "after", "passwords"),
    [
        ([FIRST], [FIRST], [[MASK], [MASK]]),
        ([FIRST], [NEW_PASSWORD], [[MASK], ["(changed)"]]),
        ([NEW_PASSWORD], [FIRST], [[MASK], ["(changed)"]]),
        ([FIRST, SECOND], [FIRST, NEW_PASSWORD], [[MASK, MASK], [MASK, "(changed)"]]),
        ([], [NEW_PASSWORD], [[], [MASK]]),
        ([NEW_PASSWORD, FIRST], [], [[MASK, MASK], []]),
    ],
)
def test_a_diff_tells_that_a_password_changed_and_never_which(
    before: list[Pool], after: list[Pool], passwords: list[list[str]]
) -> None:
    assert passwords_in_diff(before, after) == passwords


def test_a_diff_shows_url_and_user(miner: Miner, connect: Connect, clock: Clock) -> None:
    diff = bring(connect(miner), clock, FIRST, check_mode=True).diff
    assert diff == {
        "before": {"pools": [{"url": SECOND.url, "user": SECOND.user, "password": MASK}]},
        "after": {"pools": [{"url": FIRST.url, "user": FIRST.user, "password": MASK}]},
    }


def test_pools_are_shown_without_passwords() -> None:
    pool = Pool("stratum+tcp://user:secret-9@a.example:3333", "farm.1", "secret-9")
    assert shown([pool]) == [{"url": f"stratum+tcp://user:{MASK}@a.example:3333", "user": "farm.1"}]
    assert "secret-9" not in PoolsSetting(None, ()).describe((pool,))  # type: ignore[arg-type]


def test_no_pools_have_a_name_too() -> None:
    assert PoolsSetting(None, ()).describe(()) == "no pools"  # type: ignore[arg-type]


@pytest.mark.parametrize("generation", RECORDED_GENERATIONS)
def test_the_recorded_pools_are_as_desired(generation: str, connect: Connect, clock: Clock) -> None:
    pools = [Pool(f"stratum+tcp://pool-{name}.example:3333", user, "x") for name, user in
             (("a", "wallet.0"), ("b", "farm.worker1"))]  # fmt: skip
    assert not bring(connect(Script([recorded(generation, "/api/pools")])), clock, *pools).changed
