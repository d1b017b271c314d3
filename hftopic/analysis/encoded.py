"""Topic proportions, posteriors and counts of documents, from raw or encoded documents.

Every function of the analysis takes documents, or the result of a model's ``encode`` for them. A function
that calls several methods of the model encodes the documents first, so that they are encoded only once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic.analysis.models import FittedTopicModel, check_topic_model
from hftopic.data.embeddings import encoder_input_of
from hftopic.data.inputs import as_counts, empty_are_known, holds_counts
from hftopic.latent.encoded import Encoded
from hftopic.latent.posterior import Posterior


class DocumentTopics(NamedTuple):
    """``transform`` of the documents with topics of their own; others would only show the prior."""

    values: NDArray[np.float32]  # (n, n_topics)
    rows: NDArray[np.int64]  # (n,) positions of these documents in X
    n_documents: int  # all documents of X, including empty ones


def document_topics(model: FittedTopicModel, X: Any) -> DocumentTopics:
    """Topic proportions, or latent means of NVDM, of the non-empty documents.

    Raises
    ------
    TypeError
        `model` is not a topic model of this package.
    ValueError
        All documents are empty.
    """
    found = topics_of_filled(model, X)
    check_some_filled(len(found.rows), found.n_documents)
    return found


def encoded_once(model: FittedTopicModel, X: Any) -> Encoded:
    """Documents with their posterior, for code that reads them several times."""
    with empty_documents_known():
        return model.encode(X)


def topics_of_filled(model: FittedTopicModel, X: Any) -> DocumentTopics:
    """As :func:`document_topics`, of documents that may all be empty."""
    check_topic_model(model)
    with empty_documents_known():
        X = X if holds_counts(X) else model.encode(X)  # once, for the proportions and the counts
        values = np.asarray(model.transform(X))
    filled = have_topics(model, counts_of(model, X))
    return DocumentTopics(
        values if filled.all() else values[filled], np.flatnonzero(filled).astype(np.int64), len(filled)
    )


def have_topics(model: FittedTopicModel, counts: sp.csr_array) -> NDArray[np.bool_]:
    """Which documents have topics of their own: those with words; all, if the encoder reads embeddings."""
    if encoder_input_of(model) != "counts":
        return np.ones(counts.shape[0], dtype=np.bool_)
    return np.asarray(np.diff(counts.indptr) > 0)


def check_some_filled(n_filled: int, n_documents: int) -> None:
    """Raise ValueError if all documents are empty."""
    if not n_filled:
        raise ValueError(f"all {n_documents} documents are empty: they contain no word of the model")


def posterior_of(model: FittedTopicModel, X: Any) -> Posterior:
    """Posterior of the documents under the model, with a clear error if `model` is not a topic model.

    Raises
    ------
    TypeError
        ``model`` is not a topic model.
    """
    check_topic_model(model)
    return model.posterior(X)


def counts_of(model: FittedTopicModel, X: Any) -> sp.csr_array:
    """Counts of documents, shape (n_documents, n_words)."""
    if holds_counts(X):
        return as_counts(model, X, reset=False)
    with empty_documents_known():
        return model.encode(X).counts  # refuses what another model encoded


@contextmanager
def empty_documents_known() -> Iterator[None]:
    """Suppress the warning about empty documents, in code that has already given it or that skips them.

    In this thread only, unlike a filter of :mod:`warnings`.
    """
    token = empty_are_known.set(True)
    try:
        yield
    finally:
        empty_are_known.reset(token)
