"""Attribution of the words of a document to topics: for products of experts, and for mixtures of topics."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST = np.finfo(np.float64).tiny  # smallest probability of a word whose logarithm is taken


@dataclass(frozen=True)
class ProductAttribution:
    """Contributions of topics with additive effects on the logits of words: weight times centred effect.

    See the notes of :func:`hftopic.analysis.contributions` for the definition.

    Attributes
    ----------
    scale : ndarray, shape (n_topics,)
        Factor by which ``transform`` divided the weights of the decoder.
    average : ndarray, shape (n_topics,)
        Average weights, subtracted from the weights of signed topics; 0 for topics on a simplex.
    effects : ndarray, shape (n_topics, V)
        Effects on the logits of the words, centred over each simplex and over the words.
    """

    scale: NDArray[np.float64]
    average: NDArray[np.float64]
    effects: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        components: NDArray[Any],
        simplex: NDArray[np.int64],
        scale: NDArray[np.float64],
        mean: NDArray[np.float64],
        frequency: NDArray[np.float64],
    ) -> "ProductAttribution":
        """Attribution relative to the average document and the average word.

        Parameters
        ----------
        components : ndarray, shape (n_topics, V)
            Effect of each topic on the logits of the words.
        simplex : ndarray of int, shape (n_topics,)
            Topics with the same number share a simplex; -1 for topics that are not on a simplex.
        scale : ndarray, shape (n_topics,)
        mean : ndarray, shape (n_topics,)
            Average of ``transform`` over documents.
        frequency : ndarray, shape (V,)
            Number of tokens of each word.
        """
        effects = components.astype(np.float64)
        for number in np.unique(simplex[simplex >= 0]):
            topics = np.flatnonzero(simplex == number)
            effects[topics] -= (scale[topics] * mean[topics]) @ effects[topics]
        effects -= (effects @ frequency / frequency.sum())[:, None]
        return cls(scale, np.where(simplex < 0, mean, 0.0), effects)

    def __call__(self, proportions: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
        """Contribution of each topic to (document, word) pairs, shape (pairs, n_topics)."""
        weights = proportions * self.scale - self.average
        return np.asarray(weights * self.effects.T[columns])


@dataclass(frozen=True)
class MixtureAttribution:
    r"""Contributions of topics to p(w|x) = Σ_k w_k β_kw: the integrated gradient of its logarithm.

    Along the line from the average weights to those of the document, topic k adds
    (w_k - w̄_k) β_kw ∫ dt / p_t(w) = (w_k - w̄_k) β_kw / L(p, p̄), with the logarithmic mean
    L(p, p̄) = (p - p̄) / (log p - log p̄). The sum over topics is log p(w|x) - log p̄(w).

    Attributes
    ----------
    scale : ndarray, shape (n_topics,)
        Weight in the mixture for each unit of ``transform``.
    average : ndarray, shape (n_topics,)
        Average of ``transform`` over documents.
    words : ndarray, shape (n_topics, V)
        β, p(w|topic).
    """

    scale: NDArray[np.float64]
    average: NDArray[np.float64]
    words: NDArray[np.float64]

    def __call__(self, proportions: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
        """Contribution of each topic to (document, word) pairs, shape (pairs, n_topics)."""
        words = self.words.T[columns]
        average = np.maximum(words @ (self.scale * self.average), SMALLEST)
        added = (proportions - self.average) * self.scale * words
        p = np.maximum((proportions * self.scale * words).sum(axis=1), SMALLEST)
        return np.asarray(added / logarithmic_mean(p, average, added.sum(axis=1))[:, None])


def logarithmic_mean(
    p: NDArray[np.float64], q: NDArray[np.float64], difference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(p - q) / (log p - log q), and q where they are equal; ``difference`` is p - q, exactly."""
    ratio = difference / q
    near = np.abs(ratio) < 0.5
    logs = np.where(near, np.log1p(np.where(near, ratio, 0.0)), np.log(p) - np.log(q))
    return np.asarray(q * np.divide(ratio, logs, out=np.ones_like(ratio), where=logs != 0))
