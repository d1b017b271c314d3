"""Validation of X: CSR counts, and the vocabulary of the columns."""

import sys
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from pandas.api.types import is_string_dtype
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from hftopic.data.corpus import Corpus
from hftopic.data.validation import canonical_csr


class WithColumns(Protocol):
    """A model that was fitted on ``n_features_in_`` words; it may also have their vocabulary."""

    n_features_in_: int


def holds_counts(X: Any) -> bool:
    """Whether documents are counts themselves, and not something that only a subclass of a model can read."""
    return isinstance(X, Corpus | pd.DataFrame | np.ndarray | list) or sp.issparse(X)


def as_counts(model: BaseEstimator, X: Any, *, reset: bool) -> sp.csr_array:
    """Counts as a float32 CSR array, shape (n_documents, n_words); ``X`` itself is never changed.

    Parameters
    ----------
    model : estimator
        If ``reset`` is true, its ``n_features_in_``, ``feature_names_in_`` and ``vocabulary_`` are set;
        otherwise they are compared with ``X``.
    X : Corpus, sparse matrix or array, ndarray or DataFrame
    reset : bool

    Raises
    ------
    ValueError
        ``X`` has negative, missing or infinite values, no documents, texts instead of counts, or a different
        vocabulary than the model.
    """
    _refuse_texts(X)
    if not reset:
        _check_same_words(model, X)
        if isinstance(X, Corpus) and len(X):
            return X.counts  # a Corpus is always valid, and its vocabulary is that of the model
    values = X.counts if isinstance(X, Corpus) else X
    counts = validate_data(model, values, accept_sparse="csr", dtype=np.float32, reset=reset)
    if reset:
        _remember_words(model, X)
    counts = canonical_csr(sp.csr_array(counts), shared_with=X)
    lowest = counts.data.min(initial=0)
    if lowest < 0:
        raise ValueError(
            f"Negative values in data passed to {type(model).__name__}: the lowest is {lowest:g}. "
            "Pass word counts, not centred or standardised values"
        )
    return counts


def _remember_words(model: BaseEstimator, X: Any) -> None:
    if isinstance(X, Corpus):
        model.vocabulary_ = np.array(X.vocabulary, dtype=object)
    elif hasattr(model, "vocabulary_"):
        del model.vocabulary_


def _refuse_texts(X: Any) -> None:
    if isinstance(X, pd.DataFrame):
        texts = any(is_string_dtype(X[column]) for column in X)
    elif isinstance(X, list | tuple | pd.Series | np.ndarray) and np.ndim(X) == 1:
        texts = isinstance(next(iter(X), None), str)
    else:
        texts = isinstance(X, str)
    if texts:
        raise ValueError(
            "X holds texts, not word counts: convert them with "
            "sklearn.feature_extraction.text.CountVectorizer, or build a Corpus with "
            "hftopic.corpus_from_texts"
        )


def _check_same_words(model: WithColumns, X: Any) -> None:
    """Check that a corpus has the vocabulary of the model; scikit-learn checks the columns of a DataFrame."""
    if not isinstance(X, Corpus):
        return
    words = known_words(model)
    if X.n_words != model.n_features_in_:
        raise ValueError(
            f"X has {X.n_words} features, but {type(model).__name__} is expecting {model.n_features_in_} "
            "features as input: convert X with corpus.with_vocabulary and the vocabulary of the model"
        )
    if words is None or np.array_equal(words, X.vocabulary):
        return
    first = int(np.flatnonzero(words != X.vocabulary)[0])
    raise ValueError(
        f"the corpus has a different vocabulary than {type(model).__name__} was fitted on: column {first} "
        f"is {X.vocabulary[first]!r}, not {words[first]!r}. "
        "Convert it with corpus.with_vocabulary and the vocabulary of the model"
    )


def known_words(model: object) -> NDArray[np.object_] | None:
    """Vocabulary that a model has from a Corpus or a DataFrame, shape (n_words,), or None."""
    words: NDArray[np.object_] | None = getattr(
        model, "vocabulary_", getattr(model, "feature_names_in_", None)
    )
    return words


def column_words(model: WithColumns, vocabulary: Sequence[str] | None) -> NDArray[np.object_]:
    """Word of each column: the given vocabulary, or that of the fitted model, or else the column numbers.

    Raises
    ------
    ValueError
        ``vocabulary`` does not have one word per column.
    """
    if vocabulary is None:
        known = known_words(model)
        words = np.arange(model.n_features_in_).astype(str) if known is None else known
    else:
        words = np.asarray(vocabulary)
    if words.shape != (model.n_features_in_,):
        raise ValueError(
            f"vocabulary has {len(words)} words, but the model was fitted on {model.n_features_in_}; "
            "pass one word per column, such as vectorizer.get_feature_names_out()"
        )
    return words.astype(object)


def warn_of_empty(empty: NDArray[np.bool_], consequence: str) -> None:
    """Warn once if some documents have no words, at the line that called the package."""
    if empty.any():
        warnings.warn(
            f"{int(empty.sum())} of {len(empty)} documents have no words: {consequence}",
            UserWarning,
            stacklevel=_level_of_the_caller(),
        )


def _level_of_the_caller() -> int:
    """``stacklevel`` of the code that called this package, directly or through scikit-learn."""
    level, frame = 0, sys._getframe()
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in (
        "hftopic",
        "sklearn",
    ):
        level, frame = level + 1, frame.f_back
    return level
