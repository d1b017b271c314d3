"""Documents that are the rows of an array, such as images, for networks of one's own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hftopic._numbers import is_number
from hftopic.data.documents import Documents, Rows


@dataclass(frozen=True)
class Arrays(Documents[Tensor]):
    """Rows of an array as mini-batches of float32.

    Parameters
    ----------
    values : ndarray, shape (N, …)
        Numbers of any type, in memory or memory-mapped, as by ``np.load(file, mmap_mode="r")``.
    scale : float, default=1.0
        Factor of the numbers: 1 / 255 for the bytes of images.

    Raises
    ------
    TypeError
        The values are no array of numbers.
    ValueError
        The array has a single axis or no row, or a scale is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> images = Arrays(np.full((100, 28, 28), 255, np.uint8), scale=1 / 255)
    >>> images.batch(np.array([3, 5]), torch.device("cpu")).shape
    torch.Size([2, 28, 28])
    """

    values: Any
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.values, np.ndarray) or self.values.dtype.kind not in "fiub":
            kind = self.values.dtype if isinstance(self.values, np.ndarray) else type(self.values).__name__
            raise TypeError(f"values must be a NumPy array of numbers; got {kind}")
        if self.values.ndim < 2 or not len(self.values):
            raise ValueError(f"values must be an array of shape (N, …), with N >= 1; got {self.values.shape}")
        if not is_number(self.scale) or not 0 < self.scale < np.inf:
            raise ValueError(f"scale must be a positive number; got {self.scale!r}")

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, rows: Rows, device: torch.device) -> Tensor:
        """Rows with these numbers, in this order, as a tensor of float32."""
        chosen = torch.from_numpy(np.asarray(self.values[rows], dtype=np.float32)).to(device)
        return chosen if self.scale == 1 else chosen * self.scale
