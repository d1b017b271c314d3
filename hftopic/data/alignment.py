"""Whether the rows of embeddings belong to the documents: neighbours in embedding space share words."""

import math
import warnings

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic.data.documents import CountedDocuments

SAMPLED = 1000  # documents that are compared
FEWEST = 100  # documents with which the comparison tells anything
LOWEST = 4.0  # standard deviations; of rows in a random order; those in the right order have 18 and more


def warn_of_other_order(documents: CountedDocuments) -> None:
    """Warn if embeddings say nothing about the words of their documents."""
    sample = documents.sampled(SAMPLED)
    if len(sample) < FEWEST:
        return
    batch = sample.batch(np.arange(len(sample)), torch.device("cpu"))
    if batch.embeddings is not None and agreement(batch.rows, batch.embeddings.numpy()) < LOWEST:
        warnings.warn(
            "the rows of embeddings may be in another order than the documents: documents with similar "
            "embeddings have no more words in common than others. Check that row i is that of document i",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )


def agreement(counts: sp.csr_array, embeddings: NDArray[np.float32]) -> float:
    """How much more alike the words of nearest neighbours are than those of random pairs, in deviations.

    Statistic is the mean over documents of the cosine of their counts with those of the nearest neighbour in
    embedding space. Its mean and variance are those over all permutations of the neighbours, which are known
    in closed form (Hoeffding, 1951).

    Parameters
    ----------
    counts : csr_array, shape (N, V)
    embeddings : ndarray, shape (N, F)

    References
    ----------
    Hoeffding, "A combinatorial central limit theorem", Annals of Mathematical Statistics 22, 1951.
    """
    n_documents = len(embeddings)
    wide = embeddings.astype(np.float64)  # whose squares neither overflow nor vanish
    rows = _normalised(wide - wide.mean(0))
    near = rows @ rows.T
    np.fill_diagonal(near, -np.inf)
    norms = np.sqrt(np.asarray((counts * counts).sum(axis=1)))
    scaled = sp.csr_array(sp.diags_array(1 / np.maximum(norms, 1)) @ counts)
    alike = (scaled @ scaled.T).toarray()
    others = (alike.sum(1) - alike.diagonal()) / max(1, n_documents - 1)
    np.fill_diagonal(alike, others)  # a document is not its own neighbour, but may be that of another one
    neighbour = alike[:, near.argmax(1)].astype(np.float64)  # row i: with the neighbours of all documents
    centred = neighbour - neighbour.mean(0) - neighbour.mean(1, keepdims=True) + neighbour.mean()
    deviation = math.sqrt(np.square(centred).sum() / max(1, n_documents - 1))
    return float((neighbour.trace() - neighbour.mean() * n_documents) / deviation) if deviation else 0.0


def _normalised(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float64] = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return scaled
