"""Draws of the topics of documents given their words: a mixture that begins at the topics of a model."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import psi

from hftopic.analysis.effects.prior import LogisticNormal

WORD_PRIOR = 0.02  # tokens of each word that are added to each topic, at first
LEAST_WORD_PRIOR = 1e-4
BURN_IN = 150  # sweeps before the first draw
HELD = 25  # sweeps of these in which the words of the topics are those of the model
AT_ONCE = 2**16  # tokens whose topics are drawn at once
TINY = np.finfo(np.float32).tiny


class Mixture:
    """Gibbs sampler of a mixture of topics whose shares depend on the metadata.

    A token of document n is of topic k with probability θ_nk, and is then word w with probability φ_kw. θ_n
    is logistic normal, with a mean that the design of the document gives, see :class:`LogisticNormal`. All of
    them are drawn in turn: the topics of the tokens, φ, θ, and the parameters of θ. φ begins at the words of
    the model, and stays there until θ has settled, so that the topics keep their numbers.

    Attributes
    ----------
    words : ndarray of float32, shape (n_topics, n_words)
        φ of the last sweep.
    shares : ndarray of float32, shape (n_documents, n_topics)
        θ of the last sweep.
    """

    def __init__(
        self,
        counts: sp.csr_array,
        words: NDArray[np.float32],
        prior: LogisticNormal,
        generator: np.random.Generator,
    ) -> None:
        entries = counts.tocoo()
        repeats = entries.data.astype(np.int64)
        rows, columns = entries.coords
        self._documents, self._columns = (
            np.repeat(places.astype(np.int64), repeats) for places in (rows, columns)
        )
        self._prior, self._generator, self._word_prior = prior, generator, WORD_PRIOR
        self.words = (words / words.sum(axis=1, keepdims=True)).astype(np.float32)
        self.shares = prior.shares.astype(np.float32)

    def draws(self, n: int) -> Iterator[Self]:
        """The sampler itself after each of n sweeps that follow those of the burn-in."""
        for sweep in range(BURN_IN + n):
            self._sweep(held=sweep < HELD)
            if sweep >= BURN_IN:
                yield self

    def _sweep(self, held: bool) -> None:
        of_documents, of_words = self._assigned()
        self._prior.update(of_documents, self._generator)
        self.shares = self._prior.shares.astype(np.float32)
        if held:
            return
        self._word_prior = max(LEAST_WORD_PRIOR, self._word_prior * _growth(of_words, self._word_prior))
        drawn = self._generator.standard_gamma(of_words + self._word_prior)
        self.words = (drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32).clip(TINY)

    def _assigned(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw the topic of each token: tokens by document and topic, (N, K), by topic and word, (K, V)."""
        n_documents, n_topics = self.shares.shape
        n_words = self.words.shape[1]
        by_word = np.ascontiguousarray(self.words.T)
        of_documents = np.zeros(n_documents * n_topics, dtype=np.int64)
        of_words = np.zeros(n_words * n_topics, dtype=np.int64)
        for start in range(0, len(self._documents), AT_ONCE):
            documents = self._documents[start : start + AT_ONCE]
            columns = self._columns[start : start + AT_ONCE]
            reached = np.cumsum(self.shares[documents] * by_word[columns], axis=1)
            level = self._generator.random(len(documents), dtype=np.float32) * reached[:, -1]
            topics = (reached <= level[:, None]).sum(axis=1).clip(max=n_topics - 1)
            first = n_topics * documents[0]  # documents are in order: only these have tokens
            places = n_topics * documents + topics - first
            found = np.bincount(places)
            of_documents[first : first + len(found)] += found
            of_words += np.bincount(n_topics * columns + topics, minlength=len(of_words))
        return of_documents.reshape(n_documents, n_topics), of_words.reshape(n_words, n_topics).T


def _growth(counts: NDArray[np.int64], prior: float) -> float:
    """Factor of a symmetric Dirichlet prior of counts, (K, V), towards its likeliest value (Minka, 2000)."""
    sizes, n_words = counts.sum(axis=1), counts.shape[1]
    used = counts[counts > 0]
    of_words = (psi(used + prior) - psi(prior)).sum()
    of_topics = n_words * (psi(sizes + n_words * prior) - psi(n_words * prior)).sum()
    return float(of_words / of_topics) if of_topics > 0 else 1.0
