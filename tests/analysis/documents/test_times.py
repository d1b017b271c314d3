"""Tests of topics over time and of their trends, on planted proportions."""

import datetime
from functools import partial

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Corpus
from hftopic.analysis import topics_over_time, trends
from hftopic.analysis.documents.composition import composed_errors
from hftopic.analysis.documents.means import Means, class_means
from hftopic.analysis.documents.periods import step_of
from hftopic.analysis.documents.times import fitted_lines

FAITH, SPORT = [0.7, 0.1, 0.1, 0.1], [0.1, 0.5, 0.2, 0.2]  # shares of even and odd documents
over_time = partial(topics_over_time, topics="all")


def test_months_and_years(planted, corpus):
    dates = pd.date_range("2020-01-15", periods=120, freq="D")
    monthly = over_time(planted, corpus, dates, freq="M")
    assert monthly.index.astype(str).tolist() == ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]
    assert monthly["documents"].tolist() == [17, 29, 31, 30, 13]
    assert monthly.columns.tolist() == ["documents", 0, 1, 2, 3]
    assert monthly.loc["2020-02", 0].item() == pytest.approx((15 * 0.1 + 14 * 0.7) / 29, rel=1e-6)
    yearly = over_time(planted, corpus, dates, freq="Y")
    np.testing.assert_allclose(yearly[[0, 1, 2, 3]], [np.mean([FAITH, SPORT], axis=0)], rtol=1e-6)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ("2020-01-20", "D"),
        ("2020-05-01", "W"),
        ("2021-06-01", "M"),
        ("2024-06-01", "Q"),
        ("2040-01-01", "Y"),
        ("2140-01-01", "Y"),
    ],
)
def test_length_of_spans_follows_their_number(planted, corpus, last, kind):
    dates = pd.Series(pd.to_datetime(["2020-01-15", last] * 60))
    table = over_time(planted, corpus, dates)
    assert table.index.freqstr[0] == kind
    assert table["documents"].tolist() == [60, 60]


def test_every_form_of_dates(planted, corpus):
    days = pd.to_datetime(["1990-05-01", "1991-07-01", None] * 40)
    expected = over_time(planted, corpus, days, freq="Y")
    assert expected["documents"].tolist() == [40, 40]
    forms = [
        days.to_numpy(),
        pd.Series(days, index=range(500, 620)),
        days.tz_localize("Europe/Rome"),
        days.to_period("M"),
        [None if pd.isna(day) else day.date() for day in days],
        [None if pd.isna(day) else str(day.date()) for day in days],
    ]
    for form in forms:
        pd.testing.assert_frame_equal(over_time(planted, corpus, form, freq="Y"), expected)
    assert isinstance(forms[4][0], datetime.date)


def test_numbers_are_bins_of_their_own_or_of_a_width(planted, corpus):
    years = np.tile([1990, 1991, 1995, 2003], 30)
    table = over_time(planted, corpus, years)
    assert table["documents"].to_dict() == {1990: 30, 1991: 30, 1995: 30, 2003: 30}
    decades = over_time(planted, corpus, years, freq=10)
    assert decades["documents"].to_dict() == {1990: 90, 2000: 30}
    np.testing.assert_allclose(decades.loc[1990, 0], (0.7 + 0.1 + 0.7) / 3, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 37.0, 1e9])
def test_many_numbers_make_few_bins(planted, corpus, scale):
    numbers = np.linspace(-0.3, 1, 120) * scale
    table = over_time(planted, corpus, numbers)
    assert 8 <= len(table) <= 24
    assert table["documents"].sum() == 120
    starts = table.index.to_numpy()
    width = np.diff(starts).min()
    np.testing.assert_allclose(np.diff(starts), width, rtol=1e-6)
    assert starts[0] <= numbers[0] < starts[0] + width


@pytest.mark.parametrize(
    ("dates", "freq", "message"),
    [
        ([1990], None, "1 dates for 120 documents"),
        ([np.nan] * 120, None, "dates are missing for all non-empty documents"),
        ([np.inf] * 120, None, "infinite number"),
        (["2020-01-01"] * 119 + ["never"], None, r"dates\[119\]: 'never' is neither a date nor a number"),
        (["faith"] * 120, None, "'faith' is neither a date nor a number"),
        ([True] * 120, None, "True is neither a date nor a number"),
        ([1990] * 120, "Y", "pass the bin width"),
        ([1990] * 120, -1, "pass the bin width"),
        (["2020-01-01"] * 120, 2, "pass the name of a pandas period"),
        (["2020-01-01"] * 120, "fortnight", "'fortnight' is not a pandas period"),
    ],
)
def test_mistakes_in_dates_are_named(planted, corpus, dates, freq, message):
    with pytest.raises(ValueError, match=message):
        over_time(planted, corpus, dates, freq=freq)


