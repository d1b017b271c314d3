"""Tests of the design of a regression, and of what it would be with other values."""

import numpy as np
import pytest

pytest.importorskip("formulaic", reason="needs formulaic (the extra 'effects')")

from hftopic.analysis.effects.covariates import Covariates
from hftopic.data.formulas import FormulaError
from hftopic.data.metadata import as_metadata

N = 40
COLUMNS = as_metadata(
    {
        "party": ["left", "right", "none", "left"] * 10,
        "age": np.linspace(20, 80, N),
        "wave": [1, 2] * 20,
        "member": [True, False, False, True] * 10,
        "day": [f"2008-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(N)],
        "same": ["x"] * N,
        "name": [f"name {i}" for i in range(N)],
        "one": ["rare"] + ["often"] * (N - 1),
    },
    N,
)


def test_the_intercept_is_there_once():
    with_it, without = Covariates.of("party", COLUMNS), Covariates.of("0 + party", COLUMNS)
    assert with_it.design.shape == without.design.shape == (N, 3)
    for covariates in (with_it, without):
        np.testing.assert_allclose(np.linalg.lstsq(covariates.design, np.ones(N))[1], 0, atol=1e-12)


def test_the_mean_row_is_the_mean_of_the_changed_design():
    covariates = Covariates.of("party * age + bs(day, df=4)", COLUMNS)
    row = covariates.mean_row({"party": "right", "age": 30})
    changed = {**COLUMNS, "party": np.array(["right"] * N, dtype=object), "age": np.full(N, 30.0)}
    np.testing.assert_allclose(row[1:], covariates._design.raw(changed).mean(axis=0))
    assert row[0] == 1


def test_values_of_a_column():
    covariates = Covariates.of("party + age + wave + member + day", COLUMNS)
    assert covariates.values("party", 5) == ["left", "none", "right"]
    assert covariates.values("age", 3) == [20.0, 50.0, 80.0]
    assert covariates.values("wave", 5) == [1, 2]
    assert covariates.values("day", 2) == ["2008-01-01", "2008-12-24"]
    found = [covariates.is_continuous(name) for name in ("party", "age", "wave", "member", "day")]
    assert found == [False, True, True, False, True]


def with_dates(dates, formula="date"):
    return Covariates.of(formula, {"date": np.array(dates, dtype=object)})


def test_years_are_dates_whose_values_are_years():
    covariates = with_dates([str(1990 + i % 9) for i in range(N)], "bs(date, df=4)")
    assert covariates.values("date", 5) == ["1990", "1992", "1994", "1996", "1998"]
    assert covariates.is_continuous("date")
    for value in (1992, 1992.0, np.int64(1992), "1992"):
        np.testing.assert_allclose(
            covariates.mean_row({"date": value}), covariates.mean_row({"date": "1992"})
        )
    linear = with_dates([str(1990 + i % 9) for i in range(N)])
    assert linear.mean_row({"date": 1993.5})[1] == pytest.approx(1993.5)


def test_values_of_moments_stay_within_them():
    moments = [f"2008-01-{1 + i % 9:02d}T{10 + i % 7:02d}:30:15" for i in range(N)]
    covariates = with_dates(moments, "bs(date, df=4)")
    values = covariates.values("date", 5)
    assert (values[0], values[-1]) == (min(moments), max(moments))
    for value in values:
        assert np.isfinite(covariates.mean_row({"date": value})).all()
    assert with_dates([f"2008-01-{1 + i % 2:02d}" for i in range(N)]).values("date", 40) == [
        "2008-01-01",
        "2008-01-02",
    ]


def test_numbers_that_are_categories_have_their_own_values():
    known = as_metadata(
        {"treated": [0.0, 1.0] * 19 + [None, None], "year": [1990 + i // 2 % 8 for i in range(N)]}, N
    )
    rows = np.flatnonzero(~np.isnan(known["treated"]))
    covariates = Covariates.of("treated + C(year)", {name: of[rows] for name, of in known.items()})
    assert covariates.values("treated", 5) == [0.0, 1.0]
    assert covariates.values("year", 5) == list(range(1990, 1998))
    assert not covariates.is_continuous("year")
    np.testing.assert_array_equal(covariates.mean_row({"year": 1992.0}), covariates.mean_row({"year": 1992}))


def test_a_constant_column_is_refused():
    with pytest.raises(FormulaError, match="'none' has the same value in all documents"):
        Covariates.of("none + age", {**COLUMNS, "none": np.full(N, 7.0)})


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("partty", "no column 'partty' in the metadata.*did you mean 'party'"),
        ("party + C(party)", "columns that the others determine"),
        ("age + I(2 * age)", "columns that the others determine"),
        ("name", "40 coefficients for 40 documents"),
        ("same", "no columns|determine"),
        ("one", "document 0 alone determines 'one"),
        ("party +", "cannot be read"),
        ("__import__('os')", "is not known"),
    ],
)
def test_designs_that_tell_nothing_are_refused(formula, told):
    with pytest.raises(FormulaError, match=told):
        Covariates.of(formula, COLUMNS)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"rating": 1}, "no column 'rating' that the formula 'party \\+ age \\+ day' reads"),
        ({"party": "up"}, "a category is not among those .*up"),
        ({"party": 1}, "1 is no value of 'party'"),
        ({"age": "old"}, "'old' is no value of 'age'"),
        ({"day": "soon"}, "'soon' is no value of 'day'"),
    ],
)
def test_values_that_a_column_cannot_have_are_refused(values, told):
    with pytest.raises(FormulaError, match=told):
        Covariates.of("party + age + day", COLUMNS).mean_row(values)
