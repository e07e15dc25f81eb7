# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of the job audit: what differs, each number, and what fails the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit, provision
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import normalised

ADDRESS = "10.1.0.25"
COLUMNS = ["miner", "address", "outcome", "setting", "current", "desired", "reason", "summary"]
UNCHANGED = {"changed": False, "diff": {"before": {"pools": []}, "after": {"pools": []}}}
UNREACHABLE = {"unreachable": True, "changed": False, "msg": "No miner answers."}
REFUSED = {"failed": True, "changed": False, "error_code": "rejected", "msg": "Why."}
UNSUPPORTED = {"failed": True, "changed": False, "error_code": "unsupported", "msg": "This firmware can't."}
MAC = "a0:b0:45:00:00:e5"
SEEN = {"changed": False, "ansible_facts": {"dragonmint_identity": {"mac": MAC}}}
DESIRED = normalised(provision.VARIABLES, {})

STRICT, LENIENT = {"fail_on_drift": True, "partial": False}, {"fail_on_drift": False, "partial": True}
DEFAULT = {"fail_on_drift": False, "partial": False}


def fleet_of(*miners: str, **variables: Any) -> OfHosts:
    values = {**DESIRED, "logins": ["dragonadmin"], **variables}
    return OfHosts([values], dict.fromkeys(miners, 0), dict.fromkeys(miners, ADDRESS))


def compared(first: dict[str, Any] | None = None, **results: Any) -> dict[str, Any]:
    """The results for a miner: of reading it, and of each comparison."""
    return {"seen": first or SEEN, **results}


def summed_up(miners: dict[str, dict[str, Any]], audit_values: dict[str, Any], **curtailed: str) -> dict[str, Any]:
    found = {
        setting: {miner: results[setting] for miner, results in miners.items() if setting in results}
        for setting in ("seen", "admin_password", "guest_password", "network", "pools", "autotune")
    }
    seen = found.pop("seen")
    return audit.outcome(fleet_of(*miners, autotune_mode="balanced"), seen, {}, found, audit_values, curtailed)


