"""Estimators of a mixture over all documents from a mini-batch."""

import math
from dataclasses import dataclass, replace

from torch import Tensor

MIXTURES = ("hfvae", "mws", "mss", "full")
ESTIMATORS = ("gaussian", *MIXTURES)
"""Estimators of the marginals: Gaussians with running moments, or mixtures over documents."""


@dataclass(frozen=True)
class MixtureWeights:
    """Log weights of the documents in the mixture, at a sample drawn from one of them.

    Attributes
    ----------
    own : float
        Log weight of the document that the sample was drawn from.
    following : float
        Log weight of the next document in the mini-batch (the first follows the last).
    other : float
        Log weight of each other document.
    first : int
        Number of the document that the first sample was drawn from.
    """

    own: float
    following: float
    other: float
    first: int = 0

    def relative_(self, log_density: Tensor, first_row: int = 0, unit: float = 1.0) -> Tensor:
        """Add the log weight of each document minus ``other``, in place, to (..., rows, documents).

        ``unit`` is the unit of the log densities, in nats, and ``first_row`` the number of the first sample.
        """
        n_rows, n_documents = log_density.shape[-2:]
        first_row += self.first
        if self.own != self.other:
            own = log_density.diagonal(first_row, -2, -1)
            own.add_((self.own - self.other) / unit)
        if self.following != self.other:
            following = (self.following - self.other) / unit
            log_density.diagonal(first_row + 1, -2, -1).add_(following)
            if first_row + n_rows == n_documents:
                log_density[..., -1, 0].add_(following)
        return log_density


def mixture_weights(estimator: str, batch_size: int, n_documents: int) -> MixtureWeights:
    """Weights that estimate a mixture over all N documents from a mini-batch of B documents.

    With M = B - 1:

    - ``"hfvae"``: own document 1/N, each other (N-1)/(N M) (Esmaeili et al. 2019, section 3.1). The document
      itself is always in the corpus; the others represent a sample of the rest. The weights sum to 1.
    - ``"mws"``: each document 1/(B N), minibatch weighted sampling (Chen et al. 2018, eq. 5). The weights sum
      to 1/N. If the documents are alike, every level is therefore log N too low, and I(x; z) is log N too
      high.
    - ``"mss"``: own document 1/N, the following document (N-M)/(N M), each other 1/M, minibatch stratified
      sampling (ibid., appendix C). The weights sum to 1. Averaged over the choice of the following document,
      they are equal to those of "hfvae".
    - ``"full"``: each document 1/N, for a mixture over all documents.

    Raises
    ------
    ValueError
        The estimator is unknown, or the mini-batch has one document or more documents than the corpus.
    """
    if estimator not in MIXTURES:
        raise ValueError(f"unknown mixture {estimator!r}; choose from {', '.join(map(repr, MIXTURES))}")
    if estimator == "full":
        return _even(-math.log(n_documents))
    if not 2 <= batch_size <= n_documents:
        raise ValueError(
            f"the batch size must be between 2 and the number of documents ({n_documents}); got {batch_size}"
        )
    others = batch_size - 1
    if estimator == "mws":
        return _even(-math.log(batch_size * n_documents))
    if estimator == "mss":
        following = math.log((n_documents - others) / (n_documents * others))
        return MixtureWeights(-math.log(n_documents), following, -math.log(others))
    other = math.log((n_documents - 1) / (n_documents * others))
    return MixtureWeights(-math.log(n_documents), other, other)


def _even(log_weight: float) -> MixtureWeights:
    return MixtureWeights(log_weight, log_weight, log_weight)


@dataclass(frozen=True)
class Part:
    """Mixtures of equal size of consecutive documents.

    Attributes
    ----------
    rows : slice
        Samples.
    documents : slice
        Documents of the mixtures, in the mini-batch.
    n_runs : int
        Number of mixtures: the samples and the documents are divided into so many equal runs.
    weights : MixtureWeights
    """

    rows: slice
    documents: slice
    n_runs: int
    weights: MixtureWeights

    @property
    def is_whole(self) -> bool:
        """Whether every document has a sample."""
        return bool(self.rows.stop - self.rows.start == self.documents.stop - self.documents.start)

    @property
    def size(self) -> int:
        """Number of documents of each mixture."""
        return int(self.documents.stop - self.documents.start) // self.n_runs

    def with_another(self, following: "Part") -> "Part":
        """The runs of both."""
        return Part(
            slice(self.rows.start, following.rows.stop),
            slice(self.documents.start, following.documents.stop),
            self.n_runs + following.n_runs,
            self.weights,
        )


@dataclass(frozen=True)
class Mixing:
    """Documents in the mixtures that estimate the marginals, and their weights.

    Attributes
    ----------
    estimator : str
        One of ``MIXTURES``. "full" mixes over all documents, and needs the posteriors of all documents in
        addition to those of the mini-batch.
    n_documents : int
        N, the number of documents that a mini-batch represents.
    partners : int, optional
        Minimum number of documents in the mixture for the marginal of a single dimension. The mini-batch is
        divided into runs of at least this size, and each document uses its own run. If None, the whole
        mini-batch is used, as for the joint and the groups.
    first : int
        Number of the document in the mini-batch that the first sample was drawn from; 0 unless several
        processes have its samples.
    """

    estimator: str
    n_documents: int
    partners: int | None = None
    first: int = 0

    def starting_at(self, first: int) -> "Mixing":
        """The same mixtures, for samples from this document on."""
        return self if first == self.first else replace(self, first=first)

    def weights(self, batch_size: int) -> MixtureWeights:
        """Weights in a mixture over ``batch_size`` documents."""
        return replace(mixture_weights(self.estimator, batch_size, self.n_documents), first=self.first)

    def parts(self, n_samples: int, batch_size: int) -> list["Part"]:
        """The mixtures of single dimensions of some samples, whose documents are in a mini-batch.

        A run of which other processes have some samples is a part of its own.
        """
        runs = self.runs(batch_size)
        if len(runs) == 1 and runs[0][2] == 1:
            return [Part(slice(0, n_samples), slice(0, batch_size), 1, self.weights(batch_size))]
        parts: list[Part] = []
        for start, stop, n_runs in runs:
            size = (stop - start) // n_runs
            for of_run in range(start, stop, size):
                first = max(self.first, of_run)
                rows = slice(first - self.first, min(self.first + n_samples, of_run + size) - self.first)
                if rows.start >= rows.stop:
                    continue
                weights = mixture_weights(self.estimator, size, self.n_documents)
                part = Part(rows, slice(of_run, of_run + size), 1, replace(weights, first=first - of_run))
                if parts and part.is_whole and parts[-1].is_whole and part.size == parts[-1].size:
                    part = parts.pop().with_another(part)
                parts.append(part)
        return parts

    def runs(self, batch_size: int) -> list[tuple[int, int, int]]:
        """Runs of documents in the mixtures of single dimensions, as (start, stop, number of equal runs).

        The sizes of the runs differ by at most 1; the longer runs come first.
        """
        partners = batch_size if self.partners is None or self.estimator == "full" else self.partners
        n_runs = max(1, batch_size // partners)
        size, n_longer = divmod(batch_size, n_runs)
        middle = n_longer * (size + 1)
        parts = [(0, middle, n_longer), (middle, batch_size, n_runs - n_longer)]
        return [part for part in parts if part[2]]
