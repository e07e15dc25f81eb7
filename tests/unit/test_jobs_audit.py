# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of the job audit: what differs, each number, and what fails the run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit

ADDRESS = "10.1.0.25"
REACHED = {"ansible_host": ADDRESS}
COLUMNS = ["miner", "address", "outcome", "setting", "current", "desired", "reason", "summary"]
UNCHANGED = {"changed": False, "diff": {"before": {"pools": []}, "after": {"pools": []}}}
SKIPPED = {"changed": False, "skipped": True, "skip_reason": "Conditional result was False"}
UNREACHABLE = {"unreachable": True, "changed": False, "msg": "No miner answers."}


STRICT, LENIENT = {"fail_on_drift": True, "partial": False}, {"fail_on_drift": False, "partial": True}
DEFAULT = {"fail_on_drift": False, "partial": False}


def compared(error: dict[str, Any] | None = None, **results: Any) -> dict[str, Any]:
    """The variables of a miner that the role provision has compared."""
    return {**REACHED, "dragonmint_comparison": {"error": error or {}, "results": results}}


def rows_of(miners: list[str], hostvars: dict[str, Any]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = audit.outcome(miners, hostvars, DEFAULT)["rows"]
    return rows


def changed(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"changed": True, "diff": {"before": {name: before}, "after": {name: after}}}


POOL = {"url": "stratum+tcp://a:1", "user": "u", "password": MASK}


class TestRows:
    def test_a_miner_as_desired_has_one_row(self) -> None:
        results = dict.fromkeys(("pools", "network", "admin_password"), UNCHANGED)
        assert rows_of(["m1"], {"m1": compared(**results, guest_password={}, autotune=SKIPPED)}) == [
            {**dict.fromkeys(COLUMNS, ""), "miner": "m1", "address": ADDRESS, "outcome": "as desired"}
        ]

    def test_one_of_which_nothing_is_desired_is_as_desired(self) -> None:
        assert [row["outcome"] for row in rows_of(["m1"], {"m1": compared()})] == ["as desired"]

    def test_one_that_was_never_compared_is_not(self) -> None:
        (row,) = rows_of(["m1"], {"m1": REACHED})
        assert (row["outcome"], row["reason"]) == ("failed", "It was not compared, since an earlier task failed.")

    @pytest.mark.parametrize(
        ("variable", "result", "current", "desired"),
        [
            ("admin_password", changed("password of admin", MASK, "(changed)"), MASK, "(changed)"),
            ("guest_password", changed("password of guest", MASK, "(changed)"), MASK, "(changed)"),
            (
                "network",
                changed(
                    "network settings",
                    {"mode": "dhcp", "ipaddress": None, "netmask": None, "gateway": None, "dns": []},
                    {"mode": "static", "ipaddress": "10.1.0.40", "netmask": "m", "gateway": "g", "dns": ["a", "b"]},
                ),
                "dhcp",
                "static 10.1.0.40 m g a, b",
            ),
            (
                "pools",
                changed("pools", [], [POOL, {**POOL, "user": "v"}]),
                "",
                "stratum+tcp://a:1 u, stratum+tcp://a:1 v",
            ),
            # Only a password differs.
            (
                "pools",
                changed("pools", [POOL], [{**POOL, "password": "(changed)"}]),
                "stratum+tcp://a:1 u",
                "stratum+tcp://a:1 u (changed)",
            ),
            (
                "autotune",
                changed("autotune", {"mode": "balanced", "level": None}, {"mode": "efficient", "level": "2"}),
                "balanced",
                "efficient 2",
            ),
        ],
    )
    def test_each_setting_has_its_row(self, variable: str, result: dict[str, Any], current: str, desired: str) -> None:
        (row,) = rows_of(["m1"], {"m1": compared(**{variable: result})})
        (name,) = result["diff"]["after"]
        assert list(row) == COLUMNS
        assert row == {
            "miner": "m1",
            "address": ADDRESS,
            "outcome": "drift",
            "setting": name,
            "current": current,
            "desired": desired,
            "reason": "",
            "summary": f"{name}: {current} -> {desired}",
        }

    def test_rows_come_in_the_order_of_miners_and_settings(self) -> None:
        drift = compared(pools=changed("pools", "a", "b"), autotune=changed("autotune", "a", "b"))
        rows = rows_of(["m2", "m1"], {"m1": compared(), "m2": drift})
        assert [(row["miner"], row["setting"]) for row in rows] == [("m2", "pools"), ("m2", "autotune"), ("m1", "")]

    @pytest.mark.parametrize(
        ("failed", "outcome"),
        [
            ({"msg": "Why."}, "failed"),
            ({"msg": "Why.", "unreachable": True}, "unreachable"),
            ({"msg": "Why.", "unreachable": False}, "failed"),
        ],
    )
    def test_a_miner_that_could_not_be_compared_has_its_reason(self, failed: dict[str, Any], outcome: str) -> None:
        (row,) = rows_of(["m1"], {"m1": compared(failed, pools=changed("pools", "a", "b"))})
        assert (row["outcome"], row["reason"], row["summary"]) == (outcome, "Why.", "Why.")

    @pytest.mark.parametrize("setting", ["admin_password", "guest_password", "network", "pools", "autotune"])
    def test_a_miner_that_went_dark_meanwhile_is_not_as_desired(self, setting: str) -> None:
        (row,) = rows_of(["m1"], {"m1": compared(**{setting: UNREACHABLE})})
        assert (row["outcome"], row["reason"]) == ("unreachable", "No miner answers.")

    @pytest.mark.parametrize(
        ("variables", "address"),
        [
            ({}, "m1"),
            ({"ansible_host": "a"}, "a"),
            ({"dragonmint_host": "d", "ansible_host": "a"}, "d"),
            ({"dragonmint_host": "", "ansible_host": "a"}, "a"),
            ({"dragonmint_host": None, "ansible_host": ""}, "m1"),
        ],
    )
    def test_the_address_is_where_the_miner_was_asked(self, variables: dict[str, str], address: str) -> None:
        assert rows_of(["m1"], {"m1": variables})[0]["address"] == address

    def test_no_miners_have_no_rows(self) -> None:
        assert rows_of([], {}) == []


# Of four miners, one for each outcome.
HOSTVARS = {
    "good": compared(),
    "drifted": compared(pools=changed("pools", "a", "b"), autotune=changed("autotune", "a", "b")),
    "refuses": compared({"msg": "Why."}),
    "dark": compared({"msg": "No miner answers.", "unreachable": True}),
}
NUMBERS = "4 miners: 1 as desired, 1 drift, 1 failed, 1 unreachable."
NOT_COMPARED = (
    "could not be compared with the desired state. "
    "Fix the causes that the report names, or set audit_partial: true to accept that."
)
DRIFT_FAILS = "audit_fail_on_drift is set, so drift fails the run."


class TestOutcome:
    @pytest.mark.parametrize(
        ("miners", "variables", "summary"),
        [
            (["good"], STRICT, "1 miner: 1 as desired."),
            (["drifted"], DEFAULT, "1 miner: 1 drift."),
            (["good", "drifted"], LENIENT, "2 miners: 1 as desired, 1 drift."),
            (list(HOSTVARS), LENIENT, NUMBERS),
            ([], STRICT, "0 miners: none."),
        ],
    )
    def test_it_is_ok(self, miners: list[str], variables: dict[str, Any], summary: str) -> None:
        outcome = audit.outcome(miners, HOSTVARS, variables)
        assert outcome["is_ok"]
        assert outcome["summary"] == summary

    @pytest.mark.parametrize(
        ("miners", "variables", "summary"),
        [
            (["refuses"], DEFAULT, f"1 miner: 1 failed. 1 miner {NOT_COMPARED}"),
            (["dark"], DEFAULT, f"1 miner: 1 unreachable. 1 miner {NOT_COMPARED}"),
            (list(HOSTVARS), DEFAULT, f"{NUMBERS} 2 miners {NOT_COMPARED}"),
            (["drifted"], STRICT, f"1 miner: 1 drift. {DRIFT_FAILS}"),
            (list(HOSTVARS), STRICT, f"{NUMBERS} 2 miners {NOT_COMPARED} {DRIFT_FAILS}"),
            (list(HOSTVARS), {"fail_on_drift": True, "partial": True}, f"{NUMBERS} {DRIFT_FAILS}"),
        ],
    )
    def test_it_fails_the_run(self, miners: list[str], variables: dict[str, Any], summary: str) -> None:
        outcome = audit.outcome(miners, HOSTVARS, variables)
        assert not outcome["is_ok"]
        assert outcome["summary"] == summary

    def test_those_that_could_not_be_compared_are_named(self) -> None:
        assert audit.outcome(HOSTVARS, HOSTVARS, DEFAULT)["failed"] == ["refuses", "dark"]

    def test_the_worst_are_shown_first(self) -> None:
        shown = audit.outcome(HOSTVARS, HOSTVARS, DEFAULT)["shown"]
        assert [(row["miner"], row["setting"]) for row in shown] == [
            ("refuses", ""),
            ("dark", ""),
            ("drifted", "pools"),
            ("drifted", "autotune"),
        ]

    def test_the_numbers_have_no_text_of_a_miner(self) -> None:
        """A later job would take it for a template."""
        assert audit.outcome(HOSTVARS, HOSTVARS, LENIENT)["stats"] == {
            "miners": 4,
            "as_desired": 1,
            "drift": 1,
            "failed": 1,
            "unreachable": 1,
            "is_ok": True,
            "summary": NUMBERS,
        }
