"""A corpus that a model has encoded once, for any number of questions about it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic.latent.posterior import MeanFieldPosterior, Posterior


@dataclass(frozen=True, eq=False)
class Encoded:
    """Documents with their posterior, as a model's ``encode`` returns them.

    Methods of the model and functions of the analysis take it in place of the documents, and then do not send
    them through the encoder again. It holds for the model that made it, until that model is fitted further.

    Attributes
    ----------
    source : Corpus, sparse matrix or array, ndarray or DataFrame
        The documents as they were given.
    counts : csr_array, shape (n_documents, n_words), float32
    mean_field : MeanFieldPosterior
        q(z|x) of each document, on the CPU; the prior for a document without words.
    proportions : ndarray, shape (n_documents, n_topics), float32
        What ``transform`` returns.
    made_by : tuple
        What tells the model, and its state, from others.
    """

    source: Any
    counts: sp.csr_array
    mean_field: MeanFieldPosterior
    proportions: NDArray[np.float32]
    made_by: tuple[object, ...]

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    @cached_property
    def posterior(self) -> Posterior:
        """Moments of the posterior as arrays."""
        return Posterior.of(self.mean_field)

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """Documents without words, shape (n_documents,)."""
        return np.asarray(np.diff(self.counts.indptr) == 0)
