# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which miners of a fleet get a remedy, and the final report of the job heal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.remedies import Examined, Health
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised

ROOT = Path(__file__).parents[2]
DEAD = Finding("board_dead", "critical", "board 1 is Dead", "board 1", "Dead", "Alive", "mining_restarted")
MISSING = Finding("board_missing", "critical", "board 1 is missing", "board 1", 2, 3, "rebooted")
FAN = Finding("fan_at_limit", "warning", "the fan runs at 100 %", "fan", 100, 95)
GONE = Finding("unreachable", "critical", "No miner answers.")
LOCKED = Finding("locked", "critical", "The login is refused.")
UNREADABLE = Finding("unexamined", "critical", "It is no JSON.")

HEALTHY = Health([])
LOCKED_OUT = Health([LOCKED])
DOWN = Health([DEAD], remedy="mining_restarted")
TO_REBOOT = Health([MISSING], remedy="rebooted")
HEALED = Health([DEAD], after=[], tried=["mining_restarted"])
HOPELESS = Health([DEAD], after=[DEAD], tried=["mining_restarted", "rebooted"])
LOST = Health([MISSING], after=[GONE], tried=["rebooted"], reason="It has not come back.")
USED_UP = Health([DEAD], outcome="limit reached", reason="cgminer was started 1 h ago")
BROKEN = Health([DEAD], outcome="failed", reason="The state file is damaged.")


def fleet(*healths: Health | None) -> list[Examined]:
    return [Examined(f"m{number}", f"10.1.0.{number}", health) for number, health in enumerate(healths)]


def values(**variables: Any) -> dict[str, Any]:
    given = {f"health_{name}": value for name, value in variables.items()}
    return normalised(heal.VARIABLES, {"health_heal": True, **given})


@pytest.mark.parametrize(
    ("variables", "due", "batch", "problem"),
    [
        ({}, ["m1", "m2"], 1, ""),
        ({"heal": False}, [], 1, ""),
        ({"max_parallel_percent": 50}, ["m1", "m2"], 2, ""),
        ({"max_unhealthy_percent": 50}, ["m1", "m2"], 1, ""),
        (
            {"max_unhealthy_percent": "49"},
            [],
            1,
            (
                "2 of 4 miners need a remedy, more than health_max_unhealthy_percent (49) allows, so none was sent. "
                "Look for a common cause."
            ),
        ),
    ],
)
def test_the_plan(variables: dict[str, Any], due: list[str], batch: int, problem: str) -> None:
    made = heal.plan(fleet(HEALTHY, DOWN, TO_REBOOT, LOCKED_OUT), values(**variables))
    assert (made["due"], made["batch"], made["problem"]) == (due, batch, problem)
    assert [row["miner"] for row in made["rows"]] == ["m0", "m1", "m2", "m3"]


@pytest.mark.parametrize(
    ("healths", "variables", "is_check", "summary", "failed"),
    [
        ([HEALTHY, HEALTHY], {}, False, "2 miners: 2 healthy. No miner got a remedy.", []),
        (
            [HEALTHY, DOWN, DOWN, TO_REBOOT, Health([FAN]), Health([GONE]), LOCKED_OUT, None],
            {"heal": False},
            False,
            (
                "8 miners: 1 healthy, 3 critical, 1 warning, 1 unreachable, 1 locked, 1 unexamined. "
                "3 miners would get a remedy with health_heal (2 restarts of cgminer, 1 reboot)."
            ),
            ["m1", "m2", "m3", "m5", "m6", "m7"],
        ),
        (
            [HEALTHY, DOWN, USED_UP],
            {},
            True,
            (
                "3 miners: 1 healthy, 2 critical. 1 miner would get a remedy (1 restart of cgminer). "
                "1 miner got no remedy because of health_remedy_interval_hours; the report says since when."
            ),
            ["m1", "m2"],
        ),
        ([HEALED], {}, False, "1 miner: 1 healthy. 1 miner got a remedy (1 restart of cgminer), 1 healed.", []),
        (
            [HEALED, HOPELESS, LOST, BROKEN],
            {},
            False,
            (
                "4 miners: 1 healthy, 2 critical, 1 unreachable. "
                "3 miners got a remedy (2 restarts of cgminer, 2 reboots), 1 healed. "
                "1 miner could not get a remedy; the report says why."
            ),
            ["m1", "m2", "m3"],
        ),
        ([Health([FAN])], {}, False, "1 miner: 1 warning. No miner got a remedy.", []),
        ([Health([FAN])], {"fail_on": "warning"}, False, "1 miner: 1 warning. No miner got a remedy.", ["m0"]),
        # A remedy that could not be sent fails the run, whichever findings count.
        (
            [HOPELESS, BROKEN],
            {"fail_on": "never"},
            False,
            (
                "2 miners: 2 critical. 1 miner got a remedy (1 restart of cgminer, 1 reboot), 0 healed. "
                "1 miner could not get a remedy; the report says why."
            ),
            ["m1"],
        ),
    ],
)
def test_the_outcome(
    healths: list[Health | None], variables: dict[str, Any], is_check: bool, summary: str, failed: list[str]
) -> None:
    wanted = values(**variables)
    result = heal.outcome(heal.plan(fleet(*healths), wanted), [], wanted, is_check)
    assert result["summary"] == summary
    assert (result["failed"], result["is_ok"]) == (failed, not failed)


