# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job provision: whether a miner mines, when to stop waiting, and the passwords to try."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import provision
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.logins import previous_passwords
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources

URL = "stratum+tcp://pool.example.com:3333"
DESIRED = {"provision_pools": [{"url": f"{URL}#xnsub", "user": "farm.1"}]}
BOARD = {"id": 1, "status": "Alive", "hashrate_ths": 5.1}
DEAD = {**BOARD, "status": "Dead"}
POOL = {"url": f"{URL}/#xnsub", "status": "Alive"}
MINING = {"ready": True, "boards": [DEAD, {**BOARD, "id": 2}], "pools": [POOL, {**POOL, "status": "Dead"}]}
OVER = {"is_ok": True, "is_over": True, "summary": "The miner mines."}

# A look at a miner that has to wait, and the resulting sentence.
WAITING: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"ready": False}, "cgminer does not answer, boards hashing: none, pools alive: none"),
    "no boards": ({**MINING, "boards": [DEAD]}, "cgminer answers, boards hashing: none, "),
    "idle boards": ({**MINING, "boards": [{**BOARD, "hashrate_ths": 0.0}]}, "boards hashing: none"),
    "no pools": ({**MINING, "pools": []}, "boards hashing: 2, pools alive: none"),
    "another pool": ({**MINING, "pools": [{**POOL, "url": "stratum+tcp://a:1"}]}, "pools alive: stratum+tcp://a:1 "),
}


def outcome_of(mining: dict[str, Any], **given: Any) -> dict[str, Any]:
    seen = {"changed": False, "ansible_facts": {"dragonmint_mining": mining}}
    return provision.outcome(seen, normalised(provision.VARIABLES, {**DESIRED, **given}))


def test_pools_cannot_be_tested_for_all_miners_at_once() -> None:
    given = {"provision_test_pools": "yes", "provision_at_once": True}
    with pytest.raises(InvalidVariables, match=r"^provision_test_pools and provision_at_once are both true"):
        normalised(provision.VARIABLES, given)
    assert normalised(provision.VARIABLES, {**given, "provision_at_once": ""})["test_pools"]


@pytest.mark.parametrize("level", [1, "1", " 1", "abc", "4 "])
def test_a_level_that_the_mode_lacks_is_refused_before_pools_are_set(level: Any) -> None:
    given = {"provision_autotune_mode": "performance" if level == "4 " else "efficient"}
    with pytest.raises(
        InvalidVariables, match=r"^provision_autotune_level: The mode \w+ has no level '\w+'\. Use one of"
    ):
        normalised(provision.VARIABLES, {**given, "provision_autotune_level": level})
    assert normalised(provision.VARIABLES, {**given, "provision_autotune_level": 2})["autotune_level"] == "2"
    # A level without a mode applies to whichever mode the miner has.
    assert normalised(provision.VARIABLES, {"provision_autotune_level": level})["autotune_level"] == str(level)


def test_a_miner_mines_with_one_board_and_one_desired_pool() -> None:
    assert outcome_of(MINING) == OVER
    assert outcome_of(MINING, provision_pools=[{"url": URL, "user": "farm.1"}]) == OVER


def test_any_pool_will_do_where_none_is_desired() -> None:
    mining = {**MINING, "pools": [{**POOL, "url": "stratum+tcp://a:1"}]}
    assert outcome_of(mining, provision_pools=None) == OVER
    nothing = outcome_of({**MINING, "pools": []}, provision_pools=None)
    assert not nothing["is_ok"]
    assert "(desired is any)" in nothing["summary"]


@pytest.mark.parametrize("name", WAITING)
def test_what_is_missing_is_named_and_waited_for(name: str) -> None:
    mining, said = WAITING[name]
    outcome = outcome_of(mining)
    assert (outcome["is_ok"], outcome["is_over"]) == (False, False)
    assert said in outcome["summary"]
    assert f"(desired is {URL})" in outcome["summary"]


@pytest.mark.parametrize(
    ("code", "is_over"),
    [
        *dict.fromkeys(
            (
                "invalid_input",
                "authentication",
                "permission",
                "unsupported",
                "wrong_device",
                "missing_library",
                "bug",
            ),
            True,
        ).items(),
        *dict.fromkeys(("unreachable", "timeout", "not_ready", "bad_reply"), False).items(),
    ],
)
def test_an_error_that_waiting_cannot_fix_ends_the_wait(code: str, is_over: bool) -> None:
    seen = {"failed": True, "error_code": code, "msg": "The reason."}
    wanted = normalised(provision.VARIABLES, {})
    assert provision.outcome(seen, wanted) == {"is_ok": False, "is_over": is_over, "summary": "The reason."}


def test_all_passwords_that_are_set_anywhere_are_tried_once() -> None:
    variables = {
        "dragonmint_fallback_passwords": '["older", "old"]',
        "dragonmint_password": "old",
        "ansible_password": "",
        "ansible_ssh_pass": 12345678,
    }
    sources = Sources(
        variable=variables.get,
        environment={"DRAGONMINT_FALLBACK_PASSWORDS": "unused", "DRAGONMINT_PASSWORD": "from the environment"},
        command_line=lambda: ("admin", "typed"),
    )
    assert previous_passwords(sources) == ["older", "old", "12345678", "from the environment", "typed"]
    assert previous_passwords(Sources(variable=lambda _name: None, command_line=lambda: (None, "of ssh"))) == []


USABLE = {"changed": False, "pools": []}
REJECTED = {"error_code": "rejected", "msg": "The miner cannot use pool 1: 'no route'."}
OLD = {"error_code": "unsupported", "msg": "This firmware cannot test a pool."}
DARK = {"unreachable": True, "error_code": "unreachable", "msg": "No answer."}


@pytest.mark.parametrize("others", [[], [OLD], [DARK, OLD], [USABLE]])
def test_pools_that_a_miner_can_use_are_set(others: list[dict[str, Any]]) -> None:
    results = {f"m{number}": result for number, result in enumerate([USABLE, *others])}
    assert provision.pool_tests(results) == {"is_ok": True, "summary": "The pools can be used."}


@pytest.mark.parametrize("others", [[], [OLD], [USABLE], [DARK, USABLE]])
def test_one_miner_that_cannot_use_them_is_enough(others: list[dict[str, Any]]) -> None:
    results = {f"m{number}": result for number, result in enumerate([*others, REJECTED])}
    verdict = provision.pool_tests(results)
    assert verdict == {
        "is_ok": False,
        "summary": f"No pools were set, since a miner cannot use them. m{len(others)}: {REJECTED['msg']}",
    }


@pytest.mark.parametrize("results", [{}, {"m0": {}}, {"m0": OLD}, {"m0": OLD, "m1": DARK}])
def test_pools_that_nobody_has_tested_are_not_set(results: dict[str, dict[str, Any]]) -> None:
    verdict = provision.pool_tests(results)
    assert not verdict["is_ok"]
    assert "no miner could test them. Unset provision_test_pools, or" in verdict["summary"]
    assert all(f"{name}: {result['msg']}" in verdict["summary"] for name, result in results.items() if result)
