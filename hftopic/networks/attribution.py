"""Attribution of a document's words to topics, for decoders whose topics multiply."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Attribution(Protocol):
    """How much each topic adds to words of documents, in nats."""

    def __call__(self, proportions: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
        """Contribution of each topic to pairs of a document and a word, shape (pairs, n_topics).

        Parameters
        ----------
        proportions : ndarray, shape (pairs, n_topics)
            ``transform`` of each pair's document.
        columns : ndarray of int, shape (pairs,)
            Column of each pair's word.
        """


@dataclass(frozen=True)
class ProductAttribution:
    """Contributions of topics whose effects on a word's logit add up: weight times centred effect.

    See the notes of :func:`hftopic.analysis.contributions` for the definition.

    Attributes
    ----------
    scale : ndarray, shape (n_topics,)
        What ``transform`` divided the decoder's weights by.
    average : ndarray, shape (n_topics,)
        Subtracted from the weights of signed topics.
    effects : ndarray, shape (n_topics, V)
        Effects on the words' logits, centred over each simplex and over the words.
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
        """Attribution with the average document and the average word as the reference.

        Parameters
        ----------
        components : ndarray, shape (n_topics, V)
            Effect of each topic on the words' logits.
        simplex : ndarray of int, shape (n_topics,)
            Topics with the same number share a simplex; -1 for a topic that is on none.
        scale : ndarray, shape (n_topics,)
        mean : ndarray, shape (n_topics,)
            ``transform`` of the average document.
        frequency : ndarray, shape (V,)
            Tokens of each word.
        """
        effects = components.astype(np.float64)
        for number in np.unique(simplex[simplex >= 0]):
            topics = np.flatnonzero(simplex == number)
            effects[topics] -= (scale[topics] * mean[topics]) @ effects[topics]
        effects -= (effects @ frequency / frequency.sum())[:, None]
        return cls(scale, np.where(simplex < 0, mean, 0.0), effects)

    def __call__(self, proportions: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
        """Contribution of each topic to pairs of a document and a word, shape (pairs, n_topics)."""
        weights = proportions * self.scale - self.average
        return np.asarray(weights * self.effects.T[columns])