def test_what_stopped_the_plan_fails_the_run() -> None:
    wanted = values(max_unhealthy_percent=10, fail_on="never")
    miners = fleet(DOWN, HEALTHY)
    result = heal.outcome(heal.plan(miners, wanted), [], wanted)
    assert not result["is_ok"]
    assert "1 of 2 miners need a remedy, more than health_max_unhealthy_percent (10)" in result["summary"]
    assert result["stats"]["remedies"] == 0


def test_the_numbers_of_a_fleet_that_is_gone_are_its_own() -> None:
    miners = fleet(HEALED, replace(LOST, after=[LOCKED]))
    stats = heal.outcome(heal.plan(miners, values()), [], values())["stats"]
    assert {name: stats[name] for name in ("miners", "healthy", "unreachable", "locked", "remedies", "is_ok")} == {
        "miners": 2,
        "healthy": 1,
        "unreachable": 0,
        "locked": 1,
        "remedies": 2,
        "is_ok": False,
    }


# The results of the miners m0, m1 and m2, which were due in batches of one; and whether that stops the run.
STOPS: dict[str, tuple[list[Health | None], bool]] = {
    "nothing yet": ([None, None, None], False),
    "healed": ([HEALED, None, None], False),
    "still unhealthy": ([HEALED, HOPELESS, None], False),
    "no longer reachable": ([LOST, None, None], True),
    "no longer reachable in a later batch": ([HEALED, LOST, None], True),
    "its login is refused": ([replace(LOST, after=[LOCKED]), None, None], True),
    "it answers what no miner sends": ([replace(LOST, after=[UNREADABLE]), None, None], True),
    "the remedy failed, and it is healthy": ([replace(HEALED, reason="Why."), None, None], False),
    "it was unreachable before a remedy was sent": ([Health([GONE]), None, None], False),
    "the remedy could not be sent": ([BROKEN, None, None], False),
}


@pytest.mark.parametrize("name", STOPS)
def test_it_stops_after_a_batch_that_lost_a_miner(name: str) -> None:
    healths, is_stopped = STOPS[name]
    latest = fleet(*healths)
    reason = heal.stop_reason(latest)
    assert bool(reason) == is_stopped
    wanted = values(max_unhealthy_percent=100)
    result = heal.outcome(heal.plan(fleet(DOWN, DOWN, DOWN), wanted), latest, wanted)
    rows = {row["miner"]: row for row in result["rows"]}
    for each in latest:
        if each.health is None:
            expected = reason or "an earlier task failed"
            assert (rows[each.miner]["outcome"], rows[each.miner]["reason"]) == ("not tried", expected)
    assert reason in result["summary"]
    assert not result["is_ok"]


def test_those_that_were_lost_are_named() -> None:
    assert heal.stop_reason(fleet(HEALED, LOST, LOST)) == (
        "STOPPED: after a remedy, m1, m2 could not be examined any more, so no further miner gets one. Find out why "
        "before you run this again."
    )
    assert "m8, m9 and 2 more could not" in heal.stop_reason(fleet(*[LOST] * 12))


