"""Generated documents for benchmarks of speed, with words that follow Zipf's law."""

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

TOKENS = 80  # a document, as in 20 Newsgroups
N_TOPICS, TOPIC_WORDS = 50, 200  # that are planted
CHUNK = 50_000  # documents drawn at a time


def zipf_blocks(n_documents: int, n_words: int) -> Iterator[sp.csr_array]:
    """The same counts in blocks of consecutive documents, one at a time."""
    rng = np.random.default_rng(0)
    frequency = np.cumsum(1 / (np.arange(n_words) + 10.0))
    for start in range(0, n_documents, CHUNK):
        size = min(CHUNK, n_documents - start)
        words = np.searchsorted(frequency, rng.random((size, TOKENS)) * frequency[-1]).astype(np.int32)
        rows = np.repeat(np.arange(size, dtype=np.int32), TOKENS)
        ones = np.ones(words.size, dtype=np.float32)
        yield sp.csr_array((ones, (rows, words.ravel())), shape=(size, n_words))


def zipf_counts(n_documents: int, n_words: int) -> sp.csr_array:
    """Counts, shape (n_documents, n_words), float32; about 55 different words a document, of 2,000."""
    return sp.csr_array(sp.vstack(list(zipf_blocks(n_documents, n_words)), format="csr"))


def planted_blocks(
    n_documents: int, n_words: int, tokens: int = TOKENS
) -> Iterator[tuple[sp.csr_array, np.ndarray]]:
    """Blocks of counts, and the first topic of each document.

    Half of the tokens follow Zipf's law; the others are of two of 50 topics, each of which has 200 words.
    """
    rng = np.random.default_rng(0)
    frequency = np.cumsum(1 / (np.arange(n_words) + 10.0))
    words_of_topic = rng.integers(n_words, size=(N_TOPICS, TOPIC_WORDS))
    for start in range(0, n_documents, CHUNK):
        shape = min(CHUNK, n_documents - start), tokens // 2
        topics = rng.integers(N_TOPICS, size=(shape[0], 2))
        common = np.searchsorted(frequency, rng.random(shape) * frequency[-1])
        chosen = np.take_along_axis(topics, rng.integers(2, size=shape), axis=1)
        of_topics = words_of_topic[chosen, rng.geometric(0.03, size=shape) % TOPIC_WORDS]
        columns = np.hstack([common, of_topics]).astype(np.int32)
        rows = np.repeat(np.arange(shape[0], dtype=np.int32), columns.shape[1])
        ones = np.ones(columns.size, dtype=np.float32)
        yield sp.csr_array((ones, (rows, columns.ravel())), shape=(shape[0], n_words)), topics[:, 0]
