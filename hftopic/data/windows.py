"""Mini-batches dealt from windows of documents, and rows of a matrix that is read in parts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic.data.documents import Rows
from hftopic.data.shards.arrays import stacked


@dataclass(frozen=True)
class Window:
    """Documents that are shuffled together.

    Attributes
    ----------
    counts : csr_array, shape (n, V)
    numbers : ndarray of int, shape (n,)
        Numbers of the documents in their corpus.
    order : ndarray of int, shape (at most n,)
        Order in which they are drawn; without those that are not.
    """

    counts: sp.csr_array
    numbers: Rows
    order: Rows

    def __len__(self) -> int:
        return len(self.order)

    def drawn(self, start: int, stop: int) -> tuple[Rows, sp.csr_array]:
        """Numbers and counts of some documents, in the order in which they are drawn."""
        rows = self.order[start:stop]
        return self.numbers[rows], self.counts[rows]


def dealt(windows: Iterator[Window], sizes: Iterable[int]) -> Iterator[tuple[Rows, sp.csr_array]]:
    """Mini-batches of these sizes; what a window leaves over of one is completed from the next window."""
    window, at = None, 0
    for size in sizes:
        parts: list[tuple[Rows, sp.csr_array]] = []
        while size:
            if window is None or at == len(window):
                window = None  # frees its memory while the next one is waited for
                window, at = next(windows), 0
            taken = min(size, len(window) - at)
            parts.append(window.drawn(at, at + taken))
            at, size = at + taken, size - taken
        numbers, counts = zip(*parts, strict=True)
        yield np.concatenate(numbers), stacked(counts, counts[0].shape[1])


def ranges(firsts: Rows, ends: Rows) -> Rows:
    """The numbers from each first one to its end, in a row."""
    return np.concatenate(list(map(np.arange, firsts, ends)))


def rows_of_parts(
    rows: Rows, of_parts: NDArray[np.integer], read: Callable[[int], tuple[int, sp.csr_array]], n_words: int
) -> sp.csr_array:
    """Rows of a matrix that is stored in parts, in the given order; each part is read once.

    Parameters
    ----------
    rows, of_parts : ndarray of int, shape (n,)
        Numbers of the rows, and of the part of each.
    read : function of the number of a part
        It returns the number of the first row of the part, and its rows.
    n_words : int
    """

    def of_part(part: int) -> sp.csr_array:
        first, counts = read(part)
        own = rows[of_parts == part] - first
        return counts if len(own) == counts.shape[0] and (np.diff(own) == 1).all() else counts[own]

    found = stacked((of_part(part) for part in np.unique(of_parts).tolist()), n_words)
    if (np.diff(of_parts) >= 0).all():
        return found
    return found[np.argsort(np.argsort(of_parts, kind="stable"), kind="stable")]


def own_pieces(
    order: NDArray[np.int64], sizes: Sequence[int] | NDArray[np.int64], first: int, stop: int
) -> NDArray[np.int64]:
    """Blocks that hold documents ``first`` to ``stop`` of blocks in some order, and which of their documents.

    Returns
    -------
    ndarray of int, shape (n_pieces, 3)
        Number of the block, and the first and the last document of it, counted within the block; the last is
        not included.
    """
    ordered = np.asarray(sizes)[order]
    ends = np.cumsum(ordered)
    begins = ends - ordered
    low, high = np.clip(first - begins, 0, ordered), np.clip(stop - begins, 0, ordered)
    pieces: NDArray[np.int64] = np.stack([order, low, high], axis=1)[low < high]
    return pieces