def test_the_results_of_due_miners_replace_the_plan() -> None:
    wanted = values(fail_on="never")
    planned = heal.plan(fleet(HEALTHY, DOWN, DOWN, DOWN), wanted)
    # The last one had recovered by itself when its turn came.
    latest = fleet(HEALTHY, HEALED, None, HEALTHY)[1:]
    latest[0] = replace(latest[0], address="10.1.0.99")
    result = heal.outcome(planned, latest, wanted)
    assert [row["address"] for row in result["rows"]] == ["10.1.0.0", "10.1.0.99", "10.1.0.2", "10.1.0.3"]
    assert [(row["miner"], row["outcome"]) for row in result["rows"]] == [
        ("m0", ""),
        ("m1", "healed"),
        ("m2", "not tried"),
        ("m3", ""),
    ]
    assert result["failed"] == ["m2"]
    assert result["summary"] == (
        "4 miners: 3 healthy, 1 critical. 1 miner got a remedy (1 restart of cgminer), 1 healed. "
        "1 miner did not get the planned remedy."
    )


SEEN = {"ansible_facts": {"dragonmint_autotune": {"mode": "balanced", "level": None}}}
WITH_LEVELS = {"ansible_facts": {"dragonmint_autotune": {"mode": "balanced", "level": "2"}}}


def test_more_is_read_of_miners_that_need_it() -> None:
    pools = [{"url": "stratum+tcp://a:1", "user": "u"}]
    kinds: list[dict[str, Any]] = [
        {"pools": pools, "keep_passwords": True},
        {"pools": None, "keep_passwords": False},
        {"problem": "rack is undefined"},
    ]
    seen = {
        "plain": SEEN,
        "levels": WITH_LEVELS,
        "lost": SEEN,
        "hangs": {"failed": True, "error_code": "timeout"},
        "dark": {"unreachable": True, "error_code": "unreachable"},
        "locked": {"failed": True, "error_code": "authentication"},
    }
    of = {**dict.fromkeys(seen, 0), "levels": 1, "lost": 2}
    assert heal.followed_up(seen, OfHosts(kinds, of, {})) == {
        "identity": ["hangs"],
        "error": ["levels"],
        "pools": {"plain": {"pools": pools, "keep_passwords": True}},
        "problems": {"lost": "rack is undefined"},
    }


def test_the_chips_are_read_where_that_is_wanted() -> None:
    fleet_values = OfHosts([values(), values(chips=True)], {"m1": 0, "m2": 1}, {})
    assert heal.reads_of(fleet_values) == {
        "m2": {"gather_subset": ["identity", "hardware", "mining", "autotune", "debug"]}
    }


def test_a_fleet_is_examined_as_each_of_its_miners() -> None:
    kinds = [values(), values(heal=False), {"problem": "health_boards is 'x', expected a whole number."}]
    of = {"dark": 0, "hangs": 0, "quiet": 1, "wrong": 2, "not tried": 0}
    results = {
        "seen": {
            "dark": {"unreachable": True, "msg": "No miner answers."},
            "hangs": {"failed": True, "error_code": "timeout"},
            "quiet": {"failed": True, "error_code": "timeout"},
            "wrong": SEEN,
        },
        "identity": {"hangs": {"ansible_facts": {"dragonmint_identity": {}}}},
        "error": {},
        "pools": {},
    }
    asked = []

    def record_of(miner: str, given: Any) -> dict[str, Any]:
        asked.append(miner)
        return {"record": "damaged" if given["heal"] else None, "path": miner}

    fleet_values = OfHosts(kinds, of, {miner: f"at {miner}" for miner in of})
    miners = {each.miner: each for each in heal.examined(fleet_values, results, record_of, 0.0)}
    assert {miner: each.address for miner, each in miners.items()} == fleet_values.addresses
    codes = {miner: each.health and [one.code for one in each.health.findings] for miner, each in miners.items()}
    assert codes == {
        "dark": ["unreachable"],
        "hangs": ["cgminer_down"],
        "quiet": ["unreachable"],
        "wrong": ["unexamined"],
        "not tried": None,
    }
    hangs = miners["hangs"].health
    assert hangs
    assert (hangs.outcome, hangs.path) == ("failed", "hangs")
    assert asked == ["dark", "hangs", "quiet"]


