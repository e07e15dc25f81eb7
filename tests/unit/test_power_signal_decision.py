# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a power signal starts and ends a curtailment."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal import decision
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import (
    CURTAIL,
    INVALID,
    RESTORE,
    SIGNAL_BACK,
    SIGNAL_LOST,
    Cleared,
    Command,
    Event,
    Interval,
    Observation,
    PriceRules,
    Prices,
    Problem,
    Rules,
    State,
    Threshold,
    decide,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.snapshot import dumped, loaded
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.week import Week
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import moment, shown
from hypothesis import given
from hypothesis import strategies as some

# A Wednesday, 10:00 in UTC.
T = moment("2026-07-01T10:00:00Z", None)
STEP_S = 300.0
PRICES = PriceRules(over=Threshold(120, 3), under=Threshold(90, 2), at_once=500, stale_s=900)
Step = tuple[float, Observation]


def intervals(prices: Iterable[float], start: float = T, length_s: float = STEP_S) -> list[Interval]:
    return [Interval(start + n * length_s, start + (n + 1) * length_s, price) for n, price in enumerate(prices)]


def replayed(rules: Rules, steps: Iterable[Step], restarts: bool = False) -> Iterator[tuple[float, Event]]:
    """The events of each step, in seconds after T; with restarts, through a snapshot before each step."""
    state = State.fresh(T)
    for after, observation in steps:
        state, events = decide(rules, loaded(dumped(state)) if restarts else state, observation, T + after)
        yield from ((after, event) for event in events)


def edges(rules: Rules, *steps: Step) -> list[tuple[float, str]]:
    return [(after, event.edge) for after, event in replayed(rules, steps)]


def at_prices(rules: Rules, *prices: float) -> list[tuple[int, str]]:
    """The edges by the number of the interval, with an observation at the start of each."""
    steps: list[Step] = [(0.0, Prices(intervals(prices)))]
    steps += [(n * STEP_S, None) for n in range(1, len(prices))]
    return [(int(after / STEP_S), edge) for after, edge in edges(rules, *steps)]


def start(event_id: str = "a", **details: Any) -> Command:
    return Command("webhook", True, event_id, **details)


def end(event_id: str = "a") -> Command:
    return Command("webhook", False, event_id)


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([130, 130, 130], [(2, CURTAIL)]),
        ([130, 130, 120, 130, 130, 130], [(5, CURTAIL)]),
        ([120, 120, 120, 120], []),
        ([501], [(0, CURTAIL)]),
        ([500, 500], []),
        ([501, 80, 80], [(0, CURTAIL), (2, RESTORE)]),
        ([501, 80, 90, 80, 100, 80, 89, 200], [(0, CURTAIL), (6, RESTORE)]),
        ([501, 100, 100, 100, 100], [(0, CURTAIL)]),
        ([501, 80, 80, 130, 130, 130], [(0, CURTAIL), (2, RESTORE), (5, CURTAIL)]),
        ([501, 80, 80, 501], [(0, CURTAIL), (2, RESTORE), (3, CURTAIL)]),
        ([-20, -20, 130, 130, 600], [(4, CURTAIL)]),
    ],
    ids=str,
)
def test_prices_start_and_end_a_curtailment(prices: list[float], expected: list[tuple[int, str]]) -> None:
    assert at_prices(Rules(prices=PRICES), *prices) == expected


def test_an_event_says_all_that_a_rule_needs() -> None:
    rules = Rules(prices=PRICES, kw=40.0, maximum_s=3600)
    steps: list[Step] = [(n * STEP_S, None) for n in range(1, 5)]
    (_began, curtail), (_ended, restore) = replayed(rules, [(0, Prices(intervals([130, 130, 130, 80, 80]))), *steps])
    event_id = "price-2026-07-01T101000Z-1"
    assert curtail == Event(
        CURTAIL,
        "The price has exceeded 120.",
        event_id,
        kw=40.0,
        mode=None,
        price=130,
        until="2026-07-01T11:10:00Z",
        since="2026-07-01T10:10:00Z",
        ends_by="2026-07-01T11:10:00Z",
    )
    reason = "Nothing calls for a curtailment any more."
    assert restore == Event(RESTORE, reason, event_id, 40.0, None, price=80, until=None, since="2026-07-01T10:10:00Z")


