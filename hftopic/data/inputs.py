"""Validation of X: CSR counts, and the vocabulary of the columns."""

import warnings
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from hftopic._callers import level_of_the_caller
from hftopic._numbers import is_whole
from hftopic.data.columns import first_difference, is_frame, labels_of, named_columns, without_names
from hftopic.data.corpus import Corpus
from hftopic.data.matrices import plain_matrix
from hftopic.data.validation import (
    as_vocabulary,
    canonical_csr,
    check_exact,
    check_order,
    check_unique,
    stored_values,
    well_formed,
)

if TYPE_CHECKING:
    from hftopic.data.shards.corpus import ShardedCorpus

N_WORDS = 10  # words that are listed per topic, if the vocabulary has as many

_FIRST = 1024  # documents of a sharded corpus that show how its counts are
_PIECE = 2**20  # entries that are looked at together

PRIOR = "their posterior is the prior"
"""What follows for documents without words when they are encoded."""

empty_are_known = ContextVar("empty_are_known", default=False)
"""Whether the caller needs no warning about documents without words."""


class WithColumns(Protocol):
    """A model that was fitted on ``n_features_in_`` words; it may also have their vocabulary."""

    n_features_in_: int


def holds_counts(X: Any) -> bool:
    """Whether documents are counts themselves, and not something that only a subclass of a model can read."""
    return isinstance(X, Corpus | np.ndarray | list) or sp.issparse(X) or is_frame(X)


def as_counts(model: BaseEstimator, X: Any, *, reset: bool) -> sp.csr_array:
    """Counts as a float32 CSR array, shape (n_documents, n_words); ``X`` itself is never changed.

    Parameters
    ----------
    model : estimator
        If ``reset`` is true, its ``n_features_in_``, ``feature_names_in_`` and ``vocabulary_`` are set;
        otherwise they are compared with ``X``, see :func:`check_columns`.
    X : Corpus, sparse matrix or array, ndarray or DataFrame
    reset : bool

    Raises
    ------
    ValueError
        ``X`` has negative, missing or infinite values, counts above 2**24, no documents, texts instead of
        counts, or a different vocabulary than the model; or it is a sparse matrix whose indices are out of
        range.

    Warns
    -----
    UserWarning
        ``reset`` is true, and all rows are normalised, such as tf-idf.
    """
    plain = plain_matrix(X, "X")
    names = _checked_names(X) if reset else named_columns(X)
    if isinstance(X, Corpus) and len(X) and not reset:
        check_columns(model, X, names)
        return X.counts  # a Corpus is always valid
    readable = _readable(model, plain)
    if not reset and names is not None:
        check_unique(names, "columns of X")
    if not reset and names is not None and hasattr(model, "vocabulary_"):
        readable = without_names(readable)  # of which scikit-learn warns, although they are checked here
    counts: Any = validate_data(model, readable, accept_sparse="csr", dtype="numeric", reset=reset)
    if counts.dtype.kind not in "biuf":
        raise ValueError(f"X must hold real numbers, not values of type {counts.dtype}")
    matrix = canonical_csr(sp.csr_array(counts), shared_with=X)
    check_exact(matrix.data, "the counts of X")
    if reset:
        _remember_words(model, names)
    else:
        check_columns(model, X, names)
    _check_positive(model, matrix.data)
    if reset:
        _warn_of_weights(matrix)
    return matrix.astype(np.float32, copy=False)


def check_words(model: BaseEstimator, corpus: "ShardedCorpus", *, reset: bool) -> None:
    """Check the vocabulary of a sharded corpus, or set that of the model, from its first documents.

    Parameters, errors and warnings are those of :func:`as_counts`.
    """
    first = corpus.read(0, min(len(corpus), _FIRST))
    as_counts(model, Corpus(first, corpus.vocabulary), reset=reset)


def _check_positive(model: BaseEstimator, values: NDArray[Any]) -> None:
    lowest = values.min(initial=0)
    if lowest < 0:
        raise ValueError(
            f"Negative values in data passed to {type(model).__name__}: the lowest is {lowest:g}. "
            "Pass word counts, not centred or standardised values"
        )


def _warn_of_weights(counts: sp.csr_array) -> None:
    """Warn of documents to fit on that are tf-idf or shares: almost nothing is learnt from them."""
    pieces = range(0, counts.nnz, _PIECE)
    if not any((counts.data[start : start + _PIECE] % 1).any() for start in pieces):
        return
    for power in (1, 2):
        lengths = (counts**power).sum(axis=1)
        if np.allclose(lengths[lengths > 0], 1, atol=1e-3):
            warnings.warn(
                "every row of X has the length 1, as tf-idf or shares of words have: topics are learnt from "
                "word counts, so pass those, such as of CountVectorizer",
                UserWarning,
                stacklevel=level_of_the_caller(),
            )
            return


