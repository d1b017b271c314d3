"""Draws from q(z|x) of what ``transform`` returns: how uncertain the topics of documents are."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hftopic.analysis.models import FittedTopicModel, has_poles
from hftopic.latent.posterior import Posterior


def draws_of(
    model: FittedTopicModel, posterior: Posterior, n: int, generator: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Draws of the proportions of the topics, of z for signed topics, (n_documents, n_topics) each."""
    for _ in range(n):
        noise: NDArray[np.float32] = generator.standard_normal(posterior.mean.shape, dtype=np.float32)
        z = (posterior.mean + np.sqrt(posterior.variance) * noise).astype(np.float32)
        classes = tuple(_one_hot(probabilities, generator) for probabilities in posterior.class_probabilities)
        yield _represented(model, Posterior(z, posterior.variance, classes))


def _represented(model: FittedTopicModel, drawn: Posterior) -> NDArray[np.float64]:
    """What ``transform`` would return for documents with these latent variables, (n, n_topics)."""
    if not has_poles(model):
        return np.exp(model.log_proportions(drawn))
    space = model.latent_space_
    values = np.empty((len(drawn), len(space.gaussian)))
    values[:, space.gaussian] = drawn.mean
    if drawn.class_probabilities:
        values[:, ~space.gaussian] = np.concatenate(drawn.class_probabilities, axis=1)
    return values


def _one_hot(probabilities: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """A class of each document, drawn with these probabilities, (n, classes)."""
    below = probabilities.cumsum(axis=1) / probabilities.sum(axis=1, keepdims=True)
    chosen = (below < generator.random((len(below), 1))).sum(axis=1)
    last = probabilities.shape[1] - 1
    return np.asarray(np.eye(last + 1, dtype=np.float32)[chosen.clip(max=last)])