def test_years_stay_whole_where_one_is_missing(planted, corpus):
    table = over_time(planted, corpus, [None, *[1990, 1991] * 59, 1990])
    assert table.index.tolist() == [1990, 1991]
    assert pd.api.types.is_integer_dtype(table.index)


def test_signed_topics_over_time(corpus):
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    table = over_time(model, corpus, [0] * 120)
    np.testing.assert_allclose(table.iloc[0, 1:], model.transform(corpus).mean(axis=0), rtol=1e-4, atol=1e-6)


def test_dates_of_the_corpus_are_the_default(planted, corpus):
    years = [str(1990 + row // 60) for row in range(120)]
    dated = Corpus(corpus.counts, corpus.vocabulary, dates=years)
    assert over_time(planted, dated)["documents"].to_dict() == {1990: 60, 1991: 60}
    with pytest.raises(ValueError, match="no dates: X has none; pass dates="):
        over_time(planted, corpus)


def test_errors_and_p_values_are_by_period(planted, corpus):
    table = over_time(planted, corpus, [1990, 1991] * 60)
    assert pd.DataFrame(table.attrs["errors"]).index.tolist() == ["1990", "1991"]
    assert max(table.attrs["p_adjusted"].values()) < 1e-6
    assert min(over_time(planted, corpus, np.repeat([1990, 1991], 60)).attrs["p_adjusted"].values()) > 0.9


def drifting(planted, weights):
    """The model, whose documents have SPORT with this weight and FAITH for the rest."""
    mixed = np.outer(1 - weights, FAITH) + np.outer(weights, SPORT)
    planted.transform = lambda _: mixed.astype(np.float32)
    return planted


def test_what_rises_and_what_falls(planted, corpus):
    years = np.repeat(np.arange(6), 20)
    noise = np.random.default_rng(0).normal(scale=0.01, size=120)
    table = trends(
        drifting(planted, years / 10 + noise), corpus, [f"{2000 + year}" for year in years], topics="all"
    )
    rising, falling = table.iloc[0], table.iloc[-1]
    assert (rising["topic"], rising["direction"]) == (1, "rising")
    assert (falling["topic"], falling["direction"]) == (0, "falling")
    assert falling["slope"] == pytest.approx(-0.06, abs=4 * falling["error"])
    assert falling["start"] == pytest.approx(0.7, abs=0.01)
    assert falling["end"] == pytest.approx(0.4, abs=0.01)
    dates = pd.to_datetime(pd.Series(2000 + years).astype(str) + "-07-01")
    by_day = trends(planted, corpus, dates, freq="Y", topics="all")
    np.testing.assert_allclose(by_day["slope"], table["slope"], rtol=1e-3)


def test_an_event_is_no_trend(planted, corpus):
    """One of six years differs: the means vary, but no line goes through them."""
    years = np.repeat(np.arange(6), 20)
    noise = np.random.default_rng(0).normal(scale=0.01, size=120)
    event = drifting(planted, 0.8 * (years == 4) + noise)
    assert max(over_time(event, corpus, years).attrs["p_adjusted"].values()) < 1e-6
    assert (trends(event, corpus, years, topics="all")["direction"] == "").all()


def test_lines_are_least_squares_over_documents():
    rng = np.random.default_rng(0)
    sizes, moments = np.array([3, 8, 5, 20]), np.array([0.0, 1.0, 4.0, 5.0])
    means, errors = rng.normal(size=(4, 2)), rng.uniform(1, 2, size=(4, 2))
    lines = fitted_lines(moments, Means(means, errors, sizes, np.zeros(2)))
    slope, start = np.polyfit(np.repeat(moments, sizes), np.repeat(means, sizes, axis=0), 1)
    np.testing.assert_allclose(lines.slopes, slope)
    np.testing.assert_allclose(lines.ends, [start, start + 5 * slope])


def test_one_period_has_no_trend(planted, corpus):
    table = trends(planted, corpus, [1990] * 120, topics="all")
    assert table[["slope", "error", "p_adjusted"]].isna().all(axis=None)
    assert (table["direction"] == "").all()
    np.testing.assert_allclose(table["start"], table["end"])


@pytest.mark.parametrize(
    ("index", "step"),
    [
        (pd.PeriodIndex(["2020-01", "2020-05"], freq="M"), 1),
        (pd.Index([1990, 1994, 2002]), 4),
        (pd.Index([0.1, 0.2, 0.4]), 0.1),
        (pd.Index([1.0, 1.5, 9.7]), None),
        (pd.Index([1990]), None),
    ],
)
def test_steps_between_periods(index, step):
    assert step_of(index) == (step if step is None else pytest.approx(step))


@pytest.mark.parametrize(
    ("freq", "periods"),
    [
        ("10Y", ["1990", "2000", "2020"]),
        (pd.offsets.YearEnd(10), ["1990", "2000", "2020"]),
        ("YS", ["1990", "1999", "2004", "2020"]),
        ("YE-JUN", ["1990", "2000", "2004", "2020"]),
        ("YS-JUL", ["1990", "2000", "2004", "2020"]),
        ("2Q", ["1990Q1", "1999Q3", "2004Q1", "2020Q1"]),
        ("6M", ["1990-01", "1999-07", "2004-01", "2020-01"]),
        ("ME", ["1990-05", "1999-07", "2004-01", "2020-02"]),
        ("6h", ["1990-05-01 12:00", "1999-07-01 00:00", "2004-01-01 00:00", "2020-02-29 18:00"]),
        (
            pd.Timedelta(hours=6),
            ["1990-05-01 12:00", "1999-07-01 00:00", "2004-01-01 00:00", "2020-02-29 18:00"],
        ),
    ],
)
def test_frequencies_of_pandas_and_several_of_them(planted, corpus, freq, periods):
    dates = pd.to_datetime(
        ["1990-05-01 13:00", "1999-07-01 00:00", "2004-01-01 00:00", "2020-02-29 23:59"] * 30
    )
    table = over_time(planted, corpus, dates, freq=freq)
    assert [str(period) for period in table.index] == periods
    assert table["documents"].sum() == 120


def test_business_days_are_periods_without_a_warning_of_pandas(planted, corpus):
    dates = pd.date_range("2024-01-05", periods=120, freq="4h")  # from a Friday
    table = over_time(planted, corpus, dates, freq="B", gaps=True)
    assert [str(day) for day in table.index[:3]] == ["2024-01-05", "2024-01-08", "2024-01-09"]
    assert table["documents"].iloc[:3].tolist() == [6, 18, 6]  # a weekend counts to its Monday
    assert over_time(planted, corpus, dates, freq="5B")["documents"].iloc[0] == 6 + 18 + 6 * 3
    assert len(trends(planted, corpus, dates, freq="B", topics="all")) == table.shape[1] - 1


def test_weeks_begin_where_they_are_said_to(planted, corpus):
    dates = pd.date_range("2024-01-01", periods=120)  # a Monday
    table = over_time(planted, corpus, dates, freq="W-TUE")
    assert table.index[0].end_time.day_name() == "Tuesday"
    assert table["documents"].iloc[:3].tolist() == [2, 7, 7]
    fortnights = over_time(planted, corpus, dates, freq="2W")
    assert fortnights["documents"].iloc[:3].tolist() == [14, 14, 14]
    assert fortnights.index[0].start_time == dates[0]


def test_gaps_are_rows_of_missing_values(planted, corpus):
    dates = pd.to_datetime(["1995-05-01", "2012-07-01", "2031-01-01"] * 40)
    table = over_time(planted, corpus, dates, freq="10Y", gaps=True)
    assert [str(period) for period in table.index] == ["1990", "2000", "2010", "2020", "2030"]
    assert table["documents"].tolist() == [40, 0, 40, 0, 40]
    assert table[[0, 1, 2, 3]].isna().all(axis=1).tolist() == [False, True, False, True, False]
    without = over_time(planted, corpus, dates, freq="10Y")
    pd.testing.assert_frame_equal(table.dropna(), without, check_freq=False, check_dtype=False)
    numbers = over_time(planted, corpus, [0.1, 0.3, 0.6] * 40, freq=0.1, gaps=True)
    assert numbers["documents"].tolist() == [40, 0, 40, 0, 0, 40]
    years = over_time(planted, corpus, [1990, 1991, 1994] * 40, gaps=True)
    assert years.index.tolist() == [1990, 1991, 1992, 1993, 1994]
    assert over_time(planted, corpus, [1.0, 1.3, 9.75] * 40, gaps=True)["documents"].tolist() == [40, 40, 40]
    with pytest.raises(ValueError, match="periods; pass a longer freq"):
        over_time(planted, corpus, [0, 1, 10**9] * 40, gaps=True)


def test_groups_have_the_shares_of_their_topics(planted, corpus):
    by_topic, years = over_time(planted, corpus, [1990, 1991] * 60), [1990, 1991] * 60
    by_group = over_time(planted, corpus, years, by="group")
    assert by_group.columns.name == "group"
    np.testing.assert_allclose(by_group[0], by_topic[[0, 1]].sum(axis=1))
    np.testing.assert_allclose(by_group[1], by_topic[[2, 3]].sum(axis=1))
    assert by_group.attrs["groups"] == {0: 0, 1: 1}
    assert set(by_group.attrs["errors"]) == {0, 1}


def test_each_label_has_periods_of_its_own(planted, corpus):
    years = np.repeat([1990, 1991, 1993], 40)
    labels = np.where(years == 1991, "left", np.resize(["left", "right"], 120))
    table = over_time(planted, corpus, years, by=labels)
    assert table.index.tolist() == [
        ("left", 1990),
        ("left", 1991),
        ("left", 1993),
        ("right", 1990),
        ("right", 1993),
    ]
    assert table["documents"].tolist() == [20, 40, 20, 20, 20]
    np.testing.assert_allclose(table.loc[("right", 1990), [0, 1, 2, 3]], SPORT, rtol=1e-5)
    assert table.attrs["errors"][0]["('left', 1991)"] > 0
    full = over_time(planted, corpus, years, by=labels, gaps=True)
    assert full["documents"].tolist() == [20, 40, 0, 20, 20, 0, 0, 20]


def test_columns_of_the_metadata_are_dates_and_labels(planted, corpus):
    metadata = pd.DataFrame({"year": [1990, 1991] * 60, "party": ["a", "b", "c"] * 40})
    known = Corpus(corpus.counts, corpus.vocabulary, metadata=metadata)
    table = over_time(planted, known, "year", by="party")
    expected = over_time(planted, corpus, [1990, 1991] * 60, by=["a", "b", "c"] * 40)
    pd.testing.assert_frame_equal(table, expected)
    with pytest.raises(ValueError, match=r"no column 'date' of metadata.*; there are 'year', 'party'"):
        over_time(planted, known, "date")
    with pytest.raises(ValueError, match="no column 'label' of metadata"):
        over_time(planted, known, "year", by="label")


def test_errors_are_composed_of_those_of_documents_and_of_draws():
    """Without draws that differ, they are the standard errors; else the variances of the two parts add up."""
    rng = np.random.default_rng(0)
    codes, values = np.repeat([0, 1], [30, 20]), rng.normal(size=(50, 3))
    alone = class_means(codes, values).errors
    np.testing.assert_allclose(composed_errors(codes, iter([values] * 5)), alone)
    shifts = rng.normal(size=(40, 1, 3))
    total = composed_errors(codes, iter([values + shift for shift in shifts]))
    between = (1 + 1 / 40) * shifts[:, 0].var(axis=0, ddof=1)
    np.testing.assert_allclose(total, np.sqrt(alone**2 + between))


def test_errors_know_that_topics_are_uncertain(planted, corpus):
    """Draws from q(z|x) make them larger than those of E[z|x] alone; for NVDM by the variances of q."""
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    years, posterior = np.repeat([1990, 1991], 60), model.posterior(corpus)
    table = over_time(model, corpus, years, n_draws=400)
    errors = pd.DataFrame(table.attrs["errors"]).to_numpy()
    for row, year in enumerate((1990, 1991)):
        of_year = years == year
        within = posterior.mean[of_year].var(axis=0, ddof=1) + posterior.variance[of_year].mean(axis=0)
        expected = np.sqrt((within + posterior.variance[of_year].mean(axis=0)) / 60)
        np.testing.assert_allclose(errors[row], expected, rtol=0.1)  # 400 draws: 4 standard errors
    alone = pd.DataFrame(over_time(model, corpus, years, n_draws=0).attrs["errors"]).to_numpy()
    assert (alone < errors).all()
    with pytest.raises(ValueError, match="n_draws must be an int of at least 0"):
        over_time(planted, corpus, years, n_draws=-1)
    with pytest.raises(ValueError, match="signed and have no proportions, so there is no share of a group"):
        over_time(model, corpus, years, by="group")
