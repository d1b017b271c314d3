"""Records of epochs: the means of the terms over the documents of each."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hftopic._processes import Processes
from hftopic.objective.terms import Terms

Record = dict[str, float]
"""One row of the history: number and settings of an epoch, and the mean of each term in nats per document."""

LOOK_EVERY = 256  # steps after which the terms are looked at: to look waits for the device


class Totals:
    """Sums of the terms over the documents of an epoch.

    Attributes
    ----------
    names : list of str
        Names of the terms, once there is a step.
    sums : Tensor, shape (n_terms,), float64
        Sums over the documents of the steps that were looked at.
    n_documents : int
        Number of these documents, over all processes.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sums = torch.zeros(0, dtype=torch.float64)
        self.n_documents = 0
        self._pending: list[tuple[Terms, int]] = []

    def __len__(self) -> int:
        """Number of steps that were not looked at."""
        return len(self._pending)

    def add(self, terms: Terms, n_documents: int) -> None:
        """Add the means of the terms of one step; a mean of 0 documents is looked at, but not counted."""
        self.names = list(terms)
        self._pending.append((terms, n_documents))

    @property
    def pending_sizes(self) -> list[int]:
        """Number of documents of each step that was not looked at."""
        return [size for _, size in self._pending]

    def pending_values(self) -> Tensor:
        """Means of the terms of the steps that were not looked at, shape (steps, n_terms)."""
        if not self._pending:
            return torch.zeros(0, len(self.names))
        return torch.stack([torch.stack(list(terms.values())) for terms, _ in self._pending])

    def add_pending(self, values: Tensor, sizes: Sequence[int]) -> None:
        """Add the means of the terms of steps, which have the ``names`` of the terms that are known."""
        for row, size in zip(values, sizes, strict=True):
            self.add(dict(zip(self.names, row, strict=True)), size)

    def look(self, processes: Processes) -> Tensor:
        """Means of the terms of the steps since the last look, shape (steps, n_terms), over all processes."""
        values = self.pending_values()
        processes.sum_([values])
        if values.device.type != "cpu":  # to wait for a GPU would be for ever if another process is lost
            processes.collected(None)
        values, sizes = values.cpu(), torch.tensor(self.pending_sizes)
        counted = (values[sizes > 0].double() * sizes[sizes > 0, None]).sum(0)
        self.sums = counted if not len(self.sums) else self.sums + counted
        self.n_documents += int(sizes.sum())
        self._pending = []
        return values

    def means(self) -> Record:
        """Mean of each term per document."""
        return dict(zip(self.names, (self.sums / self.n_documents).tolist(), strict=True))


def first_not_finite(names: Sequence[str], values: Tensor, weighted: set[str], largest: float) -> str | None:
    """The term that is NaN, infinite or too large in the first such step; ``values`` has a row per step."""
    columns = [i for i, name in enumerate(names) if name in weighted]
    bad = ~(values[:, columns].abs() <= largest)  # true for NaN as well
    if not bad.any():
        return None
    first_step = int(bad.any(1).nonzero()[0])
    return names[columns[int(bad[first_step].nonzero()[-1])]]
