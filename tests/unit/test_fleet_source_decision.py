# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that result from polls of a fleet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.decision import (
    BASELINE,
    CAME_BACK,
    CRITICAL,
    DRIFTED,
    FIRMWARE_CHANGED,
    FOUND,
    HEALTHY,
    IN_DESIRED_STATE,
    LOCKED,
    POLL_FAILED,
    POLL_RECOVERED,
    REBOOTED,
    UNHEALTHY,
    WARNING,
    WENT_DARK,
    Event,
    Failure,
    Fault,
    Observation,
    Poll,
    Rules,
    Sighting,
    State,
    decide,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.snapshot import dumped, loaded
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, shown
from hypothesis import given
from hypothesis import strategies as some

T = 1_782_900_000.0
STEP_S = 60.0
RULES = Rules(polls=2)

BAD = Fault(CRITICAL, "board 1 is Dead")
POOR = Fault(WARNING, "board 1 is slow")


def mac(number: int) -> str:
    return f"a0:b0:45:00:{number >> 8:02x}:{number & 255:02x}"


def name(number: int) -> str:
    return mac(number).replace(":", "-")


def miner(number: int, address: str | None = None, **details: Any) -> Sighting:
    """A healthy miner, except for these details."""
    at = address or f"10.0.{number >> 8}.{number & 255}"
    return Sighting(name(number), at, mac(number), **{"findings": {}, "drift": {}, **details})


def locked(number: int) -> Sighting:
    """A device at the address of a miner that refuses all logins."""
    at = miner(number).address
    return Sighting(at, at, is_locked=True, detail="It refuses the login.")


def ill(number: int, **findings: Fault) -> Sighting:
    return miner(number, findings=findings or {"board_dead": BAD})


def drifted(number: int, **drift: Fault | None) -> Sighting:
    return miner(number, drift=drift)


WELL = miner(1)
OTHERS = [miner(2), miner(3)]
Seen = Sequence["Sighting | None"]


def polls(*seen: Sighting | None) -> list[Observation]:
    """Polls with these sightings of the first miner and two healthy others, after one with all of them healthy."""
    return [Poll([WELL, *OTHERS]), *(Poll([*([one] if one else []), *OTHERS]) for one in seen)]


def replayed(observations: Iterable[Observation], rules: Rules = RULES, restarts: bool = False) -> list[list[Event]]:
    """The events of each poll; with restarts, through a snapshot before each."""
    state, found = State(), []
    for number, observation in enumerate(observations):
        state = loaded(dumped(state)) if restarts else state
        state, events = decide(rules, state, observation, T + number * STEP_S)
        found.append(list(events))
    return found