def test_a_gap_ends_a_row() -> None:
    rules = Rules(prices=PRICES)
    prices = [*intervals([130, 130]), *intervals([130, 130, 130], T + 3 * STEP_S)]
    assert edges(rules, (0, Prices(prices)), *((n * STEP_S, None) for n in range(1, 6))) == [(5 * STEP_S, CURTAIL)]


def test_an_interval_counts_once_however_often_it_is_seen() -> None:
    seen = Prices(intervals([130, 130]))
    assert edges(Rules(prices=PRICES), *((float(n), seen) for n in range(0, 600, 20))) == []


def test_prices_that_were_missed_count_afterwards() -> None:
    rules = Rules(prices=PRICES)
    late = Prices(intervals([100, 130, 130, 130, 100]))
    assert edges(rules, (4 * STEP_S, late)) == [(4 * STEP_S, CURTAIL)]
    over_again = Prices(intervals([130, 130, 130, 80, 80, 100]))
    assert edges(rules, (5 * STEP_S, over_again)) == []


def test_prices_to_come_are_replaced_by_newer_ones() -> None:
    rules = Rules(prices=PRICES)
    revised = Prices(intervals([130, 100, 100]))
    later: list[Step] = [(STEP_S, None), (2 * STEP_S, None)]
    assert edges(rules, (0, Prices(intervals([130, 130, 130]))), (10, revised), *later) == []


def test_a_finer_list_goes_on_where_a_coarser_one_was() -> None:
    hourly, fine = Prices(intervals([130], length_s=3600)), Prices(intervals([130] * 12))
    assert edges(Rules(prices=PRICES), (0, hourly), (400, fine), (600, None)) == [(600, CURTAIL)]


@pytest.mark.parametrize(
    ("stale", "expected"),
    [
        ("hold", [(0, CURTAIL), (1200, SIGNAL_LOST), (2000, SIGNAL_BACK)]),
        ("restore", [(0, CURTAIL), (1200, SIGNAL_LOST), (1200, RESTORE), (2000, SIGNAL_BACK), (2000, CURTAIL)]),
        ("curtail", [(0, CURTAIL), (1200, SIGNAL_LOST), (2000, SIGNAL_BACK)]),
    ],
)
def test_a_stale_signal_does_what_was_chosen(stale: str, expected: list[tuple[float, str]]) -> None:
    rules = Rules(prices=replace(PRICES, stale=stale))
    back = Prices(intervals([130], T + 1800))
    assert (
        edges(rules, (0, Prices(intervals([501]))), (1199, None), (1200, None), (1300, None), (2000, back)) == expected
    )


@pytest.mark.parametrize(
    ("stale", "expected"),
    [
        ("hold", [(900, SIGNAL_LOST), (1000, SIGNAL_BACK)]),
        ("restore", [(900, SIGNAL_LOST), (1000, SIGNAL_BACK)]),
        ("curtail", [(900, SIGNAL_LOST), (900, CURTAIL), (1000, SIGNAL_BACK), (1000, RESTORE)]),
    ],
)
def test_a_signal_that_never_came_is_lost_as_well(stale: str, expected: list[tuple[float, str]]) -> None:
    rules = Rules(prices=replace(PRICES, stale=stale))
    broken = Problem("prices", "broken")
    steps: list[Step] = [(0, broken), (899, broken), (900, None), (1000, Prices(intervals([100], T + 900)))]
    assert edges(rules, *steps) == [(0, INVALID), *expected]


