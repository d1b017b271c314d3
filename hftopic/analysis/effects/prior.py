"""Prior of topic shares given metadata: a logistic normal regression."""

import numpy as np
from numpy.typing import NDArray

RIDGE = 0.1  # precision of the coefficients, in documents
FIRST_VARIANCE, LEAST_VARIANCE = 1.0, 1e-3
STEPS = 2  # draws of η in a sweep, because each depends on the one before


class LogisticNormal:
    """Shares θ = softmax(η), with η of a document normal: mean D B for its design D, and variances σ².

    It is the prior of a structural topic model (Roberts et al., 2016) without correlations. B and σ² are
    drawn given η by weighted least squares of each column of η: weights, one for each cluster of documents,
    are from an exponential distribution. This is the Bayesian bootstrap (Rubin, 1981).

    Attributes
    ----------
    coefficients : ndarray, shape (P, n_topics)
        B.
    variances : ndarray, shape (n_topics,)
        σ².
    logits : ndarray, shape (n_documents, n_topics)
        η.
    """

    def __init__(self, design: NDArray[np.float64], n_topics: int, clusters: NDArray[np.int64]) -> None:
        self._design, self._clusters = design, clusters
        self.coefficients: NDArray[np.float64] = np.zeros((design.shape[1], n_topics))
        self.variances: NDArray[np.float64] = np.full(n_topics, FIRST_VARIANCE)
        self.logits = np.zeros((len(design), n_topics))

    @property
    def shares(self) -> NDArray[np.float64]:
        """θ of each document, shape (n_documents, n_topics)."""
        weights = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def update(self, tokens: NDArray[np.int64], generator: np.random.Generator) -> None:
        """Draw η given the tokens of each topic in the documents, (n_documents, n_topics), then B and σ²."""
        for _ in range(STEPS):
            self._draw_logits(tokens, generator)
        self._draw_coefficients(generator)

    def _draw_coefficients(self, generator: np.random.Generator) -> None:
        """Draw B and σ² given η."""
        weights = generator.standard_exponential(int(self._clusters.max()) + 1)[self._clusters]
        weighted = self._design * weights[:, None]
        curved = weighted.T @ self._design + RIDGE * np.eye(weighted.shape[1])
        self.coefficients = np.asarray(np.linalg.solve(curved, weighted.T @ self.logits), dtype=np.float64)
        residuals = self.logits - self._design @ self.coefficients
        self.variances = np.maximum((weights @ residuals**2) / weights.sum(), LEAST_VARIANCE)

    def _draw_logits(self, tokens: NDArray[np.int64], generator: np.random.Generator) -> None:
        """Elliptical slice sampling (Murray, Adams and MacKay, 2010) of all documents at once."""
        means = self._design @ self.coefficients
        apart = self.logits - means
        other = generator.standard_normal(apart.shape) * np.sqrt(self.variances)
        level = log_likelihood(self.logits, tokens) + np.log(generator.random(len(apart)))
        angle = generator.uniform(0, 2 * np.pi, len(apart))
        low, high = angle - 2 * np.pi, angle.copy()
        left = np.arange(len(apart))
        while len(left):
            proposed = (
                means[left]
                + apart[left] * np.cos(angle[left])[:, None]
                + other[left] * np.sin(angle[left])[:, None]
            )
            taken = log_likelihood(proposed, tokens[left]) > level[left]
            self.logits[left[taken]] = proposed[taken]
            left = left[~taken]
            below = angle[left] < 0
            low[left[below]], high[left[~below]] = angle[left[below]], angle[left[~below]]
            angle[left] = generator.uniform(low[left], high[left])


def log_likelihood(logits: NDArray[np.float64], tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Σ_k n_k log θ_k of each document, in nats."""
    highest = logits.max(axis=1, keepdims=True)
    total = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
    return np.asarray((tokens * logits).sum(axis=1) - tokens.sum(axis=1) * total)
