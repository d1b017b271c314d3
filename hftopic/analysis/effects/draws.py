"""Draws of the topics of documents: given their words, or from the posterior of the model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic.analysis.draws import draws_of
from hftopic.analysis.effects.mixture import Mixture
from hftopic.analysis.models import FittedTopicModel
from hftopic.latent.posterior import Posterior
from hftopic.topics.shares import shares_in_use

CHAINS = 8  # mixtures, because the draws of one depend on each other
MANY, CHAINS_OF_MANY = 200_000, 4  # tokens from which words are so well known that these are enough
CLEARLY = 0.1  # difference of two similarities


class DrawsOfWords:
    """Readings of the shares of documents, for draws of the words of topics by several mixtures.

    Topics that these leave out have shares of 0. The words are the means of the draws.
    """

    def __init__(
        self,
        counts: sp.csr_array,
        topics: NDArray[np.int64],
        topic_word: NDArray[np.float32],
        generator: np.random.Generator,
    ) -> None:
        self._counts, self._topics, self._topic_word = counts, topics, topic_word
        self._generator = generator
        self._sum = np.zeros((len(topics), topic_word.shape[1]))

    def chains(self, n: int) -> NDArray[np.int64]:
        """Number of the mixture that makes each of n draws."""
        most = CHAINS if self._counts.sum() < MANY else CHAINS_OF_MANY
        return np.arange(n) * min(n, most) // n

    def draws(self, n: int) -> Iterator[NDArray[np.float64]]:
        """Readings, each of shape (n_documents, n_topics): without bias, and not all from 0 to 1."""
        frequencies = self._counts / self._counts.sum(axis=1)[:, None]
        for size in np.bincount(self.chains(n)):
            mixture = Mixture(self._counts, self._topic_word[self._topics], self._generator)
            for words, reader in mixture.draws(int(size)):
                self._sum += words
                shares = np.zeros((self._counts.shape[0], len(self._topic_word)))
                shares[:, self._topics] = np.asarray(frequencies @ reader)
                yield shares

    @property
    def similarity(self) -> NDArray[np.float64]:
        """Similarity of the words to those of the model, Σ √(p q), (n_topics,)."""
        found = np.full(len(self._topic_word), np.nan)
        found[self._topics] = self._alike.diagonal()
        return found

    @property
    def moved(self) -> NDArray[np.int64]:
        """Places of topics whose words are now clearly more similar to those of another topic."""
        alike = self._alike
        others: NDArray[np.int64] = self._topics[alike.max(axis=1) > alike.diagonal() + CLEARLY]
        return others

    @property
    def _alike(self) -> NDArray[np.float64]:
        """Similarity of the words of each topic of the draws to those of each of the model."""
        known = self._topic_word[self._topics].astype(np.float64)
        known /= known.sum(axis=1, keepdims=True)
        return np.asarray(np.sqrt(self._mean) @ np.sqrt(known).T)

    @property
    def _mean(self) -> NDArray[np.float64]:
        return np.asarray(self._sum / self._sum.sum(axis=1, keepdims=True))

    @property
    def words(self) -> NDArray[np.float32]:
        """p(w|topic), (n_topics, n_words); missing for topics that it leaves out."""
        found = np.full_like(self._topic_word, np.nan)
        found[self._topics] = self._mean
        return found


@dataclass(frozen=True, eq=False)
class DrawsOfPosterior:
    """Draws from q(z|x), as shares of the topics that are counted; as z for signed topics."""

    model: FittedTopicModel
    posterior: Posterior
    counted: NDArray[np.bool_]  # (n_topics,)
    generator: np.random.Generator

    def chains(self, n: int) -> NDArray[np.int64]:
        """All are independent."""
        return np.arange(n)

    def draws(self, n: int) -> Iterator[NDArray[np.float64]]:
        """Shares or z, each of shape (n_documents, n_topics)."""
        model = self.model
        for values in draws_of(model, self.posterior, n, self.generator):
            yield values if model.signed_topics_ else shares_in_use(values, model.latent_space_, self.counted)

    @property
    def similarity(self) -> NDArray[np.float64]:
        """Missing: the words are those of the model."""
        return np.full(len(self.counted), np.nan)

    @property
    def moved(self) -> NDArray[np.int64]:
        """None: the words are those of the model."""
        return np.zeros(0, dtype=np.int64)

    @property
    def words(self) -> NDArray[np.float32]:
        """p(w|topic) of the model, (n_topics, n_words)."""
        return np.asarray(self.model.topic_word_)
