"""Weights that change during training."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hftopic._numbers import is_finite, is_whole


@dataclass(frozen=True)
class Progress:
    """Progress of a training run.

    Attributes
    ----------
    epochs : float
        Number of epochs completed.
    max_iter : int
        Total number of epochs.
    """

    epochs: float
    max_iter: int

    @property
    def share(self) -> float:
        """Fraction of the training completed, from 0 to 1; after ``max_iter`` epochs it stays at 1."""
        return min(1.0, self.epochs / self.max_iter)


START = Progress(0, 1)
"""Progress at which every schedule has its first value."""


@dataclass(frozen=True)
class Ramp:
    """Weight that changes linearly from one value to another and then stays constant.

    Can be used wherever an objective takes a weight, such as ``HFVAE(beta=Ramp(1.0, 0.1))``. The warm-up
    multiplies it.

    Parameters
    ----------
    start, stop : float
        First and last value.
    over : int or float, default=0.5
        Length of the ramp: an int is a number of epochs, a float is a fraction of ``max_iter``.

    Examples
    --------
    >>> Ramp(0.0, 4.0).at(Progress(epochs=15, max_iter=60))
    2.0
    """

    start: float
    stop: float
    over: int | float = 0.5

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            check_number(f"{name} of Ramp", getattr(self, name))
        share = isinstance(self.over, float | np.floating)
        if not ((share and 0 < self.over <= 1) or is_whole(self.over)):
            raise ValueError(
                "over of Ramp must be a number of epochs (int >= 1) or a fraction of max_iter "
                f"(float in (0, 1]); got {self.over!r}"
            )

    def epochs(self, max_iter: int) -> float:
        """Length of the ramp in epochs, for a training of ``max_iter`` epochs."""
        return float(self.over if isinstance(self.over, int | np.integer) else self.over * max_iter)

    def at(self, progress: Progress) -> float:
        """Value of the weight at this progress."""
        done = min(1.0, progress.epochs / self.epochs(progress.max_iter))
        return float(self.start + (self.stop - self.start) * done)


Weight = float | Ramp
"""Weight of a term: a number, or one that changes over the epochs."""


def value_at(weight: Weight, progress: Progress) -> float:
    """Value of a weight at this progress."""
    return weight.at(progress) if isinstance(weight, Ramp) else float(weight)


def check_number(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number >= 0."""
    if not is_finite(value) or value < 0:
        raise ValueError(f"{name} must be a finite number >= 0; got {value!r}")


def check_weight(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number >= 0 or a Ramp."""
    if not isinstance(value, Ramp):
        check_number(name, value)
