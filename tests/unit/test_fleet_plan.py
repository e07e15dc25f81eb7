# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet task decides before it sends anything: its miners, limits and options, and its report."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.batch import Limits
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_fleet
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._fleet_plan import (
    chosen_hosts,
    keeps,
    limits_from,
    require_common,
    require_known,
    require_may_run,
    require_options,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._fleet_task import MODULES

from tests.modules import CHECKED_BY_IT, RUN_BY_IT

INVENTORY = ["m1", "m2", "m3", "a,b"]
NO_LIMITS = dict.fromkeys(("rate", "deadline", "max_failures", "max_failure_percent"))


def test_the_module_lists_what_the_action_runs() -> None:
    assert (
        sorted(dragonmint_fleet.argument_spec()["module"]["choices"])
        == sorted(MODULES)
        == sorted(RUN_BY_IT + CHECKED_BY_IT)
    )


@pytest.mark.parametrize("module", MODULES)
def test_firmware_is_checked_and_never_installed(module: str) -> None:
    require_may_run(module, is_check=True)
    if module in CHECKED_BY_IT:
        with pytest.raises(InvalidInput, match="install it with the playbook"):
            require_may_run(module, is_check=False)
    else:
        require_may_run(module, is_check=False)


@pytest.mark.parametrize(
    ("wanted", "within", "hosts", "left_out"),
    [
        (None, ["m1"], ["m1", "m2"], 0),
        ([], INVENTORY, [], 0),
        (["m3", "m1"], INVENTORY, ["m3", "m1"], 0),
        (["m3", "m3"], INVENTORY, ["m3"], 0),
        (["a,b"], INVENTORY, ["a,b"], 0),
        (["m1", "m2", "m3"], ["m2"], ["m2"], 2),
    ],
)
def test_hosts_are_those_of_the_batch_or_the_wanted_ones_within_the_limit(
    wanted: Any, within: list[str], hosts: list[str], left_out: int
) -> None:
    assert chosen_hosts(wanted, ["m1", "m2"], INVENTORY, within) == (hosts, left_out)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("m1", "hosts is 'm1'; expected a list"),
        ({"m1": 1}, "hosts is a dictionary; expected a list"),
        ([1], "expected a list"),
        (["m1", "nobody"], "hosts names 'nobody', which the inventory does not have"),
        ([f"x{number}" for number in range(9)], "'x4' and 4 more, which the inventory does not have"),
    ],
)
def test_hosts_that_are_not_there_are_refused(wanted: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        chosen_hosts(wanted, ["m1"], INVENTORY, INVENTORY)


@pytest.mark.parametrize(
    ("params", "limits"),
    [
        ({}, Limits(5)),
        ({"rate": 0.5, "deadline": 60.0}, Limits(5, 0.5, 60.0)),
        ({"max_failures": 0}, Limits(5, failures_max=0)),
        ({"max_failure_percent": 2.5}, Limits(5, failures_max=5)),
        ({"max_failure_percent": 2.5, "max_failures": 3}, Limits(5, failures_max=3)),
        ({"max_failure_percent": 0.0, "max_failures": 3}, Limits(5, failures_max=0)),
    ],
)
def test_limits_are_taken_from_the_options(params: dict[str, Any], limits: Limits) -> None:
    assert limits_from({**NO_LIMITS, "concurrency": 5, **params}, 200) == limits


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"concurrency": 0}, "concurrency is 0; expected a number above 0"),
        ({"rate": 0.0}, "rate is 0.0; expected a number of miners per second above 0"),
        ({"rate": -1.0}, "rate is -1.0"),
        ({"rate": float("inf")}, "rate is inf"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"deadline": 0.0}, "deadline is 0.0; expected a number of seconds above 0"),
        ({"max_failures": -1}, "max_failures is -1; expected a whole number, 0 or more"),
        ({"max_failure_percent": -1.0}, "max_failure_percent is -1.0; expected a percentage from 0 to 100"),
        ({"max_failure_percent": 101.0}, "max_failure_percent is 101.0"),
        ({"max_failure_percent": float("nan")}, "max_failure_percent is nan"),
    ],
)
def test_limits_that_nothing_can_meet_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        limits_from({**NO_LIMITS, "concurrency": 5, **params}, 200)


OK, CHANGED = {"changed": False}, {"changed": True}
FAILED, DARK = {"failed": True, "changed": False}, {"unreachable": True, "changed": False}


@pytest.mark.parametrize(
    ("report", "total", "kept"),
    [
        ("auto", 1000, [OK, CHANGED, FAILED, DARK]),
        ("auto", 1001, [FAILED, DARK]),
        ("all", 10000, [OK, CHANGED, FAILED, DARK]),
        ("changed", 10, [CHANGED]),
        ("failed", 10, [FAILED, DARK]),
    ],
)
def test_a_report_holds_what_it_says(report: str, total: int, kept: list[dict[str, bool]]) -> None:
    assert [result for result in (OK, CHANGED, FAILED, DARK) if keeps(report, total, result)] == kept


@pytest.mark.parametrize("names", [["inventory_hostname"], ["mode", "inventory_hostname_short"]])
def test_options_that_name_the_host_are_refused(names: list[str]) -> None:
    with pytest.raises(InvalidInput, match=rf"options uses the variable {names[-1]}, .* options_by_host"):
        require_common("options", names, None)


def test_options_that_use_a_variable_that_differs_are_refused_and_others_are_not() -> None:
    with pytest.raises(InvalidInput, match="the variable hall, which differs between the miners"):
        require_common("options", ["hall", "mode"], "hall")
    require_common("options", ["mode"], None)


@pytest.mark.parametrize(
    ("by_host", "message"),
    [
        ({"m1": "efficient"}, "options_by_host has 'efficient' for m1; expected a dictionary of options"),
        ({"m1": {}, "m2": {"moed": 1}}, r"gives m2 the option moed, which dragonmint_autotune does not have.*mode"),
    ],
)
def test_options_by_host_that_no_module_has_are_refused(by_host: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        require_options(by_host, MODULES["autotune"].argument_spec(), "autotune")


def test_names_of_the_inventory_are_known() -> None:
    require_known("options_by_host", ["a,b"], INVENTORY)
