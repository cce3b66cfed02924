"""Exported tables contain no formulas."""

from __future__ import annotations

import csv
import io

import pytest

from core.platform.spreadsheets import csv_of, csv_rows

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", FORMULA)
@pytest.mark.parametrize("before", ["", "Ana;", "Ana\t", "Ana\n", 'Ana; "', "Ana;b;  "])
def test_no_cell_is_a_formula_whatever_parts_the_columns(separator: str, start: str, before: str) -> None:
    cell = f"{before}{start}HYPERLINK(1)"
    text = csv_of(["name", "note"], [[cell, cell]]).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        assert not [one for one in row if one.strip(' "').startswith(FORMULA)], row


@pytest.mark.parametrize("cell", ["=1", "a;=1", "a;'=1", "'=1", ";-)", "a\n- b", "\uff1d1", "it's; 'so'", "x;''@y"])
def test_a_cell_is_read_back_as_it_was(cell: str) -> None:
    assert [row for _, row in csv_rows(csv_of(["name", "note"], [[cell, "x"]]))][1:] == [[cell, "x"]]
