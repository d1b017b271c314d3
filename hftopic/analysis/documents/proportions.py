"""Topic proportions: models that have them, the topics of each simplex, and the largest topic."""

import numpy as np
from numpy.typing import NDArray

from hftopic.analysis.models import FittedTopicModel, has_poles


def require_shares(model: FittedTopicModel, wanted: str, instead: str) -> None:
    """Check that the topics of a model have proportions, that is, that they are not signed.

    The error says that `wanted` is not available, and to use `instead`.

    Raises
    ------
    TypeError
        `model` is not a topic model of this package.
    ValueError
        The topics are signed, as in NVDM.
    """
    if has_poles(model):
        raise ValueError(
            f"topics of {type(model).__name__} are signed and have no proportions, so there is no {wanted}; "
            f"use {instead}"
        )


def simplexes(model: FittedTopicModel) -> list[NDArray[np.int64]]:
    """Topics of each simplex of ``transform``: all Gaussian topics, then the classes of each variable."""
    space = model.latent_space_
    gaussian = np.flatnonzero(space.gaussian)
    groups = [np.flatnonzero(space.topic_groups == d) for d in range(space.n_groups)]
    classes = [topics for topics in groups if not space.gaussian[topics[0]]]
    return [gaussian, *classes] if len(gaussian) else classes


def largest_topics(model: FittedTopicModel, values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number of documents in which each topic is the largest of its simplex, (n_topics,); first of ties."""
    counts = np.zeros(values.shape[1], dtype=np.int64)
    for topics in simplexes(model):
        winners = values[:, topics].argmax(axis=1)
        counts[topics] = np.bincount(winners, minlength=len(topics))
    return counts
