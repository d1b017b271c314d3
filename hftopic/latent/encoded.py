"""Documents that a model has encoded once, for reuse in several analyses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic._cached import cached_property
from hftopic.latent.posterior import MeanFieldPosterior, Posterior


@dataclass(frozen=True, eq=False)
class Encoded:
    """Documents with their posterior, as a model's ``encode`` returns them.

    Methods of the model and functions of ``hftopic.analysis`` accept it instead of the documents, and then do
    not run the encoder again. It is valid only for the model that made it, until that model is fitted again.

    Attributes
    ----------
    source : Corpus, sparse matrix or array, ndarray or DataFrame
        What was passed to ``encode``.
    documents : Corpus, sparse matrix or array, ndarray or DataFrame
        What the counts were read from: ``source``, unless the model reads more than counts, or metadata were
        passed: these are then those of a Corpus, if the words are known.
    counts : csr_array, shape (n_documents, n_words), float32
    mean_field : MeanFieldPosterior
        q(z|x) of each document, given its metadata if the prior depends on them, on the CPU; the prior for
        an empty document.
    proportions : ndarray, shape (n_documents, n_topics), float32
        The output of ``transform``.
    made_by : str
        Hash of the weights of the model.
    offset : ndarray of float32, shape (n_documents, n_dims), optional
        How far the metadata of each document move the mean of its prior, if it depends on them.
    design : ndarray of float32, shape (n_documents, n_columns), optional
        The metadata as ``design_`` of the model codes them, in standard deviations.
    embeddings : array-like of float32, shape (n_documents, F), optional
        Those that the encoder read.
    """

    source: Any
    documents: Any
    counts: sp.csr_array
    mean_field: MeanFieldPosterior
    proportions: NDArray[np.float32]
    made_by: str
    offset: NDArray[np.float32] | None = None
    design: NDArray[np.float32] | None = None
    embeddings: Any = None

    def __repr__(self) -> str:
        return f"<Encoded {len(self):,} documents with {self.proportions.shape[1]} topics>"

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    def select(self, rows: NDArray[np.int64]) -> "Encoded":
        """Some of the documents, given by their numbers.

        Only what was read of them stays: counts, posterior, coded metadata and embeddings. ``source`` and
        ``documents`` are the counts, without texts, order of words, labels and metadata.
        """
        counts = sp.csr_array(self.counts[rows])
        return Encoded(
            counts,
            counts,
            counts,
            self.mean_field[rows],
            self.proportions[rows],
            self.made_by,
            None if self.offset is None else self.offset[rows],
            None if self.design is None else self.design[rows],
            None if self.embeddings is None else self.embeddings[rows],
        )

    @property
    def posterior(self) -> Posterior:
        """Moments of the posterior, as new arrays each time."""
        return Posterior.of(self.mean_field)

    @property
    def residual(self) -> MeanFieldPosterior:
        """q(z - offset | x), which is compared with the prior of average metadata."""
        if self.offset is None:
            return self.mean_field
        return self.mean_field.moved(-torch.from_numpy(self.offset))

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """Mask of the empty documents, shape (n_documents,)."""
        return np.asarray(np.diff(self.counts.indptr) == 0)
