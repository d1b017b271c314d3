"""Tests of topics by label and over time, on planted proportions."""

import datetime

import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, Concrete, ProdLDA, make_correlated_topics
from hftopic.analysis.documents.labels import topics_by_label, topics_over_time

FAITH, SPORT = [0.7, 0.1, 0.1, 0.1], [0.1, 0.5, 0.2, 0.2]


@pytest.fixture(scope="module")
def corpus():
    return make_correlated_topics(120, groups=(2, 2), random_state=0).corpus


@pytest.fixture
def planted(corpus):
    """Even documents have the label faith, odd documents the label sport."""
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    model.transform = lambda X: np.resize([FAITH, SPORT], (X.shape[0], 4)).astype(np.float32)
    return model


def test_means_by_label(planted, corpus):
    table = topics_by_label(planted, corpus, ["faith", "sport"] * 60)
    assert table.index.tolist() == ["faith", "sport"]
    assert table.index.name == "label"
    assert table.columns.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(table, [FAITH, SPORT], rtol=1e-6)
    assert table.attrs["documents"] == {"faith": 60, "sport": 60}


def test_labels_of_the_corpus_are_the_default(planted, corpus):
    labelled = corpus.with_labels(["b", "a"] * 60)
    pd.testing.assert_frame_equal(
        topics_by_label(planted, labelled), topics_by_label(planted, corpus, ["b", "a"] * 60)
    )
    with pytest.raises(ValueError, match="X has none; pass labels="):
        topics_by_label(planted, corpus.with_labels(None))
    with pytest.raises(ValueError, match="X has none; pass labels="):
        topics_by_label(planted, corpus.counts)


def test_lift_is_against_the_mean_of_all(planted, corpus):
    lift = topics_by_label(planted, corpus, ["faith", "sport"] * 60, measure="lift")
    np.testing.assert_allclose(lift.loc["faith"], [0.7 / 0.4, 0.1 / 0.3, 0.1 / 0.15, 0.1 / 0.15], rtol=1e-6)
    # the weighted mean of the lift is 1, also for unrelated labels and labels of different sizes
    labels = np.repeat(["x", "y"], [20, 100])
    np.testing.assert_allclose(topics_by_label(planted, corpus, labels, measure="lift"), 1, rtol=1e-6)
    uneven = topics_by_label(planted, corpus, ["faith", "sport", "sport", "sport"] * 30, measure="lift")
    sizes = np.array([uneven.attrs["documents"][label] for label in uneven.index])
    np.testing.assert_allclose(sizes @ uneven / sizes.sum(), 1, rtol=1e-6)


def test_lift_of_a_topic_nobody_holds(planted, corpus):
    planted.transform = lambda X: np.tile(np.float32([1, 0, 0, 0]), (X.shape[0], 1))
    assert (topics_by_label(planted, corpus, ["a", "b"] * 60, measure="lift") == 1).all(axis=None)


def test_missing_labels_and_order_of_categories(planted, corpus):
    labels = pd.Categorical(["sport", None, "faith", "sport"] * 30, ["sport", "none of these", "faith"])
    table = topics_by_label(planted, corpus, labels)
    assert table.index.tolist() == ["sport", "faith"]
    assert table.attrs["documents"] == {"sport": 60, "faith": 30}
    np.testing.assert_allclose(table.loc["faith"], FAITH, rtol=1e-6)
    numbers = topics_by_label(planted, corpus, [2, 10, np.nan, 10] * 30)
    assert numbers.index.tolist() == [2, 10]
    with pytest.raises(ValueError, match="labels are missing for all non-empty documents"):
        topics_by_label(planted, corpus, [None] * 120)


def test_documents_without_words_do_not_count(planted, corpus):
    counts = corpus.counts.toarray()
    counts[::2] = 0
    table = topics_by_label(planted, counts, ["faith", "sport"] * 60)
    assert table.index.tolist() == ["sport"]
    dates = topics_over_time(planted, counts, [1990, 1991] * 60)
    assert dates["documents"].to_dict() == {1991: 60}


