"""Mean shares of topics given metadata: the prior of documents before their words are read."""

import numpy as np
from numpy.typing import NDArray

RIDGE = 0.1  # precision of the coefficients, in documents
STEPS = 2  # of Newton's method for each draw
LOWEST = 0.5  # of the precision: then nearly every document has one topic alone


class MeanShares:
    r"""Dirichlet prior of topic shares, s π(D): π = softmax(D B) for the design D of a document.

    B is fitted to shares by the likelihood Σ_n w_n Σ_k θ_nk log π_nk, and the precision s by the moments. The
    weights w are drawn anew each time, one for each cluster, from an exponential distribution: the Bayesian
    bootstrap (Rubin, 1981), whose draws have the uncertainty of both.

    Attributes
    ----------
    coefficients : ndarray, shape (P, n_topics)
        B.
    precision : float
        s.
    """

    def __init__(self, design: NDArray[np.float64], n_topics: int, clusters: NDArray[np.int64]) -> None:
        self._design, self._clusters = design, clusters
        self.coefficients = np.zeros((design.shape[1], n_topics))
        self.precision = float(n_topics)

    def means(self) -> NDArray[np.float64]:
        """π of each document, shape (n_documents, n_topics)."""
        logits = self._design @ self.coefficients
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def concentrations(self) -> NDArray[np.float64]:
        """s π of each document, shape (n_documents, n_topics)."""
        return self.precision * self.means()

    def update(self, shares: NDArray[np.float64], generator: np.random.Generator) -> None:
        """Draw B and s given the shares of the documents, shape (n_documents, n_topics)."""
        weights = generator.standard_exponential(int(self._clusters.max()) + 1)[self._clusters][:, None]
        for _ in range(STEPS):
            self._step(shares, weights)
        means = self.means()
        spread = (weights * (shares - means) ** 2).sum()
        self.precision = max((weights * means * (1 - means)).sum() / spread - 1, LOWEST)

    def _step(self, shares: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
        """A step of Newton's method, with the blocks of the Hessian that are of one topic each."""
        means, n_topics = self.means(), shares.shape[1]
        slope = self._design.T @ (weights * (shares - means)) - RIDGE * self.coefficients
        varied = weights * means * (1 - means)
        curved = np.stack([(self._design * column[:, None]).T @ self._design for column in varied.T])
        curved += RIDGE * np.eye(len(slope))
        # The sum of the shares is 1, which the blocks leave out: they are too small by this factor.
        step = np.linalg.solve(curved, slope.T[:, :, None])[:, :, 0].T
        self.coefficients += step * (n_topics - 1) / n_topics
