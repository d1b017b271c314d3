"""Dates in every form have one reading; what has two readings or none is an error with its place."""

import datetime
import pickle
from decimal import Decimal
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic import ProdLDA, make_correlated_topics
from hftopic.analysis import topics_over_time
from hftopic.analysis.documents.periods import periods
from hftopic.data.dates import DateError, as_dates, day_first_of

UTC = datetime.UTC


def read(*dates):
    return [None if pd.isna(moment) else moment.isoformat() for moment in as_dates(list(dates))]


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)))
def test_every_way_to_write_a_day_is_the_same_day(day):
    expected = [f"{day.isoformat()}T00:00:00"]
    forms = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d %B %Y",
        "%B %d, %Y",
        "%d-%b-%Y",
        "%a, %d %b %Y",
        "%b %d %Y",
    ]
    written = [day.strftime(form.replace("%Y", f"{day.year:04}")) for form in forms]
    for value in (*written, day, pd.Timestamp(day), np.datetime64(day), pd.Period(day, "D")):
        assert read(value) == expected
    number = int(f"{day.year:04}{day.month:02}{day.day:02}")
    assert read(number) == read(str(number)) == read(float(number)) == expected
    # another date tells the order of day and month
    assert read(f"{day.day}/{day.month}/{day.year:04}", "31/12/2024")[0] == expected[0]
    assert read(f"{day.month:02}-{day.day:02}-{day.year:04}", "12-31-2024")[0] == expected[0]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["2024-01-31T10:30:00Z"], "2024-01-31T10:30:00"),
        (["2024-01-31 10:30:05.25"], "2024-01-31T10:30:05.250000"),
        (["2024-01-31 10:30+05:30"], "2024-01-31T10:30:00"),
        (["Tue, 31 Dec 2024 10:00:00 +0100"], "2024-12-31T10:00:00"),
        (["Jan 1st, 2020 10:30 PM"], "2020-01-01T22:30:00"),
        (["1 January 2020 12:05 a.m."], "2020-01-01T00:05:00"),
        (["May 2024"], "2024-05-01T00:00:00"),
        (["2024-05"], "2024-05-01T00:00:00"),
        (["2024Q3"], "2024-07-01T00:00:00"),
        (["1st of May 1066"], "1066-05-01T00:00:00"),
        ([" 2024-01-31 "], "2024-01-31T00:00:00"),
        (["01/01/2024"], "2024-01-01T00:00:00"),
        ([202405], "2024-05-01T00:00:00"),
        (["20240131101500"], "2024-01-31T10:15:00"),
        (["1990", "1991-05-01"], "1990-01-01T00:00:00"),
        (["20240131T120000Z"], "2024-01-31T12:00:00"),
        (["20240131 1200"], "2024-01-31T12:00:00"),
        (["2024-01-31T10:30:00.123456789Z"], "2024-01-31T10:30:00.123456"),
        (["Wed Aug 27 13:08:45 +0000 2008"], "2008-08-27T13:08:45"),
        (["Wed Jun  9 04:26:40 1993"], "1993-06-09T04:26:40"),
        (["Wed Jun  9 04:26:40 CEST 1993"], "1993-06-09T04:26:40"),
        (["10/Oct/2000:13:55:36 -0700"], "2000-10-10T13:55:36"),
        (["2024:01:31 12:00:00"], "2024-01-31T12:00:00"),
    ],
)
def test_forms_of_dates(dates, expected):
    assert read(*dates)[0] == expected


def test_time_zones_are_local_time_also_mixed():
    rome, utc = pd.Timestamp("2024-01-01 10:00", tz="Europe/Rome"), pd.Timestamp("2024-01-01 09:00", tz="UTC")
    assert rome == utc
    expected = ["2024-01-01T10:00:00", "2024-01-01T09:00:00", "2024-01-01T08:00:00"]
    assert read(rome, utc, datetime.datetime(2024, 1, 1, 8)) == expected
    assert read("2024-01-01T10:00:00+01:00", "2024-01-01T09:00:00Z", "2024-01-01 08:00") == expected
    assert as_dates(pd.Series([utc])).tolist() == [pd.Timestamp("2024-01-01 09:00")]


