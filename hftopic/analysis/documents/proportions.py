"""Topics that take shares of documents: which of them share a simplex, and which is the largest."""

import numpy as np
from numpy.typing import NDArray

from hftopic.analysis.models import FittedTopicModel, has_poles


def require_shares(model: FittedTopicModel, wanted: str, instead: str) -> None:
    """Refuse a model whose topics are signed, saying what cannot be had and what to use.

    Raises
    ------
    TypeError
        `model` is not a topic model of this package.
    ValueError
        The topics have poles, as NVDM's.
    """
    if has_poles(model):
        raise ValueError(
            f"topics of {type(model).__name__} are signed and take no share of a document, so there is no "
            f"{wanted}; use {instead}"
        )


def simplexes(model: FittedTopicModel) -> list[NDArray[np.int64]]:
    """Topics whose columns of ``transform`` sum to 1: all Gaussian ones, then each variable's classes."""
    space = model.latent_space_
    gaussian = np.flatnonzero(space.gaussian)
    groups = [np.flatnonzero(space.topic_groups == d) for d in range(space.n_groups)]
    classes = [topics for topics in groups if not space.gaussian[topics[0]]]
    return [gaussian, *classes] if len(gaussian) else classes


def largest_topics(model: FittedTopicModel, values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Documents in which each topic is the largest of its simplex, (n_topics,); ties go to the first."""
    counts = np.zeros(values.shape[1], dtype=np.int64)
    for topics in simplexes(model):
        winners = values[:, topics].argmax(axis=1)
        counts[topics] = np.bincount(winners, minlength=len(topics))
    return counts
