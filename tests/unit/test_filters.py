# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters that reports are made of: rows of what differs, a table for the terminal, and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.filter.drift_rows import drift_rows
from ansible_collections.minerops.dragonmint.plugins.filter.to_csv import to_csv
from ansible_collections.minerops.dragonmint.plugins.filter.to_table import to_table
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK

ADDRESS = "10.1.0.25"
REACHED = {"ansible_host": ADDRESS}
COLUMNS = ["miner", "address", "outcome", "setting", "current", "desired", "reason", "summary"]
UNCHANGED = {"changed": False, "diff": {"before": {"pools": []}, "after": {"pools": []}}}
SKIPPED = {"changed": False, "skipped": True, "skip_reason": "Conditional result was False"}
UNREACHABLE = {"unreachable": True, "changed": False, "msg": "No miner answers."}


def changed(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"changed": True, "diff": {"before": {name: before}, "after": {name: after}}}


POOL = {"url": "stratum+tcp://a:1", "user": "u", "password": MASK}


class TestDriftRows:
    def test_a_miner_as_desired_has_one_row(self) -> None:
        results = {f"__provision_{name}": UNCHANGED for name in ("pools", "network", "admin_password")}
        assert drift_rows(["m1"], {"m1": {**REACHED, **results, "__provision_autotune": SKIPPED}}) == [
            {**dict.fromkeys(COLUMNS, ""), "miner": "m1", "address": ADDRESS, "outcome": "as desired"}
        ]

    def test_one_of_which_nothing_is_desired_is_as_desired(self) -> None:
        assert [row["outcome"] for row in drift_rows(["m1"], {"m1": REACHED})] == ["as desired"]

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
        (row,) = drift_rows(["m1"], {"m1": {**REACHED, f"__provision_{variable}": result}})
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
        drift = {
            "__provision_autotune": changed("autotune", "a", "b"),
            "__provision_pools": changed("pools", "a", "b"),
        }
        rows = drift_rows(["m2", "m1"], {"m1": {}, "m2": drift})
        assert [(row["miner"], row["setting"]) for row in rows] == [("m2", "pools"), ("m2", "autotune"), ("m1", "")]

    @pytest.mark.parametrize(
        ("failed", "outcome"),
        [
            ({"msg": "Why."}, "failed"),
            ({"msg": "Why.", "unreachable": True}, "unreachable"),
            ({"msg": "Why.", "unreachable": False}, "failed"),
        ],
    )
    def test_a_miner_that_could_not_be_judged_has_its_reason(self, failed: dict[str, Any], outcome: str) -> None:
        drift = {"__provision_pools": changed("pools", "a", "b")}
        (row,) = drift_rows(["m1"], {"m1": {**REACHED, **drift, "__audit_failed": failed}})
        assert (row["outcome"], row["reason"], row["summary"]) == (outcome, "Why.", "Why.")

    @pytest.mark.parametrize("setting", ["admin_password", "guest_password", "network", "pools", "autotune"])
    def test_a_miner_that_went_dark_meanwhile_is_not_as_desired(self, setting: str) -> None:
        (row,) = drift_rows(["m1"], {"m1": {**REACHED, f"__provision_{setting}": UNREACHABLE}})
        assert (row["outcome"], row["reason"]) == ("unreachable", "No miner answers.")

    @pytest.mark.parametrize(
        ("variables", "address"),
        [
            ({}, "m1"),
            ({"ansible_host": "a"}, "a"),
            ({"dragonmint_host": "d", "ansible_host": "a"}, "d"),
        ],
    )
    def test_the_address_is_where_the_miner_was_asked(self, variables: dict[str, str], address: str) -> None:
        assert drift_rows(["m1"], {"m1": variables})[0]["address"] == address

    def test_no_miners_have_no_rows(self) -> None:
        assert drift_rows([], {}) == []


class TestToTable:
    def test_columns_are_as_wide_as_their_widest_cell(self) -> None:
        rows = [{"miner": "rack1-01", "outcome": "ok", "other": "x"}, {"miner": "m", "outcome": "as desired"}]
        assert to_table(rows, ["miner", "outcome"]) == [
            "miner     outcome",
            "rack1-01  ok",
            "m         as desired",
        ]

    def test_without_rows_there_is_a_heading(self) -> None:
        assert to_table([], ["miner", "outcome"]) == ["miner  outcome"]

    def test_without_columns_there_is_nothing(self) -> None:
        assert to_table([{"miner": "m"}], []) == ["", ""]

    def test_what_a_row_lacks_is_left_empty(self) -> None:
        assert to_table([{"b": 1}, {"a": None, "b": 2}], ["a", "b"]) == ["a  b", "   1", "   2"]

    @pytest.mark.parametrize(
        "text", ["\x1b[2J", "\r", "\n", "\t", "\x07", "\x9b", "\u202e", "\u2028", "\ud800"], ids=ascii
    )
    def test_nothing_controls_the_terminal(self, text: str) -> None:
        (_heading, line) = to_table([{"a": f"x{text}y"}], ["a"])
        assert line == f"x?{text[1:]}y"

    def test_other_alphabets_are_shown(self) -> None:
        assert to_table([{"a": "Röhre 矿机"}], ["a"]) == ["a", "Röhre 矿机"]


class TestToCsv:
    def test_there_is_a_heading_and_a_line_a_row(self) -> None:
        rows = [{"a": "1", "b": 2, "c": "not wanted"}, {"b": None}]
        assert to_csv(rows, ["a", "b"]) == "a,b\r\n1,2\r\n,\r\n"

    def test_without_rows_there_is_a_heading(self) -> None:
        assert to_csv([], ["a", "b"]) == "a,b\r\n"

    @pytest.mark.parametrize("text", ['say "x"', "a,b", "a\nb", "a\r\nb", " a ", "ä矿"], ids=ascii)
    def test_text_comes_back_as_it_was(self, text: str) -> None:
        written = to_csv([{"a": text, "b": "end"}], ["a", "b"])
        assert list(csv.reader(io.StringIO(written, newline="")))[1:] == [[text, "end"]]

    @pytest.mark.parametrize(
        "text",
        [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            '=HYPERLINK("http://x","y")',
            "-",
            "\n=1",
            "\xa0=1",
            "\0=1",
            "\uff1d1",
        ],
        ids=ascii,
    )
    def test_a_formula_is_made_text(self, text: str) -> None:
        written = to_csv([{"a": text}], ["a"])
        assert next(iter(list(csv.reader(io.StringIO(written, newline="")))[1:])) == [f"'{text}"]

    @pytest.mark.parametrize("text", ["a;=1+1", "a; \t-1", "a;@b"])
    def test_a_formula_after_the_other_separator_is_made_text(self, text: str) -> None:
        assert to_csv([{"a": text}], ["a"]).split(";")[1].startswith("'")

    @pytest.mark.parametrize("value", [-1, -1.5, 0, True])
    def test_numbers_stay_numbers(self, value: Any) -> None:
        assert to_csv([{"a": value}], ["a"]) == f"a\r\n{value}\r\n"

    @pytest.mark.parametrize("text", ["a=1", "10.1.0.25", "'=1", "stratum+tcp://a:1"])
    def test_other_text_stays_as_it_is(self, text: str) -> None:
        assert to_csv([{"a": text}], ["a"]) == f"a\r\n{text}\r\n"
