"""Draws of the topics of documents given their words: a mixture that begins at the topics of a model."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import psi

FIRST_PRIOR = 0.5  # tokens of each topic that are added to each document, at first
WORD_PRIOR = 0.02  # tokens of each word that are added to each topic, at first
LEAST_PRIOR = 1e-4
BURN_IN = 100  # sweeps before the first draw
HELD = 25  # sweeps of these in which the words of the topics are those of the model
AT_ONCE = 2**16  # tokens whose topics are drawn at once
SAME = 1e-9  # topics with the same words cannot be told apart: they are read as halves
TINY = np.finfo(np.float32).tiny


class Mixture:
    """Gibbs sampler of a mixture of topics, which knows nothing of the metadata.

    A token of document n is of topic k with probability θ_nk, and is then word w with probability φ_kw. The
    topics of the tokens, φ and θ are drawn in turn; the parameters of their Dirichlet priors are moved to
    their likeliest values. φ begins at the words of the model, and stays there until θ has settled, so that
    the topics keep their numbers.

    Attributes
    ----------
    words : ndarray of float32, shape (n_topics, n_words)
        φ of the last sweep.
    shares : ndarray of float32, shape (n_documents, n_topics)
        θ of the last sweep.
    """

    def __init__(
        self, counts: sp.csr_array, words: NDArray[np.float32], generator: np.random.Generator
    ) -> None:
        entries = counts.tocoo()
        repeats = entries.data.astype(np.int64)
        rows, columns = entries.coords
        self._documents, self._columns = (
            np.repeat(places.astype(np.int64), repeats) for places in (rows, columns)
        )
        self._generator = generator
        self._prior: NDArray[np.float64] = np.full(len(words), FIRST_PRIOR)
        self._word_prior = WORD_PRIOR
        self.words = (words / words.sum(axis=1, keepdims=True)).astype(np.float32)
        self.shares = np.full((counts.shape[0], len(words)), 1 / len(words), dtype=np.float32)

    def draws(self, n: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
        """φ, and a matrix that reads the shares of documents from their frequencies of words, (V, K).

        If p(w|document) is θ φ for a φ of the posterior, θ φ times the matrix of this φ is θ: so what it
        reads of a document is θ plus noise without bias, whatever the document and the prior. The sum over
        the topics is 1. The noise is least for a document of mean shares. One of both for each of n
        sweeps that follow those of the burn-in.
        """
        found = list[NDArray[np.float32]]()
        words, shares = np.zeros(self.words.shape), np.zeros(len(self.words))
        for sweep in range(BURN_IN + n):
            self._sweep(held=sweep < HELD)
            if sweep >= BURN_IN // 2:
                words += self.words
                shares += self.shares.mean(axis=0)
            if sweep >= BURN_IN:
                found.append(self.words)
        reader = (words / (shares @ words)).T
        for drawn in found:
            yield drawn, reader @ np.linalg.pinv(drawn.astype(np.float64) @ reader, rcond=SAME)

    def _sweep(self, held: bool) -> None:
        of_documents, of_words = self._assigned()
        self._prior = np.maximum(LEAST_PRIOR, self._prior * _growth_of_shares(of_documents, self._prior))
        self.shares = _dirichlet(of_documents + self._prior, self._generator)
        if held:
            return
        self._word_prior = max(LEAST_PRIOR, self._word_prior * _growth(of_words, self._word_prior))
        self.words = _dirichlet(of_words + self._word_prior, self._generator)

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


def _dirichlet(concentrations: NDArray[Any], generator: np.random.Generator) -> NDArray[np.float32]:
    """A draw for each row of concentrations."""
    drawn = generator.standard_gamma(concentrations).clip(TINY)  # small ones are rounded to 0
    return np.asarray((drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32).clip(TINY))


def _growth(counts: NDArray[np.int64], prior: float) -> float:
    """Factor of a symmetric Dirichlet prior of counts, (K, V), towards its likeliest value (Minka, 2000)."""
    sizes, n_words = counts.sum(axis=1), counts.shape[1]
    used = counts[counts > 0]
    of_words = (psi(used + prior) - psi(prior)).sum()
    of_topics = n_words * (psi(sizes + n_words * prior) - psi(n_words * prior)).sum()
    return float(of_words / of_topics) if of_topics > 0 else 1.0


def _growth_of_shares(counts: NDArray[np.int64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same of the priors of each column of counts, (N, K)."""
    of_topics = (psi(counts + prior) - psi(prior)).sum(axis=0)
    total = (psi(counts.sum(axis=1) + prior.sum()) - psi(prior.sum())).sum()
    return np.asarray(of_topics / total)
