"""Some of the documents of a corpus: a mask of one byte per document, and their numbers where needed."""

import numpy as np
from numpy.typing import NDArray

_NUMBERED_AT_ONCE = 2**16  # documents of the mask
_GAP = 64  # documents between two that are read although they are not asked for


class Selection:
    """Documents that a mask selects, in their order.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_documents,)

    Examples
    --------
    >>> chosen = Selection(np.array([True, False, True, True]))
    >>> len(chosen), chosen.numbers(np.array([0, 2])).tolist()
    (3, [0, 3])
    """

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.mask = mask
        sizes = [
            mask[start : start + _NUMBERED_AT_ONCE].sum() for start in range(0, len(mask), _NUMBERED_AT_ONCE)
        ]
        self._starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def numbers(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers in the corpus of documents, given by their increasing places among the selected."""
        held = [np.zeros(0, dtype=np.int64)]
        blocks = np.searchsorted(self._starts, places, side="right") - 1
        for block in np.unique(blocks).tolist():
            start = block * _NUMBERED_AT_ONCE
            rows = start + np.flatnonzero(self.mask[start : start + _NUMBERED_AT_ONCE])
            held.append(rows[places[blocks == block] - self._starts[block]])
        return np.concatenate(held)

    def within(self, mask: NDArray[np.bool_]) -> "Selection":
        """Those of the selected documents that a mask over the selected ones selects."""
        both = self.mask.copy()
        both[self.mask] = mask
        return Selection(both)


class Runs:
    """Runs of consecutive documents that hold documents with increasing numbers, with small gaps.

    Attributes
    ----------
    spans : list of (int, int)
        First document and end of each run.
    places : ndarray of int64 or None
        Place of each document among those of all runs; None if these are no others.
    """

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        breaks = np.flatnonzero(np.diff(numbers) > _GAP) + 1
        first = numbers[np.concatenate([np.zeros(1, dtype=np.int64), breaks])]
        end = numbers[np.concatenate([breaks, [len(numbers)]]) - 1] + 1
        self.spans = list(zip(first.tolist(), end.tolist(), strict=True))
        self.places: NDArray[np.int64] | None = None
        if (end - first).sum() != len(numbers):
            before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(end - first)[:-1]])
            run = np.searchsorted(first, numbers, side="right") - 1
            self.places = before[run] + numbers - first[run]