def test_what_a_curtailment_causes_is_no_fault() -> None:
    own = normalised(heal.VARIABLES, {})
    board = {"id": 0, "status": "Alive", "hashrate_ths": 0.1, "last_share_seconds": 1}
    pool = {"url": "a", "status": "Alive", "active": True}
    boards = [{**board, "id": number} for number in range(3)]
    slow = {
        "ansible_facts": {
            "dragonmint_identity": {"type": "T1"},
            "dragonmint_autotune": {"mode": "efficient", "is_tuning": False},
            "dragonmint_mining": {"ready": True, "boards": boards, "pools": [pool], "elapsed_seconds": 80000},
        }
    }
    results = {
        "seen": {"slow": slow, "off": {"unreachable": True}, "locked": {"error_code": "authentication"}},
        "identity": {},
        "error": {},
        "pools": {},
    }
    names = OfHosts([own, {"problem": "health_boards is wrong."}], {"slow": 0, "off": 0, "locked": 0, "wrong": 1}, {})
    names = replace(names, addresses=dict.fromkeys(names.of, ""))

    def codes(*curtailed: str) -> dict[str, list[str]]:
        miners = heal.examined(names, results, lambda miner, given: {}, 0.0, curtailed)
        assert all(not each.health.remedy for each in miners if each.health and each.miner in curtailed)
        return {each.miner: [one.code for one in each.health.findings] for each in miners if each.health}

    others = {"locked": ["locked"], "wrong": ["unexamined"]}
    assert codes() == {"slow": ["hashrate_low"], "off": ["unreachable"], **others}
    assert codes(*names.of) == {"slow": [], "off": ["curtailed"], **others}
    plan = heal.plan(heal.examined(names, results, lambda miner, given: {}, 0.0, ["slow", "off"]), own)
    assert plan["summary"] == "4 miners: 1 healthy, 1 locked, 1 unexamined, 1 curtailed."


def test_an_expected_miner_that_was_not_found_fails_the_run() -> None:
    own = normalised(heal.VARIABLES, {})
    names = OfHosts([own], {"there": 0}, {"there": ""})
    results = {"seen": {"there": {"error_code": "authentication"}}, "identity": {}, "error": {}, "pools": {}}

    def outcome(*curtailed: str) -> dict[str, Any]:
        missing = ["there", "gone", "off"]
        examined = heal.examined(names, results, lambda miner, given: {}, 0.0, curtailed, missing)
        return heal.outcome(heal.plan(examined, own), [], own)

    ended = outcome("off")
    assert ended["summary"] == "3 miners: 1 locked, 1 missing, 1 curtailed."
    assert ended["failed"] == ["there", "gone"]
    assert [(row["miner"], row["code"], row["detail"]) for row in ended["rows"][1:]] == [
        ("gone", "missing", "the inventory expects it and did not find it"),
        ("off", "curtailed", "it is curtailed and does not answer; it may be off"),
    ]
    assert outcome()["failed"] == ["there", "gone", "off"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"health_max_ill_percent": 5}, "health_max_ill_percent is not a variable"),
        ({"health_remedy_interval_hours": "often"}, "health_remedy_interval_hours is 'often', expected a number"),
        ({"health_max_remedies_per_day": 2}, "health_max_remedies_per_day is not a variable"),
        ({"health_fail_on": "all"}, "health_fail_on is 'all', expected one of critical, warning, never"),
        ({"dragonmint_ratings": {"T1": {"off": {"watts": 5}}}}, "dragonmint_ratings.T1.off must have watts and either"),
    ],
)
def test_wrong_variables_are_refused_by_name(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidVariables, match=f"^{message}"):
        normalised(heal.VARIABLES, variables)


def test_a_fleet_is_read_as_a_miner_is() -> None:
    text = f"[{', '.join(heal.SUBSETS)}]"
    assert f"gather_subset: {text}" in (ROOT / "playbooks/heal.yml").read_text(encoding="utf-8")
    quoted = text.replace("[", "['").replace(", ", "', '").replace("]", "']")
    assert f"{quoted} + (['debug']" in (ROOT / "roles/health/vars/main.yml").read_text(encoding="utf-8")