def test_missing_dates():
    assert (
        read("2024-01-31", None, float("nan"), pd.NaT, pd.NA, "", "  ", "NaT", "nan", "None", "N/A")[1:]
        == [None] * 10
    )
    assert as_dates([20240131, None, np.nan]).isna().tolist() == [False, True, True]
    assert as_dates([1990, None]).tolist()[0] == 1990
    assert as_dates([None, ""]).isna().all()
    assert as_dates(pd.Categorical(["2024-01-31", None])).isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("dates", "place", "told"),
    [
        (["2024-01-01", "03/04/2024", "05/06/2024"], 1, "can begin with the day or with the month"),
        (["01.02.2024"], 0, "can begin with the day or with the month"),
        (["31/12/2024", "12/31/2024"], 1, "begins with the day and '12/31/2024' with the month"),
        (["2024-01-01", "31/12/24"], 1, "a year of two digits"),
        (["never"], 0, "'never' is neither a date nor a number"),
        (["2024-01-01", "31 Dezember 2024"], 1, "nor a number; write it as 2024-01-31"),
        (["2024-02-30"], 0, "'2024-02-30' is no date: day"),
        (["2024-13-01"], 0, "is no date: month"),
        (["2024/31/01"], 0, "is no date: month"),
        (["2024-01-01 25:00"], 0, "is no date: hour"),
        (["2024-01-01 13:00 PM"], 0, "is no date: hour"),
        (["January"], 0, "is neither"),
        (["10:30"], 0, "is neither"),
        (["2020-W05"], 0, "is neither"),
        (["99999-01-01"], 0, "is neither"),
        (["2024-01-01", 1990], 1, "1990 is a number among dates"),
        (["inf", "2024-01-01"], 0, "is neither"),
        ([1990, np.inf], 1, "infinite number"),
        ([20240131, 20240201, 20241399], 2, "20241399 is no date, but other numbers are dates of 8 digits"),
        ([["2024-01-01"]], 0, r"\['2024-01-01'\] is neither"),
        ([("2024-01-01",)], 0, "is neither"),
        (["2024-01-01", True], 1, "True is neither"),
        ([b"2024-01-01"], 0, "is neither"),
        ([datetime.time(1)], 0, "is neither"),
        ([pd.Timedelta(1)], 0, "is neither"),
        ([1j], 0, "is neither"),
        ([Decimal("Infinity")], 0, "infinite number"),
        (np.array([1j, 2]), 0, "is neither"),
        (np.array([1, 2], "m8[D]"), 0, "is neither"),
        ([1990, 10**400], 1, "too large for float64"),
        (np.array([1990, 20190103], np.float32), 1, "exact only up to 16,777,216"),
        ([np.float32(201901), np.float32(20190103)], 1, "read the dates as integers, float64 or texts"),
        (np.array([1990, 2100], np.float16), 1, "exact only up to 2,048"),
        (["20241399T120000"], 0, "is no date: month"),
        (["Wed Jun 31 04:26:40 1993"], 0, "is no date: day"),
        (["2024-W05-3"], 0, "is neither"),
    ],
)
def test_what_is_no_date_or_two_is_an_error_at_its_place(dates, place, told):
    with pytest.raises(DateError, match=told) as caught:
        as_dates(dates)
    assert caught.value.place == place
    assert str(caught.value) == f"dates[{place}]: {caught.value.reason}"
    assert pickle.loads(pickle.dumps(caught.value)).place == place


def test_numbers_stay_numbers():
    for numbers in (
        [1990, 1991],
        [1990.5],
        [Decimal(1990), Decimal("1991.5")],
        [-500],
        [12345678, 87654321],
        [1_700_000_000],
        [0, 1],
        [1e300],
    ):
        assert as_dates(numbers).tolist() == numbers
        assert as_dates(list(map(str, numbers))).tolist() == numbers
    assert as_dates(["1990", "1991"], numbers=False).dt.year.tolist() == [1990, 1991]
    assert as_dates(np.array([1990, 1991], dtype=np.uint16)).tolist() == [1990, 1991]


