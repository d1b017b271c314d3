"""What documents hold of each topic, empty documents aside, and which topics share a simplex."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hftopic.analysis.information import empty_documents_known
from hftopic.analysis.models import check_topic_model, has_poles
from hftopic.inputs import as_counts
from hftopic.latent import Concrete


class DocumentTopics(NamedTuple):
    """``transform`` of the documents that have words; the others would only show the prior."""

    values: NDArray[np.float32]  # (n, n_topics)
    rows: NDArray[np.int64]  # (n,) where these documents stand in X
    n_documents: int  # all documents of X, empty ones too


def document_topics(model: Any, X: Any) -> DocumentTopics:
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
    filled = np.diff(as_counts(model, X, reset=False).indptr) > 0
    if not filled.any():
        raise ValueError(f"none of the {len(filled)} documents has a word: no topic can be told from them")
    return DocumentTopics(
        values if filled.all() else values[filled], np.flatnonzero(filled).astype(np.int64), len(filled)
    )


def require_shares(model: Any, wanted: str, instead: str) -> None:
    """Refuse a model whose topics are signed, saying what cannot be had and what to use.

    Raises
    ------
    TypeError
        `model` is not a topic model of this package.
    ValueError
        The topics have poles, as NVDM's.
    """
    check_topic_model(model)
    if has_poles(model):
        raise ValueError(
            f"topics of {type(model).__name__} are signed and take no share of a document, so there is no "
            f"{wanted}; use {instead}"
        )


def simplexes(model: Any) -> list[NDArray[np.int64]]:
    """Topics whose columns of ``transform`` sum to 1: all Gaussian ones, then each variable's classes."""
    space = model.latent_space_
    classes = [
        np.arange(topics.start, topics.stop)
        for group, topics in zip(space.groups, space.slices, strict=True)
        if isinstance(group, Concrete)
    ]
    gaussian = np.flatnonzero(space.gaussian)
    return [gaussian, *classes] if len(gaussian) else classes


def largest_topics(model: Any, values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Documents in which each topic is the largest of its simplex, (n_topics,); ties go to the first."""
    counts = np.zeros(values.shape[1], dtype=np.int64)
    for topics in simplexes(model):
        winners = values[:, topics].argmax(axis=1)
        counts[topics] = np.bincount(winners, minlength=len(topics))
    return counts
