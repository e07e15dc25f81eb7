# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools: which ones are refused, when they are written, and how they are shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    InvalidInput,
    NotApplied,
    NotBack,
    Rejected,
    TimedOut,
    Unreachable,
    Unsupported,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.pools import (
    DesiredPool,
    PoolsSetting,
    left_out_password,
    pools_from,
    shown,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._task import Context, finished
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    DM_2018_05,
    GENERATIONS,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.pools import Pool
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_pools

from .driving import Connect, Driven
from .helpers import RECORDED_GENERATIONS, Clock, Miner, Script, recorded, said

FIRST = Pool("stratum+tcp://first.example:3333", "farm.1", "x")
SECOND = Pool("stratum+tcp://second.example:3333", "farm.1", "x")


def option(**others: Any) -> dict[str, Any]:
    return {"url": "stratum+tcp://a.example:3333", "user": "farm.worker1", "password": "x", **others}


def stored(*pools: Pool) -> list[dict[str, str]]:
    return [{"url": pool.url, "user": pool.user, "pass": pool.password} for pool in pools]


@pytest.fixture
def miner() -> Miner:
    miner = Miner(DM_2018_05)
    miner.pools = stored(SECOND)
    return miner


def converged(client: Driven, clock: Clock, *pools: Pool, check_mode: bool = False) -> Outcome[Any]:
    return client.run(converge(PoolsSetting(client.session, pools), check_mode))


@pytest.mark.parametrize(
    "url",
    [
        "stratum+tcp://pool.example.com:3333",
        "stratum+tcp://192.0.2.9:1",
        "stratum+tcp://[fd00::9]:3333",
        "stratum+ssl://a.example:65535",
        "stratum+tls://a.example:3333",
        "stratum2+tcp://a.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh",
        "stratum+tcp://a.example:3333/#xnsub",
        "stratum+tcp://a.example:3333/",
        "stratum+tcp://pool_1-a.example:3333",
    ],
)
def test_a_stratum_url_with_a_port_is_taken(url: str) -> None:
    assert pools_from([option(url=url)]) == (DesiredPool(url, "farm.worker1", "x"),)


def test_xnsub_gets_the_slash_that_cgminer_needs() -> None:
    (pool,) = pools_from([option(url="stratum+tcp://a.example:3333#xnsub")])
    assert pool.url == "stratum+tcp://a.example:3333/#xnsub"


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
        "stratum+tcp://:3333",
        "stratum+tcp://a b:3333",
        "stratum+tcp://-a.example:3333",
        "stratum+tcp://a.example:#xnsub",
        "stratum+tcp://a.example:3333#other",
        "stratum+tcp://a.example:3333?x=1",
        "stratum+tcp://user@a.example:3333",
        "stratum+tcp://fd00::9:3333",
        "stratum+tcp://{{ pool }}:3333",
    ],
)
def test_what_is_no_stratum_url_with_a_port_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"url of pool 1 is '.*'\. Give it as stratum\+tcp://host:port"):
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
        ("a\nb", r"('a\\nb', )?has .* U\+000A LINE FEED at position 2"),
        ("a\x00", r"('a\\x00', )?has .* U\+0000 NULL at position 2"),
        ("a\x85b", r"('a\\x85b', )?has .* U\+0085 control character at position 2"),
        ("a\u200bb", r"('a\\u200bb', )?has .* U\+200B ZERO WIDTH SPACE at position 2"),
        ("a\u00a0", r"('a\\xa0', )?ends with white space: U\+00A0 NO-BREAK SPACE at position 2"),
        (" a", r"(' a', )?begins with white space: U\+0020 SPACE at position 1"),
        ("a ", r"('a ', )?ends with white space: U\+0020 SPACE at position 2"),
        ("a\udcff", r"('a\\udcff', )?is not valid UTF-8"),
    ],
)
def test_what_the_firmware_would_drop_or_store_unseen_is_refused(name: str, value: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=f"^The {name} of pool 2,? {text}") as caught:
        pools_from([option(), option(**{name: value})])
    assert ("'" in str(caught.value)) is (value != "" and name != "password")


@pytest.mark.parametrize("name", ["url", "user"])
def test_a_url_and_a_user_are_needed(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"The {name} of pool 1 is empty"):
        pools_from([option(**{name: None})])