def test_a_feed_that_publishes_late_is_not_lost() -> None:
    """Each price becomes known when its interval is over."""
    steps: list[Step] = [((n + 1) * STEP_S, Prices(intervals([100] * (n + 1)))) for n in range(50)]
    assert edges(Rules(prices=PRICES), *steps) == []


def test_a_lost_signal_leaves_commands_alone() -> None:
    rules = Rules(prices=replace(PRICES, stale="restore"), commands=True)
    assert edges(rules, (0, start()), (5000, None), (6000, end())) == [
        (0, CURTAIL),
        (5000, SIGNAL_LOST),
        (6000, RESTORE),
    ]


COMMANDS = Rules(commands=True)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, start()), (9, end())], [(0, CURTAIL), (9, RESTORE)]),
        ([(0, start()), (1, start()), (9, end()), (10, end()), (11, start())], [(0, CURTAIL), (9, RESTORE)]),
        ([(0, end()), (1, start())], []),
        ([(0, start()), (9, end("b"))], [(0, CURTAIL)]),
        ([(0, start(until=T + 60)), (59, None), (60, None)], [(0, CURTAIL), (60, RESTORE)]),
        ([(0, start(until=T + 60)), (60, None), (61, start(until=T + 60))], [(0, CURTAIL), (60, RESTORE)]),
        ([(9, start(until=T + 9))], [(9, INVALID)]),
        # A replaced command does not come back.
        ([(0, start()), (1, start("b")), (2, end()), (3, start()), (4, end("b"))], [(0, CURTAIL), (4, RESTORE)]),
        # The last command applies, even if it wants something else.
        (
            [(0, start(kw=10.0)), (1, start("b", kw=20.0)), (9, end("b"))],
            [(0, CURTAIL), (1, RESTORE), (1, CURTAIL), (9, RESTORE)],
        ),
        (
            [(0, start(kw=10.0)), (1, start(kw=20.0)), (2, start(kw=20.0)), (3, start(kw=10.0))],
            [(0, CURTAIL), (1, INVALID)],
        ),
    ],
    ids=str,
)
def test_commands_are_idempotent_by_their_id(steps: list[Step], expected: list[tuple[float, str]]) -> None:
    assert edges(COMMANDS, *steps) == expected


def test_a_command_says_how_much_and_until_when() -> None:
    steps: list[Step] = [(0, start("dr-7", mode="efficient", until=T + 60)), (60, None)]
    (_began, curtail), (_ended, restore) = replayed(replace(COMMANDS, kw=5.0), steps)
    assert (curtail.event_id, curtail.kw, curtail.mode, curtail.until) == ("dr-7", None, "efficient", shown(T + 60))
    assert (restore.event_id, restore.mode, restore.until) == ("dr-7", "efficient", None)
    assert curtail.ends_by is None
    (_began, limited), *_rest = replayed(replace(COMMANDS, maximum_s=90), steps)
    assert (limited.until, limited.ends_by) == (shown(T + 60), shown(T + 90))


def test_ids_are_forgotten_in_the_end() -> None:
    state = State.fresh(T)
    for number in range(decision.IDS_MAX + 50):
        state, _events = decide(COMMANDS, state, start(f"e{number}"), T + number)
    assert len(state.known_ids) == decision.IDS_MAX


def test_commands_are_no_business_of_a_source_that_takes_none() -> None:
    """One was in force when the source was stopped and given other arguments."""
    state, _events = decide(COMMANDS, State.fresh(T), start(), T)
    _state, events = decide(Rules(prices=PRICES), state, Prices(intervals([100])), T + 1)
    assert [event.edge for event in events] == [RESTORE]


