"""Corpora of documents that are made from a few independent factors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

INTENSITIES, FAMILIES = 5, 4
WORDS, WORDS_OF_A_FACTOR = 500, 50


@dataclass(frozen=True)
class FactorCorpus:
    """Counts (n_documents, n_words) and the factors of each document."""

    counts: sp.csr_array
    vocabulary: list[str]
    factors: pd.DataFrame


def make_factors(n_documents: int, seed: int) -> FactorCorpus:
    """Documents whose words are log-linear in independent factors; each factor has words of its own.

    ``intensity_0`` to ``intensity_4`` are exponential with mean 1, and each makes 50 words more likely. They
    are not normal, because every rotation of independent normal factors is independent too. ``family`` is one
    of four, and each makes 50 words more likely. The log of a document's length, ``log_length``, is normal
    with mean log 100 and standard deviation 0.5. It is a nuisance, which no code should hold.
    """
    generator = np.random.default_rng(seed)
    intensities = generator.exponential(1.0, (n_documents, INTENSITIES))
    family = generator.integers(FAMILIES, size=n_documents)
    weights = np.zeros((INTENSITIES + FAMILIES, WORDS))
    words = generator.permutation(WORDS)[: len(weights) * WORDS_OF_A_FACTOR].reshape(len(weights), -1)
    np.put_along_axis(weights, words, generator.gamma(4.0, 0.25, words.shape), axis=1)
    weights[INTENSITIES:] *= 2
    design = np.column_stack([intensities, np.eye(FAMILIES)[family]])
    logits = design @ weights + generator.normal(0, 0.7, WORDS)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    lengths = np.exp(generator.normal(np.log(100), 0.5, n_documents)).astype(int) + 2
    counts = generator.multinomial(lengths, shares / shares.sum(1, keepdims=True))
    factors = pd.DataFrame(intensities, columns=[f"intensity_{i}" for i in range(INTENSITIES)])
    return FactorCorpus(
        sp.csr_array(counts.astype(np.float32)),
        [f"w{word}" for word in range(WORDS)],
        factors.assign(family=family, log_length=np.log(lengths)),
    )