def test_columns_of_every_type():
    days = pd.Series(pd.to_datetime(["2024-01-31", None]))
    for dates in (
        days.astype("Sparse[datetime64[ns]]"),
        *(arrow_columns(days) if find_spec("pyarrow") else []),
    ):
        assert as_dates(dates).equals(as_dates(days).astype(as_dates(dates).dtype)), dates.dtype
        assert as_dates(dates).dtype.kind == "M"
    numbers = [
        pd.array([1990, 1992]),
        pd.arrays.SparseArray([1990, 1992]),
        np.array([1990, 1992], np.float32),
    ]
    if find_spec("pyarrow"):
        numbers.append(pd.Series([1990, 1992], dtype="int64[pyarrow]"))
    for years in numbers:
        assert (as_dates(years) // 10).tolist() == [199, 199]
    assert as_dates(np.array(["NaT"] * 2, dtype="M8")).isna().all()


def arrow_columns(days):
    import pyarrow

    kinds = (pyarrow.timestamp("ns"), pyarrow.timestamp("s"), pyarrow.date32(), pyarrow.string())
    yield days.dt.tz_localize("UTC").astype(pd.ArrowDtype(pyarrow.timestamp("us", "UTC")))
    for kind in kinds:
        yield days.astype(pd.ArrowDtype(kind))


def test_what_has_several_columns_is_no_sequence_of_dates():
    with pytest.raises(ValueError, match=r"a MultiIndex; pass one of its levels"):
        as_dates(pd.MultiIndex.from_product([[1990], [1, 2]]))
    with pytest.raises(ValueError, match=r"a structured array; pass one field, such as array\['day'\]"):
        as_dates(np.zeros(2, dtype=[("day", "M8[D]")]))


@given(st.datetimes(datetime.datetime(1000, 1, 1), timezones=st.none() | st.just(UTC)))
def test_the_fast_reading_of_iso_dates_is_the_slow_one(moment):
    for text in (moment.isoformat(), moment.isoformat(" "), moment.date().isoformat()):
        fast, slow = read(text), read(f"{text} " if len(text) == 10 else text.replace("-", "/", 2))
        assert fast == slow


def test_sequences_of_every_kind():
    days = ["2024-01-31", "2024-02-01"]
    for dates in (
        tuple(days),
        iter(days),
        np.array(days),
        np.array(days, dtype="datetime64[D]"),
        pd.Series(days, index=[7, 8]),
        pd.DatetimeIndex(days),
        pd.PeriodIndex(days, freq="D"),
    ):
        assert as_dates(dates).dt.day.tolist() == [31, 1]
    for wrong in (
        "2024-01-31",
        {"a": days},
        set(days),
        pd.DataFrame({"date": days}),
        np.array([days]),
        5,
        None,
    ):
        with pytest.raises(ValueError, match="dates is"):
            as_dates(wrong)


MOMENTS = pd.Series(pd.date_range("1988-03-01", "2012-01-01", freq="7D"))


@given(n=st.integers(1, 60), unit=st.sampled_from(["Y", "Q", "M"]))
def test_several_years_quarters_or_months_divide_time_from_the_year_0(n, unit):
    spans = periods(MOMENTS, f"{n}{unit}")
    months = {"Y": 12, "Q": 3, "M": 1}[unit] * n
    expected = (MOMENTS.dt.year * 12 + MOMENTS.dt.month - 1) // months * months
    starts = spans.dt.start_time
    assert (starts.dt.year * 12 + starts.dt.month - 1).tolist() == expected.tolist()
    assert (starts <= MOMENTS).all()
    assert (spans.dt.end_time >= MOMENTS).all()


@given(n=st.integers(1, 400), unit=st.sampled_from(["D", "W", "h"]))
def test_several_days_or_weeks_are_counted_from_the_first(n, unit):
    spans = periods(MOMENTS, f"{n}{unit}")
    assert (spans.dt.start_time <= MOMENTS).all()
    assert (spans.dt.end_time >= MOMENTS).all()
    steps = np.diff(np.unique(spans.dt.start_time))
    assert (steps % np.timedelta64(n, {"D": "D", "W": "W", "h": "h"}[unit]) == np.timedelta64(0)).all()


def test_decades_are_decades():
    spans = periods(MOMENTS, "10Y")
    assert spans.drop_duplicates().astype(str).tolist() == ["1980", "1990", "2000", "2010"]
    assert periods(MOMENTS, "1Y").equals(periods(MOMENTS, "Y"))
    assert periods(MOMENTS, "5y").nunique() == 6
    assert periods(MOMENTS, "2Q").nunique() == 48


@pytest.mark.parametrize("freq", ["0Y", "-2Y", "2", "", "Y Y", "10", f"{10**30}Y"])
def test_what_is_no_period(freq):
    with pytest.raises(ValueError, match="is not a pandas period"):
        periods(MOMENTS, freq)


@pytest.mark.parametrize(
    ("offset", "period"), [("MS", "M"), ("10YE", "10Y"), ("1.5D", "36h"), ("1h30min", "90min")]
)
def test_an_offset_of_pandas_is_its_period(offset, period):
    assert periods(MOMENTS, offset).equals(periods(MOMENTS, period))


def test_a_multiple_of_the_width_begins_a_bin():
    """By floor division 0.3 is in the bin of 0.2, because 0.3 // 0.1 is 2."""
    tenths = pd.Series(np.arange(-20, 21) / 10)
    np.testing.assert_allclose(periods(tenths, 0.1), tenths, atol=1e-12)
    assert periods(pd.Series([1990, 1999, 2000]), 10).tolist() == [1990, 1990, 2000]
    with pytest.raises(ValueError, match="does not fit"):
        periods(pd.Series([1.0, 2.0]), 1e-320)
    with pytest.raises(ValueError, match="does not fit"):
        periods(pd.Series([1990, 1991]), 10**400)


def test_topics_over_time_in_decades():
    corpus = make_correlated_topics(60, groups=(2, 2), n_words=30, random_state=0).corpus
    model = ProdLDA(groups=(2, 2), max_iter=1, hidden=(4,), random_state=0).fit(corpus)
    days = [f"{year}-06-01" for year in (1985, 1990, 1999, 2000, 2011, 2019)] * 10
    table = topics_over_time(model, corpus, days, freq="10Y")
    assert table["documents"].tolist() == [10, 20, 10, 20]
    assert table.index.astype(str).tolist() == ["1980", "1990", "2000", "2010"]
    numbers = topics_over_time(model, corpus, [int(day.replace("-", "")) for day in days], freq="10Y")
    pd.testing.assert_frame_equal(numbers, table)
    with pytest.raises(DateError, match=r"dates\[59\]"):
        topics_over_time(model, corpus, [*days[:59], "soon"])


def test_an_order_that_is_known_is_that_of_dates_that_do_not_tell():
    dates = ["31/12/2020", "03/04/2020", None, "2020-05-06"]
    whole = as_dates(dates)
    assert day_first_of(dates)
    for part in (slice(0, 1), slice(1, 2), slice(1, 4), slice(3, 4)):
        found = as_dates(dates[part], day_first=True)
        assert found.tolist() == whole[part].tolist() or found.isna().equals(whole[part].isna())
    assert as_dates(["03/04/2020"], day_first=True)[0].month == 4
    assert as_dates(["03/04/2020"], day_first=False)[0].month == 3
    for day_first, told in ((True, "12/31/2020"), (False, "31/12/2020")):
        with pytest.raises(DateError, match=r"begins with the .*, but the dates read before begin with the"):
            as_dates(["2020-01-01", told], day_first=day_first)
    assert day_first_of(["2020-05-06", "3/3/2020", None]) is None
    with pytest.raises(DateError, match="no other date tells"):
        as_dates(["03/04/2020"])