def test_a_command_has_precedence_over_prices() -> None:
    rules = Rules(prices=PRICES, commands=True, mode="efficient")
    prices = Prices(intervals([501, 501, 501, 80, 80]))
    steps: list[Step] = [(0, prices), (10, start(kw=20.0)), (20, end()), (3 * STEP_S, None), (4 * STEP_S, None)]
    found = [(after, event.edge, event.event_id, event.kw, event.mode) for after, event in replayed(rules, steps)]
    first, second = "price-2026-07-01T100000Z-1", "price-2026-07-01T100000Z-3"
    assert found == [
        (0, CURTAIL, first, None, "efficient"),
        (10, RESTORE, first, None, "efficient"),
        (10, CURTAIL, "a", 20.0, None),
        (20, RESTORE, "a", 20.0, None),
        (20, CURTAIL, second, None, "efficient"),
        (4 * STEP_S, RESTORE, second, None, "efficient"),
    ]


def test_a_curtailment_goes_on_for_as_long_as_anything_calls_for_it() -> None:
    rules = Rules(prices=PRICES, commands=True)
    prices = Prices(intervals([501, 80, 80, 80]))
    steps: list[Step] = [(0, prices), (10, start()), (2 * STEP_S, None), (3 * STEP_S, end())]
    found = [(after, event.edge, event.event_id) for after, event in replayed(rules, steps)]
    event_id = "price-2026-07-01T100000Z-1"
    assert found == [(0, CURTAIL, event_id), (3 * STEP_S, RESTORE, event_id)]


def test_a_command_without_kw_and_mode_wants_what_prices_want() -> None:
    rules = Rules(prices=PRICES, commands=True, mode="efficient")
    assert edges(rules, (0, Prices(intervals([501]))), (10, start())) == [(0, CURTAIL)]


def test_a_command_ends_what_prices_have_started() -> None:
    rules = Rules(prices=PRICES, commands=True, minimum_s=20)
    prices = Prices(intervals([501, 501, 80, 80, 501]))
    steps: list[Step] = [
        (10, end("price-2026-07-01T100000Z-1")),
        (20, None),
        *((n * STEP_S, None) for n in range(1, 5)),
    ]
    assert edges(rules, (0, prices), *steps) == [(0, CURTAIL), (20, RESTORE), (4 * STEP_S, CURTAIL)]


def test_a_schedule_calls_while_one_of_its_windows_is_open() -> None:
    schedule = Week.of(ZoneInfo("UTC"), [(2 * 1440 + 11 * 60, 60), (2 * 1440 + 12 * 60, 30)])
    steps: list[Step] = [(n * 60.0, None) for n in range(200)]
    (began, curtail), (ended, restore) = replayed(Rules(schedule=schedule), steps)
    assert (began, curtail.edge, curtail.until) == (3600, CURTAIL, "2026-07-01T12:30:00Z")
    assert (ended, restore.edge, restore.event_id) == (9000, RESTORE, curtail.event_id)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"minimum_s": 60}, [(0, CURTAIL), (60, RESTORE)]),
        ({"maximum_s": 30}, [(0, CURTAIL), (30, RESTORE)]),
        ({"debounce_s": 20}, [(20, CURTAIL), (60, RESTORE)]),
        ({"debounce_s": 50}, []),
    ],
    ids=str,
)
def test_limits_hold_for_commands(rules: dict[str, Any], expected: list[tuple[float, str]]) -> None:
    steps: list[Step] = [(0, start()), *((float(n), None) for n in range(1, 40)), (40, end())]
    steps += [(float(n), None) for n in range(41, 100)]
    assert edges(replace(COMMANDS, **rules), *steps) == expected


def test_time_passes_between_two_curtailments() -> None:
    rules = replace(COMMANDS, gap_s=60)
    steps: list[Step] = [(0, start()), (5, end()), (10, start("b")), (64, None), (65, None)]
    assert edges(rules, *steps) == [(0, CURTAIL), (5, RESTORE), (65, CURTAIL)]


def test_a_call_that_ends_meanwhile_comes_to_nothing() -> None:
    rules = replace(COMMANDS, gap_s=60, minimum_s=30)
    steps: list[Step] = [(0, start()), (5, end()), (30, None), (40, start("b")), (80, end("b")), (100, None)]
    assert edges(rules, *steps) == [(0, CURTAIL), (30, RESTORE)]