def rows_of(miners: dict[str, dict[str, Any]], **curtailed: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = summed_up(miners, DEFAULT, **curtailed)["rows"]
    return rows


def test_an_expected_miner_that_was_not_found_was_not_compared() -> None:
    ended = audit.outcome(fleet_of("m1"), {"m1": SEEN}, {}, {}, DEFAULT, {}, ["m1", "m2"])
    assert (ended["failed"], ended["is_ok"]) == (["m2"], False)
    assert ended["summary"].startswith("2 miners: 1 as desired, 1 unreachable. 1 miner could not be compared")
    assert ended["shown"][0]["reason"] == "The inventory expects it and did not find it."


def changed(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"changed": True, "diff": {"before": {name: before}, "after": {name: after}}}


POOL = {"url": "stratum+tcp://a:1", "user": "u", "password": MASK}


class TestRows:
    def test_a_miner_as_desired_has_one_row(self) -> None:
        results = dict.fromkeys(("pools", "network", "admin_password"), UNCHANGED)
        assert rows_of({"m1": compared(**results)}) == [
            {**dict.fromkeys(COLUMNS, ""), "miner": "m1", "address": ADDRESS, "outcome": "as desired"}
        ]

    def test_one_of_which_nothing_is_desired_is_as_desired(self) -> None:
        assert [row["outcome"] for row in rows_of({"m1": compared()})] == ["as desired"]

    def test_one_that_was_never_compared_is_not(self) -> None:
        (row,) = audit.outcome(fleet_of("m1"), {}, {}, {}, DEFAULT, {})["rows"]
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
        (row,) = rows_of({"m1": compared(**{variable: result})})
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
        rows = rows_of({"m2": drift, "m1": compared()})
        assert [(row["miner"], row["setting"]) for row in rows] == [("m2", "pools"), ("m2", "autotune"), ("m1", "")]

    @pytest.mark.parametrize(("failed", "outcome"), [(REFUSED, "failed"), (UNREACHABLE, "unreachable")])
    def test_a_miner_that_could_not_be_seen_has_its_reason(self, failed: dict[str, Any], outcome: str) -> None:
        (row,) = rows_of({"m1": compared(failed)})
        assert (row["outcome"], row["reason"], row["summary"]) == (outcome, failed["msg"], failed["msg"])

    @pytest.mark.parametrize("setting", ["admin_password", "guest_password", "network", "pools", "autotune"])
    @pytest.mark.parametrize(("failed", "outcome"), [(REFUSED, "failed"), (UNREACHABLE, "unreachable")])
    def test_a_miner_of_which_one_setting_could_not_be_compared_is_not_as_desired(
        self, setting: str, failed: dict[str, Any], outcome: str
    ) -> None:
        (row,) = rows_of({"m1": compared(**{setting: failed})})
        assert (row["outcome"], row["reason"]) == (outcome, failed["msg"])

    def test_the_first_reason_counts(self) -> None:
        (row,) = rows_of({"m1": compared(network=REFUSED, autotune=UNREACHABLE)})
        assert row["outcome"] == "failed"

    def test_a_firmware_that_cannot_set_the_password_of_guest_is_as_desired(self) -> None:
        assert rows_of({"m1": compared(guest_password=UNSUPPORTED)})[0]["outcome"] == "as desired"
        assert rows_of({"m1": compared(pools=UNSUPPORTED)})[0]["outcome"] == "failed"

    def test_variables_that_cannot_be_evaluated_are_reported_unless_the_miner_is_unreachable(self) -> None:
        lost = OfHosts([{"problem": "rack is undefined"}], {"m1": 0, "m2": 0}, {"m1": "a", "m2": "b"})
        rows = audit.outcome(lost, {"m1": SEEN, "m2": UNREACHABLE}, {}, {}, DEFAULT, {})["rows"]
        assert [(row["outcome"], row["reason"]) for row in rows] == [
            ("failed", "rack is undefined"),
            ("unreachable", "No miner answers."),
        ]

    def test_a_mode_that_was_not_compared_is_reported(self) -> None:
        (row,) = rows_of({"m1": compared()}, m1="It is curtailed.")
        assert (row["outcome"], row["reason"], row["summary"]) == ("as desired", "It is curtailed.", "It is curtailed.")

    def test_no_miners_have_no_rows(self) -> None:
        assert rows_of({}) == []


NETWORK = {"mode": "static", "ipaddress": "10.1.0.40", "netmask": "m", "gateway": "", "dns": ["a"]}


class TestSteps:
    def test_each_desired_setting_is_compared(self) -> None:
        pools = [{"url": "stratum+tcp://a:1", "user": "u"}]
        fleet = fleet_of(
            "m1", guest_password="g", network=NETWORK, pools=pools, autotune_mode="efficient", autotune_level="2"
        )
        found = audit.steps(fleet, {"m1": SEEN}, {}, {})
        assert [(step.setting, step.module, step.options["m1"]) for step in found] == [
            ("guest_password", "user", {"user": "guest", "new_password": "g"}),
            ("network", "network", {"mode": "static", "ipaddress": "10.1.0.40", "netmask": "m", "dns": ["a"]}),
            ("pools", "pools", {"pools": pools, "keep_passwords": False}),
            ("autotune", "autotune", {"mode": "efficient", "level": "2"}),
        ]

    def test_the_desired_password_is_tried_first(self) -> None:
        fleet = fleet_of("m1", admin_password="new")
        login = {"password": "new", "fallback_passwords": ["dragonadmin"]}
        assert audit.first_look(fleet) == {"m1": {**login, "gather_subset": ["identity"]}}
        (step,) = audit.steps(fleet, {"m1": SEEN}, {}, {})
        assert step.options == {"m1": {**login, "user": "admin", "new_password": "new"}}

    def test_only_miners_that_were_seen_are_compared(self) -> None:
        fleet = fleet_of("m1", "m2", "m3", autotune_mode="efficient")
        (step,) = audit.steps(fleet, {"m1": SEEN, "m2": UNREACHABLE, "m3": REFUSED}, {}, {})
        assert list(step.options) == ["m1"]

    def test_the_mode_of_a_curtailed_miner_is_left_out(self) -> None:
        fleet = fleet_of("m1", "m2", autotune_mode="efficient")
        seen = {"m1": SEEN, "m2": SEEN}
        (step,) = audit.steps(fleet, seen, {}, {"m1": "It is curtailed."})
        assert list(step.options) == ["m2"]
        assert audit.steps(fleet, seen, {}, {"m1": "It is curtailed.", "m2": "It is curtailed."}) == []
        ended = fleet_of("m1", autotune_mode="efficient", ends_curtailment=True)
        assert len(audit.steps(ended, {"m1": SEEN}, {}, {"m1": "It is curtailed.", "elsewhere": "So is this."})) == 1
        assert (
            audit.outcome(ended, {"m1": SEEN}, {}, {}, DEFAULT, {"m1": "It is curtailed."})["rows"][0]["reason"] == ""
        )

    def test_unreachable_miners_are_looked_for_at_their_static_address(self) -> None:
        fleet = fleet_of("m1", "m2", "m3", network=NETWORK)
        seen = {"m1": UNREACHABLE, "m2": SEEN, "m3": REFUSED}
        assert audit.second_look(fleet, seen) == {"m1": {"gather_subset": ["identity"], "host": "10.1.0.40"}}
        assert audit.second_look(fleet_of("m1"), {"m1": UNREACHABLE}) == {}
        assert audit.second_look(fleet_of("m1", network={**NETWORK, "ipaddress": ADDRESS}), {"m1": UNREACHABLE}) == {}

    @pytest.mark.parametrize(
        ("moved", "expected_mac", "is_there"),
        [
            (SEEN, None, True),
            (SEEN, MAC.upper().replace(":", "-"), True),
            (SEEN, "a0:b0:45:00:00:00", False),
            (REFUSED, None, True),
            (UNREACHABLE, None, False),
        ],
    )
    def test_a_miner_is_followed_there_if_it_is_the_one(
        self, moved: dict[str, Any], expected_mac: str | None, is_there: bool
    ) -> None:
        fleet = fleet_of("m1", network=NETWORK)
        if expected_mac:
            fleet = replace(fleet, expected_macs={"m1": expected_mac})
        addresses, found = audit.located(fleet, {"m1": UNREACHABLE}, {"m1": moved})
        assert addresses == {"m1": "10.1.0.40" if is_there else ADDRESS}
        assert found == {"m1": moved if is_there else UNREACHABLE}

    def test_a_miner_that_was_followed_is_compared_there(self) -> None:
        fleet = fleet_of("m1", network=NETWORK)
        (step,) = audit.steps(fleet, {"m1": UNREACHABLE}, {"m1": SEEN}, {})
        assert step.options["m1"]["host"] == "10.1.0.40"


# Four miners, one for each outcome.
MINERS = {
    "good": compared(),
    "drifted": compared(pools=changed("pools", "a", "b"), autotune=changed("autotune", "a", "b")),
    "refuses": compared(REFUSED),
    "dark": compared(UNREACHABLE),
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
            (list(MINERS), LENIENT, NUMBERS),
            ([], STRICT, "0 miners: none."),
        ],
    )
    def test_it_is_ok(self, miners: list[str], variables: dict[str, Any], summary: str) -> None:
        outcome = summed_up({miner: MINERS[miner] for miner in miners}, variables)
        assert outcome["is_ok"]
        assert outcome["summary"] == summary

    @pytest.mark.parametrize(
        ("miners", "variables", "summary"),
        [
            (["refuses"], DEFAULT, f"1 miner: 1 failed. 1 miner {NOT_COMPARED}"),
            (["dark"], DEFAULT, f"1 miner: 1 unreachable. 1 miner {NOT_COMPARED}"),
            (list(MINERS), DEFAULT, f"{NUMBERS} 2 miners {NOT_COMPARED}"),
            (["drifted"], STRICT, f"1 miner: 1 drift. {DRIFT_FAILS}"),
            (list(MINERS), STRICT, f"{NUMBERS} 2 miners {NOT_COMPARED} {DRIFT_FAILS}"),
            (list(MINERS), {"fail_on_drift": True, "partial": True}, f"{NUMBERS} {DRIFT_FAILS}"),
        ],
    )
    def test_it_fails_the_run(self, miners: list[str], variables: dict[str, Any], summary: str) -> None:
        outcome = summed_up({miner: MINERS[miner] for miner in miners}, variables)
        assert not outcome["is_ok"]
        assert outcome["summary"] == summary

    def test_those_that_could_not_be_compared_are_named(self) -> None:
        assert summed_up(MINERS, DEFAULT)["failed"] == ["refuses", "dark"]

    def test_the_worst_are_shown_first(self) -> None:
        shown = summed_up(MINERS, DEFAULT)["shown"]
        assert [(row["miner"], row["setting"]) for row in shown] == [
            ("refuses", ""),
            ("dark", ""),
            ("drifted", "pools"),
            ("drifted", "autotune"),
        ]

    def test_the_numbers_have_no_text_of_a_miner(self) -> None:
        """A later job would take it for a template."""
        assert summed_up(MINERS, LENIENT)["stats"] == {
            "miners": 4,
            "as_desired": 1,
            "drift": 1,
            "failed": 1,
            "unreachable": 1,
            "is_ok": True,
            "summary": NUMBERS,
        }
