"""Errors of means over documents whose topics are uncertain: the method of composition."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from hftopic.analysis.documents.shares import Shares, shares_over
from hftopic.analysis.draws import draws_of
from hftopic.analysis.models import FittedTopicModel
from hftopic.latent.encoded import Encoded


def shares_drawn(
    model: FittedTopicModel, encoded: Encoded, shares: Shares, n_draws: int, random_state: Any
) -> Iterator[NDArray[np.float64]]:
    """Draws from q(z|x) of the shares of documents, (n, k) each; of E[z|x] for signed topics."""
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    for values in draws_of(model, encoded.posterior[shares.rows], n_draws, generator):
        yield shares_over(model, values, shares.topics)


def composed_errors(codes: NDArray[np.int64], drawn: Iterator[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Standard errors of the means of classes, (n_classes, K), from draws (n, K) of the values of documents.

    The variance is the mean over the draws of s² / n, plus that of the means between the M draws times
    1 + 1/M (Rubin, 1987). It is NaN for a class of one document.
    """
    sizes = np.bincount(codes)[:, None]
    member = sp.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    freedom, within, means = sizes - 1.0, [], []
    for values in drawn:
        mean = np.asarray(member @ values) / sizes
        squares = np.asarray(member @ (values - mean[codes]) ** 2)
        unknown = np.full_like(squares, np.nan)
        within.append(np.divide(squares, freedom, out=unknown, where=freedom > 0) / sizes)
        means.append(mean)
    between = np.var(means, axis=0, ddof=1) if len(means) > 1 else np.zeros_like(means[0])
    return np.asarray(np.sqrt(np.mean(within, axis=0) + (1 + 1 / len(means)) * between))