def test_a_call_that_comes_back_in_time_ends_nothing() -> None:
    steps: list[Step] = [(0, start()), (5, end()), (20, start("b")), (30, None), (90, None)]
    assert edges(replace(COMMANDS, minimum_s=60), *steps) == [(0, CURTAIL)]


def test_a_price_that_acts_at_once_is_not_debounced() -> None:
    rules = Rules(prices=PRICES, debounce_s=60)
    assert edges(rules, (0, Prices(intervals([501])))) == [(0, CURTAIL)]
    over: list[Step] = [(0, Prices(intervals([130] * 3))), (600, None), (659, None), (660, None)]
    assert edges(rules, *over) == [(660, CURTAIL)]


def test_what_called_for_as_long_as_is_allowed_has_to_end_before_it_calls_again() -> None:
    rules = Rules(prices=PRICES, commands=True, maximum_s=600)
    prices = Prices(intervals([501, 501, 501, 501, 80, 80, 501]))
    steps: list[Step] = [(n * STEP_S, None) for n in range(1, 7)]
    expected = [(0, CURTAIL), (600, RESTORE), (1800, CURTAIL)]
    assert edges(rules, (0, prices), *steps) == expected
    # Another call is independent, and spent calls stay spent after it.
    steps[2:3] = [(900, start()), (1000, end()), (1001, None)]
    assert edges(rules, (0, prices), *steps) == [*expected[:2], (900, CURTAIL), (1000, RESTORE), expected[2]]


def test_all_that_called_is_spent() -> None:
    rules = Rules(prices=PRICES, commands=True, maximum_s=600)
    steps: list[Step] = [
        (0, Prices(intervals([501] * 9))),
        (1, start()),
        (600, None),
        (601, None),
        (700, end()),
        (701, None),
    ]
    assert edges(rules, *steps) == [(0, CURTAIL), (600, RESTORE)]


@pytest.mark.parametrize(
    ("rules", "steps", "expected"),
    [
        ({"minimum_s": 60}, [(0, start()), (-900, end()), (-840, None)], [(0, CURTAIL), (-840, RESTORE)]),
        ({"maximum_s": 60}, [(0, start()), (-900, None), (-840, None)], [(0, CURTAIL), (-840, RESTORE)]),
        (
            {"gap_s": 60},
            [(0, start()), (1, end()), (-900, start("b")), (-840, None)],
            [(0, CURTAIL), (1, RESTORE), (-840, CURTAIL)],
        ),
        ({"debounce_s": 60}, [(0, start()), (-900, None), (-840, None)], [(-840, CURTAIL)]),
    ],
    ids=str,
)
def test_a_clock_that_is_set_back_holds_nothing_for_longer(
    rules: dict[str, Any], steps: list[Step], expected: list[tuple[float, str]]
) -> None:
    assert edges(replace(COMMANDS, **rules), *steps) == expected


def test_a_problem_is_reported_once_until_something_valid_comes() -> None:
    rules = Rules(prices=PRICES, commands=True)
    broken, worse = Problem("prices", "broken"), Problem("prices", "worse")
    typo, other = Problem("webhook", "typo", "typo"), Problem("webhook", "other", "other")
    good = Prices(intervals([100]))
    steps: list[Step] = [(0, broken), (1, worse), (2, good), (3, broken), (4, typo), (5, typo), (6, other), (7, typo)]
    steps += [(8, end()), (9, typo), (10, Cleared("webhook")), (11, typo), (12, broken)]
    assert [after for after, _edge in edges(rules, *steps)] == [0, 3, 4, 6, 7, 9, 11]


