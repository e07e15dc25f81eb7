# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters for reports: a table for the terminal, and CSV."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible_collections.minerops.dragonmint.plugins.filter.to_csv import to_csv
from ansible_collections.minerops.dragonmint.plugins.filter.to_html import to_html
from ansible_collections.minerops.dragonmint.plugins.filter.to_table import to_table


@pytest.mark.parametrize("lay_out", [to_csv, to_table, partial(to_html, title="Title")], ids=["csv", "table", "html"])
@pytest.mark.parametrize(
    ("rows", "columns", "sentence"),
    [
        ("miner", ["miner"], "expects a list of rows, but found 'miner'."),
        ({"miner": "m1"}, ["miner"], "expects a list of rows, but found a dictionary."),
        ([{"miner": "m1"}, "m2"], ["miner"], "expects a dictionary for each row, but row 1 is 'm2'."),
        ([], "miner", "expects the columns as a list of keys, but found 'miner'."),
        ([], [1], "expects the columns as a list of keys, but found a list."),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(lay_out: Any, rows: Any, columns: Any, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        lay_out(rows, columns)
    assert str(refused.value).split(" ", 1)[1] == sentence


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
        assert to_table([{"b": 1}, {"a": 3, "b": 2}], ["a", "b"]) == ["a  b", "   1", "3  2"]

    def test_a_column_that_is_empty_in_all_rows_is_left_out(self) -> None:
        assert to_table([{"b": 1}, {"a": "", "b": 0}], ["a", "b"]) == ["b", "1", "0"]

    def test_the_worst_rows_stand_first_and_the_rest_is_counted(self) -> None:
        outcomes = ["as desired", "drift", "failed", "drift", "as desired"]
        rows = [{"miner": f"m{number}", "outcome": outcome} for number, outcome in enumerate(outcomes)]
        assert to_table(rows, ["miner", "outcome"], limit=3, path="reports/audit.html") == [
            *("miner  outcome", "m2     failed", "m1     drift", "m3     drift"),
            "… 2 more in reports/audit.html",
        ]
        assert to_table(rows, ["miner"], 4)[-1] == "… 1 more"
        assert len(to_table(rows, ["miner"], limit=5, path="p")) == 6

    @pytest.mark.parametrize("limit", [-1, "20", True, 1.5])
    def test_a_limit_is_a_number_of_rows(self, limit: Any) -> None:
        with pytest.raises(AnsibleFilterError, match="to_table expects the limit as a number of rows"):
            to_table([], ["a"], limit)

    def test_a_line_fits_the_terminal_and_names_are_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        miner = "a-rather-long-name-of-a-miner"
        rows = [{"miner": miner, "outcome": "failed", "reason": "word " * 30, "detail": "x" * 30}]
        heading, line = to_table(rows, ["miner", "outcome", "detail", "reason"])
        assert len(line) == 80 - 14
        assert line.startswith(f"{miner}  failed   xxx")
        assert line.endswith("…")
        assert heading.split() == ["miner", "outcome", "detail", "reason"]

    def test_what_cannot_be_cut_further_is_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "20")
        (_heading, line) = to_table([{"miner": "m" * 30, "reason": "r" * 30}], ["miner", "reason"])
        assert line == f"{'m' * 30}  {'r' * 9}…"

    def test_without_a_terminal_nothing_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("COLUMNS", raising=False)
        monkeypatch.setattr(Display(), "columns", 79)
        (_heading, line) = to_table([{"reason": "r" * 300}], ["reason"])
        assert line == "r" * 300

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
