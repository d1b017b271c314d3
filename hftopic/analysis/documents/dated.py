"""Documents by period: their dates, and labels of which each has periods of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from hftopic._numbers import is_number
from hftopic.analysis.documents.labels import classes_of
from hftopic.analysis.documents.periods import periods, width_of
from hftopic.analysis.documents.shares import Shares, check_length, document_shares
from hftopic.analysis.encoded import encoded_once
from hftopic.analysis.models import FittedTopicModel, check_topic_model, corpus_of
from hftopic.data.dates import as_dates
from hftopic.data.known import columns_known
from hftopic.data.metadata import no_column
from hftopic.latent.encoded import Encoded


class Dated(NamedTuple):
    """Documents that have words, by period, or by label and period."""

    encoded: Encoded
    shares: Shares
    known: NDArray[np.bool_]  # (n,) which of these documents have a date and a label
    codes: NDArray[np.int64]  # of those, the places in spans
    spans: pd.Index  # periods that have documents; pairs of label and period
    step: float | None  # width of the bins of numbers, if it is known


def dated_shares(
    model: FittedTopicModel, X: Any, dates: Any, freq: Any, topics: Any, labels: Any = None
) -> Dated:
    """Shares of documents over some topics, and their periods.

    Raises
    ------
    ValueError
        There are no dates or labels, or they are not those of these documents.
    """
    check_topic_model(model)
    given = _dates_of(X, dates, freq)
    classes = None if labels is None else classes_of(_column(X, labels) if _is_name(labels) else labels)
    encoded = encoded_once(model, X)
    shares = document_shares(model, encoded, topics)
    check_length(given, shares.n_documents, "dates")
    given = given.iloc[shares.rows].reset_index(drop=True)
    known = given.notna().to_numpy(copy=True)
    if not known.any():
        raise ValueError("dates are missing for all non-empty documents; pass at least one date")
    if classes is not None:
        check_length(classes, shares.n_documents, "labels")
        known &= classes.codes[shares.rows] >= 0
        if not known.any():
            raise ValueError(
                "labels are missing for all documents that have words and a date; pass at least one"
            )
    given = given[known].reset_index(drop=True)
    step = width_of(given, freq) if is_numeric_dtype(given) else None
    codes, spans = pd.factorize(periods(given, freq), sort=True)
    spans = pd.Index(spans, name="date")
    if classes is not None:
        found = classes.codes[shares.rows[known]] * len(spans) + codes
        pairs, codes = np.unique(found, return_inverse=True)
        of_pairs = classes.categories[pairs // len(spans)], spans[pairs % len(spans)]
        spans = pd.MultiIndex.from_arrays(of_pairs, names=["label", "date"])
    return Dated(encoded, shares, known, codes.astype(np.int64), spans, step)


def _dates_of(X: Any, dates: Any, freq: Any) -> "pd.Series[Any]":
    """Dates that are given, those of a column of the metadata, or those of the corpus."""
    if dates is None:
        corpus = corpus_of(X)
        if corpus is None or corpus.dates is None:
            raise ValueError("no dates: X has none; pass dates= with one date per document")
        dates = corpus.dates
    return as_dates(_column(X, dates) if _is_name(dates) else dates, numbers=is_number(freq) or freq is None)


def _is_name(given: Any) -> bool:
    return isinstance(given, str)


def _column(X: Any, name: str) -> Sequence[Any]:
    """Values of a column of the metadata of X, or its labels or dates.

    Raises
    ------
    ValueError
        There is no such column.
    """
    corpus = corpus_of(X)
    held = {} if corpus is None else columns_known(corpus, None, len(corpus))
    if name not in held:
        raise ValueError(no_column(name, held, "of metadata, and no sequence with one value per document"))
    values: Sequence[Any] = held[name].tolist()
    return values
