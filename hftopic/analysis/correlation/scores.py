"""Scores of topics, one value per document, and their correlations over weighted documents."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from hftopic._numbers import is_one_of
from hftopic.analysis.correlation.partial import chosen_penalty, partial_correlation
from hftopic.analysis.correlation.significance import document_chunks
from hftopic.analysis.models import FittedTopicModel, has_poles
from hftopic.latent.posterior import Posterior

Kind = Literal["mean", "total", "clr", "partial"]
KINDS: tuple[str, ...] = get_args(Kind)
# Relative to the norm in the whole corpus: a topic with a smaller norm in a resample is constant there.
RESOLUTION = 1e-6


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of topics on documents, ready to be correlated.

    Attributes
    ----------
    values : ndarray, (N, K)
        Columns centred and scaled to norm 1; zeros for a topic that does not vary.
    scale : ndarray, (K,)
        Factors by which the centred scores were multiplied.
    variance : ndarray (N, K), optional
        Posterior variances of the topics, float32, for correlations of draws from the posterior.
    penalty : float, optional
        Penalty of the graphical lasso, for partial correlations.
    """

    values: np.ndarray
    scale: np.ndarray
    variance: np.ndarray | None = None
    penalty: float | None = None

    @property
    def n_documents(self) -> int:
        """Number of documents, N."""
        return len(self.values)

    def correlation(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Correlations of the topics, (K, K), with ones on the diagonal.

        Parameters
        ----------
        weights : ndarray (N,), optional
            Number of times each document counts; the sum is N. By default every document counts once.
        """
        covariance = self.values.T @ self.values if weights is None else self._covariance(weights)
        total = np.diag(covariance) + self._noise(weights)
        deviation = np.sqrt(np.maximum(total, 0.0))
        inverse = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > RESOLUTION)
        r = np.clip(covariance * np.outer(inverse, inverse), -1.0, 1.0)
        np.fill_diagonal(r, 1.0)
        return np.asarray(r) if self.penalty is None else partial_correlation(r, self.penalty)

    def _covariance(self, weights: np.ndarray) -> np.ndarray:
        """Σ_n w_n s_n s_nᵀ minus the term of the means; in chunks, to avoid a weighted copy."""
        n_topics = self.values.shape[1]
        products, sums = np.zeros((n_topics, n_topics)), np.zeros(n_topics)
        for part in document_chunks(self.n_documents):
            weighted = self.values[part] * weights[part, None]
            products += weighted.T @ self.values[part]
            sums += weighted.sum(axis=0)
        return products - np.outer(sums, sums) / self.n_documents

    def _noise(self, weights: np.ndarray | None) -> np.ndarray:
        """Posterior variances summed over documents, in the units of `values`, (K,)."""
        if self.variance is None:
            return np.zeros_like(self.scale)
        once = np.ones(self.n_documents) if weights is None else weights
        parts = document_chunks(self.n_documents)
        summed = sum(once[part] @ self.variance[part].astype(np.float64) for part in parts)
        return np.asarray(summed * self.scale**2)


def topic_scores(model: FittedTopicModel, posterior: Posterior, topics: np.ndarray, kind: Kind) -> Scores:
    """Scores of Gaussian topics on documents, see :func:`hftopic.analysis.topic_correlation` for the kinds.

    Raises
    ------
    ValueError
        `kind` is unknown, or it is "clr" for a model whose topics have no proportions.
    """
    check_kind(model, kind)
    dims = model.latent_space_.variable_of_topic[topics]
    if kind == "clr":
        values, scale = standardised(centred_log_ratios(model, posterior, topics))
    else:
        values, scale = standardised(np.asarray(posterior.mean)[:, dims])
    variance = np.asarray(posterior.variance)[:, dims] if kind == "total" else None
    scores = Scores(values, scale, variance)
    if kind != "partial":
        return scores
    return Scores(values, scale, penalty=chosen_penalty(scores.correlation(), scores.n_documents))


def check_kind(model: FittedTopicModel, kind: str) -> None:
    """Check that the kind of correlation is known and defined for the model.

    Raises
    ------
    ValueError
        `kind` is unknown, or it is "clr" for a model whose topics have no proportions.
    """
    if not is_one_of(kind, KINDS):
        raise ValueError(f"kind={kind!r} is unknown; did you mean {', '.join(map(repr, KINDS))}?")
    if kind == "clr" and has_poles(model):
        raise ValueError(
            f"kind='clr' needs topic proportions, but {type(model).__name__} has none: its topics are "
            "signed; use kind='mean'"
        )


def centred_log_ratios(model: FittedTopicModel, posterior: Posterior, topics: np.ndarray) -> np.ndarray:
    """log θ of some topics minus the mean of log θ over all Gaussian topics, (N, len(topics)).

    The model gives the logarithm, because a proportion that is rounded to 0 in float32 has none.
    """
    if not len(topics):
        return np.empty((len(posterior.mean), 0))  # perhaps there is no Gaussian topic to take the mean over
    log_theta = model.log_proportions(posterior)
    level = log_theta[:, model.latent_space_.gaussian].mean(axis=1, keepdims=True)
    return np.asarray(log_theta[:, topics] - level)


def standardised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns centred and scaled to norm 1, so that the product of two columns is their correlation.

    Models compute in float32. A column that does not vary beyond the resolution of float32 is set to zeros.

    Returns
    -------
    tuple of ndarray, (N, K) and (K,)
        The columns in float64, and the factor by which each was multiplied.
    """
    centred = values - values.mean(axis=0, dtype=np.float64)
    norms = np.sqrt(np.einsum("nk,nk->k", centred, centred))
    largest = np.maximum(values.max(axis=0, initial=0.0), -values.min(axis=0, initial=0.0))
    resolution = 4 * np.finfo(np.float32).eps * largest * np.sqrt(len(values))
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > resolution)
    centred *= scale
    return centred, scale