def edges(observations: Iterable[Observation], rules: Rules = RULES) -> list[tuple[int, str]]:
    """The number of the poll and the edge of each event after the first poll."""
    found = replayed(observations, rules)
    return [(number, event.edge) for number, events in enumerate(found) for event in events if number > 0]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], []),
        ([WELL, WELL], []),
        # Two polls in a row are needed, in both directions.
        ([ill(1)], []),
        ([ill(1), WELL, ill(1), WELL], []),
        ([ill(1), ill(1)], [(2, UNHEALTHY)]),
        ([ill(1)] * 9, [(2, UNHEALTHY)]),
        ([ill(1), ill(1), WELL], [(2, UNHEALTHY)]),
        ([ill(1), ill(1), WELL, WELL], [(2, UNHEALTHY), (4, HEALTHY)]),
        ([ill(1), ill(1), WELL, ill(1), WELL, WELL], [(2, UNHEALTHY), (6, HEALTHY)]),
        # What is unknown changes nothing.
        ([ill(1), miner(1, findings=None), ill(1)], [(3, UNHEALTHY)]),
        ([ill(1), ill(1), *[miner(1, findings=None)] * 5], [(2, UNHEALTHY)]),
        ([ill(1), ill(1), None, None, None, ill(1), ill(1)], [(2, UNHEALTHY), (4, WENT_DARK), (7, CAME_BACK)]),
        # Findings are independent.
        ([ill(1, a=BAD), ill(1, a=BAD, b=BAD), ill(1, b=BAD)], [(2, UNHEALTHY), (3, UNHEALTHY)]),
        # A finding that gets worse is reported again, one that gets better is not.
        ([ill(1, a=POOR)] * 2 + [ill(1, a=BAD)] * 2, [(2, UNHEALTHY), (4, UNHEALTHY)]),
        ([ill(1, a=BAD)] * 2 + [ill(1, a=POOR)] * 3, [(2, UNHEALTHY)]),
        ([ill(1, a=POOR), ill(1, a=BAD)], [(2, UNHEALTHY)]),
        ([None], []),
        ([None, WELL], []),
        ([None, None], [(2, WENT_DARK)]),
        ([None, None, WELL], [(2, WENT_DARK)]),
        ([None, None, WELL, WELL], [(2, WENT_DARK), (4, CAME_BACK)]),
        ([None, None, WELL, None, None], [(2, WENT_DARK)]),
        ([locked(1), locked(1)], [(2, LOCKED)]),
        ([locked(1), locked(1), WELL, WELL], [(2, LOCKED), (4, CAME_BACK)]),
        ([locked(1), locked(1), None, None, locked(1), locked(1)], [(2, LOCKED), (4, WENT_DARK), (6, LOCKED)]),
        ([None, locked(1)], [(2, LOCKED)]),
        ([drifted(1, pools=POOR)] * 2, [(2, DRIFTED)]),
        ([drifted(1, pools=POOR)] * 2 + [drifted(1, pools=None)] * 2, [(2, DRIFTED), (4, IN_DESIRED_STATE)]),
        # A setting that is missing in the facts is not in its desired state just for that.
        ([drifted(1, pools=POOR)] * 2 + [drifted(1)] * 3, [(2, DRIFTED)]),
        ([drifted(1, pools=POOR, autotune=POOR)] * 2, [(2, DRIFTED), (2, DRIFTED)]),
        # A miner that moves stays the same miner.
        ([miner(1, "10.0.9.9")] * 3, []),
        ([miner(1, firmware="a"), miner(1, firmware="a")], []),
        ([miner(1, firmware="a"), miner(1, firmware="b"), miner(1, firmware="b")], [(2, FIRMWARE_CHANGED)]),
        ([miner(1, firmware="a"), WELL, miner(1, firmware="a")], []),
        ([miner(1, booted_at=T), miner(1, booted_at=T + 59)], []),
        ([miner(1, booted_at=T), miner(1, booted_at=T + 200), miner(1, booted_at=T + 230)], [(2, REBOOTED)]),
        # A clock that runs at a different speed is not a reboot.
        ([miner(1, booted_at=T + 70.0 * number) for number in range(50)], []),
        ([miner(1, booted_at=T - 70.0 * number) for number in range(50)], []),
    ],
)
def test_only_what_lasts_is_an_event_and_only_once(seen: Seen, expected: list[tuple[int, str]]) -> None:
    assert edges(polls(*seen)) == expected


@pytest.mark.parametrize("count", [1, 3, 5])
def test_so_many_polls_turn_a_condition(count: int) -> None:
    found = edges(polls(*[ill(1)] * 7, *[WELL] * 7), Rules(polls=count))
    assert found == [(count, UNHEALTHY), (7 + count, HEALTHY)]


def test_an_event_says_all_that_a_rule_needs() -> None:
    found = replayed(polls(ill(1), ill(1), WELL, WELL))
    (came,), (went,) = found[2], found[4]
    assert came == Event(
        edge=UNHEALTHY,
        severity=CRITICAL,
        detail="board 1 is Dead",
        since=shown(T + STEP_S),
        miner="a0-b0-45-00-00-01",
        address="10.0.0.1",
        mac="a0:b0:45:00:00:01",
        finding="board_dead",
        count=1,
        miners=("a0-b0-45-00-00-01",),
    )
    assert (went.edge, went.since, went.detail) == (HEALTHY, came.since, "board_dead is gone.")


def test_the_first_poll_is_one_event() -> None:
    first = Poll([WELL, ill(2), locked(3), drifted(4, pools=POOR)])
    (baseline,), *later = replayed([first, first, first])
    assert (baseline.edge, baseline.count) == (BASELINE, 4)
    assert baseline.detail == "4 miners: 1 board_dead, 1 drifted pools, 1 locked."
    assert baseline.miners == (name(1), name(2), name(4), "10.0.0.3")
    assert later == [[], []]


