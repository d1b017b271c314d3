"""Topics by label and over time: mean topic proportions by the labels or dates of documents."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from pandas.api.types import is_scalar

from hftopic._numbers import is_one_of
from hftopic.analysis.documents.dates import as_dates
from hftopic.analysis.documents.periods import periods
from hftopic.analysis.documents.proportions import require_shares
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.models import FittedTopicModel, corpus_of
from hftopic.data.sequences import check_sequence, listed, why_unwritable


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
    if not is_one_of(measure, ("mean", "lift")):
        raise ValueError(f"measure={measure!r} is unknown; did you mean 'mean' or 'lift'?")
    if measure == "lift":
        require_shares(model, "lift", "measure='mean' and compare differences")
    if labels is None:
        corpus = corpus_of(X)
        if corpus is None or corpus.labels is None:
            raise ValueError("no labels: X has none; pass labels= with one label per document")
        labels = corpus.labels.tolist()
    classes = _classes(labels)
    found = document_topics(model, X)
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
        Datetimes, periods, texts such as "2024-01-31", "31 January 2024" or "31/12/2024", or numbers such as
        years; 20240131 is a date. Texts in which day and month can be exchanged are an error if no other date
        tells their order. Documents with a missing date are ignored. Time zones are ignored; local time is
        used.
    freq : str, number or None
        For datetimes, the name of a pandas period, such as "M", "Q" or "Y", or several of them: "10Y" are
        decades. Several years, quarters or months are counted from the year 0; "100D" and "2W" are counted
        from the first date. For numbers, the bin width; bins start at multiples of it. None chooses
        automatically. For datetimes, it is the shortest of day, week, month, quarter and year that gives at
        most 24 periods from the first date to the last, else the year. For numbers, each value is a bin. If
        there are more than 24 values, the width is the smallest of 1, 2 or 5 times a power of ten that gives
        at most 24 bins.

    Returns
    -------
    DataFrame
        One row per period that has documents, in order. Index ``date`` is a PeriodIndex, or the lower ends of
        the bins of numbers. Columns are ``documents``, the number of documents, and the topic numbers with
        the mean proportion; for NVDM mean E[z|x].

    Raises
    ------
    ValueError
        The number of dates is not the number of documents; all dates are missing; a date is infinite, not a
        date or ambiguous, and the message says at which position; or `freq` does not match the type of the
        dates.

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
    given = as_dates(dates, numbers=not isinstance(freq, str))
    _check_length(given, found.n_documents, "dates")
    given = given.iloc[found.rows].reset_index(drop=True)
    known = given.notna().to_numpy()
    if not known.any():
        raise ValueError("dates are missing for all non-empty documents; pass at least one date")
    bins = periods(given[known].reset_index(drop=True), freq)
    codes = np.full(len(given), -1)
    codes[known], spans = pd.factorize(bins, sort=True)
    means, sizes = _means(codes, found.values, len(spans))
    table = _table(means, pd.Index(spans, name="date"))
    table.insert(0, "documents", sizes)
    return table


def _classes(labels: Any) -> pd.Categorical:
    """Labels as classes: sorted, or in the order of a Categorical."""
    check_sequence(labels, "labels", "pass a sequence with one label per document")
    typed = isinstance(labels, np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray)
    if isinstance(getattr(labels, "dtype", None), pd.CategoricalDtype):
        return pd.Categorical(labels)
    if not typed or labels.dtype.kind in "OS":
        labels = pd.Series(listed(labels), dtype=object)
        for place, label in enumerate(labels):
            if not is_scalar(label) or isinstance(label, bytes):
                raise ValueError(
                    f"labels[{place}] is {label!r} of type {type(label).__name__}; "
                    "pass one label per document"
                )
            reason = why_unwritable(label) if isinstance(label, str) else None
            if reason is not None:
                raise ValueError(f"labels[{place}] {reason}")
        labels = labels.infer_objects()
    return pd.Categorical(labels)


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
