"""Generated documents for benchmarks of speed, with words that follow Zipf's law."""

import numpy as np
import scipy.sparse as sp

TOKENS = 80  # a document, as in 20 Newsgroups
CHUNK = 50_000  # documents drawn at a time


def zipf_counts(n_documents: int, n_words: int) -> sp.csr_array:
    """Counts, shape (n_documents, n_words), float32; about 55 different words a document, of 2,000."""
    rng = np.random.default_rng(0)
    frequency = np.cumsum(1 / (np.arange(n_words) + 10.0))
    chunks = []
    for start in range(0, n_documents, CHUNK):
        size = min(CHUNK, n_documents - start)
        words = np.searchsorted(frequency, rng.random((size, TOKENS)) * frequency[-1]).astype(np.int32)
        rows = np.repeat(np.arange(size, dtype=np.int32), TOKENS)
        ones = np.ones(words.size, dtype=np.float32)
        chunks.append(sp.csr_array((ones, (rows, words.ravel())), shape=(size, n_words)))
    return sp.csr_array(sp.vstack(chunks, format="csr"))