def test_what_the_first_poll_saw_ends_with_an_event() -> None:
    assert edges([Poll([ill(1), *OTHERS]), *polls(WELL)]) == [(2, HEALTHY)]


def test_a_fleet_that_lets_nobody_in_is_critical_from_the_start() -> None:
    ((baseline,),) = replayed([Poll([locked(1), locked(2)])])
    assert (baseline.severity, baseline.detail) == (CRITICAL, "2 miners: 2 locked.")


def test_a_new_miner_is_reported_at_once() -> None:
    found = replayed([*polls(WELL), Poll([WELL, *OTHERS, ill(9)]), Poll([WELL, *OTHERS, ill(9)])])
    assert [[(event.edge, event.miner) for event in events] for events in found[2:]] == [
        [(FOUND, name(9))],
        [(UNHEALTHY, name(9))],
    ]


def test_a_locked_miner_is_the_same_once_it_says_who_it_is() -> None:
    new = [Poll([WELL, *OTHERS, sighting]) for sighting in (locked(9), locked(9), miner(9), miner(9), miner(9))]
    found = [(event.edge, event.miner) for events in replayed([*polls(), *new])[1:] for event in events]
    assert found == [(FOUND, "10.0.0.9"), (LOCKED, "10.0.0.9"), (CAME_BACK, name(9))]


def test_an_address_without_a_mac_is_forgotten_once_it_is_dark() -> None:
    state = State()
    for seen in ([locked(9)], [locked(9)], [], [], []):
        state, _events = decide(RULES, state, Poll([WELL, *OTHERS, *seen]), T)
    assert list(state.miners) == [mac(1), mac(2), mac(3)]


def test_a_miner_that_moved_to_the_address_of_another() -> None:
    """The other one is dark, and a device that refuses logins at its old address is a different one."""
    moved = [Poll([miner(1, "10.0.0.2"), miner(3)])] * 3
    assert edges([*polls(), *moved]) == [(2, WENT_DARK)]
    back = [Poll([miner(1, "10.0.0.2"), miner(3), miner(2, "10.0.0.1")])] * 3
    assert edges([*polls(), *moved, *back]) == [(2, WENT_DARK), (5, CAME_BACK)]


def test_two_miners_with_one_mac_are_two() -> None:
    twin = replace(miner(1), address="10.0.0.200")
    found = [Poll([WELL, *OTHERS, twin]), Poll([twin, WELL, *OTHERS])] * 3
    events = [(event.edge, event.miner) for events in replayed([*polls(), *found])[1:] for event in events]
    assert events == [(FOUND, "10.0.0.200")]


def test_where_nobody_answers_the_miners_are_not_to_blame() -> None:
    nobody = [Poll([])] * 5
    everybody = [Poll([WELL, *OTHERS])] * 3
    assert edges([*polls(), *nobody, *everybody]) == [(2, POLL_FAILED), (7, POLL_RECOVERED)]
    assert edges([*polls(), *nobody[:1], *everybody]) == []
    failure = Failure("Network is unreachable")
    assert edges([*polls(), failure, failure, failure, *everybody]) == [(2, POLL_FAILED), (5, POLL_RECOVERED)]
    # A miner that is missing when the others are back was gone all the time, but only now do the polls show it.
    assert edges([*polls(), *nobody, *[Poll(OTHERS)] * 2]) == [(2, POLL_FAILED), (7, POLL_RECOVERED), (7, WENT_DARK)]


def test_a_single_miner_that_goes_dark_is_one_miner() -> None:
    assert edges([Poll([WELL]), Poll([]), Poll([]), Poll([]), Poll([WELL]), Poll([WELL])]) == [
        (2, WENT_DARK),
        (5, CAME_BACK),
    ]


def test_a_fleet_that_was_never_seen_has_no_baseline() -> None:
    found = replayed([Poll([]), Poll([]), Poll([]), Poll([WELL]), Poll([WELL])])
    assert [[event.edge for event in events] for events in found] == [
        [],
        [POLL_FAILED],
        [],
        [BASELINE],
        [POLL_RECOVERED],
    ]