def _readable(model: BaseEstimator, X: Any) -> Any:
    """Counts as scikit-learn reads them, after a check of the structure of a sparse matrix."""
    if isinstance(X, Corpus):
        return X.counts
    if not sp.issparse(X):
        return X
    checked = well_formed(X, "X")
    values = stored_values(checked)
    if values.dtype.kind in "iuf":
        _check_positive(model, values)  # before sums, in which -1 and 1 cancel
    return checked


def _checked_names(X: Any) -> Sequence[str] | None:
    """Names of the columns of documents to fit on: names of a data frame must be those of a vocabulary."""
    names = named_columns(X)
    if names is None or isinstance(X, Corpus):
        return names
    return list(as_vocabulary(names, None, name="columns of X"))


def _remember_words(model: BaseEstimator, names: Sequence[str] | None) -> None:
    """Set ``vocabulary_``, unless scikit-learn has stored the names as ``feature_names_in_``."""
    if names is not None and not hasattr(model, "feature_names_in_"):
        model.vocabulary_ = np.array(names, dtype=object)
    elif hasattr(model, "vocabulary_"):
        del model.vocabulary_


def check_columns(model: WithColumns, X: Any, names: Sequence[str] | None) -> None:
    """Check that the columns of documents are the words of a model: the only place that decides it.

    If both have names, they must be equal and in the same order, whatever they come from: a Corpus, a data
    frame of pandas, polars or pyarrow. If only one has names, the number of columns must be equal.

    Parameters
    ----------
    model : fitted model
    X : documents
    names : list of str or None
        Their :func:`named_columns <hftopic.data.columns.named_columns>`.

    Raises
    ------
    ValueError
        They are not.
    """
    words, is_corpus = known_words(model), isinstance(X, Corpus)
    if names is None:  # scikit-learn compares the number of columns
        check_numbers(X, words)
        return
    given, name = "the corpus" if is_corpus else "X", type(model).__name__
    advice = (
        "Convert it with corpus.with_vocabulary and the vocabulary of the model"
        if is_corpus
        else "Choose the columns by name, as in X[words], in the order of the model's words"
    )
    if len(names) != model.n_features_in_:
        raise ValueError(
            f"X has {len(names)} features, but {name} is expecting {model.n_features_in_} features as input. "
            + advice
        )
    first = None if words is None else first_difference(names, words)
    if words is not None and first is not None:
        raise ValueError(
            f"{given} has a different vocabulary than {name} was fitted on: column {first} is "
            f"{str(names[first])!r}, not {str(words[first])!r}. {advice}"
        )


def check_numbers(X: Any, words: NDArray[np.object_] | None) -> None:
    """Check that the numbers of the columns of a data frame are not the words of a model in another order.

    Raises
    ------
    ValueError
        They are.
    """
    if words is None or not is_frame(X) or not str(words[0]).isdecimal():
        return
    numbers = [str(label) for label in labels_of(X) or []]
    if set(numbers) == set(words) and numbers != list(words):
        raise ValueError(
            "the columns of X are numbers that are words of the model, in another order; make them names by "
            "X.columns = X.columns.astype(str) and choose them as in X[words]"
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
        ``vocabulary`` is not a sequence of words, one per column, or has the words of the model in another
        order.
    """
    known: Any = known_words(model)
    if known is not None and (vocabulary is None or vocabulary is known):
        words: NDArray[np.object_] = known
        return words
    if vocabulary is None:
        return np.arange(model.n_features_in_).astype(str).astype(object)
    words = as_vocabulary(
        vocabulary,
        getattr(model, "n_features_in_", None),  # models of other packages need not have it
        of="vocabulary has {words} words, but the model was fitted on {columns}; pass one word per column, "
        "such as vectorizer.get_feature_names_out()",
    )
    check_order(words, known, "the model")
    return words


def words_to_list(n: int | None, n_words: int, default: int = N_WORDS) -> int:
    """Number of words to list per topic: `n`, or by default ten, or all words if there are fewer.

    Raises
    ------
    ValueError
        `n` is not a positive int, or larger than the vocabulary.
    """
    if n is None:
        return min(default, n_words)
    if not is_whole(n) or n > n_words:
        raise ValueError(
            f"the number of words per topic must be from 1 to {n_words}, got {n!r}: the vocabulary has "
            f"{n_words} words"
        )
    return int(n)


def warn_of_empty(n_empty: int, n_documents: int, consequence: str) -> None:
    """Warn once if some documents have no words, at the line that called the package."""
    if n_empty and not empty_are_known.get():
        warnings.warn(
            f"{n_empty} of {n_documents} documents have no words: {consequence}",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )


def warn_of_fractions(n_tokens: float, n_documents: int) -> None:
    """Warn if documents have less than one token on average, because counts cannot be so small."""
    if n_tokens < n_documents:
        warnings.warn(
            f"X sums to {n_tokens:.4g} tokens in {n_documents} documents with words, less than one per "
            "document, so it holds no counts: perplexity, which is per token, is very large or infinite. "
            "Pass word counts",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
