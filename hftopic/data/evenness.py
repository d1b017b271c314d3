"""Words that are spread over documents as by chance, such as "know" and "just": they belong to no topic."""

from typing import Any

import numpy as np
import scipy.sparse as sp

_BITS = 0.4  # of residual idf, below which a word is spread evenly
_FEWEST = 200  # documents: of fewer, chance says little
_SHORTEST = 30  # words of a document: shorter ones hardly repeat even the words that they are about


def spread_evenly(counts: Any, least: float) -> np.ndarray:
    """Mask of words in more than `least` documents whose uses are spread evenly over the documents.

    If c uses of a word fall on N documents by chance, N (1 - exp(-c / N)) documents have it. A word of d
    documents has the residual inverse document frequency log2(N (1 - exp(-c / N)) / d) (Church & Gale 1995,
    "Inverse document frequency: a measure of deviations from Poisson"). Documents repeat the words that they
    are about, so that d is smaller for these. Below 0.4 bits a word is spread evenly. With fewer than 200
    documents, or fewer than 30 words a document, chance says too little, and no word is.

    Parameters
    ----------
    counts : sparse array, shape (n_documents, n_words)
    least : float
        Number of documents.

    Returns
    -------
    ndarray of bool, shape (n_words,)

    Examples
    --------
    >>> topical, spread = np.zeros(300), np.zeros(300)
    >>> topical[:60], spread[:60] = 5, 1
    >>> other = np.full((300, 1), 40)
    >>> spread_evenly(sp.csr_array(np.column_stack([topical, spread, other])), 30).tolist()
    [False, True, True]
    """
    n_documents, n_words = counts.shape
    documents = np.bincount(sp.csr_array(counts).indices, minlength=n_words)
    return used_evenly(
        documents, np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel(), n_documents, least
    )


def used_evenly(documents: np.ndarray, uses: np.ndarray, n_documents: int, least: float) -> np.ndarray:
    """The same mask from the number of documents and of uses of each word."""
    if n_documents < _FEWEST or uses.sum() < _SHORTEST * n_documents:
        return np.zeros(len(uses), dtype=bool)
    by_chance = -n_documents * np.expm1(-uses / n_documents)
    even: np.ndarray = (documents > least) & (by_chance < 2**_BITS * documents)
    return even
