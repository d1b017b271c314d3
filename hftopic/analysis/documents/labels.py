"""Topics by label and over time: mean topic proportions by the labels or dates of documents."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from hftopic._numbers import is_positive
from hftopic.analysis.documents.proportions import require_shares
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.models import FittedTopicModel, corpus_of

MOST_BINS = 24  # maximum number of automatic time bins
PERIODS = ("D", "W", "M", "Q", "Y")  # names of day, week, month, quarter and year in pandas


def topics_by_label(
    model: FittedTopicModel,
    X: Any,
    labels: Sequence[Any] | None = None,
    *,
    measure: Literal["mean", "lift"] = "mean",
) -> pd.DataFrame:
    """Mean topic proportions of the documents with each label.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    labels : sequence (n_documents,), optional
        Label of each document; by default the labels of the Corpus. Documents with a missing label are
        ignored. The order of a pandas Categorical is kept.
    measure : {"mean", "lift"}, default="mean"
        ``"mean"``: mean proportion of the topic over the documents with the label; for NVDM, mean E[z|x].
        ``"lift"``: the mean proportion divided by the mean over all labelled documents: 2 means twice the
        average. It is 1 if no document contains the topic. Not for NVDM, whose topics are signed.

    Returns
    -------
    DataFrame, (n_labels, n_topics)
        Index ``label`` has the labels that occur, sorted; columns are topic numbers. ``attrs["documents"]``
        is a dict with the number of documents of each label.

    Raises
    ------
    ValueError
        There are no labels, their number is not the number of documents, or all are missing; `measure` is
        unknown, or not defined for the model.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topics_by_label
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> topics_by_label(model, corpus, ["even", "odd"] * 100).index.tolist()
    ['even', 'odd']
    """
    if measure not in ("mean", "lift"):
        raise ValueError(f"measure={measure!r} is unknown; did you mean 'mean' or 'lift'?")
    if measure == "lift":
        require_shares(model, "lift", "measure='mean' and compare differences")
    if labels is None:
        corpus = corpus_of(X)
        if corpus is None or corpus.labels is None:
            raise ValueError("no labels: X has none; pass labels= with one label per document")
        labels = corpus.labels.tolist()
    if isinstance(labels, str):
        raise ValueError(f"labels must be a sequence with one label per document, got the str {labels!r}")
    found = document_topics(model, X)
    classes = pd.Categorical(labels)
    _check_length(classes, found.n_documents, "labels")
    codes = np.asarray(classes.codes, dtype=np.int64)[found.rows]
    means, sizes = _means(codes, found.values, len(classes.categories))
    occurs = sizes > 0
    if not occurs.any():
        raise ValueError("labels are missing for all non-empty documents; pass at least one label")
    if measure == "lift":
        overall = sizes @ means / sizes.sum()
        means = np.divide(means, overall, out=np.ones_like(means), where=overall > 0)
    table = _table(means[occurs], pd.Index(classes.categories[occurs], name="label"))
    table.attrs["documents"] = dict(zip(table.index, sizes[occurs].tolist(), strict=True))
    return table


def topics_over_time(
    model: FittedTopicModel, X: Any, dates: Sequence[Any], *, freq: str | float | None = None
) -> pd.DataFrame:
    """Mean topic proportions of the documents in each period of time.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Empty documents are ignored.
    dates : sequence (n_documents,)
        Datetimes, periods, or numbers such as years. Documents with a missing date are ignored. Time zones
        are ignored; local time is used.
    freq : str, number or None
        For datetimes, the name of a pandas period, such as "M", "Q" or "Y". For numbers, the bin width; bins
        start at multiples of it. None chooses automatically. For datetimes, it is the shortest of day, week,
        month, quarter and year that gives at most 24 periods from the first date to the last, else the year.
        For numbers, each value is a bin. If there are more than 24 values, the width is the smallest of
        1, 2 or 5 times a power of ten that gives at most 24 bins.

    Returns
    -------
    DataFrame
        One row per period that has documents, in order. Index ``date`` is a PeriodIndex, or the lower ends of
        the bins of numbers. Columns are ``documents``, the number of documents, and the topic numbers with
        the mean proportion; for NVDM mean E[z|x].

    Raises
    ------
    ValueError
        The number of dates is not the number of documents; all dates are missing; a date is infinite or not a
        date; or `freq` does not match the type of the dates.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topics_over_time
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> years = [1990 + i // 50 for i in range(200)]
    >>> topics_over_time(model, corpus, years)["documents"].to_dict()
    {1990: 50, 1991: 50, 1992: 50, 1993: 50}
    """
    found = document_topics(model, X)
    given = pd.Series(dates).reset_index(drop=True)
    _check_length(given, found.n_documents, "dates")
    given = given.iloc[found.rows].reset_index(drop=True)
    known = given.notna().to_numpy()
    if not known.any():
        raise ValueError("dates are missing for all non-empty documents; pass at least one date")
    bins = _bins(given[known], freq)
    codes = np.full(len(given), -1)
    codes[known], spans = pd.factorize(bins, sort=True)
    means, sizes = _means(codes, found.values, len(spans))
    table = _table(means, pd.Index(spans, name="date"))
    table.insert(0, "documents", sizes)
    return table


def _means(
    codes: NDArray[np.int64], values: NDArray[np.float32], n_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean of the rows of each class (n_classes, K), 0 for an empty class, and class sizes; -1 is ignored."""
    rows = np.flatnonzero(codes >= 0)
    shape = (n_classes, len(codes))
    member = sp.csr_array(
        (np.ones(len(rows)), (codes[rows], rows)), shape
    )  # float64, so that the sums are too
    sizes = np.bincount(codes[rows], minlength=n_classes)
    return np.asarray(member @ values) / sizes.clip(1)[:, None], sizes


def _table(means: NDArray[np.float64], index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(means, index, pd.RangeIndex(means.shape[1], name="topic"))


def _check_length(given: Any, n_documents: int, name: str) -> None:
    if len(given) != n_documents:
        raise ValueError(f"got {len(given)} {name} for {n_documents} documents; pass one per document")


def _bins(dates: "pd.Series[Any]", freq: str | float | None) -> "pd.Series[Any]":
    """Period or bin of each date; no date is missing."""
    if is_numeric_dtype(dates) and not is_bool_dtype(dates):
        return _numeric_bins(dates, freq)
    if freq is not None and not isinstance(freq, str):
        raise ValueError(
            f"freq={freq!r} is not valid for datetimes: pass the name of a pandas period, such as 'M' or 'Y'"
        )
    moments = _moments(dates)
    try:
        spans: pd.Series[Any] = moments.dt.to_period(freq or _shortest_period(moments))
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"freq={freq!r} is not a pandas period; use 'D', 'W', 'M', 'Q' or 'Y' (not 'MS' or 'YE')"
        ) from error
    return spans


def _moments(dates: "pd.Series[Any]") -> "pd.Series[Any]":
    """Dates as timestamps without a time zone."""
    if isinstance(dates.dtype, pd.PeriodDtype):
        dates = dates.dt.to_timestamp()
    if not is_datetime64_any_dtype(dates):
        try:
            if is_bool_dtype(dates):
                raise TypeError("bool")
            dates = pd.to_datetime(dates)
        except (ValueError, TypeError) as error:
            unread = dates[pd.to_datetime(dates.astype(str), errors="coerce", format="mixed").isna()]
            example = (dates if unread.empty else unread).tolist()[0]
            raise ValueError(
                f"dates must be datetimes or numbers, but {example!r} is neither; convert them with "
                "pandas.to_datetime"
            ) from error
    moments: pd.Series[Any] = dates.dt.tz_localize(None)
    return moments


def _shortest_period(moments: "pd.Series[Any]") -> str:
    """Shortest of PERIODS that gives at most MOST_BINS periods from the first to the last moment."""
    ends = pd.Series([moments.min(), moments.max()])
    for period in PERIODS:
        first, last = ends.dt.to_period(period).astype("int64")
        if last - first < MOST_BINS:
            return period
    return PERIODS[-1]


def _numeric_bins(numbers: "pd.Series[Any]", width: Any) -> "pd.Series[Any]":
    """Lower end of the bin of each number."""
    if not np.isfinite(numbers.to_numpy(dtype=np.float64)).all():
        raise ValueError("dates contain an infinite number; use NaN for missing dates")
    if (numbers % 1 == 0).all():
        numbers = numbers.astype(np.int64)  # years are floats if one of them is missing
    if width is None:
        if numbers.nunique() <= MOST_BINS:
            return numbers
        width = _round_width(float(numbers.min()), float(numbers.max()))
    if not is_positive(width):
        raise ValueError(f"freq={width!r} is not valid for numbers: pass the bin width, a positive number")
    starts: pd.Series[Any] = (numbers // width) * width
    return starts


def _round_width(low: float, high: float) -> float:
    """Smallest width of 1, 2 or 5 times a power of ten that gives at most MOST_BINS bins."""
    power = 10.0 ** np.floor(np.log10((high - low) / MOST_BINS))
    widths = [step * power for step in (1, 2, 5, 10, 20)]
    fits = [width for width in widths if high // width - low // width < MOST_BINS]
    return float(fits[0])