@pytest.mark.no_cover
def test_a_year_of_prices_switches_as_often_as_it_has_to() -> None:
    """105,120 prices in order, compared with the rule in its simplest form."""
    prices = wandering_prices(105_120)
    expected = []
    is_high = False
    for n, price in enumerate(prices):
        if not is_high and (price > 500 or (n >= 2 and all(earlier > 120 for earlier in prices[n - 2 : n + 1]))):
            is_high = True
            expected.append((n, CURTAIL))
        elif is_high and max(prices[n - 1 : n + 1]) < 90:
            is_high = False
            expected.append((n, RESTORE))
    assert len(expected) > 1000
    assert at_prices_day_by_day(Rules(prices=PRICES), prices) == expected


@pytest.mark.no_cover
def test_a_year_of_prices_keeps_to_the_limits() -> None:
    """Half an hour to four hours each, and an hour between two."""
    rules = Rules(prices=PRICES, minimum_s=1800, maximum_s=4 * 3600, gap_s=3600)
    prices = wandering_prices(105_120)
    expected: list[tuple[int, str]] = []
    is_high = is_spent = False
    began: int | None = None
    ended = -12
    for n, price in enumerate(prices):
        was_high = is_high
        if price > 500 or (n >= 2 and all(earlier > 120 for earlier in prices[n - 2 : n + 1])):
            is_high = True
        elif n >= 1 and max(prices[n - 1 : n + 1]) < 90:
            is_high = False
        is_spent = is_spent and is_high and was_high
        if began is not None and n - began >= 48:
            began, ended, is_spent = None, n, is_high
            expected.append((n, RESTORE))
        elif began is not None and not is_high and n - began >= 6:
            began, ended = None, n
            expected.append((n, RESTORE))
        elif began is None and is_high and not is_spent and n - ended >= 12:
            began = n
            expected.append((n, CURTAIL))
    assert len(expected) > 500
    assert at_prices_day_by_day(rules, prices) == expected


def wandering_prices(count: int) -> list[float]:
    chance = random.Random(7)
    prices, price = [], 100.0
    for _step in range(count):
        price += chance.gauss(0, 15) + (100 - price) / 50
        prices.append(round(price + (500 if chance.random() < 0.001 else 0), 2))
    return prices


def at_prices_day_by_day(rules: Rules, prices: Sequence[float]) -> list[tuple[int, str]]:
    """The edges by the number of the interval; a day's prices become known at its beginning."""
    state = State.fresh(T)
    found = []
    for n in range(len(prices)):
        observation = Prices(intervals(prices[n : n + 288], T + n * STEP_S)) if n % 288 == 0 else None
        state, events = decide(rules, state, observation, T + n * STEP_S)
        found += [(n, event.edge) for event in events]
    return found


durations = some.sampled_from([0.0, 30.0, 100.0, 700.0])
all_rules = some.builds(
    Rules,
    kw=some.none() | some.just(40.0),
    prices=some.none()
    | some.builds(
        PriceRules,
        over=some.builds(Threshold, some.just(120.0), some.integers(1, 3)),
        under=some.builds(Threshold, some.just(90.0), some.integers(1, 3)),
        at_once=some.none() | some.just(500.0),
        stale=some.sampled_from(["hold", "restore", "curtail"]),
        stale_s=some.sampled_from([60.0, 900.0]),
    ),
    schedule=some.none() | some.just(Week.of(ZoneInfo("UTC"), [(2 * 1440 + 603, 4), (2 * 1440 + 610, 9)])),
    commands=some.booleans(),
    minimum_s=durations,
    maximum_s=some.none() | some.sampled_from([700.0, 1500.0]),
    gap_s=durations,
    debounce_s=some.sampled_from([0.0, 45.0]),
)
price_lists = some.builds(
    lambda start, prices: Prices(intervals(prices, T + start * STEP_S)),
    some.integers(0, 12),
    some.lists(some.sampled_from([80.0, 100.0, 130.0, 501.0]), max_size=8),
)
commands = some.builds(
    start,
    some.sampled_from("abcd"),
    kw=some.none() | some.just(40.0),
    until=some.none() | some.sampled_from([T + 100, T + 2000]),
) | some.builds(end, some.sampled_from([*"abcd", "price-2026-07-01T100000Z-1", "schedule-2026-07-01T100300Z-1"]))
problems = some.builds(Problem, some.sampled_from(["prices", "webhook"]), some.just("reason"), some.sampled_from("xy"))
observations = some.none() | some.none() | price_lists | commands | problems
gaps = some.sampled_from([0.0, 1.0, 20.0, 60.0, 299.0, 300.0, 1000.0])