def test_a_miner_needs_a_pool() -> None:
    with pytest.raises(InvalidInput, match="pools is empty; a miner needs at least one pool"):
        pools_from([])


@pytest.mark.parametrize("count", [4, 100])
def test_there_are_three_pools_at_most(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"pools has {count} entries; a miner uses at most 3"):
        pools_from([option()] * count)


def test_the_order_of_the_pools_is_kept() -> None:
    urls = [f"stratum+tcp://{name}.example:1" for name in "cab"]
    assert [pool.url for pool in pools_from([option(url=url) for url in urls])] == urls


@pytest.mark.parametrize("user", ["ü", "two words", "{{ lookup('pipe', 'id') }}", "x" * 4096, "0"])
def test_any_other_user_is_taken_as_it_is(user: str) -> None:
    assert pools_from([option(user=user)])[0].user == user


def test_pools_that_are_there_are_not_sent(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.pools = stored(FIRST, SECOND)
    assert not converged(connect(miner), clock, FIRST, SECOND).changed
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
    outcome = converged(connect(miner), clock, FIRST, SECOND)
    assert (outcome.changed, outcome.value) == (True, (FIRST, SECOND))
    assert miner.pools == stored(FIRST, SECOND)
    assert miner.actions == ["pools", "updatePools", "pools"]


def test_check_mode_reads_only(miner: Miner, connect: Connect, clock: Clock) -> None:
    outcome = converged(connect(miner), clock, FIRST, check_mode=True)
    assert (outcome.changed, outcome.value) == (True, (FIRST,))
    assert miner.actions == ["pools"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_another_device_is_refused_before_a_change(
    check_mode: bool, miner: Miner, connect: Connect, clock: Clock
) -> None:
    with pytest.raises(WrongDevice):
        converged(connect(miner, expected_mac="a0:b0:45:00:00:01"), clock, FIRST, check_mode=check_mode)
    assert miner.writes == []


def test_pools_that_were_ignored_are_named(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.ignores = {"updatePools"}
    with pytest.raises(NotApplied, match=r"to stratum\+tcp://first.* still has stratum\+tcp://second.* as farm\.1"):
        converged(connect(miner), clock, FIRST)
    assert miner.writes == ["updatePools"]


def test_a_password_that_was_ignored_is_not_named(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.ignores = {"updatePools"}
    with pytest.raises(NotApplied, match="with other secrets") as caught:
        converged(connect(miner), clock, Pool(SECOND.url, SECOND.user, "secret-9"))
    assert "secret-9" not in str(caught.value)


@pytest.mark.parametrize("lost", [TimedOut("", "late"), Unreachable("", "dropped", sent=True)])
def test_a_lost_reply_is_not_a_second_write(lost: Exception, miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.fails = {"updatePools": [lost]}
    with pytest.raises(NotApplied):
        converged(connect(miner), clock, FIRST)
    assert miner.writes == ["updatePools"]


def test_a_miner_that_goes_dark_after_the_write_is_not_back(miner: Miner, connect: Connect, clock: Clock) -> None:
    client = connect(miner, retries=0)
    gone: list[Any] = [Unreachable("", "refused", sent=False)] * 100
    miner.fails = {"pools": [said(success=True, pools=[]), *gone]}
    with pytest.raises(NotBack) as caught:
        converged(client, clock, FIRST)
    assert caught.value.changed


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_lost_configuration_is_not_overwritten(generation: str, connect: Connect, clock: Clock) -> None:
    wire = Script([said(success=False, message="missing configuration")])
    with pytest.raises(Rejected, match=r"missing configuration.*nothing was sent.*factory settings"):
        converged(connect(wire), clock, FIRST)
    assert wire.actions == ["pools"]


REFUSED_URLS = [
    "stratum+ssl://a.example:1",
    "stratum2+tcp://a.example:1",
    "stratum+tcp://pool:1",
    "stratum+tcp://[fd00::9]:1",
    "stratum+tcp://a.1b:1",
    "stratum+tcp://a.example1:1",
    "stratum+tcp://a..example:1",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_refusal_of_the_urls_names_those_that_the_miner_does_not_take(
    url: str, miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.fails["updatePools"] = [said(success=False, message="url error")]
    pools = [FIRST, Pool("stratum+tcp://192.0.2.9:1/#xnsub", "farm.1", "x"), Pool(url, "farm.1", "x")]
    with pytest.raises(Rejected, match=r"'url error'\) and kept its current ones.*not IPv6\. Change '") as caught:
        converged(connect(miner), clock, *pools)
    assert str(caught.value).endswith(f"Change '{url}' (pool 3).")
    assert not caught.value.changed


def test_a_refusal_that_nothing_explains_names_all(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.fails["updatePools"] = [said(success=False, message="url error")]
    with pytest.raises(Rejected, match=r"'stratum\+tcp://first.* \(pool 1\), 'stratum\+tcp://second.* \(pool 2\)"):
        converged(connect(miner), clock, FIRST, Pool(SECOND.url, "another", "x"))


TLS = Pool("stratum+tls://first.example:3333", "farm.1", "x")


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_tls_is_for_firmware_that_knows_it(generation: str, check_mode: bool, connect: Connect, clock: Clock) -> None:
    miner = Miner(generation)
    miner.pools = stored(SECOND)
    if generation == INNO_2019:
        assert converged(connect(miner), clock, SECOND, TLS, check_mode=check_mode).changed
    else:
        with pytest.raises(Unsupported, match=r"not known to accept stratum\+tls://.*Use stratum\+tcp://"):
            converged(connect(miner), clock, SECOND, TLS, check_mode=check_mode)
        assert miner.writes == []


@pytest.mark.parametrize("generation", GENERATIONS)
def test_tls_that_is_set_already_stays(generation: str, connect: Connect, clock: Clock) -> None:
    miner = Miner(generation)
    miner.pools = stored(TLS)
    assert not converged(connect(miner), clock, TLS).changed
    assert miner.actions == ["pools"]


LOCKED = said(success=True, message="lock")


def test_pools_that_are_locked_are_rejected_once_they_are_seen_to_stay(
    miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.fails["updatePools"] = [LOCKED]
    with pytest.raises(Rejected, match=r"success, but it still has stratum\+tcp://second.*said 'lock'") as caught:
        converged(connect(miner), clock, FIRST)
    assert not caught.value.changed
    assert miner.actions == ["pools", "updatePools", "pools"]


def test_a_lock_that_lets_some_of_the_pools_through_has_changed_the_miner(
    miner: Miner, connect: Connect, clock: Clock
) -> None:
    before = said(success=True, pools=stored(SECOND))
    after = said(success=True, pools=stored(SECOND, FIRST))
    miner.fails |= {"pools": [before, after], "updatePools": [LOCKED]}
    with pytest.raises(Rejected, match=r"it now has .*said 'lock'") as caught:
        converged(connect(miner), clock, FIRST)
    assert caught.value.changed


@pytest.mark.parametrize("message", ["lock", "nolock"])
def test_a_lock_that_keeps_nothing_is_none(message: str, miner: Miner, connect: Connect, clock: Clock) -> None:
    before, after = (said(success=True, pools=stored(pool)) for pool in (SECOND, FIRST))
    miner.fails |= {"pools": [before, after], "updatePools": [said(success=True, message=message)]}
    assert converged(connect(miner), clock, FIRST).changed


def test_another_refusal_is_reported_as_it_is(miner: Miner, connect: Connect, clock: Clock) -> None:
    miner.fails["updatePools"] = [said(success=False, message="no")]
    with pytest.raises(Rejected, match="updatePools: no"):
        converged(connect(miner), clock, FIRST)


LOST = said(success=False, message="missing configuration")


@pytest.mark.parametrize("check_mode", [False, True])
def test_another_reason_not_to_read_the_pools_is_reported_as_it_is(
    check_mode: bool, miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.fails["pools"] = [said(success=False, message="busy")]
    with pytest.raises(Rejected, match=r"refused /api/pools: busy\.$"):
        converged(connect(miner), clock, FIRST, check_mode=check_mode)


def test_a_configuration_that_the_write_has_cut_off_is_reported_at_once(
    miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.fails["pools"] = [said(success=True, pools=[]), LOST]
    with pytest.raises(NotApplied, match=r"its pools.*cgminer\.conf is damaged.*/config is probably full") as caught:
        converged(connect(miner), clock, FIRST)
    assert caught.value.changed
    assert clock.slept == []
    assert miner.writes == ["updatePools"]


def test_after_a_lost_reply_a_damaged_configuration_may_be_one_that_is_being_written(
    miner: Miner, connect: Connect, clock: Clock
) -> None:
    miner.fails["updatePools"] = [TimedOut("", "late")]
    miner.fails["pools"] = [said(success=True, pools=[]), LOST, said(success=True, pools=stored(FIRST))]
    assert converged(connect(miner), clock, FIRST).changed
    miner.fails["updatePools"] = [TimedOut("", "late")]
    miner.fails["pools"] = [said(success=True, pools=[]), *[LOST] * 100]
    with pytest.raises(NotApplied, match=r"cgminer\.conf is damaged") as caught:
        converged(connect(miner), clock, FIRST)
    assert caught.value.changed


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
def test_a_diff_shows_that_a_password_changed_but_neither_value(
    before: list[Pool], after: list[Pool], passwords: list[list[str]]
) -> None:
    assert passwords_in_diff(before, after) == passwords


def test_a_diff_shows_url_and_user(miner: Miner, connect: Connect, clock: Clock) -> None:
    diff = converged(connect(miner), clock, FIRST, check_mode=True).diff
    assert diff == {
        "before": {"pools": [{"url": SECOND.url, "user": SECOND.user, "password": MASK}]},
        "after": {"pools": [{"url": FIRST.url, "user": FIRST.user, "password": MASK}]},
    }


def test_pools_are_shown_without_passwords() -> None:
    pool = Pool("stratum+tcp://user:secret-9@a.example:3333", "farm.1", "secret-9")
    assert shown([pool]) == [{"url": f"stratum+tcp://user:{MASK}@a.example:3333", "user": "farm.1", "password": None}]
    assert "secret-9" not in PoolsSetting(None, ()).describe((pool,))  # type: ignore[arg-type]


def test_no_pools_have_a_name_too() -> None:
    assert PoolsSetting(None, ()).describe(()) == "no pools"  # type: ignore[arg-type]


@pytest.mark.parametrize("generation", RECORDED_GENERATIONS)
def test_the_recorded_pools_are_as_desired(generation: str, connect: Connect, clock: Clock) -> None:
    pools = [Pool(f"stratum+tcp://pool-{name}.example:3333", user, "x") for name, user in
             (("a", "wallet.0"), ("b", "farm.worker1"))]  # fmt: skip
    assert not converged(connect(Script([recorded(generation, "/api/pools")])), clock, *pools).changed


OTHER_PASSWORD = Pool(FIRST.url, FIRST.user, "secret-9")


def keeping(*pools: Pool) -> tuple[DesiredPool, ...]:
    return tuple(DesiredPool(pool.url, pool.user, None) for pool in pools)


class TestKeptPasswords:
    @pytest.mark.parametrize(
        ("password", "keep_passwords", "kept"),
        [
            (left_out_password(), False, "x"),
            (left_out_password(), True, None),
            ("x", True, "x"),
            ("secret-9", True, "secret-9"),
            (None, False, None),
            (None, True, None),
        ],
    )
    def test_null_is_kept_and_what_was_left_out_only_if_wanted(
        self, password: str | None, keep_passwords: bool, kept: str | None
    ) -> None:
        (pool,) = pools_from([option(password=password)], keep_passwords)
        assert pool.password == kept

    @pytest.mark.parametrize("keep_passwords", [False, True])
    def test_the_module_distinguishes_null_from_a_missing_password(self, keep_passwords: bool) -> None:
        options = [{"url": FIRST.url, "user": FIRST.user, **given} for given in ({}, {"password": None})]
        spec = {name: dragonmint_pools.argument_spec()[name] for name in ("pools", "keep_passwords")}
        validation = ArgumentSpecValidator(spec).validate({"pools": options, "keep_passwords": keep_passwords})
        assert validation.error_messages == []
        pools = pools_from(validation.validated_parameters["pools"], keep_passwords)
        assert [pool.password for pool in pools] == [None if keep_passwords else "x", None]

    def test_facts_that_are_written_back_change_nothing(self, miner: Miner, connect: Connect, clock: Clock) -> None:
        miner.pools = stored(OTHER_PASSWORD, FIRST, SECOND)
        fact = shown([OTHER_PASSWORD, FIRST, SECOND])
        assert not converged(connect(miner), clock, *pools_from(fact)).changed
        assert miner.writes == []

    def test_pools_in_another_order_keep_theirs(self, miner: Miner, connect: Connect, clock: Clock) -> None:
        miner.pools = stored(OTHER_PASSWORD, SECOND)
        outcome = converged(connect(miner), clock, *keeping(SECOND, OTHER_PASSWORD))
        assert outcome.changed
        assert miner.pools == stored(SECOND, OTHER_PASSWORD)
        assert "secret-9" not in repr(outcome)

    @pytest.mark.parametrize(
        ("on_the_miner", "desired"),
        [
            ("stratum+tcp://Pool.Example:1#xnsub", "stratum+tcp://pool.example:1/#xnsub"),
            ("stratum+tcp://pool.example:1/#xnsub", "stratum+tcp://POOL.example:1/#xnsub"),
            ("stratum2+tcp://POOL.example:1/KeY", "stratum2+tcp://pool.example:1/KeY"),
        ],
    )
    def test_the_same_pool_may_be_written_otherwise(
        self, on_the_miner: str, desired: str, miner: Miner, connect: Connect, clock: Clock
    ) -> None:
        miner.pools = stored(Pool(on_the_miner, "farm.1", "secret-9"))
        converged(connect(miner), clock, DesiredPool(desired, "farm.1", None))
        assert miner.pools == stored(Pool(desired, "farm.1", "secret-9"))

    @pytest.mark.parametrize("check_mode", [False, True])
    @pytest.mark.parametrize(
        "other",
        [
            Pool("stratum+tcp://second.example:3334", "farm.1", "secret-9"),
            Pool("stratum+ssl://second.example:3333", "farm.1", "secret-9"),
            Pool("stratum+tcp://second.example:3333/#xnsub", "farm.1", "secret-9"),
            Pool("stratum+tcp://second.example:3333", "farm.2", "secret-9"),
        ],
        ids=["port", "scheme", "xnsub", "user"],
    )
    def test_without_such_a_pool_there_is_nothing_to_keep(
        self, other: Pool, check_mode: bool, miner: Miner, connect: Connect, clock: Clock
    ) -> None:
        miner.pools = stored(FIRST, other)
        message = r"Pool 2, 'stratum\+tcp://second\.example:3333' as 'farm\.1', has no password.*password of pool 2"
        with pytest.raises(InvalidInput, match=message) as caught:
            converged(connect(miner), clock, *keeping(FIRST, SECOND), check_mode=check_mode)
        assert miner.writes == []
        assert "secret-9" not in str(caught.value)

    @pytest.mark.parametrize("password", ["", 7, None, ["x"], "\ud800"], ids=repr)
    def test_what_the_miner_could_not_store_again_is_not_sent(
        self, password: Any, miner: Miner, connect: Connect, clock: Clock
    ) -> None:
        miner.pools = [{"url": FIRST.url, "user": FIRST.user, "pass": password}]
        assert not converged(connect(miner), clock, *keeping(FIRST)).changed
        with pytest.raises(InvalidInput, match="password of pool 2 cannot be kept"):
            converged(connect(miner), clock, DesiredPool(SECOND.url, SECOND.user, "x"), *keeping(FIRST))
        assert miner.writes == []

    def test_a_kept_password_is_kept_as_it_is(self, miner: Miner, connect: Connect, clock: Clock) -> None:
        odd = Pool(FIRST.url, FIRST.user, " a\tb\u200b\n")
        miner.pools = stored(odd, SECOND)
        converged(connect(miner), clock, *keeping(odd))
        assert miner.pools == stored(odd)

    def test_a_kept_password_that_the_miner_repeats_is_masked(self, miner: Miner, connect: Connect) -> None:
        miner.pools = stored(OTHER_PASSWORD, SECOND)
        miner.fails["updatePools"] = [said(success=False, message="no secret-9 here")]
        client = connect(miner)
        context = Context({"password": "dragonadmin"}, check_mode=False, tokens=client.tokens)
        result = client.run(
            finished(lambda _context: converge(PoolsSetting(client.session, keeping(FIRST)), False), context)
        )
        assert result["error_code"] == "rejected"
        assert f"no {MASK} here" in result["msg"]
