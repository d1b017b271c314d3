"""Draws of the topics of documents: given their words, or from the posterior of the model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic.analysis.effects.mixture import Mixture
from hftopic.analysis.models import FittedTopicModel
from hftopic.latent.posterior import Posterior
from hftopic.latent.space import LatentSpace
from hftopic.topics.shares import shares_in_use

CLEARLY = 0.1  # difference of two similarities


@dataclass(frozen=True, eq=False)
class DrawsOfWords:
    """Shares of topics, as a mixture of some of them draws them; 0 for the others."""

    mixture: Mixture
    topics: NDArray[np.int64]  # of the model
    topic_word: NDArray[np.float32]  # (n_topics, n_words), of the model

    def draws(self, n: int) -> Iterator[NDArray[np.float64]]:
        """Shares, each of shape (n_documents, n_topics)."""
        for state in self.mixture.draws(n):
            shares = np.zeros((len(state.shares), len(self.topic_word)))
            shares[:, self.topics] = state.shares
            yield shares

    @property
    def similarity(self) -> NDArray[np.float64]:
        """Similarity of the words of the last draw to those of the model, Σ √(p q), (n_topics,)."""
        found = np.full(len(self.topic_word), np.nan)
        found[self.topics] = self._alike.diagonal()
        return found

    @property
    def moved(self) -> NDArray[np.int64]:
        """Places of topics whose words are now clearly more similar to those of another topic."""
        alike = self._alike
        others: NDArray[np.int64] = self.topics[alike.max(axis=1) > alike.diagonal() + CLEARLY]
        return others

    @property
    def _alike(self) -> NDArray[np.float64]:
        """Similarity of the words of each topic of the mixture to those of each of the model."""
        known = self.topic_word[self.topics].astype(np.float64)
        known /= known.sum(axis=1, keepdims=True)
        return np.asarray(np.sqrt(self.mixture.words.astype(np.float64)) @ np.sqrt(known).T)

    @property
    def words(self) -> NDArray[np.float32]:
        """p(w|topic) of the last draw, (n_topics, n_words); missing for topics that it leaves out."""
        found = np.full_like(self.topic_word, np.nan)
        found[self.topics] = self.mixture.words
        return found


@dataclass(frozen=True, eq=False)
class DrawsOfPosterior:
    """Draws from q(z|x), as shares of the topics that are counted; as z for signed topics."""

    model: FittedTopicModel
    posterior: Posterior
    counted: NDArray[np.bool_]  # (n_topics,)
    generator: np.random.Generator

    def draws(self, n: int) -> Iterator[NDArray[np.float64]]:
        """Shares or z, each of shape (n_documents, n_topics)."""
        of, model = self.posterior, self.model
        for _ in range(n):
            z = of.mean + np.sqrt(of.variance) * self.generator.standard_normal(of.mean.shape)
            classes = tuple(_drawn(p, self.generator) for p in of.class_probabilities)
            drawn = Posterior(z.astype(np.float32), of.variance, classes)
            if model.signed_topics_:
                yield _values(drawn, model.latent_space_)
            else:
                yield shares_in_use(np.exp(model.log_proportions(drawn)), model.latent_space_, self.counted)

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


def _drawn(probabilities: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """A class of each document, as ones and zeros."""
    reached = probabilities.cumsum(axis=1)
    level = generator.random((len(reached), 1)) * reached[:, -1:]
    chosen = (reached <= level).sum(axis=1).clip(max=reached.shape[1] - 1)
    ones: NDArray[np.float32] = np.eye(reached.shape[1], dtype=np.float32)[chosen]
    return ones


def _values(drawn: Posterior, space: LatentSpace) -> NDArray[Any]:
    """z of the signed topics, and the classes, in the order of the topics."""
    values = np.empty((len(drawn), len(space.topic_groups)))
    values[:, space.gaussian] = drawn.mean
    if drawn.class_probabilities:
        values[:, ~space.gaussian] = np.concatenate(drawn.class_probabilities, axis=1)
    return values