def test_signed_topics_have_means_but_no_lift(corpus):
    model = NVDM(groups=(2, Concrete(3)), max_iter=1, random_state=0).fit(corpus)
    labels = ["a", "b", "b"] * 40
    table = topics_by_label(model, corpus, labels)
    expected = model.transform(corpus)[::3].mean(axis=0)
    np.testing.assert_allclose(table.loc["a"], expected, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="no lift; use measure='mean'"):
        topics_by_label(model, corpus, labels, measure="lift")


def test_mistakes_in_labels_are_named(planted, corpus):
    with pytest.raises(ValueError, match="3 labels for 120 documents"):
        topics_by_label(planted, corpus, ["a", "b", "c"])
    with pytest.raises(ValueError, match="measure='max' is unknown"):
        topics_by_label(planted, corpus, ["a"] * 120, measure="max")


def test_what_cannot_be_a_label_is_named_in_every_kind_of_sequence(planted, corpus):
    n_documents = len(corpus)
    lists = np.empty(n_documents, dtype=object)
    lists[:] = [["a"]] * n_documents
    for labels, told in (
        (lists, r"labels\[0\] is \['a'\] of type list"),
        (pd.Series(lists), r"labels\[0\] is \['a'\] of type list"),
        (np.array([b"a"] * n_documents), r"labels\[0\] is np.bytes_\(b'a'\) of type bytes_"),
        (
            pd.MultiIndex.from_product([["a"], range(n_documents)]),
            "labels is a MultiIndex; pass one of its levels",
        ),
        (np.zeros(n_documents, dtype=[("a", int)]), r"a structured array; pass one field"),
    ):
        with pytest.raises(ValueError, match=told):
            topics_by_label(planted, corpus, labels)


def test_months_and_years(planted, corpus):
    dates = pd.date_range("2020-01-15", periods=120, freq="D")
    monthly = topics_over_time(planted, corpus, dates, freq="M")
    assert monthly.index.astype(str).tolist() == ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]
    assert monthly["documents"].tolist() == [17, 29, 31, 30, 13]
    assert monthly.columns.tolist() == ["documents", 0, 1, 2, 3]
    assert monthly.loc["2020-02", 0].item() == pytest.approx((15 * 0.1 + 14 * 0.7) / 29, rel=1e-6)
    yearly = topics_over_time(planted, corpus, dates, freq="Y")
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
    table = topics_over_time(planted, corpus, dates)
    assert table.index.freqstr[0] == kind
    assert table["documents"].tolist() == [60, 60]


def test_every_form_of_dates(planted, corpus):
    days = pd.to_datetime(["1990-05-01", "1991-07-01", None] * 40)
    expected = topics_over_time(planted, corpus, days, freq="Y")
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
        pd.testing.assert_frame_equal(topics_over_time(planted, corpus, form, freq="Y"), expected)
    assert isinstance(forms[4][0], datetime.date)


def test_numbers_are_bins_of_their_own_or_of_a_width(planted, corpus):
    years = np.tile([1990, 1991, 1995, 2003], 30)
    table = topics_over_time(planted, corpus, years)
    assert table["documents"].to_dict() == {1990: 30, 1991: 30, 1995: 30, 2003: 30}
    decades = topics_over_time(planted, corpus, years, freq=10)
    assert decades["documents"].to_dict() == {1990: 90, 2000: 30}
    np.testing.assert_allclose(decades.loc[1990, 0], (0.7 + 0.1 + 0.7) / 3, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 37.0, 1e9])
def test_many_numbers_make_few_bins(planted, corpus, scale):
    numbers = np.linspace(-0.3, 1, 120) * scale
    table = topics_over_time(planted, corpus, numbers)
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
        topics_over_time(planted, corpus, dates, freq=freq)


def test_years_stay_whole_where_one_is_missing(planted, corpus):
    table = topics_over_time(planted, corpus, [None, *[1990, 1991] * 59, 1990])
    assert table.index.tolist() == [1990, 1991]
    assert pd.api.types.is_integer_dtype(table.index)


def test_signed_topics_over_time(corpus):
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    table = topics_over_time(model, corpus, [0] * 120)
    np.testing.assert_allclose(table.iloc[0, 1:], model.transform(corpus).mean(axis=0), rtol=1e-4, atol=1e-6)
