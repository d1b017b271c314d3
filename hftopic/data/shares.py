"""Some of the documents 0, 1, 2, … of a corpus that is too large for a list of them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hftopic.data.documents import Rows


class Share(Protocol):
    """Some of the documents 0, 1, 2, …"""

    @property
    def identity(self) -> str:
        """What tells it from others."""

    def mask(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Whether each of these consecutive documents belongs to it."""

    def before(self, numbers: Rows) -> Rows:
        """Number of documents below each of these numbers that belong to it."""


def numbers_in(share: Share, n_documents: int, places: Rows) -> Rows:
    """Numbers of the documents that have these places in a share of ``n_documents`` documents.

    Examples
    --------
    >>> numbers_in(Spaced(10, 3, shift=0), 10, np.array([0, 1, 2])).tolist()
    [3, 6, 9]
    """
    low, high = np.zeros_like(places), np.full_like(places, n_documents)
    while (low < high).any():  # the least number up to which more documents belong to it
        middle = (low + high) // 2
        enough = share.before(middle) > places
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return low - 1


@dataclass(frozen=True)
class Spaced:
    """``n_held`` of ``n`` documents at even distances, or all others; it takes no memory.

    Parameters
    ----------
    n, n_held : int
    shift : int
        Where the distances begin, from 0 to n - 1.
    others : bool, default=False
        Whether it is the other documents.

    Examples
    --------
    >>> Spaced(10, 3, shift=0).mask(0, 10).nonzero()[0].tolist()
    [3, 6, 9]
    >>> Spaced(10, 3, shift=0, others=True).before(np.array([4, 10])).tolist()
    [3, 7]
    """

    n: int
    n_held: int
    shift: int
    others: bool = False

    @property
    def identity(self) -> str:
        """What tells it from others."""
        return repr(self)

    def mask(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Whether each of these consecutive documents belongs to it."""
        return np.diff(self.before(np.arange(start, stop + 1))).astype(bool)

    def before(self, numbers: Rows) -> Rows:
        """Number of documents below each of these numbers that belong to it."""
        held: Rows = (numbers * self.n_held + self.shift) // self.n
        return numbers - held if self.others else held


@dataclass(frozen=True)
class Listed:
    """The documents of a mask, shape (n,)."""

    chosen: NDArray[np.bool_]

    @property
    def identity(self) -> str:
        """What tells it from others."""
        return np.packbits(self.chosen).tobytes().hex()

    def mask(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Whether each of these consecutive documents belongs to it."""
        return self.chosen[start:stop]

    def before(self, numbers: Rows) -> Rows:
        """Number of documents below each of these numbers that belong to it."""
        return np.append(0, np.cumsum(self.chosen))[numbers]
