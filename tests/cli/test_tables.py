"""Tests of the output of tables for people and for programs."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic.cli.tables import MISSING, NARROWEST, display_width, lines, show, text

words = st.text(st.characters(codec="utf-8"), max_size=40)
cells = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(), words)


@given(st.lists(st.tuples(words, words, cells), max_size=5), st.integers(30, 60))
def test_table_fits_the_width_and_its_columns_line_up(rows: list[tuple[object, ...]], width: int) -> None:
    printed = lines(["first", "second", "number"], rows, width)
    assert len(printed) == 2 + len(rows)
    assert all(display_width(line) <= max(width, 3 * NARROWEST + 4 + 12) for line in printed)
    assert not any(control in line for line in printed for control in "\n\r\x1b\t")


@given(st.lists(st.tuples(words, words), min_size=1, max_size=5))
def test_table_without_a_width_cuts_nothing(rows: list[tuple[str, str]]) -> None:
    printed = lines(["a", "b"], rows, None)
    for row, line in zip(rows, printed[2:], strict=True):
        assert line == line.rstrip()
        assert text(row[0]) in line + " " * 40


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, MISSING),
        (float("nan"), MISSING),
        (True, "yes"),
        (np.False_, "no"),
        (3, "3"),
        (0.12345, "0.123"),
        (0, "0"),
        (np.float32(0.5), "0.500"),
        (1e-5, "1e-05"),
        (float("inf"), "inf"),
        ("a\x1b[1mb\u202ec\n", r"a\x1b[1mb\u202ec\n"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    assert text(value) == shown


def test_missing_values_are_null_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    show(pd.DataFrame({"a": [1.5, np.nan], "b": pd.array([1, None], dtype="Int64")}), "json")
    assert json.loads(capsys.readouterr().out) == [{"a": 1.5, "b": 1}, {"a": None, "b": None}]