@some.composite
def histories(draw: Any) -> list[Step]:
    """Observations in chronological order."""
    now, steps = 0.0, []
    for gap, observation in draw(some.lists(some.tuples(gaps, observations), max_size=40)):
        now += gap
        steps.append((now, observation))
    return steps


@given(rules=all_rules, steps=histories())
def test_whatever_happens_the_promises_are_kept(rules: Rules, steps: list[Step]) -> None:
    events = list(replayed(rules, steps))
    switches = [(after, event) for after, event in events if event.edge in (CURTAIL, RESTORE)]
    assert [event.edge for _after, event in switches] == [CURTAIL, RESTORE] * (len(switches) // 2) + [CURTAIL] * (
        len(switches) % 2
    )
    starts, ends = switches[::2], switches[1::2]
    for (began, curtail), (ended, restore) in zip(starts, ends, strict=False):
        assert ended - began >= rules.minimum_s
        assert (restore.event_id, restore.kw, restore.mode, restore.since) == (
            curtail.event_id,
            curtail.kw,
            curtail.mode,
            curtail.since,
        )
    for (ended, _restore), (began, _curtail) in zip(ends, starts[1:], strict=False):
        assert began - ended >= rules.gap_s
    if rules.maximum_s is not None:
        looks = [after for after, _observation in steps]
        for position, (began, _curtail) in enumerate(starts):
            ended = ends[position][0] if position < len(ends) else float("inf")
            assert not [after for after in looks if began + rules.maximum_s <= after < ended]
    ids = [event.event_id for _after, event in starts]
    assert len(set(ids)) == len(ids)
    signals = [event.edge for _after, event in events if event.edge in (SIGNAL_LOST, SIGNAL_BACK)]
    assert signals == [SIGNAL_LOST, SIGNAL_BACK] * (len(signals) // 2) + [SIGNAL_LOST] * (len(signals) % 2)


@given(rules=all_rules, steps=histories())
def test_restarts_change_nothing(rules: Rules, steps: list[Step]) -> None:
    assert list(replayed(rules, steps, restarts=True)) == list(replayed(rules, steps))


@given(
    prices=some.lists(some.sampled_from([80.0, 100.0, 130.0, 501.0]), min_size=1, max_size=40),
    known=some.lists(some.integers(1, 10), min_size=40, max_size=40),
)
def test_it_makes_no_difference_how_far_ahead_prices_are_known(prices: list[float], known: list[int]) -> None:
    everything = intervals(prices)
    pieces: list[Step] = [(n * STEP_S, Prices(everything[max(0, n - 2) : n + known[n]])) for n in range(len(prices))]
    assert edges(Rules(prices=PRICES), *pieces) == [
        (n * STEP_S, edge) for n, edge in at_prices(Rules(prices=PRICES), *prices)
    ]


@given(
    prices=some.lists(some.sampled_from([80.0, 100.0, 130.0, 501.0]), min_size=1, max_size=60),
    down=some.sets(some.integers(0, 59)),
)
def test_nothing_is_missed_while_the_source_is_down(prices: list[float], down: set[int]) -> None:
    rules = Rules(prices=PRICES)
    up: list[Step] = [(n * STEP_S, Prices(intervals(prices))) for n in range(len(prices)) if n not in down]
    up.append((len(prices) * STEP_S, Prices(intervals(prices))))
    # Both end in a curtailment, or neither.
    assert len(edges(rules, *up)) % 2 == len(at_prices(rules, *prices)) % 2