@pytest.mark.parametrize(
    ("fleet", "ill_ones", "percent", "count"),
    [
        (100, 19, 1.0, 19),
        (100, 20, 20.0, 20),
        (100, 21, 20.0, 1),
        (99, 20, 20.0, 1),
        (30, 20, 50.0, 1),
        (30, 30, 100.0, 30),
    ],
)
def test_a_storm_is_one_event(fleet: int, ill_ones: int, percent: float, count: int) -> None:
    well = Poll([miner(number) for number in range(1, fleet + 1)])
    storm = Poll([(ill if number <= ill_ones else miner)(number) for number in range(1, fleet + 1)])
    _first, _once, events, after = replayed([well, storm, storm, storm], Rules(2, percent))
    assert len(events) == count
    assert after == []
    assert sorted(one for event in events for one in event.miners) == [
        name(number) for number in range(1, ill_ones + 1)
    ]
    if count == 1:
        assert (events[0].count, events[0].miner, events[0].address) == (ill_ones, None, None)
        assert events[0].detail.startswith(f"{ill_ones} miners at once, such as a0-b0-45-00-00-01: board 1")


def test_only_the_same_edge_is_a_storm() -> None:
    well = Poll([miner(number) for number in range(60)])
    mixed = Poll([ill(number, **{f"finding_{number % 3}": BAD}) for number in range(60)])
    events = replayed([well, mixed, mixed])[2]
    assert [(event.finding, event.count) for event in events] == [(f"finding_{number}", 20) for number in range(3)]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 1, "fleet": {"miners": {"a": 1}}}'])
def test_a_damaged_snapshot_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="it is damaged"):
        loaded(text)


seen_of_one = some.sampled_from(
    [
        None,
        WELL,
        ill(1),
        ill(1, board_dead=POOR),
        ill(1, a=BAD, board_dead=BAD),
        miner(1, findings=None),
        locked(1),
        drifted(1, pools=POOR),
        drifted(1, pools=None),
    ]
)
histories = some.lists(seen_of_one, max_size=25)
all_rules = some.builds(Rules, polls=some.integers(1, 4))
OPPOSITE = {HEALTHY: UNHEALTHY, IN_DESIRED_STATE: DRIFTED}


@given(all_rules, histories)
def test_edges_alternate(rules: Rules, seen: Seen) -> None:
    """Nothing ends that has not begun, and nothing begins twice unless it gets worse."""
    begun: dict[tuple[str, str | None], str] = {}
    gone: str | None = None
    for event in (event for events in replayed(polls(*seen), rules)[1:] for event in events):
        if event.edge in OPPOSITE:
            assert begun.pop((OPPOSITE[event.edge], event.finding))
        elif event.edge in OPPOSITE.values():
            assert begun.get((event.edge, event.finding)) in (None, WARNING)
            begun[event.edge, event.finding] = event.severity
        elif event.edge == CAME_BACK:
            assert gone
            gone = None
        else:
            assert event.edge in (WENT_DARK, LOCKED)
            assert gone != event.edge
            gone = event.edge


@given(all_rules, histories)
def test_restarts_change_nothing(rules: Rules, seen: Seen) -> None:
    assert replayed(polls(*seen), rules) == replayed(polls(*seen), rules, restarts=True)


@given(all_rules, histories)
def test_what_stays_is_reported_in_the_end(rules: Rules, seen: Seen) -> None:
    """Once nothing changes any more, the last report is the current state, whatever came before."""
    state = State()
    for observation in (*polls(*seen), *polls(*[ill(1)] * 4)[1:]):
        state, _events = decide(rules, state, observation, T)
    conditions = state.miners[mac(1)].conditions
    assert {name: found.reported for name, found in conditions.items() if ":" not in name} == {"board_dead": CRITICAL}


@given(all_rules, histories)
def test_a_fleet_that_is_as_before_leaves_no_trace(rules: Rules, seen: Seen) -> None:
    """Otherwise the snapshot would be written with each poll, and grow."""
    observations = [*polls(*seen), *[Poll([drifted(1, pools=None), *OTHERS])] * 5]
    state = State()
    for number, observation in enumerate(observations):
        before = state
        state, _events = decide(rules, state, observation, T + number)
    assert state == before
    assert all(found.conditions == {} for found in state.miners.values())
