"""How a batch of documents stands for all of them in a mixture over documents."""

import math
from dataclasses import dataclass

from torch import Tensor

ESTIMATORS = ("hfvae", "mws", "mss", "full")


@dataclass(frozen=True)
class MixtureWeights:
    """Log weights of the documents in the mixture at a sample of one of them.

    Attributes
    ----------
    own : float
        Of the document the sample comes from.
    following : float
        Of the one after it in the batch, where the first follows the last.
    other : float
        Of each other one.
    """

    own: float
    following: float
    other: float

    def relative_(self, log_density: Tensor, first_row: int = 0, unit: float = 1.0) -> Tensor:
        """Adds each document's log weight less that of an "other" one, in place, to (..., rows, documents).

        ``unit`` is the unit of the log densities in nats.
        """
        n_rows, n_documents = log_density.shape[-2:]
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
    """Weights by which a batch of B documents stands for all N.

    With M = B - 1:

    - ``"hfvae"``: own 1/N, every other (N-1)/(N M) (Esmaeili et al. 2019, section 3.1). The document itself
      is in the corpus for certain; the others stand for a sample of the rest. They sum to 1.
    - ``"mws"``: each 1/(B N), minibatch weighted sampling (Chen et al. 2018, eq. 5). They sum to 1/N, so that
      where documents look alike every level is log N too low, and I(x; z) log N too high.
    - ``"mss"``: own 1/N, the following one (N-M)/(N M), every other 1/M, minibatch stratified sampling
      (ibid., appendix C). They sum to 1, and averaged over which document is the following one they are
      those of "hfvae".
    - ``"full"``: each 1/N, for mixtures over all documents.

    Raises
    ------
    ValueError
        An unknown estimator, a batch of one document, or one larger than the corpus.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"marginals={estimator!r} is unknown; there are {', '.join(map(repr, ESTIMATORS))}")
    if estimator == "full":
        return _even(-math.log(n_documents))
    if not 2 <= batch_size <= n_documents:
        raise ValueError(
            f"the marginals need a batch of 2 documents or more, at most all {n_documents}; got {batch_size}"
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
class Mixing:
    """Which documents the marginals are mixed over, and with which weights.

    Attributes
    ----------
    estimator : str
        One of ``ESTIMATORS``; "full" mixes over all documents and takes their posteriors beside the batch's.
    n_documents : int
        N, the documents that a batch stands for.
    partners : int, optional
        Documents, at the least, that the marginal of a single dimension is mixed over: the batch is cut into
        equal runs of that many, and each document is mixed over its own run. If not given, over the batch, as
        the joint and the groups are.
    """

    estimator: str
    n_documents: int
    partners: int | None = None

    def weights(self, batch_size: int) -> MixtureWeights:
        """Weights in a mixture over ``batch_size`` documents."""
        return mixture_weights(self.estimator, batch_size, self.n_documents)

    def runs(self, batch_size: int) -> list[tuple[int, int, int]]:
        """Runs of documents over which single dimensions are mixed, as (start, stop, number of equal runs).

        The sizes of all runs differ by 1 at most; the longer ones come first.
        """
        partners = batch_size if self.partners is None or self.estimator == "full" else self.partners
        n_runs = max(1, batch_size // partners)
        size, n_longer = divmod(batch_size, n_runs)
        middle = n_longer * (size + 1)
        parts = [(0, middle, n_longer), (middle, batch_size, n_runs - n_longer)]
        return [part for part in parts if part[2]]
