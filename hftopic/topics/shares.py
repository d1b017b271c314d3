"""Topics in use, the documents that each of them leads, and its share of the corpus.

A topic that is not active says nothing, but keeps a part of the softmax, the same in every document. Numbers
for readers are therefore taken over the topics in use, and the rest is told as the remainder.
"""

from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from hftopic.latent.posterior import MeanFieldPosterior
from hftopic.latent.space import LatentSpace

CHUNK = 8192  # documents whose shares are computed at once


def in_use(summary: pd.DataFrame) -> NDArray[np.bool_]:
    """Mask of the topics of a summary that are active and repeat no other, (n_topics,)."""
    return (summary["active"] & ~summary["duplicate"]).to_numpy(dtype=bool, copy=True)


def simplexes(space: LatentSpace) -> list[NDArray[np.int64]]:
    """Topics of each simplex of ``transform``: all Gaussian topics, then the classes of each variable."""
    gaussian = np.flatnonzero(space.gaussian)
    groups = [np.flatnonzero(space.topic_groups == d) for d in range(space.n_groups)]
    classes = [topics for topics in groups if not space.gaussian[topics[0]]]
    return [gaussian, *classes] if len(gaussian) else classes


class Moments(NamedTuple):
    """Mean and variance of q(z), the average of the posteriors of some documents."""

    n_documents: int
    mean: Tensor  # (n_dims,)
    variance: Tensor  # (n_dims,)

    @classmethod
    def of(cls, posterior: MeanFieldPosterior) -> Self:
        """Moments over the documents of a posterior, in float64."""
        values = posterior.mean.double()
        mean = values.mean(0)
        spread = (values - mean).square().mean(0)
        return cls(len(posterior), mean, spread + posterior.log_variance.double().exp().mean(0))

    def with_those_of(self, other: Self) -> Self:
        """Moments over these documents and others; documents without words have none."""
        n = self.n_documents + other.n_documents
        if not (self.n_documents and other.n_documents):
            return self if self.n_documents else other
        share = other.n_documents / n
        apart = other.mean - self.mean
        variance = (1 - share) * self.variance + share * other.variance + share * (1 - share) * apart.square()
        return type(self)(n, self.mean + share * apart, variance)


def prominence(
    values: NDArray[np.float32],
    posterior: MeanFieldPosterior,
    space: LatentSpace,
    signed: bool,
    moments: Moments | None = None,
) -> NDArray[np.float32]:
    """By which of its topics a document is led, (n_documents, n_topics): the proportions.

    Signed topics have none: their distance from the mean of the documents, in standard deviations of q(z).
    ``moments`` are those of more documents than these.
    """
    if not signed:
        return values
    distance = values.copy()
    distance[:, space.gaussian] = distances(posterior, moments).abs().numpy()
    return distance


def distances(posterior: MeanFieldPosterior, moments: Moments | None = None) -> Tensor:
    """E[z|x] minus its mean over the documents, in standard deviations of q(z), (n_documents, n_dims)."""
    over = moments or Moments.of(posterior)
    return (posterior.mean.double() - over.mean) / over.variance.sqrt()


def leading_topics(
    values: NDArray[np.float32], space: LatentSpace, used: NDArray[np.bool_]
) -> list[NDArray[np.int64]]:
    """The largest topic in use of each document, (n_documents,), for each simplex that has one in use.

    Ties go to the first topic.
    """
    in_simplexes = [topics[used[topics]] for topics in simplexes(space)]
    return [topics[values[:, topics].argmax(axis=1)] for topics in in_simplexes if len(topics)]


def documents_led(
    values: NDArray[np.float32], space: LatentSpace, used: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Number of documents in which each topic is the largest of those in use, (n_topics,); 0 for others."""
    led = [np.bincount(topics, minlength=len(used)) for topics in leading_topics(values, space, used)]
    return np.asarray(sum(led, np.zeros(len(used), dtype=np.int64)))


def shares_in_use(
    proportions: NDArray[np.floating], space: LatentSpace, used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Proportions, (…, n_topics), divided by their sum over the topics in use of each simplex; else 0."""
    shares = np.where(used, proportions, 0.0).astype(np.float64)
    for topics in simplexes(space):
        total = shares[..., topics].sum(axis=-1, keepdims=True)
        shares[..., topics] = np.divide(
            shares[..., topics], total, out=np.zeros_like(shares[..., topics]), where=total > 0
        )
    return shares


def mean_shares(
    proportions: NDArray[np.floating], space: LatentSpace, used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mean of :func:`shares_in_use` over the documents, (n_topics,), with some of them in float64 at once."""
    total = np.zeros((1, len(used)))
    for start in range(0, len(proportions), CHUNK):
        shares = shares_in_use(proportions[start : start + CHUNK], space, used)
        total = np.concatenate([total, shares]).sum(axis=0, keepdims=True)
    return np.asarray(total[0] / len(proportions))


def remainder(proportions: NDArray[np.floating], space: LatentSpace, used: NDArray[np.bool_]) -> float:
    """The part of mean proportions, (n_topics,), that topics have that are not in use, from 0 to 1.

    If there are Gaussian topics, it is theirs, without the classes.
    """
    first = simplexes(space)[0]
    total = float(proportions[first].sum(dtype=np.float64))
    unused = float(proportions[first][~used[first]].sum(dtype=np.float64))
    return min(1.0, unused / total) if total > 0 else 0.0
