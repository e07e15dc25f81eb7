# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which miners of a fleet get a remedy, and what the job heal says of them in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import heal
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.remedies import Examined, Health
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised

DEAD = Finding("board_dead", "critical", "board 1 is Dead", "board 1", "Dead", "Alive", "mining_restarted")
MISSING = Finding("board_missing", "critical", "board 1 is missing", "board 1", 2, 3, "rebooted")
FAN = Finding("fan_at_limit", "warning", "the fan runs at 100 %", "fan", 100, 95)
GONE = Finding("unreachable", "critical", "No miner answers.")
LOCKED = Finding("locked", "critical", "The login is refused.")

HEALTHY = Health([])
LOCKED_OUT = Health([LOCKED])
DOWN = Health([DEAD], remedy="mining_restarted")
TO_REBOOT = Health([MISSING], remedy="rebooted")
HEALED = Health([DEAD], after=[], tried=["mining_restarted"])
HOPELESS = Health([DEAD], after=[DEAD], tried=["mining_restarted", "rebooted"])
LOST = Health([MISSING], after=[GONE], tried=["rebooted"], reason="It has not come back.")
USED_UP = Health([DEAD], outcome="limit reached", reason="2 of at most 2")
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
                "Look for what they have in common."
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
                "1 miner had used up health_max_remedies_per_day."
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
        # That a remedy could not be sent fails the run, whatever findings count.
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
    came_of = heal.outcome(fleet(*healths), wanted, heal.plan(fleet(*healths), wanted), is_check)
    assert came_of["summary"] == summary
    assert (came_of["failed"], came_of["is_ok"]) == (failed, not failed)


def test_what_stopped_the_plan_fails_the_run() -> None:
    wanted = values(max_unhealthy_percent=10, fail_on="never")
    miners = fleet(DOWN, HEALTHY)
    came_of = heal.outcome(miners, wanted, heal.plan(miners, wanted))
    assert not came_of["is_ok"]
    assert "1 of 2 miners need a remedy, more than health_max_unhealthy_percent (10)" in came_of["summary"]
    assert came_of["stats"]["remedies"] == 0


def test_the_numbers_of_a_fleet_that_is_gone_are_its_own() -> None:
    miners = fleet(HEALED, replace(LOST, after=[LOCKED]))
    stats = heal.outcome(miners, values(), heal.plan(miners, values()))["stats"]
    assert {name: stats[name] for name in ("miners", "healthy", "unreachable", "locked", "remedies", "is_ok")} == {
        "miners": 2,
        "healthy": 1,
        "unreachable": 0,
        "locked": 1,
        "remedies": 2,
        "is_ok": False,
    }


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"health_max_ill_percent": 5}, "health_max_ill_percent is not a variable"),
        ({"health_max_remedies_per_day": "often"}, "health_max_remedies_per_day is 'often', expected a whole number"),
        ({"health_fail_on": "all"}, "health_fail_on is 'all', expected one of critical, warning, never"),
        ({"dragonmint_ratings": {"T1": {"off": {"watts": 5}}}}, "dragonmint_ratings.T1.off must have watts and either"),
    ],
)
def test_wrong_variables_are_refused_by_name(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidVariables, match=f"^{message}"):
        normalised(heal.VARIABLES, variables)
