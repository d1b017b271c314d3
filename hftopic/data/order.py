"""The order of documents in training: how an epoch is divided into mini-batches, and these over processes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch

from hftopic._processes import part
from hftopic.data.documents import Documents, Rows

BatchT = TypeVar("BatchT")


@dataclass(frozen=True)
class Steps:
    """Mini-batches of one epoch of N documents, and the part of each that this process computes.

    All have ``batch_size`` documents, except the last: it has those that remain or, if they are fewer than
    two or fewer than the processes, also those of the mini-batch before.

    Parameters
    ----------
    n_documents : int
        N, over all processes.
    batch_size : int
        Documents of a mini-batch over all processes.
    rank, n_processes : int
        Number of this process, and of all.

    Examples
    --------
    >>> steps = Steps(n_documents=9, batch_size=4)
    >>> [steps.whole(step) for step in range(len(steps))]
    [slice(0, 4, None), slice(4, 9, None)]
    >>> Steps(9, 4, rank=1, n_processes=2).own(1)
    slice(6, 9, None)
    """

    n_documents: int
    batch_size: int
    rank: int = 0
    n_processes: int = 1

    def __len__(self) -> int:
        n_full, rest = divmod(self.n_documents, self.batch_size)
        if n_full == 0:
            return 1 if rest else 0
        return n_full + (rest >= max(2, self.n_processes))

    def whole(self, step: int) -> slice:
        """Documents of a mini-batch, in the order of the epoch."""
        last = step == len(self) - 1
        return slice(step * self.batch_size, self.n_documents if last else (step + 1) * self.batch_size)

    def own(self, step: int) -> slice:
        """Documents of a mini-batch that this process computes, in the order of the epoch."""
        start, sizes = self.whole(step).start, self.sizes(step)
        before = start + sum(sizes[: self.rank])
        return slice(before, before + sizes[self.rank])

    def sizes(self, step: int) -> tuple[int, ...]:
        """Number of documents of a mini-batch that each process computes."""
        whole = self.whole(step)
        parts = (part(whole.stop - whole.start, rank, self.n_processes) for rank in range(self.n_processes))
        return tuple(own.stop - own.start for own in parts)

    def before(self, rank: int) -> int:
        """Number of documents of an epoch that the processes below this one compute."""
        full, last = (sum(self.sizes(step)[:rank]) for step in (0, len(self) - 1))
        return full * (len(self) - 1) + last


def shuffled(
    documents: Documents[BatchT],
    steps: Steps,
    generator: torch.Generator,
    device: torch.device,
    skip: int = 0,
) -> Iterator[tuple[Rows, BatchT]]:
    """Mini-batches of one epoch of documents in random order, as their numbers and their content.

    Documents that have a method ``shuffled`` with these arguments choose their order; others are shuffled as
    a whole. The order is drawn from ``generator`` at once, and does not depend on ``skip``, the number of
    mini-batches that are left out at the beginning.
    """
    own: Callable[..., Iterator[tuple[Rows, BatchT]]] | None = getattr(documents, "shuffled", None)
    if own is not None:
        return own(steps, generator, device, skip)
    order: Rows = torch.randperm(len(documents), generator=generator).numpy()
    drawn = (order[steps.own(step)] for step in range(skip, len(steps)))
    return ((rows, documents.batch(rows, device)) for rows in drawn)


def batch_slices(n_documents: int, batch_size: int) -> Iterator[slice]:
    """Consecutive mini-batches; a single remaining document is added to the last mini-batch."""
    steps = Steps(n_documents, batch_size)
    return (steps.whole(step) for step in range(len(steps)))
