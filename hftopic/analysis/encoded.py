"""What analysis reads from documents, whether they are given as they are or encoded before.

Every function of the analysis takes documents, or what a model's ``encode`` made of them. One that asks the
model several questions encodes them first, so that they are encoded once.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic.analysis.models import FittedTopicModel, check_topic_model
from hftopic.data.inputs import as_counts
from hftopic.latent.encoded import Encoded
from hftopic.latent.posterior import Posterior


class DocumentTopics(NamedTuple):
    """``transform`` of the documents that have words; the others would only show the prior."""

    values: NDArray[np.float32]  # (n, n_topics)
    rows: NDArray[np.int64]  # (n,) where these documents stand in X
    n_documents: int  # all documents of X, empty ones too


def document_topics(model: FittedTopicModel, X: Any) -> DocumentTopics:
    """Topic proportions, or latent means of NVDM, of the documents that have words.

    Raises
    ------
    TypeError
        `model` is not a topic model of this package.
    ValueError
        No document has a word.
    """
    check_topic_model(model)
    with empty_documents_known():
        values = np.asarray(model.transform(X))
    filled = np.diff(counts_of(model, X).indptr) > 0
    if not filled.any():
        raise ValueError(f"none of the {len(filled)} documents has a word: no topic can be told from them")
    return DocumentTopics(
        values if filled.all() else values[filled], np.flatnonzero(filled).astype(np.int64), len(filled)
    )


def posterior_of(model: FittedTopicModel, X: Any) -> Posterior:
    """The model's posterior of documents, with a clear error if something else is given as the model.

    Raises
    ------
    TypeError
        ``model`` is not a topic model.
    """
    check_topic_model(model)
    return model.posterior(X)


def counts_of(model: FittedTopicModel, X: Any) -> sp.csr_array:
    """Counts of documents, shape (n_documents, n_words)."""
    return X.counts if isinstance(X, Encoded) else as_counts(model, X, reset=False)


@contextmanager
def empty_documents_known() -> Iterator[None]:
    """A second pass over documents, which does not warn again that some of them are empty."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* documents have no words", category=UserWarning)
        yield
