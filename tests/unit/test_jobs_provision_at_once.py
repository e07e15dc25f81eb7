# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job provision on all miners at once: the settings of each, which are looked at again, and the results."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision, provision_at_once
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.provision_at_once import looks, outcome
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import normalised

from tests.unit.helpers import of_hosts

POOLS = [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}]
MINING = {"ready": True, "boards": [{"id": 1, "status": "Alive", "hashrate_ths": 5.0}], "pools": []}


def variables(**given: Any) -> dict[str, Any]:
    """The values of a miner with these variables."""
    named = {f"provision_{name}": value for name, value in {"at_once": True, **given}.items()}
    return normalised(provision.VARIABLES, named)


def plan(kinds: dict[str, dict[str, Any]], *now: float, **more: Any) -> dict[str, Any]:
    """The plan for these miners, by their names."""
    return provision_at_once.plan(of_hosts(kinds), *now, **more)


def seen(is_mining: bool = True, **more: Any) -> dict[str, Any]:
    pools = [{"url": POOLS[0]["url"], "status": "Alive" if is_mining else "Dead"}]
    return {"ansible_facts": {"dragonmint_mining": {**MINING, "pools": pools}}, **more}


def test_each_miner_is_given_what_it_is_to_have() -> None:
    planned = plan(
        {
            "nothing": variables(verify_mining=False),
            "pools": variables(pools=POOLS, keep_passwords=True, verify_timeout=7),
            "mode": variables(autotune_mode="efficient"),
            "level": {
                **variables(autotune_mode="performance", autotune_level=3, admin_password="new"),
                "logins": ["old", "factory"],
            },
            "wrong": {"problem": "provision_pools is 'none'."},
            "single": variables(at_once=False, pools=POOLS),
        },
        12.5,
    )
    login = {"password": "new", "fallback_passwords": ["old", "factory"]}
    assert planned["pools"] == {"pools": {"pools": POOLS, "keep_passwords": True}}
    assert planned["autotune"] == {
        "mode": {"mode": "efficient"},
        "level": {"mode": "performance", "level": "3", **login},
    }
    assert planned["logins"] == {"level": login}
    assert planned["verify"] == {
        "pools": {"pools": POOLS, "verify_timeout": 7.0},
        **{name: {"pools": None, "verify_timeout": 300} for name in ("mode", "level")},
    }
    assert planned["problems"]["wrong"] == "provision_pools is 'none'."
    assert planned["problems"]["single"].startswith("provision_at_once is false for this miner and true for others")
    assert planned["access"] == "~^(level)$"
    assert planned["made_at"] == 12.5


def test_the_mode_of_a_curtailed_miner_is_kept() -> None:
    fleet = {
        "m1": variables(autotune_mode="factory", pools=POOLS),
        "m2": variables(autotune_mode="factory", ends_curtailment=True),
        "m3": variables(pools=POOLS),
        "m4": variables(autotune_mode="factory"),
        "m5": variables(autotune_mode="factory"),
    }
    planned = plan(fleet, curtailed=dict.fromkeys(["m1", "m2", "m3", "m5", "elsewhere"], "It is curtailed."))
    assert list(planned["autotune"]) == ["m2", "m4"]
    assert planned["kept_modes"] == {"m1": "It is curtailed.", "m5": "It is curtailed."}
    assert list(planned["pools"]) == ["m1", "m3"]
    found = outcome(planned, [{"miners": {"m5": FINAL}}], {}, 9.0)
    assert found["summary"] == "5 miners: 4 as desired, 1 failed. 1 miner: It is curtailed."


@pytest.mark.parametrize("given", [{"admin_password": "a"}, {"guest_password": "a"}, {"network": {"mode": "dhcp"}}, {}])
def test_who_gets_a_password_or_an_address_is_a_pattern(given: dict[str, Any]) -> None:
    pattern = plan({"a:1,b": variables(**given), "other": variables()})["access"]
    assert (pattern == "!all") is not bool(given)
    if given:
        assert re.match(pattern[1:], "a:1,b")
        assert not re.match(pattern[1:], "other")


PLANNED = plan({name: variables(pools=POOLS, verify_timeout=100) for name in ("m1", "m2", "m3", "m4")})
FINAL = {"error_code": "authentication", "failed": True, "msg": "Refused."}


def test_a_miner_is_looked_at_until_it_mines_or_its_time_is_over() -> None:
    first = looks(PLANNED, {}, 1000.0, failed=["m4"])
    assert first["waiting"] == ["m1", "m2", "m3"]
    second = looks(PLANNED, first, 1001.0, latest={"m1": seen(), "m2": seen(is_mining=False), "m3": FINAL})
    assert second["waiting"] == ["m2"]
    assert second["failed"] == {"m3": "Refused."}
    assert second["pause"] == 5
    third = looks(PLANNED, second, 1080.0, latest={"m2": {"error_code": "timeout", "failed": True, "msg": "Late."}})
    assert (third["waiting"], third["pause"]) == (["m2"], 8)
    fourth = looks(PLANNED, third, 1097.5, latest={"m2": seen(is_mining=False)})
    assert (fourth["waiting"], fourth["pause"]) == (["m2"], 3)
    last = looks(PLANNED, fourth, 1100.5, latest={"m2": seen(is_mining=False)})
    assert last["waiting"] == []
    assert list(last["failed"]) == ["m3", "m2"]
    assert "the miner did not mine within 100 s" in last["failed"]["m2"]
    assert looks(PLANNED, fourth, 1200.0, latest={"m2": seen()})["failed"] == {"m3": "Refused."}


def test_a_look_that_says_nothing_of_a_miner_is_none_at_which_it_mined() -> None:
    first = looks(PLANNED, {}, 1000.0)
    assert looks(PLANNED, first, 1001.0, latest={})["waiting"] == ["m1", "m2", "m3", "m4"]


def test_an_outcome_has_the_message_of_each_miner_that_failed() -> None:
    planned = {**PLANNED, "problems": {"m4": "Wrong."}}
    results = [
        {"miners": {"m1": FINAL, "m2": {"changed": True}}},
        {"miners": {"m2": {"unreachable": True, "msg": "Dark."}}},
    ]
    found = outcome(planned, results, {"m3": "Idle."}, 9.0)
    assert found["failed"] == {"m4": "Wrong.", "m1": "Refused.", "m2": "Dark.", "m3": "Idle."}
    assert found["pattern"] == "~^(m4|m1|m2|m3)$"
    assert found["summary"] == "4 miners: 4 failed."
    assert found["rows"][0] == {"miner": "m4", "reason": "Wrong."}
    nobody = outcome(PLANNED, [{"miners": {}}], {}, 9.0)
    assert (nobody["failed"], nobody["pattern"], nobody["summary"]) == ({}, "!all", "4 miners: 4 as desired.")
