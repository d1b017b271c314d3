"""Mini-batches of training: the documents of a step, where they come from, and the means of the terms."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from hftopic._processes import ALONE, Processes
from hftopic.data.documents import Documents, Rows
from hftopic.latent.log_prior import LatentPrior
from hftopic.objective.minibatch import Mixing
from hftopic.objective.terms import Terms

BatchT = TypeVar("BatchT")


@dataclass(frozen=True)
class MiniBatch(Generic[BatchT]):
    """The documents of one step.

    Attributes
    ----------
    batch : BatchT
        Content of the documents of this process.
    rows : ndarray of int
        Their numbers.
    sizes : tuple of int
        Number of documents of each process.
    rank : int
        Number of this process.
    """

    batch: BatchT
    rows: Rows
    sizes: tuple[int, ...]
    rank: int = 0

    @property
    def n_own(self) -> int:
        """Number of documents of this process."""
        return self.sizes[self.rank]

    @property
    def n_documents(self) -> int:
        """Number of documents of all processes."""
        return sum(self.sizes)

    @property
    def share(self) -> float:
        """Share of the documents of this process in those of all."""
        return self.n_own / self.n_documents


@dataclass(frozen=True)
class Source(Generic[BatchT]):
    """Source of the mini-batches, how one represents all documents in the marginals, and the prior.

    ``everything`` is the part of all documents that this process encodes, ``encoding`` the processes that do.
    """

    documents: Documents[BatchT]
    mixing: Mixing
    prior: LatentPrior
    everything: BatchT | None = None
    encoding: Processes = ALONE


def means(mean_loss: Tensor, terms: Terms, share: float) -> Terms:
    """Mean of each term over the documents of this process, times their share in those of all."""
    own = {name: torch.as_tensor(term, dtype=torch.float32).detach().mean() for name, term in terms.items()}
    return {"loss": mean_loss.detach(), **{name: mean * share for name, mean in own.items()}}
